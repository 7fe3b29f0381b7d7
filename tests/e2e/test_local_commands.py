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

from devtools.faults.injector import strikes
from devtools.local.addresses import Addresses
from devtools.local.processes import noted
from devtools.local.run import Run, folder_of
from shared import topology
from tests.e2e import local_runs
from tests.e2e.environment import free_offset
from tests.e2e.local_runs import DEVTOOLS, NO_RUN, STAGES, Printed, commands, free_again
from tests.e2e.processes import all_gone, command_line, run

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

PARTS = ["azurite", "cosmos", "gdrive", "host", "issuer", "salesforce", "service-bus", "slack", "up"]
THROTTLED = {
    "at": "cosmos",
    "kind": "refuse",
    "status": 429,
    "retryAfterSeconds": 0.1,
    "operation": "create",
    "target": "shards",
    "calls": 2,
}
PLAN = {"name": "a busy store", "seed": 3, "faults": [THROTTLED]}


@dataclass(frozen=True)
class Local:
    """A run in the background, and what its ``up`` printed."""

    offset: int
    started: Printed

    @property
    def lines(self) -> list[str]:
        return self.started[1].splitlines()

    @property
    def traced(self) -> str:
        """The shard whose way it has shown."""
        [shard] = [line.split()[1] for line in self.lines if line.startswith("shard ")]
        return shard

    @property
    def question(self) -> str:
        """What it has asked about that shard."""
        [before] = [number for number, line in enumerate(self.lines) if line.startswith("A question in ")]
        return self.lines[before + 2].strip()

    @property
    def here(self) -> tuple[str, str]:
        return ("--port-offset", str(self.offset))

    async def command(self, *arguments: str) -> Printed:
        return await local_runs.command(*arguments, *self.here)

    async def document(self, *arguments: str) -> Any:
        return await local_runs.document(*arguments, *self.here)

    async def commands(self, *lines: tuple[str, ...]) -> list[Printed]:
        return await commands(*((*line, *self.here) for line in lines))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def local(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Local]:
    plan: Path = tmp_path_factory.mktemp("plan") / "plan.json"
    plan.write_text(json.dumps(PLAN))
    here = ("--port-offset", str(offset := free_offset()))
    try:
        yield Local(offset, await run("scripts/up", "--detach", "--faults", str(plan), *here))
    finally:
        await local_runs.command("down", *here)
        await local_runs.command("reset", "--yes", *here)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def dead_and_living(local: Local) -> None:
    """Messages with these names, on a queue that nobody reads."""
    properties: dict[str | bytes, Any] = {"tenantId": "peeked"}
    living = ServiceBusMessage(b'{"recordType": "Account"}', message_id="living-message", application_properties=properties)
    async with (
        ServiceBusClient.from_connection_string(Run.current(folder_of(local.offset)).service_bus) as client,
        client.get_queue_sender(topology.REJECTED_MESSAGES) as sender,
        client.get_queue_receiver(topology.REJECTED_MESSAGES) as receiver,
    ):
        await sender.send_messages(ServiceBusMessage(b"{}", message_id="dead-message"))
        [message] = await receiver.receive_messages(max_wait_time=30)
        await receiver.dead_letter_message(message, reason="no-customer", error_description="a person said so")
        await receiver.close()  # or it would take the next one, too
        await sender.send_messages(living)


async def test_up_detached_gives_the_terminal_back_after_a_first_run_that_met_its_whole_plan_and_lost_nothing(local: Local) -> None:
    here = folder_of(local.offset)

    text = [" ".join(line.split()) for line in local.lines]
    assert (local.started[0], local.started[2]) == (0, ""), local.started[1]
    assert [stage for stage in STAGES if not any(stage in line for line in text)] == []
    assert ("cosmos refuse create shards 2" in text, "by kind: refuse 2" in text) == (True, True)
    assert [line["operation"] for line in strikes(here / "faults.fired.jsonl")] == ["create", "create"]
    assert any(line.startswith("all 8 records are stored, right, linked, embedded and found") for line in text)
    assert f'search http://127.0.0.1:{7071 + local.offset}/api/v1/search python -m devtools search "WORDS"' in text
    assert text[-1] == "It stays up in the background: python -m devtools down stops everything."
    [host] = [process.pid for process in noted(here) if process.name == "host"]
    assert f"--app {here / 'artefact'} " in command_line(host)  # the app as it is deployed


