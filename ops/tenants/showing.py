"""How far a command is, on stderr: a bar for each place on a terminal, a line for each step where it is none."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Display
from typing_extensions import override


class Progress(Protocol):
    """Shows how far a command is."""

    def counts(self, place: str, done: int, total: int) -> None:
        """So many of a place are done. ``total``: 0 where nobody has counted."""

    def says(self, text: str) -> None:
        """What is done now."""


@contextmanager
def shown(verb: str) -> Iterator[Progress]:
    """Where to show it while the block goes on."""
    if not sys.stderr.isatty():
        yield _Lines(verb)
        return
    columns: tuple[Any, ...] = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Display(*columns, console=Console(stderr=True)) as bar:
        yield _Bars(bar, verb)


class _Lines(Progress):
    def __init__(self, verb: str) -> None:
        self._verb, self._said = verb, ""

    @override
    def counts(self, place: str, done: int, total: int) -> None:
        """A log needs no bar."""

    @override
    def says(self, text: str) -> None:
        if text != self._said:
            self._said = text
            print(f"{self._verb}: {text}", file=sys.stderr, flush=True)


class _Bars(Progress):
    def __init__(self, bar: Display, verb: str) -> None:
        self._bar = bar
        self._step = bar.add_task(verb, total=None)
        self._tasks: dict[str, TaskID] = {}

    @override
    def counts(self, place: str, done: int, total: int) -> None:
        if place not in self._tasks:
            self._tasks[place] = self._bar.add_task(place, total=total or None)
        self._bar.update(self._tasks[place], completed=done, total=max(total, done) if total else None)

    @override
    def says(self, text: str) -> None:
        self._bar.update(self._step, description=text)
