"""How far runs are, for people: a bar for each on a terminal, and a line at each change where it is none. All of it on stderr."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text
from typing_extensions import override

from ops.watching import Display, Look, Watched

ESTIMATED_OVER_SECONDS: Final = 120.0
"""A run pauses now and then; the estimate must not swing with it."""


@contextmanager
def display() -> Iterator[Display]:
    """Where to show runs while the block goes on."""
    if not sys.stderr.isatty():
        yield Lines()
        return
    columns: tuple[Any, ...] = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[says]}"),
    )
    with Progress(*columns, console=Console(stderr=True), speed_estimate_period=ESTIMATED_OVER_SECONDS) as progress:
        yield Bars(progress)


class Bars(Display):
    """On a terminal."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[Watched, TaskID] = {}

    @override
    def show(self, look: Look) -> None:
        watched, state = look.watched, look.state
        is_ours = state.run == watched.run
        if watched not in self._tasks:
            self._tasks[watched] = self._progress.add_task(f"{watched.stream} {watched.kind}", total=None, says="")
        done = look.done
        # A stream may hold more than was counted at first: a bar is never fuller than full.
        total = max(state.total_count, done) if is_ours and state.total_count is not None else None
        self._progress.update(self._tasks[watched], completed=done, total=done if look.ending == "success" else total, says=look.says)


class Lines(Display):
    """In a log: what a run does, whenever that changes."""

    def __init__(self) -> None:
        self._said: dict[Watched, str] = {}

    @override
    def show(self, look: Look) -> None:
        if self._said.get(look.watched) == look.says:
            return
        self._said[look.watched] = look.says
        of = "" if look.state.total_count is None else f" of {look.state.total_count:,}"
        count = f" ({look.done:,}{of} records)" if look.state.run == look.watched.run else ""
        print(f"{look.watched.stream} {look.watched.kind}: {look.says}{count}", file=sys.stderr, flush=True)


class _Rate(ProgressColumn):
    """Records a second."""

    @override
    def render(self, task: Task) -> Text:
        return Text("" if task.speed is None else f"{task.speed:,.0f}/s")
