"""A stand-in, a client and containers for every test here.

Every test fails on a bug of the server, even one the client would have retried away.
"""

from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest
from azure.cosmos import PartitionKey
from azure.cosmos.aio import ContainerProxy, CosmosClient, DatabaseProxy

from devtools.emulators.cosmos.server import Cosmos, running_cosmos


@pytest.fixture
def clock() -> SimpleNamespace:
    """The server's clock: `seconds` are moved by hand."""
    return SimpleNamespace(seconds=1_800_000_000.0)


@pytest.fixture
async def cosmos(clock: SimpleNamespace) -> AsyncIterator[Cosmos]:
    async with running_cosmos(now=lambda: clock.seconds) as running:
        yield running
    assert running.operations.server_errors == 0


@pytest.fixture
async def client(cosmos: Cosmos) -> AsyncIterator[CosmosClient]:
    async with CosmosClient.from_connection_string(cosmos.connection_string) as found:
        yield found


@pytest.fixture
async def database(client: CosmosClient) -> DatabaseProxy:
    return await client.create_database_if_not_exists("shardline")


@pytest.fixture
async def shards(database: DatabaseProxy) -> ContainerProxy:
    return await database.create_container("shards", PartitionKey(path=["/tenantId", "/id"]), default_ttl=-1)


@pytest.fixture
async def chunks(database: DatabaseProxy) -> ContainerProxy:
    """Two tenants, two shards each, two chunks each."""
    found = await database.create_container("chunks", PartitionKey(path=["/tenantId", "/shardId"]))
    for number, (tenant, shard, chunk) in enumerate((t, s, c) for t in ("t1", "t2") for s in ("a", "b") for c in ("0", "1")):
        await found.create_item({"id": f"{shard}{chunk}", "tenantId": tenant, "shardId": shard, "n": number})
    return found
