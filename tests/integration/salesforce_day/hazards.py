"""What goes wrong on our side of the wire: processes that die at any call of a port, conflicts in the store, a broker that is away.

A process that is dead stays so: whatever of it still runs meets its death at the next port, as the handlers of a killed worker would.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from random import Random
from typing import Any

import httpx2
from typing_extensions import override

from devtools.fakes.clock import Clock
from devtools.fakes.connections import InMemoryConnections
from devtools.fakes.linking import InMemoryAnchorRows, InMemorySuggestedLinks
from devtools.fakes.shards import InMemoryShards
from devtools.fakes.transport import InMemoryTransport
from shared.connections.connection import Connection
from shared.errors import Conflict, DependencyUnavailable
from shared.linking.suggestion import SuggestedLink
from shared.messaging.envelope import Envelope
from shared.shards.ids import ShardId
from shared.shards.model import Shard
from shared.shards.store import ALIAS_OF, Alias, Change


class Killed(BaseException):
    """The process ended here."""


class Hazards:
    """All of one process. ``counts`` says what happened, by kind."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.counts: Counter[str] = Counter()
        self.deaths: Counter[str] = Counter()
        """By port."""
        self.is_dead = False
        self.dies_after: int | None = None
        """So many calls of ports are left."""
        self.conflict_share = 0.0
        self.lost_answer_share = 0.0
        self.away_share = 0.0
        """Of sends, while the broker is hard to reach."""

    async def meet(self, port: str) -> None:
        """A port is called, or has done what it was called for."""
        if self.dies_after is not None:
            self.dies_after -= 1
            if self.dies_after < 0:
                self.dies_after, self.is_dead = None, True
                self.deaths[port] += 1
        if self.is_dead:
            raise Killed(port)
        if self.rng.random() < 0.1:
            await asyncio.sleep(0)  # another handler's turn

    def strikes(self, kind: str, share: float) -> bool:
        """Whether it happens now; it is then counted."""
        happens = share > 0 and self.rng.random() < share
        self.counts[kind] += happens
        return happens

    def revive(self) -> None:
        """A new process."""
        self.is_dead = False

    def calm(self) -> None:
        """Nothing goes wrong any more."""
        self.revive()
        self.dies_after = None
        self.conflict_share = self.lost_answer_share = self.away_share = 0.0


class PerilousShards(InMemoryShards):
    """A store somebody else writes to, too, and whose answers get lost. It copies nothing, for a day has many shards: who reads one must
    not write into it (the tests of the handlers see to that)."""

    def __init__(self, hazards: Hazards, now: Callable[[], datetime] | None = None) -> None:
        super().__init__(now)
        self._hazards = hazards
        self._read: dict[str, Shard] = {}
        """By the store's mark."""

    def documents(self) -> dict[tuple[str, str], dict[str, Any]]:
        """What is stored, as it is, for whoever looks from outside or writes behind the app's back."""
        return self._documents

    @override
    def all(self) -> list[Shard]:
        return [self._shard(document) for document in self._documents.values() if ALIAS_OF not in document]

    @override
    async def read(self, tenant_id: str, shard_id: ShardId) -> Shard | None:
        await self._hazards.meet("store")
        _, document = self._followed(tenant_id, shard_id)
        return None if document is None else self._shard(document)

    @override
    async def create(self, shard: Shard) -> Shard:
        await self._hazards.meet("store")
        stored = await super().create(shard)
        await self._after()
        return stored

    @override
    async def change(self, shard: Shard, change: Change) -> Shard:
        await self._hazards.meet("store")
        if self._hazards.strikes("store conflict", self._hazards.conflict_share):
            raise Conflict("somebody else wrote it")
        stored = await super().change(shard, change)
        await self._after()
        return stored

    @override
    async def entry(self, tenant_id: str, shard_id: ShardId) -> Shard | Alias | None:
        await self._hazards.meet("store")
        return await super().entry(tenant_id, shard_id)

    @override
    async def add_alias(self, alias: Alias, *, instead_of: Shard | Alias | None) -> None:
        await self._hazards.meet("store")
        await super().add_alias(alias, instead_of=instead_of)
        await self._after()

    @override
    async def end_alias(self, alias: Alias, shard: Shard) -> Shard:
        await self._hazards.meet("store")
        stored = await super().end_alias(alias, shard)
        await self._after()
        return stored

    async def _after(self) -> None:
        await self._hazards.meet("store, written")
        if self._hazards.strikes("store's answer lost", self._hazards.lost_answer_share):
            raise DependencyUnavailable("no answer, though it is written")

    @override
    def _put(self, tenant_id: str, document: dict[str, Any]) -> dict[str, Any]:
        return self._keep(tenant_id, document)

    @override
    def _store(self, tenant_id: str, document: dict[str, Any]) -> Shard:
        return self._shard(self._put(tenant_id, document))

    def _shard(self, document: dict[str, Any]) -> Shard:
        mark = document["etag"]
        if mark not in self._read:
            self._read[mark] = Shard.model_validate(document)
        return self._read[mark]


