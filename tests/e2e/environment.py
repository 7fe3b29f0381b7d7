"""A running app for the end-to-end tests: the host over the unpacked artefact, and the stand-ins it talks to, each a child process.

A test knows three things of it: HTTP goes in, and the store and the queues are looked into through the real SDKs. Every child has a fixed
port and a folder for its data, so that it can be killed and started again where it was.
"""

import asyncio
import io
import json
import secrets
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

import aiohttp

from devtools.local.addresses import Addresses
from devtools.local.children import QUEUES, Children, Host
from devtools.local.ports import free_ports, hold
from devtools.local.run import Run
from devtools.local.slack_company import new_team
from devtools.local.workspace import new_domain
from devtools.vendors.salesforce.ids import random_id
from devtools.vendors.salesforce.sender import HEADERS
from tests.e2e.model import Model
from tests.e2e.queues import PIPELINE, POLLED, Body, Queues
from tests.e2e.store import Document, Store
from tests.e2e.tenants import Tenant, connected_tenant
from tests.plugins.measuring import followed

OFFSETS: Final = range(12_000, 20_000)
"""Where every port of a run is in the pool of those that are held: nobody takes one while its child is being started again."""
NORMALIZATION_ALONE: Final = {"AzureWebJobs.enrichment-processor.Disabled": "true"}
"""Settings of a host in which what normalization announces stays where it is."""


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
    stages: tuple[str, ...]
    """The queues that its hosts read, in the order of the pipeline."""
    model: Model | None
    """What makes its vectors, unless the offline encoder does."""
    queues: Queues
    store: Store
    _read_from: int = field(default=0, repr=False)

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

    async def shards(self, tenant: Tenant) -> dict[str, Document]:
        """Every shard of a tenant by its vendor record's id, but for placeholders. Two shards of one record fail here."""
        return {record_id: shard for record_id, shard in (await self._by_record(tenant)).items() if shard["status"] != "draft"}

    async def placeholders(self, tenant: Tenant) -> dict[str, Document]:
        """The shards of records that others name and that were not seen yet."""
        return {record_id: shard for record_id, shard in (await self._by_record(tenant)).items() if shard["status"] == "draft"}

    async def _by_record(self, tenant: Tenant) -> dict[str, Document]:
        documents = [item for item in await self.store.items("shards", tenant.id) if item.get("external_relationships")]
        by_record = {document["external_relationships"][0]["externalId"]: document for document in documents}
        assert len(by_record) == len(documents), "two shards of one record"
        return by_record

    async def queue(self, name: str, tenant: Tenant | None = None, *, dead: bool = False) -> list[dict[str, Any]]:
        """What is on a queue, locked and scheduled messages included; a tenant's only, where one is named."""
        return await self.queues.peek(name, tenant.id if tenant else None, dead=dead)

    async def given_up(self, tenant: Tenant) -> list[dict[str, Any]]:
        """Messages of a tenant that were parked, or that the broker gave up."""
        dead = await asyncio.gather(*(self.queue(name, tenant, dead=True) for name in self.stages))
        return [*(await self.queue("rejected-messages", tenant)), *(message for messages in dead for message in messages)]

    async def publish(self, queue: str, message_id: str, body: Body) -> None:
        """Put a message of another producer on a queue."""
        await self.queues.put(queue, {message_id: body})

    async def drained(self, seconds: float = 60.0) -> None:
        """Return when nothing is left on the queues that are read, locked and scheduled messages included."""
        await until(lambda: self.queues.are_empty(self.stages), seconds)

    async def copies(self, tenant: Tenant, seconds: float = 30.0) -> None:
        """Return when a message of the tenant has failed and waits to come back: there is a later copy of it."""

        async def are_there() -> bool:
            return any(message["properties"].get("attempt") for message in await self.queue("ingestion-events", tenant))

        await until(are_there, seconds)

    async def bus_operations(self) -> Counter[str]:
        """What the broker has counted since it was started, looking into its queues included."""
        path = self.children.folder / "data" / "service-bus" / "operations.json"
        path.unlink(missing_ok=True)
        self.children["service-bus"].send_signal(signal.SIGUSR1)
        async with asyncio.timeout(10):
            while not path.exists():
                await asyncio.sleep(0.01)
        return Counter(json.loads(path.read_text(encoding="utf-8")))

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
            await self.queues.look_away()
        await self.children[name].kill()
        await self.children[name].stop()

    async def restart(self, name: str, *, app: Path | None = None) -> None:
        """Start a killed child again: same port, same data; the host over another app, where one is named."""
        await self.children.start_one(name, app=app)


@asynccontextmanager
async def running_environment(
    folder: Path,
    app: Path,
    *,
    lock_seconds: int | None = None,
    settings: Mapping[str, str] | None = None,
    model: Model | None = None,
    is_in_two: bool = False,
    faults: Path | None = None,
    has_salesforce: bool = False,
    has_gdrive: bool = False,
    has_slack: bool = False,
    is_followed: bool = False,
) -> AsyncIterator[Environment]:
    """Everything started, and stopped at the end.

    Args:
        lock_seconds: the queues' lock, where production's five minutes are too long.
        settings: of the hosts, beside those of every run.
        model: makes the vectors; the offline encoder where there is none.
        is_in_two: beside ``host``, which is light then, there is a second one, ``heavy``.
        faults: the plan that stand-ins and hosts obey.
        has_salesforce: there is an organization that can be asked, too.
        has_gdrive: there is a Google Workspace.
        has_slack: there is a workspace in Slack.
        is_followed: coverage follows the hosts, where it is measured.
    """
    organization_id = random_id("Organization", Random(secrets.randbits(64))) if has_salesforce else ""
    rng = Random(secrets.randbits(64))
    run = Run(Addresses.shifted(free_offset()), organization_id, "", "", domain=new_domain(rng), team_id=new_team(rng))
    hosts = {"host": Host(run.addresses.host)}
    if is_in_two:
        (another,) = free_ports(1)
        hosts = {"host": Host(run.addresses.host, {"CONSUMER_TYPE": "light"}), "heavy": Host(another, {"CONSUMER_TYPE": "heavy"})}
    if is_followed:
        hosts = {name: Host(host.port, {**host.settings, **followed()}) for name, host in hosts.items()}
    given = {**(model.settings if model else {}), **(settings or {})}
    queues_file = _queues(folder, lock_seconds)
    children = Children(
        run,
        folder=folder,
        app=app,
        queues=queues_file,
        settings=given,
        hosts=hosts,
        faults=faults,
        has_salesforce=has_salesforce,
        has_gdrive=has_gdrive,
        has_slack=has_slack,
    )
    is_polled = has_salesforce or has_gdrive or has_slack
    stages = PIPELINE[:1] if NORMALIZATION_ALONE.items() <= given.items() else POLLED if is_polled else PIPELINE
    queues = Queues(run.service_bus)
    try:
        assert await children.start() == []  # nothing that the topology says is ignored
        await children.start_host()
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as http:
            yield Environment(run, children, http, stages, model, queues, Store(run))
    finally:
        await queues.look_away()
        await children.stop()


def free_offset() -> int:
    """How much higher than by default the ports of a run may be: all of them are free, and held for this process."""
    while True:
        offset = secrets.choice(OFFSETS)
        if hold(Addresses.shifted(offset).named.values()):
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
