"""The poller frame with a scripted source before it and the in-memory pipeline behind it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from typing_extensions import override

from devtools.fakes.pipeline import InMemoryPipeline
from devtools.fakes.samples import sample_record, sample_shard
from ingestion.poller import Pace, PollerPorts, read
from ingestion.sources.source import Ask, Page, Poller, Reading, RecordVersion, StreamCheck, Versions
from shared import topology
from shared.connections.connection import Connection
from shared.contracts.ingestion import IngestionBatch, IngestionEvent
from shared.contracts.sync import SyncKind, SyncRequested
from shared.errors import PipelineError
from shared.gaps.gap import GapReason
from shared.messaging.delivery import deliver
from shared.messaging.outcomes import Outcome
from shared.messaging.queue_ages import QueueAges
from shared.messaging.returns import Delivery
from shared.shards.model import ExternalRelationship, Shard, fingerprint
from shared.shards.record_index import RecordKind
from shared.streams.state import StreamState
from shared.telemetry.names import Metric

TENANT: Final = "acme"
CONNECTION: Final = "script:one"
STREAM: Final = "Note"
SYNC_QUEUES: Final = (topology.SYNC_INBOUND, topology.SYNC_INBOUND_BULK)
LOCK_SECONDS: Final = 301
"""After so long the broker delivers again what a dead worker held."""


@dataclass
class Script(Poller):
    """A source whose pages are written down. The cursor is the number of pages read."""

    now: Callable[[], datetime]
    pages: list[list[str]] = field(default_factory=lambda: [["a1", "a2"], ["b1", "b2"], ["c1"]])
    asks: Sequence[Ask] = ()
    """Of the first page of changes."""
    gaps: Sequence[GapReason] = ()
    """Of the first page."""
    streams: Sequence[str] | None = None
    """What the first page of changes says the connection has."""
    before: Callable[[Reading], None] = lambda _: None
    """Done before each page; may raise."""
    vendor: dict[str, RecordVersion] = field(default_factory=dict)
    """What ``versions`` tells."""
    most: int = 2
    """How many of these at once."""
    source = "script"
    readings: list[Reading] = field(default_factory=list)
    repeats: bool = False

    @override
    def record_kind(self, connection: Connection, stream: str) -> RecordKind:
        return RecordKind(connection.tenant_id, self.source, connection.account, stream)

    @override
    async def page(self, reading: Reading) -> Page:
        self.readings.append(reading)
        self.before(reading)
        number = int(str((reading.cursor or {}).get("page", 0)))
        if number >= len(self.pages):
            return Page((), {"page": number}, is_last=True, covered_until=self.now())
        events = [self.event(reading, key) for key in self.pages[number]]
        is_first = number == 0
        return Page(
            events,
            {"page": number if self.repeats else number + 1},
            is_last=number + 1 == len(self.pages),
            total_count=sum(map(len, self.pages)),
            asks=self.asks if is_first and reading.kind == "changes" else (),
            gaps=self.gaps if is_first else (),
            streams=self.streams if is_first and reading.kind == "changes" else None,
        )

    @override
    async def versions(self, connection: Connection, stream: str, *, after: str | None) -> Versions:
        self.before(Reading(connection, stream, "compare", None, ""))
        keys = sorted(key for key in self.vendor if after is None or key > after)
        some = keys[: self.most]
        return Versions({key: self.vendor[key] for key in some}, None if len(some) == len(keys) else some[-1], self.now())

    @override
    async def records(self, reading: Reading, keys: Sequence[str]) -> Sequence[IngestionEvent]:
        return [self.event(reading, key, is_gone=key not in self.vendor) for key in keys]

    @override
    async def check(self, connection: Connection) -> Sequence[StreamCheck]:
        return ()

    def event(self, reading: Reading, key: str, *, is_gone: bool = False) -> IngestionEvent:
        """One record, as a run saw it."""
        return IngestionEvent(
            tenant_id=reading.connection.tenant_id,
            source=self.source,
            source_id=key,
            event_type="delete" if is_gone else "update",
            observed_at=self.now(),
            payload={"Id": key},
            connection_id=reading.connection.id,
            record_type=reading.stream,
            vendor_version="000000000000001",
            run=reading.run,
        )


class Ages(QueueAges):
    """Ages that are written down."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @override
    async def oldest_seconds(self, queue: str, *, dead_letters: bool = False) -> float:
        return self.seconds.get(queue, 0.0)


