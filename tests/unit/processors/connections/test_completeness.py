"""Whether all of a connection is here: what the last comparison found, what is under way, and what is not known."""

from datetime import timedelta
from typing import Any

import pytest

from devtools.fakes.samples import NOON, sample_connection
from devtools.fakes.stores import InMemoryConnections, InMemoryGaps, InMemoryShards
from processors.connections.api import Completeness, show_completeness
from shared.access.acl import ADMINS, TENANT
from shared.access.tokens import Caller
from shared.errors import Forbidden, NotFound
from shared.gaps.gap import Gap
from shared.streams.state import StateKind, StreamStates

ID = "salesforce:00D000000000001EAA"
CONNECTION = sample_connection("acme", "00D000000000001EAA").model_copy(update={"streams": ("Account", "Contact")})
CLEAN = {"vendorCount": 3, "storedCount": 3, "missing": 0, "extra": 0, "stale": 0, "pending": 0, "unknownReaders": 0}


class Organization:
    """A connection with two streams."""

    def __init__(self) -> None:
        self.connections, self.gaps, self.states = InMemoryConnections(), InMemoryGaps(), StreamStates(InMemoryShards())

    async def keep(self, stream: str, kind: StateKind, **said: Any) -> None:
        state = await self.states.read(CONNECTION, stream, kind)
        await self.states.save(state.model_copy(update=said), at=NOON)

    async def compared(self, stream: str, **found: int) -> None:
        await self.keep(stream, "compare", report={**CLEAN, **found}, finished_at=NOON - timedelta(hours=2), last_status="success")

    async def open_gap(self, stream: str = "Account") -> None:
        at = NOON - timedelta(hours=1)
        await self.gaps.open(Gap.found(tenant_id="acme", connection_id=ID, stream=stream, reason="acl-unknown", at=at))

    async def shown(self, *, tenant: str = "acme", asked: str = ID, is_admin: bool = True) -> Completeness:
        await self.connections.add(CONNECTION, handles=("salesforce-key:1",))
        caller = Caller(tenant, frozenset({TENANT, *([ADMINS] if is_admin else [])}))
        return await show_completeness(asked, caller, connections=self.connections, states=self.states, gaps=self.gaps, now=NOON)


async def test_what_was_never_compared_says_so_and_is_not_complete() -> None:
    answer = await Organization().shown()

    assert not answer.is_complete
    assert answer.model_dump(mode="json", by_alias=True)["streams"][0] == {
        "stream": "Account",
        "comparison": None,
        "comparisonError": None,
        "runs": [],
        "coveredUntil": None,
        "lagSeconds": None,
        "lastError": None,
    }


async def test_it_is_complete_when_every_stream_was_compared_and_nothing_was_found_and_no_gap_is_open() -> None:
    organization = Organization()
    await organization.compared("Account")
    await organization.compared("Contact")

    answer = await organization.shown()

    assert answer.is_complete
    [account, _] = answer.model_dump(mode="json", by_alias=True)["streams"]
    assert account["comparison"] == {**CLEAN, "named": {}, "finishedAt": "2026-11-21T10:00:00.000000Z"}


async def test_the_report_names_records_and_does_not_pass_for_the_one_that_is_being_made() -> None:
    organization = Organization()
    report = {**CLEAN, "stale": 1, "named": {"stale": ["001000000000001AAA"]}}
    await organization.keep("Account", "compare", report=report, is_running=True, started_at=NOON)

    comparison = (await organization.shown()).streams[0].comparison

    assert comparison is not None
    assert (comparison.named, comparison.finished_at) == ({"stale": ("001000000000001AAA",)}, None)


@pytest.mark.parametrize("found", [{"missing": 1}, {"extra": 1}, {"stale": 1}])
async def test_one_record_of_one_stream_that_is_not_right_makes_it_incomplete(found: dict[str, int]) -> None:
    organization = Organization()
    await organization.compared("Account")
    await organization.compared("Contact", **found)

    assert not (await organization.shown()).is_complete


