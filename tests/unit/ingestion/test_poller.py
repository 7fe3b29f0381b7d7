"""How a stream is read: pages, batches, steps, leases, and the pace."""

import pytest

from devtools.fakes.samples import NOON
from ingestion.poller import BEHIND_SECONDS, EVENTS_IN_A_BATCH, Pace
from ingestion.sources.source import Ask, Reading
from shared import topology
from shared.contracts.sync import SyncKind, SyncRequested
from shared.errors import (
    DependencyUnavailable,
    Forbidden,
    TransientError,
)
from shared.messaging.envelope import Envelope
from shared.messaging.outcomes import Ignored, Read
from tests.unit.ingestion.desk import CONNECTION, STREAM, TENANT, Desk, Raise

ALL = ["a1", "a2", "b1", "b2", "c1"]
LONG_RUNS: list[SyncKind] = ["backfill", "compare"]


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_changes_are_events_of_their_own_and_a_back_fill_comes_in_batches(desk: Desk) -> None:
    await desk.read(desk.message("changes"))
    assert (desk.keys(), desk.batches()) == (ALL, [])

    await desk.read(desk.message("backfill"))
    assert [[event.source_id for event in batch.events] for batch in desk.batches()] == [["a1", "a2"], ["b1", "b2"], ["c1"]]
    assert desk.counted == 2 * len(ALL)


async def test_a_batch_holds_at_most_five_hundred_events(desk: Desk) -> None:
    desk.script.pages = [[f"{number:04}" for number in range(2 * EVENTS_IN_A_BATCH + 1)]]

    await desk.read(desk.message("backfill"))

    assert [len(batch.events) for batch in desk.batches()] == [500, 500, 1]


async def test_a_run_to_the_end_says_how_much_it_read(desk: Desk) -> None:
    said = await desk.read(desk.message("backfill"))

    state = await desk.state("backfill")
    assert said == Read(5, "read to the end")
    assert (state.is_running, state.lease_until, state.last_status, state.last_error) == (False, None, "success", None)
    assert (state.record_count, state.total_count, state.finished_at) == (5, 5, NOON)


async def test_changes_are_read_on_from_where_the_last_run_stopped(desk: Desk) -> None:
    await desk.read(desk.message(run="r1"))
    desk.script.pages.append(["d1"])
    desk.clock.advance(seconds=300)
    await desk.read(desk.message(run="r2"))

    assert desk.keys() == [*ALL, "d1"]


async def test_when_the_time_is_over_the_rest_is_asked_for_as_another_step(desk: Desk) -> None:
    desk.script.before = lambda _: desk.clock.advance(seconds=70)

    said = await desk.read(desk.message("backfill", ago=9))

    [following] = desk.requests()
    assert said == Read(4, "goes on in another step")
    assert (following.run, following.step, following.kind) == ("r1", 1, "backfill")
    assert following.requested_at < NOON, "the run is as old as its first message"
    assert (await desk.state("backfill")).lease_until is None

    await desk.work()
    assert desk.keys() == ALL


async def test_a_step_whose_next_one_was_never_asked_for_asks_again(desk: Desk) -> None:
    desk.script.before = lambda _: desk.clock.advance(seconds=70)
    first = desk.message("backfill")
    await desk.read(first)
    desk.pipeline.transport.waiting.clear()
    desk.clock.advance(seconds=3601)

    assert isinstance(await desk.read(first), Ignored)

    assert [request.step for request in desk.requests()] == [1]
    await desk.work()
    assert desk.keys() == ALL


