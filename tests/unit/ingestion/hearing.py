"""A source that gives hints, small enough for a test: its webhook, its records, and the ports of receivers and workers."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from typing_extensions import override

from devtools.fakes.pipeline import InMemoryPipeline
from ingestion.coalescing import Coalescing
from ingestion.receiver import ReceiverPorts, receive
from ingestion.record_reading import RecordPorts, open_gap, read_record
from ingestion.sources.source import (
    Caller,
    Heard,
    HeardEvent,
    Hint,
    Lost,
    Page,
    Poller,
    Reading,
    StreamCheck,
    Told,
    Versions,
    Webhook,
    WebhookRequest,
    WebhookResponse,
)
from shared import topology
from shared.connections.connection import Connection, Credential
from shared.contracts.ingestion import IngestionEvent
from shared.contracts.sync import SyncRequested
from shared.errors import ContractViolation, SignatureMismatch
from shared.messaging.delivery import deliver
from shared.messaging.envelope import Envelope
from shared.messaging.outcomes import Outcome
from shared.messaging.publisher import QueuePublisher
from shared.messaging.returns import Delivery
from shared.shards.record_index import RecordKind

WINDOW: Final = timedelta(seconds=30)
STREAM: Final = "Room"
TENANTS: Final = {"bell:one": "acme", "bell:two": "globex"}
HEARD: Final = WebhookResponse(200, "heard")
NOBODY: Final = WebhookResponse(200, "nobody")
BOT: Final = Credential(kind="bot-token", base_url="https://bell", client_id="A1", secret_name="bell")


def hint_of(record: str = "R1", **said: Any) -> dict[str, Any]:
    """A hint, as the pretend vendor writes it."""
    return {"stream": STREAM, "record": record, **said}


@dataclass
class Bell(Webhook):
    """The webhook: its body is JSON and says what ``Heard`` has."""

    source: str = "bell"
    limit_bytes: int = 1_000_000
    content_types: frozenset[str] = frozenset({"application/json"})
    acknowledged: WebhookResponse = HEARD
    unknown: WebhookResponse = NOBODY

    @override
    def verify(self, request: WebhookRequest) -> Caller:
        if request.headers.get("signature") != "right":
            raise SignatureMismatch("not from the bell")
        said = json.loads(request.body)
        answer = WebhookResponse(200, said["challenge"]) if "challenge" in said else None
        return Caller(tuple(said.get("accounts", ["bell:one"])), tuple(said.get("others", [])), answer)

    @override
    def heard(self, request: WebhookRequest, connection: Connection, received_at: datetime) -> Heard:
        said = json.loads(request.body)
        if "broken" in said:
            raise ContractViolation("broken")
        told = [Told(event_of(connection, one), None if one.get("always") else _hint(one)) for one in said.get("told", [])]
        return Heard(
            told=told,
            hints=[_hint(one) for one in said.get("hints", [])],
            lost=[Lost(stream, "events-lost") for stream in said.get("lost", [])],
            revoked=said.get("revoked"),
            events=[HeardEvent(name, "handled") for name in said.get("events", [])],
        )


def _hint(one: dict[str, Any]) -> Hint:
    return Hint(one["stream"], one["record"], one.get("expects"), one.get("context"))


def event_of(connection: Connection, said: dict[str, Any]) -> IngestionEvent:
    """What the vendor tells of a record, as far as it goes."""
    return IngestionEvent(
        tenant_id=connection.tenant_id,
        source="bell",
        source_id=said["record"],
        event_type="update",
        observed_at=datetime.fromisoformat(said["at"]),
        payload={"id": said["record"], "name": said.get("name", "")},
        coverage=("id", "name"),
        connection_id=connection.id,
        record_type=said["stream"],
    )


@dataclass
class Rooms(Poller):
    """The poller. ``before`` may raise; ``read`` is what was read, in order."""

    now: Callable[[], datetime]
    source: str = "bell"
    before: Callable[[Reading, str], None] = lambda reading, key: None
    read: list[tuple[str, str]] = field(default_factory=list)
    shown: bool = True
    contexts: dict[str, Sequence[str]] = field(default_factory=dict)
    looked_up: list[str] = field(default_factory=list)

    @override
    def record_kind(self, connection: Connection, stream: str) -> RecordKind:
        return RecordKind(connection.tenant_id, self.source, connection.account, stream)

    @override
    async def page(self, reading: Reading) -> Page:
        raise NotImplementedError  # only single records are read of it

    @override
    async def versions(self, connection: Connection, stream: str, *, after: str | None) -> Versions:
        raise NotImplementedError  # nor is it ever compared

    @override
    async def records(self, reading: Reading, keys: Sequence[str]) -> Sequence[IngestionEvent]:
        [key] = keys
        self.before(reading, key)
        self.read.append((reading.connection.id, key))
        return [event_of(reading.connection, {"stream": reading.stream, "record": key, "at": self.now().isoformat()})]

    @override
    async def check(self, connection: Connection) -> Sequence[StreamCheck]:
        return ()

    def shows(self, events: Sequence[IngestionEvent], expects: str) -> bool:
        """As the test says."""
        return self.shown

    async def accounts_of(self, connection: Connection, context: str) -> Sequence[str]:
        """As the test says."""
        self.looked_up.append(context)
        return self.contexts.get(context, ())


class Bells:
    """Two connected accounts of two tenants, one receiver and one worker."""

    def __init__(self) -> None:
        self.pipeline = InMemoryPipeline()
        self.clock = self.pipeline.clock
        self.rooms = Rooms(self.clock)
        self.receiver = self.a_receiver()
        self.ports = RecordPorts(
            pollers={"bell": self.rooms},
            connections=self.pipeline.connections,
            states=self.pipeline.states,
            gaps=self.pipeline.gaps,
            publisher=self.pipeline.publisher,
            metrics=self.pipeline.metrics,
            window=WINDOW,
            now=self.clock,
        )

    def a_receiver(self, **ports: Any) -> ReceiverPorts:
        """The ports of another receiver, which remembers nothing yet."""
        pipeline = self.pipeline
        publisher = QueuePublisher(pipeline.transport, claims=pipeline.claims, metrics=pipeline.metrics, traceparent=lambda: None)
        known: dict[str, Any] = {
            "connections": pipeline.connections,
            "publisher": publisher,
            "gaps": pipeline.gaps,
            "coalescing": Coalescing(WINDOW),
            "metrics": pipeline.metrics,
            "now": self.clock,
        }
        return ReceiverPorts(**{**known, **ports})

    async def connect(self, account: str = "bell:one", **said: Any) -> Connection:
        """Connect an account."""
        known = {"id": account, "tenant_id": TENANTS[account], "source": "bell", "account": account[5:], "created_at": self.clock()}
        connection = Connection.model_validate({**known, "streams": (STREAM,), "credential": BOT, **said})
        await self.pipeline.connections.add(connection)
        return connection

    async def ring(self, *hints: dict[str, Any], receiver: ReceiverPorts | None = None, **said: Any) -> WebhookResponse:
        """One call."""
        body = json.dumps({"hints": hints, **said}).encode()
        return await self.treat(WebhookRequest(body, {"content-type": "application/json", "signature": "right"}), receiver)

    async def treat(self, request: WebhookRequest, receiver: ReceiverPorts | None = None) -> WebhookResponse:
        """One call, given whole."""
        return await receive(request, webhook=Bell(), ports=receiver or self.receiver)

    def envelopes(self) -> list[Envelope]:
        """The sync messages that wait, due or not."""
        return self.pipeline.transport.on(topology.SYNC_INBOUND)

    def asked(self) -> list[SyncRequested]:
        """What they say."""
        return [SyncRequested.decode(envelope.body) for envelope in self.envelopes()]

    def events(self) -> list[IngestionEvent]:
        """What ever reached the queue of events."""
        return [IngestionEvent.decode(one.body) for one in self.pipeline.transport.sent if one.queue == topology.INGESTION_EVENTS]

    async def read(self, message: SyncRequested) -> Outcome:
        """What the handler says to one delivery."""
        return await read_record(message, ports=self.ports)

    async def deliver(self, delivery: Delivery) -> None:
        """What the binding of the sync queue does with a delivery."""

        async def given_up(asked: SyncRequested) -> None:
            await open_gap("not-read", asked, self.ports.gaps, self.clock())

        await deliver(delivery, SyncRequested, self.read, ports=self.pipeline.delivery, given_up=given_up)

    async def work(self, *, most: int = 500) -> int:
        """Deliver every sync message, waiting for those that are due later. Returns how many were completed."""
        count = 0
        while self.envelopes():
            due_at = min(one.due_at or self.clock() for one in self.envelopes())
            self.clock.moment = max(self.clock(), due_at)
            count += await self.pipeline.transport.drain(topology.SYNC_INBOUND, self.deliver)
            assert count < most, "there is no end to it"
        return count

    async def gaps(self, account: str = "bell:one") -> list[tuple[str, str]]:
        """Stream and reason of each open gap."""
        return [(gap.stream, gap.reason) for gap in await self.pipeline.gaps.open_ones(TENANTS[account], account)]
