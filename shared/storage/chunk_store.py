"""Chunks in Cosmos DB: hierarchical key ``/tenantId`` + ``/shardId``, one transactional batch a write, one vector query a search.

A chunk is stored without its words and without its place: both are in the shard, and an id tells whether they still are.

A vector is stored as whole numbers, scaled so that the largest is ±999,999: a third of the bytes of decimals, and a cosine does not see the
scale. 1,536 of them are 12,289 bytes at most, and rounding changes a model's scores by less than a millionth (docs/decisions/0012).
"""

from collections.abc import Sequence
from math import isfinite
from typing import Any, Final

from azure.cosmos.exceptions import CosmosBatchOperationError
from typing_extensions import override

from shared.access.acl import Principal
from shared.chunks.store import MOST_IN_ONE_WRITE, ChunkChange, ChunkStore, Manifest, Near
from shared.embeddings.embedder import Vector
from shared.errors import Conflict
from shared.shards.ids import ShardId
from shared.storage.azure_errors import azure_errors
from shared.storage.cosmos import CosmosAccount, found
from shared.topology import Space

MANIFEST: Final = "manifest"
LARGEST: Final = 999_999
NOT_FOUND: Final = 404

NEAREST: Final = """
SELECT TOP @most c.shardId, c.id, c.generation, VectorDistance(c.embedding, @vector) AS score
FROM c
WHERE c.tenantId = @tenant AND c.kind = "chunk" AND EXISTS(SELECT VALUE p FROM p IN c.principals WHERE ARRAY_CONTAINS(@caller, p))
ORDER BY VectorDistance(c.embedding, @vector)
"""
"""The tenant stands in the text as well as in the key: defence in depth, and one emulator ignores a key that is only a prefix."""


class CosmosChunkStore(ChunkStore):
    """The port over one account and one space."""

    def __init__(self, account: CosmosAccount, space: Space) -> None:
        self._account = account
        self._name = space.container

    @override
    async def manifest(self, tenant_id: str, shard_id: ShardId) -> Manifest | None:
        container = await self._account.container(self._name)
        document = await found(container.read_item(MANIFEST, partition_key=[tenant_id, shard_id]), "read a manifest of chunks")
        return None if document is None else Manifest.model_validate({**document, "etag": document["_etag"]})

    @override
    async def write(self, tenant_id: str, shard_id: ShardId, shard_type_id: str, change: ChunkChange) -> Manifest:
        size = len(change.put) + len(change.readers) + len(change.remove)
        if size > MOST_IN_ONE_WRITE:
            raise ValueError(f"one write may touch {MOST_IN_ONE_WRITE} chunks, and this one touches {size}")
        container = await self._account.container(self._name)
        key = {"tenantId": tenant_id, "shardId": shard_id}
        operations = [_guarded(change, key), *_chunk_operations(change, {**key, "shardTypeId": shard_type_id})]
        async with azure_errors("write chunks"):
            try:
                results = await container.execute_item_batch(operations, partition_key=[tenant_id, shard_id])
            except CosmosBatchOperationError as error:
                if error.status_code == NOT_FOUND and not error.sub_status:
                    raise Conflict("write chunks: something is gone that the manifest tells of") from error
                raise
        return change.manifest.model_copy(update={"etag": results[0]["eTag"]})

    @override
    async def nearest(self, tenant_id: str, vector: Vector, *, principals: Sequence[Principal], most: int) -> list[Near]:
        container = await self._account.container(self._name)
        parameters: list[dict[str, Any]] = [
            {"name": "@most", "value": most},
            {"name": "@vector", "value": whole_numbers(vector)},
            {"name": "@tenant", "value": tenant_id},
            {"name": "@caller", "value": list(principals)},
        ]
        async with azure_errors("search chunks"):
            pages = container.query_items(NEAREST, parameters=parameters, partition_key=[tenant_id])
            rows: list[dict[str, Any]] = [row async for row in pages]
        near = [_near(row) for row in rows if "score" in row]  # an item without a readable vector comes last, and without a score
        # Each physical partition sorts for itself: over several the answer is put into order here.
        return sorted(near, key=lambda chunk: chunk.score, reverse=True)[:most]


def whole_numbers(vector: Vector) -> list[int]:
    """The same direction in whole numbers up to ±999,999.

    Raises:
        ValueError: for a vector without a direction, which no cosine could compare.
    """
    longest = max(map(abs, vector), default=0.0)
    if not longest or not all(map(isfinite, vector)):
        raise ValueError("a vector without a direction")
    return [round(value / longest * LARGEST) for value in vector]


def _guarded(change: ChunkChange, key: dict[str, str]) -> tuple[Any, ...]:
    """The manifest first: whoever lost the race is refused before anything else is looked at."""
    manifest = change.manifest
    item = {
        **manifest.model_dump(mode="json", by_alias=True, exclude={"etag"}),
        **key,
        "id": MANIFEST,
        "kind": "manifest",
        "ttl": change.ttl,
    }
    if manifest.etag is None:
        return ("create", (item,))
    return ("replace", (MANIFEST, item), {"if_match_etag": manifest.etag})


def _chunk_operations(change: ChunkChange, key: dict[str, str]) -> list[tuple[Any, ...]]:
    readers = {"principals": list(change.principals), "aclHash": change.acl_hash}
    operations: list[tuple[Any, ...]] = []
    for chunk, vector in change.put:
        made = {"generation": change.generation, "embedding": whole_numbers(vector)}
        item = {**key, "id": chunk.id, "kind": "chunk", **readers, **made}
        operations.append(("upsert", (item,)))
    renewed = [{"op": "set", "path": f"/{path}", "value": value} for path, value in readers.items()]
    operations += [("patch", (chunk_id, renewed)) for chunk_id in change.readers]
    operations += [("delete", (chunk_id,)) for chunk_id in change.remove]
    return operations


def _near(row: dict[str, Any]) -> Near:
    return Near(ShardId(row["shardId"]), row["id"], row["generation"], row["score"])
