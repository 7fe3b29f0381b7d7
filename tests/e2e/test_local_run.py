"""The first run, as a newcomer makes it: ``scripts/up`` and the commands beside it. What goes wrong is one line that says what to do."""

import asyncio
import json
import os
import shutil
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from devtools.local.addresses import Addresses
from devtools.local.run import folder_of
from tests.e2e.environment import free_offset, until
from tests.e2e.processes import all_gone, run, running

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

DEVTOOLS = (sys.executable, "-m", "devtools")
PARTS = ("devtools.emulators.servicebus", "devtools.emulators.cosmos", "azurite", "devtools.issuer", "devtools.host")
STAGES = ["HTTP webhook", "normalization", "enrichment", "embedding pipeline", "embedding worker"]
NO_RUN = "devtools: nothing is running here: start it with scripts/up"


async def test_up_stays_up_for_the_other_commands_beside_a_second_run_and_ctrl_c_leaves_nothing_running() -> None:
    first, second = free_offset(), free_offset()
    at_first = ("--port-offset", str(first))

    async with running("scripts/up", *at_first) as up:
        await up.said("Ctrl-C stops everything.")
        children = up.children()
        [host] = [line for line in children.values() if "devtools.host" in line]
        once, sent = await asyncio.gather(
            run("scripts/up", "--once", "--json", "--port-offset", str(second)),
            run(*DEVTOOLS, "send", "--opportunities", "3", "--json", *at_first),
        )
        shards, peeked, nothing_left = await asyncio.gather(
            until_stored(13, *at_first),
            run(*DEVTOOLS, "peek", "ingestion-events", "--json", "--most", "100", *at_first),
            run(*DEVTOOLS, "peek", "rejected-messages", *at_first),
        )
        shown = await run(*DEVTOOLS, "shard", shards[0]["id"][:12], *at_first)
        up.signal(signal.SIGINT)
        code = await up.ended(30)

    assert any("all 8 records are stored, right, linked, embedded and found" in line for line in up.out)
    assert sorted(part for part in PARTS for line in children.values() if part in line) == sorted(PARTS)
    assert f"--app {folder_of(first) / 'artefact'} " in host  # the app as it is deployed
    found_by_itself(once)
    assert (sent[0], json.loads(sent[1])["acknowledged"]) == (0, 5)
    stored = {shard["external_relationships"][0]["externalId"] for shard in shards}
    assert {row["id"] for row in json.loads(sent[1])["sent"]} < stored
    assert len(stored) == 13
    assert json.loads(shown[1])[0]["id"] == shards[0]["id"]
    assert (peeked[0], nothing_left[1].endswith("0 messages")) == (0, True)
    assert code == 130
    await all_gone(set(children))
    await free_again(first)
    await free_again(second)
    forget(first, second)


def found_by_itself(once: tuple[int, str, str]) -> None:
    """What ``up --once --json`` has to say."""
    report = json.loads(once[1])
    assert (once[0], once[2], report["faults"], report["sent"], report["stored"]) == (0, "", [], 8, 8)
    [traced] = [shard for shard in report["shards"] if shard["id"] == report["traced"]]
    assert [step["where"] for step in report["trace"]] == STAGES
    assert [edge["relationshipType"] for edge in traced["internal_relationships"]] == ["opportunity_for"]
    assert (traced["vectors"]["revision"], traced["vectors"]["chunkCount"] > 0) == (traced["revisionNumber"], True)
    search = report["search"]
    assert (search["status"], search["reply"]["question"]) == (200, search["question"])
    assert search["reply"]["hits"][0]["shardId"] == report["traced"]
    assert 0 < report["secondsToFirstShard"] <= report["secondsToFirstEmbeddedShard"]


async def test_without_a_run_every_command_is_one_line_that_says_what_to_do() -> None:
    here = ("--port-offset", str(free_offset()))
    commands = [("send",), ("peek", "ingestion-events"), ("shard",), ("trace", "abc"), ("search", "anything"), ("token",), ("status",)]

    said = await asyncio.gather(*(run(*DEVTOOLS, *command, *here) for command in commands))

    ended, removed = await asyncio.gather(run(*DEVTOOLS, "down", *here), run(*DEVTOOLS, "reset", *here))
    assert said == [(1, "", NO_RUN)] * len(commands)
    assert ended == (0, "nothing was running here", "")
    assert removed == (0, "nothing is running here, and nothing is left of an earlier run", "")


