"""Google Drive, polled: each person's change log is a stream, and that of each shared drive, the list of drives, and the groups."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import httpx2

from ingestion.sources.gdrive.changes import Changes, check_owner
from ingestion.sources.gdrive.client import DriveClient, segment
from ingestion.sources.gdrive.comparison import versions_above
from ingestion.sources.gdrive.crawl import crawled
from ingestion.sources.gdrive.drives import drives_page
from ingestion.sources.gdrive.events import GROUP, Seen, Told
from ingestion.sources.gdrive.fields import DRIVE, FILE, SOURCE
from ingestion.sources.gdrive.groups import Groups
from ingestion.sources.gdrive.logs import DRIVES, GROUPS, Log, check_name, log_of
from ingestion.sources.gdrive.quota import Quota
from ingestion.sources.gdrive.ranges import Ranges
from ingestion.sources.gdrive.records import Records
from ingestion.sources.gdrive.sharing import my_drive_root
from ingestion.sources.gdrive.tokens import Tokens
from ingestion.sources.source import Page, Reading, StreamCheck, Versions
from shared.connections.connection import Connection
from shared.connections.secrets import Secrets
from shared.contracts.ingestion import IngestionEvent
from shared.errors import PermanentError, StreamUnreadable
from shared.shards.record_index import RecordKind
from shared.streams.defaults import streams_of
from shared.streams.state import StreamStates
from shared.telemetry.metrics import Metrics

RANGE_FIELD: Final = "createdDate"
"""The canonical field that has a file's ``createdTime``."""
MOST_RANGES: Final = 4
"""Of so many streams the last range of a comparison is remembered."""


@dataclass
class _Account:
    """What this worker knows of one connection."""

    connection: Connection
    client: DriveClient
    told: Told = field(default_factory=Told)
    ranges: dict[str, Ranges] = field(default_factory=dict)

    def ranges_of(self, stream: str) -> Ranges:
        """Those of a stream; of all others the files are forgotten, but for those that were looked at last."""
        self.ranges[stream] = self.ranges.pop(stream, Ranges())
        for other in list(self.ranges)[:-MOST_RANGES]:
            self.ranges[other].last = None
        return self.ranges[stream]


@dataclass(frozen=True)
class GDrivePoller:
    """The Drives of every connected Workspace or person."""

    http: httpx2.AsyncClient
    secrets: Secrets
    states: StreamStates
    metrics: Metrics
    now: Callable[[], datetime]
    api_base_url: str
    directory_base_url: str
    source: str = SOURCE
    _known: dict[str, _Account] = field(default_factory=dict)

    def record_kind(self, connection: Connection, stream: str) -> RecordKind:
        """The shards that a stream holds: files in the order of their creation, groups by their address.

        Raises:
            StreamUnreadable: there is no such stream.
        """
        check_name(stream)
        scope = f"{connection.account}/{stream}"
        if stream == GROUPS:
            return RecordKind(connection.tenant_id, SOURCE, scope, GROUP)
        return RecordKind(connection.tenant_id, SOURCE, scope, FILE, range_field=RANGE_FIELD)

    async def page(self, reading: Reading) -> Page:
        """The next page; raises as ``Poller.page``."""
        account = self._account(reading.connection)
        if reading.stream == DRIVES:
            return await drives_page(reading, account.client) if reading.kind == "changes" else _nothing(reading)
        if reading.stream == GROUPS:
            return await Groups(reading.connection, account.client, self.now).page(reading)
        log = await self._log(reading.connection, reading.stream)
        if log is None:
            return _nothing(reading)  # the stream went while this was asked for
        if reading.kind == "backfill":
            return await crawled(reading, log, account.client, account.told)
        return await Changes(reading, log, client=account.client, told=account.told).page()

    async def versions(self, connection: Connection, stream: str, *, after: str | None) -> Versions:
        """The next range of files; of a stream that went nothing is there. Raises as ``Poller.page``."""
        account = self._account(connection)
        if stream == GROUPS:
            return await Groups(connection, account.client, self.now).versions(after=after)
        log = None if stream == DRIVES else await self._log(connection, stream)
        if log is None:
            return Versions({}, up_to=None, read_at=account.client.vendor_now())
        return await versions_above(log, account.client, account.ranges_of(stream), after=after)

    async def records(self, reading: Reading, keys: Sequence[str]) -> Sequence[IngestionEvent]:
        """Each as it is now, or that the stream does not hold it; raises as ``Poller.page``."""
        account = self._account(reading.connection)
        if reading.stream == GROUPS:
            return await Groups(reading.connection, account.client, self.now).events(reading, keys)
        log = None if reading.stream == DRIVES else await self._log(reading.connection, reading.stream)
        if log is None:
            seen = Seen(reading.connection, reading.run, reading.stream, account.client.vendor_now())
            return [seen.gone(key) for key in keys]
        known = account.ranges_of(reading.stream).taken()
        return await Records(reading, log, client=account.client, told=account.told).events(keys, known)

    async def check(self, connection: Connection) -> Sequence[StreamCheck]:
        """Log in as everybody, and look at every stream."""
        self._known.pop(connection.id, None)
        account = self._account(connection)
        return [await self._checked(connection, account, stream) for stream in streams_of(connection)]

    async def _checked(self, connection: Connection, account: _Account, stream: str) -> StreamCheck:
        try:
            detail = await self._looked_at(connection, account.client, stream)
        except (StreamUnreadable, PermanentError) as error:
            return StreamCheck(stream, is_readable=False, record_count=None, detail=str(error))
        return StreamCheck(stream, is_readable=True, record_count=None, detail=detail)

    async def _looked_at(self, connection: Connection, client: DriveClient, stream: str) -> str:
        """What there is to say of a stream that can be read."""
        if stream == GROUPS:
            await Groups(connection, client, self.now).look()
            return ""
        if stream == DRIVES:
            params = {"pageSize": "1", "fields": "drives(id)"}
            await client.drive("drives", "drives", params, user=next(iter(connection.users), ""))
            return ""
        log = await self._log(connection, stream)
        if log is None:
            return "not there any more"
        if log.drive is None:
            check_owner(await my_drive_root(log, client), log)
            return ""
        await client.drive("drives", f"drives/{segment(log.drive.id)}", {"fields": DRIVE}, user=log.user)
        return f"{log.drive.name}, read as one of its members"

    async def _log(self, connection: Connection, stream: str) -> Log | None:
        drives = await self.states.read(connection, DRIVES, "changes")
        return log_of(connection, stream, drives.cursor)

    def _account(self, connection: Connection) -> _Account:
        """What is known of the connection; anew, when its credential is another one."""
        known = self._known.get(connection.id)
        if known is None or known.connection.credential != connection.credential:
            tokens = Tokens(connection, http=self.http, secrets=self.secrets, now=self.now)
            client = DriveClient(
                tokens,
                Quota(connection, self.states, self.now),
                http=self.http,
                metrics=self.metrics,
                now=self.now,
                api_base_url=self.api_base_url,
                directory_base_url=self.directory_base_url,
            )
            known = self._known[connection.id] = _Account(connection, client)
        known.connection = connection
        return known


def _nothing(reading: Reading) -> Page:
    """There is nothing to read, and that is no trouble."""
    return Page(events=(), cursor=dict(reading.cursor or {}), is_last=True)
