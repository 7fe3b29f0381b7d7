"""What becomes of each way a source can refuse, and of pauses."""

import pytest

from devtools.fakes.samples import NOON
from ingestion.pausing import PROBE_AFTER
from ingestion.sources.source import Reading
from shared import topology
from shared.contracts.sync import SyncKind
from shared.errors import (
    ConfigurationError,
    ContractViolation,
    DependencyUnavailable,
    PipelineError,
    RateLimited,
    RequestRefused,
    StreamUnreadable,
)
from shared.messaging.outcomes import Ignored, Read
from tests.unit.ingestion.desk import STREAM, Desk, Raise

ALL = ["a1", "a2", "b1", "b2", "c1"]
LONG_RUNS: list[SyncKind] = ["backfill", "compare"]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize("kind", ["changes", *LONG_RUNS])
async def test_an_operators_pause_stops_everything(desk: Desk, kind: SyncKind) -> None:
    await desk.pause_by("operator")

    assert await desk.read(desk.message(kind)) == Ignored("paused")

    assert (desk.script.readings, desk.pipeline.transport.sent) == ([], [])


@pytest.mark.parametrize("who", ["operator", "app"])
async def test_a_back_fill_asked_for_during_a_pause_is_not_forgotten(desk: Desk, who: str) -> None:
    await desk.pause_by(who)

    await desk.read(desk.message("backfill"))

    state = await desk.state("backfill")
    assert (state.run, state.is_running, state.is_leased(desk.clock())) == ("r1", True, False)


async def test_a_credential_that_is_refused_pauses_the_connection_with_the_reason(desk: Desk) -> None:
    desk.script.before = Raise(ConfigurationError("the token was revoked: approve the app again"))

    assert await desk.read(desk.message()) == Ignored("paused")

    connection = await desk.connect()
    assert (connection.status, connection.paused_by) == ("paused", "app")
    assert connection.paused_reason == "the token was revoked: approve the app again"
    assert connection.next_due_at == NOON + PROBE_AFTER
    assert (await desk.state()).last_status == "failed"


async def test_a_probe_that_is_let_in_resumes_the_connection(desk: Desk) -> None:
    await desk.pause_by("app")

    assert await desk.read(desk.message()) == Read(5, "read to the end")

    connection = await desk.connect()
    assert (connection.status, connection.paused_by, connection.paused_reason) == ("active", None, None)
    assert connection.next_due_at == NOON


async def test_a_probe_that_is_let_in_but_not_to_this_stream_resumes_the_connection_too(desk: Desk) -> None:
    await desk.pause_by("app")
    desk.script.before = Raise(StreamUnreadable("the user may not see it"))

    await desk.read(desk.message())

    assert (await desk.connect()).status == "active"


async def test_a_probe_that_is_refused_leaves_the_connection_paused(desk: Desk) -> None:
    await desk.pause_by("app")
    desk.script.before = Raise(ConfigurationError("still revoked"))

    assert await desk.read(desk.message()) == Ignored("paused")

    connection = await desk.connect()
    assert (connection.status, connection.paused_reason) == ("paused", "still revoked")


async def test_what_an_operator_pauses_while_a_probe_reads_stays_paused(desk: Desk) -> None:
    await desk.pause_by("app")
    original, calls = desk.script.page, 0

    async def page(reading: Reading) -> object:
        nonlocal calls
        calls += 1
        if calls == 1:
            await desk.pause_by("operator")
        return await original(reading)

    desk.script.page = page  # type: ignore[method-assign, assignment]  # an operator acts meanwhile
    await desk.read(desk.message())

    connection = await desk.connect()
    assert (connection.status, connection.paused_by) == ("paused", "operator")


async def test_what_an_operator_has_paused_is_not_made_the_apps_by_a_refusal(desk: Desk) -> None:
    original = desk.script.page

    async def page(reading: Reading) -> object:
        await desk.pause_by("operator")
        desk.script.before = Raise(ConfigurationError("revoked"))
        return await original(reading)

    desk.script.page = page  # type: ignore[method-assign, assignment]  # an operator acts meanwhile
    await desk.read(desk.message())

    assert (await desk.connect()).paused_by == "operator"


