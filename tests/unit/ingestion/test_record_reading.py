"""How one record is read: once in a window, always after the last that was heard of it, and never without an end."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from devtools.fakes.samples import NOON
from ingestion.coalescing import GRACE
from ingestion.record_reading import PUT_OFF_MOST
from ingestion.sources.source import Reading
from shared import topology
from shared.contracts.sync import SyncRequested
from shared.errors import (
    ConfigurationError,
    DependencyUnavailable,
    Forbidden,
    PipelineError,
    RateLimited,
    RequestRefused,
    StreamUnreadable,
)
from shared.messaging.outcomes import Ignored, Outcome, Read
from shared.telemetry.names import Metric
from tests.unit.ingestion.hearing import STREAM, TENANTS, WINDOW, Bells

PUT_TO_THE_END = Ignored("put to the end of the window")


@pytest.fixture
async def bells() -> Bells:
    bells = Bells()
    await bells.connect("bell:one")
    await bells.connect("bell:two")
    return bells


def heard(seconds: float = 0, *, ends: float | None = None, account: str = "bell:one", **said: str) -> SyncRequested:
    """A request for a record of which something was heard so many seconds after noon, or of a window that ends then."""
    message = SyncRequested.of_record(
        "R1",
        tenant_id=TENANTS[account],
        connection_id=account,
        stream=STREAM,
        heard_at=NOON + timedelta(seconds=seconds),
        window_ends_at=None if ends is None else NOON + timedelta(seconds=ends),
    )
    return message.model_copy(update=said)


async def at(bells: Bells, seconds: float, message: SyncRequested) -> Outcome:
    """A message is handled so many seconds after noon."""
    bells.clock.moment = NOON + timedelta(seconds=seconds)
    return await bells.read(message)


def refusing(error: BaseException, *, times: int = 1) -> Callable[[Reading, str], None]:
    """A source that raises so often."""
    left = [error] * times

    def before(_: Reading, __: str) -> None:
        if left:
            raise left.pop()

    return before


# Read


async def test_a_quiet_record_is_read_at_once_and_its_event_is_live(bells: Bells) -> None:
    assert await at(bells, 0.1, heard(0)) == Read(1, "read")

    [event] = bells.events()
    assert (event.tenant_id, event.connection_id, event.source_id) == ("acme", "bell:one", "R1")
    assert bells.envelopes() == []
    assert bells.pipeline.metrics.total(Metric.SYNC_RECORDS, source="bell", kind="record") == 1


async def test_what_was_heard_before_a_read_began_is_read(bells: Bells) -> None:
    await at(bells, 10, heard(9.9))

    assert await at(bells, 10.1, heard(8.9)) == Ignored("read since")
    assert await at(bells, 400, heard(9)) == Ignored("read since"), "a message that came late"


async def test_what_was_heard_just_before_a_read_began_may_be_of_after_it_for_clocks_differ(bells: Bells) -> None:
    await at(bells, 10, heard(9.9))

    assert await at(bells, 40, heard(9.5)) == Read(1, "read")


async def test_what_was_heard_in_a_window_that_a_record_was_read_in_is_read_once_at_its_end(bells: Bells) -> None:
    await at(bells, 3, heard(3))

    assert [await at(bells, second, heard(second)) for second in (4, 17, 29.9)] == [PUT_TO_THE_END] * 3

    [envelope] = bells.envelopes()
    assert envelope.due_at == NOON + WINDOW + GRACE
    await bells.work()
    assert bells.rooms.read == [("bell:one", "R1")] * 2


async def test_the_end_of_a_window_is_no_reason_to_read_what_was_read_after_it(bells: Bells) -> None:
    await at(bells, 32, heard(31.5))

    assert await at(bells, 35, heard(5, ends=30)) == Ignored("read since")
    assert await at(bells, 65, heard(32.5, ends=60)) == Read(1, "read")


async def test_of_two_workers_with_hints_of_one_record_one_reads_and_the_other_sees_to_the_end_of_the_window(bells: Bells) -> None:
    async def other_worker_is_quicker(bells: Bells) -> None:
        states = bells.ports.states
        connection = await bells.pipeline.connections.find("bell:one")
        assert connection is not None
        theirs = await states.read(connection, f"{STREAM}/R1", "record")
        await states.save(theirs.model_copy(update={"run": "theirs", "requested_at": bells.clock()}), at=bells.clock())

    class Slow(type(bells.ports.states)):  # type: ignore[misc]  # of a class that is only known as a value
        async def save(self, *args: object, **named: object) -> object:
            bells.ports = replace(bells.ports, states=bells.pipeline.states)
            await other_worker_is_quicker(bells)
            return await bells.pipeline.states.save(*args, **named)  # type: ignore[arg-type]  # handed on as they came

    bells.ports = replace(bells.ports, states=Slow(bells.pipeline.shards))

    assert await at(bells, 1, heard(1)) == Ignored("another worker reads")
    assert [message.window_ends_at for message in bells.asked()] == [NOON + WINDOW]


# Expected


async def test_a_read_that_does_not_show_what_was_heard_is_made_once_more_at_the_end_of_the_window(bells: Bells) -> None:
    bells.rooms.shown = False

    await at(bells, 1, heard(1, expects="joined:U1"))
    await bells.work()

    assert len(bells.rooms.read) == 2, "once more, and not for ever"


async def test_a_read_that_shows_what_was_heard_is_enough(bells: Bells) -> None:
    await at(bells, 1, heard(1, expects="joined:U1"))

    assert bells.envelopes() == []


# Others who see the record


async def test_every_other_account_that_may_see_the_record_is_asked_by_its_own_credential(bells: Bells) -> None:
    bells.rooms.contexts["EC1"] = ("bell:one", "bell:two", "bell:nobody")

    await at(bells, 1, heard(1, context="EC1"))
    assert [(message.tenant_id, message.connection_id, message.context) for message in bells.asked()] == [("globex", "bell:two", None)]
    await bells.work()

    assert bells.rooms.read == [("bell:one", "R1"), ("bell:two", "R1")]
    assert [(event.tenant_id, event.connection_id) for event in bells.events()] == [("acme", "bell:one"), ("globex", "bell:two")]


async def test_an_account_without_a_credential_is_not_asked(bells: Bells) -> None:
    bells.rooms.contexts["EC1"] = ("bell:two",)
    other = await bells.pipeline.connections.find("bell:two")
    assert other is not None
    await bells.pipeline.connections.replace(other.model_copy(update={"credential": None}))

    await at(bells, 1, heard(1, context="EC1"))

    assert bells.asked() == []


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(heard(0.5), id="read a moment ago, so put to the end of the window"),
        pytest.param(heard(0.1), id="read since"),
    ],
)
async def test_others_hear_of_it_whatever_becomes_of_the_callers_own_read(bells: Bells, first: SyncRequested) -> None:
    bells.rooms.contexts["EC1"] = ("bell:two",)
    await at(bells, 5, first)

    for second in (2, 6):
        await at(bells, 6, heard(second, context="EC1"))

    await bells.work()
    assert ("bell:two", "R1") in bells.rooms.read


@pytest.mark.parametrize("error", [StreamUnreadable("no right"), ConfigurationError("revoked")], ids=lambda error: type(error).__name__)
async def test_others_hear_of_it_where_the_caller_may_not_read(bells: Bells, error: PipelineError) -> None:
    bells.rooms.contexts["EC1"] = ("bell:two",)
    bells.rooms.before = refusing(error)

    await at(bells, 1, heard(1, context="EC1"))
    await bells.work()

    assert bells.rooms.read == [("bell:two", "R1")]


async def test_a_message_that_comes_twice_asks_others_once(bells: Bells) -> None:
    bells.rooms.contexts["EC1"] = ("bell:two",)

    for second in (1, 2, 90):
        await at(bells, second, heard(1, context="EC1"))

    assert [message.connection_id for message in bells.asked()].count("bell:two") == 1


# Refused


async def test_later_says_the_source_and_it_is_read_then_however_often(bells: Bells) -> None:
    bells.rooms.before = refusing(RateLimited("busy", retry_after_seconds=70), times=20)

    assert await at(bells, 1, heard(1, expects="joined:U1", context="EC1")) == Read(0, "the source asks for a pause")

    [message], [envelope] = bells.asked(), bells.envelopes()
    assert (message.nudge, message.expects, message.context) == (1, "joined:U1", "EC1")
    assert envelope.due_at == NOON + timedelta(seconds=71)
    await bells.work()
    assert bells.rooms.read == [("bell:one", "R1")]
    assert await bells.gaps() == []


@pytest.mark.parametrize("seconds", [1, 6, 70])
async def test_a_source_that_says_later_for_ever_ends_as_a_gap(bells: Bells, seconds: float) -> None:
    bells.rooms.before = refusing(RateLimited("busy", retry_after_seconds=seconds), times=10_000)
    await bells.pipeline.publisher.publish(heard(0))

    count = await bells.work()

    assert PUT_OFF_MOST < count < 2 * PUT_OFF_MOST
    assert await bells.gaps() == [(STREAM, "not-read")]


async def test_what_was_put_off_keeps_nobody_else_from_reading(bells: Bells) -> None:
    bells.rooms.before = refusing(RateLimited("busy", retry_after_seconds=600))
    await at(bells, 1, heard(1))

    assert await at(bells, 2, heard(2)) == Read(1, "read")
    assert await at(bells, 601, heard(1).model_copy(update={"nudge": 1})) == Ignored("read since")


@pytest.mark.parametrize(
    "error", [DependencyUnavailable("away"), KeyError("a bug"), RequestRefused("no")], ids=lambda error: type(error).__name__
)
async def test_a_record_that_can_never_be_read_is_parked_and_a_gap(bells: Bells, error: Exception) -> None:
    bells.rooms.before = refusing(error, times=10_000)
    await bells.pipeline.publisher.publish(heard(0))

    try:
        await bells.work(most=20)
    except ExceptionGroup:  # the broker's dead letters then
        assert isinstance(error, KeyError)
    else:
        assert len(bells.pipeline.transport.on(topology.REJECTED_MESSAGES)) == 1
    assert await bells.gaps() == [(STREAM, "not-read")]


async def test_what_could_not_be_read_is_read_when_its_message_comes_again(bells: Bells) -> None:
    bells.rooms.before = refusing(DependencyUnavailable("away"), times=3)
    await bells.pipeline.publisher.publish(heard(0))

    assert await bells.work() == 4
    assert (bells.rooms.read, await bells.gaps()) == ([("bell:one", "R1")], [])


async def test_what_was_ignored_in_favour_of_a_read_that_fails_is_read_all_the_same(bells: Bells) -> None:
    """Somebody else came while it was read, and heard that it is."""

    async def comes(_: object) -> None:
        assert await bells.read(heard(8)) == Ignored("read since")
        raise DependencyUnavailable("away")

    class Away(type(bells.rooms)):  # type: ignore[misc]  # handed on as they came
        async def records(self, reading: Reading, keys: object) -> object:
            bells.ports = replace(bells.ports, pollers={"bell": bells.rooms})
            await comes(keys)
            return ()

    bells.ports = replace(bells.ports, pollers={"bell": Away(bells.clock)})
    bells.clock.moment = NOON + timedelta(seconds=10)
    await bells.pipeline.publisher.publish(heard(5))

    await bells.work()

    assert bells.rooms.read == [("bell:one", "R1")]


async def test_a_right_that_is_missing_is_a_gap_and_no_failure(bells: Bells) -> None:
    bells.rooms.before = refusing(StreamUnreadable("no right"))

    assert await at(bells, 1, heard(1)) == Ignored("not readable")
    assert await bells.gaps() == [(STREAM, "not-readable")]


async def test_a_revoked_token_pauses_the_connection_and_what_is_heard_meanwhile_is_a_gap(bells: Bells) -> None:
    bells.rooms.before = refusing(ConfigurationError("the token was revoked"))

    assert await at(bells, 1, heard(1)) == Ignored("paused")
    connection = await bells.pipeline.connections.find("bell:one")
    assert connection is not None
    assert (connection.status, connection.paused_by, connection.paused_reason) == ("paused", "app", "the token was revoked")
    assert await bells.gaps() == [(STREAM, "events-lost")]

    assert await at(bells, 200, heard(200)) == Ignored("paused")
    [gap] = await bells.pipeline.gaps.open_ones("acme", "bell:one")
    assert gap.seen_at == NOON + timedelta(seconds=200)
    assert bells.rooms.read == []


# Not ours


async def test_nobody_reads_with_the_credential_of_another_tenant(bells: Bells) -> None:
    with pytest.raises(Forbidden):
        await at(bells, 1, heard(1).model_copy(update={"tenant_id": "globex"}))

    assert (bells.rooms.read, bells.events()) == ([], [])


async def test_two_connections_do_not_count_as_one(bells: Bells) -> None:
    await at(bells, 1, heard(1))

    assert await at(bells, 3, heard(1, account="bell:two")) == Read(1, "read")


@pytest.mark.parametrize("changes", [{"connection_id": "bell:gone"}, {"connection_id": "other:one"}], ids=str)
async def test_what_nobody_is_connected_for_or_nothing_polls_is_ignored(bells: Bells, changes: dict[str, str]) -> None:
    other = await bells.pipeline.connections.find("bell:one")
    assert other is not None
    await bells.pipeline.connections.add(other.model_copy(update={"id": "other:one", "source": "other"}))

    assert isinstance(await at(bells, 1, heard(1).model_copy(update=changes)), Ignored)
    assert await bells.gaps() == []


async def test_a_read_in_the_next_window_by_a_clock_that_is_ahead_counts(bells: Bells) -> None:
    await at(bells, 30.2, heard(30.1))

    assert await at(bells, 29.8, heard(29.7)) == PUT_TO_THE_END


async def test_a_mark_of_a_clock_that_is_wrong_by_more_than_five_minutes_keeps_nobody_from_reading(bells: Bells) -> None:
    said = [await at(bells, seconds, heard(seconds)) for seconds in (300, 0.5, 340, 9, 10)]
    assert said == [Read(1, "read"), Ignored("read since"), Read(1, "read"), Read(1, "read"), PUT_TO_THE_END]