async def test_a_comparison_that_failed_since_makes_it_incomplete_whatever_one_before_has_found() -> None:
    organization = Organization()
    await organization.compared("Account")
    await organization.compared("Contact")
    await organization.keep("Contact", "compare", last_status="failed", last_error="no right to read it")

    answer = await organization.shown()

    assert not answer.is_complete
    assert answer.streams[1].comparison_error == "no right to read it"
    assert answer.streams[1].comparison is not None
    assert answer.streams[1].comparison.finished_at is None


async def test_one_stream_that_was_not_compared_makes_it_incomplete() -> None:
    organization = Organization()
    await organization.compared("Account")

    assert not (await organization.shown()).is_complete


async def test_an_open_gap_makes_it_incomplete_and_is_listed() -> None:
    organization = Organization()
    await organization.compared("Account")
    await organization.compared("Contact")
    await organization.open_gap()

    answer = await organization.shown()

    assert not answer.is_complete
    assert answer.model_dump(mode="json", by_alias=True)["gaps"] == [
        {"reason": "acl-unknown", "stream": "Account", "openedAt": "2026-11-21T11:00:00.000000Z"}
    ]


async def test_a_report_that_cannot_be_read_is_no_report() -> None:
    organization = Organization()
    await organization.keep("Account", "compare", report={"vendorCount": 3, "missing": -1})
    await organization.compared("Contact")

    answer = await organization.shown()

    assert answer.streams[0].comparison is None
    assert not answer.is_complete


async def test_a_run_is_shown_while_it_goes_on() -> None:
    organization = Organization()
    running = {"is_running": True, "record_count": 500, "total_count": 1200, "started_at": NOON - timedelta(minutes=3)}
    await organization.keep("Account", "backfill", **running, waits_until=NOON + timedelta(minutes=1), last_error="slower")
    await organization.keep("Contact", "backfill", record_count=7, total_count=7)

    account, contact = (await organization.shown()).model_dump(mode="json", by_alias=True)["streams"]

    assert account["runs"] == [
        {
            "kind": "backfill",
            "recordCount": 500,
            "totalCount": 1200,
            "startedAt": "2026-11-21T11:57:00.000000Z",
            "waitsUntil": "2026-11-21T12:01:00.000000Z",
            "lastError": "slower",
        }
    ]
    assert contact["runs"] == []


async def test_the_lag_is_how_long_ago_everything_was_known() -> None:
    organization = Organization()
    await organization.keep("Account", "changes", covered_until=NOON - timedelta(seconds=90), last_error="no answer")

    account, contact = (await organization.shown()).streams

    assert (account.lag_seconds, account.last_error) == (90.0, "no answer")
    assert (contact.covered_until, contact.lag_seconds) == (None, None)


async def test_a_source_whose_clock_is_ahead_does_not_lag_behind_by_less_than_nothing() -> None:
    organization = Organization()
    await organization.keep("Account", "changes", covered_until=NOON + timedelta(seconds=2))

    assert (await organization.shown()).streams[0].lag_seconds == 0.0


@pytest.mark.parametrize(
    "asked", [{"tenant": "globex"}, {"asked": "salesforce:00D000000000009EAA"}, {"asked": "salesforce-key:1"}, {"asked": ""}]
)
async def test_what_is_not_there_or_anothers_is_answered_alike(asked: dict[str, str]) -> None:
    with pytest.raises(NotFound, match=r"^there is no such connection$"):
        await Organization().shown(**asked)  # type: ignore[arg-type]  # texts


async def test_whoever_is_no_admin_is_refused_before_anything_is_read() -> None:
    organization = Organization()

    with pytest.raises(Forbidden):
        await organization.shown(asked="salesforce:none", is_admin=False)

    assert organization.connections.finds == 0
