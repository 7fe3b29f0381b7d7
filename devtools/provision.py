"""What Bicep does in Azure, for a local run and for tests: the database, its containers and the blob containers of ``shared/topology.py``.

Running it again changes nothing. A policy that has changed since is brought up to date; a partition key, a vector policy and a vector index
cannot be changed, neither here nor in Azure: such a container is left as it is, for the readiness check to complain about.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from azure.core.exceptions import ResourceExistsError
from azure.cosmos import PartitionKey
from azure.cosmos.aio import CosmosClient, DatabaseProxy
from azure.storage.blob.aio import BlobServiceClient

from devtools.generate import infra
from shared.topology import TOPOLOGY, Container

STANDIN_CONFIG: Final = "infra/servicebus-standin.json"


async def provision(cosmos_connection_string: str, database: str, blob_connection_string: str) -> None:
    """Make everything the app expects to find in its two stores."""
    await provision_cosmos(cosmos_connection_string, database)
    await provision_blobs(blob_connection_string)


async def provision_cosmos(connection_string: str, database: str) -> None:
    """The database and its containers."""
    async with CosmosClient.from_connection_string(connection_string) as client:
        made = await client.create_database_if_not_exists(database)
        for container in TOPOLOGY.containers:
            await _ensure_container(made, container)


async def provision_blobs(connection_string: str) -> None:
    """The blob containers."""
    async with BlobServiceClient.from_connection_string(connection_string) as client:
        for name in TOPOLOGY.blob_containers:
            try:
                await client.create_container(name)
            except ResourceExistsError:
                continue


def service_bus_config() -> dict[str, Any]:
    """The queues with production's values, in the schema of the official emulator's ``Config.json``: what the stand-in reads."""
    config: dict[str, Any] = json.loads(infra.files()[STANDIN_CONFIG])
    return config


async def _ensure_container(database: DatabaseProxy, container: Container) -> None:
    paths = list(container.partition_key)
    key = PartitionKey(paths) if len(paths) > 1 else PartitionKey(paths[0])
    wanted: dict[str, Any] = {
        "indexing_policy": container.indexing_policy,
        "default_ttl": container.default_ttl_seconds,
        "vector_embedding_policy": container.vector_policy,
    }
    made = await database.create_container_if_not_exists(container.name, key, **wanted)
    stored = await made.read()
    if _fixed(stored) != (paths, container.vector_policy, container.indexing_policy.get("vectorIndexes")):
        return
    if (stored["indexingPolicy"], stored.get("defaultTtl")) != (container.indexing_policy, container.default_ttl_seconds):
        await database.replace_container(made, key, **wanted)


def _fixed(stored: Mapping[str, Any]) -> tuple[Any, ...]:
    """What a container keeps from its creation on."""
    return stored["partitionKey"]["paths"], stored.get("vectorEmbeddingPolicy"), stored["indexingPolicy"].get("vectorIndexes")
