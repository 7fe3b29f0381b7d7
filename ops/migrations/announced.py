"""Shards that a stage has to look at anew: they are announced, and the stage does what is missing. What needs nothing costs a read.

An announcement has the same id while the shard is as it is, so one made twice within the hour is one.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any, Final

from typing_extensions import override

from ops.linkable import LINKED_TYPES
from ops.migrations.documents import Document, Wanted
from ops.migrations.migration import BATCH, Done, Due, Migration, MigrationPorts, place_of
from ops.tenants.showing import Progress
from shared.chunks.wanted import generation
from shared.contracts.canonical import digest
from shared.contracts.enrichment_done import EnrichmentDone
from shared.contracts.message import Message
from shared.contracts.shard_emitted import ShardEmitted
from shared.linking.anchor import ANCHOR_FIELDS
from shared.messaging.envelope import MESSAGE_ID, Envelope
from shared.shard_types.registry import SHARD_TYPES
from shared.topology import Space

COLUMNS: Final = "c.id, c.tenantId, c.shardTypeId, c.revisionNumber, c.processing"
NOTED_TYPES: Final = sorted({*LINKED_TYPES, *ANCHOR_FIELDS})
"""Types whose shards enrichment keeps notes with."""


class Announced(Migration):
    """One that announces."""

    is_done_here = True

    def wanted(self, ports: MigrationPorts) -> Sequence[Wanted]:
        """Which shards."""
        raise NotImplementedError

    def announcement(self, document: Document, ports: MigrationPorts) -> Message:
        """What is told of one."""
        raise NotImplementedError

    @override
    async def due(self, ports: MigrationPorts, tenant_id: str | None) -> Due:
        return Due(sum([await ports.shards.count(wanted, tenant_id) for wanted in self.wanted(ports)]))

    @override
    async def carry_out(self, ports: MigrationPorts, tenant_id: str | None, progress: Progress) -> Done:
        done, total = Done(), (await self.due(ports, tenant_id)).count
        batch: list[Envelope] = []
        async for document in self._each(ports, tenant_id):
            try:
                batch.append(self._envelope(document, ports))
            except (LookupError, TypeError, ValueError, AttributeError) as error:  # pydantic's is a ValueError
                done.unreadable.append(f"{place_of(document)}: no readable shard ({type(error).__name__})")
                continue
            if len(batch) == BATCH:
                await self._send(batch, ports, done)
                progress.counts(self.name, done.count, total)
                await ports.pause()
        await self._send(batch, ports, done)
        progress.counts(self.name, done.count, total)
        return done

    async def _each(self, ports: MigrationPorts, tenant_id: str | None) -> AsyncIterator[Document]:
        for wanted in self.wanted(ports):
            async for document in ports.shards.each(wanted, tenant_id):
                yield document

    def _envelope(self, document: Document, ports: MigrationPorts) -> Envelope:
        """With an id of its own: under the one that the stage before has given it, it could be dropped as a duplicate."""
        envelope = Envelope.of(self.announcement(document, ports), traceparent=None)
        name = digest("migrate", self.name, ports.space.name, envelope.id)
        return replace(envelope, id=name, properties={**envelope.properties, MESSAGE_ID: name})

    async def _send(self, batch: list[Envelope], ports: MigrationPorts, done: Done) -> None:
        if batch:
            await ports.transport.send(*batch)
            done.count += len(batch)
            batch.clear()


class LinksLookedAt(Announced):
    """Shards from before linking."""

    name = "linking-notes"
    says = "shards without enrichment's notes: from before linking; looked at for links"

    @override
    def wanted(self, ports: MigrationPorts) -> Sequence[Wanted]:
        return [unnoted()]

    @override
    def announcement(self, document: Document, ports: MigrationPorts) -> Message:
        return _emitted(document, self.name)


class VectorsMade(Announced):
    """Shards whose vectors are of another space or generation than this deployment's, or that have none."""

    name = "vectors"
    says = "shards without vectors of this deployment's space and generation; embedded"

    @override
    def wanted(self, ports: MigrationPorts) -> Sequence[Wanted]:
        return [unembedded(known.id, ports.space) for known in SHARD_TYPES if known.text is not None]

    @override
    def announcement(self, document: Document, ports: MigrationPorts) -> Message:
        enriched = (document.get("processing") or {}).get("enriched")
        if enriched is None:  # the stage before comes first, and announces it
            return _emitted(document, self.name)
        return EnrichmentDone(
            tenant_id=document["tenantId"],
            correlation_id=digest("migrate", self.name, document["id"]),
            shard_id=document["id"],
            shard_type_id=document["shardTypeId"],
            revision=document["revisionNumber"],
            edge_set_hash=enriched["edgeSetHash"],
        )


def unnoted() -> Wanted:
    """Active shards that enrichment keeps notes with, and has none."""

    def is_met_by(document: Document) -> bool:
        is_ours = document.get("status") == "active" and document.get("shardTypeId") in NOTED_TYPES
        return is_ours and "keys" not in (document.get("linking") or {})

    where = 'c.status = "active" AND ARRAY_CONTAINS(@types, c.shardTypeId) AND NOT IS_DEFINED(c.linking.keys)'
    return Wanted(where, is_met_by, {"types": NOTED_TYPES}, COLUMNS)


def unembedded(shard_type_id: str, space: Space) -> Wanted:
    """Active shards of a type whose summary tells of no vectors such as this deployment makes."""
    made_by = generation(shard_type_id, space)

    def is_met_by(document: Document) -> bool:
        told: dict[str, Any] = document.get("vectors") or {}
        is_ours = document.get("status") == "active" and document.get("shardTypeId") == shard_type_id
        return is_ours and (told.get("space"), told.get("generation")) != (space.name, made_by)

    where = (
        'c.status = "active" AND c.shardTypeId = @type'
        " AND (NOT IS_DEFINED(c.vectors.generation) OR c.vectors.space != @space OR c.vectors.generation != @generation)"
    )
    return Wanted(where, is_met_by, {"type": shard_type_id, "space": space.name, "generation": made_by}, COLUMNS)


def _emitted(document: Document, why: str) -> ShardEmitted:
    run = digest("migrate", why, document["id"], str(document["revisionNumber"]))
    return ShardEmitted(
        tenant_id=document["tenantId"],
        correlation_id=run,
        shard_id=document["id"],
        shard_type_id=document["shardTypeId"],
        revision=document["revisionNumber"],
        cause=f"relink:{run}",
    )
