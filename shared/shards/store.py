"""The shard store port: a point read, a create, and partial updates guarded by the state that was read.

Every call takes a tenant. A partial update names its owner's fields only (architecture 7, "one writer per field"), at most ten paths
because a Cosmos DB patch may hold ten operations (Azure Cosmos DB, "Partial document update").
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from shared.access.acl import Acl
from shared.contracts.message import timestamp
from shared.linking.decision import LinkDecision
from shared.shards.ids import ShardId
from shared.shards.model import Enriched, ExternalRelationship, Linking, Metadata, Normalization, Seen, Shard, Status, Vectors
from shared.shards.versions import Order

MAX_PATHS: Final = 10
ALIAS_OF: Final = "aliasOf"
"""The field that an alias has and no shard: the id it leads to."""
MAX_ALIAS_STEPS: Final = 5
"""A chain of merges longer than this is a fault, not a history."""


@dataclass(frozen=True)
class Alias:
    """What is under an id that the vendor gave up: where the shard is that carries its history on."""

    tenant_id: str
    id: ShardId
    surviving_id: ShardId
    """The record it was merged into, as the vendor named it. That one's id may be an alias itself."""
    seen: Seen | None = None
    """The sighting that said so; None: older than any other."""
    revision_number: int = 1
    """The last one there was under the id. A shard that takes its place begins after it."""
    etag: str | None = None
    """The store's mark of this very state; None for one not stored yet."""

    def is_over_by(self, seen: Seen) -> bool:
        """Whether a sighting of the record is newer."""
        return self.seen is None or seen.order(self.seen) is Order.NEWER

    def document(self) -> dict[str, Any]:
        """The stored form."""
        seen = {} if self.seen is None else {"seen": self.seen.model_dump(mode="json", by_alias=True)}
        return {"id": self.id, "tenantId": self.tenant_id, ALIAS_OF: self.surviving_id, "revisionNumber": self.revision_number, **seen}


def alias_of(document: Mapping[str, Any], *, etag: str) -> Alias | None:
    """An alias as it was stored; None for a shard's document."""
    if ALIAS_OF not in document:
        return None
    seen = document.get("seen")
    return Alias(
        tenant_id=document["tenantId"],
        id=ShardId(document["id"]),
        surviving_id=ShardId(document[ALIAS_OF]),
        seen=None if seen is None else Seen.model_validate(seen),
        revision_number=document.get("revisionNumber", 1),
        etag=etag,
    )


class Change(Protocol):
    """One stage's partial update."""

    def paths(self) -> dict[str, Any]:
        """Top-level field of the stored document → its new value, at most ``MAX_PATHS`` of them."""


@dataclass(frozen=True)
class ContentChange:
    """Normalization: the record changed."""

    structured_data: dict[str, Any]
    external_relationships: tuple[ExternalRelationship, ...]
    acl: Acl
    status: Status
    metadata: Metadata
    normalization: Normalization
    revision_number: int
    schema_version: int
    updated_at: datetime
    ttl: int

    def paths(self) -> dict[str, Any]:
        """Ten paths, which is all there may be."""
        return {
            "structuredData": self.structured_data,
            "external_relationships": [edge.model_dump(mode="json", by_alias=True) for edge in self.external_relationships],
            "acl": [entry.model_dump(mode="json", by_alias=True) for entry in self.acl],
            "status": self.status,
            "metadata": self.metadata.model_dump(mode="json", by_alias=True),
            "normalization": self.normalization.model_dump(mode="json", by_alias=True),
            "revisionNumber": self.revision_number,
            "schemaVersion": self.schema_version,
            "updatedAt": timestamp(self.updated_at),
            "ttl": self.ttl,
        }


@dataclass(frozen=True)
class SightingChange:
    """Normalization: the record was seen in a newer version with the same content. Nobody is told, but an older version arriving late
    must still be known as older."""

    normalization: Normalization
    held: tuple[tuple[ExternalRelationship, ...], Metadata] | None = None
    """Who holds it, of a record that several streams may hold: when each of them saw it last."""

    def paths(self) -> dict[str, Any]:
        """The stamp, and who holds it."""
        said: dict[str, Any] = {"normalization": self.normalization.model_dump(mode="json", by_alias=True)}
        if self.held is not None:
            edges, metadata = self.held
            said["external_relationships"] = [edge.model_dump(mode="json", by_alias=True) for edge in edges]
            said["metadata"] = metadata.model_dump(mode="json", by_alias=True)
        return said


