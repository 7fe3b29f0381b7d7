"""Containers with a vector policy, as a local run is provisioned with them."""

from typing import Any

import pytest
from azure.cosmos import PartitionKey
from azure.cosmos.aio import CosmosClient

from devtools.emulators.cosmos.server import Cosmos
from devtools.provision import provision_cosmos
from shared.topology import MINILM, chunk_container

pytestmark = pytest.mark.integration

CHUNKS = chunk_container(MINILM)


async def test_the_chunks_of_a_space_are_made_with_its_vector_policy(cosmos: Cosmos, client: CosmosClient) -> None:
    await provision_cosmos(cosmos.connection_string, "shardline")
    cosmos.operations.reset()
    await provision_cosmos(cosmos.connection_string, "shardline")

    made = await client.get_database_client("shardline").get_container_client("shard-chunks-all-minilm-l6-v2-384").read()
    embedding = {"path": "/embedding", "dataType": "float32", "dimensions": 384, "distanceFunction": "cosine"}
    assert made["vectorEmbeddingPolicy"] == {"vectorEmbeddings": [embedding]}
    assert made["indexingPolicy"] == CHUNKS.indexing_policy
    assert made["defaultTtl"] == -1
    assert set(cosmos.operations.statuses) == {200}


async def test_a_time_to_live_is_brought_up_to_date_beside_vectors(cosmos: Cosmos, client: CosmosClient) -> None:
    database = await client.create_database("shardline")
    key = PartitionKey(list(CHUNKS.partition_key))
    policies: dict[str, Any] = {"indexing_policy": CHUNKS.indexing_policy, "vector_embedding_policy": CHUNKS.vector_policy}
    before = await database.create_container(CHUNKS.name, key, default_ttl=60, **policies)

    await provision_cosmos(cosmos.connection_string, "shardline")

    assert (await before.read())["defaultTtl"] == -1


async def test_another_vector_policy_is_left_as_it_is(cosmos: Cosmos, client: CosmosClient) -> None:
    database = await client.create_database("shardline")
    before = await database.create_container(CHUNKS.name, PartitionKey(list(CHUNKS.partition_key)))

    await provision_cosmos(cosmos.connection_string, "shardline")

    assert "vectorEmbeddingPolicy" not in await before.read()
    assert "defaultTtl" not in await before.read()
