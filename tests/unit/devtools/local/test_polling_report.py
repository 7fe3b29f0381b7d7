"""What ``up`` says of what it polled: its exit code is only worth as much as this."""

from datetime import UTC, datetime
from typing import Any

import pytest

from devtools.local.polled_connection import faults_in, is_compared
from devtools.local.polling import THERE, rendered
from devtools.local.processes import Process

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def compared(*, finished_at: str | None = "2026-11-22T12:00:01Z", **found: Any) -> dict[str, Any]:
    """One stream as the API shows it."""
    nothing = {"vendorCount": 5, "storedCount": 5, "missing": 0, "extra": 0, "stale": 0, "named": {}}
    return {"stream": "Account", "comparison": {**nothing, **found, "finishedAt": finished_at}}


def polled(*streams: dict[str, Any]) -> dict[str, Any]:
    counts = {name: sum(stream["comparison"][name] for stream in streams) for name in ("missing", "extra", "stale")}
    said = {"records": 12, "people": 3, "backfilled": 23, "seconds": 3.1, "completeness": {"streams": list(streams), "gaps": []}}
    return {**said, **counts}


def test_what_was_compared_is_a_table_and_a_line() -> None:
    assert rendered(polled(compared(stale=1, storedCount=4))).splitlines() == [
        "All there is at the organization, compared with what is stored:",
        "",
        "object   at the organization  here  missing  extra  stale",
        "-------  -------------------  ----  -------  -----  -----",
        "Account  5                    4     0        0      1",
        "",
        "back-filled 23 records (12 that no message told of, 3 people) in 3.1 s; compared: 0 missing, 0 extra, 1 stale",
    ]


def test_what_was_not_compared_says_so() -> None:
    assert rendered({**polled(), "completeness": None}) == "back-filled 23 records; they were not compared"


def test_every_finding_and_every_open_gap_is_a_fault_and_nothing_else_is() -> None:
    wrong = compared(missing=2, named={"missing": ["001A", "001B"]})
    gaps = [{"reason": "not-readable", "stream": "Lead"}]

    assert faults_in({"streams": [compared()], "gaps": []}, where=THERE) == []
    assert faults_in(None, where=THERE) == ["what is at the organization was not compared with what is stored"]
    assert faults_in({"streams": [compared(), wrong], "gaps": gaps}, where=THERE) == [
        "Account: compared with the organization 2 missing: 001A, 001B",
        "a gap is open: not-readable in Lead",
    ]


@pytest.mark.parametrize(
    ("stream", "is_over"),
    [
        (compared(), True),
        (compared(finished_at="2026-11-22T11:59:59Z"), False),
        (compared(finished_at=None), False),
        ({"stream": "Account", "comparison": None}, False),
    ],
)
def test_a_stream_is_compared_once_a_comparison_has_ended_that_was_asked_for_since(stream: dict[str, Any], is_over: bool) -> None:
    assert is_compared(stream, NOON) == is_over


@pytest.mark.parametrize(
    ("line", "address"),
    [
        ("host: ready on http://127.0.0.1:7071", "http://127.0.0.1:7071"),
        ("service bus: ready on 127.0.0.1:5672", "127.0.0.1:5672"),
        (
            "gdrive: ready on http://127.0.0.1:7091, domain d.example, administrator ada@d.example, refresh token 1//0a",
            "http://127.0.0.1:7091",
        ),
        ("salesforce: ready on http://127.0.0.1:7090, organization 00D000000000062EAA, client secret s", "http://127.0.0.1:7090"),
    ],
)
def test_where_a_part_listens_is_the_address_in_its_line(line: str, address: str) -> None:
    assert Process("a part", 1, "now", NOON).listens(line).address == address
