"""Connections remembered for a moment, so that a burst of webhook calls costs one point read."""

import asyncio
import contextvars
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from typing_extensions import override

from shared.connections.connection import NEGATIVE_CACHE_SECONDS, POSITIVE_CACHE_SECONDS, Connection, Connections

MAX_REMEMBERED: Final = 10_000
"""A caller who tries key after key must not fill the memory."""


class RememberedConnections(Connections):
    """A cache in front of a store, for finding alone. Writing through it forgets what was remembered."""

    def __init__(self, store: Connections, *, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._remembered: OrderedDict[str, tuple[datetime, Connection | None]] = OrderedDict()
        self._reading: dict[str, asyncio.Task[Connection | None]] = {}

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
        if self._reading.get(handle) is not asyncio.current_task():  # written meanwhile: this may be what was before
            return found
        seconds = NEGATIVE_CACHE_SECONDS if found is None else POSITIVE_CACHE_SECONDS
        self._remembered[handle] = (now + timedelta(seconds=seconds), found)
        self._remembered.move_to_end(handle)
        if len(self._remembered) > MAX_REMEMBERED:
            self._remembered.popitem(last=False)
        return found

    def _ended(self, handle: str, done: "asyncio.Task[Connection | None]") -> None:
        if self._reading.get(handle) is done:
            del self._reading[handle]
        if not done.cancelled():
            done.exception()  # everyone may have left before it failed

    @override
    async def of_tenant(self, tenant_id: str) -> list[Connection]:
        return await self._store.of_tenant(tenant_id)

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
    async def add(self, connection: Connection, *, handles: tuple[str, ...] = ()) -> None:
        await self._store.add(connection, handles=handles)
        self._reading.clear()
        self._remembered.clear()
