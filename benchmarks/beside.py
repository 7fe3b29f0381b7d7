"""What a back-fill costs those who do not wait for it: from a webhook call to the shard, idle and while a large object is read and stored.

The app is in three function hosts: what is live, what reads and what stores a back-fill, as on a plan that scales each function alone; and
in one, where all share a process and its event loop. The stages after the shard are off, for on a few cores they would be most of what is
measured: what they are to do stays on their queue. The organization, the broker, the database and whoever calls share the cores.

An event is one call of Salesforce's, at its moment, whatever became of the one before. It ends with the host's log line that says which
shard was stored; the announcement of the shard is part of that.
"""

import asyncio
import io
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import aiohttp
from azure.servicebus.aio import ServiceBusClient

from benchmarks import bench
from benchmarks.bench import Bench
from benchmarks.measurement import goal, say
from devtools.local.control import Control
from devtools.local.organization import TENANT
from devtools.vendors.salesforce.ids import random_id
from devtools.vendors.salesforce.outbound_message import Notification, new_action, render
from devtools.vendors.salesforce.sender import HEADERS
from ingestion.poller import EVENTS_IN_A_BATCH
from shared import topology
from shared.connections.connection import connection_id
from shared.contracts.sync import SyncRequested
from shared.messaging.envelope import Envelope
from shared.messaging.service_bus import ServiceBusTransport
from shared.shards.ids import ShardId, shard_id

STREAM: Final = "Account"
EVERY_SECONDS: Final = 0.1
WARMING: Final = 20
SETTLING_SECONDS: Final = 3.0
"""From the first batch on the queue until events are sent: by then both halves of the back-fill are at work."""
TIMEOUT_SECONDS: Final = 60.0
LIVE: Final = ("ingestion-salesforce-webhook", "normalization-processor")
READING: Final = ("sync-inbound-bulk-worker",)
STORING: Final = ("normalization-bulk-processor",)
OTHERS: Final = ("ingestion-salesforce-poll", "sync-inbound-worker", "enrichment-processor", "embedding-pipeline", "embedding-worker")
NICEST: Final = 19
"""The hosts that read and store give way to all others: on a plan that scales each function alone they have cores of their own."""
SETTINGS: Final = {"SYNC_PACE_AGE_SECONDS": "100000"}
"""Nobody takes from the queue after the shard: its age would stop the back-fill."""
APPS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "three hosts": {"live": LIVE, "reading": READING, "storing": STORING},
    "one host": {"live": (*LIVE, *READING, *STORING)},
}
"""The functions of each host."""


async def measure(*, records: int, events: int) -> dict[str, Any]:
    """``records``: how many the back-fill has; ``events``: live ones, idle and beside it."""
    rows = {name: await _measured(name, hosts, records, events) for name, hosts in APPS.items()}
    goals = [goal("p95 of a live event beside a back-fill ÷ idle", rows["three hosts"]["ratio"], at_most=2)]
    return {"records": records, "events": events, "every_seconds": EVERY_SECONDS, "rows": rows, "goals": goals}


async def _measured(name: str, hosts: Mapping[str, tuple[str, ...]], records: int, events: int) -> dict[str, Any]:
    placed = {host: _only(functions) for host, functions in hosts.items()}
    async with bench.standing(settings=SETTINGS, hosts=placed, has_salesforce=True) as ours:
        async with Control(ours.run.salesforce) as control:
            await control.tell("populate", object=STREAM, count=records)
        await ours.children.start_host()
        for host in hosts.keys() - {"live"}:
            _give_way(ours.children[host].pid)
        await _sent(ours, WARMING)
        say(f"beside: {name}, {events} events and nothing else")
        idle = _figures(await _sent(ours, events))
        say(f"beside: {name}, {events} events beside a back-fill of {records}")
        await _begin_back_fill(ours)
        before, used, began = await _progress(ours), ours.processor_seconds(), time.perf_counter()
        beside = _figures(await _sent(ours, events))
        seconds, after = time.perf_counter() - began, await _progress(ours)
        cores = {child: round(spent / seconds, 2) for child, spent in bench.since(used, ours.processor_seconds()).items()}
    say(f"beside: {name}, idle {idle}, beside {beside}")
    return {
        "idle": idle,
        "beside": beside,
        "ratio": round(beside["p95_ms"] / idle["p95_ms"], 2),
        "seconds": round(seconds, 1),
        "read_meanwhile": after.read - before.read,
        "stored_meanwhile": after.stored - before.stored,
        "cores": cores,
    }


