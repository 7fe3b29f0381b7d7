"""What the conformance suite of polled sources needs of each: a vendor whose records it can change, and which it can make refuse.

A new source brings a class here, and a line in ``WORLDS`` of ``polled_worlds.py``.
"""

from typing import Final, Protocol

from typing_extensions import override

from devtools.fakes.pipeline import InMemoryPipeline
from devtools.fakes.polled import PolledSalesforce
from devtools.fakes.polled_drive import ADA, DOMAIN, ROBOT, PolledDrive
from devtools.fakes.polled_slack import APP, PolledSlack
from devtools.faults.plan import Fault, Kind
from ingestion.sources.source import Poller
from shared.connections.connection import Connection, connection_id
from shared.contracts.ingestion import IngestionEvent
from shared.streams.defaults import user_stream
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
    lists_changes: bool = True
    """Whether it says what changed since, and by which version. Otherwise changes are told by webhook alone."""

    def is_of(self, event: IngestionEvent) -> bool:
        """Whether an event is of a record that was created here, and not of what belongs to every account."""
        return True

    def is_gone(self, event: IngestionEvent) -> bool:
        """Whether an event says that a record is not there, as far as the vendor can say."""
        return event.event_type == "delete"

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


class Slack(Vendor):
    """The pretend workspace over its Web API: its channels."""

    stream = "Channel"
    knows_counts = False
    lists_changes = False

    def __init__(self) -> None:
        self._world = PolledSlack()
        self.account = self._world.account
        self.pipeline = self._world.pipeline
        self._general = {channel.id for channel in self._world.slack.channels()}

    @override
    def is_of(self, event: IngestionEvent) -> bool:
        """Every workspace has a channel of its own."""
        return event.record_type == "Channel" and event.source_id not in self._general

    @override
    def is_gone(self, event: IngestionEvent) -> bool:
        """A channel of which nothing is known may be a private one, that the app was taken out of."""
        return super().is_gone(event) or event.coverage == ("id", "is_lost")

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
        return self._world.create(name.replace(" ", "-"), members=[self._world.bob]).id

    @override
    def edit(self, key: str, name: str) -> None:
        self._world.slack.rename(key, name.replace(" ", "-"), quietly=True)

    @override
    def delete(self, key: str) -> None:
        self._world.slack.delete(key, quietly=True)

    @override
    def revoke(self) -> None:
        self._world.slack.revoke_token(APP, self.account)

    @override
    def limit(self) -> None:
        self._world.service.limits.per_minute.update(dict.fromkeys(self._world.service.limits.per_minute, 0))

    @override
    def go_down(self) -> None:
        for operation in ("auth.test", "conversations.list", "conversations.info", "conversations.members"):
            self._world.service.faults.add(Fault(at="slack", kind=Kind.REFUSE, operation=operation, status=503, calls=1000))

    @override
    def serve(self, most: int) -> None:
        self._world.slack.knobs.short_pages = most
