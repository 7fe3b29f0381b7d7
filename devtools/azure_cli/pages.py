"""The commands of the Azure CLI that people and machines are told to type: in the documentation, the scripts and the workflows."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

_BEGIN: Final = re.compile(r"(?:^|[\n;|&(`!]|\b(?:then|do|if|else|while|until))[ \t]*(?:az|(?:\./)?scripts/azure-cli) (?=[a-z])")
_END: Final = "\n;|&)<>#`"
_BLOCK: Final = re.compile(r"```(?:sh|console|bash)\n(.*?)```", flags=re.DOTALL)
_INLINE: Final = re.compile(r"(?<!`)`az ([a-z][^`]*)`(?!`)")
_OTHER_WORDS: Final = frozenset({"…", "..."})


@dataclass(frozen=True)
class Found:
    """One command: where, and its words after ``az``."""

    place: str
    words: tuple[str, ...]
    is_whole: bool
    """Whether it is there to be typed; in a sentence, options may be left out."""

    @property
    def command(self) -> str | None:
        """Its name: the words before the first option."""
        name = []
        for word in self.words:
            if not re.fullmatch(r"[a-z][a-z0-9-]*", word):
                break
            name.append(word)
        return " ".join(name) or None


def found(root: Path) -> Iterator[Found]:
    """All of them."""
    for page in [root / "README.md", *sorted((root / "docs").rglob("*.md"))]:
        text, place = page.read_text(encoding="utf-8"), page.relative_to(root).as_posix()
        for block in _BLOCK.findall(text):
            yield from _in_shell(re.sub(r"^\$ ", "", block, flags=re.MULTILINE), place)
        for words in _INLINE.findall(re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
            yield Found(place, tuple(word for word in shlex.split(words) if word not in _OTHER_WORDS), is_whole=False)
    for workflow in sorted((root / ".github" / "workflows").glob("*.yml")):
        for script in _scripts(yaml.safe_load(workflow.read_text(encoding="utf-8"))):
            yield from _in_shell(script, workflow.relative_to(root).as_posix())


def in_shell(text: str) -> list[tuple[str, ...]]:
    """The commands in a piece of shell: their words after ``az``. What ``$(…)`` stands for is a word, and looked into as well."""
    return [one.words for one in _in_shell(text, "")]


def _in_shell(text: str, place: str) -> Iterator[Found]:
    text = re.sub(r"\\\n\s*", " ", text)
    for begin in _BEGIN.finditer(text):
        if not _is_in_a_comment(text, begin.start() + 1):
            yield Found(place, tuple(shlex.split(_until_the_end(text[begin.end() :]))), is_whole=True)


def _is_in_a_comment(text: str, at: int) -> bool:
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line.lstrip().startswith("#")


def _until_the_end(text: str) -> str:
    """The words of one command. What stands for a value of its own (``$(…)``, ``${{…}}``, ``$NAME``) becomes the word VALUE."""
    text = re.sub(r"\$\{\{.*?\}\}|\$\{\w+\}|\$\w+", "VALUE", text)
    words, quote, at = "", "", 0
    while at < len(text):
        if text.startswith("$(", at) and quote != "'":
            words, at = words + "VALUE", _closing(text, at + 1)
            continue
        character = text[at]
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in _END and not (character == "#" and not words.endswith(" ")):
            break
        words, at = words + character, at + 1
    return words


def _closing(text: str, at: int) -> int:
    """Where the bracket that opens here is closed."""
    depth = 0
    for index in range(at, len(text)):
        depth += {"(": 1, ")": -1}.get(text[index], 0)
        if depth == 0:
            return index + 1
    return len(text)


def _scripts(document: Any) -> Iterator[str]:
    """What a workflow runs: ``run`` of its steps, and ``inlineScript`` of Azure's own action."""
    if isinstance(document, dict):
        for name, value in document.items():
            if name in {"run", "inlineScript"} and isinstance(value, str):
                yield value
            else:
                yield from _scripts(value)
    elif isinstance(document, list):
        for value in document:
            yield from _scripts(value)
