"""A few shards that can be found, and somebody who looks for them.

The model counts letters, so a passage of one letter is found by that letter.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from typing_extensions import override

from devtools.fakes.embedding import CountingEmbedder, InMemoryChunks
from devtools.fakes.samples import sample_shard
from devtools.fakes.stores import InMemoryShards
from processors.embedding.pipeline import summary
from processors.search.api import Answer, Question, search
from shared.access.acl import TENANT, Acl, Principal, readers
from shared.access.tokens import Caller
from shared.chunks.chunk import Chunk, chunks_of
from shared.chunks.store import ChunkChange, Manifest, Near
from shared.chunks.wanted import Wanted, text_of
from shared.embeddings.embedder import Vector
from shared.shards.ids import ShardId
from shared.shards.model import Shard
from shared.shards.store import Change

ADA: Final = Principal("user:ada@acme.example")
BOB: Final = Principal("user:bob@acme.example")
EVERYBODY: Final = readers([TENANT])


class Replaced(Change):
    """Somebody changed a shard: all there is of it."""

    def __init__(self, shard: Shard) -> None:
        self._document = shard.document()

    @override
    def paths(self) -> dict[str, Any]:
        names = ("structuredData", "acl", "status", "revisionNumber", "vectors", "shardTypeId")
        return {name: self._document[name] for name in names}


class CountedChunks(InMemoryChunks):
    """Keeps how many chunks were asked for, look after look."""

    def __init__(self) -> None:
        super().__init__()
        self.looks: list[int] = []

    @override
    async def nearest(self, tenant_id: str, vector: Vector, *, principals: Sequence[Principal], most: int) -> list[Near]:
        self.looks.append(most)
        return await super().nearest(tenant_id, vector, principals=principals, most=most)


class WatchedShards(InMemoryShards):
    """Keeps how many shards were read at once, time after time."""

    def __init__(self) -> None:
        super().__init__()
        self.read_at_once: list[int] = []
        self._is_gathering = False

    @override
    async def read(self, tenant_id: str, shard_id: ShardId) -> Shard | None:
        if not self._is_gathering:
            self._is_gathering = True
            self.read_at_once.append(0)
        self.read_at_once[-1] += 1
        await asyncio.sleep(0)  # everybody who reads now has begun before the first goes on
        self._is_gathering = False
        return await super().read(tenant_id, shard_id)


class Library:
    """Shards, their chunks, and a door for questions."""

    def __init__(self) -> None:
        self.shards = WatchedShards()
        self.chunks = CountedChunks()
        self.embedder = CountingEmbedder()
        self._number = 0

    async def add(self, name: str, *passages: str, generation: str | None = None, **fields: Any) -> Shard:
        """A shard whose chunks are made, by this deployment where not said otherwise."""
        return await self.index(await self.store(name, *passages, **fields), generation=generation)

    async def store(self, name: str, *passages: str, acl: Acl = EVERYBODY, tenant: str = "acme", **fields: Any) -> Shard:
        """A shard that nobody has made chunks of."""
        self._number += 1
        made = sample_shard(tenant, external_id=f"0010000000{self._number:05}AAA", name=name)
        data = {"name": name, "description": "\n\n".join(passages)}
        return await self.shards.create(made.model_copy(update={"structured_data": data, "acl": acl, **fields}))

    async def index(self, shard: Shard, *, generation: str | None = None) -> Shard:
        """Make the chunks of a shard, and then say so in it, as the worker does. Chunks that were there stay."""
        wanted = self._wanted(shard, generation)
        await self._put(shard, wanted, wanted.chunks)
        told = summary(wanted, self.embedder.space, at=shard.updated_at)
        assert await self.shards.record_vectors(shard.tenant_id, ShardId(shard.id), told)
        return await self._now(shard)

    async def put(self, shard: Shard, *, generation: str | None = None) -> None:
        """Make the chunks of a shard, and end before the shard says so."""
        wanted = self._wanted(shard, generation)
        await self._put(shard, wanted, wanted.chunks)

    async def leave(self, shard: Shard, passage: str) -> None:
        """A chunk of words the shard had once was left behind."""
        wanted = self._wanted(shard, None)
        await self._put(shard, wanted, chunks_of(passage, generation=wanted.generation))

    async def change(self, shard: Shard, **fields: Any) -> Shard:
        """Somebody changed the shard; its chunks are not made yet."""
        known = await self._now(shard)
        return await self.shards.change(known, Replaced(known.model_copy(update=fields)))

    async def search(self, text: str, *, limit: int = 10, tenant: str = "acme", who: Sequence[Principal] = (TENANT,)) -> Answer:
        """What somebody is shown."""
        caller = Caller(tenant, frozenset(who))
        return await search(Question(text, limit), caller, embedder=self.embedder, chunks=self.chunks, shards=self.shards)

    async def names(self, text: str, *, limit: int = 10, tenant: str = "acme", who: Sequence[Principal] = (TENANT,)) -> list[str | None]:
        """The names of the shards somebody is shown."""
        return [hit.name for hit in (await self.search(text, limit=limit, tenant=tenant, who=who)).hits]

    def _wanted(self, shard: Shard, generation: str | None) -> Wanted:
        wanted = Wanted.of(shard, self.embedder.space)
        if generation is None:
            return wanted
        return replace(wanted, generation=generation, chunks=chunks_of(text_of(shard), generation=generation))

    async def _put(self, shard: Shard, wanted: Wanted, chunks: Sequence[Chunk]) -> None:
        vectors = await self.embedder.embed([chunk.text for chunk in chunks])
        manifest = await self.chunks.manifest(shard.tenant_id, ShardId(shard.id)) or Manifest()
        there = {**manifest.chunks, **dict.fromkeys([chunk.id for chunk in chunks], wanted.acl_hash)}
        change = ChunkChange(
            manifest=manifest.model_copy(update={"chunks": there}),
            generation=wanted.generation,
            principals=wanted.principals,
            acl_hash=wanted.acl_hash,
            put=list(zip(chunks, vectors, strict=True)),
        )
        await self.chunks.write(shard.tenant_id, ShardId(shard.id), shard.shard_type_id, change)

    async def _now(self, shard: Shard) -> Shard:
        found = await self.shards.read(shard.tenant_id, ShardId(shard.id))
        assert found is not None
        return found
