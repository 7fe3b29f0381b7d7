"""What ships: the files that ``.funcignore`` allows.

``.funcignore`` has two readers. Editors and people read it like a ``.gitignore``; Azure Functions Core Tools does not (its
``GitIgnoreParser``): there a pattern is a regular expression that must match the beginning of the path up to a word boundary, order means
nothing and a ``!`` always wins. Both are asked, and a file they disagree about stops the build. What ``.gitignore`` names
(byte code, environments) is left out before either is asked, as in a clean checkout. Deploy from one: Core Tools would ship byte code.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

Reading = Callable[[str], bool]
"""A path relative to the root, with slashes → is it kept."""


class ReadingsDiffer(Exception):
    """The two readers of ``.funcignore`` disagree."""


@dataclass(frozen=True)
class _Line:
    """One line of an ignore file as git reads it."""

    pattern: re.Pattern[str]
    is_kept: bool
    is_folders_only: bool


def git_reading(text: str) -> Reading:
    """As git reads it ("gitignore", Pattern format): the last matching line decides, nothing comes back from inside an ignored folder."""
    lines = [_git_line(line.strip()) for line in text.splitlines() if line.strip() and not line.startswith("#")]

    def is_kept(path: str) -> bool:
        parts = PurePosixPath(path).parts
        for depth in range(1, len(parts) + 1):
            entry, is_folder = "/".join(parts[:depth]), depth < len(parts)
            verdicts = [line.is_kept for line in lines if line.pattern.fullmatch(entry) and (is_folder or not line.is_folders_only)]
            if verdicts and not verdicts[-1]:
                return False
        return True

    return is_kept


def _git_line(line: str) -> _Line:
    is_kept, body = line.startswith("!"), line.removeprefix("!")
    is_folders_only, body = body.endswith("/"), body.rstrip("/")
    is_anchored, body = "/" in body, body.removeprefix("/")
    words = {"**/": "(?:.+/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    pattern = "".join(words.get(part) or re.escape(part) for part in re.split(r"(\*\*/|\*\*|\*|\?)", body))
    return _Line(re.compile(pattern if is_anchored else f"(?:.+/)?{pattern}"), is_kept, is_folders_only)


def core_tools_reading(text: str) -> Reading:
    """As Core Tools reads it; see above."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
    ignored = _core_tools_pattern([line for line in lines if not line.startswith("!")])
    kept = _core_tools_pattern([line.removeprefix("!") for line in lines if line.startswith("!")])
    return lambda path: bool(kept.match(path)) or not ignored.match(path)


def _core_tools_pattern(lines: list[str]) -> re.Pattern[str]:
    words = {"**": ".+", "*": "[^/]+"}
    patterns = ["".join(words.get(part) or re.escape(part) for part in re.split(r"(\*\*|\*)", line.removeprefix("/"))) for line in lines]
    return re.compile(rf"(?:{'|'.join(patterns)})\b" if patterns else r"(?!)", re.ASCII)


def shipped_files(root: Path) -> list[str]:
    """The files to deploy, sorted.

    Raises:
        ReadingsDiffer: naming the files only one of the two readings ships.
    """
    text = (root / ".funcignore").read_text()
    by_git, by_core_tools = git_reading(text), core_tools_reading(text)
    candidates = sorted(_checked_out(root))
    if differing := [path for path in candidates if by_git(path) != by_core_tools(path)]:
        raise ReadingsDiffer(f".funcignore is read differently by git and by Core Tools for: {', '.join(differing)}")
    return [path for path in candidates if by_git(path)]


def _checked_out(root: Path) -> Iterator[str]:
    """What a clean checkout holds, and what is about to be added to it."""
    ignore_file = root / ".gitignore"
    is_checked_out = git_reading((ignore_file.read_text() if ignore_file.exists() else "") + "\n.git/\n")
    folders = [root]
    while folders:
        for entry in folders.pop().iterdir():
            path = entry.relative_to(root).as_posix()
            if entry.is_dir():
                # A file that cannot exist stands for the folder's content: ignored folders are large.
                folders.extend([entry] if is_checked_out(f"{path}/\0") else [])
            elif is_checked_out(path):
                yield path
