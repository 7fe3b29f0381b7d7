"""That a handle is in use is noted once an hour, and no vendor's call waits long or fails for it."""

import asyncio
from datetime import datetime

import pytest
from typing_extensions import override

from devtools.fakes.clock import Clock
from devtools.fakes.connections import InMemoryConnections
from devtools.fakes.samples import sample_connection
from shared.connections.cache import RememberedConnections
from shared.errors import Conflict, DependencyUnavailable

HANDLE = "salesforce-key:abc"


class Store(InMemoryConnections):
    """Counts what is noted; refuses or keeps silent as it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.noted: list[datetime] = []
        self.error: Exception | None = None
        self.is_silent = False

    @override
    async def used(self, handle: str, *, at: datetime) -> None:
        self.noted.append(at)
        if self.is_silent:
            await asyncio.Event().wait()
        if self.error is not None:
            raise self.error
        await super().used(handle, at=at)


class Desk:
    """A worker's memory of connections over a store, with one connection and its handle."""

    def __init__(self) -> None:
        self.clock, self.store = Clock(), Store()
        self.cache = RememberedConnections(self.store, now=self.clock, note_seconds=0.01)

    async def calls_for(self, *, minutes: int) -> int:
        """A call each minute; how many of them noted something."""
        before = len(self.store.noted)
        for _ in range(minutes):
            assert await self.cache.find(HANDLE) is not None
            self.clock.advance(seconds=61)
        return len(self.store.noted) - before


@pytest.fixture
async def desk() -> Desk:
    made = Desk()
    await made.store.add(sample_connection("acme", "00D000000000001EAA"), handles=(HANDLE,))
    return made


async def test_it_is_noted_once_an_hour(desk: Desk) -> None:
    assert [await desk.calls_for(minutes=59), await desk.calls_for(minutes=59)] == [1, 1]


async def test_a_store_that_does_not_answer_keeps_no_call(desk: Desk) -> None:
    desk.store.is_silent = True

    assert await desk.calls_for(minutes=1) == 1


async def test_what_could_not_be_noted_is_tried_again_soon_and_not_at_each_call(desk: Desk) -> None:
    desk.store.error = DependencyUnavailable("store a connection: answered 503")

    assert await desk.calls_for(minutes=10) == 2


async def test_what_another_worker_has_just_noted_is_noted(desk: Desk) -> None:
    desk.store.error = Conflict("store a connection: answered 412")

    assert await desk.calls_for(minutes=10) == 1


async def test_a_handle_that_was_taken_away_and_given_again_is_noted_anew(desk: Desk) -> None:
    await desk.calls_for(minutes=1)
    await desk.cache.drop_handle(HANDLE)
    await desk.cache.add(sample_connection("acme", "00D000000000001EAA"), handles=(HANDLE,))

    assert await desk.calls_for(minutes=1) == 1
