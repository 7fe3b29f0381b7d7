"""``scripts/generate``: makes every generated file; ``--check`` writes nothing and names each one that is out of date.

Only making the requirements needs a package index, and only when pyproject.toml changed. ``--check`` never does.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from devtools.generate import infra, requirements, tables
from devtools.monitoring import workbook

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Stale:
    """One file that is not what it would be if it were made now."""

    path: str
    text: str


def stale_files(root: Path) -> Iterator[Stale]:
    """The files that can be made without help: compared whole."""
    for path, text in {**infra.files(), **workbook.files(), **tables.pages(root)}.items():
        file = root / path
        if not file.exists() or file.read_text() != text:
            yield Stale(path, text)


def check(root: Path) -> int:
    faults = [*requirements.faults(root), *(f"{stale.path} is out of date" for stale in stale_files(root))]
    for fault in faults:
        print(fault)
    if faults:
        print("run scripts/generate")
    return 1 if faults else 0


def write(root: Path) -> int:
    for fault in requirements.faults(root):
        print(fault)
    for path in requirements.make(root):
        print(f"written: {path}")
    for stale in stale_files(root):
        (root / stale.path).parent.mkdir(parents=True, exist_ok=True)
        (root / stale.path).write_text(stale.text)
        print(f"written: {stale.path}")
    for clamp in infra.clamps():
        print(f"clamped for the emulator: {clamp}")
    return 0


def main(arguments: list[str]) -> int:
    match arguments:
        case []:
            return write(ROOT)
        case ["--check"]:
            return check(ROOT)
        case _:
            print("usage: python -m devtools.generate [--check]", file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
