"""The emulators of ``up --docker`` in their places: what is kept and what goes, and what is said when one does not answer."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from azure.cosmos import PartitionKey
from azure.cosmos.aio import CosmosClient
from azure.cosmos.exceptions import CosmosHttpResponseError

from devtools.emulators.cosmos.key import EMULATORS_KEY, KEY
from devtools.emulators.cosmos.server import running_cosmos
from devtools.emulators.servicebus.limits import AZURE
from devtools.emulators.servicebus.server import running_broker
from devtools.faults.plan import Fault, Kind
from devtools.local import processes
from devtools.local.addresses import Addresses
from devtools.local.docker import Containers, DockerFailed
from devtools.local.down import Ended, down
from devtools.local.ports import free_ports
from devtools.local.processes import Process
from devtools.local.queues import Place, peek_all
from devtools.local.run import Run
from devtools.provision import differences, provision_cosmos, service_bus_config
from shared.topology import TOPOLOGY
from tests.e2e.containers import PretendDocker, docker_in

pytestmark = pytest.mark.integration

SHARDS = next(container for container in TOPOLOGY.containers if container.name == "shards")
CHUNKS = TOPOLOGY.containers[-1]


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PretendDocker]:
    with docker_in(tmp_path / "docker") as pretend:
        for name, value in pretend.environment.items():
            monkeypatch.setenv(name, value)
        yield pretend


def containers(folder: Path, *, keep: bool) -> Containers:
    return Containers(a_run(Addresses(*free_ports(5))), folder, keep=keep)


def a_run(addresses: Addresses) -> Run:
    """On the emulators, at these addresses."""
    return Run(addresses, "", "", "", is_official=True)


async def test_what_the_emulators_of_a_killed_run_stored_outlives_them_until_a_run_begins_that_keeps_nothing(
    docker: PretendDocker, tmp_path: Path
) -> None:
    kept = containers(tmp_path / "run", keep=True)

    await kept.look()
    await kept.clear()
    await kept.start()
    running = docker.running
    docker.kill("cosmos")
    silent = await kept.silent()
    Process(processes.UP, a_process_that_is_gone(), "another time", datetime.now(UTC)).note(kept.folder)
    ended = await down(kept.folder, kept.run.addresses)
    left = docker.running
    stored = sorted(volume.name for volume in (docker.folder / "volumes").iterdir())
    await kept.clear(keep=False)

    assert sorted(running) == ["azurite", "cosmos", "service-bus"]
    assert silent == ["the Cosmos DB emulator does not answer any more: docker ps --all says whether its container has ended"]
    assert (ended, left, stored) == ([Ended("containers", None, "by Docker")], [], ["azurite", "cosmos"])
    assert not (docker.folder / "volumes").exists()
    downs = [call for call in docker.calls if call[:2] == ["compose", "down"]]
    assert downs == [["compose", "down", "--remove-orphans"]] * 2 + [["compose", "down", "--remove-orphans", "--volumes"]]


def a_process_that_is_gone() -> int:
    """The id it had."""
    with subprocess.Popen(["true"]) as process:
        process.wait()
    return process.pid


async def test_every_call_names_the_project_the_variables_and_the_file(docker: PretendDocker, tmp_path: Path) -> None:
    ours = containers(tmp_path / "local-7", keep=False)

    await ours.clear()

    [call] = docker.all_calls
    assert call[:2] == ["compose", "--project-name"]
    assert call[2].startswith("shardline-")
    assert call[2].endswith("-local-7")
    assert call[3:7] == ["--env-file", str(tmp_path / "local-7" / "docker.env"), "--file", call[6]]
    assert call[6].endswith("infra/docker-compose.yml")


async def test_containers_that_cannot_be_started_are_one_line_with_dockers_last_words(docker: PretendDocker, tmp_path: Path) -> None:
    ours = containers(tmp_path / "run", keep=False)
    await ours.clear()
    docker.break_down("up")

    with pytest.raises(DockerFailed, match=r"^docker compose up failed: service-bus Error manifest unknown \(log: .*docker\.log\)$"):
        await ours.start()


async def test_tools_look_into_the_emulators_queues_one_after_the_other_for_it_has_ten_connections_for_everybody() -> None:
    async with running_broker(service_bus_config(), limits=replace(AZURE, connections=1)) as broker:
        run = a_run(Addresses(service_bus=broker.port))

        looked = await peek_all(run, [Place("shard-emission"), Place("enrichment-jobs")], most=1, at_once=run.looks_at_once)

    assert looked == [[], []]


async def test_a_container_that_cannot_be_changed_fails_everywhere_but_on_microsofts_emulator() -> None:
    refused = Fault(at="cosmos", kind=Kind.REFUSE, status=405, operation="container", target="shards", calls=1, after=2)
    for key, is_emulator in ((KEY, False), (EMULATORS_KEY, True)):
        async with running_cosmos(key=key) as cosmos, CosmosClient.from_connection_string(cosmos.connection_string) as client:
            database = await client.create_database("shardline")
            await database.create_container("shards", PartitionKey(["/tenantId", "/id"]), default_ttl=60)
            cosmos.faults.add(refused)

            if is_emulator:
                assert "container shards: its time to live is ignored" in await provision_cosmos(cosmos.connection_string, "shardline")
            else:
                with pytest.raises(CosmosHttpResponseError):
                    await provision_cosmos(cosmos.connection_string, "shardline")


def test_what_an_account_ignored_of_a_container_is_named_and_what_it_added_does_not_matter() -> None:
    full = {
        "partitionKey": {"paths": ["/tenantId", "/id"]},
        "defaultTtl": -1,
        "indexingPolicy": {**SHARDS.indexing_policy, "spatialIndexes": []},
    }
    bare = {"partitionKey": {"paths": ["/tenantId", "/shardId"]}, "indexingPolicy": {"indexingMode": "consistent"}}

    assert differences(full, SHARDS) == []
    assert differences(bare, CHUNKS) == ["time to live", "indexing policy", "vector policy"]
