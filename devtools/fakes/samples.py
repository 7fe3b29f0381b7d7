"""Ordinary things to store, for tests that do not care what is in them."""

from datetime import UTC, datetime
from typing import Final, Literal

from shared.access.acl import ADMINS_ONLY
from shared.connections.connection import Connection, connection_id
from shared.gaps.gap import Gap
from shared.shards.ids import ShardId, external_edge_id, shard_id
from shared.shards.model import KEPT_FOR_GOOD, ExternalRelationship, Metadata, Normalization, Seen, Shard, Vectors
from shared.shards.store import Alias, ContentChange, ShardStore, SightingChange

NOON: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
ORGANIZATION: Final = "00D000000000001EAA"


def sample_id(tenant_id: str, external_id: str = "001000000000001AAA") -> ShardId:
    """The id of one of a tenant's Salesforce accounts."""
    return shard_id(tenant_id=tenant_id, system="salesforce", scope=ORGANIZATION, record_type="Account", external_id=external_id)


def sample_shard(tenant_id: str, *, external_id: str = "001000000000001AAA", name: str = "Acme") -> Shard:
    """An account in its first revision."""
    return Shard(
        id=sample_id(tenant_id, external_id),
        tenant_id=tenant_id,
        shard_type_id="c_account",
        schema_version=1,
        structured_data={"name": name},
        acl=ADMINS_ONLY,
        metadata=Metadata(),
        status="active",
        revision_number=1,
        normalization=sample_stamp(),
        created_at=NOON,
        updated_at=NOON,
    )


def sample_stamp(vendor_version: str = "0000001") -> Normalization:
    """Normalization's stamp."""
    return Normalization(fingerprint="f", vendor_version=vendor_version, observed_at=NOON, conversion_version="c", coverage="complete")


def sample_change(name: str, *, revision_number: int = 2) -> ContentChange:
    """The account was renamed."""
    return ContentChange(
        structured_data={"name": name},
        external_relationships=(),
        acl=ADMINS_ONLY,
        status="active",
        metadata=Metadata(),
        normalization=sample_stamp("0000002"),
        revision_number=revision_number,
        schema_version=1,
        updated_at=NOON,
        ttl=KEPT_FOR_GOOD,
    )


def sample_sighting(vendor_version: str) -> SightingChange:
    """The account was seen again, unchanged."""
    return SightingChange(sample_stamp(vendor_version))


async def give_up(shards: ShardStore, tenant_id: str, old: str, surviving: str, *, seen: Seen | None = None) -> None:
    """Let an id lead to another one from now on, whatever is under it."""
    alias = Alias(tenant_id, ShardId(old), ShardId(surviving), seen=seen)
    await shards.add_alias(alias, instead_of=await shards.entry(tenant_id, alias.id))


def sample_vectors(*, revision: int) -> Vectors:
    """The account's chunks were made from this revision."""
    return Vectors(
        space="lexical-512",
        quality="lexical",
        generation="a" * 32,
        content_hash="b" * 32,
        acl_hash="c" * 32,
        chunk_count=1,
        revision=revision,
        generated_at=NOON,
    )


def sample_connection(tenant_id: str, account: str, *, status: Literal["active", "paused"] = "active") -> Connection:
    """A Salesforce organization of a tenant."""
    return Connection(
        id=connection_id("salesforce", account),
        tenant_id=tenant_id,
        source="salesforce",
        account=account,
        status=status,
        created_at=NOON,
    )


def sample_gap(tenant_id: str, *, at: datetime = NOON, stream: str = "Account", connection_id: str = "salesforce:1") -> Gap:
    """Readers that could not be told."""
    return Gap.found(tenant_id=tenant_id, connection_id=connection_id, stream=stream, reason="acl-unknown", at=at)


def sample_record(
    external_id: str, *, record_type: str = "Account", system: str = "salesforce", scope: str = ORGANIZATION
) -> ExternalRelationship:
    """The edge of a shard to its record."""
    return ExternalRelationship(
        id=external_edge_id(system=system, scope=scope, record_type=record_type, external_id=external_id),
        system=system,
        system_type="crm",
        scope=scope,
        record_type=record_type,
        external_id=external_id,
        last_synced_at=NOON,
        created_at=NOON,
    )
