"""What a local run is provisioned with, and Azurite as a child process."""

import asyncio
import socket
from pathlib import Path

import pytest
from azure.cosmos import PartitionKey
from azure.cosmos.aio import CosmosClient
from azure.storage.blob.aio import BlobServiceClient

from devtools.azurite import Azurite, AzuriteMissing, command, running_azurite
from devtools.emulators.cosmos.server import running_cosmos
from devtools.emulators.servicebus.configuration import read_configuration
from devtools.local.child import ChildFailed
from devtools.provision import provision, provision_cosmos, service_bus_config
from shared.topology import QUEUES, TOPOLOGY

pytestmark = pytest.mark.integration

CONTAINERS = TOPOLOGY.containers


def client_of(azurite: Azurite) -> BlobServiceClient:
    return BlobServiceClient.from_connection_string(azurite.connection_string)


async def test_provisioning_makes_what_the_topology_names_and_running_it_again_changes_nothing() -> None:
    async with running_cosmos() as cosmos, running_azurite() as azurite:
        await provision(cosmos.connection_string, "shardline", azurite.connection_string)
        cosmos.operations.reset()
        await provision(cosmos.connection_string, "shardline", azurite.connection_string)

        assert set(cosmos.operations.statuses) == {200}
        async with CosmosClient.from_connection_string(cosmos.connection_string) as client:
            database = client.get_database_client("shardline")
            made = {one["id"]: one async for one in database.list_containers()}
        async with BlobServiceClient.from_connection_string(azurite.connection_string) as client:
            blobs = [one.name async for one in client.list_containers()]
    assert blobs == ["anchors", "claims"]
    assert list(made) == [
        "shards",
        "connections",
        "gaps",
        "shard-types",
        "suggested-links",
        "linking-policies",
        "shard-chunks-text-embedding-3-small-1536",
        "shard-chunks-all-minilm-l6-v2-384",
        "shard-chunks-lexical-512",
    ]
    assert made["shards"]["partitionKey"] == {"paths": ["/tenantId", "/id"], "kind": "MultiHash", "version": 2}
    assert made["gaps"]["partitionKey"] == {"paths": ["/tenantId"], "kind": "Hash", "version": 2}
    assert [made[container.name].get("defaultTtl") for container in CONTAINERS] == [-1, None, None, None, -1, None, -1, -1, -1]
    for container in CONTAINERS:
        assert made[container.name]["indexingPolicy"] == container.indexing_policy
        assert made[container.name].get("vectorEmbeddingPolicy") == container.vector_policy


async def test_a_policy_that_has_changed_since_is_brought_up_to_date_and_items_stay() -> None:
    async with running_cosmos() as cosmos, CosmosClient.from_connection_string(cosmos.connection_string) as client:
        database = await client.create_database("shardline")
        before = await database.create_container("shards", PartitionKey(["/tenantId", "/id"]), default_ttl=60)
        await before.create_item({"id": "kept", "tenantId": "t"})

        await provision_cosmos(cosmos.connection_string, "shardline")

        shards = await database.get_container_client("shards").read()
        assert shards["defaultTtl"] == -1
        assert shards["indexingPolicy"] == CONTAINERS[0].indexing_policy
        assert (await before.read_item("kept", partition_key=["t", "kept"]))["id"] == "kept"


def test_the_stand_in_gets_every_queue_with_productions_values() -> None:
    policies = read_configuration(service_bus_config())

    assert [policy.name for policy in policies] == [queue.name for queue in QUEUES]
    assert {policy.ttl_ms for policy in policies} == {14 * 24 * 3600 * 1000}
    assert {policy.duplicate_window_ms for policy in policies} == {3600 * 1000}
    assert {policy.lock_ms for policy in policies} == {5 * 60 * 1000}
    assert {policy.max_delivery_count for policy in policies} == {10}


async def test_azurite_keeps_its_blobs_in_its_folder_and_leaves_no_process(tmp_path: Path) -> None:
    async with running_azurite(data=tmp_path / "data") as first, client_of(first) as client:
        await client.create_container("kept")
    assert not first.child.is_running

    async with running_azurite(data=tmp_path / "data") as second, client_of(second) as client:
        assert [container.name async for container in client.list_containers()] == ["kept"]


async def test_a_port_in_use_is_said_in_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        with pytest.raises(ChildFailed, match=r"Azurite did not start: .*EADDRINUSE") as raised:
            async with asyncio.timeout(20), running_azurite(port=taken.getsockname()[1]):
                pass
    assert "\n" not in str(raised.value)


def test_without_its_packages_azurite_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(AzuriteMissing, match="Azurite is not installed: run scripts/setup"):
        command(10000, None, root=tmp_path)


def test_without_node_azurite_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    with pytest.raises(AzuriteMissing, match=r"Node\.js is missing: install Node\.js 20 or newer, then run scripts/setup"):
        command(10000, None)


def test_azurite_listens_on_loopback_and_reports_to_nobody(tmp_path: Path) -> None:
    arguments = command(10000, tmp_path)

    assert arguments[2:6] == ["--blobHost", "127.0.0.1", "--blobPort", "10000"]
    assert "--disableTelemetry" in arguments
    assert arguments[-2:] == ["--location", str(tmp_path)]
