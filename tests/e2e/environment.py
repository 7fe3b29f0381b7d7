"""A running app for the end-to-end tests: the host over the unpacked artefact, and the stand-ins it talks to, each a child process.

A test knows three things of it: HTTP goes in, and the store and the queues are looked into through the real SDKs. Every child has a fixed
port and a folder for its data, so that it can be killed and started again where it was.
"""

import asyncio
import io
import json
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
from azure.cosmos.aio import CosmosClient
from azure.servicebus import ServiceBusMessage, ServiceBusSubQueue
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver

from devtools.local.addresses import Addresses
from devtools.local.queues import peek_through
from devtools.local.run import DATABASE, QUEUES, Children, Run
from devtools.vendors.salesforce.sender import HEADERS
from tests.e2e.tenants import Tenant, connected_tenant

OFFSETS: Final = range(12_000, 20_000)
"""Above every default port, below the ports that systems give to clients: nobody takes one while its child is being started again."""
_given: Final[set[int]] = set()


@dataclass(frozen=True)
class Reply:
    """What a POST came to, and after how many seconds."""

    status: int
    text: str
    seconds: float

    @property
    def is_acknowledged(self) -> bool:
        return self.status == 200 and "<Ack>true</Ack>" in self.text


@dataclass
class Environment:
    """One running app."""

    run: Run
    children: Children
    http: aiohttp.ClientSession
    _read_from: int = field(default=0, repr=False)
    _looking: AsyncExitStack = field(default_factory=AsyncExitStack, repr=False)
    _receivers: dict[tuple[str, bool], ServiceBusReceiver] = field(default_factory=dict, repr=False)

    @property
    def logs(self) -> Path:
        return self.children.folder / "logs"

    async def tenant(self) -> Tenant:
        """A new tenant with a new pretend organization, connected."""
        return await connected_tenant(self.run)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> Reply:
        started = time.monotonic()
        async with self.http.post(url, data=io.BytesIO(body), headers={**HEADERS, **(headers or {})}) as response:
            text = await response.text()
            return Reply(response.status, text, time.monotonic() - started)

    async def deliver(self, tenant: Tenant, *bodies: bytes) -> None:
        """Post them one after the other; all are acknowledged, and handled when this returns."""
        for body in bodies:
            reply = await self.post(tenant.url, body)
            assert reply.is_acknowledged, reply
        await self.drained()

    async def shards(self, tenant: Tenant) -> dict[str, dict[str, Any]]:
        """Every shard of a tenant by its vendor record's id. Two shards of one record fail here."""
        async with CosmosClient.from_connection_string(self.run.cosmos) as client:
            container = client.get_database_client(DATABASE).get_container_client("shards")
            query = "SELECT * FROM c WHERE c.tenantId = @tenant"
            found = container.query_items(query, parameters=[{"name": "@tenant", "value": tenant.id}], partition_key=[tenant.id])
            documents = [document async for document in found]
        by_record = {document["external_relationships"][0]["externalId"]: document for document in documents}
        assert len(by_record) == len(documents), "two shards of one record"
        return by_record

    async def queue(self, name: str, tenant: Tenant | None = None, *, dead: bool = False) -> list[dict[str, Any]]:
        """What is on a queue, locked and scheduled messages included; a tenant's only, where one is named."""
        found = await peek_through(await self._receiver(name, dead=dead), most=100_000)
        return [message for message in found if tenant is None or message["properties"].get("tenantId") == tenant.id]

    async def publish(self, queue: str, message_id: str, body: Mapping[str, Any]) -> None:
        """Put a message of another producer on a queue."""
        client = ServiceBusClient.from_connection_string(self.run.service_bus)
        async with client, client.get_queue_sender(queue) as sender:
            await sender.send_messages(ServiceBusMessage(json.dumps(body).encode(), message_id=message_id))

    async def drained(self, seconds: float = 60.0) -> None:
        """Return when nothing is left on ``ingestion-events``, locked and scheduled messages included."""

        async def is_empty() -> bool:
            return not await peek_through(await self._receiver("ingestion-events"), most=1)

        await until(is_empty, seconds)

    async def copies(self, tenant: Tenant, seconds: float = 30.0) -> None:
        """Return when a message of the tenant has failed and waits to come back: there is a later copy of it."""

        async def are_there() -> bool:
            return any(message["properties"].get("attempt") for message in await self.queue("ingestion-events", tenant))

        await until(are_there, seconds)

    async def _receiver(self, name: str, *, dead: bool = False) -> ServiceBusReceiver:
        if (name, dead) not in self._receivers:
            client = await self._looking.enter_async_context(ServiceBusClient.from_connection_string(self.run.service_bus))
            opened = client.get_queue_receiver(name, sub_queue=ServiceBusSubQueue.DEAD_LETTER if dead else None)
            self._receivers[name, dead] = await self._looking.enter_async_context(opened)
        return self._receivers[name, dead]

    async def look_away(self) -> None:
        """Close what is open at the broker."""
        self._receivers.clear()
        await self._looking.aclose()

    async def answered_calls(self, count: int) -> list[dict[str, Any]]:
        """The log lines of so many webhook calls, those since this was asked last."""
        found: list[dict[str, Any]] = []

        async def are_there() -> bool:
            found.extend(line for line in self.new_log_lines() if line["message"] == "webhook call answered")
            return len(found) >= count

        await until(are_there, 20)
        return found

    def new_log_lines(self) -> list[dict[str, Any]]:
        """What the host logged since this was asked last."""
        with self.children.host_log.open("rb") as log:
            log.seek(self._read_from)
            whole = log.read().rpartition(b"\n")[0]
        self._read_from += len(whole)
        return [json.loads(line) for line in whole.decode().splitlines() if line.startswith("{")]

    def all_logs(self) -> str:
        """Everything every child has printed."""
        return "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in sorted(self.logs.iterdir()))

    async def kill(self, name: str) -> None:
        """SIGKILL a child."""
        if name == "service-bus":
            await self.look_away()
        await self.children[name].kill()
        await self.children[name].stop()

    async def restart(self, name: str, *, app: Path | None = None) -> None:
        """Start a killed child again: same port, same data; the host over another app, where one is named."""
        await self.children.start_one(name, app=app)


