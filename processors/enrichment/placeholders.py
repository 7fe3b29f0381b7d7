"""Where a named record's shard is: found, or made as a placeholder, so that an edge always leads somewhere."""

from dataclasses import dataclass
from datetime import datetime

from processors.enrichment.links import Target
from shared.errors import Conflict
from shared.shards.ids import ShardId
from shared.shards.known import KnownShards
from shared.shards.model import Shard
from shared.shards.placeholder import placeholder
from shared.shards.store import ShardStore


@dataclass(frozen=True)
class Place:
    """Where a target is."""

    shard_id: ShardId
    """Its own id, or that of the shard that carries it on."""
    is_new: bool = False
    """Whether a placeholder was made for it."""


async def ensure(
    tenant_id: str, target: Target, *, remembered: ShardId | None, shards: ShardStore, known: KnownShards, at: datetime
) -> Place:
    """See that the target is there.

    Args:
        tenant_id: whose shards they are.
        target: what is named.
        remembered: where it was the last time; None to look, whatever anybody remembers.
        shards: where it is looked for.
        known: the shards this worker saw lately.
        at: now.

    Raises:
        Conflict: it was there a moment ago, and is not any more.
    """
    if remembered is not None and known.has(tenant_id, remembered):
        return Place(remembered)
    found = await shards.read(tenant_id, target.shard_id)
    if found is None:
        try:
            await shards.create(_placeholder(tenant_id, target, at))
        except Conflict:  # the record itself, another that names it, or its merge was quicker
            found = await shards.read(tenant_id, target.shard_id)
            if found is None:
                raise
    place = found.id if found is not None else target.shard_id
    known.add(tenant_id, ShardId(place))
    return Place(ShardId(place), is_new=found is None)


def _placeholder(tenant_id: str, target: Target, at: datetime) -> Shard:
    return placeholder(
        tenant_id=tenant_id,
        shard_id=target.shard_id,
        shard_type_id=target.shard_type_id,
        system=target.system,
        system_type=target.system_type,
        scope=target.scope,
        record_type=target.record_type,
        external_id=target.external_id,
        created_by="enrichment",
        at=at,
    )
