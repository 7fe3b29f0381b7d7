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
from tests.e2e.local_runs import DEVTOOLS, command, commands, document, forget, found_by_itself, free_again
from tests.e2e.processes import run, running

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

LOOKED = [["compose", "version"], ["version", "--format", "{{.Server.Version}}"]]
CLEARED = ["compose", "down", "--remove-orphans", "--volumes"]
STARTED = ["compose", "up", "--detach"]
SAID = ["compose", "logs", "--no-color", "--tail", "1000"]
SLOW_KEYS = {"at": "issuer", "kind": "delay", "seconds": 0.01, "operation": "keys", "calls": 1}
NEVER = {"at": "issuer", "kind": "refuse", "status": 500, "operation": "configuration", "calls": 1}
"""The app is told where the keys are, and does not ask."""


@pytest.fixture
def docker(tmp_path: Path) -> Iterator[PretendDocker]:
    with docker_in(tmp_path / "docker") as pretend:
        yield pretend


async def test_up_docker_once_finds_every_record_with_ten_connections_and_fails_for_the_one_fault_that_never_happened(
    docker: PretendDocker, tmp_path: Path
) -> None:
    line = ("--docker", "--once", "--json", "--port-offset", str(offset := free_offset()))
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"name": "half of it", "faults": [SLOW_KEYS, NEVER]}))

    code, out, errors = await run("scripts/up", *line, "--faults", str(plan), environment=docker.environment)

    report = json.loads(out)
    assert (code, errors) == (1, "")
    assert report["faults"] == ["a fault that never happened: issuer: refuse 500 on configuration *"]
    assert (report["plan"]["byKind"], report["plan"]["hasProven"]) == ({"delay": 1, "refuse": 0}, False)
    found_by_itself(report | {"faults": []}, is_polled=False)
    assert docker.calls == [*LOOKED, CLEARED, STARTED, SAID, CLEARED]
    assert docker.running == []
    assert not (docker.folder / "volumes").exists()
    variables = (folder_of(offset) / "docker.env").read_text()
    assert f"SHARDLINE_COSMOS_PORT={8081 + offset}\n" in variables
    assert (folder_of(offset) / "docker.env").stat().st_mode & 0o077 == 0
    await free_again(offset)
    forget(offset)


@pytest.mark.long
async def test_beside_a_run_on_emulators_the_other_commands_work_and_ctrl_c_stops_the_containers(docker: PretendDocker) -> None:
    here = ("--port-offset", str(offset := free_offset()))

    async with running(*DEVTOOLS, "up", "--docker", *here, environment=docker.environment) as up:
        await up.said("Ctrl-C stops everything.")
        shards, peeked = await commands(("shard", "--json", *here), ("peek", "ingestion-events", "--json", *here))
        every = await document("peek", "--all", *here)
        shown = await command("status", *here)
        containers = docker.running
        up.signal(signal.SIGINT)
        code = await up.ended(60)

    assert any(line.startswith("Cosmos DB emulator") for line in up.out)
    assert (shards[0], len([shard for shard in json.loads(shards[1]) if shard["status"] != "draft"])) == (0, 8)
    assert (peeked[0], json.loads(peeked[1])) == (0, [])
    assert {(one["queue"], one["state"]) for one in every} == {("shard-emission", "scheduled")}  # with the one connection that is left
    assert (shown[0], shown[1].splitlines()[-1]) == (0, "everything answers")
    assert sorted(containers) == ["azurite", "cosmos", "service-bus"]
    assert (code, docker.running) == (130, [])
    await free_again(offset)
    forget(offset)


@pytest.mark.long
async def test_down_ends_the_containers_that_a_killed_up_has_left_and_keeps_what_they_stored(
    docker: PretendDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = ("--port-offset", str(offset := free_offset()))
    monkeypatch.setenv("PATH", docker.environment["PATH"])
    monkeypatch.setenv("PRETEND_DOCKER", docker.environment["PRETEND_DOCKER"])

    async with running(*DEVTOOLS, "up", "--docker", *here, environment=docker.environment) as up:
        await up.said("up after")
        up.signal(signal.SIGKILL)
    left = docker.running
    ended = await command("down", *here)

    assert sorted(left) == ["azurite", "cosmos", "service-bus"]
    assert (ended[0], ended[1].splitlines()[-1].split()) == (0, ["containers", "–", "by", "Docker"])
    assert docker.running == []
    assert sorted(volume.name for volume in (docker.folder / "volumes").iterdir()) == ["azurite", "cosmos"]
    await free_again(offset)
    forget(offset)


async def test_what_is_missing_or_refused_is_one_line_before_anything_is_started(
    docker: PretendDocker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = ("up", "--docker", "--once", "--port-offset", str(offset := free_offset()))
    plan = tmp_path / "plan.json"
    plan.write_text('{"name": "p", "faults": [{"at": "cosmos", "kind": "drop", "calls": 1}]}')
    for name, value in docker.environment.items():
        monkeypatch.setenv(name, value)

    faults = await command(*line, "--faults", str(plan))
    monkeypatch.setenv("ACCEPT_EULA", "")
    not_accepted = await command(*line)
    monkeypatch.setenv("PATH", str(tmp_path))
    no_docker = await command(*line)
    for name, value in docker.environment.items():
        monkeypatch.setenv(name, value)
    docker.break_down("compose")
    no_compose = await command(*line)
    docker.break_down("daemon")
    no_daemon = await command(*line)

    no_plugin = "install the compose plugin of Docker (docker compose version says whether it is there)"
    assert no_docker == (1, "", "up: Docker is missing: install Docker Engine or Docker Desktop, or leave out --docker")
    assert no_compose == (1, "", f"up: Docker Compose is missing: {no_plugin}")
    why = "the Docker daemon does not answer: start Docker, or see that you may use it (docker version says more)"
    assert no_daemon == (1, "", f"up: {why}")
    assert faults == (1, "", "up: cosmos: drop on * *: such a run can do faults at host, issuer")
    licences = "Microsoft's emulators have licences (docs/local-development.md): to accept them, set ACCEPT_EULA=Y"
    assert not_accepted == (1, "", f"up: {licences}")
    assert [call for call in docker.calls if call not in LOOKED] == []
    forget(offset)


@pytest.mark.long
async def test_containers_that_cannot_be_started_are_one_line_and_are_cleared_away(docker: PretendDocker) -> None:
    offset = free_offset()
    docker.break_down("up")

    refused = await run(*DEVTOOLS, "up", "--docker", "--once", "--port-offset", str(offset), environment=docker.environment)

    log = os.path.relpath(folder_of(offset) / "logs" / "docker.log")
    assert (refused[0], refused[2]) == (1, f"up: docker compose up failed: service-bus Error manifest unknown (log: {log})")
    assert docker.calls[-1] == CLEARED
    forget(offset)
