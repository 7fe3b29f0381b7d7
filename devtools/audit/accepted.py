"""What is let pass, each with its reason, and an advisory with a day on which that ends: ``accepted.toml`` beside this file."""

import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("accepted.toml")

_FIELDS: dict[str, dict[str, type]] = {
    "advisory": {"id": str, "package": str, "reason": str, "until": date},
    "licence": {"package": str, "licence": str, "reason": str},
    "not-imported": {"package": str, "reason": str},
}


@dataclass(frozen=True)
class Advisory:
    """A known fault of a package that does not concern us, or that nothing can be done about yet."""

    id: str
    package: str
    reason: str
    until: date
    """The last day on which it is let pass."""


@dataclass(frozen=True)
class Accepted:
    """All of it."""

    advisories: tuple[Advisory, ...] = ()
    licences: tuple[tuple[str, str], ...] = ()
    """Package and licence."""
    not_imported: frozenset[str] = frozenset()
    """Direct dependencies that none of our modules imports."""


def read(text: str) -> Accepted:
    """What a file says.

    Raises:
        ValueError: an entry lacks something, has something unknown, or gives no reason.
    """
    said: dict[str, Any] = tomllib.loads(text)
    if unknown := said.keys() - _FIELDS:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    for kind, entries in said.items():
        for entry in entries:
            if {name: type(value) for name, value in entry.items()} != _FIELDS[kind] or not entry["reason"].strip():
                raise ValueError(f"{kind} needs {', '.join(_FIELDS[kind])}, and a reason: {entry.get('package', entry)}")
    return Accepted(
        tuple(Advisory(**entry) for entry in said.get("advisory", [])),
        tuple((entry["package"], entry["licence"]) for entry in said.get("licence", [])),
        frozenset(entry["package"] for entry in said.get("not-imported", [])),
    )