async def test_status_shows_what_runs_where_what_it_holds_and_what_went_wrong_on_purpose(local: Local) -> None:
    shown, for_machines = await local.commands(("status",), ("status", "--json"))

    found = json.loads(for_machines[1])
    parts = {part["name"]: part for part in found["parts"]}
    assert (found["allAnswer"], sorted(parts)) == (True, PARTS)
    assert {part["state"] for name, part in parts.items() if name != "up"} == {"answers"}
    assert parts["service-bus"]["address"] == f"127.0.0.1:{5672 + local.offset}"
    assert min(part["memoryBytes"] for part in parts.values()) > 1_000_000
    assert [queue["name"] for queue in found["queues"]] == [queue.name for queue in topology.QUEUES]
    assert (found["items"]["shards"] > 8, "gaps" in found["items"], found["blobs"]["claims"]) == (True, True, 0)  # and their owners'
    assert (found["faults"]["plan"], found["faults"]["byKind"]) == ("a busy store", {"refuse": 2})
    lines = shown[1].splitlines()
    assert (shown[0], lines[-1]) == (0, "everything answers")
    assert lines[0].split() == ["part", "address", "process", "up", "since", "memory", "state"]
    assert [line.split()[0] for line in lines[2:11]] == [part["name"] for part in found["parts"]]
    assert [
        start for start in ("ingestion-events ", "shards ", "claims ", "What went wrong on purpose") if f"\n{start}" not in shown[1]
    ] == []


async def test_status_names_what_does_not_answer_and_ends_with_1(local: Local) -> None:
    [issuer] = [process.pid for process in noted(folder_of(local.offset)) if process.name == "issuer"]

    os.kill(issuer, signal.SIGSTOP)
    try:
        shown = await local.command("status")
    finally:
        os.kill(issuer, signal.SIGCONT)

    assert (shown[0], shown[1].splitlines()[-1]) == (1, "not there, or without an answer: issuer")


async def test_send_of_the_same_seed_sends_the_same_records_and_waits_until_they_are_handled(local: Local) -> None:
    seeded = ("send", "--seed", "7", "--accounts", "2", "--opportunities")

    found = await local.document(*seeded, "2", "--wait")
    shown = await local.command(*seeded, "1")

    assert (len(found["sent"]), found["acknowledged"], found["stored"], found["faults"]) == (5, 5, 5, [])
    assert found["secondsToHandled"] >= found["seconds"] > 0
    assert (shown[0], shown[1].splitlines()[0].split()) == (0, ["object", "id", "name"])
    assert [record["id"] for record in found["sent"][:3] if record["id"] not in shown[1]] == []
    assert "4 of 4 acknowledged in " in shown[1].splitlines()[-1]


@pytest.mark.usefixtures("dead_and_living")
async def test_peek_shows_every_queue_one_tenants_messages_dead_letters_and_one_message_whole(local: Local) -> None:
    parked = ("peek", topology.REJECTED_MESSAGES)

    dead, dead_found, every, of_one, of_another, whole, unknown = await local.commands(
        (*parked, "--dead"),
        (*parked, "--dead", "--json"),
        ("peek", "--all", "--tenant", "peeked"),
        (*parked, "--tenant", "peeked", "--json"),
        (*parked, "--tenant", "another"),
        (*parked, "--body", "living", "--json"),
        (*parked, "--body", "no-such-message"),
    )

    assert [line.split()[0] for line in dead[1].splitlines()[:1]] == ["number"]
    assert "no-customer  a person said so" in dead[1].splitlines()[2]
    assert [(one["id"], one["deadLetterReason"], one["deadLetterDescription"]) for one in json.loads(dead_found[1])] == [
        ("dead-message", "no-customer", "a person said so")
    ]
    assert every[1].splitlines()[0].split() == ["queue", "number", "id", "state", "deliveries", "enqueued", "says"]
    assert (every[1].splitlines()[2].split()[0], every[1].splitlines()[-1]) == ("rejected-messages", "1 message")
    assert [one["id"] for one in json.loads(of_one[1])] == ["living-message"]
    assert of_another == (0, "0 messages", "")
    shown = json.loads(whole[1])
    assert (shown["id"], shown["body"]) == ("living-message", {"recordType": "Account"})
    assert unknown == (1, "", "devtools: 0 messages there are called no-such-message")


