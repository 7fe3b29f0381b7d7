"""Which packages a group was given from this checkout: what can be gone back to, and what therefore stays."""

from pathlib import Path
from typing import Final

_GOING_BACK: Final = 2
"""The one that runs, and the one before."""


def remember(file: Path, name: str) -> None:
    """Write down that this package was given, unless it was the last as well."""
    before = _read(file)
    if before[-1:] != [name]:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(f"{one}\n" for one in [*before, name]), encoding="utf-8")


def kept_for_later(folder: Path) -> set[str]:
    """The names of the last packages of every group."""
    return {name for file in folder.glob("*.published") for name in _read(file)[-_GOING_BACK:]}


def _read(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").split() if file.exists() else []
