"""Enrichment: a shard whose content changed, or whose links lead to a record that was merged, gets its links.

At most one write of the shard, of the fields this stage owns. A placeholder is made before the edge that leads to it, and the next stage is
told after: whatever broke off in between is made good by the next delivery.
"""

from collections.abc import Callable
from datetime import datetime

from processors.enrichment.links import led_to, linked
from processors.enrichment.placeholders import ensure
from shared.contracts.canonical import digest
from shared.contracts.enrichment_done import EnrichmentDone
from shared.contracts.shard_emitted import ShardEmitted
from shared.messaging.outcomes import Ignored, Outcome, Passed, Stored, Unchanged
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
    """Write the shard's edges, if they are not there. One that is announced as ``relink`` is looked at anew, whatever is remembered.

    Raises:
        Conflict: the shard was written meanwhile; reading again will show what.
    """

    is_relink = message.cause.startswith("relink:")

    async def act(shard: Shard | None) -> Outcome:
        if shard is None:
            return Ignored("the shard is gone")
        if shard.id != message.shard_id:
            await _give_up(message, publisher)
            return Passed(message.shard_id, message.revision, reason="given-up id")
        at = now()
        led = led_to(shard)
        links = linked(shard, led, at=at)
        if is_relink or shard.processing.enriched != links.stamp(shard):
            places = {}
            for target in links.targets:
                remembered = None if is_relink else led.get(target.shard_id, target.shard_id)
                place = await ensure(shard.tenant_id, target, remembered=remembered, shards=shards, known=known, at=at)
                places[target.shard_id] = place.shard_id
                if place.is_new:
                    metrics.count(Metric.PLACEHOLDERS, type=target.shard_type_id)
            links = linked(shard, places, at=at)
        enriched = links.stamp(shard)
        if shard.processing.enriched == enriched:
            if shard.awaits_embedding:
                await _announce(shard, enriched, message, publisher, at)
            return Unchanged("same links")
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


async def _give_up(message: ShardEmitted, publisher: Publisher) -> None:
    """The id leads to another shard by now. That one is announced itself; of this id nothing may be left."""
    await publisher.publish(
        EnrichmentDone(
            tenant_id=message.tenant_id,
            correlation_id=message.correlation_id,
            shard_id=message.shard_id,
            shard_type_id=message.shard_type_id,
            revision=message.revision,
            edge_set_hash=digest(message.cause),  # no set of edges: or the broker took it for what was said of the shard before
        )
    )
