"""A pretend Workspace whose streams are read page by page, as the frame reads them: events first, and only then the cursor.

What the events come to is kept as the store keeps it: who holds a file, and whether it is there.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final, Self

import httpx2
from typing_extensions import override

from devtools.fakes.polled_drive import ADA, BOB, PolledDrive
from devtools.faults.plan import Fault
from ingestion.sources.gdrive.poller import GDrivePoller
from ingestion.sources.source import Page, Reading
from shared.contracts.ingestion import IngestionEvent
from shared.contracts.sync import SyncKind
from shared.http.client import http_client
from shared.streams.state import Cursor

HOUR: Final = 3600.0
ADAS, BOBS = f"user:{ADA}", f"user:{BOB}"


def of_drive(drive_id: str) -> str:
    """A shared drive's stream."""
    return f"drive:{drive_id}"


def is_root(file: Mapping[str, Any]) -> bool:
    """Of a My Drive or of a shared drive."""
    return bool(file["name"] == "My Drive" or file["id"] == file.get("driveId"))


def payload_of(event: IngestionEvent) -> dict[str, Any]:
    """What it holds of a file."""
    return dict(event.payload or {})


@dataclass
class Kept:
    """What is stored of one file."""

    holders: set[str] = field(default_factory=set)
    payload: dict[str, Any] = field(default_factory=dict)
    version: str = ""

    @property
    def is_there(self) -> bool:
        """Held by somebody, and not in the trash."""
        return bool(self.holders) and self.payload.get("trashed") is not True


@dataclass
class Run:
    """What one run read."""

    pages: list[Page] = field(default_factory=list)

    @property
    def events(self) -> list[IngestionEvent]:
        """All of them, in their order."""
        return [event for page in self.pages for event in page.events]

    @property
    def files(self) -> dict[str, IngestionEvent]:
        """The states of files by their ids, roots left out."""
        return {one.source_id: one for one in self.events if one.record_type == "File" and one.payload and not is_root(one.payload)}

    @property
    def gone(self) -> list[str]:
        """Ids of the files that departed."""
        return [event.source_id for event in self.events if event.event_type == "delete" and event.record_type == "File"]

    @property
    def gaps(self) -> list[str]:
        """Their reasons."""
        return [reason for page in self.pages for reason in page.gaps]

    @property
    def asks(self) -> set[tuple[str, str]]:
        """Stream and kind of what is asked for."""
        return {(ask.stream, ask.kind) for page in self.pages for ask in page.asks}


