"""A page shows that the connection has other streams than before: they are stored, and what is new, gone or back is asked for."""

import pytest

from devtools.fakes.samples import NOON
from ingestion.asking import COMPARED_AGAIN_AFTER, READ_AFTER
from shared.connections.connection import Connection
from shared.errors import Conflict
from shared.messaging.outcomes import Ignored
from shared.streams.defaults import streams_of
from tests.unit.ingestion.desk import CONNECTION, STREAM, TENANT, Desk


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def streams(desk: Desk) -> tuple[str, ...]:
    return (await desk.connect()).streams


def asked(desk: Desk) -> set[tuple[str, str]]:
    return {(request.stream, request.kind) for request in desk.requests()}


async def test_a_stream_that_is_new_is_stored_and_read(desk: Desk) -> None:
    desk.script.streams = (STREAM, "drive:0ABC")

    await desk.read(desk.message())

    assert await streams(desk) == (STREAM, "drive:0ABC")
    [request] = desk.requests()
    assert (request.stream, request.kind) == ("drive:0ABC", "changes")
    assert request.requested_at == NOON + READ_AFTER, "by then the cursor is stored that knows the stream"


async def test_a_stream_that_is_gone_is_compared_at_once_and_once_more_when_the_grace_is_over() -> None:
    desk = Desk(streams=(STREAM, "drive:0ABC"))
    desk.script.streams = (STREAM,)

    await desk.read(desk.message())

    assert await streams(desk) == (STREAM,)
    assert [
        (request.stream, request.kind, request.requested_at) for request in sorted(desk.requests(), key=lambda one: one.requested_at)
    ] == [
        ("drive:0ABC", "compare", NOON + READ_AFTER),
        ("drive:0ABC", "compare", NOON + COMPARED_AGAIN_AFTER),
    ]


async def test_what_a_gone_stream_held_is_taken_off() -> None:
    desk = Desk(streams=("drives", STREAM))
    desk.script.streams = ("drives",)
    await desk.store("old")
    await desk.store("young", seen_at=desk.clock())

    await desk.ask(desk.message(stream="drives"))
    await desk.work_now()
    desk.clock.moment += READ_AFTER
    await desk.work_now()
    assert gone(desk) == {"old"}

    await desk.work()
    assert gone(desk) == {"old", "young"}
    assert await streams(desk) == ("drives",)


def gone(desk: Desk) -> set[str]:
    return {event.source_id for event in desk.events() if event.event_type == "delete"}


async def test_a_stream_that_is_back_is_read_and_compared(desk: Desk) -> None:
    """Its records were taken off when it went, and its own log says nothing of that."""
    await desk.read(desk.message(run="before", stream="drive:0ABC"))
    desk.script.streams = (STREAM, "drive:0ABC")

    await desk.read(desk.message())

    assert asked(desk) == {("drive:0ABC", "changes"), ("drive:0ABC", "compare")}


async def test_a_page_that_says_nothing_of_streams_or_nothing_new_changes_nothing(desk: Desk) -> None:
    before = await desk.connect()
    for said in (None, (STREAM,)):
        desk.script.streams = said
        await desk.read(desk.message(run=str(said)))

    assert desk.requests() == []
    assert (await desk.connect()).etag == before.etag


async def test_the_order_that_streams_have_stays_and_what_is_new_comes_after() -> None:
    desk = Desk(streams=("drives", STREAM, "user:a@acme.example"))
    desk.script.streams = ("drive:0ABC", "user:a@acme.example", STREAM, "drives")

    await desk.read(desk.message())

    assert await streams(desk) == ("drives", STREAM, "user:a@acme.example", "drive:0ABC")


async def test_read_once_more_after_a_death_the_page_asks_for_the_same_runs(desk: Desk) -> None:
    desk.script.streams, message = (STREAM, "drive:0ABC"), desk.message()
    replace = desk.pipeline.connections.replace
    desk.pipeline.connections.replace = Dies()  # type: ignore[method-assign, assignment]  # after the asking, before the connection is stored
    with pytest.raises(KeyboardInterrupt):
        await desk.read(message)
    desk.pipeline.connections.replace = replace  # type: ignore[method-assign]  # another worker takes over
    [first] = desk.requests()
    desk.pipeline.transport.waiting.clear()
    desk.clock.advance(seconds=301)

    await desk.read(message)

    assert {request.run for request in desk.requests()} <= {first.run}
    assert await streams(desk) == (STREAM, "drive:0ABC")


class Dies:
    async def __call__(self, _: Connection) -> Connection:
        raise KeyboardInterrupt


async def test_what_somebody_else_wrote_meanwhile_stays(desk: Desk) -> None:
    desk.script.streams = (STREAM, "drive:0ABC")
    await desk.connect()
    message = desk.message()
    replace = desk.pipeline.connections.replace
    calls = 0

    async def overtaken(connection: Connection) -> Connection:
        nonlocal calls
        calls += 1
        if calls == 1:
            current = await desk.pipeline.connections.find(CONNECTION)
            assert current is not None
            await replace(current.model_copy(update={"streams": (STREAM, "user:b@acme.example"), "poll_seconds": 600}))
        return await replace(connection)

    desk.pipeline.connections.replace = overtaken  # type: ignore[method-assign]  # an operator is a moment quicker
    await desk.read(message)

    connection = await desk.connect()
    assert (connection.streams, connection.poll_seconds) == ((STREAM, "user:b@acme.example", "drive:0ABC"), 600)


async def test_a_connection_that_is_written_again_and_again_comes_back_later(desk: Desk) -> None:
    desk.script.streams = (STREAM, "drive:0ABC")
    desk.pipeline.connections.replace = Overtaken()  # type: ignore[method-assign, assignment]  # somebody is always quicker

    with pytest.raises(Conflict):
        await desk.read(desk.message())

    assert (await desk.state()).cursor is None, "the page is read again"


class Overtaken:
    async def __call__(self, _: Connection) -> Connection:
        raise Conflict("the connection was written since")


async def test_a_connection_that_is_gone_meanwhile_is_no_failure(desk: Desk) -> None:
    desk.script.streams = (STREAM, "drive:0ABC")
    await desk.connect()
    connections = desk.pipeline.connections
    desk.script.before = lambda _: connections._connections.clear()

    await desk.read(desk.message())

    assert (await desk.state()).last_status == "success"


@pytest.mark.parametrize("who", ["app", "operator"])
async def test_what_a_gone_stream_held_is_taken_off_though_the_connection_is_paused_and_stays_so(who: str) -> None:
    desk = Desk(streams=("drives",))
    await desk.store("old")
    await desk.pause_by(who)

    await desk.read(desk.message("compare"))

    assert gone(desk) == {"old"}
    connection = await desk.connect()
    assert (connection.status, connection.paused_by) == ("paused", who)
    assert await desk.read(desk.message("compare", stream="drives")) == Ignored("paused")


def test_who_says_nothing_gets_the_sources_own_streams_and_one_for_each_user() -> None:
    said = {"id": "gdrive:acme.example", "tenant_id": TENANT, "source": "gdrive", "account": "acme.example", "created_at": NOON}
    users = ("a@acme.example", "b@acme.example")

    assert streams_of(Connection(**said)) == ("drives",)
    assert streams_of(Connection(**said, users=users)) == ("drives", "user:a@acme.example", "user:b@acme.example")
    assert streams_of(Connection(**said, users=users, streams=("groups",))) == ("groups",)
