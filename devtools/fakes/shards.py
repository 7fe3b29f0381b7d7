"""Shards in memory, and what is read of all of them: the twins of the shard store, the record index and the directory."""

import copy
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from typing_extensions import override

from devtools.fakes.clock import Clock
from shared.access.acl import Principal
from shared.access.directory import PERSON, Directory, principals_of_person
from shared.errors import Conflict, OwnershipConflict
from shared.shards.ids import ShardId
from shared.shards.model import Shard, Vectors
from shared.shards.record_index import RecordIndex, RecordKind, StoredRecord
from shared.shards.store import ALIAS_OF, MAX_ALIAS_STEPS, MAX_PATHS, Alias, Change, ShardStore, VectorsChange, alias_of


class InMemoryShards(ShardStore):
    """Shards by tenant and id. ``reads`` and ``writes`` count requests."""

    def __init__(self, now: Callable[[], datetime] | None = None) -> None:
        self._documents: dict[tuple[str, str], dict[str, Any]] = {}
        self._now = now or Clock()
        self._written_at: dict[tuple[str, str], int] = {}
        self._etag = 0
        self.reads = 0
        self.writes = 0

    def all(self) -> list[Shard]:
        """Every shard, aliases left out."""
        return [Shard.model_validate(copy.deepcopy(document)) for document in self._documents.values() if ALIAS_OF not in document]

    def written(self, tenant_id: str) -> Iterator[tuple[dict[str, Any], int]]:
        """Every document of a tenant, aliases too, to look at; and in which second since 1970 it was stored."""
        for (tenant, shard_id), document in self._documents.items():
            if tenant == tenant_id:
                yield document, self._written_at[tenant, shard_id]

    def expire(self, tenant_id: str, shard_id: str) -> None:
        """The retention of a shard is over."""
        del self._documents[tenant_id, shard_id]

    @override
    async def read(self, tenant_id: str, shard_id: ShardId) -> Shard | None:
        _, document = self._followed(tenant_id, shard_id)
        return None if document is None else Shard.model_validate(copy.deepcopy(document))

    @override
    async def entry(self, tenant_id: str, shard_id: ShardId) -> Shard | Alias | None:
        self.reads += 1
        document = self._documents.get((tenant_id, shard_id))
        if document is None:
            return None
        return alias_of(document, etag=document["etag"]) or Shard.model_validate(copy.deepcopy(document))

    @override
    async def create(self, shard: Shard) -> Shard:
        self.writes += 1
        if (shard.tenant_id, shard.id) in self._documents:
            raise Conflict("the shard is there")
        return self._store(shard.tenant_id, shard.document())

    @override
    async def change(self, shard: Shard, change: Change) -> Shard:
        self.writes += 1
        paths = change.paths()
        if len(paths) > MAX_PATHS:
            raise ValueError(f"a partial update may name {MAX_PATHS} paths, and this one names {len(paths)}")
        document = self._documents.get((shard.tenant_id, shard.id))
        if document is None or document["etag"] != shard.etag:
            raise Conflict("the shard was written since")
        return self._store(shard.tenant_id, {**document, **paths})

    @override
    async def record_vectors(self, tenant_id: str, shard_id: ShardId, vectors: Vectors) -> bool:
        self.writes += 1
        document = self._documents.get((tenant_id, shard_id))
        if document is None or ALIAS_OF in document or document["revisionNumber"] < vectors.revision:
            return False
        if ((document.get("vectors") or {}).get("revision") or 0) > vectors.revision:
            return False
        self._store(tenant_id, {**document, **VectorsChange(vectors).paths()})
        return True

    @override
    async def add_alias(self, alias: Alias, *, instead_of: Shard | Alias | None) -> None:
        path, _ = self._followed(alias.tenant_id, alias.surviving_id)
        if alias.id in path:
            raise OwnershipConflict("the surviving shard is itself an alias of the old one")
        self._replace(alias.tenant_id, alias.document(), None if instead_of is None else instead_of.etag)

    @override
    async def end_alias(self, alias: Alias, shard: Shard) -> Shard:
        return Shard.model_validate(copy.deepcopy(self._replace(alias.tenant_id, shard.document(), alias.etag)))

    def _replace(self, tenant_id: str, document: dict[str, Any], etag: str | None) -> dict[str, Any]:
        self.writes += 1
        if (self._documents.get((tenant_id, document["id"])) or {}).get("etag") != etag:
            raise Conflict("it was written since")
        return self._put(tenant_id, document)

    def _put(self, tenant_id: str, document: dict[str, Any]) -> dict[str, Any]:
        return self._keep(tenant_id, copy.deepcopy(document))

    def _keep(self, tenant_id: str, document: dict[str, Any]) -> dict[str, Any]:
        self._etag += 1
        stored = self._documents[tenant_id, document["id"]] = {**document, "etag": str(self._etag)}
        self._written_at[tenant_id, document["id"]] = int(self._now().timestamp())
        return stored

    def _store(self, tenant_id: str, document: dict[str, Any]) -> Shard:
        return Shard.model_validate(copy.deepcopy(self._put(tenant_id, document)))

    def _followed(self, tenant_id: str, shard_id: str) -> tuple[list[str], dict[str, Any] | None]:
        path = [shard_id]
        for _ in range(MAX_ALIAS_STEPS + 1):
            self.reads += 1
            document = self._documents.get((tenant_id, path[-1]))
            if document is None or ALIAS_OF not in document:
                return path, document
            path.append(document[ALIAS_OF])
        raise Conflict("the chain of aliases does not end")