@asynccontextmanager
async def running_environment(
    folder: Path, app: Path, *, lock_seconds: int | None = None, settings: Mapping[str, str] | None = None
) -> AsyncIterator[Environment]:
    """Everything started, and stopped at the end. ``lock_seconds`` is the queues' lock, where production's five minutes are too long."""
    run = Run(Addresses.shifted(free_offset()), "", "", "")
    children = Children(run, folder=folder, app=app, queues=_queues(folder, lock_seconds), settings=settings)
    try:
        await children.start(keep=True)
        await children.start_host()
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as http:
            environment = Environment(run, children, http)
            yield environment
            await environment.look_away()
    finally:
        await children.stop()


def free_offset() -> int:
    """How much higher than by default the ports of a run may be: all of them are free, and nobody here was given them before."""
    while True:
        offset = secrets.choice(OFFSETS)
        addresses = Addresses.shifted(offset)
        if _given.isdisjoint(addresses.named.values()) and addresses.in_use() is None:
            _given.update(addresses.named.values())
            return offset


def _queues(folder: Path, lock_seconds: int | None) -> Path:
    if lock_seconds is None:
        return QUEUES
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "queues.json"
    path.write_text(QUEUES.read_text().replace('"LockDuration": "PT5M"', f'"LockDuration": "PT{lock_seconds}S"'))
    return path


async def until(condition: Callable[[], Awaitable[bool]], seconds: float, *, poll_seconds: float = 0.1) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(poll_seconds)
