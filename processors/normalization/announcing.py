"""What the next stage is told of a shard that was written."""

from datetime import datetime

from shared.contracts.ingestion import IngestionEvent
from shared.contracts.shard_emitted import Cause, ShardEmitted
from shared.messaging.publisher import Publisher
from shared.shards.carried import CarriedShard
from shared.shards.model import Shard


def cause_of(shard: Shard, stored: Shard | None) -> Cause:
    """Why a shard is announced: its content, or its access list alone."""
    is_acl_alone = stored is not None and shard.acl != stored.acl and _said_by(shard) == _said_by(stored)
    return "acl" if is_acl_alone else "content"


async def announce(shard: Shard, event: IngestionEvent, publisher: Publisher, *, cause: Cause, at: datetime) -> None:
    """Announce the revision."""
    await publisher.publish(
        ShardEmitted(
            tenant_id=shard.tenant_id,
            correlation_id=event.correlation_id,
            shard_id=shard.id,
            shard_type_id=shard.shard_type_id,
            revision=shard.revision_number,
            cause=cause,
            carried=CarriedShard.of(shard, at=at),
        )
    )


def _said_by(shard: Shard) -> tuple[object, ...]:
    return shard.structured_data, shard.status
