"""Connections remembered for a moment, so that a burst of webhook calls costs one point read."""

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

    @override
    async def find(self, handle: str) -> Connection | None:
        now = self._now()
        remembered = self._remembered.get(handle)
        if remembered is not None and now < remembered[0]:
            return remembered[1]
        found = await self._store.find(handle)
        seconds = NEGATIVE_CACHE_SECONDS if found is None else POSITIVE_CACHE_SECONDS
        self._remembered[handle] = (now + timedelta(seconds=seconds), found)
        self._remembered.move_to_end(handle)
        if len(self._remembered) > MAX_REMEMBERED:
            self._remembered.popitem(last=False)
        return found

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
            for handle, (_, known) in list(self._remembered.items()):
                if known is not None and known.id == connection.id:
                    del self._remembered[handle]

    @override
    async def add(self, connection: Connection, *, handles: tuple[str, ...] = ()) -> None:
        await self._store.add(connection, handles=handles)
        self._remembered.clear()