async def test_shard_lists_the_shards_and_shows_one_whole(local: Local) -> None:
    found = await local.document("shard")

    listed, one, unknown = await local.commands(("shard",), ("shard", found[0]["id"][:12]), ("shard", "no-such-shard"))

    assert listed[1].splitlines()[0].split() == ["type", "name", "content", "revision", "status", "id"]
    assert listed[1].splitlines()[-1] == f"{len(found)} shards"
    assert [document["id"] for document in json.loads(one[1])] == [found[0]["id"]]
    assert unknown == (1, "", "devtools: no shard no-such-shard of tenant sample-tenant")


async def test_search_finds_for_its_tenant_and_for_who_may_see_it(local: Local) -> None:
    question, traced = local.question, local.traced

    table, found, of_a_stranger, of_another_tenant, asked_too_much = await local.commands(
        ("search", *question.split()),
        ("search", question, "--most", "3", "--json"),
        ("search", question, "--email", "nobody@example.com"),
        ("search", question, "--tenant", "another-tenant", "--json"),
        ("search", question, "--most", "51"),
    )

    hits = json.loads(found[1])["hits"]
    assert (hits[0]["shardId"], len(hits)) == (traced, 3)
    assert (table[0], hits[0]["name"] in table[1].splitlines()[2]) == (0, True)
    assert of_a_stranger == (0, "nothing found", "")
    assert json.loads(of_another_tenant[1])["hits"] == []
    assert (asked_too_much[0], asked_too_much[1]) == (1, "answered 400: limit is from 1 to 50")


async def test_links_shows_what_a_shard_is_linked_to_how_sure_that_is_and_why(local: Local) -> None:
    [offer] = [shard["id"] for shard in await local.document("shard") if str(shard["structuredData"].get("name")).endswith("offer v2.pdf")]

    shown, found, of_a_stranger, unknown = await local.commands(
        ("links", offer[:12]),
        ("links", offer, "--json"),
        ("links", offer, "--email", "nobody@example.com"),
        ("links", "no-such-shard"),
    )

    [deal] = [link for link in json.loads(found[1])["links"] if link["other"]["shardTypeId"] == "c_opportunity"]
    assert (shown[0], shown[1].splitlines()[0].split()) == (0, ["it", "what", "confidence", "says", "who", "why", "link"])
    assert [said for said in (f"deal {deal['other']['name']}", *deal["why"], deal["id"]) if said not in shown[1]] == []
    assert (of_a_stranger[0], of_a_stranger[1].startswith("answered 404: ")) == (1, True)
    assert unknown == (1, "", "devtools: 0 shards begin with no-such-shard: python -m devtools shard lists them")


async def test_suggestions_lists_what_waits_or_was_settled_and_settles_it_once(local: Local) -> None:
    [approved] = (await local.document("suggestions", "--status", "approved"))["suggestedLinks"]

    listed, again, too_late, of_a_stranger, unknown = await local.commands(
        ("suggestions", "--status", "approved"),
        ("suggestions", "approve", approved["id"][:12]),
        ("suggestions", "reject", approved["id"], "--reason", "no"),
        ("suggestions", "--status", "approved", "--email", "nobody@example.com"),
        ("suggestions", "approve", "no-such-one"),
    )

    statement = f"file {approved['source']['name']} is attached to deal {approved['target']['name']}"
    assert (listed[0], approved["id"] in listed[1], approved["source"]["name"].endswith("notes of the visit.txt")) == (0, True, True)
    assert again[:2] == (0, f"approved by {approved['decidedBy']}: {statement} ({approved['reason']})")
    assert (too_late[0], too_late[1].startswith(f"answered 409: it was approved by {approved['decidedBy']}")) == (1, True)
    assert of_a_stranger == (0, "there are none", "")
    assert unknown == (1, "", "devtools: 0 suggestions begin with no-such-one: python -m devtools suggestions lists them")


