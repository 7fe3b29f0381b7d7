"""A run to measure: stand-ins and function hosts as child processes, an invented organization, and what can be read off from outside.

Nothing is asked of the app itself. Requests are counted by the stand-ins that answer them; whether all is done, the broker's count says:
every message that was taken in was completed. Processor time is what the operating system says of each process (Linux; elsewhere none).
"""

import asyncio
import json
import os
import secrets
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

import aiohttp
from azure.cosmos.aio import CosmosClient

from benchmarks.records import Books
from devtools.emulators.servicebus.journal import FILE_NAME, replay
from devtools.local import sample, workspace
from devtools.local.addresses import Addresses
from devtools.local.children import Children, Host
from devtools.local.organization import TENANT, connect
from devtools.local.ports import free_ports
from devtools.local.run import DATABASE, Run
from devtools.local.shard import shards_of
from devtools.vendors.salesforce.ids import random_id
from devtools.vendors.salesforce.outbound_message import new_action
from devtools.vendors.salesforce.sender import OutboundMessages
from shared.shards.model import Shard
from shared.storage.cosmos import CosmosAccount

TIMEOUT_SECONDS: Final = 240.0
LATER_SECONDS: Final = 60
POLL_SECONDS: Final = 0.1


@dataclass(frozen=True)
class Bench:
    """A run to measure."""

    run: Run
    children: Children
    books: Books
    rng: Random

    async def send(self, record_ids: Sequence[str]) -> float:
        """Notify of these records, each with every usually ticked field; return, after how many seconds, when all are acknowledged."""
        started = time.perf_counter()
        async with OutboundMessages(self.books.org, self.rng) as messages:
            for object_name in ("Account", "Contact", "Opportunity"):
                ids = [record_id for record_id in record_ids if self.books.org.record(record_id).object_name == object_name]
                messages.notify(new_action(object_name, self.run.webhook_url, self.rng), ids)
            await messages.settled(TIMEOUT_SECONDS)
        return time.perf_counter() - started

    async def handle(self, record_ids: Sequence[str]) -> float:
        """The same, and all that follows from it is done; after how many seconds."""
        started = time.perf_counter()
        await self.send(record_ids)
        await self.drained()
        return time.perf_counter() - started

    async def drained(self) -> None:
        """Return when the broker has nothing left, locked and scheduled messages included, but for second looks that are put off."""
        left_before = 0.0
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while left := _left(await self.bus_operations()):
                if left == left_before == self._put_off():
                    return
                left_before = left
                await asyncio.sleep(POLL_SECONDS)

    async def bus_operations(self) -> dict[str, float]:
        """What clients did at the broker since its start. A batch is one ``send`` and several ``sent-messages``."""
        path = self.children.folder / "data" / "service-bus" / "operations.json"
        path.unlink(missing_ok=True)
        self.children["service-bus"].send_signal(signal.SIGUSR1)
        while not path.exists():
            await asyncio.sleep(0.005)
        operations: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))
        return operations

    async def cosmos_requests(self) -> dict[str, float]:
        """Requests of items so far, by container and kind, retries included."""
        async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{self.run.addresses.cosmos}/_operations") as answer:
            containers = (await answer.json())["containers"]
        return {f"{name.removeprefix(f'{DATABASE}/')} {kind}": count for name, kinds in containers.items() for kind, count in kinds.items()}

    def enqueued(self) -> dict[str, int]:
        """How many messages each queue has taken in since the broker's start, duplicates left out: from its journal."""
        journal = self.children.folder / "data" / "service-bus" / FILE_NAME
        return {queue: snapshot.next_sequence_number - 1 for queue, snapshot in replay(journal.read_bytes()).items()}

    def waiting(self, *queues: str) -> int:
        """How many messages are on these queues, locked and scheduled ones included: from the broker's journal."""
        journal = self.children.folder / "data" / "service-bus" / FILE_NAME
        found = replay(journal.read_bytes())
        return sum(len(found[queue].stored) for queue in queues if queue in found)

    def _put_off(self) -> float:
        """How many messages are to come much later: an anchor is looked at a second time."""
        journal = self.children.folder / "data" / "service-bus" / FILE_NAME
        from_ms = 1000 * (time.time() + LATER_SECONDS)
        stored = (message for queue in replay(journal.read_bytes()).values() for message in queue.stored.values())
        return sum(message.scheduled_ms is not None and message.scheduled_ms > from_ms for message in stored)

    def processor_seconds(self) -> dict[str, float]:
        """Of each child so far, user and system."""
        return {child.name: processor_seconds_of(child.pid) for child in self.children.all}

    async def shards(self) -> list[Shard]:
        """Everything stored."""
        return await shards_of(self.run, tenant_id=TENANT)


