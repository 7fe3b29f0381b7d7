"""The commands beside a run, in their order, on one run for all: what each prints for people and for machines."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient

from devtools.local.addresses import Addresses
from devtools.local.run import Run, folder_of
from shared import topology
from tests.e2e.environment import free_offset
from tests.e2e.processes import all_gone, run
from tests.e2e.test_local_run import DEVTOOLS, NO_RUN, STAGES, free_again, until_stored

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

PARTS = ["azurite", "cosmos", "host", "issuer", "service-bus", "up"]
PLAN = {
    "name": "a slow broker",
    "faults": [{"at": "service-bus", "kind": "delay", "operation": "send", "seconds": 0.01, "calls": 1}],
}
Printed = tuple[int, str, str]


@dataclass(frozen=True)
class Local:
    """A run in the background, and what its ``up`` printed."""

    offset: int
    started: Printed

    @property
    def report(self) -> dict[str, Any]:
        report: dict[str, Any] = json.loads(self.started[1])
        return report

    async def command(self, *arguments: str) -> Printed:
        return await run(*DEVTOOLS, *arguments, "--port-offset", str(self.offset))

    async def document(self, *arguments: str) -> Any:
        code, out, errors = await self.command(*arguments, "--json")
        assert (code, errors) == (0, "")
        return json.loads(out)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def local(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Local]:
    plan: Path = tmp_path_factory.mktemp("plan") / "plan.json"
    plan.write_text(json.dumps(PLAN))
    offset = free_offset()
    try:
        yield Local(offset, await run(*DEVTOOLS, "up", "--detach", "--json", "--faults", str(plan), "--port-offset", str(offset)))
    finally:
        await run(*DEVTOOLS, "down", "--port-offset", str(offset))
        await run(*DEVTOOLS, "reset", "--yes", "--port-offset", str(offset))


async def test_up_detached_gives_the_terminal_back_after_its_first_run(local: Local) -> None:
    assert (local.started[0], local.started[2]) == (0, "")
    assert (local.report["faults"], local.report["stored"]) == ([], 8)


async def test_status_shows_what_runs_where_what_it_holds_and_what_went_wrong_on_purpose(local: Local) -> None:
    shown, found = await asyncio.gather(local.command("status"), local.document("status"))

    parts = {part["name"]: part for part in found["parts"]}
    assert (found["allAnswer"], sorted(parts)) == (True, PARTS)
    assert {part["state"] for name, part in parts.items() if name != "up"} == {"answers"}
    assert parts["service-bus"]["address"] == f"127.0.0.1:{5672 + local.offset}"
    assert min(part["memoryBytes"] for part in parts.values()) > 1_000_000
    assert [queue["name"] for queue in found["queues"]] == [queue.name for queue in topology.QUEUES]
    assert (found["items"]["shards"], found["items"]["gaps"] > 0, found["blobs"]) == (8, True, {"claims": 0})
    assert (found["faults"]["plan"], found["faults"]["byKind"]) == ("a slow broker", {"delay": 1})
    lines = shown[1].splitlines()
    assert (shown[0], lines[-1]) == (0, "everything answers")
    assert lines[0].split() == ["part", "address", "process", "up", "since", "memory", "state"]
    assert [line.split()[0] for line in lines[2:8]] == [part["name"] for part in found["parts"]]
    assert [
        start for start in ("ingestion-events ", "shards ", "claims ", "What went wrong on purpose") if f"\n{start}" not in shown[1]
    ] == []


async def test_status_names_what_does_not_answer_and_ends_with_1(local: Local) -> None:
    [issuer] = [part["pid"] for part in (await local.document("status"))["parts"] if part["name"] == "issuer"]

    os.kill(issuer, signal.SIGSTOP)
    try:
        shown = await local.command("status")
    finally:
        os.kill(issuer, signal.SIGCONT)

    assert (shown[0], shown[1].splitlines()[-1]) == (1, "not there, or without an answer: issuer")


async def test_send_of_the_same_seed_sends_the_same_records_and_waits_until_they_are_handled(local: Local) -> None:
    seeded = ("send", "--seed", "7", "--accounts", "2", "--opportunities", "20")

    found = await local.document(*seeded, "--wait")
    shown = await local.command(*seeded[:-1], "17")

    assert (len(found["sent"]), found["acknowledged"], found["stored"], found["faults"]) == (23, 23, 23, [])
    assert found["secondsToHandled"] >= found["seconds"] > 0
    assert (shown[0], shown[1].splitlines()[0].split()) == (0, ["object", "id", "name"])
    assert [record["id"] for record in found["sent"][:3] if record["id"] not in shown[1]] == []
    assert "20 of 20 acknowledged in " in shown[1].splitlines()[-1]


async def test_peek_shows_every_queue_one_tenants_messages_dead_letters_and_one_message_whole(local: Local) -> None:
    await put_a_dead_and_a_living_message(Run.current(folder_of(local.offset)), dead="dead-message", living="living-message")
    bulk = ("peek", topology.INGESTION_EVENTS_BULK)

    dead, dead_found, every, of_one, of_another, whole, unknown = await asyncio.gather(
        local.command(*bulk, "--dead"),
        local.document(*bulk, "--dead"),
        local.command("peek", "--all", "--tenant", "peeked"),
        local.document(*bulk, "--tenant", "peeked"),
        local.command(*bulk, "--tenant", "another"),
        local.document(*bulk, "--body", "living"),
        local.command(*bulk, "--body", "no-such-message"),
    )

    assert [line.split()[0] for line in dead[1].splitlines()[:1]] == ["number"]
    assert "no-customer  a person said so" in dead[1].splitlines()[2]
    assert [(one["id"], one["deadLetterReason"], one["deadLetterDescription"]) for one in dead_found] == [
        ("dead-message", "no-customer", "a person said so")
    ]
    assert every[1].splitlines()[0].split() == ["queue", "number", "id", "state", "deliveries", "enqueued", "says"]
    assert (every[1].splitlines()[2].split()[0], every[1].splitlines()[-1]) == ("ingestion-events-bulk", "1 message")
    assert [one["id"] for one in of_one] == ["living-message"]
    assert of_another == (0, "0 messages", "")
    assert (whole["id"], whole["body"]) == ("living-message", {"recordType": "Account"})
    assert unknown == (1, "", "devtools: 0 messages there are called no-such-message")


async def test_shard_lists_the_shards_and_shows_one_whole(local: Local) -> None:
    listed, found = await asyncio.gather(local.command("shard"), local.document("shard"))
    one, unknown = await asyncio.gather(local.command("shard", found[0]["id"][:12]), local.command("shard", "no-such-shard"))

    assert listed[1].splitlines()[0].split() == ["type", "name", "content", "revision", "status", "id"]
    assert listed[1].splitlines()[-1] == f"{len(found)} shards"
    assert [document["id"] for document in json.loads(one[1])] == [found[0]["id"]]
    assert unknown == (1, "", "devtools: no shard no-such-shard of tenant sample-tenant")


async def test_search_trace_and_token_show_what_up_has_shown(local: Local) -> None:
    question, traced = local.report["search"]["question"], local.report["traced"]

    table, found, of_a_stranger, of_another_tenant, asked_too_much = await asyncio.gather(
        local.command("search", *question.split()),
        local.document("search", question, "--most", "3"),
        local.command("search", question, "--email", "nobody@example.com"),
        local.document("search", question, "--tenant", "another-tenant"),
        local.command("search", question, "--most", "51"),
    )
    shown, steps, unknown, token, for_machines = await asyncio.gather(
        local.command("trace", traced[:12]),
        local.document("trace", traced),
        local.command("trace", "no-such-shard"),
        local.command("token", "--admin"),
        local.document("token", "--seconds", "60"),
    )
    statuses = [await asked_with(local.offset, question, bearer) for bearer in (token[1], token[1][:-4], None)]

    hits = found["hits"]
    assert (hits[0]["shardId"], len(hits)) == (traced, 3)
    assert (table[0], hits[0]["name"] in table[1].splitlines()[2]) == (0, True)
    assert of_a_stranger == (0, "nothing found", "")
    assert of_another_tenant["hits"] == []
    assert (asked_too_much[0], asked_too_much[1]) == (1, "answered 400: limit is from 1 to 50")
    assert [step["where"] for step in steps["steps"]] == STAGES
    assert (shown[0], [stage for stage in STAGES if stage not in shown[1]], "linked: opportunity_for" in shown[1]) == (0, [], True)
    assert unknown == (1, "", "devtools: 0 shards begin with no-such-shard: python -m devtools shard lists them")
    assert statuses == [200, 401, 401]
    assert (for_machines["expiresInSeconds"], for_machines["token"].count(".")) == (60, 2)


async def test_reset_asks_first_then_says_what_it_removed_and_the_run_goes_on(local: Local) -> None:
    await put_a_dead_and_a_living_message(Run.current(folder_of(local.offset)), dead="to-be-removed", living="removed-too")

    refused = await local.command("reset")
    removed = await local.document("reset", "--yes")
    held = await local.document("status")
    sent = await local.document("send", "--wait")
    stored = await until_stored(3, "--port-offset", str(local.offset))

    where = folder_of(local.offset).relative_to(Path.cwd())
    assert refused == (2, "", f"devtools: reset removes all messages, items, blobs and logs of the run in {where}: say --yes")
    [bulk] = [queue for queue in removed["removed"]["queues"] if queue["name"] == topology.INGESTION_EVENTS_BULK]
    assert (bulk["active"] > 0, bulk["dead"] > 0, removed["removed"]["items"]["shards"] >= 8) == (True, True, True)
    assert sum(queue["active"] + queue["scheduled"] + queue["dead"] for queue in held["queues"]) == 0
    assert (held["allAnswer"], held["items"]["shards"], held["items"]["connections"]) == (True, 0, 2)
    assert (sent["stored"], sent["faults"], len(stored)) == (3, [], 3)


async def test_down_says_what_it_ended_leaves_nothing_running_and_reset_then_removes_the_folder(local: Local) -> None:
    pids = {part["pid"] for part in (await local.document("status"))["parts"]}

    ended = await local.document("down")
    again, shown, peeked = await asyncio.gather(local.command("down"), local.command("status"), local.command("peek", "--all"))
    removed = await local.document("reset", "--yes")

    assert {one["pid"] for one in ended["ended"]} == pids
    assert {one["name"]: one["how"] for one in ended["ended"]} == {name: "asked" if name == "up" else "by its up" for name in PARTS}
    await all_gone(pids)
    await free_again(local.offset)
    assert again == (0, "nothing was running here", "")
    assert (shown, peeked) == ((1, "", NO_RUN), (1, "", NO_RUN))
    assert (removed["removed"]["folder"], removed["removed"]["files"] > 0) == (folder_of(local.offset).name, True)
    assert not folder_of(local.offset).exists()


async def put_a_dead_and_a_living_message(run: Run, *, dead: str, living: str) -> None:
    """On a queue that nobody reads."""
    properties: dict[str | bytes, Any] = {"tenantId": "peeked"}
    second = ServiceBusMessage(b'{"recordType": "Account"}', message_id=living, application_properties=properties)
    async with (
        ServiceBusClient.from_connection_string(run.service_bus) as client,
        client.get_queue_sender(topology.INGESTION_EVENTS_BULK) as sender,
    ):
        await sender.send_messages(ServiceBusMessage(b"{}", message_id=dead))
        async with client.get_queue_receiver(topology.INGESTION_EVENTS_BULK) as receiver:
            [message] = await receiver.receive_messages(max_wait_time=30)
            await receiver.dead_letter_message(message, reason="no-customer", error_description="a person said so")
        await sender.send_messages(second)


async def asked_with(offset: int, question: str, bearer: str | None) -> int:
    """The status of a question to such a run's API."""
    headers = {} if bearer is None else {"Authorization": f"Bearer {bearer}"}
    url = f"http://127.0.0.1:{Addresses.shifted(offset).host}/api/v1/search"
    async with aiohttp.ClientSession() as http, http.get(url, params={"q": question}, headers=headers) as answer:
        return answer.status
