"""The embedding pipeline: a shard that has its links is looked at for what its vectors need, and only that is asked for."""

from collections.abc import Callable
from datetime import datetime

from shared.chunks.wanted import Wanted, generation
from shared.contracts.canonical import digest
from shared.contracts.embedding_requested import EmbeddingRequested
from shared.contracts.enrichment_done import EnrichmentDone
from shared.messaging.outcomes import Ignored, Outcome, Passed, Unchanged
from shared.messaging.publisher import Publisher
from shared.shards.carried import on_current
from shared.shards.model import Shard, Vectors
from shared.shards.store import ShardStore, VectorsChange
from shared.telemetry.origin import came_through
from shared.topology import Space


async def request(
    message: EnrichmentDone, *, shards: ShardStore, publisher: Publisher, space: Space, now: Callable[[], datetime]
) -> Outcome:
    """Ask for the chunks the shard has to have, if its summary does not tell of them.

    A shard whose words and readers are those already embedded gets a stamp; one without words that never was embedded, too.

    Raises:
        Conflict: the shard was written meanwhile; reading again will show what.
    """

    async def act(shard: Shard | None) -> Outcome:
        if shard is None:
            return Ignored("the shard is gone")
        came_through(shard.metadata.connection_id)
        if shard.id != message.shard_id:
            await publisher.publish(nothing(message, space))
            return Passed(message.shard_id, message.revision, reason="given-up id")
        wanted = Wanted.of(shard, space)
        known = shard.vectors
        if known is not None and wanted.is_told_by(known):
            if not shard.awaits_embedding:
                return Unchanged("embedded")
            await shards.change(shard, VectorsChange(known.model_copy(update={"revision": shard.revision_number})))
            return Unchanged("same words and readers")
        if known is None and not wanted.chunks and not shard.is_gone:
            await shards.change(shard, VectorsChange(summary(wanted, space, at=now())))
            return Unchanged("no words")
        await publisher.publish(requested(shard, wanted, correlation_id=message.correlation_id))
        return Passed(shard.id, shard.revision_number, reason="words" if known is None else _differences(known, wanted))

    return await on_current(message, act, shards=shards, now=now())


def requested(shard: Shard, wanted: Wanted, *, correlation_id: str | None) -> EmbeddingRequested:
    """The request for what a shard wants."""
    return EmbeddingRequested(
        tenant_id=shard.tenant_id,
        correlation_id=correlation_id,
        shard_id=shard.id,
        shard_type_id=shard.shard_type_id,
        revision=wanted.revision,
        space=wanted.space,
        generation=wanted.generation,
        content_hash=wanted.content_hash,
        acl_hash=wanted.acl_hash,
        principals=wanted.principals,
        chunks=wanted.chunks,
    )


def nothing(message: EnrichmentDone, space: Space) -> EmbeddingRequested:
    """The request that nothing be left of an id: the shard it leads to is found by its own."""
    made_by = generation(message.shard_type_id, space)
    return EmbeddingRequested(
        tenant_id=message.tenant_id,
        correlation_id=message.correlation_id,
        shard_id=message.shard_id,
        shard_type_id=message.shard_type_id,
        revision=message.revision,
        space=space.name,
        generation=made_by,
        content_hash=digest(made_by, ""),
        acl_hash=digest(),
        principals=(),
        chunks=(),
    )


def summary(wanted: Wanted, space: Space, *, at: datetime) -> Vectors:
    """What the shard says about its chunks."""
    return Vectors(
        space=space.name,
        quality=space.quality,
        generation=wanted.generation,
        content_hash=wanted.content_hash,
        acl_hash=wanted.acl_hash,
        chunk_count=len(wanted.chunks),
        revision=wanted.revision,
        generated_at=at,
    )


def _differences(known: Vectors, wanted: Wanted) -> str:
    is_same_text = (known.space, known.generation, known.content_hash) == (wanted.space, wanted.generation, wanted.content_hash)
    return "readers" if is_same_text else "words"
