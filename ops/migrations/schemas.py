"""Shards whose structured data is of an earlier version of their type are brought to the newest, each guarded by the state that was read.

One that others are told of (it has normalization's stamp) gets a new revision. It is announced before it is written, for a minute later:
whoever dies in between has announced what did not change, which is harmless, and finds the shard again.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from pydantic import ValidationError
from typing_extensions import override

from ops.migrations.documents import Document, Wanted
from ops.migrations.migration import Done, Due, Migration, MigrationPorts, place_of
from ops.migrations.upcasts import UPCASTS, Upcast
from ops.tenants.showing import Progress
from shared.contracts.canonical import digest
from shared.contracts.message import timestamp
from shared.contracts.shard_emitted import ShardEmitted
from shared.errors import Conflict, UnmappableRecord
from shared.shard_types.registry import SHARD_TYPES
from shared.shard_types.shard_type import ShardType
from shared.shards.model import Shard, fingerprint

TRIES: Final = 5
ANNOUNCED_AFTER: Final = timedelta(seconds=60)
"""Far longer than a write takes."""


class SchemasRise(Migration):
    """Shards of an earlier version."""

    name = "schema-versions"
    says = "shards of an earlier version of their type"
    is_done_here = True

    def __init__(self, types: Sequence[ShardType] = SHARD_TYPES, upcasts: Mapping[tuple[str, int], Upcast] = UPCASTS) -> None:
        self.types = types
        self.upcasts = upcasts

    @override
    async def due(self, ports: MigrationPorts, tenant_id: str | None) -> Due:
        return Due(sum([await ports.shards.count(earlier(known), tenant_id) for known in self._raised]))

    @override
    async def carry_out(self, ports: MigrationPorts, tenant_id: str | None, progress: Progress) -> Done:
        done, run = Done(), digest("migrate", self.name, timestamp(ports.now()))
        for known in self._raised:
            total = await ports.shards.count(earlier(known), tenant_id)
            async for document in ports.shards.each(earlier(known), tenant_id):
                await self._bring(known, document, ports, done, run)
                progress.counts(f"{self.name} {known.id}", done.count, total)
        return done

    @property
    def _raised(self) -> list[ShardType]:
        return [known for known in self.types if known.schema_version > 1]

    async def _bring(self, known: ShardType, document: Document, ports: MigrationPorts, done: Done, run: str) -> None:
        now: Document | None = document
        for _ in range(TRIES):
            if now is None or not earlier(known).is_met_by(now):
                return  # gone, or somebody else has done it
            try:
                paths, announced = self.changes(known, now, at=timestamp(ports.now()), run=run)
            except (UnmappableRecord, ValidationError, LookupError, TypeError, ValueError, AttributeError) as error:
                done.unreadable.append(f"{place_of(now)}: {_why(error)}")
                return
            if announced is not None:
                await ports.publisher.schedule(announced, due_at=ports.now() + ANNOUNCED_AFTER)
            try:
                await ports.shards.patch(now, paths)
            except Conflict:
                now = await ports.shards.read(document["tenantId"], document["id"])
            else:
                done.count += 1
                return
        done.left += 1

    def changes(self, known: ShardType, document: Document, *, at: str, run: str) -> tuple[dict[str, Any], ShardEmitted | None]:
        """The fields to set, and what others are told.

        Raises:
            UnmappableRecord: no step leads to the newest version, or what it comes to is none of the type.
            ValueError, LookupError, TypeError, AttributeError: the document is no readable shard.
        """
        data = dict(document["structuredData"])
        for version in range(document["schemaVersion"], known.schema_version):
            step = self.upcasts.get((known.id, version))
            if step is None:
                raise UnmappableRecord(f"no step from version {version} of {known.id}: renormalize its connection")
            data = step(data)
        known.check(data)
        paths: dict[str, Any] = {"structuredData": data, "schemaVersion": known.schema_version, "updatedAt": at}
        if document.get("normalization") is None:
            return paths, None
        shard = Shard.model_validate(document)
        revision = shard.revision_number + 1
        if shard.is_as_stamped and shard.normalization is not None:  # or it would look as if a person had written it
            stamp = fingerprint(
                structured_data=data,
                acl=shard.acl,
                status=shard.status,
                external=shard.external_relationships,
                schema_version=known.schema_version,
            )
            paths["normalization"] = {**document["normalization"], "fingerprint": stamp}
        told = ShardEmitted(
            tenant_id=shard.tenant_id,
            correlation_id=run,
            shard_id=shard.id,
            shard_type_id=shard.shard_type_id,
            revision=revision,
            cause=f"relink:{run}",
        )
        return {**paths, "revisionNumber": revision}, told


def earlier(known: ShardType) -> Wanted:
    """Shards of the type with an earlier version."""
    version = known.schema_version

    def is_met_by(document: Document) -> bool:
        return document.get("shardTypeId") == known.id and isinstance(said := document.get("schemaVersion"), int) and said < version

    return Wanted("c.shardTypeId = @type AND c.schemaVersion < @version", is_met_by, {"type": known.id, "version": version})


def _why(error: Exception) -> str:
    return str(error) if isinstance(error, UnmappableRecord) else f"no readable shard ({type(error).__name__})"
