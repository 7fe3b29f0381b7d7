"""Salesforce, polled: objects are streams. What is read of one is what its conversion wants and its description has."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeVar

import httpx2

from ingestion.sources.salesforce.account import Account
from ingestion.sources.salesforce.answers import FieldUnknown
from ingestion.sources.salesforce.changes import Changes
from ingestion.sources.salesforce.client import SalesforceClient
from ingestion.sources.salesforce.crawl import crawled, versions_above
from ingestion.sources.salesforce.describe import Description, Selection, selected
from ingestion.sources.salesforce.left_out import is_outdated, remembering
from ingestion.sources.salesforce.rows import Rows, Seen, total_in
from ingestion.sources.salesforce.session import Session
from ingestion.sources.source import Page, Reading, StreamCheck, Versions
from shared.connections.connection import Connection
from shared.connections.secrets import Secrets
from shared.contracts.ingestion import IngestionEvent
from shared.conversions.conversion import Conversion
from shared.conversions.registry import conversion_of
from shared.errors import StreamUnreadable, UnmappableRecord
from shared.shards.record_index import RecordKind
from shared.streams.defaults import streams_of
from shared.streams.state import StreamStates
from shared.telemetry.metrics import Metrics

SOURCE: Final = "salesforce"
BULK_SHARE: Final = 0.8
"""Of a connection's share, what back-fills and comparisons may use up: the rest is for what changes."""
LOOKED_AT_FOR: Final = timedelta(seconds=30)
"""So long the shared gauge is believed without a look."""

AnswerT = TypeVar("AnswerT")


@dataclass
class _Organization:
    """What this worker knows of one connection."""

    connection: Connection
    account: Account
    client: SalesforceClient
    looked_at: datetime | None = None
    descriptions: dict[str, Description] = field(default_factory=dict)
    without_parents: set[str] = field(default_factory=set)
    """Objects of which a field of a parent was refused."""


