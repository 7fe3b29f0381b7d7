"""What a timer asks for, and when: due connections only, each stream once, and nothing forgotten when two timers tick at once."""

from datetime import timedelta

import pytest

from devtools.fakes.samples import NOON
from ingestion.pausing import PROBE_AFTER
from ingestion.scheduler import EARLY, MOST_AT_ONCE, STALLED_AFTER, Scheduled, schedule
from shared.connections.connection import Connection
from shared.contracts.sync import SyncKind, SyncRequested
from shared.errors import DependencyUnavailable, RateLimited
from tests.unit.ingestion.desk import STREAM, Desk, Raise

STREAMS = ("Person", "Note")


@pytest.fixture
def desk() -> Desk:
    return Desk(streams=STREAMS, poll_seconds=300, compare_seconds=86_400)


async def tick(desk: Desk) -> Scheduled:
    await desk.connect()
    ports = desk.ports
    return await schedule("script", connections=ports.connections, states=ports.states, publisher=ports.publisher, now=desk.clock)


def asked(desk: Desk, kind: SyncKind) -> list[str]:
    """The streams asked for, whenever."""
    sent = [SyncRequested.decode(envelope.body) for envelope in desk.pipeline.transport.sent if envelope.queue.startswith("sync-")]
    return [request.stream for request in sent if request.kind == kind]


async def test_a_due_connection_is_asked_for_once_for_each_stream(desk: Desk) -> None:
    assert await tick(desk) == Scheduled(connections=1, requests=2)

    requests = desk.requests()
    assert [(request.stream, request.kind, request.step) for request in requests] == [("Person", "changes", 0), ("Note", "changes", 0)]
    assert len({request.run for request in requests}) == 2


async def test_what_is_not_due_of_another_source_or_never_due_is_left_alone(desk: Desk) -> None:
    connection = await desk.connect()
    for account, source, due_at in (("later", "script", NOON + timedelta(seconds=1)), ("never", "script", None), ("other", "x", NOON)):
        other = connection.model_copy(update={"id": f"{source}:{account}", "account": account, "source": source, "next_due_at": due_at})
        await desk.pipeline.connections.add(other)
    await desk.change_connection(next_due_at=NOON + timedelta(seconds=1))

    assert await tick(desk) == Scheduled(0, 0)


async def test_the_next_tick_finds_it_due_even_when_it_comes_a_moment_earlier(desk: Desk) -> None:
    await tick(desk)
    desk.clock.advance(seconds=100)
    assert (await tick(desk)).connections == 0

    desk.clock.advance(seconds=199.5)
    assert (await tick(desk)).connections == 1
    assert (await desk.connect()).next_due_at == NOON + timedelta(seconds=299.5 + 300) - EARLY


async def test_two_timers_at_once_ask_for_one_run(desk: Desk) -> None:
    first = await desk.connect()
    await tick(desk)
    once = desk.requests()
    await desk.change_connection(next_due_at=first.next_due_at)  # the other timer read it before the first had stored the next moment
    desk.clock.advance(seconds=1)
    await tick(desk)

    assert [request.run for request in desk.requests()] == [request.run for request in once], "the broker drops what it has seen"
    assert desk.pipeline.transport.duplicates_dropped == 2


async def test_the_next_moment_is_stored_after_the_requests_are_on_the_queue(desk: Desk) -> None:
    desk.pipeline.transport.fails_with = DependencyUnavailable("the broker is away")
    with pytest.raises(DependencyUnavailable):
        await tick(desk)
    assert (await desk.connect()).next_due_at == NOON

    desk.pipeline.transport.fails_with = None
    assert (await tick(desk)).requests == 2


async def test_somebody_who_writes_the_connection_meanwhile_is_not_overwritten(desk: Desk) -> None:
    await desk.connect()
    publish = desk.pipeline.publisher.publish

    async def while_publishing(*messages: SyncRequested) -> None:
        await desk.pause_by("operator")
        await publish(*messages)

    desk.pipeline.publisher.publish = while_publishing  # type: ignore[method-assign, assignment]  # an operator acts meanwhile
    await tick(desk)

    assert (await desk.connect()).paused_by == "operator"


async def test_comparisons_are_asked_for_when_they_are_due_and_first_a_whole_interval_after_the_start(desk: Desk) -> None:
    await tick(desk)
    assert (await desk.connect()).next_compare_at == NOON + timedelta(days=1)
    assert asked(desk, "compare") == []

    desk.clock.advance(seconds=86_400)
    assert await tick(desk) == Scheduled(1, 4)
    assert asked(desk, "compare") == list(STREAMS)
    assert (await desk.connect()).next_compare_at == NOON + timedelta(days=2)

    desk.clock.advance(seconds=300)
    await tick(desk)
    assert len(asked(desk, "compare")) == 2


