"""Stores in memory: the twins of those in ``shared/storage``. ``tests/contract/test_stores.py`` holds both to one suite."""

import copy
from typing import Any

from typing_extensions import override

from shared.connections.connection import Connection, Connections
from shared.contracts.claim import Claim, ClaimStore
from shared.errors import ClaimLost, Conflict, OwnershipConflict
from shared.gaps.gap import Gap, Gaps
from shared.shard_types.ensure import ShardTypeStore
from shared.shards.ids import ShardId
from shared.shards.model import Shard, Vectors
from shared.shards.store import MAX_ALIAS_STEPS, MAX_PATHS, Change, ShardStore, VectorsChange

ALIAS_OF = "aliasOf"


class InMemoryShards(ShardStore):
    """Shards by tenant and id. ``reads`` and ``writes`` count requests."""

    def __init__(self) -> None:
        self._documents: dict[tuple[str, str], dict[str, Any]] = {}
        self._etag = 0
        self.reads = 0
        self.writes = 0

    def all(self) -> list[Shard]:
        """Every shard, aliases left out."""
        return [Shard.model_validate(copy.deepcopy(document)) for document in self._documents.values() if ALIAS_OF not in document]

    def expire(self, tenant_id: str, shard_id: str) -> None:
        """The retention of a shard is over."""
        del self._documents[tenant_id, shard_id]

    @override
    async def read(self, tenant_id: str, shard_id: ShardId) -> Shard | None:
        _, document = self._followed(tenant_id, shard_id)
        return None if document is None else Shard.model_validate(copy.deepcopy(document))

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
    async def add_alias(self, tenant_id: str, old_id: ShardId, surviving_id: ShardId) -> None:
        end, _ = self._followed(tenant_id, surviving_id)
        if end == old_id:
            raise OwnershipConflict("the surviving shard is itself an alias of the old one")
        self.writes += 1
        self._put(tenant_id, {"id": old_id, "tenantId": tenant_id, ALIAS_OF: surviving_id})

    def _put(self, tenant_id: str, document: dict[str, Any]) -> dict[str, Any]:
        self._etag += 1
        stored = {**copy.deepcopy(document), "etag": str(self._etag)}
        self._documents[tenant_id, document["id"]] = stored
        return stored

    def _store(self, tenant_id: str, document: dict[str, Any]) -> Shard:
        return Shard.model_validate(copy.deepcopy(self._put(tenant_id, document)))

    def _followed(self, tenant_id: str, shard_id: str) -> tuple[str, dict[str, Any] | None]:
        for _ in range(MAX_ALIAS_STEPS + 1):
            self.reads += 1
            document = self._documents.get((tenant_id, shard_id))
            if document is None or ALIAS_OF not in document:
                return shard_id, document
            shard_id = document[ALIAS_OF]
        raise Conflict("the chain of aliases does not end")


class InMemoryConnections(Connections):
    """Connections by id, and aliases."""

    def __init__(self) -> None:
        self._connections: dict[str, Connection] = {}
        self._aliases: dict[str, str] = {}
        self.finds = 0

    @override
    async def find(self, handle: str) -> Connection | None:
        self.finds += 1
        return self._connections.get(self._aliases.get(handle, handle))

    @override
    async def add(self, connection: Connection, *, handles: tuple[str, ...] = ()) -> None:
        known = self._connections.get(connection.id)
        if known is not None and known.tenant_id != connection.tenant_id:
            raise OwnershipConflict(f"{connection.id} is connected by another tenant")
        if connection.id in self._aliases:
            raise OwnershipConflict(f"{connection.id} is a handle of another connection")
        aliases = set(handles) - {connection.id}
        if any(handle in self._connections or self._aliases.get(handle, connection.id) != connection.id for handle in aliases):
            raise OwnershipConflict("a handle leads to another connection")
        self._connections[connection.id] = connection.model_copy(update={"etag": "1"})
        self._aliases.update(dict.fromkeys(aliases, connection.id))


class InMemoryGaps(Gaps):
    """Gaps by id."""

    def __init__(self) -> None:
        self.known: dict[str, Gap] = {}

    @override
    async def open(self, gap: Gap) -> None:
        known = self.known.get(gap.id)
        if known is None or known.status != "open":
            self.known[gap.id] = gap


class InMemoryShardTypes(ShardTypeStore):
    """Definitions by id."""

    def __init__(self) -> None:
        self.known: dict[str, dict[str, Any]] = {}

    @override
    async def read(self, shard_type_id: str) -> dict[str, Any] | None:
        return copy.deepcopy(self.known.get(shard_type_id))

    @override
    async def write(self, document: dict[str, Any]) -> None:
        self.known[document["id"]] = copy.deepcopy(document)


class InMemoryClaims(ClaimStore):
    """Bodies by blob name."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}

    @override
    async def put(self, claim: Claim, body: bytes) -> None:
        self.blobs[claim.blob] = body

    @override
    async def redeem(self, claim: Claim) -> bytes:
        if claim.blob not in self.blobs:
            raise ClaimLost(f"blob {claim.blob} is gone")
        return claim.check(self.blobs[claim.blob])
