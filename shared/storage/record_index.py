"""Shards by the keys of their vendor records, in Cosmos DB: queries below a tenant, the first part of the hierarchical key.

The tenant stands in the text as well as in the key, as in ``chunk_store``. What is heavy is left out; and the store's mark with it, so that
nobody takes half a shard for one that may be written or sent on.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from typing_extensions import override

from shared import topology
from shared.shards.ids import ShardId
from shared.shards.model import Shard
from shared.shards.record_index import RecordIndex, RecordKind, StoredRecord
from shared.storage.cosmos import CosmosAccount, queried
from shared.storage.shard_store import CosmosShardStore

PAGE_ITEMS: Final = 200
"""Some 400 KiB of ordinary shards, of the 4 MiB an answer may hold."""

LEFT_OUT: Final = frozenset({"unstructured_data", "vectors", "ml_fields", "etag"})
COLUMNS: Final = ", ".join(f"c.{field.alias}" for name, field in Shard.model_fields.items() if name not in LEFT_OUT)
"""A shard to look at."""

OF_KIND: Final = """
FROM c JOIN e IN c.external_relationships
WHERE c.tenantId = @tenant AND c.status != "draft" AND e.system = @system AND e.scope = @scope AND e.recordType = @type
"""
"""An alias has no records, and a placeholder is a draft."""

NAMING: Final = f"""
SELECT {COLUMNS} FROM c WHERE c.tenantId = @tenant AND ARRAY_CONTAINS(c.internal_relationships, @edge, true)
"""  # noqa: S608 - of constants


class CosmosRecordIndex(RecordIndex):
    """The port over one account."""

    def __init__(self, account: CosmosAccount) -> None:
        self._account = account
        self._shards = CosmosShardStore(account)

    @override
    async def between(self, kind: RecordKind, *, after: str | None, up_to: str | None) -> AsyncIterator[StoredRecord]:
        text, bounds = f"SELECT e.externalId, {COLUMNS} {OF_KIND}", {}
        bounded = "e.externalId" if kind.range_field is None else f'c.structuredData["{kind.range_field}"]'
        if after is not None:
            text, bounds["after"] = f"{text} AND {bounded} > @after", after
        if up_to is not None:
            text, bounds["upTo"] = f"{text} AND {bounded} <= @upTo", up_to
        async for row in self._rows(text, "list records", tenant=kind.tenant_id, **_parameters(kind), **bounds):
            yield StoredRecord(row["externalId"], Shard.model_validate(row))

    @override
    async def naming(self, tenant_id: str, target: ShardId) -> AsyncIterator[Shard]:
        async for row in self._rows(NAMING, "list what names a shard", tenant=tenant_id, edge={"targetShardId": target}):
            yield Shard.model_validate(row)

    @override
    async def within(self, tenant_id: str, fields: Sequence[str], external_id: str) -> AsyncIterator[Shard]:
        named = " OR ".join(f'c.structuredData["{field}"] = @id' for field in fields)
        text = f'SELECT {COLUMNS} FROM c WHERE c.tenantId = @tenant AND c.status != "draft" AND ({named})'  # noqa: S608 - fields of ours
        async for row in self._rows(text, "list what is in a folder", tenant=tenant_id, id=external_id):
            yield Shard.model_validate(row)

    @override
    async def stored(self, kind: RecordKind, key: str) -> Shard | None:
        found = await self._shards.read(kind.tenant_id, kind.shard_id(key))
        return None if found is None or found.status == "draft" else found.model_copy(update=dict.fromkeys(LEFT_OUT))

    @override
    async def count(self, kind: RecordKind) -> int:
        text = f'SELECT COUNT(1) AS found {OF_KIND} AND c.status = "active"'
        rows = self._rows(text, "count records", tenant=kind.tenant_id, **_parameters(kind))
        return sum([row["found"] async for row in rows])  # one row of each physical partition

    async def _rows(self, text: str, what: str, *, tenant: str, **parameters: Any) -> AsyncIterator[dict[str, Any]]:
        container = await self._account.container(topology.SHARDS)
        rows = queried(container, text, what, page_items=PAGE_ITEMS, partition_key=[tenant], tenant=tenant, **parameters)
        async for row in rows:
            yield row


def _parameters(kind: RecordKind) -> dict[str, str]:
    return {"system": kind.system, "scope": kind.scope, "type": kind.record_type}
