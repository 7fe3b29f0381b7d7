"""Webhook → shard: events a second, and requests an event counted at the wire by the stand-ins.

The load is real Outbound Messages of a pretend organization to the app in the function host, all on loopback and on the same few cores as
the client and the stand-ins: a figure for comparing commits and for finding waste, and no promise about Azure.
"""

import asyncio
import json
import secrets
import signal
import socket
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Final

import aiohttp
from azure.cosmos.aio import CosmosClient

from devtools.local import sample
from devtools.local.addresses import Addresses
from devtools.local.run import DATABASE, Children, Run
from devtools.local.up import TENANT, connect
from devtools.vendors.salesforce.ids import random_id
from devtools.vendors.salesforce.outbound_message import Action, new_action
from devtools.vendors.salesforce.records import PretendOrg
from devtools.vendors.salesforce.sender import OutboundMessages
from shared import topology
from shared.storage.cosmos import CosmosAccount

TIMEOUT_SECONDS: Final = 600.0
WIRE_RECORDS: Final = 100


@dataclass(frozen=True)
class Bench:
    """A run to measure."""

    run: Run
    children: Children
    org: PretendOrg
    rng: Random

    def action(self) -> Action:
        """Outbound Messages of opportunities, with every usually ticked field."""
        return new_action("Opportunity", self.run.webhook_url, self.rng)

    async def send(self, record_ids: list[str]) -> None:
        """Notify of these records, and return when all are acknowledged."""
        async with OutboundMessages(self.org, self.rng) as messages:
            messages.notify(self.action(), record_ids)
            await messages.settled(TIMEOUT_SECONDS)

    async def counts(self) -> dict[str, dict[str, float]]:
        """Requests so far, as the stand-ins counted them: Cosmos DB's by container and kind, Service Bus's by operation."""
        async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{self.run.addresses.cosmos}/_operations") as answer:
            containers = (await answer.json())["containers"]
        cosmos = {f"{container} {kind}": count for container, kinds in containers.items() for kind, count in kinds.items()}
        broker = next(child for child in self.children.all if child.name == "service-bus")
        path = self.children.folder / "data" / "service-bus" / "operations.json"
        path.unlink(missing_ok=True)
        broker.send_signal(signal.SIGUSR1)
        while not path.exists():
            await asyncio.sleep(0.01)
        return {"cosmos": cosmos, "service_bus": json.loads(path.read_text(encoding="utf-8"))}


async def measure(events: int) -> dict[str, Any]:
    """Throughput first, then requests an event for new, changed and unchanged records."""
    with tempfile.TemporaryDirectory(prefix="shardline-benchmark-") as folder:
        rng = Random(secrets.randbits(64))
        run = Run(_free_addresses(), random_id("Organization", rng), TENANT, secrets.token_urlsafe(32))
        children = Children(run, folder=Path(folder))
        account = CosmosAccount(lambda: CosmosClient.from_connection_string(run.cosmos), database=DATABASE)
        try:
            await children.start(keep=True)
            await connect(run, account)
            await children.start_host()
            bench = Bench(run, children, sample.new_org(rng, run.organization_id), rng)
            await _new(bench, 20)  # warm: imports, connections, readiness
            await _stored(bench, account)
            await _settled(bench)
            return {"throughput": await _throughput(bench, account, events), "wire": await _wire(bench)}
        finally:
            await account.close()
            await children.stop()


async def _throughput(bench: Bench, account: CosmosAccount, events: int) -> dict[str, Any]:
    ids = _invented(bench, events)
    started = time.perf_counter()
    await bench.send(ids)
    acknowledged_seconds = time.perf_counter() - started
    await _stored(bench, account)
    seconds = time.perf_counter() - started
    return {
        "events": events,
        "seconds_to_last_acknowledgement": round(acknowledged_seconds, 2),
        "seconds_to_last_shard": round(seconds, 2),
        "events_per_second": round(events / seconds, 1),
    }


async def _wire(bench: Bench) -> dict[str, Any]:
    """Requests an event: each case is the same records once more."""
    before = await bench.counts()
    ids = await _new(bench, WIRE_RECORDS)
    await _settled(bench)
    new, before = await _since(bench, before)
    for record_id in ids:
        bench.org.edit(record_id, at=datetime.now(UTC).replace(microsecond=0), Name=f"Edited {record_id}")
    await bench.send(ids)
    await _settled(bench)
    changed, before = await _since(bench, before)
    await bench.send(ids)
    await _settled(bench)
    unchanged, _ = await _since(bench, before)
    return {"records": WIRE_RECORDS, "new": new, "changed": changed, "unchanged": unchanged}


async def _since(bench: Bench, before: Mapping[str, Mapping[str, float]]) -> tuple[dict[str, Any], dict[str, dict[str, float]]]:
    after = await bench.counts()
    per_event = {}
    for service in ("cosmos", "service_bus"):
        counted = {
            name: round((value - before[service].get(name, 0)) / WIRE_RECORDS, 2)
            for name, value in sorted(after[service].items())
            if value != before[service].get(name, 0)
        }
        per_event[service] = counted
    return per_event, after


async def _new(bench: Bench, count: int) -> list[str]:
    ids = _invented(bench, count)
    await bench.send(ids)
    return ids


def _invented(bench: Bench, count: int) -> list[str]:
    return bench.org.populate(accounts=1, contacts=0, opportunities=count)["Opportunity"]


async def _stored(bench: Bench, account: CosmosAccount) -> None:
    """Wait until every record of the organization is a shard, asking ten times a second."""
    container = await account.container(topology.SHARDS)
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while True:
        if time.monotonic() > deadline:
            raise TimeoutError("not every record became a shard")
        await asyncio.sleep(0.1)
        pages = container.query_items(
            "SELECT VALUE COUNT(1) FROM c WHERE c.tenantId = @tenant AND c.shardTypeId = 'c_opportunity'",
            parameters=[{"name": "@tenant", "value": TENANT}],
            partition_key=[TENANT],
        )
        counts: list[Any] = [count async for count in pages]
        if counts[0] >= len(bench.org.records("Opportunity")):
            return


async def _settled(bench: Bench) -> None:
    """Wait until the host has handled what was sent: its log stops growing."""
    size, still = -1, 0
    while still < 5:  # half a second of silence
        await asyncio.sleep(0.1)
        grown = bench.children.host_log.stat().st_size
        still = still + 1 if grown == size else 0
        size = grown


def _free_addresses() -> Addresses:
    ports = []
    sockets = [socket.socket() for _ in range(4)]
    for taken in sockets:
        taken.bind(("127.0.0.1", 0))
        ports.append(taken.getsockname()[1])
    for taken in sockets:
        taken.close()
    return replace(Addresses(), service_bus=ports[0], cosmos=ports[1], blob=ports[2], host=ports[3])
