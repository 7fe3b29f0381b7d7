"""Calls that come while a connection is read share that read."""

import asyncio
from datetime import UTC, datetime

import pytest
from typing_extensions import override

from devtools.fakes.clock import Clock
from devtools.fakes.stores import InMemoryConnections
from shared.connections.cache import RememberedConnections
from shared.connections.connection import Connection, connection_id
from shared.errors import DependencyUnavailable

HANDLE = "slack:A1:T1"


def connection(status: str = "active") -> Connection:
    said = {"tenantId": "t", "source": "slack", "account": "T1", "status": status, "createdAt": "2026-11-21T12:00:00Z"}
    return Connection.model_validate({"id": connection_id("slack", "T1"), **said})


class SlowConnections(InMemoryConnections):
    """Answers when the test lets it, with what was stored when it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.fails = False

    @override
    async def find(self, handle: str) -> Connection | None:
        found = await super().find(handle)
        await self.gate.wait()
        if self.fails:
            raise DependencyUnavailable("away")
        return found


class Desk:
    """A cache over a slow store, with one connection in it."""

    def __init__(self) -> None:
        self.store = SlowConnections()
        self.clock = Clock(datetime(2026, 11, 21, 12, tzinfo=UTC))
        self.cache = RememberedConnections(self.store, now=self.clock)

    async def asked(self, count: int) -> list[asyncio.Task[Connection | None]]:
        """So many who wait now."""
        tasks = [asyncio.create_task(self.cache.find(HANDLE)) for _ in range(count)]
        await turns()
        return tasks


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def desk_with_a_connection() -> Desk:
    desk = Desk()
    await desk.store.add(connection(), handles=(HANDLE,))
    return desk


async def test_a_hundred_calls_at_once_are_one_read() -> None:
    desk = await desk_with_a_connection()
    tasks = await desk.asked(100)
    desk.store.gate.set()

    found = await asyncio.gather(*tasks)

    assert {one.id for one in found if one is not None} == {"slack:T1"}
    assert (len(found), desk.store.finds) == (100, 1)


async def test_they_are_one_read_again_when_what_was_remembered_is_too_old() -> None:
    desk = await desk_with_a_connection()
    desk.store.gate.set()
    await asyncio.gather(*await desk.asked(3))
    desk.clock.advance(seconds=60)

    await asyncio.gather(*await desk.asked(3))

    assert desk.store.finds == 2


async def test_everyone_hears_that_it_failed_and_the_next_one_reads_again() -> None:
    desk = await desk_with_a_connection()
    desk.store.fails = True
    tasks = await desk.asked(3)
    desk.store.gate.set()

    ends = await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(end) for end in ends] == [DependencyUnavailable] * 3
    desk.store.fails = False
    assert (await desk.cache.find(HANDLE)) is not None


async def test_who_leaves_takes_nothing_away_from_the_others() -> None:
    desk = await desk_with_a_connection()
    first, second = await desk.asked(2)
    first.cancel()
    await turns()
    desk.store.gate.set()

    assert (await second) is not None
    with pytest.raises(asyncio.CancelledError):
        await first
    assert desk.store.finds == 1


async def test_what_was_read_before_a_write_is_not_remembered_after_it() -> None:
    desk = await desk_with_a_connection()
    [before] = await desk.asked(1)

    await desk.cache.add(connection("paused"), handles=(HANDLE,))
    desk.store.gate.set()
    await before

    found = await desk.cache.find(HANDLE)

    assert found is not None
    assert found.status == "paused"


def test_another_event_loop_reads_for_itself() -> None:
    desk = Desk()

    async def leave() -> None:
        await desk.store.add(connection(), handles=(HANDLE,))
        await desk.asked(1)

    async def find() -> Connection | None:
        desk.store.gate = asyncio.Event()
        desk.store.gate.set()
        return await desk.cache.find(HANDLE)

    asyncio.run(leave())

    assert asyncio.run(find()) is not None
