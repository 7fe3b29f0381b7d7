"""A source against what is stored: what is missing, extra or stale, the repair, and which gaps it closes."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from devtools.fakes.samples import NOON
from ingestion.asking import COMPARED_AGAIN_AFTER
from ingestion.comparison import compared, window
from ingestion.findings import MOST_NAMED, Findings
from ingestion.sources.source import Ask, Reading, RecordVersion
from shared.access.acl import group, readers
from shared.errors import DependencyUnavailable
from shared.gaps.gap import SEEN_EVERY, Gap, GapReason
from shared.shards.ids import ShardId
from shared.shards.model import Shard
from shared.shards.record_index import RecordIndex, RecordKind, StoredRecord
from tests.unit.ingestion.desk import CONNECTION, STREAM, TENANT, Desk

GRACE = timedelta(seconds=900)
LONG_AGO = NOON - timedelta(days=1)
KNOWN = readers([group("script", "one/ada")])


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def compare(desk: Desk, run: str = "r1") -> Findings:
    """One whole comparison; what it puts on the queue is not carried out."""
    await desk.read(desk.message("compare", run))
    state = await desk.state("compare")
    assert not state.is_running
    return Findings.model_validate(state.report)


def has(desk: Desk, **versions: str) -> None:
    """The source has these records, all of long ago."""
    desk.script.vendor |= {key: RecordVersion(version, LONG_AGO) for key, version in versions.items()}


async def test_when_both_have_the_same_nothing_is_found_and_nothing_read_again(desk: Desk) -> None:
    has(desk, a="1", b="1", c="1")
    for key in "abc":
        await desk.store(key, acl=KNOWN)

    assert await compare(desk) == Findings(vendor_count=3, stored_count=3)
    assert desk.events() == []


async def test_what_the_source_alone_has_is_missing_and_is_read(desk: Desk) -> None:
    has(desk, a="1", b="1")
    await desk.store("b", acl=KNOWN)

    found = await compare(desk)

    assert (found.missing, found.named) == (1, {"missing": ("a",)})
    assert [(event.source_id, event.event_type) for event in desk.events()] == [("a", "update")]


async def test_what_only_we_have_is_extra_and_is_deleted(desk: Desk) -> None:
    await desk.store("z", acl=KNOWN)

    found = await compare(desk)

    assert (found.extra, found.named) == (1, {"extra": ("z",)})
    assert [(event.source_id, event.event_type) for event in desk.events()] == [("z", "delete")]


@pytest.mark.parametrize("status", ["deleted", "archived"])
async def test_a_gone_shard_of_a_record_that_is_gone_is_no_finding_and_of_one_that_is_there_is_missing(desk: Desk, status: str) -> None:
    has(desk, a="1")
    await desk.store("a", status=status, acl=KNOWN)
    await desk.store("z", status=status, acl=KNOWN)

    found = await compare(desk)

    assert (found.missing, found.extra, found.stored_count) == (1, 0, 0)


async def test_an_older_version_is_stale_and_a_newer_one_is_not(desk: Desk) -> None:
    has(desk, older="2", same="2", newer="2")
    for key, version in (("older", "1"), ("same", "2"), ("newer", "3")):
        await desk.store(key, version=version, acl=KNOWN)

    found = await compare(desk)

    assert (found.stale, found.named) == (1, {"stale": ("older",)})


async def test_a_shard_that_somebody_else_wrote_is_stale(desk: Desk) -> None:
    has(desk, a="1", b="1", c="1")
    await desk.store("a", acl=KNOWN)
    tampered = await desk.store("b", acl=KNOWN, structured_data={"name": "Somebody else"})
    await desk.store("c", acl=KNOWN, normalization=None)

    found = await compare(desk)

    assert not tampered.is_as_stamped
    assert found.named == {"stale": ("b", "c")}


async def test_what_changed_a_moment_ago_may_still_be_on_its_way_and_is_pending(desk: Desk) -> None:
    just_now = NOON - GRACE + timedelta(seconds=1)
    desk.script.vendor = {key: RecordVersion("2", just_now) for key in ("missing", "stale")}
    has(desk, revived="2", back="2")
    await desk.store("back", status="archived", seen_at=just_now, acl=KNOWN)
    await desk.store("stale", version="1", acl=KNOWN)
    await desk.store("extra", seen_at=just_now, acl=KNOWN)
    await desk.store("revived", status="deleted", seen_at=just_now, acl=KNOWN)

    found = await compare(desk)

    assert (found.pending, found.fault_count) == (5, 0)
    assert desk.events() == []


async def test_only_the_first_of_many_are_named(desk: Desk) -> None:
    has(desk, **{f"{number:03}": "1" for number in range(50)})

    found = await compare(desk)

    assert found.missing == 50
    assert found.named["missing"] == tuple(f"{number:03}" for number in range(MOST_NAMED))
    assert len(desk.events()) == 50


async def test_a_comparison_goes_on_where_it_stopped(desk: Desk) -> None:
    has(desk, **{f"{number:03}": "1" for number in range(7)})
    desk.ages.seconds = {"shard-emission": 31.0}

    await desk.ask(desk.message("compare"))
    await desk.work_now()
    state = await desk.state("compare")
    assert (state.is_running, (state.cursor or {})["after"], state.record_count) == (True, "001", 2)
    desk.ages.seconds = {}
    while (await desk.state("compare")).is_running:
        desk.clock.advance(seconds=15)
        await desk.work_now()

    assert Findings.model_validate((await desk.state("compare")).report).missing == 7


async def test_a_source_that_gives_one_range_again_and_again_is_not_read_for_ever(desk: Desk) -> None:
    has(desk, a="1", b="1", c="1")
    connection = await desk.connect()

    async def versions(*_: object, **__: object) -> object:
        return await original(connection, STREAM, after=None)

    original = desk.script.versions
    desk.script.versions = versions  # type: ignore[method-assign, assignment]  # it does not look where it shall begin

    with pytest.raises(DependencyUnavailable, match="again and again"):
        await desk.read(desk.message("compare"))


async def test_findings_are_looked_for_again_once_their_repair_is_stored_unless_they_are_the_same(desk: Desk) -> None:
    has(desk, a="1", b="1")

    await compare(desk)
    [again] = desk.pipeline.transport.on("sync-inbound-bulk")
    assert again.due_at == NOON + COMPARED_AGAIN_AFTER
    await desk.store("a", acl=KNOWN)
    await desk.work()

    state = await desk.state("compare")
    assert state.finished_at == NOON + 2 * COMPARED_AGAIN_AFTER, "one finding less, and then the same again"
    assert Findings.model_validate(state.report).named == {"missing": ("b",)}
    assert desk.requests() == []


async def open_gap(desk: Desk, reason: GapReason, *, stream: str = STREAM, ago: timedelta = GRACE + SEEN_EVERY) -> None:
    gap = Gap.found(tenant_id=TENANT, connection_id=CONNECTION, stream=stream, reason=reason, at=desk.clock() - ago)
    await desk.pipeline.gaps.open(gap)


async def test_a_sweep_without_findings_closes_the_gaps_of_its_stream_alone(desk: Desk) -> None:
    for reason in ("partial-out-of-order", "deletions-not-retained", "changes-not-retained", "not-readable", "rejected"):
        await open_gap(desk, reason)
    await open_gap(desk, "rejected", stream="Other")

    await compare(desk)

    assert await desk.gaps() == [("Other", "rejected")]


async def test_a_sweep_with_findings_closes_none(desk: Desk) -> None:
    has(desk, a="1")
    await open_gap(desk, "rejected")

    await compare(desk)

    assert await desk.gaps() == [(STREAM, "rejected")]


async def test_a_gap_that_was_seen_since_the_sweep_began_stays_open(desk: Desk) -> None:
    has(desk, **{f"{number:03}": "1" for number in range(4)})
    for number in range(4):
        await desk.store(f"{number:03}", acl=KNOWN)
    await open_gap(desk, "rejected", ago=timedelta(0))
    desk.clock.advance(seconds=7200)
    original, calls = desk.script.versions, 0

    async def versions(*args: object, **named: object) -> object:
        nonlocal calls
        calls += 1
        if calls == 2:
            await open_gap(desk, "rejected", ago=timedelta(0))
        return await original(*args, **named)  # type: ignore[arg-type]  # as they came

    desk.script.versions = versions  # type: ignore[method-assign, assignment]  # something is lost meanwhile
    await compare(desk)

    assert await desk.gaps() == [(STREAM, "rejected")]


async def test_a_gap_that_is_younger_than_the_grace_stays_open_for_what_it_stands_for_was_not_judged(desk: Desk) -> None:
    desk.script.vendor = {"lost": RecordVersion("1", NOON - timedelta(minutes=5))}
    await open_gap(desk, "rejected", ago=timedelta(minutes=4))

    assert (await compare(desk)).pending == 1
    assert await desk.gaps() == [(STREAM, "rejected")]

    desk.clock.advance(seconds=3600)
    assert (await compare(desk, "r2")).missing == 1
    assert await desk.gaps() == [(STREAM, "rejected")]


async def test_unknown_readers_stay_a_gap_until_somebody_can_tell_them(desk: Desk) -> None:
    has(desk, a="1")
    shard = await desk.store("a")
    await open_gap(desk, "acl-unknown")

    assert (await compare(desk)).unknown_readers == 1
    assert await desk.gaps() == [(STREAM, "acl-unknown")]

    desk.pipeline.shards.expire(TENANT, shard.id)
    await desk.store("a", acl=KNOWN)
    await compare(desk, "r2")
    assert await desk.gaps() == []


class Watched(RecordIndex):
    """An index that notes which ranges it is asked for."""

    def __init__(self, index: RecordIndex) -> None:
        self._index = index
        self.ranges: list[tuple[str | None, str | None]] = []

    @override
    def between(self, kind: RecordKind, *, after: str | None, up_to: str | None) -> AsyncIterator[StoredRecord]:
        self.ranges.append((after, up_to))
        return self._index.between(kind, after=after, up_to=up_to)

    @override
    def naming(self, tenant_id: str, target: ShardId) -> AsyncIterator[Shard]:
        raise NotImplementedError

    @override
    def within(self, tenant_id: str, fields: Sequence[str], external_id: str) -> AsyncIterator[Shard]:
        raise NotImplementedError

    @override
    async def stored(self, kind: RecordKind, key: str) -> Shard | None:
        raise NotImplementedError  # a comparison asks for ranges, and for no single record

    @override
    async def count(self, kind: RecordKind) -> int:
        raise NotImplementedError


async def test_one_range_is_held_at_a_time(desk: Desk) -> None:
    has(desk, **{f"{number:03}": "1" for number in range(7)})
    watched, cursor = Watched(desk.pipeline.index), None
    connection = await desk.connect()
    sizes = []
    while True:
        reading = Reading(connection, STREAM, "compare", cursor, "r")
        page = await compared(reading, poller=desk.script, index=watched, grace=GRACE)
        sizes.append(len(page.events))
        cursor = page.cursor
        if page.is_last:
            break

    assert watched.ranges == [(None, "001"), ("001", "003"), ("003", "005"), ("005", None)]
    assert max(sizes) == 2


KEYS = st.sampled_from([f"{number:02}" for number in range(12)])
VERSIONS = st.dictionaries(KEYS, st.sampled_from(["1", "2"]), max_size=12)


@settings(max_examples=40, deadline=None)
@given(vendor=VERSIONS, stored=VERSIONS, deleted=st.sets(KEYS), most=st.integers(1, 5))
async def test_the_counts_are_those_of_set_arithmetic(vendor: dict[str, str], stored: dict[str, str], deleted: set[str], most: int) -> None:
    desk = Desk()
    has(desk, **vendor)
    desk.script.most = most
    for key, version in stored.items():
        await desk.store(key, version=version, acl=KNOWN, status="deleted" if key in deleted else "active")
    living = {key: version for key, version in stored.items() if key not in deleted}

    found = await compare(desk)

    assert found.vendor_count == len(vendor)
    assert found.stored_count == len(vendor.keys() & living.keys())
    assert found.named == named(
        missing=vendor.keys() - living.keys(),
        extra=living.keys() - vendor.keys(),
        stale={key for key in vendor.keys() & living.keys() if living[key] < vendor[key]},
    )
    assert (found.missing, found.extra, found.stale) == tuple(len(found.named.get(one, ())) for one in ("missing", "extra", "stale"))
    assert {event.source_id for event in desk.events()} == {key for keys in found.named.values() for key in keys}


def named(**faults: set[str]) -> dict[str, tuple[str, ...]]:
    return {fault: tuple(sorted(keys)) for fault, keys in faults.items() if keys}


async def test_keys_of_one_range_that_are_not_the_streams_are_not_judged(desk: Desk) -> None:
    await desk.store("a", acl=KNOWN)
    connection = await desk.connect()

    seen = await window(
        Reading(connection, "Other", "compare", None, "r"), None, poller=desk.script, index=desk.pipeline.index, grace=GRACE
    )

    assert seen.findings == Findings()


async def test_a_comparison_that_a_page_shows_to_be_needed_comes_after_the_grace_and_closes_the_gap_it_is_for(desk: Desk) -> None:
    desk.script.gaps, desk.script.asks = ("deletions-not-retained",), (Ask(STREAM, "compare"),)

    await desk.read(desk.message("changes"))

    [asked] = desk.pipeline.transport.on("sync-inbound-bulk")
    assert asked.due_at == NOON + COMPARED_AGAIN_AFTER
    assert await desk.gaps() == [(STREAM, "deletions-not-retained")]
    await desk.work()
    assert await desk.gaps() == []
