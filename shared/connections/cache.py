"""Connections remembered for a moment, so that a burst of webhook calls costs one point read."""

import asyncio
import contextvars
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from typing_extensions import override

from shared.connections.connection import (
    NEGATIVE_CACHE_SECONDS,
    POSITIVE_CACHE_SECONDS,
    USE_NOTED_AGAIN_AFTER,
    Connection,
    Connections,
    Handle,
)
from shared.errors import Conflict, PipelineError

NOTE_SECONDS: Final = 1.0
"""A vendor waits meanwhile. A store that is slow to write must not make it give up."""
NOTE_TRIED_AGAIN_AFTER: Final = timedelta(minutes=5)
"""Where it could not be noted: a key in use must not look unused for an hour."""
MAX_REMEMBERED: Final = 10_000
"""A caller who tries key after key must not fill the memory."""


class RememberedConnections(Connections):
    """A cache in front of a store, for finding alone. Writing through it forgets what was remembered."""

    def __init__(self, store: Connections, *, now: Callable[[], datetime], note_seconds: float = NOTE_SECONDS) -> None:
        self._store = store
        self._now = now
        self._note_seconds = note_seconds
        self._remembered: OrderedDict[str, tuple[datetime, Connection | None]] = OrderedDict()
        self._reading: dict[str, asyncio.Task[Connection | None]] = {}
        self._noted: dict[str, datetime] = {}

    @override
    async def find(self, handle: str) -> Connection | None:
        now = self._now()
        remembered = self._remembered.get(handle)
        if remembered is not None and now < remembered[0]:
            return remembered[1]
        return await asyncio.shield(self._read(handle))

    def _read(self, handle: str) -> "asyncio.Task[Connection | None]":
        """One read for all who ask meanwhile: at 500 calls a second each read of its own would make the others' longer. None is anybody's:
        whoever leaves takes nothing away from the others, and it is no part of the trace of whoever came first."""
        loop, reading = asyncio.get_running_loop(), self._reading.get(handle)
        if reading is None or reading.done() or reading.get_loop() is not loop:
            reading = self._reading[handle] = loop.create_task(self._found(handle), context=contextvars.Context())
            reading.add_done_callback(lambda done: self._ended(handle, done))
        return reading

    async def _found(self, handle: str) -> Connection | None:
        now, found = self._now(), await self._store.find(handle)
        await self._note(handle, found, now)
        if self._reading.get(handle) is not asyncio.current_task():  # written meanwhile: this may be what was before
            return found
        seconds = NEGATIVE_CACHE_SECONDS if found is None else POSITIVE_CACHE_SECONDS
        self._remembered[handle] = (now + timedelta(seconds=seconds), found)
        self._remembered.move_to_end(handle)
        if len(self._remembered) > MAX_REMEMBERED:
            self._remembered.popitem(last=False)
        return found

    async def _note(self, handle: str, found: Connection | None, now: datetime) -> None:
        """That somebody came by an alias, once in an hour. Nobody's call fails for it, or waits long."""
        noted = self._noted.get(handle)
        if found is None or found.id == handle or (noted is not None and now < noted + USE_NOTED_AGAIN_AFTER):
            return
        self._noted[handle] = now
        try:
            async with asyncio.timeout(self._note_seconds):
                await self._store.used(handle, at=now)
        except Conflict:
            pass  # another worker has just noted it
        except (PipelineError, TimeoutError):
            self._noted[handle] = now + NOTE_TRIED_AGAIN_AFTER - USE_NOTED_AGAIN_AFTER

    def _ended(self, handle: str, done: "asyncio.Task[Connection | None]") -> None:
        if self._reading.get(handle) is done:
            del self._reading[handle]
        if not done.cancelled():
            done.exception()  # everyone may have left before it failed

    @override
    async def of_tenant(self, tenant_id: str) -> list[Connection]:
        return await self._store.of_tenant(tenant_id)

    @override
    async def of_source(self, source: str) -> list[Connection]:
        return await self._store.of_source(source)

    @override
    async def due(self, source: str, *, at: datetime, most: int) -> list[Connection]:
        return await self._store.due(source, at=at, most=most)

    @override
    async def replace(self, connection: Connection) -> Connection:
        try:
            return await self._store.replace(connection)
        finally:  # refused, too, it is not what is remembered
            self._reading.clear()
            for handle, (_, known) in list(self._remembered.items()):
                if known is not None and known.id == connection.id:
                    del self._remembered[handle]

    @override
    async def handles(self, connection_id: str) -> list[Handle]:
        return await self._store.handles(connection_id)

    @override
    async def used(self, handle: str, *, at: datetime) -> None:
        await self._store.used(handle, at=at)

    @override
    async def drop_handle(self, handle: str) -> None:
        await self._store.drop_handle(handle)
        self._reading.clear()
        self._remembered.pop(handle, None)
        self._noted.pop(handle, None)

    @override
    async def add(self, connection: Connection, *, handles: tuple[str, ...] = (), at: datetime | None = None) -> None:
        await self._store.add(connection, handles=handles, at=at)
        self._reading.clear()
        self._remembered.clear()
