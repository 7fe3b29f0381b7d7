"""Stored shards as documents, found by what they lack: for an operator alone."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from azure.core import MatchConditions
from typing_extensions import override

from shared import topology
from shared.storage.cosmos import CosmosAccount, found, guarded_write, queried

PAGE_ITEMS: Final = 100
Document = dict[str, Any]
ETAG: Final = "_etag"


@dataclass(frozen=True)
class Wanted:
    """Which shards a migration is for, said twice: as a query, and of one document. A test holds both to the same shards."""

    where: str
    """A condition on ``c``, of constants and parameters."""
    is_met_by: Callable[[Document], bool]
    """The same of a document that was read: whether it still is to be changed, when somebody else has written it meanwhile."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    columns: str = "*"


class MigratedShards(Protocol):
    """Where they are."""

    async def count(self, wanted: Wanted, tenant_id: str | None) -> int:
        """How many there are, of one tenant or of all.

        Raises:
            TransientError: when the store cannot answer now.
        """

    def each(self, wanted: Wanted, tenant_id: str | None) -> AsyncIterator[Document]:
        """All of them, in no order; streamed."""

    async def read(self, tenant_id: str, shard_id: str) -> Document | None:
        """One of them as it is now."""

    async def patch(self, document: Document, paths: Mapping[str, Any]) -> None:
        """Set top-level fields of a document, over the very state that was read.

        Raises:
            Conflict: it was written since, or is gone.
        """


class CosmosMigratedShards(MigratedShards):
    """The port over one account."""

    def __init__(self, account: CosmosAccount) -> None:
        self._account = account

    @override
    async def count(self, wanted: Wanted, tenant_id: str | None) -> int:
        return sum([row["found"] async for row in self._rows("COUNT(1) AS found", wanted, tenant_id)])  # one row of each physical partition

    @override
    async def each(self, wanted: Wanted, tenant_id: str | None) -> AsyncIterator[Document]:
        async for row in self._rows(wanted.columns, wanted, tenant_id):
            yield row

    @override
    async def read(self, tenant_id: str, shard_id: str) -> Document | None:
        container = await self._account.container(topology.SHARDS)
        return await found(container.read_item(shard_id, partition_key=[tenant_id, shard_id]), "read a shard to migrate")

    @override
    async def patch(self, document: Document, paths: Mapping[str, Any]) -> None:
        container = await self._account.container(topology.SHARDS)
        async with guarded_write("migrate a shard"):
            await container.patch_item(
                document["id"],
                partition_key=[document["tenantId"], document["id"]],
                patch_operations=[{"op": "set", "path": f"/{path}", "value": value} for path, value in paths.items()],
                etag=document[ETAG],
                match_condition=MatchConditions.IfNotModified,
                no_response=True,
            )

    async def _rows(self, columns: str, wanted: Wanted, tenant_id: str | None) -> AsyncIterator[Document]:
        container = await self._account.container(topology.SHARDS)
        whose = "" if tenant_id is None else "c.tenantId = @tenant AND "
        given = dict(wanted.parameters) if tenant_id is None else {**wanted.parameters, "tenant": tenant_id}
        text = f"SELECT {columns} FROM c WHERE {whose}{wanted.where}"  # noqa: S608 - of constants
        within = None if tenant_id is None else [tenant_id]
        async for row in queried(container, text, "look for what to migrate", page_items=PAGE_ITEMS, partition_key=within, **given):
            yield row
