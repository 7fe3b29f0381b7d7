"""The shard as it would be if a sighting is news: merged data, edges, access list and stamp."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from processors.normalization.sighting import Sighting
from shared.access.acl import ADMINS, ADMINS_ONLY, Acl, person, readers
from shared.shard_types.registry import shard_type
from shared.shards.ids import external_edge_id
from shared.shards.model import (
    DELETED_TTL_SECONDS,
    KEPT_FOR_GOOD,
    ExternalRelationship,
    Metadata,
    Normalization,
    Shard,
    Status,
    fingerprint,
)
from shared.shards.store import ContentChange


def proposed(sighting: Sighting, stored: Shard | None, *, now: datetime) -> tuple[Shard, Normalization]:
    """The shard, one revision on, and its stamp.

    Raises:
        UnmappableRecord: when a field cannot be read or a required one is missing.
    """
    event, conversion = sighting.event, sighting.conversion
    known_type = shard_type(conversion.shard_type_id)
    data = dict(stored.structured_data) if stored else {}
    if event.payload is not None:
        data = conversion.merge(data, conversion.read(event.payload, event.coverage))
    status: Status = "deleted" if sighting.is_deletion else "active"
    if status != "deleted":
        known_type.check(data)
    external = _external(sighting, stored, label=data.get("name"), now=now)
    acl = readers_of(sighting, data) or ADMINS_ONLY
    known = stored.normalization if stored else None
    stamp = Normalization(
        fingerprint=fingerprint(structured_data=data, acl=acl, status=status, external=external, schema_version=known_type.schema_version),
        vendor_version=event.vendor_version or (known.vendor_version if known else None),
        observed_at=event.observed_at,
        conversion_version=conversion.version,
        coverage=event.coverage,
        unmerged=sighting.seen if sighting.is_unmerged else known.unmerged if known else None,
    )
    metadata = stored.metadata if stored else Metadata()
    shard = Shard(
        id=stored.id if stored else sighting.shard_id,
        tenant_id=event.tenant_id,
        shard_type_id=known_type.id,
        schema_version=known_type.schema_version,
        structured_data=data,
        external_relationships=external,
        acl=acl,
        metadata=metadata.model_copy(update={"connection_id": event.connection_id, "correlation_id": event.correlation_id}),
        status=status,
        revision_number=stored.revision_number + 1 if stored else 1,
        normalization=stamp,
        created_at=stored.created_at if stored else now,
        updated_at=now,
        ttl=DELETED_TTL_SECONDS if status == "deleted" else KEPT_FOR_GOOD,
    )
    return shard, stamp


def readers_of(sighting: Sighting, data: Mapping[str, Any]) -> Acl | None:
    """The readers as far as the record tells, from all that is known of it; None when they are unknown.

    A person is meant by reference, ``group:<system>:<scope>/<id>``: who that is today, the directory says.
    """
    conversion = sighting.conversion
    if conversion.readers == "unknown":
        return None
    owner = sighting.external_id if conversion.readers == "self" else data.get(conversion.owner_field or "")
    if not isinstance(owner, str) or not owner or not owner.startswith(conversion.owner_prefix):
        return None
    return readers((person(sighting.event.source, sighting.scope, owner), ADMINS))


def content_change(shard: Shard, stamp: Normalization) -> ContentChange:
    """The fields normalization owns, as a partial update."""
    return ContentChange(
        structured_data=dict(shard.structured_data),
        external_relationships=shard.external_relationships,
        acl=shard.acl,
        status=shard.status,
        metadata=shard.metadata,
        normalization=stamp,
        revision_number=shard.revision_number,
        schema_version=shard.schema_version,
        updated_at=shard.updated_at,
        ttl=shard.ttl,
    )


def _external(sighting: Sighting, stored: Shard | None, *, label: object, now: datetime) -> tuple[ExternalRelationship, ...]:
    """The edges to vendor records: ours renewed, those of other systems and scopes kept.

    A sighting under an id the vendor gave up leaves the edge on the surviving record.
    """
    event, conversion = sighting.event, sighting.conversion
    known = stored.external_relationships if stored else ()
    ours = [edge for edge in known if (edge.system, edge.scope) == (event.source, sighting.scope)]
    is_alias = stored is not None and stored.id != sighting.shard_id
    external_id = ours[0].external_id if ours and is_alias else sighting.external_id
    renewed = ExternalRelationship(
        id=external_edge_id(system=event.source, scope=sighting.scope, record_type=conversion.record_type, external_id=external_id),
        system=event.source,
        system_type=conversion.system_type,
        scope=sighting.scope,
        record_type=conversion.record_type,
        external_id=external_id,
        label=str(label) if label is not None else None,
        last_synced_at=event.observed_at,
        created_at=ours[0].created_at if ours else now,
    )
    return (*(edge for edge in known if edge not in ours), renewed)
