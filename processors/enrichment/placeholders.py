"""Placeholders: a shard for a record that others name and that was not seen yet, so that an edge always leads somewhere.

It has the id the record's own shard will have, and none of its content. When the record is seen, normalization fills the same shard, and
nothing has to be linked again. Only authoritative references make one, never a guess.
"""

from datetime import datetime

from processors.enrichment.links import Target
from shared.access.acl import ADMINS_ONLY
from shared.errors import Conflict
from shared.shard_types.registry import shard_type
from shared.shards.ids import external_edge_id
from shared.shards.known import KnownShards
from shared.shards.model import ExternalRelationship, Metadata, Shard
from shared.shards.store import ShardStore


def placeholder(tenant_id: str, target: Target, *, at: datetime) -> Shard:
    """The shard of a record of which only the id is known. For admins alone: nobody knows yet who may read the record."""
    return Shard(
        id=target.shard_id,
        tenant_id=tenant_id,
        shard_type_id=target.shard_type_id,
        schema_version=shard_type(target.shard_type_id).schema_version,
        structured_data={},
        external_relationships=(
            ExternalRelationship(
                id=external_edge_id(
                    system=target.system, scope=target.scope, record_type=target.record_type, external_id=target.external_id
                ),
                system=target.system,
                system_type=target.system_type,
                scope=target.scope,
                record_type=target.record_type,
                external_id=target.external_id,
                sync_status="pending",
                last_synced_at=at,
                created_at=at,
                created_by="enrichment",
            ),
        ),
        acl=ADMINS_ONLY,
        metadata=Metadata(created_by="enrichment", updated_by="enrichment"),
        status="draft",
        revision_number=1,
        created_at=at,
        updated_at=at,
    )


async def ensure(tenant_id: str, target: Target, *, shards: ShardStore, known: KnownShards, at: datetime) -> bool:
    """See that the target is there.

    Returns:
        Whether a placeholder was made for it.
    """
    if known.has(tenant_id, target.shard_id):
        return False
    is_new = await shards.read(tenant_id, target.shard_id) is None
    if is_new:
        try:
            await shards.create(placeholder(tenant_id, target, at=at))
        except Conflict:  # the record itself, or another that names it, was quicker
            is_new = False
    known.add(tenant_id, target.shard_id)
    return is_new
