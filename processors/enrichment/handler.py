"""Enrichment: a shard whose content changed gets its links.

At most one write of the shard, of the fields this stage owns. A placeholder is made before the edge that leads to it, and the next stage is
told after: whatever broke off in between is made good by the next delivery.
"""

from collections.abc import Callable
from datetime import datetime

from processors.enrichment.links import linked
from processors.enrichment.placeholders import ensure
from shared.contracts.enrichment_done import EnrichmentDone
from shared.contracts.shard_emitted import ShardEmitted
from shared.messaging.outcomes import Ignored, Outcome, Stored, Unchanged
from shared.messaging.publisher import Publisher
from shared.shards.carried import CarriedShard, on_current
from shared.shards.known import KnownShards
from shared.shards.model import Enriched, Shard
from shared.shards.store import LinksChange, ShardStore
from shared.telemetry.metrics import Metrics
from shared.telemetry.names import Metric


async def enrich(
    message: ShardEmitted, *, shards: ShardStore, known: KnownShards, publisher: Publisher, metrics: Metrics, now: Callable[[], datetime]
) -> Outcome:
    """Write the shard's edges, if they are not there.

    Raises:
        Conflict: the shard was written meanwhile; reading again will show what.
    """

    async def act(shard: Shard | None) -> Outcome:
        if shard is None:
            return Ignored("the shard is gone")
        at = now()
        links = linked(shard, at=at)
        enriched = Enriched(revision=shard.revision_number, edge_set_hash=links.edge_set_hash)
        if shard.processing.enriched == enriched:
            if shard.awaits_embedding:
                await _announce(shard, enriched, message, publisher, at)
            return Unchanged("same links")
        for target in links.targets:
            if await ensure(shard.tenant_id, target, shards=shards, known=known, at=at):
                metrics.count(Metric.PLACEHOLDERS, type=target.shard_type_id)
        changed = await shards.change(shard, LinksChange(links.edges, enriched))
        await _announce(changed, enriched, message, publisher, at)
        return Stored(shard.id, shard.revision_number, reason="links")

    return await on_current(message, act, shards=shards, now=now())


async def _announce(shard: Shard, enriched: Enriched, message: ShardEmitted, publisher: Publisher, at: datetime) -> None:
    await publisher.publish(
        EnrichmentDone(
            tenant_id=shard.tenant_id,
            correlation_id=message.correlation_id,
            shard_id=shard.id,
            shard_type_id=shard.shard_type_id,
            revision=shard.revision_number,
            edge_set_hash=enriched.edge_set_hash,
            carried=CarriedShard.of(shard, at=at),
        )
    )