async def test_what_the_app_has_paused_is_tried_with_one_stream_and_seldom(desk: Desk) -> None:
    await desk.pause_by("app")
    await desk.change_connection(next_compare_at=NOON)

    assert await tick(desk) == Scheduled(1, 1)

    assert [(request.stream, request.kind) for request in desk.requests()] == [("Person", "changes")]
    assert (await desk.connect()).next_due_at == NOON + PROBE_AFTER


async def test_what_an_operator_has_paused_is_not_tried(desk: Desk) -> None:
    await desk.pause_by("operator")

    assert await tick(desk) == Scheduled(0, 0)


async def stalled(desk: Desk, *, seconds: float) -> list[SyncRequested]:
    """A back-fill that met an outage after a page, whose message is gone, and what a tick so much later asks for."""
    desk.script.before = Raise(DependencyUnavailable("away"), at=2)
    with pytest.raises(DependencyUnavailable):
        await desk.read(desk.message("backfill"))
    return await nudges(desk, seconds=seconds)


async def nudges(desk: Desk, *, seconds: float) -> list[SyncRequested]:
    desk.pipeline.transport.waiting.clear()
    desk.clock.advance(seconds=seconds)
    await tick(desk)
    return [request for request in desk.requests() if request.kind == "backfill"]


async def test_a_long_run_that_nobody_goes_on_with_is_asked_for_again_and_ends(desk: Desk) -> None:
    original = desk.message("backfill").id

    [nudge] = await stalled(desk, seconds=STALLED_AFTER.total_seconds() + 1)

    assert (nudge.run, nudge.step, nudge.stream) == ("r1", 0, STREAM)
    assert nudge.requested_at == NOON
    assert nudge.id != original, "the broker would drop it as a duplicate"
    await desk.work()
    state = await desk.state("backfill")
    assert (state.last_status, state.record_count) == ("success", 5)


async def test_a_nudge_that_was_lost_too_is_followed_by_another(desk: Desk) -> None:
    [first] = await stalled(desk, seconds=STALLED_AFTER.total_seconds() + 1)

    [second] = await nudges(desk, seconds=STALLED_AFTER.total_seconds() + 1)

    assert first.id != second.id


async def test_a_long_run_is_not_stalled_while_it_is_young_or_waits_or_is_over(desk: Desk) -> None:
    assert await stalled(desk, seconds=STALLED_AFTER.total_seconds() - 1) == []

    desk.script.before = Raise(RateLimited("too many calls", retry_after_seconds=3600))
    await desk.read(desk.message("backfill"))
    assert await nudges(desk, seconds=3000) == []

    desk.script.before = lambda _: None
    await desk.read(desk.message("backfill", "r2"))
    assert await nudges(desk, seconds=7200) == []


async def test_a_back_fill_that_was_asked_for_during_a_pause_begins_after_it(desk: Desk) -> None:
    await desk.pause_by("operator")
    await desk.read(desk.message("backfill"))
    assert await nudges(desk, seconds=3600) == []

    await desk.change_connection(status="active", paused_by=None)
    assert len(await nudges(desk, seconds=1)) == 1
    await desk.work()

    assert (await desk.state("backfill")).last_status == "success"


async def test_the_longest_waiting_come_first_and_the_rest_at_the_next_tick(desk: Desk) -> None:
    connection: Connection = await desk.connect()
    for number in range(MOST_AT_ONCE):
        due_at = NOON - timedelta(seconds=number + 1)
        other = connection.model_copy(update={"id": f"script:{number}", "account": str(number), "next_due_at": due_at})
        await desk.pipeline.connections.add(other)

    assert (await tick(desk)).connections == MOST_AT_ONCE
    assert (await desk.connect()).next_due_at == NOON
    assert (await tick(desk)).connections == 1


async def test_what_is_polled_once_a_day_is_compared_each_day_even_when_the_tick_comes_a_moment_earlier() -> None:
    desk = Desk(streams=STREAMS, poll_seconds=86_400, compare_seconds=86_400)
    await tick(desk)

    desk.clock.advance(seconds=86_399.5)
    await tick(desk)

    assert asked(desk, "compare") == list(STREAMS)


async def test_a_comparison_does_not_wait_for_a_poll_that_comes_much_later() -> None:
    desk = Desk(streams=STREAMS, poll_seconds=86_400, compare_seconds=86_400)
    await tick(desk)
    desk.clock.advance(seconds=3600)
    await desk.change_connection(next_due_at=desk.clock())  # it was resumed
    await tick(desk)

    desk.clock.advance(seconds=82_800)
    await tick(desk)

    assert asked(desk, "compare") == list(STREAMS)