@asynccontextmanager
async def running(
    *, settings: Mapping[str, str] | None = None, hosts: Mapping[str, Mapping[str, str]] | None = None, is_warm: bool = True
) -> AsyncIterator[Bench]:
    """Everything started, and stopped at the end. ``hosts``: each with its settings; the first one has the webhook.

    Warm means: a few records went all the way, so that imports, connections and the readiness check are behind us.
    """
    async with standing(settings=settings, hosts=hosts) as bench:
        await bench.children.start_host()
        if is_warm:
            await bench.handle([*bench.books.accounts(1), *bench.books.opportunities(20)])
        yield bench


@asynccontextmanager
async def standing(
    *,
    settings: Mapping[str, str] | None = None,
    hosts: Mapping[str, Mapping[str, str]] | None = None,
    faults: Path | None = None,
    has_salesforce: bool = False,
    has_gdrive: bool = False,
) -> AsyncIterator[Bench]:
    """The same without the hosts, which nobody has started. With ``has_salesforce`` the organization can be asked, and has no record;
    with ``has_gdrive`` there is a Google Workspace; ``faults`` is the plan that the stand-ins obey."""
    with tempfile.TemporaryDirectory(prefix="shardline-benchmark-") as folder:
        rng = Random(secrets.randbits(64))
        wanted = hosts or {"host": {}}
        bus, cosmos, blob, issuer, salesforce, gdrive, *ports = free_ports(6 + len(wanted))
        addresses = Addresses(service_bus=bus, cosmos=cosmos, blob=blob, issuer=issuer, salesforce=salesforce, gdrive=gdrive, host=ports[0])
        run = Run(addresses, random_id("Organization", rng), TENANT, secrets.token_urlsafe(32), domain=workspace.new_domain(rng))
        placed = {name: Host(port, said) for (name, said), port in zip(wanted.items(), ports, strict=True)}
        children = Children(
            run,
            folder=Path(folder),
            settings=settings,
            hosts=placed,
            faults=faults,
            has_salesforce=has_salesforce,
            has_gdrive=has_gdrive,
        )
        try:
            await children.start()
            account = CosmosAccount(lambda: CosmosClient.from_connection_string(run.cosmos), database=DATABASE)
            try:
                await connect(run, account, is_polled=has_salesforce)
                if has_gdrive:
                    await workspace.connect(run, account)
            finally:
                await account.close()
            yield Bench(run, children, Books(sample.new_org(rng, run.organization_id), rng), rng)
        finally:
            await children.stop()


def since(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """What was added, by name; what was not is left out."""
    return {name: value - before.get(name, 0) for name, value in sorted(after.items()) if value != before.get(name, 0)}


def _left(operations: Mapping[str, float]) -> float:
    taken_in = operations.get("sent-messages", 0) + operations.get("schedule", 0) - operations.get("duplicates-dropped", 0)
    return taken_in - operations.get("complete", 0) - operations.get("dead-letter", 0)


def processor_seconds_of(process_id: int) -> float:
    try:
        said = Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return (int(said[11]) + int(said[12])) / os.sysconf("SC_CLK_TCK")
