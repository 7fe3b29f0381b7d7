"""What the conformance suite of polled sources needs of each: a vendor whose records it can change, and which it can make refuse.

A new source brings a class here, and a line in ``WORLDS``.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final, Protocol, Self

from typing_extensions import override

from devtools.fakes.pipeline import InMemoryPipeline
from devtools.fakes.polled import PolledSalesforce
from devtools.fakes.polled_drive import ADA, DOMAIN, ROBOT, PolledDrive
from devtools.faults.plan import Fault, Kind
from ingestion.findings import Findings
from ingestion.poller import PollerPorts, read
from ingestion.scheduler import schedule
from ingestion.sources.source import Page, Poller, Reading, RecordVersion
from shared import topology
from shared.connections.connection import Connection, connection_id
from shared.contracts.ingestion import IngestionEvent
from shared.contracts.sync import SyncKind, SyncRequested
from shared.conversions.registry import conversion_of
from shared.messaging.delivery import deliver
from shared.messaging.returns import Delivery
from shared.shards.ids import shard_id
from shared.shards.model import Shard
from shared.streams.defaults import user_stream
from shared.streams.state import Cursor
from tests.contract.tiny_source.lines import pollers
from tests.contract.tiny_source.vendor import Busy, CardIndex, Closed, NotLetIn

TENANT: Final = "acme"


class Vendor(Protocol):
    """What a test does at a vendor's."""

    stream: str
    """The stream the records are of."""
    account: str
    poller: Poller
    pipeline: InMemoryPipeline
    """Its clock is the vendor's too."""
    knows_counts: bool = True
    """Whether it says how many records there are."""

    def is_of(self, event: IngestionEvent) -> bool:
        """Whether an event is of a record that was created here, and not of what belongs to every account."""
        return True

    async def start(self) -> Connection:
        """Be there, and let us in."""

    async def stop(self) -> None:
        """Be gone."""

    def create(self, name: str) -> str:
        """A new record. Returns its key."""

    def edit(self, key: str, name: str) -> None:
        """Rename a record."""

    def delete(self, key: str) -> None:
        """Delete a record, so that it can be undeleted."""

    def undelete(self, key: str) -> None:
        """Take a deleted record back."""

    def revoke(self) -> None:
        """Let us in no more."""

    def limit(self) -> None:
        """We have asked too much."""

    def go_down(self) -> None:
        """Be out of order."""

    def serve(self, most: int) -> None:
        """Give at most so many records at once."""


class Cards(Vendor):
    """The tiny source's."""

    stream = "Card"
    account = "kitchen"

    def __init__(self) -> None:
        self.pipeline = InMemoryPipeline()
        self._index = CardIndex(self.pipeline.clock)
        self.poller = pollers(index=self._index)["cards"]

    @override
    async def start(self) -> Connection:
        connection = Connection(
            id=connection_id("cards", self.account),
            tenant_id=TENANT,
            source="cards",
            account=self.account,
            streams=(self.stream,),
            created_at=self.pipeline.clock(),
            next_due_at=self.pipeline.clock(),
        )
        await self.pipeline.connections.add(connection)
        return connection

    @override
    async def stop(self) -> None:
        return None

    @override
    def create(self, name: str) -> str:
        return f"{self._index.put(name):09}"

    @override
    def edit(self, key: str, name: str) -> None:
        self._index.change(int(key), name=name)

    @override
    def delete(self, key: str) -> None:
        self._index.change(int(key), is_thrown_away=True)

    @override
    def undelete(self, key: str) -> None:
        self._index.change(int(key))

    @override
    def revoke(self) -> None:
        self._index.trouble = NotLetIn()

    @override
    def limit(self) -> None:
        self._index.trouble = Busy(600)

    @override
    def go_down(self) -> None:
        self._index.trouble = Closed()

    @override
    def serve(self, most: int) -> None:
        self._index.most = most

    def mend(self) -> None:
        """All is well again."""
        self._index.trouble = None

    def living(self) -> set[int]:
        """The numbers of the cards there are."""
        return self._index.living()


class Salesforce(Vendor):
    """The pretend organization over its REST API."""

    stream = "Account"

    def __init__(self) -> None:
        self._world = PolledSalesforce(streams=(self.stream,))
        self.account = self._world.org.organization_id
        self.pipeline = self._world.pipeline

    @override
    async def start(self) -> Connection:
        await self._world.__aenter__()
        self.poller = self._world.poller
        return await self._world.connection()

    @override
    async def stop(self) -> None:
        await self._world.__aexit__(None, None, None)

    @override
    def create(self, name: str) -> str:
        return self._world.org.create("Account", Name=name).id

    @override
    def edit(self, key: str, name: str) -> None:
        self._world.org.edit(key, Name=name)

    @override
    def delete(self, key: str) -> None:
        self._world.org.delete(key)

    @override
    def undelete(self, key: str) -> None:
        self._world.org.undelete(key)

    @override
    def revoke(self) -> None:
        self._world.vendor.sessions.revoke(self._world.org.user_ids[0])

    @override
    def limit(self) -> None:
        self._world.vendor.usage[self.account].most = 0

    @override
    def go_down(self) -> None:
        for operation in ("token", "query", "queryAll", "describe", "replication", "limits"):
            fault = Fault(at="salesforce", kind=Kind.REFUSE, operation=operation, status=503, calls=1000)
            self._world.vendor.faults.add(fault)

    @override
    def serve(self, most: int) -> None:
        self._world.vendor.queries.page_rows = most


class GDrive(Vendor):
    """The pretend Google Drive over its REST API: one person's log."""

    stream = user_stream(ADA)
    account = DOMAIN
    knows_counts = False

    def __init__(self) -> None:
        self._world = PolledDrive(users=(ADA,), has_groups=False)
        self.pipeline = self._world.pipeline

    @override
    def is_of(self, event: IngestionEvent) -> bool:
        """Who owns the files is told, too, and the root of My Drive, which is in no list."""
        return event.record_type == "File" and event.source_id != self._world.drive.people.user(ADA).root_id

    @override
    async def start(self) -> Connection:
        await self._world.__aenter__()
        self.poller = self._world.poller
        connection = (await self._world.connection()).model_copy(update={"streams": (self.stream,)})
        return await self.pipeline.connections.replace(connection)

    @override
    async def stop(self) -> None:
        await self._world.__aexit__(None, None, None)

    @override
    def create(self, name: str) -> str:
        self.pipeline.clock.advance(seconds=0.001)  # a file created in another millisecond is another range
        return self._world.drive.create_file(name, by=ADA, content=name.encode()).id

    @override
    def edit(self, key: str, name: str) -> None:
        self._world.drive.rename(key, name)

    @override
    def delete(self, key: str) -> None:
        self._world.drive.trash(key)

    @override
    def undelete(self, key: str) -> None:
        self._world.drive.restore(key)

    @override
    def revoke(self) -> None:
        self._world.google.sessions.accounts[ROBOT].keys = {}
        self._world.google.sessions.end_all()

    @override
    def limit(self) -> None:
        self._world.google.quota.limit(ADA, 0)

    @override
    def go_down(self) -> None:
        for operation in ("token", "start-page-token", "changes", "files-list", "file", "permissions", "drives", "about"):
            self._world.google.faults.add(Fault(at="gdrive", kind=Kind.REFUSE, operation=operation, status=503, calls=1000))

    @override
    def serve(self, most: int) -> None:
        self._world.google.smallest_pages = most


WORLDS: Final[dict[str, Callable[[], Vendor]]] = {"cards": Cards, "gdrive": GDrive, "salesforce": Salesforce}


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
