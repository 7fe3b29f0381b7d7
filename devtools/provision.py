"""What Bicep does in Azure, for a local run and for tests: the database, its containers and the blob containers of ``shared/topology.py``.

Running it again changes nothing. A policy that has changed since is brought up to date; a partition key, a vector policy and a vector index
cannot be changed, neither here nor in Azure: such a container is left as it is, for the readiness check to complain about. The Cosmos DB
emulator knows less than Azure: what it ignores is said.
"""

import asyncio
import json
import os
from collections.abc import Mapping
from typing import Any, Final

from azure.core.exceptions import ResourceExistsError
from azure.cosmos import PartitionKey
from azure.cosmos.aio import CosmosClient, DatabaseProxy
from azure.cosmos.exceptions import CosmosHttpResponseError
from azure.storage.blob.aio import BlobServiceClient

from devtools import azurite
from devtools.azurite import ROOT
from devtools.emulators.cosmos.key import EMULATORS_KEY
from devtools.generate import infra
from devtools.host.settings import read_local_settings
from shared.topology import TOPOLOGY, Container

CANNOT: Final = frozenset({400, 405, 500, 501})
"""How Microsoft's emulator may say that it cannot change a container (Azure documentation, "Linux-based emulator", feature support)."""
BLOB_PORT: Final = 10000
STANDIN_CONFIG: Final = "infra/servicebus-standin.json"


async def provision(cosmos_connection_string: str, database: str, blob_connection_string: str) -> list[str]:
    """Make everything the app expects to find in its two stores; what the database account ignored of it, a line each."""
    ignored = await provision_cosmos(cosmos_connection_string, database)
    await provision_blobs(blob_connection_string)
    return ignored


async def provision_cosmos(connection_string: str, database: str) -> list[str]:
    """The database and its containers; what the account ignored of them, a line each. Azure ignores nothing."""
    ignored = []
    async with CosmosClient.from_connection_string(connection_string) as client:
        made = await client.create_database_if_not_exists(database)
        for container in TOPOLOGY.containers:
            stored = await _ensure_container(made, container, is_emulator=EMULATORS_KEY in connection_string)
            ignored += [f"container {container.name}: its {policy} is ignored" for policy in differences(stored, container)]
    return ignored


async def provision_blobs(connection_string: str) -> None:
    """The blob containers."""
    async with BlobServiceClient.from_connection_string(connection_string) as client:
        await make_blob_containers(client)


async def make_blob_containers(client: BlobServiceClient) -> None:
    """The same, for whoever has a client."""
    for name in TOPOLOGY.blob_containers:
        try:
            await client.create_container(name)
        except ResourceExistsError:
            continue


def service_bus_config() -> dict[str, Any]:
    """The queues with production's values, in the schema of the official emulator's ``Config.json``: what the stand-in reads."""
    config: dict[str, Any] = json.loads(infra.files()[STANDIN_CONFIG])
    return config


def differences(stored: Mapping[str, Any], container: Container) -> list[str]:
    """The policies that a container does not have as they are wanted. What it has beside them does not matter."""
    pairs = {
        "partition key": (stored.get("partitionKey", {}).get("paths"), list(container.partition_key)),
        "time to live": (stored.get("defaultTtl"), container.default_ttl_seconds),
        "indexing policy": (stored.get("indexingPolicy"), container.indexing_policy),
        "vector policy": (stored.get("vectorEmbeddingPolicy"), container.vector_policy),
    }
    return [policy for policy, (got, wanted) in pairs.items() if not _holds(got, wanted)]


def _holds(got: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict) and isinstance(got, dict):
        return all(got.get(name) == value for name, value in wanted.items())
    return bool(got == wanted)


async def _ensure_container(database: DatabaseProxy, container: Container, *, is_emulator: bool) -> Mapping[str, Any]:
    """Make it, or bring it up to date; as it is then. That it cannot be changed is a failure, but for Microsoft's emulator."""
    paths = list(container.partition_key)
    key = PartitionKey(paths) if len(paths) > 1 else PartitionKey(paths[0])
    wanted: dict[str, Any] = {
        "indexing_policy": container.indexing_policy,
        "default_ttl": container.default_ttl_seconds,
        "vector_embedding_policy": container.vector_policy,
    }
    made = await database.create_container_if_not_exists(container.name, key, **wanted)
    stored: Mapping[str, Any] = await made.read()
    if _fixed(stored) != (paths, container.vector_policy, container.indexing_policy.get("vectorIndexes")):
        return stored
    if (stored.get("indexingPolicy"), stored.get("defaultTtl")) != (container.indexing_policy, container.default_ttl_seconds):
        try:
            await database.replace_container(made, key, **wanted)
        except CosmosHttpResponseError as error:
            if not is_emulator or error.status_code not in CANNOT:
                raise
        stored = await made.read()
    return stored


def _fixed(stored: Mapping[str, Any]) -> tuple[Any, ...]:
    """What a container keeps from its creation on."""
    indexes = stored.get("indexingPolicy", {}).get("vectorIndexes")
    return stored.get("partitionKey", {}).get("paths"), stored.get("vectorEmbeddingPolicy"), indexes


def main() -> int:
    """For stores that were started by hand: where they are stands in the environment, or else in ``local.settings.json``."""
    settings = {**read_local_settings(ROOT / "local.settings.json"), **os.environ}
    blob = azurite.connection_string(BLOB_PORT) if settings["BLOB"] == "UseDevelopmentStorage=true" else settings["BLOB"]
    for line in asyncio.run(provision(settings["COSMOS"], settings["COSMOS_DATABASE"], blob)):
        print(line)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