async def test_up_once_fails_with_a_line_saying_what_is_wrong_when_the_service_bus_stand_in_is_stopped() -> None:
    offset = free_offset()

    async with running("scripts/up", "--once", "--port-offset", str(offset)) as up:
        await up.child("devtools.host")
        os.kill(await up.child("devtools.emulators.servicebus"), signal.SIGKILL)
        code = await up.ended(40)

    assert code == 1
    assert up.errors == [
        "up: service-bus ended by itself with exit code -9: service bus: ready on "
        f"127.0.0.1:{5672 + offset} (log: {(folder_of(offset) / 'logs' / 'service-bus.log').relative_to(Path.cwd())})"
    ]
    await free_again(offset)
    forget(offset)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
async def test_a_killed_up_leaves_no_child_process() -> None:
    offset = free_offset()

    async with running(*DEVTOOLS, "up", "--port-offset", str(offset)) as up:
        await up.said("up after")
        children = up.children()
        up.signal(signal.SIGKILL)

    assert len(children) == len(PARTS)
    await all_gone(set(children))
    await free_again(offset)
    sent = await run(*DEVTOOLS, "send", "--port-offset", str(offset), seconds=20)
    assert sent == (1, "", "devtools: the run that was here does not answer any more: start it again with scripts/up")
    forget(offset)


async def test_ctrl_c_while_it_starts_leaves_no_child_process() -> None:
    offset = free_offset()

    async with running(*DEVTOOLS, "up", "--port-offset", str(offset)) as up:
        await up.child("devtools.emulators.servicebus")
        children = up.children()
        up.signal(signal.SIGINT)
        code = await up.ended(30)

    assert (code, up.errors) == (130, [])
    await all_gone(set(children))
    await free_again(offset)
    forget(offset)


async def test_a_port_in_use_is_one_line_that_says_what_to_do() -> None:
    offset = free_offset()

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 8081 + offset))
        taken.listen()
        refused = await run("scripts/up", "--once", "--port-offset", str(offset))

    port = 8081 + offset
    advice = f"port {port}, wanted by the Cosmos DB stand-in, is in use: stop what listens there, or run scripts/up --port-offset"
    assert refused[:2] == (1, "")
    assert refused[2].startswith(f"up: {advice}")
    assert len(refused[2].splitlines()) == 1


async def test_a_missing_node_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    for tool in ("sh", "cat", "cksum", "cut", "dirname", "sed"):
        (tmp_path / tool).symlink_to(str(shutil.which(tool)))
    without_node = {"PATH": str(tmp_path), "PYTHON": sys.executable}

    offset = free_offset()
    set_up = await run("scripts/setup", environment=without_node)
    up = await run(*DEVTOOLS, "up", "--port-offset", str(offset), environment=without_node)

    assert set_up[0] == 1
    assert set_up[2] == (
        "setup: Node.js is missing. Install Node.js 20 or newer (it brings npm): Azurite, the local blob storage, runs on it."
    )
    assert up[0] == 1
    assert up[2] == "up: Node.js is missing: install Node.js 20 or newer, then run scripts/setup"
    await free_again(offset)


async def until_stored(count: int, *options: str) -> list[dict[str, Any]]:
    """The shards that are no placeholders, when there are so many."""
    async with asyncio.timeout(60):
        while True:
            code, listed, _ = await run(*DEVTOOLS, "shard", "--json", *options)
            assert code == 0
            shards: list[dict[str, Any]] = [shard for shard in json.loads(listed) if shard["status"] != "draft"]
            if len(shards) >= count:
                return shards


async def free_again(offset: int) -> None:
    """Return when nobody listens there: a killed process lets go of its ports a moment after it is gone."""

    async def is_free() -> bool:
        return Addresses.shifted(offset).in_use() is None

    await until(is_free, 20)


def forget(*offsets: int) -> None:
    """Remove what such runs leave in the project's own folder for local runs."""
    for offset in offsets:
        shutil.rmtree(folder_of(offset))
