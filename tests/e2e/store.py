"""The store of a running app, looked into through the real SDK, and written behind the app's back."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import aiohttp
from azure.cosmos.aio import CosmosClient

from devtools.local.run import DATABASE, Run

CHUNK_CONTAINERS: Final = ("shard-chunks-text-embedding-3-small-1536", "shard-chunks-all-minilm-l6-v2-384", "shard-chunks-lexical-512")
READS: Final = frozenset({"account", "database", "container", "ranges", "offer", "read", "query", "plan", "feed"})
"""Kinds of requests that change nothing, in the stand-in's words."""

Document = dict[str, Any]


class Store:
    """One run's database."""

    def __init__(self, run: Run) -> None:
        self._run = run

    async def items(self, container: str, tenant_id: str) -> list[Document]:
        """Everything a tenant has in a container."""
        async with CosmosClient.from_connection_string(self._run.cosmos) as client:
            found = (
                client.get_database_client(DATABASE)
                .get_container_client(container)
                .query_items(
                    "SELECT * FROM c WHERE c.tenantId = @tenant",
                    parameters=[{"name": "@tenant", "value": tenant_id}],
                    partition_key=[tenant_id],
                )
            )
            return [document async for document in found]

    async def chunks(self, tenant_id: str) -> dict[str, list[Document]]:
        """Chunks and manifests of a tenant's shards, by the shard's id, whichever space they are in."""
        by_shard: dict[str, list[Document]] = {}
        for container in CHUNK_CONTAINERS:
            for item in await self.items(container, tenant_id):
                by_shard.setdefault(item["shardId"], []).append(item)
        return by_shard

    async def set(self, item: Document, values: Mapping[str, Any], *, container: str = "shards") -> None:
        """Change top-level fields of a shard, or of an item of another container that is one partition a tenant, as somebody who does not
        ask the app."""
        key = [item["tenantId"], item["id"]] if container == "shards" else [item["tenantId"]]
        async with CosmosClient.from_connection_string(self._run.cosmos) as client:
            operations = [{"op": "set", "path": f"/{name}", "value": value} for name, value in values.items()]
            await (
                client.get_database_client(DATABASE)
                .get_container_client(container)
                .patch_item(item["id"], partition_key=key, patch_operations=operations)
            )

    async def writes(self) -> Counter[str]:
        """How many requests changed something, or tried to, since the database was started; by container and kind."""
        async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{self._run.addresses.cosmos}/_operations") as answer:
            containers = (await answer.json())["containers"]
        return Counter(
            {f"{name} {kind}": count for name, kinds in containers.items() for kind, count in kinds.items() if kind not in READS}
        )


def chunks_in(items: list[Document]) -> list[Document]:
    """The chunks of a shard's partition."""
    return [item for item in items if item["kind"] == "chunk"]
