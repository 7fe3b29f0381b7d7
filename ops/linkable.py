"""Every shard of a tenant that enrichment may link to something: for an operator alone, which is why no port of the app has it."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from typing_extensions import override

from shared import topology
from shared.linking.vocabulary import INFERRED
from shared.storage.cosmos import CosmosAccount, queried

LINKED_TYPES: Final = tuple(sorted({owning for owning, _ in INFERRED}))
"""Types whose shards own a relationship that enrichment may find out."""
PAGE_ITEMS: Final = 1_000
WHERE: Final = 'WHERE c.tenantId = @tenant AND c.status = "active" AND ARRAY_CONTAINS(@types, c.shardTypeId)'
"""What is gone has no links, and a placeholder says nothing."""
ROWS: Final = f"SELECT c.id, c.shardTypeId, c.revisionNumber FROM c {WHERE}"  # noqa: S608 - of constants
COUNT: Final = f"SELECT COUNT(1) AS found FROM c {WHERE}"  # noqa: S608 - as above


@dataclass(frozen=True)
class LinkableShard:
    """One of them."""

    id: str
    shard_type_id: str
    revision: int


class LinkableShards(Protocol):
    """Where they are."""

    async def count(self, tenant_id: str, types: Sequence[str]) -> int:
        """How many there are of these types.

        Raises:
            TransientError: when the store cannot answer now.
        """

    def each(self, tenant_id: str, types: Sequence[str]) -> AsyncIterator[LinkableShard]:
        """All of them, in no order; streamed.

        Raises:
            TransientError: when the store cannot answer now.
        """


class CosmosLinkableShards(LinkableShards):
    """The port over one account."""

    def __init__(self, account: CosmosAccount) -> None:
        self._account = account

    @override
    async def count(self, tenant_id: str, types: Sequence[str]) -> int:
        return sum([row["found"] async for row in self._rows(COUNT, tenant_id, types)])  # one row of each physical partition

    @override
    async def each(self, tenant_id: str, types: Sequence[str]) -> AsyncIterator[LinkableShard]:
        async for row in self._rows(ROWS, tenant_id, types):
            yield LinkableShard(row["id"], row["shardTypeId"], row["revisionNumber"])

    async def _rows(self, text: str, tenant_id: str, types: Sequence[str]) -> AsyncIterator[dict[str, Any]]:
        container = await self._account.container(topology.SHARDS)
        given = {"tenant": tenant_id, "types": list(types)}
        async for row in queried(container, text, "list what can be linked", page_items=PAGE_ITEMS, partition_key=[tenant_id], **given):
            yield row