async def test_trace_shows_every_stage_of_one_record(local: Local) -> None:
    traced = local.traced

    shown, steps, unknown = await local.commands(("trace", traced[:12]), ("trace", traced, "--json"), ("trace", "no-such-shard"))

    way = [step["where"] for step in json.loads(steps[1])["steps"]]
    assert way[: len(STAGES)] == STAGES
    assert set(way[len(STAGES) :]) <= set(STAGES[2:]), "what the poll added to it, which is known by its own way alone"
    assert (shown[0], [stage for stage in STAGES if stage not in shown[1]], "linked: opportunity_for" in shown[1]) == (0, [], True)
    assert unknown == (1, "", "devtools: 0 shards begin with no-such-shard: python -m devtools shard lists them")


async def test_token_makes_one_that_the_api_takes_as_it_is_and_not_otherwise(local: Local) -> None:
    token, for_machines = await local.commands(("token", "--admin"), ("token", "--seconds", "60", "--json"))

    statuses = [await asked_with(local.offset, "anything", bearer) for bearer in (token[1], token[1][:-4], None)]

    made = json.loads(for_machines[1])
    assert statuses == [200, 401, 401]
    assert (made["expiresInSeconds"], made["token"].count(".")) == (60, 2)


@pytest.mark.usefixtures("dead_and_living")
async def test_reset_asks_first_then_says_what_it_removed_and_the_run_goes_on(local: Local) -> None:
    refused = await local.command("reset")
    removed = await local.document("reset", "--yes")
    sent = await local.document("send", "--wait")
    held = await at_rest(local)

    where = folder_of(local.offset).relative_to(Path.cwd())
    assert refused == (2, "", f"devtools: reset removes all messages, items, blobs and logs of the run in {where}: say --yes")
    [parked] = [queue for queue in removed["removed"]["queues"] if queue["name"] == topology.REJECTED_MESSAGES]
    assert (parked["active"] > 0, parked["dead"] > 0, removed["removed"]["items"]["shards"] >= 8) == (True, True, True)
    assert sum(queue["dead"] for queue in held["queues"]) == 0
    assert (held["allAnswer"], held["items"]["shards"] >= 3, held["items"]["connections"]) == (True, True, 5)
    assert held["faults"]["byKind"] == {"refuse": 2}  # the plan goes on where it was
    assert (sent["stored"], sent["faults"]) == (3, [])


async def test_down_says_what_it_ended_leaves_nothing_running_and_reset_then_removes_the_folder(local: Local) -> None:
    pids = {process.pid for process in noted(folder_of(local.offset))}

    code, out, errors = await run(*DEVTOOLS, "down", "--json", *local.here)
    again, shown, peeked = await local.commands(("down",), ("status",), ("peek", "--all"))
    removed = await local.document("reset", "--yes")

    ended = json.loads(out)["ended"]
    assert (code, errors, {one["pid"] for one in ended}) == (0, "", pids)
    assert {one["name"]: one["how"] for one in ended} == {name: "asked" if name == "up" else "by its up" for name in PARTS}
    await all_gone(pids)
    await free_again(local.offset)
    assert again == (0, "nothing was running here", "")
    assert (shown, peeked) == ((1, "", NO_RUN), (1, "", NO_RUN))
    assert (removed["removed"]["folder"], removed["removed"]["files"] > 0) == (folder_of(local.offset).name, True)
    assert not folder_of(local.offset).exists()


async def at_rest(local: Local) -> Any:
    """What a run holds when nothing is left on its queues: by the clock its timers may have asked for something just now."""
    async with asyncio.timeout(60):
        while True:
            found = await local.document("status")
            if not any(queue["active"] for queue in found["queues"]):
                return found


async def asked_with(offset: int, question: str, bearer: str | None) -> int:
    """The status of a question to such a run's API."""
    headers = {} if bearer is None else {"Authorization": f"Bearer {bearer}"}
    url = f"http://127.0.0.1:{Addresses.shifted(offset).host}/api/v1/search"
    async with aiohttp.ClientSession() as http, http.get(url, params={"q": question}, headers=headers) as answer:
        return answer.status
