"""How a shard's chunks are brought from what the manifest tells to what is wanted, in transactions of a bounded size."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from shared.chunks.chunk import Chunk
from shared.chunks.store import MOST_IN_ONE_WRITE, ChunkChange, ChunkStore, Manifest
from shared.chunks.wanted import Wanted
from shared.contracts.embedding_requested import EmbeddingRequested
from shared.embeddings.embedder import Embedder, Vector
from shared.shards.ids import ShardId
from shared.shards.model import DELETED_TTL_SECONDS, KEPT_FOR_GOOD

Item = TypeVar("Item")


@dataclass(frozen=True)
class ChunkWriter:
    """Writes for one request. The manifest has the new revision only when everything of it is there."""

    message: EmbeddingRequested
    wanted: Wanted
    chunks: ChunkStore
    embedder: Embedder

    async def put(self, manifest: Manifest) -> tuple[Manifest, int]:
        """Embed and store the missing chunks, a transaction at a time, and store the readers of those that have others.

        Returns:
            The manifest as it is then, and how many chunks were embedded.

        Raises:
            Conflict: another worker wrote the same shard's chunks.
            PipelineError: as the embedder.
        """
        missing = [chunk for chunk in self.wanted.chunks if chunk.id not in manifest.chunks]
        kept = [chunk.id for chunk in self.wanted.chunks if manifest.chunks.get(chunk.id, self.wanted.acl_hash) != self.wanted.acl_hash]
        for part in _parts(missing):
            vectors = await self.embedder.embed([chunk.text for chunk in part])
            is_last = part[-1] is missing[-1] and len(part) + len(kept) <= MOST_IN_ONE_WRITE
            embedded = list(zip(part, vectors, strict=True))
            manifest = await self._write(manifest, put=embedded, readers=kept if is_last else (), is_whole=is_last)
            kept = [] if is_last else kept
        for renewed in _parts(kept):
            manifest = await self._write(manifest, readers=renewed, is_whole=renewed[-1] is kept[-1])
        if not self._is_whole(manifest):
            manifest = await self._write(manifest, is_whole=True)
        return manifest, len(missing)

    async def remove_the_rest(self, manifest: Manifest) -> Manifest:
        """Remove what is not wanted.

        Raises:
            Conflict: another worker wrote the same shard's chunks.
        """
        wanted = {chunk.id for chunk in self.wanted.chunks}
        rest = [chunk_id for chunk_id in manifest.chunks if chunk_id not in wanted]
        for removed in _parts(rest):
            manifest = await self._write(manifest, remove=removed, is_whole=True)
        return manifest

    def _is_whole(self, manifest: Manifest) -> bool:
        told = (manifest.revision, manifest.content_hash, manifest.acl_hash)
        return told == (self.wanted.revision, self.wanted.content_hash, self.wanted.acl_hash)

    async def _write(
        self,
        manifest: Manifest,
        *,
        put: Sequence[tuple[Chunk, Vector]] = (),
        readers: Sequence[str] = (),
        remove: Sequence[str] = (),
        is_whole: bool,
    ) -> Manifest:
        written = dict.fromkeys([*(chunk.id for chunk, _ in put), *readers], self.wanted.acl_hash)
        there = {chunk_id: acl_hash for chunk_id, acl_hash in {**manifest.chunks, **written}.items() if chunk_id not in remove}
        said = {"revision": self.wanted.revision, "content_hash": self.wanted.content_hash, "acl_hash": self.wanted.acl_hash}
        change = ChunkChange(
            manifest=manifest.model_copy(update={"chunks": there, **(said if is_whole else {})}),
            generation=self.wanted.generation,
            principals=self.wanted.principals,
            acl_hash=self.wanted.acl_hash,
            put=put,
            readers=readers,
            remove=remove,
            ttl=KEPT_FOR_GOOD if self.wanted.chunks else DELETED_TTL_SECONDS,
        )
        return await self.chunks.write(self.message.tenant_id, ShardId(self.message.shard_id), self.message.shard_type_id, change)


def _parts(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """As many as one transaction takes, until there are none."""
    for start in range(0, len(items), MOST_IN_ONE_WRITE):
        yield items[start : start + MOST_IN_ONE_WRITE]
