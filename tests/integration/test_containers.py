"""The emulators of ``up --docker`` in their places: what is kept and what goes, and what is said when one does not answer."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from devtools.local.addresses import Addresses
from devtools.local.docker import Containers, DockerFailed
from devtools.local.ports import free_ports
from devtools.local.run import Run
from devtools.provision import differences
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
    service_bus, cosmos, blob, host, issuer = free_ports(5)
    run = Run(Addresses(service_bus, cosmos, blob, host, issuer), "", "", "", is_official=True)
    return Containers(run, folder, keep=keep)


async def test_what_the_emulators_stored_outlives_them_when_it_is_kept_and_goes_with_a_run_that_keeps_nothing(
    docker: PretendDocker, tmp_path: Path
) -> None:
    kept = containers(tmp_path / "run", keep=True)

    await kept.look()
    await kept.clear()
    await kept.start()
    running = docker.running
    await kept.stop()
    stored = sorted(volume.name for volume in (docker.folder / "volumes").iterdir())
    await kept.clear(keep=False)

    assert sorted(running) == ["azurite", "cosmos", "service-bus"]
    assert (docker.running, stored) == ([], ["azurite", "cosmos"])
    assert not (docker.folder / "volumes").exists()
    downs = [call for call in docker.calls if call[:2] == ["compose", "down"]]
    assert downs == [["compose", "down", "--remove-orphans"]] * 2 + [["compose", "down", "--remove-orphans", "--volumes"]]


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


def test_what_an_account_ignored_of_a_container_is_named_and_what_it_added_does_not_matter() -> None:
    full = {
        "partitionKey": {"paths": ["/tenantId", "/id"]},
        "defaultTtl": -1,
        "indexingPolicy": {**SHARDS.indexing_policy, "spatialIndexes": []},
    }
    bare = {"partitionKey": {"paths": ["/tenantId", "/shardId"]}, "indexingPolicy": {"indexingMode": "consistent"}}

    assert differences(full, SHARDS) == []
    assert differences(bare, CHUNKS) == ["time to live", "indexing policy", "vector policy"]
