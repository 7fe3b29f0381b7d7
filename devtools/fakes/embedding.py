"""Chunks in memory, and a model that costs nothing: the twins of ``shared/storage/chunk_store.py`` and of a real encoder."""

import copy
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from typing_extensions import override

from shared.access.acl import Principal
from shared.chunks.store import MOST_IN_ONE_WRITE, ChunkChange, ChunkStore, Manifest, Near
from shared.embeddings.embedder import Embedder, Vector
from shared.errors import Conflict
from shared.shards.ids import ShardId
from shared.topology import LEXICAL, Space


class InMemoryChunks(ChunkStore):
    """Chunks by tenant, shard and id. ``reads`` and ``writes`` count requests."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
        """By tenant and shard: the chunks as stored, by id."""
        self._manifests: dict[tuple[str, str], Manifest] = {}
        self._etag = 0
        self.reads = 0
        self.writes = 0

    def of(self, tenant_id: str, shard_id: str) -> dict[str, dict[str, Any]]:
        """The chunks of a shard, by id."""
        return copy.deepcopy(self.items.get((tenant_id, shard_id), {}))

    @override
    async def manifest(self, tenant_id: str, shard_id: ShardId) -> Manifest | None:
        self.reads += 1
        return self._manifests.get((tenant_id, shard_id))

    @override
    async def write(self, tenant_id: str, shard_id: ShardId, shard_type_id: str, change: ChunkChange) -> Manifest:
        self.writes += 1
        size = len(change.put) + len(change.readers) + len(change.remove)
        if size > MOST_IN_ONE_WRITE:
            raise ValueError(f"one write may touch {MOST_IN_ONE_WRITE} chunks, and this one touches {size}")
        key = tenant_id, shard_id
        known = self._manifests.get(key)
        if (known.etag if known else None) != change.manifest.etag:
            raise Conflict("the chunks were written since")
        items = dict(self.items.get(key, {}))
        if not {*change.readers, *change.remove} <= items.keys():
            raise Conflict("something is gone that the manifest tells of")
        if not all(any(vector) and all(map(math.isfinite, vector)) for _, vector in change.put):
            raise ValueError("a vector without a direction")
        readers = {"principals": list(change.principals), "aclHash": change.acl_hash}
        for chunk, vector in change.put:
            made = {"generation": change.generation, "shardTypeId": shard_type_id, "embedding": list(vector)}
            items[chunk.id] = {"id": chunk.id, **readers, **made}
        for chunk_id in change.readers:
            items[chunk_id] = {**items[chunk_id], **readers}
        for chunk_id in change.remove:
            del items[chunk_id]
        self._etag += 1
        self.items[key] = items
        self._manifests[key] = change.manifest.model_copy(update={"etag": str(self._etag)})
        return self._manifests[key]

    @override
    async def nearest(self, tenant_id: str, vector: Vector, *, principals: Sequence[Principal], most: int) -> list[Near]:
        self.reads += 1
        found = [
            Near(ShardId(shard_id), item["id"], item["generation"], _cosine(vector, item["embedding"]))
            for (tenant, shard_id), items in self.items.items()
            for item in items.values()
            if tenant == tenant_id and not set(principals).isdisjoint(item["principals"]) and len(item["embedding"]) == len(vector)
        ]
        return sorted(found, key=lambda near: near.score, reverse=True)[:most]


class CountingEmbedder(Embedder):
    """Vectors that count letters: enough to tell texts apart. ``texts`` is everything that was ever embedded, in order."""

    def __init__(self, space: Space | None = None) -> None:
        self._space = space or replace(LEXICAL, model="letters", dimensions=26)
        self.texts: list[str] = []

    @property
    @override
    def space(self) -> Space:
        return self._space

    @override
    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        self.texts.extend(texts)
        return [[1.0 + text.lower().count(letter) for letter in "abcdefghijklmnopqrstuvwxyz"] for text in texts]


def _cosine(left: Vector, right: Vector) -> float:
    product = sum(a * b for a, b in zip(left, right, strict=True))
    return product / (math.hypot(*left) * math.hypot(*right))
