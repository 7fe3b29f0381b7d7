"""The embedding worker: makes a shard's chunks what a request says they have to be.

The order is: what is missing is embedded and written, with the readers of all; the shard's summary is stored; what is not wanted any more
goes. The partition's manifest moves with every write and orders the workers, so nothing is embedded twice and the last revision wins. A
request that comes late changes nothing; one that was overtaken on the way is settled from the shard as it is by then.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from processors.embedding.pipeline import summary
from processors.embedding.writer import ChunkWriter
from shared.chunks.store import ChunkStore, Manifest
from shared.chunks.wanted import Wanted, generation
from shared.contracts.embedding_requested import EmbeddingRequested
from shared.embeddings.embedder import Embedder
from shared.errors import Conflict
from shared.messaging.outcomes import Ignored, Outcome, Stored, Unchanged
from shared.shards.ids import ShardId
from shared.shards.model import Shard
from shared.shards.store import ShardStore
from shared.telemetry.metrics import Metrics
from shared.telemetry.names import Metric
from shared.telemetry.origin import current_origin, lag_seconds

ROUNDS: Final = 3
"""How often a shard may change while its chunks are being made before the message is put off."""


@dataclass(frozen=True)
class _Worker:
    """One request, and what it is settled with."""

    message: EmbeddingRequested
    chunks: ChunkStore
    shards: ShardStore
    embedder: Embedder
    now: Callable[[], datetime]

    @property
    def shard_id(self) -> ShardId:
        return ShardId(self.message.shard_id)

    async def settle(self, wanted: Wanted) -> Outcome | None:
        """Write what is wanted; None when the shard wants something else by now."""
        found = await self.chunks.manifest(self.message.tenant_id, self.shard_id)
        if found is None and not wanted.chunks and await self._shard() is None:
            return Ignored("nothing was there")
        manifest = found or Manifest()
        if manifest.revision >= wanted.revision:  # made before: by this message, by one like it or by a later one
            shard = await self._shard()
            if self._is_settled(shard, manifest):
                return Unchanged("embedded") if manifest.revision == wanted.revision else Ignored("a later revision is there")
            if self._wanted_by(shard) != wanted:  # its revision, too: the manifest's never goes back but for a shard that began anew
                return None

        writer = ChunkWriter(self.message, wanted, self.chunks, self.embedder)
        manifest, embedded = await writer.put(manifest)
        told = summary(wanted, self.embedder.space, at=self.now())
        if not await self.shards.record_vectors(self.message.tenant_id, self.shard_id, told):
            shard = await self._shard()
            if not (self._is_wanted_by(shard, wanted) and self._is_told(shard)):
                return None
        await writer.remove_the_rest(manifest)
        return Stored(self.shard_id, wanted.revision, reason="vectors" if embedded else "readers")

    async def as_it_is(self) -> Wanted:
        """What the stored shard wants."""
        return self._wanted_by(await self._shard())

    async def _shard(self) -> Shard | None:
        """The shard as stored; None, too, when its id was given up for another, under which its words are found."""
        shard = await self.shards.read(self.message.tenant_id, self.shard_id)
        return shard if shard is not None and shard.id == self.shard_id else None

    def _is_settled(self, shard: Shard | None, manifest: Manifest) -> bool:
        """Whether the shard's chunks are what it wants, and it says so."""
        return self._is_told(shard) and self._wanted_by(shard).is_held_by(manifest)

    def _is_told(self, shard: Shard | None) -> bool:
        """Whether the shard says of its chunks what it wants of them, or is there no more to say anything."""
        if shard is None:
            return True
        return shard.vectors is not None and self._wanted_by(shard).is_told_by(shard.vectors) and not shard.awaits_embedding

    def _wanted_by(self, shard: Shard | None) -> Wanted:
        if shard is None:  # its retention is over: nothing of it may be left
            return replace(asked_for(self.message), principals=(), chunks=())
        return Wanted.of(shard, self.embedder.space)

    def _is_wanted_by(self, shard: Shard | None, wanted: Wanted) -> bool:
        current = self._wanted_by(shard)
        return (current.chunks, current.principals) == (wanted.chunks, wanted.principals)


async def embed(
    message: EmbeddingRequested,
    *,
    chunks: ChunkStore,
    shards: ShardStore,
    embedder: Embedder,
    metrics: Metrics,
    now: Callable[[], datetime],
) -> Outcome:
    """Make the chunks of one revision, unless a later one's are there.

    Raises:
        Conflict: another worker wrote the same shard's chunks meanwhile, or the shard keeps changing.
        PipelineError: as the embedder.
    """
    worker = _Worker(message, chunks, shards, embedder, now)
    made_by = (embedder.space.name, generation(message.shard_type_id, embedder.space))
    is_ours = (message.space, message.generation) == made_by  # not asked by a deployment that makes chunks in another way
    wanted = asked_for(message) if is_ours else await worker.as_it_is()
    for _ in range(ROUNDS):
        outcome = await worker.settle(wanted)
        if outcome is not None:
            if isinstance(outcome, Stored):
                _record_lag(metrics, now())
            return outcome
        wanted = await worker.as_it_is()
    raise Conflict("the shard changes faster than its chunks are made")


def _record_lag(metrics: Metrics, at: datetime) -> None:
    """Of what a record led to. What was embedded because of another shard, or after the moment was lost, has none."""
    origin = current_origin()
    if origin.observed_at is not None:
        metrics.record(Metric.LAG_VECTOR, lag_seconds(origin.observed_at, at), source=origin.source, pace=origin.pace)


def asked_for(message: EmbeddingRequested) -> Wanted:
    """What a request says."""
    return Wanted(
        revision=message.revision,
        space=message.space,
        generation=message.generation,
        content_hash=message.content_hash,
        acl_hash=message.acl_hash,
        principals=message.principals,
        chunks=message.chunks,
    )