class Workspace(PolledDrive):
    """``read`` reads a stream as a worker would, without anything behind it."""

    def __init__(self, *, users: tuple[str, ...] = (ADA, BOB)) -> None:
        super().__init__(users=users, has_groups=False)
        self.kept: dict[str, Kept] = {}
        self._runs = count(1)

    @override
    async def __aenter__(self) -> Self:
        await super().__aenter__()
        await self.read("drives")
        return self

    async def read(
        self,
        stream: str,
        kind: SyncKind = "changes",
        *,
        poller: GDrivePoller | None = None,
        most_pages: int | None = None,
        run: str | None = None,
        connection_id: str | None = None,
    ) -> Run:
        """Pages until the last one, or so many. The cursor is kept after each, but for those of a back-fill that begins."""
        name, done = run or f"run {next(self._runs)}", Run()
        connection = await self.connection(connection_id)
        state = await self.pipeline.states.read(connection, stream, kind)
        if kind != "changes" and run is None:
            state = state.model_copy(update={"cursor": None})
        while most_pages is None or len(done.pages) < most_pages:
            page = await (poller or self.poller).page(Reading(connection, stream, kind, state.cursor, name))
            assert page.is_last or page.cursor != state.cursor
            done.pages.append(page)
            for event in page.events:
                self.keep(event)
            if page.streams is not None:
                connection = await self.pipeline.connections.replace(connection.model_copy(update={"streams": tuple(page.streams)}))
            state = await self.pipeline.states.save(state.model_copy(update={"cursor": page.cursor}), at=self.clock())
            if page.is_last:
                break
        return done

    async def begin(self, *streams: str) -> None:
        """Read the first time, back-fills and all."""
        for stream in streams:
            asked = await self.read(stream)
            for name, kind in asked.asks:
                if kind == "backfill":
                    await self.read(name, "backfill")
        self.google.ledger.clear()

    async def repair(self, stream: str, *, poller: GDrivePoller | None = None) -> Run:
        """A comparison with what is kept: its range's missing, extra and stale ones are asked for."""
        done, after, connection = Run(), None, await self.connection()
        asked = poller or self.poller
        while True:
            told = await asked.versions(connection, stream, after=after)
            stored = {
                key: one for key, one in self.kept.items() if stream in one.holders and one.is_there and _within(one, after, told.up_to)
            }
            wrong = [key for key, one in told.by_key.items() if key not in stored or stored[key].version < (one.vendor_version or "")]
            wrong += [key for key in stored if key not in told.by_key]
            reading = Reading(connection, stream, "compare", {}, f"run {next(self._runs)}")
            events = await asked.records(reading, sorted(wrong)) if wrong else []
            done.pages.append(Page(events=events, cursor={}, is_last=told.up_to is None))
            for event in events:
                self.keep(event)
            if told.up_to is None:
                return done
            after = told.up_to

    def keep(self, event: IngestionEvent) -> None:
        """As the store does: a state adds the stream to the holders, the home's replaces them, and a departure takes it away."""
        if event.record_type != "File" or event.stream is None:
            return
        kept = self.kept.setdefault(event.source_id, Kept())
        if event.payload is None:
            kept.holders.discard(event.stream)
            return
        kept.holders = {event.stream} if event.is_home else kept.holders | {event.stream}
        if (event.vendor_version or "") >= kept.version:
            kept.payload, kept.version = dict(event.payload), event.vendor_version or ""

    def there(self) -> set[str]:
        """Ids of all files that are there, roots left out."""
        return {key for key, one in self.kept.items() if one.is_there and not is_root(one.payload)}

    def name(self, file_id: str) -> str:
        """As it is kept."""
        return str(self.kept[file_id].payload["name"])

    async def cursor(self, stream: str, kind: SyncKind = "changes") -> Cursor:
        """Where a stream stands."""
        return (await self.pipeline.states.read(await self.connection(), stream, kind)).cursor or {}

    def counts(self) -> Counter[str]:
        """Requests by operation since the last look."""
        counts = self.google.ledger.counts()
        self.google.ledger.clear()
        return counts

    def fails(self, kind: str, operation: str, **more: object) -> None:
        """The next call of an operation meets a fault, or the next ``calls``."""
        self.google.faults.add(Fault.model_validate({"at": "gdrive", "kind": kind, "operation": operation, "calls": 1, **more}))


class Wire(httpx2.AsyncBaseTransport):
    """The network of one worker, which remembers what was asked. ``edit`` changes the bodies of answers."""

    def __init__(self) -> None:
        self._real = httpx2.AsyncHTTPTransport(verify=False)
        self.requests: list[httpx2.Request] = []
        self.edit: Callable[[dict[str, Any]], object] | None = None

    def client(self) -> httpx2.AsyncClient:
        """What a worker has of it."""
        return http_client(transport=self)

    @override
    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        response = await self._real.handle_async_request(request)
        if self.edit is None:
            return response
        await response.aread()
        body = response.json()
        self.edit(body)
        return httpx2.Response(response.status_code, json=body)

    @override
    async def aclose(self) -> None:
        await self._real.aclose()


def _within(one: Kept, after: str | None, up_to: str | None) -> bool:
    made = str(one.payload.get("createdTime", "")).replace("Z", "000Z")
    return (after is None or made > after) and (up_to is None or made <= up_to)