class PerilousAnchorRows(InMemoryAnchorRows):
    """Who shares a key: a query, whose pages a process may die at. It copies nothing either."""

    def __init__(self, shards: PerilousShards, hazards: Hazards) -> None:
        super().__init__(shards)
        self._hazards = hazards

    @override
    async def sharing(self, tenant_id: str, keys: Sequence[str]) -> AsyncIterator[Shard]:
        await self._hazards.meet("who shares keys")
        async for shard in super().sharing(tenant_id, keys):
            yield shard
            await self._hazards.meet("who shares keys, one was found")


class PerilousSuggestions(InMemorySuggestedLinks):
    """Suggestions that somebody else writes, too, and a store whose answers get lost."""

    def __init__(self, hazards: Hazards) -> None:
        super().__init__()
        self._hazards = hazards

    @override
    async def read(self, tenant_id: str, suggestion: str) -> SuggestedLink | None:
        await self._hazards.meet("suggestions")
        return await super().read(tenant_id, suggestion)

    @override
    async def create(self, suggestion: SuggestedLink) -> SuggestedLink:
        return await self._written(super().create, suggestion)

    @override
    async def replace(self, suggestion: SuggestedLink) -> SuggestedLink:
        return await self._written(super().replace, suggestion)

    async def _written(self, write: Callable[[SuggestedLink], Awaitable[SuggestedLink]], suggestion: SuggestedLink) -> SuggestedLink:
        await self._hazards.meet("suggestions")
        if self._hazards.strikes("suggestion's conflict", self._hazards.conflict_share):
            raise Conflict("somebody else wrote it")
        stored = await write(suggestion)
        await self._hazards.meet("suggestions, written")
        if self._hazards.strikes("suggestion's answer lost", self._hazards.lost_answer_share):
            raise DependencyUnavailable("no answer, though it is written")
        return stored


class PerilousConnections(InMemoryConnections):
    """Connections a process may die at."""

    def __init__(self, hazards: Hazards) -> None:
        super().__init__()
        self._hazards = hazards

    def is_paused(self, connection_id: str) -> bool:
        """For whoever looks from outside."""
        return self._connections[connection_id].status == "paused"

    @override
    async def find(self, handle: str) -> Connection | None:
        await self._hazards.meet("connections")
        return await super().find(handle)

    @override
    async def replace(self, connection: Connection) -> Connection:
        await self._hazards.meet("connections")
        stored = await super().replace(connection)
        await self._hazards.meet("connections, written")
        return stored


class PerilousTransport(InMemoryTransport):
    """A broker that is away at times: then some of what was to be sent is on its queue all the same."""

    def __init__(self, clock: Clock, hazards: Hazards) -> None:
        super().__init__(clock)
        self._hazards = hazards

    @override
    async def send(self, *envelopes: Envelope) -> None:
        hazards = self._hazards
        await hazards.meet("publisher")
        if hazards.strikes("broker away", hazards.away_share):
            self.fails_with = DependencyUnavailable("the broker is away")
        try:
            arrives = hazards.rng.randint(0, len(envelopes)) if self.fails_with else len(envelopes)
            error, self.fails_with = self.fails_with, None
            await super().send(*envelopes[:arrives])
            if error is not None:
                raise error
        finally:
            self.fails_with = None
        await hazards.meet("publisher, sent")


class PerilousHttp(httpx2.AsyncBaseTransport):
    """Calls of the vendor: they take time, in which others act, and a process may die before or after the vendor did its part."""

    def __init__(self, hazards: Hazards, pass_time: Any) -> None:
        self._inner = httpx2.AsyncHTTPTransport(trust_env=False)
        self._hazards = hazards
        self._pass_time = pass_time

    @override
    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        await self._hazards.meet("http")
        self._pass_time()
        response = await self._inner.handle_async_request(request)
        self._pass_time()
        await self._hazards.meet("http, answered")
        return response

    @override
    async def aclose(self) -> None:
        await self._inner.aclose()
