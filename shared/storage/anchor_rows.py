"""A tenant's anchors among its shards in Cosmos DB: queries below the first part of the hierarchical key, as in ``record_index``."""

import sys
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from typing_extensions import override

from shared import topology
from shared.linking.anchor import ANCHOR_FIELDS, AnchorRow, AnchorRows
from shared.shards.model import Shard
from shared.shards.store import ALIAS_OF
from shared.storage.cosmos import CosmosAccount, queried
from shared.storage.record_index import COLUMNS
from shared.storage.record_index import PAGE_ITEMS as SHARDS_IN_A_PAGE

PAGE_ITEMS: Final = 2_000
"""Some 1 MiB of rows, of the 4 MiB an answer may hold: to read them keeps the event loop busy for some 20 ms."""
MOST_KEYS: Final = 200
"""Of one query; a query's text and parameters together may hold 512 KB (Azure Cosmos DB, "Service quotas")."""

_FIELDS: Final = ", ".join(
    f'"{field}": c.structuredData["{field}"]' for field in sorted({name for of in ANCHOR_FIELDS.values() for name in of})
)

CHANGED: Final = f"""
SELECT c.id, c.shardTypeId, c.status, c.{ALIAS_OF}, c._ts, {{{_FIELDS}}} AS fields,
ARRAY(SELECT e.system, e.scope, e.recordType, e.externalId FROM e IN c.external_relationships) AS records
FROM c WHERE c.tenantId = @tenant AND c._ts >= @since
AND ((ARRAY_CONTAINS(@types, c.shardTypeId) AND c.status != "draft") OR IS_DEFINED(c.{ALIAS_OF}))
"""  # noqa: S608 - of constants
"""An alias has no type any more. What it was may be in somebody's memory: it comes as something that is gone."""

SHARING: Final = f"""
SELECT {COLUMNS} FROM c
WHERE c.tenantId = @tenant AND EXISTS(SELECT VALUE k FROM k IN c.linking.keys WHERE ARRAY_CONTAINS(@keys, k))
"""  # noqa: S608 - of constants


class CosmosAnchorRows(AnchorRows):
    """The port over one account."""

    def __init__(self, account: CosmosAccount) -> None:
        self._account = account

    @override
    async def changed_since(self, tenant_id: str, changed_at: int) -> AsyncIterator[AnchorRow]:
        rows = self._rows(CHANGED, "list anchors", PAGE_ITEMS, tenant=tenant_id, since=changed_at, types=sorted(ANCHOR_FIELDS))
        async for row in rows:
            yield _anchor(row)

    @override
    async def sharing(self, tenant_id: str, keys: Sequence[str]) -> AsyncIterator[Shard]:
        wanted = sorted(set(keys))
        given: set[str] = set()  # one that shares keys of two parts is found by both
        for start in range(0, len(wanted), MOST_KEYS):
            part = wanted[start : start + MOST_KEYS]
            async for row in self._rows(SHARING, "list what shares keys", SHARDS_IN_A_PAGE, tenant=tenant_id, keys=part):
                if row["id"] not in given:
                    given.add(row["id"])
                    yield Shard.model_validate(row)

    async def _rows(self, text: str, what: str, page_items: int, *, tenant: str, **parameters: Any) -> AsyncIterator[dict[str, Any]]:
        container = await self._account.container(topology.SHARDS)
        rows = queried(container, text, what, page_items=page_items, partition_key=[tenant], tenant=tenant, **parameters)
        async for row in rows:
            yield row


def _anchor(row: dict[str, Any]) -> AnchorRow:
    if ALIAS_OF in row:
        return AnchorRow.given_up(row["id"], changed_at=row["_ts"])
    shard_type_id, fields = row["shardTypeId"], row["fields"]
    return AnchorRow(
        shard_id=row["id"],
        shard_type_id=sys.intern(shard_type_id),
        status=row["status"],
        records=tuple(_record(record) for record in row["records"]),
        fields={field: fields[field] for field in ANCHOR_FIELDS[shard_type_id] if fields.get(field) is not None},
        changed_at=row["_ts"],
    )


def _record(record: dict[str, str]) -> tuple[str, str, str, str]:
    """What a hundred thousand rows repeat is kept once."""
    return sys.intern(record["system"]), sys.intern(record["scope"]), sys.intern(record["recordType"]), record["externalId"]
