"""The pinned requirements, for every Python from 3.11 to 3.13 at once, made by uv from pyproject.toml.

The head of each file records what it was made from and what was made, so that a check needs no package index: a dependency that changed
in pyproject.toml and a pin that was edited by hand are both seen.
"""

import hashlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_HEAD = re.compile(r"# Made by scripts/generate, never edited\. From: (?P<inputs>\w+), made: (?P<pins>\w+)\n")
_COMPILE = ("pip", "compile", "-q", "--universal", "--python-version", "3.11", "--generate-hashes", "--no-header")


@dataclass(frozen=True)
class Requirements:
    """One generated file."""

    path: str
    options: tuple[str, ...]
    groups: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    """Files whose pins it keeps."""
    is_apart: bool = False
    """Holds its groups alone, and not what ships."""


FILES = (
    Requirements("requirements.txt", ("pyproject.toml",)),
    Requirements("requirements-dev.txt", ("--group", "dev", "-c", "requirements.txt", "pyproject.toml"), ("dev",), ("requirements.txt",)),
    Requirements("requirements-offline.txt", ("--group", "offline", "--no-deps"), ("offline",), is_apart=True),
    Requirements("requirements-linking-data.txt", ("--group", "linking-data", "--no-deps"), ("linking-data",), is_apart=True),
    Requirements("requirements-azure-cli.txt", ("--group", "azure-cli"), ("azure-cli",), is_apart=True),
)


def faults(root: Path) -> Iterator[str]:
    """What is out of date, one sentence each; reads only."""
    for file in FILES:
        yield from (f"{file.path} {fault}" for fault in _faults(file, root))


def _faults(file: Requirements, root: Path) -> Iterator[str]:
    text = (root / file.path).read_text() if (root / file.path).exists() else ""
    head = _HEAD.match(text)
    if not head:
        yield "was not made by scripts/generate"
        return
    body = text[head.end() :]
    if head["inputs"] != _digest(_inputs(file, root)):
        yield "is out of date: pyproject.toml changed"
    if head["pins"] != _digest(body):
        yield "was edited by hand"
    for name in _direct(file, root):
        if not re.search(rf"^{re.escape(name)}==", body, flags=re.MULTILINE):
            yield f"does not pin {name}"


def make(root: Path) -> list[str]:
    """Make what is out of date, keeping the pins that still fit; returns the paths."""
    made = []
    for file in FILES:
        if not list(_faults(file, root)):
            continue
        uv = Path(sys.executable).parent / "uv"
        subprocess.run([uv, *_COMPILE, *file.options, "-o", file.path], cwd=root, check=True)
        seal(file, root)
        made.append(file.path)
    return made


def seal(file: Requirements, root: Path) -> None:
    """Write the head of a file that was just made."""
    body = _HEAD.sub("", (root / file.path).read_text())
    head = f"# Made by scripts/generate, never edited. From: {_digest(_inputs(file, root))}, made: {_digest(body)}\n"
    (root / file.path).write_text(head + body)


def _inputs(file: Requirements, root: Path) -> str:
    """Everything the pins depend on, as text."""
    project = _pyproject(root)
    parts = [project["project"]["requires-python"], *_specifications(file, project), *_COMPILE, *file.options]
    parts += [_HEAD.sub("", (root / path).read_text()) for path in file.after]
    return "\n".join(parts)


def _direct(file: Requirements, root: Path) -> list[str]:
    """The names of direct dependencies, as an index writes them (lower case, hyphens)."""
    names = [re.split(r"[^A-Za-z0-9._-]", specification, maxsplit=1)[0] for specification in _specifications(file, _pyproject(root))]
    return [re.sub(r"[._-]+", "-", name).lower() for name in names]


def _specifications(file: Requirements, project: dict[str, Any]) -> list[str]:
    shipped = [] if file.is_apart else project["project"]["dependencies"]
    return [*shipped, *(line for group in file.groups for line in project["dependency-groups"][group])]


def _pyproject(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