class InMemoryRecordIndex(RecordIndex):
    """Shards by their records' keys. What it gives is as the adapter gives it: to look at, and not to write."""

    def __init__(self, shards: InMemoryShards) -> None:
        self._shards = shards

    @override
    async def between(self, kind: RecordKind, *, after: str | None, up_to: str | None) -> AsyncIterator[StoredRecord]:
        for shard, external_id in self._of(kind):
            place = external_id if kind.range_field is None else shard.structured_data.get(kind.range_field)
            if isinstance(place, str) and (after is None or place > after) and (up_to is None or place <= up_to):
                yield StoredRecord(external_id, to_look_at(shard))

    @override
    async def naming(self, tenant_id: str, target: ShardId) -> AsyncIterator[Shard]:
        for shard in self._shards.all():
            if shard.tenant_id == tenant_id and any(edge.get("targetShardId") == target for edge in shard.internal_relationships):
                yield to_look_at(shard)

    @override
    async def within(self, tenant_id: str, fields: Sequence[str], external_id: str) -> AsyncIterator[Shard]:
        for shard in self._shards.all():
            is_named = any(shard.structured_data.get(field) == external_id for field in fields)
            if shard.tenant_id == tenant_id and shard.status != "draft" and is_named:
                yield to_look_at(shard)

    @override
    async def stored(self, kind: RecordKind, key: str) -> Shard | None:
        found = await self._shards.read(kind.tenant_id, kind.shard_id(key))
        return None if found is None or found.status == "draft" else to_look_at(found)

    @override
    async def count(self, kind: RecordKind) -> int:
        return sum(shard.status == "active" for shard, _ in self._of(kind))

    def _of(self, kind: RecordKind) -> Iterator[tuple[Shard, str]]:
        for shard in self._shards.all():
            if shard.tenant_id != kind.tenant_id or shard.status == "draft":
                continue
            for edge in shard.external_relationships:
                if (edge.system, edge.scope, edge.record_type) == (kind.system, kind.scope, kind.record_type):
                    yield shard, edge.external_id


def to_look_at(shard: Shard) -> Shard:
    """What an index gives of a shard: not to be written."""
    return shard.model_copy(update={"vectors": None, "unstructured_data": None, "ml_fields": None, "etag": None})


class InMemoryDirectory(Directory):
    """People among the shards."""

    def __init__(self, shards: InMemoryShards) -> None:
        self._shards = shards

    @override
    async def principals_of(self, tenant_id: str, email: str) -> frozenset[Principal]:
        people = [shard for shard in self._shards.all() if (shard.tenant_id, shard.shard_type_id) == (tenant_id, PERSON)]
        return frozenset(principal for person in people for principal in principals_of_person(person, email))

    @override
    async def audiences_of(self, tenant_id: str, members: Collection[Principal]) -> frozenset[Principal]:
        active = [shard for shard in self._shards.all() if (shard.tenant_id, shard.status) == (tenant_id, "active")]
        audiences = [shard.metadata.audience for shard in active if shard.metadata.audience is not None]
        return frozenset(audience.principal for audience in audiences if not set(members).isdisjoint(audience.members))