async def test_two_streams_that_are_refused_at_once_pause_the_connection_once(desk: Desk) -> None:
    await desk.connect()

    async def page(reading: Reading) -> object:
        if reading.stream == STREAM:
            await desk.read(desk.message(stream="Other"))
        raise ConfigurationError(f"refused {reading.stream}")

    desk.script.page = page  # type: ignore[method-assign, assignment]  # two workers at once
    await desk.read(desk.message())

    assert (await desk.connect()).paused_reason == "refused Other"


async def test_a_long_run_that_meets_a_refusal_is_kept_for_later(desk: Desk) -> None:
    desk.script.before = Raise(ConfigurationError("revoked"), at=2)

    await desk.read(desk.message("backfill"))

    state = await desk.state("backfill")
    assert (state.is_running, state.lease_until, state.cursor) == (True, None, {"page": 1})


async def test_too_many_calls_end_a_run_of_changes_and_the_next_comes_no_sooner_than_the_source_says(desk: Desk) -> None:
    desk.script.before = Raise(RateLimited("too many calls", retry_after_seconds=900))

    assert await desk.read(desk.message()) == Ignored("the source asks for a pause")

    assert desk.requests() == []
    desk.clock.advance(seconds=300)
    assert await desk.read(desk.message(run="r2")) == Ignored("the source asks for a pause")
    desk.clock.advance(seconds=600)
    assert await desk.read(desk.message(run="r3")) == Read(5, "read to the end")


@pytest.mark.parametrize("kind", LONG_RUNS)
async def test_too_many_calls_schedule_a_long_run_at_the_time_said(desk: Desk, kind: SyncKind) -> None:
    desk.script.before = Raise(RateLimited("too many calls", retry_after_seconds=900))

    await desk.ask(desk.message(kind))
    await desk.work_now()

    [waiting] = desk.pipeline.transport.on(topology.SYNC_INBOUND_BULK)
    assert waiting.due_at is not None
    assert (waiting.due_at - NOON).total_seconds() == 900
    state = await desk.state(kind)
    assert (state.is_running, state.lease_until, state.waits_until) == (True, None, waiting.due_at)
    await desk.work()
    assert not (await desk.state(kind)).is_running


async def test_an_outage_lets_the_lease_go_so_that_the_next_delivery_goes_on(desk: Desk) -> None:
    message = desk.message()
    desk.script.before = Raise(DependencyUnavailable("away"), at=2)
    with pytest.raises(DependencyUnavailable):
        await desk.read(message)
    assert (await desk.state()).last_error == "away"

    assert await desk.read(message) == Read(3, "read to the end")
    assert desk.keys() == ALL


async def test_a_stream_that_may_not_be_read_opens_a_gap_and_the_others_go_on(desk: Desk) -> None:
    def refused(reading: Reading) -> None:
        if reading.stream == "Secret":
            raise StreamUnreadable("the user may not see it")

    desk.script.before = refused

    assert await desk.read(desk.message(stream="Secret")) == Ignored("not readable")
    assert await desk.read(desk.message()) == Read(5, "read to the end")

    assert await desk.gaps() == [("Secret", "not-readable")]
    assert (await desk.connect()).status == "active"
    state = await desk.state("changes", "Secret")
    assert (state.is_running, state.last_status, state.last_error) == (False, "failed", "the user may not see it")


async def test_what_the_source_refuses_whenever_it_is_asked_is_a_stream_that_may_not_be_read(desk: Desk) -> None:
    desk.script.before = Raise(RequestRefused("our query is wrong"))

    assert await desk.read(desk.message("backfill")) == Ignored("not readable")

    assert await desk.gaps() == [(STREAM, "not-readable")]
    assert (await desk.state("backfill")).last_error == f"{STREAM}: our query is wrong"


@pytest.mark.parametrize("error", [ContractViolation("too large"), ConfigurationError("no such queue")])
async def test_what_our_own_queues_refuse_ends_the_run_and_pauses_nobody(desk: Desk, error: PipelineError) -> None:
    await desk.connect()
    desk.pipeline.transport.fails_with = error

    with pytest.raises(type(error)):
        await desk.read(desk.message("backfill"))

    state = await desk.state("backfill")
    assert (state.is_running, state.lease_until, state.last_error) == (False, None, str(error))
    assert (await desk.connect()).status == "active"
