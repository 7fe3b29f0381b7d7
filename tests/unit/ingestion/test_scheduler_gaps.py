"""What a source may not have pushed does not wait for the next poll: a gap that can be judged by now is compared, once for what it says."""

from datetime import timedelta

import pytest

from devtools.fakes.samples import NOON
from ingestion.scheduler import BEYOND_READING, Scheduled, schedule
from ingestion.sources.source import RecordVersion
from shared import topology
from shared.connections.connection import Connection
from shared.contracts.sync import SyncRequested
from shared.errors import DependencyUnavailable
from shared.gaps.gap import SEEN_EVERY, Gap, GapReason
from tests.unit.ingestion.desk import CONNECTION, STREAM, TENANT, Desk
from tests.unit.ingestion.hearing import BOT

GRACE = timedelta(minutes=15)
RIPE = (SEEN_EVERY + GRACE).total_seconds()
LONG_AGO = NOON - timedelta(days=1)


@pytest.fixture
async def desk() -> Desk:
    desk = Desk(next_due_at=None, credential=BOT, streams=(STREAM, "User"))
    await desk.connect()
    return desk


async def lose(desk: Desk, reason: GapReason = "events-lost", *, stream: str = STREAM, tenant: str = TENANT, of: str = CONNECTION) -> None:
    """Something may not have been pushed."""
    await desk.pipeline.gaps.open(Gap.found(tenant_id=tenant, connection_id=of, stream=stream, reason=reason, at=desk.clock()))


async def tick(desk: Desk, *, after: float = 0) -> Scheduled:
    """The timer, so many seconds later."""
    desk.clock.advance(seconds=after)
    ports = desk.ports
    return await schedule(
        "script",
        connections=ports.connections,
        states=ports.states,
        publisher=ports.publisher,
        now=desk.clock,
        gaps=desk.pipeline.gaps,
        grace=GRACE,
    )


def comparisons(desk: Desk) -> list[SyncRequested]:
    """All that were ever asked for, duplicates left out."""
    sent = [envelope for envelope in desk.pipeline.transport.sent if envelope.queue == topology.SYNC_INBOUND_BULK]
    return [SyncRequested.decode(envelope.body) for envelope in sent]


@pytest.mark.parametrize("reason", ["events-lost", "not-read"])
async def test_a_gap_is_compared_once_all_that_it_stands_for_can_be_judged(desk: Desk, reason: GapReason) -> None:
    await lose(desk, reason)

    assert await tick(desk, after=RIPE - 1) == Scheduled(0, 0)
    assert await tick(desk, after=1) == Scheduled(0, 1)

    [request] = comparisons(desk)
    assert (request.tenant_id, request.connection_id, request.stream, request.kind) == (TENANT, CONNECTION, STREAM, "compare")
    assert request.goes_to == topology.SYNC_INBOUND_BULK


async def test_such_a_comparison_closes_the_gap_and_is_the_last(desk: Desk) -> None:
    await lose(desk)
    await tick(desk, after=RIPE)
    await desk.work_now()

    assert await desk.gaps() == []
    assert await tick(desk, after=86_400) == Scheduled(0, 0)


async def test_the_gaps_of_a_stream_are_one_comparison_and_those_of_two_are_two(desk: Desk) -> None:
    for reason in ("events-lost", "not-read"):
        for stream in (STREAM, "User"):
            await lose(desk, reason, stream=stream)

    await tick(desk, after=RIPE)

    assert sorted(request.stream for request in comparisons(desk)) == [STREAM, "User"]


async def test_what_was_seen_of_a_gap_is_asked_for_once_however_often_the_timer_ticks(desk: Desk) -> None:
    await lose(desk)
    for _ in range(3):
        await tick(desk, after=RIPE)
    assert len(comparisons(desk)) == 1

    await desk.work_now()
    await lose(desk)
    await tick(desk, after=RIPE)

    assert len(comparisons(desk)) == 2, "it was seen again"


async def test_a_gap_that_a_comparison_does_not_close_waits_for_the_daily_one(desk: Desk) -> None:
    """What is found again and again is beyond mending; to compare it every few minutes would use up the vendor's patience."""
    desk.script.vendor = {"a": RecordVersion("2", LONG_AGO)}
    desk.script.shows = lambda events, expects: True  # type: ignore[attr-defined]  # now it gives hints, too
    desk.script.accounts_of = desk.script.check  # type: ignore[attr-defined]  # now it gives hints, too
    await lose(desk)

    for _ in range(100):  # the repair never arrives
        await tick(desk, after=600)
        await desk.work_now()

    assert await desk.gaps() == [(STREAM, "events-lost")]
    assert len(comparisons(desk)) <= 4


