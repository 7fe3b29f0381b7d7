"""A connected Slack workspace, or organization, and everything behind it: the pretend Slack over loopback, all else in memory, one clock.

async with PolledSlack() as world:
    plans = world.create("plans", members=[world.ada])
    await world.poll()            # the timer, the sync workers, the whole pipeline
    report = await world.compare("Channel")

Whoever waits for their turn at Slack moves the clock on.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random
from types import TracebackType
from typing import Final, Self

import httpx2

from devtools.fakes.pipeline import InMemoryPipeline
from devtools.fakes.transport import InMemoryTransport
from devtools.vendors.slack.api.service import SlackService
from devtools.vendors.slack.conversations import Conversation
from devtools.vendors.slack.pretend import PretendSlack
from ingestion.findings import Findings
from ingestion.poller import Pace, PollerPorts, read
from ingestion.record_reading import RecordPorts, open_gap, read_record
from ingestion.scheduler import Scheduled, schedule
from ingestion.sources.slack.envelope import handle_of
from ingestion.sources.slack.poller import SlackPoller
from shared import topology
from shared.connections.connection import Connection, Credential, connection_id
from shared.contracts.sync import SyncKind, SyncRequested
from shared.http.client import http_client
from shared.messaging.delivery import deliver
from shared.messaging.outcomes import Outcome
from shared.messaging.returns import Delivery
from shared.shards.ids import ShardId, shard_id
from shared.shards.model import Shard
from shared.streams.defaults import streams_of

SOURCE: Final = "slack"
TENANT_ID: Final = "acme"
APP: Final = "A0SHARDLINE"
SECRET_NAME: Final = "slack-pretend"  # noqa: S105 - a name
WINDOW: Final = timedelta(seconds=30)
SYNC_QUEUES: Final = (topology.SYNC_INBOUND, topology.SYNC_INBOUND_BULK)


class PolledSlack:
    """The world of one connection. ``pipeline.clock`` is everybody's clock. ``is_org_wide``: the app is installed in an organization of two
    workspaces, of which ``team_id`` is the first."""

    def __init__(self, *, seed: int = 1, pace: Pace | None = None, is_org_wide: bool = False) -> None:
        self.pipeline = InMemoryPipeline()
        self.clock = self.pipeline.clock
        self.slack = PretendSlack(Random(seed), self.clock)
        enterprise = self.slack.add_enterprise("Pretend Grid") if is_org_wide else None
        teams = [
            self.slack.add_workspace(name, enterprise_id=None if enterprise is None else enterprise.id) for name in ("Pretend", "Other")
        ]
        self.team_id, self.other_team_id = (team.id for team in teams)
        self.app = self.slack.add_app("shardline", app_id=APP)
        if enterprise is None:
            self.installation = self.slack.install(APP, team_id=self.team_id)
        else:
            self.installation = self.slack.install(APP, enterprise_id=enterprise.id, team_ids=[team.id for team in teams])
        self.account = self.team_id if enterprise is None else enterprise.id
        self.bot = self.installation.bot_user_id
        self.ada, self.bob = (self.slack.add_person(self.team_id, name).id for name in ("Ada", "Bob"))
        self.service = SlackService(self.slack)
        self.connection_id = connection_id(SOURCE, self.account)
        self._pace = pace or Pace()

    async def __aenter__(self) -> Self:
        await self.service.start()
        # Nothing here is TLS, and to read all certificates takes longer than a poll.
        self.http = http_client(transport=httpx2.AsyncHTTPTransport(verify=False))
        await self.connect()
        self.start_worker()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.http.aclose()
        await self.service.stop()

    # Connections and workers

    async def connect(self) -> Connection:
        """Connect the account, with the token that the app has now."""
        self.use_token(self.installation.token)
        credential = Credential(kind="bot-token", base_url=self.service.url, client_id=APP, secret_name=SECRET_NAME)
        connection = Connection(
            id=self.connection_id,
            tenant_id=TENANT_ID,
            source=SOURCE,
            account=self.account,
            created_at=self.clock(),
            next_due_at=self.clock(),
            poll_seconds=86_400,
            credential=credential,
        )
        await self.pipeline.connections.add(connection, handles=(handle_of(APP, self.account),))
        return connection

    def use_token(self, token: str) -> None:
        """The secret holds this token."""
        self.pipeline.secrets.values[SECRET_NAME] = token

    def start_worker(self, transport: InMemoryTransport | None = None) -> None:
        """A new worker process: it remembers neither whose the token is nor what was listed."""
        pipeline = self.pipeline
        if transport is not None:
            pipeline.start(transport)
        self.poller = self.new_poller(self.http)
        self.ports = PollerPorts(
            pollers={SOURCE: self.poller},
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
        self.record_ports = RecordPorts(
            pollers=self.ports.pollers,
            connections=pipeline.connections,
            states=pipeline.states,
            gaps=pipeline.gaps,
            publisher=pipeline.publisher,
            metrics=pipeline.metrics,
            window=WINDOW,
            now=self.clock,
        )

    def new_poller(self, http: httpx2.AsyncClient) -> SlackPoller:
        """Another worker's poller."""
        pipeline = self.pipeline
        return SlackPoller(
            http=http,
            secrets=pipeline.secrets,
            states=pipeline.states,
            index=pipeline.index,
            metrics=pipeline.metrics,
            now=self.clock,
            api_base_url=self.service.url,
            app_tokens={APP: self.app.app_token},
            wait=self._wait,
        )

    async def _wait(self, seconds: float) -> None:
        self.clock.advance(seconds=seconds)

    async def connection(self) -> Connection:
        """The connection as it is stored now."""
        found = await self.pipeline.connections.find(self.connection_id)
        if found is None:
            raise LookupError(self.connection_id)
        return found

    # What happens

    def create(
        self, name: str, *, members: Sequence[str] = (), is_private: bool = False, has_bot: bool = True, team_id: str | None = None
    ) -> Conversation:
        """A new channel of Ada's, by default with the app's bot in it, and nobody is told."""
        channel = self.slack.create(team_id or self.team_id, name, by=self.ada, is_private=is_private, members=tuple(members), quietly=True)
        if has_bot:
            self.slack.join(channel.id, self.bot, quietly=True)
        return channel

    async def tick(self) -> Scheduled:
        """The poll timer."""
        pipeline = self.pipeline
        return await schedule(
            SOURCE, connections=pipeline.connections, states=pipeline.states, publisher=pipeline.publisher, now=self.clock
        )

    async def ask(self, stream: str, kind: SyncKind) -> SyncRequested:
        """What an operator's verb asks for."""
        message = SyncRequested(
            tenant_id=TENANT_ID,
            connection_id=self.connection_id,
            stream=stream,
            kind=kind,
            run=f"{kind} {stream} {self.clock().isoformat()}",
            requested_at=self.clock(),
        )
        await self.pipeline.publisher.publish(message)
        return message

    async def poll(self, *, hours: float = 24) -> int:
        """The clock moves on, the timer ticks, and everything that is due is done. Returns how many messages were completed."""
        self.clock.advance(seconds=hours * 3600)
        await self.tick()
        return await self.run()

    async def run(self, *, seconds: float = 120.0) -> int:
        """Sync workers and the pipeline, until nothing is due for so long: what is put off by some seconds is waited for."""
        completed = 0
        until = self.clock().timestamp() + seconds
        while True:
            done = await self.sync() + await self.pipeline.run_all()
            completed += done
            if not done:
                later = [one.due_at for one in self.pipeline.transport.waiting if one.due_at and one.queue != topology.REJECTED_MESSAGES]
                if not later or min(later).timestamp() > until:
                    return completed
                self.clock.moment = max(self.clock(), min(later))

    async def sync(self) -> int:
        """Every sync message that is due now, each once."""
        transport = self.pipeline.transport
        return sum([await transport.drain(queue, self.sync_worker()) for queue in SYNC_QUEUES])

    def sync_worker(self, poller: SlackPoller | None = None) -> Callable[[Delivery], Awaitable[None]]:
        """What the bindings of the sync queues do with a delivery. ``poller``: another worker's."""
        pollers = self.ports.pollers if poller is None else {SOURCE: poller}
        ports, record_ports = replace(self.ports, pollers=pollers), replace(self.record_ports, pollers=pollers)

        async def treat(asked: SyncRequested) -> Outcome:
            return await (read(asked, ports=ports) if asked.record is None else read_record(asked, ports=record_ports))

        async def given_up(asked: SyncRequested) -> None:
            if asked.record is not None:
                await open_gap("not-read", asked, self.pipeline.gaps, self.clock())

        return lambda delivery: deliver(delivery, SyncRequested, treat, ports=self.pipeline.delivery, given_up=given_up)

    async def compare(self, stream: str) -> Findings:
        """A whole comparison, its repair on the queue but not carried out. Raises LookupError when it did not come to its end."""
        asked = await self.ask(stream, "compare")
        while True:
            done = await self.sync()
            state = await self.pipeline.states.read(await self.connection(), stream, "compare")
            if state.run != asked.run or not state.is_running or not (done or state.waits_until):
                break
            self.clock.moment = max(self.clock(), state.waits_until or self.clock())
        if state.run != asked.run or state.is_running or state.report is None:
            raise LookupError(f"the comparison of {stream} did not end: {state.last_error}")
        return Findings.model_validate(state.report)

    async def compare_all(self) -> dict[str, Findings]:
        """By stream what is wrong, or not known yet; nothing of a stream with which all is well."""
        found = {stream: await self.compare(stream) for stream in streams_of(await self.connection())}
        return {stream: one for stream, one in found.items() if one.fault_count or one.pending}

    # What is stored

    def id_of(self, external_id: str, record_type: str = "Channel") -> ShardId:
        """A record's shard id."""
        return shard_id(tenant_id=TENANT_ID, system=SOURCE, scope=self.account, record_type=record_type, external_id=external_id)

    async def shard(self, external_id: str, record_type: str = "Channel") -> Shard | None:
        """A record's shard, or the one that survived it."""
        return await self.pipeline.shards.read(TENANT_ID, self.id_of(external_id, record_type))