def _give_way(process_id: int) -> None:
    """Lower the priority of a process, which is a session of its own: Linux weighs sessions against each other, where it groups by them."""
    os.setpriority(os.PRIO_PROCESS, process_id, NICEST)
    group = Path(f"/proc/{process_id}/autogroup")
    if group.exists():
        group.write_text(str(NICEST), encoding="utf-8")


def _only(functions: Sequence[str]) -> dict[str, str]:
    """The settings of a host that has these functions alone."""
    return {f"AzureWebJobs.{name}.Disabled": "true" for name in (*LIVE, *READING, *STORING, *OTHERS) if name not in functions}


async def _sent(ours: Bench, events: int) -> list[float]:
    """Milliseconds of each event, one every so often.

    Raises:
        RuntimeError: one was not acknowledged, or not stored in time.
    """
    action = new_action(STREAM, ours.run.webhook_url, ours.rng)
    ids = ours.books.accounts(events)
    bodies = [
        render(ours.run.organization_id, action, [Notification(random_id("Notification", ours.rng), ours.books.org.record(each))])
        for each in ids
    ]
    called: dict[ShardId, float] = {}
    async with aiohttp.ClientSession() as http:

        async def call(record_id: str, body: bytes) -> None:
            called[_shard(ours.run.organization_id, record_id)] = time.time()
            async with http.post(ours.run.webhook_url, data=io.BytesIO(body), headers=HEADERS) as answer:
                if answer.status != 200:
                    raise RuntimeError(f"an event was answered with {answer.status}")

        began = time.monotonic()
        async with asyncio.TaskGroup() as calls:
            for number, (record_id, body) in enumerate(zip(ids, bodies, strict=True)):
                await asyncio.sleep(max(0.0, began + number * EVERY_SECONDS - time.monotonic()))
                calls.create_task(call(record_id, body))
    give_up_at = time.monotonic() + TIMEOUT_SECONDS
    while missing := called.keys() - (stored := _stored_at(_log(ours, "live"))).keys():
        if time.monotonic() > give_up_at:
            raise RuntimeError(f"{len(missing)} of {events} events were not stored")
        await asyncio.sleep(0.5)
    return [1000 * (stored[shard] - at) for shard, at in called.items()]


def _shard(organization_id: str, record_id: str) -> ShardId:
    return shard_id(tenant_id=TENANT, system="salesforce", scope=organization_id, record_type=STREAM, external_id=record_id)


def _stored_at(log: Path) -> dict[str, float]:
    """Shards by the log of a host → when each was stored first, seconds since 1970."""
    found: dict[str, float] = {}
    for line in _handled(log):
        if line.get("outcome") == "stored" and "shard" in line:
            found.setdefault(line["shard"], datetime.fromisoformat(line["time"]).timestamp())
    return found


def _handled(log: Path) -> list[dict[str, Any]]:
    lines = (line for line in log.read_text(encoding="utf-8").splitlines(keepends=True) if line.endswith("}\n"))
    return [json.loads(line) for line in lines if '"message handled"' in line]


def _log(ours: Bench, host: str) -> Path:
    return ours.children.folder / "logs" / f"{host}.log"


def _figures(taken: Sequence[float]) -> dict[str, float]:
    ordered = sorted(taken)
    at = {"median_ms": len(ordered) // 2, "p95_ms": len(ordered) * 95 // 100, "most_ms": len(ordered) - 1}
    return {name: round(ordered[place], 1) for name, place in at.items()}


@dataclass(frozen=True)
class _Progress:
    """How many records of the back-fill were read, and how many of those stored."""

    read: int
    stored: int


async def _progress(ours: Bench) -> _Progress:
    stores = "storing" if "storing" in {child.name for child in ours.children.all} else "live"
    batches = [line for line in _handled(_log(ours, stores)) if line.get("outcome") == "batched"]
    read = EVENTS_IN_A_BATCH * ours.enqueued().get(topology.INGESTION_EVENTS_BULK, 0)
    return _Progress(read, sum(int(line["stored"]) for line in batches))


async def _begin_back_fill(ours: Bench) -> None:
    """Ask for it as an operator does, and wait until it is well under way."""
    organization, run = connection_id("salesforce", ours.run.organization_id), random_id("Notification", ours.rng)
    asked = SyncRequested(
        tenant_id=TENANT,
        correlation_id=run,
        connection_id=organization,
        stream=STREAM,
        kind="backfill",
        run=run,
        requested_at=datetime.now(UTC),
    )
    transport = ServiceBusTransport(lambda: ServiceBusClient.from_connection_string(ours.run.service_bus))
    try:
        await transport.send(Envelope.of(asked, traceparent=None))
    finally:
        await transport.close()
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while not (await _progress(ours)).read:
            await asyncio.sleep(0.2)
    await asyncio.sleep(SETTLING_SECONDS)