async def test_a_second_worker_on_the_same_step_comes_back_later(desk: Desk) -> None:
    message = desk.message()
    desk.script.before = Raise(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        await desk.read(message)

    with pytest.raises(TransientError, match="this very step"):
        await desk.read(message)

    desk.clock.advance(seconds=241)
    assert await desk.read(message) == Read(5, "read to the end")


async def test_while_another_run_reads_changes_are_ignored_and_a_long_run_waits(desk: Desk) -> None:
    desk.script.before = Raise(KeyboardInterrupt())
    kinds: list[SyncKind] = ["changes", "backfill"]
    for kind in kinds:
        desk.script.before = Raise(KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            await desk.read(desk.message(kind))
    desk.clock.advance(seconds=60)

    assert await desk.read(desk.message("changes", "r2")) == Ignored("another run reads")
    with pytest.raises(TransientError, match="another run"):
        await desk.read(desk.message("backfill", "r2"))


async def test_a_worker_that_was_taken_for_dead_leaves_the_other_ones_cursor_alone(desk: Desk) -> None:
    slow, quick = desk.message(), desk.message()

    async def overtaken() -> None:
        desk.script.before = lambda _: None
        desk.clock.advance(seconds=250)
        assert await desk.read(quick) == Read(3, "read to the end")

    original = desk.script.page
    calls = 0

    async def page(reading: Reading) -> object:
        nonlocal calls
        calls += 1
        if calls == 2:
            await overtaken()
        return await original(reading)

    desk.script.page = page  # type: ignore[method-assign, assignment]  # the second page takes so long
    with pytest.raises(TransientError):
        await desk.read(slow)

    state = await desk.state()
    assert (state.cursor, state.last_status, state.is_running) == ({"page": 3}, "success", False)
    assert await desk.read(slow) == Ignored("its run is over")


async def test_a_later_run_takes_over_between_two_steps_and_the_earlier_one_is_ignored(desk: Desk) -> None:
    desk.script.before = lambda _: desk.clock.advance(seconds=130)
    await desk.read(desk.message("backfill", "r1"))
    [rest] = desk.requests()
    desk.script.before = lambda _: None

    assert await desk.read(desk.message("backfill", "r2")) == Read(5, "read to the end")

    assert await desk.read(rest) == Ignored("a later run reads")


async def test_a_connection_that_is_gone_is_ignored_and_another_tenants_is_forbidden(desk: Desk) -> None:
    await desk.connect()
    stranger = SyncRequested.model_validate({**desk.message().model_dump(), "tenant_id": "globex"})
    gone = SyncRequested.model_validate({**desk.message().model_dump(), "connection_id": "script:gone"})

    with pytest.raises(Forbidden):
        await desk.read(stranger)
    assert await desk.read(gone) == Ignored("no such connection")
    assert desk.script.readings == []


async def test_a_connection_of_a_source_that_is_not_polled_is_ignored_and_nothing_is_leased(desk: Desk) -> None:
    await desk.connect()
    await desk.change_connection(source="only-pushes")

    assert await desk.read(desk.message()) == Ignored("a source that is not polled")
    assert not (await desk.state()).is_running


async def test_a_source_that_gives_one_page_again_and_again_is_not_read_for_ever(desk: Desk) -> None:
    desk.script.repeats = True

    with pytest.raises(DependencyUnavailable, match="again and again"):
        await desk.read(desk.message("backfill"))
    assert len(desk.script.readings) < 3


async def test_what_a_page_shows_to_be_needed_is_asked_for_once_however_often_it_is_read(desk: Desk) -> None:
    desk.script.asks = (Ask(STREAM, "backfill"), Ask("Other", "compare"))
    desk.script.before = Raise(KeyboardInterrupt(), at=2)
    message = desk.message()
    with pytest.raises(KeyboardInterrupt):
        await desk.read(message)
    desk.pipeline.transport.waiting.clear()
    first = [request.id for request in map(sync, desk.pipeline.transport.sent) if request]
    desk.clock.advance(seconds=7200)
    desk.script.asks = (Ask(STREAM, "backfill"),)
    state = await desk.state()
    await desk.pipeline.states.save(state.model_copy(update={"cursor": None}), at=desk.clock())
    await desk.read(message)

    asked = desk.requests()
    assert [(request.stream, request.kind) for request in asked] == [(STREAM, "backfill")]
    assert asked[0].id == first[0]
    assert asked[0].correlation_id == message.correlation_id


def sync(envelope: Envelope) -> SyncRequested | None:
    return SyncRequested.decode(envelope.body) if envelope.queue == topology.SYNC_INBOUND_BULK else None


async def test_what_a_page_shows_to_be_lost_is_a_gap(desk: Desk) -> None:
    desk.script.gaps = ("deletions-not-retained",)

    await desk.read(desk.message())

    assert await desk.gaps() == [(STREAM, "deletions-not-retained")]


async def test_a_long_run_waits_for_the_stages_after_it_and_changes_do_not(desk: Desk) -> None:
    desk.ages.seconds = {topology.SHARD_EMISSION: 31.0}

    assert await desk.read(desk.message("changes")) == Read(5, "read to the end")
    await desk.ask(desk.message("backfill"))
    await desk.work_now()

    [waiting] = desk.pipeline.transport.on(topology.SYNC_INBOUND_BULK)
    assert waiting.due_at is not None
    assert (waiting.due_at - NOON).total_seconds() == BEHIND_SECONDS
    assert len(desk.batches()) == 1
    desk.ages.seconds = {topology.INGESTION_EVENTS_BULK: 30.0}
    await desk.work()
    assert [event.source_id for batch in desk.batches() for event in batch.events] == ALL


async def test_the_pace_is_a_setting(desk: Desk) -> None:
    desk.ages.seconds = {topology.INGESTION_EVENTS_BULK: 31.0}
    desk.ports = desk.ports_with(Pace(age_seconds=60.0))

    assert await desk.read(desk.message("backfill")) == Read(5, "read to the end")


async def test_a_next_step_that_waits_still_waits_when_it_could_not_be_scheduled_the_first_time(desk: Desk) -> None:
    desk.ages.seconds = {topology.SHARD_EMISSION: 31.0}
    message, publisher = desk.message("backfill"), desk.pipeline.publisher
    schedule = publisher.schedule
    publisher.schedule = Away()  # type: ignore[method-assign]  # the broker is away for a moment
    with pytest.raises(DependencyUnavailable):
        await desk.read(message)
    publisher.schedule = schedule  # type: ignore[method-assign]  # and back

    await desk.read(message)

    [waiting] = desk.pipeline.transport.on(topology.SYNC_INBOUND_BULK)
    assert waiting.due_at is not None
    assert (waiting.due_at - NOON).total_seconds() == BEHIND_SECONDS


class Away:
    async def __call__(self, *_: object, **__: object) -> None:
        raise DependencyUnavailable("the broker is away")


async def test_a_run_says_whose_connection_it_is_in_every_batch(desk: Desk) -> None:
    await desk.read(desk.message("backfill"))

    assert {(batch.tenant_id, batch.connection_id) for batch in desk.batches()} == {(TENANT, CONNECTION)}
    assert {event.run for event in desk.events()} == {"r1"}
