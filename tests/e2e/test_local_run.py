"""The first run, as a newcomer makes it: ``scripts/up`` and the commands beside it. What goes wrong is one line that says what to do."""

import asyncio
import json
import os
import shutil
import signal
import socket
import sys
from pathlib import Path

import pytest

from devtools.local.addresses import Addresses
from devtools.local.run import Run, folder_of
from tests.e2e.environment import free_offset
from tests.e2e.local_runs import (
    DEVTOOLS,
    NO_RUN,
    command,
    commands,
    document,
    forget,
    found_by_itself,
    free_again,
    of_the_organization,
    until_stored,
)
from tests.e2e.processes import all_gone, run, running

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

PARTS = (
    *("devtools.emulators.servicebus", "devtools.emulators.cosmos", "azurite", "devtools.issuer", "devtools.vendors.salesforce.api"),
    *("devtools.vendors.gdrive", "devtools.vendors.slack", "devtools.host"),
)
HAD = 12 + 3
"""Records that the organization had before, and who works there."""
OTHERS = (
    *(("send",), ("peek", "ingestion-events"), ("shard",), ("links", "abc"), ("suggestions",), ("trace", "abc")),
    *(("search", "anything"), ("token",)),
)
"""Commands that need a run."""
KILLED = "devtools: the run that was here does not answer any more: start it again with scripts/up"


@pytest.mark.long
async def test_up_stays_up_for_the_other_commands_and_ctrl_c_leaves_nothing_running() -> None:
    here = ("--port-offset", str(offset := free_offset()))

    async with running("scripts/up", *here) as up:
        await up.said("Ctrl-C stops everything.")
        children = up.children()
        [host] = [line for line in children.values() if "devtools.host" in line]
        shards = await document("shard", *here)
        peeked, shown = await commands(
            ("peek", "rejected-messages", *here),
            ("shard", shards[0]["id"][:12], *here),
        )
        up.signal(signal.SIGINT)
        code = await up.ended(30)

    assert any("all 8 records are stored, right, linked, embedded and found" in line for line in up.out)
    assert sorted(part for part in PARTS for line in children.values() if part in line) == sorted(PARTS)
    assert f"--app {folder_of(offset) / 'artefact'} " in host  # the app as it is deployed
    assert (peeked, json.loads(shown[1])[0]["id"]) == ((0, "0 messages", ""), shards[0]["id"])
    assert any("compared: 0 missing, 0 extra, 0 stale" in line for line in up.out)
    assert any("19 files and folders are here and found by whom Drive shows them" in line for line in up.out)
    assert any("7 channels are here and found by whom Slack shows them" in line for line in up.out)
    assert any(line.startswith("approved by ") and line.endswith("for them now") for line in up.out)
    assert len({shard["external_relationships"][0]["externalId"] for shard in of_the_organization(shards)}) == 8 + HAD
    assert code == 130
    await all_gone(set(children))
    await free_again(offset)
    forget(offset)


@pytest.mark.long
async def test_a_second_run_beside_the_first_finds_its_records_and_leaves_the_first_its_own() -> None:
    first, second = free_offset(), free_offset()
    at_first = ("--port-offset", str(first))

    async with running("scripts/up", *at_first) as up:
        await up.said("Ctrl-C stops everything.")
        once, sent = await asyncio.gather(
            run("scripts/up", "--once", "--json", "--port-offset", str(second)),
            run(*DEVTOOLS, "send", "--opportunities", "3", "--json", *at_first),
        )
        shards = await until_stored(13 + HAD, *at_first)

    assert (once[0], once[2]) == (0, "")
    found_by_itself(json.loads(once[1]))
    assert (sent[0], json.loads(sent[1])["acknowledged"]) == (0, 5)
    stored = {shard["external_relationships"][0]["externalId"] for shard in shards}
    assert ({row["id"] for row in json.loads(sent[1])["sent"]} < stored, len(stored)) == (True, 13 + HAD)
    await free_again(first)
    await free_again(second)
    forget(first, second)


async def test_without_a_run_every_command_is_one_line_that_says_what_to_do() -> None:
    here = ("--port-offset", str(free_offset()))
    lines = [*OTHERS, ("status",)]

    said = await commands(*((*line, *here) for line in lines))
    ended, removed = await commands(("down", *here), ("reset", *here))

    assert said == [(1, "", NO_RUN)] * len(lines)
    assert ended == (0, "nothing was running here", "")
    assert removed == (0, "nothing is running here, and nothing is left of an earlier run", "")


@pytest.mark.long
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


@pytest.mark.long
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
    sent = await command("send", "--port-offset", str(offset))
    assert sent == (1, "", KILLED)
    forget(offset)


async def test_where_a_killed_run_was_every_command_is_one_line_that_says_what_to_do() -> None:
    here = ("--port-offset", str(offset := free_offset()))
    folder_of(offset).mkdir()
    Run(Addresses.shifted(offset), "", "", "").remember(folder_of(offset))

    said = await commands(*((*line, *here) for line in OTHERS))
    ended = await command("down", *here)

    assert said == [(1, "", KILLED)] * len(OTHERS)
    assert (ended[0], await command("token", *here)) == (0, (1, "", NO_RUN))
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
        refused = await command("up", "--once", "--port-offset", str(offset))

    advice = "python -m devtools down ends a run of ours; stop what else listens there, or run scripts/up --port-offset 100"
    assert refused == (1, "", f"up: port {8081 + offset}, wanted by the Cosmos DB stand-in, is in use: {advice}")


async def test_a_missing_node_is_one_line_that_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for tool in ("sh", "cat", "cksum", "cut", "dirname", "sed"):
        (tmp_path / tool).symlink_to(str(shutil.which(tool)))
    monkeypatch.setenv("PATH", str(tmp_path))
    offset = free_offset()

    set_up = await run("scripts/setup", environment={"PYTHON": sys.executable})
    up = await command("up", "--port-offset", str(offset))

    said = "setup: Node.js is missing. Install Node.js 20 or newer (it brings npm): Azurite, the local blob storage, runs on it."
    assert set_up == (1, set_up[1], said)
    assert up == (1, "", "up: Node.js is missing: install Node.js 20 or newer, then run scripts/setup")
    assert not folder_of(offset).exists()
