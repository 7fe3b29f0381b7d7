"""How far runs are, as people see it: bars on a terminal, lines in a log."""

import io
from datetime import timedelta

import pytest
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn

from devtools.fakes.samples import NOON
from ops.progress import Bars, Lines, display
from ops.watching import Ending, Look, Watched
from shared.streams.state import StreamState

BACKFILL = Watched("Account", "backfill", "r", NOON)
COMPARE = Watched("Account", "compare", "r", NOON)


def look(watched: Watched = BACKFILL, *, ending: Ending | None = None, run: str = "r", **said: object) -> Look:
    state = StreamState.model_validate(
        {
            "tenantId": "acme",
            "connectionId": "salesforce:1",
            "source": "salesforce",
            "stream": watched.stream,
            "kind": watched.kind,
            "run": run,
            **said,
        }
    )
    return Look(watched, state, ending)


def bar(*looks: Look) -> str:
    """What stands there at the end."""
    written = io.StringIO()
    columns = (TextColumn("{task.description}"), MofNCompleteColumn(), TextColumn("{task.fields[says]}"))
    with Progress(*columns, console=Console(file=written, color_system=None, width=120)) as progress:
        bars = Bars(progress)
        for one in looks:
            bars.show(one)
    return written.getvalue().rstrip().splitlines()[-1].strip()


def test_a_bar_says_how_many_of_how_many_and_what_is_in_the_way() -> None:
    waiting = look(recordCount=500, totalCount=1200, waitsUntil=NOON + timedelta(minutes=1), lastError="slower")

    assert bar(look(run="before", recordCount=99)).startswith("Account backfill 0/? waits for a worker")
    assert "500/1200 waits until 2026-11-21T12:01:00.000000Z: slower" in bar(waiting)


def test_a_bar_is_full_at_the_end_and_never_fuller() -> None:
    assert "1300/1300 reads" in bar(look(recordCount=1300, totalCount=1200))
    assert "3/3 done" in bar(look(recordCount=2, totalCount=3), look(recordCount=3, totalCount=4, ending="success"))


def test_a_comparison_counts_what_it_has_compared() -> None:
    assert look(COMPARE, recordCount=1, cursor={"after": "001", "found": {"vendorCount": 2000}}).done == 2000
    assert look(COMPARE, recordCount=1).done == 0


def test_in_a_log_there_is_a_line_whenever_something_changes(capsys: pytest.CaptureFixture[str]) -> None:
    with display() as lines:
        assert isinstance(lines, Lines)
        for one in (look(run="before"), look(recordCount=1), look(recordCount=2), look(recordCount=3, totalCount=3, ending="success")):
            lines.show(one)

    assert capsys.readouterr().err.splitlines() == [
        "Account backfill: waits for a worker",
        "Account backfill: reads (1 records)",
        "Account backfill: done (3 of 3 records)",
    ]
