"""A polled vendor with its connection and the app behind it: what the conformance suite of polled sources runs over."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final, Self

from ingestion.findings import Findings
from ingestion.poller import PollerPorts, read
from ingestion.scheduler import schedule
from ingestion.sources.source import Page, Reading, RecordVersion
from shared import topology
from shared.contracts.ingestion import IngestionEvent
from shared.contracts.sync import SyncKind, SyncRequested
from shared.conversions.registry import conversion_of
from shared.messaging.delivery import deliver
from shared.messaging.returns import Delivery
from shared.shards.ids import shard_id
from shared.shards.model import Shard
from shared.streams.state import Cursor
from tests.contract.polled_vendors import Cards, GDrive, Salesforce, Slack, Vendor

WORLDS: Final[dict[str, type[Cards | GDrive | Salesforce | Slack]]] = {
    "cards": Cards,
    "gdrive": GDrive,
    "salesforce": Salesforce,
    "slack": Slack,
}


class World:
    """A vendor, its connection, and the app behind it."""

    def __init__(self, vendor: Vendor) -> None:
        self.vendor = vendor
        self.pipeline = vendor.pipeline

    async def __aenter__(self) -> Self:
        self.connection = await self.vendor.start()
        pipeline = self.pipeline
        self.ports = PollerPorts(
            pollers={self.vendor.poller.source: self.vendor.poller},
            connections=pipeline.connections,
            states=pipeline.states,
            index=pipeline.index,
            gaps=pipeline.gaps,
            publisher=pipeline.publisher,
            queue_ages=pipeline.queue_ages,
            metrics=pipeline.metrics,
            now=pipeline.clock,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.vendor.stop()

    def later(self) -> None:
        """Some time goes by."""
        self.pipeline.clock.advance(seconds=300)

    def reading(self, kind: SyncKind, cursor: Cursor | None, run: str = "run") -> Reading:
        """A reading of the stream."""
        return Reading(self.connection, self.vendor.stream, kind, cursor, run)

    async def pages(self, kind: SyncKind, cursor: Cursor | None = None, run: str = "run") -> list[Page]:
        """All pages from a cursor on."""
        pages: list[Page] = []
        while not pages or not pages[-1].is_last:
            pages.append(await self.vendor.poller.page(self.reading(kind, cursor, run)))
            cursor = pages[-1].cursor
        return pages

    async def versions(self) -> dict[str, RecordVersion]:
        """All versions, in the order they are told."""
        found: dict[str, RecordVersion] = {}
        after: str | None = None
        while True:
            told = await self.vendor.poller.versions(self.connection, self.vendor.stream, after=after)
            if self.vendor.poller.record_kind(self.connection, self.vendor.stream).range_field is None:
                assert all(after is None or key > after for key in told.by_key)
                assert all(told.up_to is None or key <= told.up_to for key in told.by_key)
            assert found.keys().isdisjoint(told.by_key)
            found |= told.by_key
            if told.up_to is None:
                return found
            after = told.up_to

    async def shard(self, key: str) -> Shard | None:
        """A record's shard."""
        kind = self.vendor.poller.record_kind(self.connection, self.vendor.stream)
        scope = kind.scope if conversion_of(kind.system, kind.record_type).scope == "account" else ""
        record = {"system": kind.system, "scope": scope, "record_type": kind.record_type}
        return await self.pipeline.shards.read(kind.tenant_id, shard_id(tenant_id=kind.tenant_id, external_id=key, **record))

    async def poll(self) -> None:
        """The timer ticks, and everything that is due is done."""
        self.later()
        pipeline, source = self.pipeline, self.vendor.poller.source
        await schedule(source, connections=pipeline.connections, states=pipeline.states, publisher=pipeline.publisher, now=pipeline.clock)
        while await self._sync() + await pipeline.run_all():
            pass

    async def compare(self) -> Findings:
        """What a comparison finds. Its repair is on the queue, and not carried out."""
        await self.ask("compare")
        await self._sync()
        state = await self.pipeline.states.read(self.connection, self.vendor.stream, "compare")
        assert not state.is_running
        return Findings.model_validate(state.report)

    async def ask(self, kind: SyncKind) -> None:
        """What an operator's verb does."""
        now = self.pipeline.clock()
        asked = SyncRequested(
            tenant_id=self.connection.tenant_id,
            connection_id=self.connection.id,
            stream=self.vendor.stream,
            kind=kind,
            run=f"{kind} {now.isoformat()}",
            requested_at=now,
        )
        await self.pipeline.publisher.publish(asked)

    async def _sync(self) -> int:
        return sum(
            [await self.pipeline.transport.drain(queue, self._worker()) for queue in (topology.SYNC_INBOUND, topology.SYNC_INBOUND_BULK)]
        )

    def _worker(self) -> Callable[[Delivery], Awaitable[None]]:
        return lambda delivery: deliver(delivery, SyncRequested, partial(read, ports=self.ports), ports=self.pipeline.delivery)

    async def records(self, keys: Sequence[str]) -> list[IngestionEvent]:
        """An event for each of these records, as it is now."""
        events = await self.vendor.poller.records(self.reading("compare", None), sorted(keys))
        return [event for event in events if self.vendor.is_of(event)]

    def events_of(self, pages: Sequence[Page]) -> list[IngestionEvent]:
        """The events of some pages, in their order, but for those of what belongs to every account."""
        return [event for page in pages for event in page.events if self.vendor.is_of(event)]
