"""``up --docker``, with a Docker that is none and our stand-ins in the containers' places: everything but the emulators themselves."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from devtools.local.run import folder_of
from tests.e2e.containers import PretendDocker, docker_in
from tests.e2e.environment import free_offset
from tests.e2e.processes import run, running
from tests.e2e.test_local_run import DEVTOOLS, forget, found_by_itself, free_again

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

LOOKED = [["compose", "version"], ["version", "--format", "{{.Server.Version}}"]]
CLEARED = ["compose", "down", "--remove-orphans", "--volumes"]
STARTED = ["compose", "up", "--detach"]
SAID = ["compose", "logs", "--no-color", "--tail", "1000"]


@pytest.fixture
def docker(tmp_path: Path) -> Iterator[PretendDocker]:
    with docker_in(tmp_path / "docker") as pretend:
        yield pretend


async def test_up_docker_once_finds_every_record_with_ten_connections_and_leaves_nothing_running(docker: PretendDocker) -> None:
    offset = free_offset()

    once = await run("scripts/up", "--docker", "--once", "--json", "--port-offset", str(offset), environment=docker.environment)

    found_by_itself(once)
    assert docker.calls == [*LOOKED, CLEARED, STARTED, SAID, CLEARED]
    assert docker.running == []
    assert not (docker.folder / "volumes").exists()
    variables = (folder_of(offset) / "docker.env").read_text()
    assert f"SHARDLINE_COSMOS_PORT={8081 + offset}\n" in variables
    assert (folder_of(offset) / "docker.env").stat().st_mode & 0o077 == 0
    await free_again(offset)
    forget(offset)


async def test_beside_a_run_on_emulators_the_other_commands_work_and_ctrl_c_stops_the_containers(docker: PretendDocker) -> None:
    here = ("--port-offset", str(offset := free_offset()))

    async with running(*DEVTOOLS, "up", "--docker", *here, environment=docker.environment) as up:
        await up.said("Ctrl-C stops everything.")
        shards = await run(*DEVTOOLS, "shard", "--json", *here)
        peeked = await run(*DEVTOOLS, "peek", "ingestion-events", "--json", *here)
        containers = docker.running
        up.signal(signal.SIGINT)
        code = await up.ended(60)

    assert any(line.startswith("Cosmos DB emulator") for line in up.out)
    assert (shards[0], len(json.loads(shards[1]))) == (0, 8)
    assert (peeked[0], json.loads(peeked[1])) == (0, [])
    assert sorted(containers) == ["azurite", "cosmos", "service-bus"]
    assert (code, docker.running) == (130, [])
    await free_again(offset)
    forget(offset)


async def test_what_is_missing_or_refused_is_one_line_before_anything_is_started(docker: PretendDocker, tmp_path: Path) -> None:
    command = (*DEVTOOLS, "up", "--docker", "--once", "--port-offset", str(offset := free_offset()))
    plan = tmp_path / "plan.json"
    plan.write_text('{"name": "p", "faults": [{"at": "cosmos", "kind": "drop", "calls": 1}]}')

    no_docker = await run(*command, environment={**docker.environment, "PATH": str(tmp_path)})
    faults = await run(*command, "--faults", str(plan), environment=docker.environment)
    not_accepted = await run(*command, environment={**docker.environment, "ACCEPT_EULA": ""})
    docker.break_down("compose")
    no_compose = await run(*command, environment=docker.environment)
    docker.break_down("daemon")
    no_daemon = await run(*command, environment=docker.environment)
    docker.break_down("up")
    not_started = await run(*command, environment=docker.environment)

    assert no_docker == (1, "", "up: Docker is missing: install Docker Engine or Docker Desktop, or leave out --docker")
    assert no_compose[2] == (
        "up: Docker Compose is missing: install the compose plugin of Docker (docker compose version says whether it is there)"
    )
    assert no_daemon[2] == ("up: the Docker daemon does not answer: start Docker, or see that you may use it (docker version says more)")
    assert faults == (1, "", "up: cosmos: drop on * *: such a run can do faults at host, issuer")
    assert not_accepted[0] == 1
    assert not_accepted[2] == ("up: Microsoft's emulators have licences (docs/local-development.md): to accept them, set ACCEPT_EULA=Y")
    log = os.path.relpath(folder_of(offset) / "logs" / "docker.log")
    assert not_started[0] == 1
    assert not_started[2] == f"up: docker compose up failed: service-bus Error manifest unknown (log: {log})"
    assert docker.calls[-1] == CLEARED
    forget(offset)
