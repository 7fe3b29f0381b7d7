"""A connected Slack that tells of everything: its deliveries go through the receiver itself, in this process, on the clock of all else.

async with PushedSlack() as world:
    await world.settle()                                            # everything is read, and compared once
    await world.happen(lambda: world.slack.rename(plans.id, "projects"))
    assert (await world.said(plans.id))["name"] == "projects"

What is told is heard at once, unless ``world.deliveries`` holds it; retries are due by the clock, which ``run`` and ``go_on`` move.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

from typing_extensions import override

from devtools.fakes.polled_slack import APP, SOURCE, TENANT_ID, PolledSlack
from devtools.fakes.shards import InMemoryDirectory, InMemoryRecordIndex, InMemoryShards
from devtools.vendors.slack.delivering import Deliveries
from devtools.vendors.slack.shipping import Received
from ingestion.poller import Pace
from ingestion.receiver import receive
from ingestion.scheduler import Scheduled, schedule
from ingestion.sources.slack.envelope import handle_of
from ingestion.sources.slack.webhook import SlackWebhook
from ingestion.sources.source import WebhookRequest
from processors.search.api import Question, search
from shared import topology
from shared.access.acl import ADMINS, TENANT, Principal, domain, may_read, user
from shared.access.directory import expanded
from shared.access.tokens import Caller
from shared.connections.connection import Connection, Credential, connection_id
from shared.shards.ids import shard_id
from shared.shards.model import Shard
from shared.streams.state import StateKind, StreamState, StreamStates

LIMIT_BYTES: Final = 1_048_576
TICK: Final = timedelta(minutes=10)
T = TypeVar("T")


@dataclass(frozen=True)
class Heard:
    """A call that was answered, as it was when it came."""

    request: WebhookRequest
    at: datetime
    status: int


class PushedSlack(PolledSlack):
    """The world of one connection that is pushed and polled. ``has_token``: without one there is only what events say. ``shards``: a store
    other than the usual one."""

    def __init__(
        self,
        *,
        seed: int = 1,
        pace: Pace | None = None,
        is_org_wide: bool = False,
        has_token: bool = True,
        shards: InMemoryShards | None = None,
    ) -> None:
        super().__init__(seed=seed, pace=pace, is_org_wide=is_org_wide)
        if shards is not None:
            pipeline = self.pipeline
            pipeline.shards, pipeline.states, pipeline.index = shards, StreamStates(shards), InMemoryRecordIndex(shards)
            pipeline.directory = InMemoryDirectory(shards)
        self.has_token = has_token
        self.calls: list[Heard] = []
        self.is_reachable = True
        """Whether our app answers calls."""
        self.webhook = SlackWebhook({APP: tuple(self.app.signing_secrets)}, LIMIT_BYTES, self.clock)
        self.deliveries = Deliveries(self.slack, send=self.receive)

    @override
    async def connect(self) -> Connection:
        connection = await super().connect()
        if self.has_token:
            return connection
        stored = await self.connection()
        return await self.pipeline.connections.replace(stored.model_copy(update={"credential": None, "next_due_at": None}))

    async def connect_another(self, team_id: str, tenant_id: str) -> Connection:
        """Another tenant's workspace, which has installed the same app."""
        installation, name = self.slack.install(APP, team_id=team_id), f"slack-{team_id}"
        self.pipeline.secrets.values[name] = installation.token
        connection = Connection(
            id=connection_id(SOURCE, team_id),
            tenant_id=tenant_id,
            source=SOURCE,
            account=team_id,
            created_at=self.clock(),
            next_due_at=self.clock(),
            poll_seconds=86_400,
            credential=Credential(kind="bot-token", base_url=self.service.url, client_id=APP, secret_name=name),
        )
        await self.pipeline.connections.add(connection, handles=(handle_of(APP, team_id),))
        return connection

    # What happens

    async def receive(self, body: bytes, headers: Mapping[str, str]) -> Received:
        """What answers Slack's calls: the receiver, over this world's ports."""
        if not self.is_reachable:
            raise ConnectionRefusedError("nobody listens")
        request = WebhookRequest(body, {name.lower(): value for name, value in headers.items()})
        at = self.clock()
        response = await receive(request, webhook=self.webhook, ports=self.pipeline.receiver)
        self.calls.append(Heard(request, at, response.status))
        return response.status, {"content-type": response.content_type}, response.body.encode()

    async def happen(self, act: Callable[[], T]) -> T:
        """Somebody does something at Slack a second later, and all that comes of it is done but for what waits for the end of a window."""
        self.clock.advance(seconds=1)
        done = act()
        await self.run(seconds=0)
        return done

    async def settle(self) -> None:
        """Everything is read and compared once; nothing waits."""
        await self.poll()
        await self.go_on(minutes=60)
        self.service.ledger.clear()

    async def go_on(self, *, minutes: float) -> None:
        """The timer ticks, as it does every ten minutes, and what is due is done."""
        until = self.clock() + timedelta(minutes=minutes)
        while self.clock() < until:
            await self.tick()
            following = min(until, self.clock() + TICK)
            await self.run(seconds=(following - self.clock()).total_seconds())
            self.clock.moment = max(self.clock(), following)
        await self.run(seconds=0)

    @override
    async def tick(self) -> Scheduled:
        """The poll timer, which looks at gaps, too."""
        pipeline = self.pipeline
        return await schedule(
            SOURCE,
            connections=pipeline.connections,
            states=pipeline.states,
            publisher=pipeline.publisher,
            now=self.clock,
            gaps=pipeline.gaps,
            grace=timedelta(seconds=self.ports.pace.grace_seconds),
        )

    @override
    async def run(self, *, seconds: float = 120.0) -> int:
        """Deliveries, sync workers and the pipeline, until nothing is due for so long."""
        completed = 0
        until = self.clock() + timedelta(seconds=seconds)
        while True:
            done = await self.deliveries.deliver_due() + await self.sync() + await self.process()
            completed += done
            if not done:
                moments = list(self._later())
                if not moments or min(moments) > until:
                    return completed
                self.clock.moment = max(self.clock(), min(moments))

    async def process(self) -> int:
        """The stages after reading, until nothing of theirs is due."""
        return await self.pipeline.run_all()

    def _later(self) -> Iterable[datetime]:
        waiting = self.pipeline.transport.waiting
        yield from (one.due_at for one in waiting if one.due_at and one.queue != topology.REJECTED_MESSAGES)
        if self.deliveries.due_at is not None and not self.deliveries.is_held:
            yield self.deliveries.due_at

    # What is stored, and who finds it

    async def state(self, stream: str, kind: StateKind) -> StreamState:
        """How far a stream was read."""
        return await self.pipeline.states.read(await self.connection(), stream, kind)

    async def gaps(self, connection: str | None = None, tenant_id: str = TENANT_ID) -> set[tuple[str, str]]:
        """Stream and reason of every open gap."""
        found = await self.pipeline.gaps.open_ones(tenant_id, connection or self.connection_id)
        return {(gap.stream, gap.reason) for gap in found}

    def records(self, record_type: str = "Channel", account: str | None = None, tenant_id: str = TENANT_ID) -> dict[str, Shard]:
        """Every channel, or person, that is stored, whatever its status, by the id it has today."""
        wanted = (tenant_id, SOURCE, account or self.account, record_type)
        return {
            edge.external_id: shard
            for shard in self.pipeline.shards.all()
            for edge in shard.external_relationships
            if (shard.tenant_id, edge.system, edge.scope, edge.record_type) == wanted and shard.status != "draft"
        }

    def active(self, record_type: str = "Channel", account: str | None = None, tenant_id: str = TENANT_ID) -> dict[str, Shard]:
        """Those that are there."""
        found = self.records(record_type, account, tenant_id)
        return {external_id: shard for external_id, shard in found.items() if shard.status == "active"}

    async def said(self, channel_id: str) -> Mapping[str, object]:
        """What is stored of a channel; LookupError without one."""
        shard = await self.shard(channel_id)
        if shard is None:
            raise LookupError(channel_id)
        return shard.structured_data

    async def shard_of(self, connection: Connection, external_id: str, record_type: str = "Channel") -> Shard | None:
        """A record's shard in whatever tenant."""
        found = shard_id(
            tenant_id=connection.tenant_id, system=SOURCE, scope=connection.account, record_type=record_type, external_id=external_id
        )
        return await self.pipeline.shards.read(connection.tenant_id, found)

    async def caller(self, email: str, *, is_admin: bool = False, tenant_id: str = TENANT_ID) -> Caller:
        """Somebody of the tenant who asks our API now, with all they are known by."""
        own: Iterable[Principal] = (TENANT, user(email), domain(email.partition("@")[2]), *((ADMINS,) if is_admin else ()))
        return await expanded(Caller(tenant_id, frozenset(own), email), self.pipeline.directory)

    async def may_read(self, email: str, *, is_admin: bool = False) -> set[str]:
        """The ids of all channels that somebody would be shown."""
        caller = await self.caller(email, is_admin=is_admin)
        return {channel_id for channel_id, shard in self.active().items() if may_read(shard.acl, caller.principals)}

    async def search(self, email: str, text: str, *, tenant_id: str = TENANT_ID, account: str | None = None) -> set[str]:
        """The ids of the channels somebody finds."""
        pipeline = self.pipeline
        caller = await self.caller(email, tenant_id=tenant_id)
        answer = await search(Question(text, 50), caller, embedder=pipeline.embedder, chunks=pipeline.chunks, shards=pipeline.shards)
        hits = {hit.shard_id for hit in answer.hits}
        return {channel_id for channel_id, shard in self.active(account=account, tenant_id=tenant_id).items() if shard.id in hits}
