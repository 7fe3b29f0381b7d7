"""The chunk store port: one partition a shard, in it the chunks and one manifest of them.

Every write is one transaction on the partition that also moves the manifest, guarded by the state of it that was read: what the manifest
says is there is there, whenever a worker was killed, and two workers cannot both write.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from shared.access.acl import Principal
from shared.chunks.chunk import Chunk
from shared.contracts.message import Wire
from shared.embeddings.embedder import Vector
from shared.shards.ids import ShardId

MOST_IN_ONE_WRITE: Final = 99
"""A transactional batch has 100 operations (Azure Cosmos DB, "Transactional batch operations"); one is the manifest's."""


class Manifest(Wire):
    """What is in a shard's partition. ``revision`` is the last one whose chunks and readers were all written; 0 before the first."""

    revision: int = 0
    content_hash: str = ""
    acl_hash: str = ""
    chunks: Mapping[str, str] = {}
    """Chunk id → the hash of the readers it is stored with."""
    etag: str | None = None
    """The store's mark of this state; None before the first."""


@dataclass(frozen=True)
class ChunkChange:
    """One transaction. At most ``MOST_IN_ONE_WRITE`` chunks in all."""

    manifest: Manifest
    """As it will be, with the mark of the state that was read."""
    generation: str
    principals: tuple[Principal, ...]
    acl_hash: str
    put: Sequence[tuple[Chunk, Vector]] = ()
    """New chunks, with these readers."""
    readers: Sequence[str] = ()
    """Ids of chunks that get these readers and are otherwise left alone."""
    remove: Sequence[str] = ()
    """Ids of chunks that go."""
    ttl: int = -1
    """Of the manifest: when nothing is left for it to tell it goes too, after the retention of its shard."""


@dataclass(frozen=True)
class Near:
    """A chunk near a question."""

    shard_id: ShardId
    chunk_id: str
    generation: str
    score: float
    """The cosine, 1 for the same direction."""


class ChunkStore(Protocol):
    """Where the chunks of one space are."""

    async def manifest(self, tenant_id: str, shard_id: ShardId) -> Manifest | None:
        """What is there of a shard; None when nothing ever was. One point read."""

    async def write(self, tenant_id: str, shard_id: ShardId, shard_type_id: str, change: ChunkChange) -> Manifest:
        """All of a change, or nothing of it.

        Returns:
            The manifest as it is now, with its new mark.

        Raises:
            Conflict: when the partition was written since the manifest was read.
        """

    async def nearest(self, tenant_id: str, vector: Vector, *, principals: Sequence[Principal], most: int) -> list[Near]:
        """The chunks nearest to a vector that one of the principals may find, best first, at most so many."""
