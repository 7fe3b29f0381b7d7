"""The account, databases and containers of the Cosmos stand-in, as the unmodified `azure-cosmos` client meets them."""

from typing import Any

import pytest
from azure.cosmos import PartitionKey
from azure.cosmos.aio import ContainerProxy, CosmosClient, DatabaseProxy
from azure.cosmos.exceptions import (
    CosmosHttpResponseError,
    CosmosResourceExistsError,
    CosmosResourceNotFoundError,
)

from devtools.emulators.cosmos.server import Cosmos

pytestmark = pytest.mark.integration

T1A = ["t1", "a"]


def shard(**fields: Any) -> dict[str, Any]:
    return {"id": "a", "tenantId": "t1", "n": 1, **fields}


async def collected(pages: Any) -> list[Any]:
    return [row async for row in pages]


async def test_creating_what_exists_already_is_noticed(client: CosmosClient, database: DatabaseProxy) -> None:
    await database.create_container_if_not_exists("c", PartitionKey(path="/id"))
    await database.create_container_if_not_exists("c", PartitionKey(path="/id"))

    with pytest.raises(CosmosResourceExistsError):
        await database.create_container("c", PartitionKey(path="/id"))
    with pytest.raises(CosmosResourceExistsError):
        await client.create_database("shardline")
    assert [found["id"] async for found in client.list_databases()] == ["shardline"]
    assert [found["id"] async for found in database.list_containers()] == ["c"]
    assert [found["id"] async for found in client.query_databases("SELECT * FROM d WHERE d.id = 'shardline'")] == ["shardline"]


async def test_what_was_deleted_is_gone_with_all_in_it(client: CosmosClient, database: DatabaseProxy, shards: ContainerProxy) -> None:
    await shards.create_item(shard())

    await database.delete_container("shards")

    with pytest.raises(CosmosResourceNotFoundError):
        await shards.read()
    with pytest.raises(CosmosResourceNotFoundError) as missing:
        await shards.read_item("a", T1A)
    assert missing.value.sub_status == 1003

    await client.delete_database("shardline")

    with pytest.raises(CosmosResourceNotFoundError):
        await database.read()


async def test_a_container_comes_back_as_it_was_sent(database: DatabaseProxy) -> None:
    indexing: dict[str, Any] = {
        "indexingMode": "consistent",
        "automatic": True,
        "includedPaths": [{"path": "/n/?"}],
        "excludedPaths": [{"path": "/*"}, {"path": "/embedding/*"}],
        "compositeIndexes": [[{"path": "/n", "order": "ascending"}, {"path": "/m", "order": "descending"}]],
        "vectorIndexes": [{"path": "/embedding", "type": "diskANN"}],
    }
    vectors = {"vectorEmbeddings": [{"path": "/embedding", "dataType": "float32", "dimensions": 1536, "distanceFunction": "cosine"}]}

    await database.create_container(
        "vectors",
        PartitionKey(path=["/tenantId", "/shardId"]),
        indexing_policy=indexing,
        vector_embedding_policy=vectors,
        default_ttl=3600,
    )

    found = await database.get_container_client("vectors").read()
    assert found["indexingPolicy"] == indexing
    assert found["vectorEmbeddingPolicy"] == vectors
    assert found["defaultTtl"] == 3600
    assert found["partitionKey"] == {"paths": ["/tenantId", "/shardId"], "kind": "MultiHash", "version": 2}


async def test_a_container_keeps_its_key_and_takes_another_policy(database: DatabaseProxy, shards: ContainerProxy) -> None:
    await shards.create_item(shard())

    await database.replace_container(shards, PartitionKey(path=["/tenantId", "/id"]), default_ttl=60)

    assert (await shards.read())["defaultTtl"] == 60
    assert (await shards.read_item("a", T1A))["n"] == 1
    with pytest.raises(CosmosHttpResponseError, match="cannot be changed"):
        await database.replace_container(shards, PartitionKey(path="/other"))


@pytest.mark.parametrize(
    "options",
    [
        {"default_ttl": 0},
        {"unique_key_policy": {"uniqueKeys": [{"paths": ["/name"]}]}},
        {"indexing_policy": {"vectorIndexes": [{"path": "/v", "type": "flat"}]}},
    ],
)
async def test_a_container_that_would_not_behave_is_refused(database: DatabaseProxy, options: dict[str, Any]) -> None:
    with pytest.raises(CosmosHttpResponseError) as refused:
        await database.create_container("c", PartitionKey(path="/id"), **options)

    assert refused.value.status_code == 400


async def test_throughput_is_remembered(database: DatabaseProxy) -> None:
    container = await database.create_container("c", PartitionKey(path="/id"), offer_throughput=400)

    await container.replace_throughput(800)

    assert (await container.get_throughput()).offer_throughput == 800


async def test_another_key_is_refused(cosmos: Cosmos) -> None:
    stranger = CosmosClient(cosmos.endpoint, "c3RyYW5nZXI=", retry_total=0)

    with pytest.raises(CosmosHttpResponseError) as refused:
        await stranger.__aenter__()
    await stranger.close()

    assert refused.value.status_code == 401


async def test_key_ranges_are_told_once_and_then_not_modified(cosmos: Cosmos, shards: ContainerProxy) -> None:
    assert len(await collected(shards.read_feed_ranges())) == 1

    assert cosmos.operations.counts["ranges"] == 2
    assert cosmos.operations.statuses[304] == 1