@dataclass(frozen=True)
class SalesforcePoller:
    """The REST API of every connected organization."""

    http: httpx2.AsyncClient
    secrets: Secrets
    states: StreamStates
    metrics: Metrics
    now: Callable[[], datetime]
    api_version: str
    overlap: timedelta
    source: str = SOURCE
    _known: dict[str, _Organization] = field(default_factory=dict)

    def record_kind(self, connection: Connection, stream: str) -> RecordKind:
        """The shards of an object's records.

        Raises:
            StreamUnreadable: there is no conversion for the object.
        """
        conversion = _conversion(stream)
        return RecordKind(connection.tenant_id, SOURCE, connection.account, conversion.record_type)

    async def page(self, reading: Reading) -> Page:
        """The next page; raises as ``Poller.page``."""

        async def act(organization: _Organization, selection: Selection) -> Page:
            description = organization.descriptions[reading.stream]
            return remembering(await read(organization, selection, description), reading, selection, description)

        async def read(organization: _Organization, selection: Selection, description: Description) -> Page:
            rows = Rows(organization.client, share=_share(reading))
            if reading.kind == "backfill":
                return await crawled(reading, selection, rows)
            changes = Changes(reading, description, selection, client=organization.client, rows=rows, overlap=self.overlap)
            if reading.cursor is None:
                return await changes.first()
            window = reading.cursor.get("window")
            if isinstance(window, dict):
                return await changes.window(reading.cursor, window)
            return await changes.look(reading.cursor, now=organization.client.vendor_now())

        organization = await self._organization(reading.connection)
        described = organization.descriptions.get(reading.stream)
        if described is not None and is_outdated(described, reading):
            del organization.descriptions[reading.stream]
        return await self._on(reading.connection, reading.stream, act)

    async def versions(self, connection: Connection, stream: str, *, after: str | None) -> Versions:
        """Ids and stamps; raises as ``Poller.page``."""
        _conversion(stream)
        organization = await self._organization(connection)
        share = connection.budget_share * BULK_SHARE
        return await versions_above(stream, Rows(organization.client, share=share), after=after)

    async def records(self, reading: Reading, keys: Sequence[str]) -> Sequence[IngestionEvent]:
        """Each as it is now, or its deletion; raises as ``Poller.page``."""

        async def act(organization: _Organization, selection: Selection) -> Sequence[IngestionEvent]:
            asked_at = organization.client.vendor_now()
            rows, there = await Rows(organization.client, share=_share(reading)).by_id(selection, keys)
            seen = Seen(reading.connection, reading.run, asked_at, reading.give_way)
            gone = [seen.gone(reading.stream, key) for key in keys if key not in there]
            events, _ = await seen.rows(rows, selection)
            return [*events, *gone]

        return await self._on(reading.connection, reading.stream, act)

    async def check(self, connection: Connection) -> Sequence[StreamCheck]:
        """Log in, and look at every object."""
        self._known.pop(connection.id, None)
        organization = await self._organization(connection)
        await organization.client.limits()
        return [await self._checked(connection, organization, stream) for stream in streams_of(connection)]

    async def _checked(self, connection: Connection, organization: _Organization, stream: str) -> StreamCheck:
        try:
            selection = await self._selection(organization, _conversion(stream))
            params = {"q": f"SELECT COUNT() FROM {selection.object_name}"}  # noqa: S608 - an object there is a conversion for
            answer = await organization.client.get("query", "query", params, share=connection.budget_share)
        except StreamUnreadable as error:
            return StreamCheck(stream, is_readable=False, record_count=None, detail=str(error))
        notes = [] if organization.descriptions[stream].is_replicateable else ["the vendor keeps no log of its deletions"]
        if selection.missing:
            notes.append(f"not shown to this user, or not there: {', '.join(selection.missing)}")
        return StreamCheck(stream, is_readable=True, record_count=total_in(answer.body), detail="; ".join(notes))

    async def _on(self, connection: Connection, stream: str, act: Callable[[_Organization, Selection], Awaitable[AnswerT]]) -> AnswerT:
        """Act with what can be read of the object. Where a field is refused, describe it anew, and then leave out parents' fields."""
        conversion = _conversion(stream)
        organization = await self._organization(connection)
        for _ in range(2):
            try:
                return await act(organization, await self._selection(organization, conversion))
            except FieldUnknown:
                known = organization.descriptions.pop(stream, None)
                again = await self._described(organization, stream)
                if known is not None and known.fields == again.fields:
                    organization.without_parents.add(stream)
        try:
            return await act(organization, await self._selection(organization, conversion))
        except FieldUnknown as error:
            raise StreamUnreadable(f"{stream}: a field that is described may not be read") from error

    async def _selection(self, organization: _Organization, conversion: Conversion) -> Selection:
        stream = conversion.record_type
        description = organization.descriptions.get(stream)
        if description is None or description.is_old(self.now()):
            organization.without_parents.discard(stream)
            description = await self._described(organization, stream)
        return selected(conversion, description, without_parents=lambda: stream in organization.without_parents)

    async def _described(self, organization: _Organization, stream: str) -> Description:
        share = organization.connection.budget_share
        answer = await organization.client.get("describe", f"sobjects/{stream}/describe", share=share)
        organization.descriptions[stream] = Description.read(answer.body, at=self.now())
        return organization.descriptions[stream]

    async def _organization(self, connection: Connection) -> _Organization:
        """What is known of the connection; anew, when its credential is another one. The shared gauge is looked at now and then."""
        known = self._known.get(connection.id)
        if known is None or known.connection.credential != connection.credential:
            account = Account(connection, self.states, self.now)
            session = Session(connection, account, http=self.http, secrets=self.secrets, now=self.now)
            client = SalesforceClient(account, session, http=self.http, api_version=self.api_version, metrics=self.metrics, now=self.now)
            known = self._known[connection.id] = _Organization(connection, account, client)
        known.connection = connection
        if known.looked_at is None or self.now() - known.looked_at >= LOOKED_AT_FOR:
            await known.account.look()
            known.looked_at = self.now()
        return known


def _conversion(stream: str) -> Conversion:
    try:
        return conversion_of(SOURCE, stream)
    except UnmappableRecord as error:
        raise StreamUnreadable(f"{stream}: {error}; add a row to the conversion table") from None


def _share(reading: Reading) -> float:
    share = reading.connection.budget_share
    return share if reading.kind == "changes" else share * BULK_SHARE
