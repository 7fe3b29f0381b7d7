"""Slack, polled: its channels and its people are streams. Changes are told by webhook alone; a poll looks whether we are still let in.

There is no "changed since" in Slack's Web API. What a webhook misses the daily comparison finds.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import httpx2

from ingestion.sources.slack.authorizations import handles_of
from ingestion.sources.slack.budget import Budget
from ingestion.sources.slack.channels import Channels
from ingestion.sources.slack.checks import check_app, checked
from ingestion.sources.slack.client import SOURCE, SlackClient
from ingestion.sources.slack.comparisons import Comparisons
from ingestion.sources.slack.crawl import Crawl
from ingestion.sources.slack.expectations import is_shown
from ingestion.sources.slack.people import People, kind_of
from ingestion.sources.slack.ranges import Ranges
from ingestion.sources.slack.records import Records
from ingestion.sources.slack.sightings import conversion_for
from ingestion.sources.source import Ask, Page, Reading, StreamCheck, Versions
from shared.connections.connection import Connection
from shared.connections.secrets import Secrets
from shared.contracts.ingestion import IngestionEvent
from shared.contracts.message import timestamp
from shared.shards.record_index import RecordIndex, RecordKind
from shared.streams.defaults import streams_of
from shared.streams.state import StreamStates
from shared.telemetry.metrics import Metrics


@dataclass
class _Account:
    """What this worker knows of one connection."""

    connection: Connection
    budget: Budget
    client: SlackClient
    channels: Channels
    people: People


@dataclass(frozen=True)
class SlackPoller:
    """The workspaces and organizations that an app of ours is installed in."""

    http: httpx2.AsyncClient
    secrets: Secrets
    states: StreamStates
    index: RecordIndex
    metrics: Metrics
    now: Callable[[], datetime]
    api_base_url: str
    app_tokens: Mapping[str, str] = field(repr=False)
    """App-level tokens by app."""
    wait: Callable[[float], Awaitable[object]] = asyncio.sleep
    source: str = SOURCE
    _known: dict[str, _Account] = field(default_factory=dict, repr=False)
    _comparisons: Comparisons = field(default_factory=Comparisons, repr=False)

    def record_kind(self, connection: Connection, stream: str) -> RecordKind:
        """The shards of a stream's records.

        Raises:
            StreamUnreadable: there is no such stream.
        """
        conversion_for(stream)
        return kind_of(connection, stream)

    async def page(self, reading: Reading) -> Page:
        """The next page; raises as ``Poller.page``. One of changes is empty: it shows that we are let in. The first asks for all."""
        conversion_for(reading.stream)
        account = self._account(reading.connection)
        if reading.kind == "backfill":
            return await Crawl(reading, account.client, account.channels, account.people).page()
        await account.client.log_in()
        if reading.cursor is not None:
            return Page(events=(), cursor=dict(reading.cursor), is_last=True)
        cursor = {"since": timestamp(account.client.vendor_now())}
        return Page(events=(), cursor=cursor, is_last=True, asks=(Ask(reading.stream, "backfill"),))

    async def versions(self, connection: Connection, stream: str, *, after: str | None) -> Versions:
        """The next range of ids, with the content there is; raises as ``Poller.page``."""
        conversion_for(stream)
        return await self._ranges(self._account(connection), stream).above(after)

    async def records(self, reading: Reading, keys: Sequence[str]) -> Sequence[IngestionEvent]:
        """Each as it is now, or that it is gone or lost, and who is new in a channel; raises as ``Poller.page``."""
        conversion_for(reading.stream)
        account = self._account(reading.connection)
        listed = self._ranges(account, reading.stream).taken() if reading.kind == "compare" else {}
        return await Records(reading, account.client, account.channels, account.people, self.index).events(keys, listed)

    async def check(self, connection: Connection) -> Sequence[StreamCheck]:
        """Log in, look at the token, and at every stream."""
        account = self._account(connection)
        identity = await account.client.log_in()
        await check_app(connection, account.client, identity)
        return [
            await checked(connection, stream, identity, client=account.client, budget=account.budget, app_tokens=self.app_tokens)
            for stream in streams_of(connection)
        ]

    def shows(self, events: Sequence[IngestionEvent], expects: str) -> bool:
        """Whether what was read is what a hint made expect."""
        return is_shown(events, expects)

    async def accounts_of(self, connection: Connection, context: str) -> Sequence[str]:
        """The handles of all accounts that may see what a hint is about, the connection's own first; raises as ``Poller.page``."""
        return await handles_of(connection, self._account(connection).client, self.app_tokens, context)

    def _ranges(self, account: _Account, stream: str) -> Ranges:
        made = partial(
            Ranges,
            account.connection,
            stream,
            client=account.client,
            channels=account.channels,
            people=account.people,
            index=self.index,
            now=self.now,
        )
        return self._comparisons.of((account.connection.id, stream), made)

    def _account(self, connection: Connection) -> _Account:
        """What is known of the connection; anew, when its credential is another one."""
        self._comparisons.tidy()
        known = self._known.get(connection.id)
        if known is None or (known.connection.credential, known.connection.tenant_id) != (connection.credential, connection.tenant_id):
            self._comparisons.forget(connection.id)
            budget = Budget(connection, self.states, self.now, self.wait)
            client = SlackClient(
                connection,
                budget,
                http=self.http,
                secrets=self.secrets,
                metrics=self.metrics,
                now=self.now,
                api_base_url=self.api_base_url,
            )
            people = People(connection, client, self.index, self.now)
            known = self._known[connection.id] = _Account(connection, budget, client, Channels(client, self.now), people)
        return known
