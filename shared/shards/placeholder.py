"""Placeholders: a shard for a record that others name and that was not seen yet, so that an edge, or an alias, always leads somewhere.

It has the id the record's own shard will have, and none of its content. When the record is seen, normalization fills the same shard, and
nothing has to be linked again. Only what a vendor's own reference names gets one, never a guess.
"""

from datetime import datetime
from typing import Literal

from shared.access.acl import ADMINS_ONLY
from shared.shard_types.registry import shard_type
from shared.shards.ids import ShardId, external_edge_id
from shared.shards.model import ExternalRelationship, Metadata, Shard


def placeholder(
    *,
    tenant_id: str,
    shard_id: ShardId,
    shard_type_id: str,
    system: str,
    system_type: Literal["crm", "storage", "messaging", "other"],
    scope: str,
    record_type: str,
    external_id: str,
    created_by: str,
    at: datetime,
) -> Shard:
    """The shard of a record of which only the id is known. For admins alone: nobody knows yet who may read the record.

    Raises:
        UnmappableRecord: when the registry does not know the type.
    """
    record = ExternalRelationship(
        id=external_edge_id(system=system, scope=scope, record_type=record_type, external_id=external_id),
        system=system,
        system_type=system_type,
        scope=scope,
        record_type=record_type,
        external_id=external_id,
        sync_status="pending",
        last_synced_at=at,
        created_at=at,
        created_by=created_by,
    )
    return Shard(
        id=shard_id,
        tenant_id=tenant_id,
        shard_type_id=shard_type_id,
        schema_version=shard_type(shard_type_id).schema_version,
        structured_data={},
        external_relationships=(record,),
        acl=ADMINS_ONLY,
        metadata=Metadata(created_by=created_by, updated_by=created_by),
        status="draft",
        revision_number=1,
        created_at=at,
        updated_at=at,
    )