@dataclass(frozen=True)
class LinksChange:
    """Enrichment: the shard has these edges, and was looked at in this revision."""

    internal_relationships: tuple[dict[str, Any], ...]
    enriched: Enriched
    linking: Linking | None = None
    """None: as it is."""

    def paths(self) -> dict[str, Any]:
        """The edges, the stamp and the notes."""
        notes = {} if self.linking is None else {"linking": self.linking.model_dump(mode="json", by_alias=True)}
        return {
            "internal_relationships": list(self.internal_relationships),
            "processing": {"enriched": self.enriched.model_dump(mode="json", by_alias=True)},
            **notes,
        }


@dataclass(frozen=True)
class DecisionsChange:
    """Suggested links: a person decided. The edges are those the decisions make of what was read, as enrichment would write them: whoever
    approves sees the link at once. Both are written in one step, guarded by the state that was read."""

    link_decisions: tuple[LinkDecision, ...]
    internal_relationships: tuple[dict[str, Any], ...]

    def paths(self) -> dict[str, Any]:
        """The decisions and the edges."""
        return {
            "linkDecisions": [decision.model_dump(mode="json", by_alias=True) for decision in self.link_decisions],
            "internal_relationships": list(self.internal_relationships),
        }


@dataclass(frozen=True)
class VectorsChange:
    """Embedding: the chunks are those of this revision."""

    vectors: Vectors

    def paths(self) -> dict[str, Any]:
        """The summary."""
        return {"vectors": self.vectors.model_dump(mode="json", by_alias=True)}


@dataclass(frozen=True)
class StateChange:
    """Ingestion: how far a stream has been read."""

    structured_data: dict[str, Any]
    updated_at: datetime

    def paths(self) -> dict[str, Any]:
        """The data and the moment."""
        return {"structuredData": self.structured_data, "updatedAt": timestamp(self.updated_at)}


class ShardStore(Protocol):
    """Where shards are."""

    async def read(self, tenant_id: str, shard_id: ShardId) -> Shard | None:
        """The shard, or the surviving one when the id is an alias; None when there is neither.

        Raises:
            TransientError: when the store cannot answer now.
        """

    async def entry(self, tenant_id: str, shard_id: ShardId) -> Shard | Alias | None:
        """What is under this very id; an alias is not followed. One point read.

        Raises:
            TransientError: when the store cannot answer now.
        """

    async def create(self, shard: Shard) -> Shard:
        """Store a shard that is not there yet.

        Returns:
            The shard with the store's mark of it, as a read would give it.

        Raises:
            Conflict: when it is there by now.
        """

    async def change(self, shard: Shard, change: Change) -> Shard:
        """Apply a partial update to the state that was read.

        Returns:
            The shard as it is now, as a read would give it.

        Raises:
            Conflict: when the shard was written since.
        """

    async def record_vectors(self, tenant_id: str, shard_id: ShardId, vectors: Vectors) -> bool:
        """Store the summary of a shard's chunks, unless that of a later revision is there: nothing was read before, so nothing else guards.

        Returns:
            Whether it was stored. It was not when a later one is there, or the shard is gone, given up for another or not at this
            revision yet.
        """

    async def add_alias(self, alias: Alias, *, instead_of: Shard | Alias | None) -> None:
        """Let an id that the vendor gave up point to the shard that carries its history on, instead of what was read under it.

        Raises:
            Conflict: when something else is under the id by now.
            OwnershipConflict: when the surviving id itself leads to the old one, so that both would point in a circle.
        """

    async def end_alias(self, alias: Alias, shard: Shard) -> Shard:
        """Store a shard under its own id again, instead of the alias that was read.

        Returns:
            The shard with the store's mark of it, as a read would give it.

        Raises:
            Conflict: when the alias was written since.
        """