class Desk:
    """One worker, one connection, one stream."""

    def __init__(self, **connection: Any) -> None:
        self.pipeline = InMemoryPipeline()
        self.clock = self.pipeline.clock
        self.script = Script(self.clock)
        self.ages = Ages()
        self.added: dict[str, Any] = {"created_at": self.clock(), "streams": (STREAM,), "next_due_at": self.clock(), **connection}
        self.ports = self.ports_with(Pace())

    def ports_with(self, pace: Pace) -> PollerPorts:
        """The ports, at this pace."""
        pipeline = self.pipeline
        return PollerPorts(
            pollers={self.script.source: self.script},
            connections=pipeline.connections,
            states=pipeline.states,
            index=pipeline.index,
            gaps=pipeline.gaps,
            publisher=pipeline.publisher,
            queue_ages=self.ages,
            metrics=pipeline.metrics,
            now=self.clock,
            pace=pace,
        )

    async def connect(self) -> Connection:
        """The connection as it is stored now; added, when it is not yet."""
        if await self.pipeline.connections.find(CONNECTION) is None:
            known = {"id": CONNECTION, "tenant_id": TENANT, "source": "script", "account": "one", **self.added}
            await self.pipeline.connections.add(Connection.model_validate(known))
        found = await self.pipeline.connections.find(CONNECTION)
        assert found is not None
        return found

    async def change_connection(self, **changes: Any) -> Connection:
        """Somebody else writes the connection."""
        connection = await self.connect()
        return await self.pipeline.connections.replace(connection.model_copy(update=changes))

    async def pause_by(self, who: str) -> None:
        """Somebody pauses the connection."""
        await self.change_connection(status="paused", paused_by=who, paused_reason="somebody knows why")

    def message(self, kind: SyncKind = "changes", run: str = "r1", *, step: int = 0, ago: float = 0, stream: str = STREAM) -> SyncRequested:
        """A request of so many seconds ago."""
        return SyncRequested(
            tenant_id=TENANT,
            connection_id=CONNECTION,
            stream=stream,
            kind=kind,
            run=run,
            requested_at=self.clock() - timedelta(seconds=ago),
            step=step,
        )

    async def read(self, message: SyncRequested) -> Outcome:
        """What the handler says to one delivery."""
        await self.connect()
        return await read(message, ports=self.ports)

    async def ask(self, message: SyncRequested) -> None:
        """Put a request on its queue."""
        await self.connect()
        await self.pipeline.publisher.publish(message)

    async def work(self) -> None:
        """Deliver every sync message, waiting for those that are due later."""
        for _ in range(200):
            if not await self.work_now():
                waiting = [envelope.due_at for queue in SYNC_QUEUES for envelope in self.pipeline.transport.on(queue) if envelope.due_at]
                if not waiting:
                    return
                self.clock.moment = max(self.clock(), min(waiting))
        raise AssertionError("there is no end to it")

    async def work_now(self) -> int:
        """Deliver every sync message that is due, each once."""
        return sum([await self.pipeline.transport.drain(queue, self._deliver) for queue in SYNC_QUEUES])

    async def _deliver(self, delivery: Delivery) -> None:
        await deliver(delivery, SyncRequested, partial(read, ports=self.ports), ports=self.pipeline.delivery)

    async def state(self, kind: SyncKind = "changes", stream: str = STREAM) -> StreamState:
        """The stream's state."""
        return await self.pipeline.states.read(await self.connect(), stream, kind)

    def requests(self) -> list[SyncRequested]:
        """The sync messages that wait, due or not."""
        return [SyncRequested.decode(envelope.body) for queue in SYNC_QUEUES for envelope in self.pipeline.transport.on(queue)]

    def batches(self) -> list[IngestionBatch]:
        """The batches that ever reached their queue."""
        return [IngestionBatch.decode(envelope.body) for envelope in self.pipeline.transport.sent if envelope.queue.endswith("events-bulk")]

    def events(self) -> list[IngestionEvent]:
        """The events that ever reached a queue, single and in batches."""
        sent = self.pipeline.transport.sent
        single = [IngestionEvent.decode(envelope.body) for envelope in sent if envelope.queue == topology.INGESTION_EVENTS]
        return [*single, *(event for batch in self.batches() for event in batch.events)]

    def keys(self) -> list[str]:
        """The records they are of."""
        return [event.source_id for event in self.events()]

    @property
    def counted(self) -> int:
        """What the metric says."""
        return self.pipeline.metrics.total(Metric.SYNC_RECORDS, source="script")

    async def gaps(self) -> list[tuple[str, str]]:
        """Stream and reason of each open gap."""
        return [(gap.stream, gap.reason) for gap in await self.pipeline.gaps.open_ones(TENANT, CONNECTION)]

    async def store(self, key: str, *, version: str = "1", seen_at: datetime | None = None, **changes: Any) -> Shard:
        """A shard of the stream as normalization writes it, or with these differences from it."""
        plain = sample_shard(TENANT, external_id=key)
        edge = record(key)
        assert plain.normalization is not None
        said = fingerprint(
            structured_data=dict(plain.structured_data),
            acl=changes.get("acl", plain.acl),
            status=changes.get("status", plain.status),
            external=(edge,),
            schema_version=plain.schema_version,
        )
        long_ago = self.clock() - timedelta(days=1)
        stamp = plain.normalization.model_copy(update={"fingerprint": said, "vendor_version": version, "observed_at": seen_at or long_ago})
        shard = plain.model_copy(update={"external_relationships": (edge,), "normalization": stamp, **changes})
        return await self.pipeline.shards.create(shard)


def record(key: str) -> ExternalRelationship:
    """The edge to a record of the stream."""
    return sample_record(key, record_type=STREAM, system="script", scope="one")


class Raise:
    """Raises an error at the n-th call, and at no other."""

    def __init__(self, error: PipelineError | BaseException, *, at: int = 1) -> None:
        self._error = error
        self._at = at
        self.calls = 0

    def __call__(self, _: object = None) -> None:
        self.calls += 1
        if self.calls == self._at:
            raise self._error
