"""What a requirements file pins: name, exact version, marker, hashes, and who asked for it (uv's ``# via`` comments)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_PIN = re.compile(r"(?P<name>[a-z0-9][a-z0-9.-]*)==(?P<version>[0-9A-Za-z.+!]+)(?: ; (?P<marker>.+?))?")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
_VIA = re.compile(r"\s+#\s+(?:via\s*)?(?P<name>\S.*)?")

OURS = "shardline (pyproject.toml)"
"""How uv names the project itself, without the names of its groups."""


@dataclass(frozen=True)
class Pin:
    """One package at one version."""

    name: str
    version: str
    marker: str | None = None
    hashes: tuple[str, ...] = ()
    via: tuple[str, ...] = ()
    """Who needs it: other packages, or ``OURS``."""

    @property
    def text(self) -> str:
        """As a requirement, for whatever Python."""
        return f"{self.name}=={self.version}"


@dataclass(frozen=True)
class Entry:
    """One requirement of a file as it stands there: what begins a line, what goes on after it, and the comments below."""

    head: str
    rest: tuple[str, ...]
    comments: tuple[str, ...]


def pins_in(text: str) -> list[Pin]:
    """The pins of a file. What is no pin is left out: ``faults`` names it."""
    return [pin for pin in map(_pin, _entries(text)) if pin is not None]


def faults(path: str, text: str) -> Iterator[str]:
    """What is not pinned to a version, or has no hash that says what exactly is installed; one sentence each."""
    for entry in _entries(text):
        pin = _pin(entry)
        if pin is None:
            yield f"{path}: {entry.head} is no exact version of a package from the index"
        elif not pin.hashes:
            yield f"{path}: {pin.text} has no hash"


def _entries(text: str) -> Iterator[Entry]:
    head, rest, comments = "", list[str](), list[str]()
    for line in text.splitlines():
        if line.strip() and not line.startswith((" ", "\t", "#")):
            if head:
                yield Entry(head, tuple(rest), tuple(comments))
            head, rest, comments = line.removesuffix("\\").strip(), [], []
        elif line.lstrip().startswith("#"):
            comments.append(line)
        elif line.strip():
            rest.append(line.strip().removesuffix("\\").strip())
    if head:
        yield Entry(head, tuple(rest), tuple(comments))


def _pin(entry: Entry) -> Pin | None:
    match = _PIN.fullmatch(entry.head)
    if match is None or not all(_HASH.fullmatch(one) for one in entry.rest):
        return None
    named = (_VIA.fullmatch(comment) for comment in entry.comments)
    via = tuple(OURS if one["name"].startswith("shardline") else one["name"] for one in named if one is not None and one["name"])
    return Pin(match["name"], match["version"], match["marker"], entry.rest, via)