async def test_comparisons_that_find_something_else_each_time_are_not_made_for_ever(desk: Desk) -> None:
    """A bot that is in no channel is told of nobody who joins or leaves: in a busy workspace there is always something to be found."""
    desk.script.shows = lambda events, expects: True  # type: ignore[attr-defined]  # now it gives hints, too
    desk.script.accounts_of = desk.script.check  # type: ignore[attr-defined]  # now it gives hints, too
    await desk.ask(desk.message("compare"))

    for number in range(130):  # some 21 hours
        desk.script.vendor = {f"{number}": RecordVersion("2", LONG_AGO)}
        await desk.work_now()
        await tick(desk, after=600)

    assert await desk.gaps() == [(STREAM, "events-lost")]
    assert len(comparisons(desk)) <= 4


async def test_a_comparison_that_finds_something_of_a_source_that_pushes_says_that_events_were_lost(desk: Desk) -> None:
    desk.script.vendor = {"a": RecordVersion("2", LONG_AGO)}
    desk.script.shows = lambda events, expects: True  # type: ignore[attr-defined]  # now it gives hints, too
    desk.script.accounts_of = desk.script.check  # type: ignore[attr-defined]  # now it gives hints, too

    await desk.read(desk.message("compare"))

    assert await desk.gaps() == [(STREAM, "events-lost")]


async def test_a_comparison_that_finds_something_of_a_source_that_is_polled_says_nothing(desk: Desk) -> None:
    desk.script.vendor = {"a": RecordVersion("2", LONG_AGO)}

    await desk.read(desk.message("compare"))

    assert await desk.gaps() == []


@pytest.mark.parametrize("reason", sorted(BEYOND_READING))
async def test_what_waits_for_a_person_is_not_compared_again_and_again(desk: Desk, reason: GapReason) -> None:
    await lose(desk, reason)

    assert await tick(desk, after=RIPE) == Scheduled(0, 0)


def test_reading_once_more_stores_nothing_that_was_refused_before() -> None:
    assert "rejected" in BEYOND_READING, "the repair is refused, too, and marks the gap as seen again"


@pytest.mark.parametrize("changes", [{"status": "paused"}, {"credential": None}, {"streams": ("User",)}], ids=str)
async def test_what_cannot_be_read_now_is_not_asked_for(desk: Desk, changes: dict[str, object]) -> None:
    await lose(desk)
    await desk.change_connection(**changes)

    assert await tick(desk, after=RIPE) == Scheduled(0, 0)


async def test_what_is_being_compared_is_not_asked_for(desk: Desk) -> None:
    await lose(desk)
    desk.ages.seconds = {"shard-emission": 31.0}
    desk.script.vendor = {key: RecordVersion("2", LONG_AGO) for key in "abcdef"}
    await desk.ask(desk.message("compare"))
    await desk.work_now()
    assert (await desk.state("compare")).is_running

    assert await tick(desk, after=RIPE) == Scheduled(0, 0)


async def test_gaps_of_other_sources_tenants_and_closed_ones_are_left_alone(desk: Desk) -> None:
    connection = await desk.connect()
    for one, source in (("scripted:one", "scripted"), ("other:one", "other")):
        await desk.pipeline.connections.add(Connection.model_validate({**connection.model_dump(), "id": one, "source": source}))
        await lose(desk, of=one)
    await lose(desk, of="script:gone")
    await lose(desk, tenant="the account's last one")
    await lose(desk)
    [ours] = await desk.pipeline.gaps.open_ones(TENANT, CONNECTION)
    await desk.pipeline.gaps.close(ours, at=NOON)

    assert await tick(desk, after=RIPE) == Scheduled(0, 0)


async def test_gaps_of_whose_account_it_was_before_keep_no_other_gap_open(desk: Desk) -> None:
    await lose(desk, tenant="the account's last one")
    await lose(desk)

    assert await tick(desk, after=RIPE) == Scheduled(0, 1)


async def test_each_tenants_connection_is_compared_for_its_own_gaps(desk: Desk) -> None:
    connection = await desk.connect()
    other = connection.model_copy(update={"id": "script:two", "account": "two", "tenant_id": "globex"})
    await desk.pipeline.connections.add(other)
    await lose(desk)
    await lose(desk, tenant="globex", of="script:two")

    await tick(desk, after=RIPE)

    assert {(request.tenant_id, request.connection_id) for request in comparisons(desk)} == {(TENANT, CONNECTION), ("globex", "script:two")}
    assert len({request.run for request in comparisons(desk)}) == 2


async def test_a_broker_that_is_away_loses_nothing(desk: Desk) -> None:
    await lose(desk)
    desk.pipeline.transport.fails_with = DependencyUnavailable("away")
    with pytest.raises(DependencyUnavailable):
        await tick(desk, after=RIPE)
    desk.pipeline.transport.fails_with = None

    assert await tick(desk) == Scheduled(0, 1)


async def test_a_source_that_is_polled_often_enough_asks_for_no_gap(desk: Desk) -> None:
    await lose(desk)
    desk.clock.advance(seconds=RIPE)
    ports = desk.ports

    asked = await schedule("script", connections=ports.connections, states=ports.states, publisher=ports.publisher, now=desk.clock)

    assert asked == Scheduled(0, 0)
