"""One connected Salesforce organization and everything behind it: the pretend vendor over loopback, all else in memory, one clock.

async with PolledSalesforce() as world:
    world.org.create("Account", Name="Example")
    await world.poll()            # the timer, the sync workers, the whole pipeline
    report = await world.compare("Account")
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from random import Random
from types import TracebackType
from typing import Final, Self

import httpx2

from devtools.fakes.pipeline import InMemoryPipeline
from devtools.fakes.transport import InMemoryTransport
from devtools.vendors.salesforce.api.service import PretendSalesforce
from devtools.vendors.salesforce.api.sessions import ConnectedApp
from devtools.vendors.salesforce.records import PretendOrg
from ingestion.findings import Findings
from ingestion.poller import Pace, PollerPorts, read
from ingestion.scheduler import Scheduled, schedule
from ingestion.sources.salesforce.poller import SalesforcePoller
from shared import topology
from shared.connections.connection import Connection, Credential, connection_id
from shared.contracts.sync import SyncKind, SyncRequested
from shared.http.client import http_client
from shared.messaging.delivery import deliver
from shared.messaging.returns import Delivery
from shared.shards.ids import ShardId, shard_id
from shared.shards.model import Shard

CLIENT_ID: Final = "pretend-consumer-key"
CLIENT_SECRET: Final = "pretend-consumer-secret"  # noqa: S105 - of a pretend vendor
SECRET_NAME: Final = "salesforce-pretend"  # noqa: S105 - a name
TENANT: Final = "acme"
ORGANIZATION: Final = "00D000000000062EAA"


class PolledSalesforce:
    """The world of one connection. ``pipeline.clock`` is everybody's clock, the vendor's too."""

    def __init__(self, *, streams: tuple[str, ...] = (), seed: int = 1, pace: Pace | None = None) -> None:
        self.pipeline = InMemoryPipeline()
        self.clock = self.pipeline.clock
        self.org = PretendOrg(ORGANIZATION, Random(seed), self.clock)
        self.vendor = PretendSalesforce(self.org, now=self.clock, apps=(ConnectedApp(CLIENT_ID, client_secret=CLIENT_SECRET),))
        self.pipeline.secrets.values[SECRET_NAME] = CLIENT_SECRET
        self._streams = streams
        self._pace = pace or Pace()

    @property
    def connection_id(self) -> str:
        """The connection's id."""
        return connection_id("salesforce", self.org.organization_id)

    async def __aenter__(self) -> Self:
        await self.vendor.start()
        credential = Credential(kind="client-credentials", base_url=self.vendor.url, client_id=CLIENT_ID, secret_name=SECRET_NAME)
        connection = Connection(
            id=self.connection_id,
            tenant_id=TENANT,
            source="salesforce",
            account=self.org.organization_id,
            created_at=self.clock(),
            next_due_at=self.clock(),
            credential=credential,
            streams=self._streams,
        )
        await self.pipeline.connections.add(connection)
        # Nothing here is TLS, and to read all certificates takes longer than a poll.
        self.http = http_client(transport=httpx2.AsyncHTTPTransport(verify=False))
        self.start_worker()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.http.aclose()
        await self.vendor.stop()

    def start_worker(self, transport: InMemoryTransport | None = None) -> None:
        """A new worker process: it remembers neither a session nor what an object looks like."""
        pipeline = self.pipeline
        if transport is not None:
            pipeline.start(transport)
        self.poller = self.new_poller(self.http)
        self.ports = PollerPorts(
            pollers={"salesforce": self.poller},
            connections=pipeline.connections,
            states=pipeline.states,
            index=pipeline.index,
            gaps=pipeline.gaps,
            publisher=pipeline.publisher,
            queue_ages=pipeline.queue_ages,
            metrics=pipeline.metrics,
            now=self.clock,
            pace=self._pace,
        )

    def new_poller(self, http: httpx2.AsyncClient) -> SalesforcePoller:
        """Another worker's poller."""
        pipeline = self.pipeline
        return SalesforcePoller(
            http=http,
            secrets=pipeline.secrets,
            states=pipeline.states,
            metrics=pipeline.metrics,
            now=self.clock,
            api_version="66.0",
            overlap=timedelta(minutes=10),
        )

    async def connection(self) -> Connection:
        """The connection as it is stored now."""
        found = await self.pipeline.connections.find(self.connection_id)
        if found is None:
            raise LookupError(self.connection_id)
        return found

    async def tick(self) -> Scheduled:
        """The poll timer."""
        pipeline = self.pipeline
        return await schedule(
            "salesforce", connections=pipeline.connections, states=pipeline.states, publisher=pipeline.publisher, now=self.clock
        )

    async def ask(self, stream: str, kind: SyncKind) -> SyncRequested:
        """What an operator's verb asks for."""
        message = SyncRequested(
            tenant_id=TENANT,
            connection_id=self.connection_id,
            stream=stream,
            kind=kind,
            run=f"{kind} {stream} {self.clock().isoformat()}",
            requested_at=self.clock(),
        )
        await self.pipeline.publisher.publish(message)
        return message

    async def poll(self, *, minutes: float = 5) -> int:
        """The clock moves on, the timer ticks, and everything that is due is done. Returns how many messages were completed."""
        self.clock.advance(seconds=minutes * 60)
        await self.tick()
        return await self.run()

    async def run(self) -> int:
        """Sync workers and the pipeline, until nothing is due."""
        completed = 0
        while True:
            done = await self.sync() + await self.pipeline.run_all()
            if not done:
                return completed
            completed += done

    async def sync(self) -> int:
        """Every sync message that is due now, each once."""
        transport = self.pipeline.transport
        return sum([await transport.drain(queue, self.sync_worker()) for queue in (topology.SYNC_INBOUND, topology.SYNC_INBOUND_BULK)])

    def sync_worker(self) -> Callable[[Delivery], Awaitable[None]]:
        """What the bindings of the sync queues do with a delivery."""
        return lambda delivery: deliver(delivery, SyncRequested, partial(read, ports=self.ports), ports=self.pipeline.delivery)

    async def compare(self, stream: str) -> Findings:
        """A whole comparison, its repair on the queue but not carried out. Raises LookupError when it did not come to its end."""
        await self.ask(stream, "compare")
        await self.sync()
        state = await self.pipeline.states.read(await self.connection(), stream, "compare")
        if state.is_running or state.report is None:
            raise LookupError(f"the comparison of {stream} did not end: {state.last_error}")
        return Findings.model_validate(state.report)

    def id_of(self, object_name: str, record_id: str) -> ShardId:
        """A record's shard id."""
        scope = self.org.organization_id
        return shard_id(tenant_id=TENANT, system="salesforce", scope=scope, record_type=object_name, external_id=record_id)

    async def shard(self, object_name: str, record_id: str) -> Shard | None:
        """A record's shard, or the one that survived it."""
        return await self.pipeline.shards.read(TENANT, self.id_of(object_name, record_id))
