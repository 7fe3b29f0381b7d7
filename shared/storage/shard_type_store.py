"""Shard type definitions in Cosmos DB, key ``/id``."""

from typing import Any

from typing_extensions import override

from shared import topology
from shared.shard_types.ensure import ShardTypeStore
from shared.storage.azure_errors import azure_errors
from shared.storage.cosmos import CosmosAccount, found


class CosmosShardTypes(ShardTypeStore):
    """The port over one account."""

    def __init__(self, account: CosmosAccount) -> None:
        self._account = account

    @override
    async def read(self, shard_type_id: str) -> dict[str, Any] | None:
        container = await self._account.container(topology.SHARD_TYPES)
        return await found(container.read_item(shard_type_id, partition_key=shard_type_id), "read a shard type")

    @override
    async def write(self, document: dict[str, Any]) -> None:
        container = await self._account.container(topology.SHARD_TYPES)
        async with azure_errors("store a shard type"):
            await container.upsert_item(document, no_response=True)
