"""How one record is read that a source gave a hint of: at most once in a window, and always after the last hint. It knows no vendor.

When a record is read is written before it is read, over what was known: of two workers with hints of one record one reads, and the other
sees to a read at the end of the window. Whoever said that it reads has a message that stays on the queue until it did, so whatever was
heard before may rely on it. Where it could not read, it takes back what it wrote: its message reads when it comes again, and is given up
in the end, as every other.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ingestion.coalescing import GRACE, window_end
from ingestion.pausing import pause
from ingestion.sources.source import Poller, Reading, Records
from shared.connections.connection import Connection, Connections
from shared.contracts.ingestion import IngestionEvent
from shared.contracts.sync import SyncRequested
from shared.errors import ConfigurationError, Conflict, DependencyUnavailable, Forbidden, PipelineError, RateLimited, StreamUnreadable
from shared.gaps.gap import Gap, GapReason, Gaps
from shared.messaging.outcomes import Ignored, Outcome, Read
from shared.messaging.publisher import Publisher
from shared.streams.state import StreamState, StreamStates
from shared.telemetry.metrics import Metrics
from shared.telemetry.names import Metric

PUT_OFF_MOST: Final = 200
"""So often a source may say "later" of one record; then the record is a gap."""
CLOCKS_DIFFER: Final = timedelta(seconds=1)
"""Of two workers. What was heard so shortly before a read began may have been heard after it."""
CLOCK_IS_WRONG: Final = timedelta(minutes=5)
"""A mark further ahead is of a worker whose clock is wrong: believed, it would keep the record from being read until then."""
_PUT_OFF: Final = Read(0, "the source asks for a pause")


@dataclass(frozen=True)
class RecordPorts:
    """What reading a record needs. ``connections`` must not remember: a pause counts at once."""

    pollers: Mapping[str, Poller]
    connections: Connections
    states: StreamStates
    gaps: Gaps
    publisher: Publisher
    metrics: Metrics
    window: timedelta
    now: Callable[[], datetime]


async def read_record(message: SyncRequested, *, ports: RecordPorts) -> Outcome:
    """Read the record, if it was not read since.

    Raises:
        TransientError: the source, a store or the broker cannot now: the message comes back later.
        Forbidden: the connection is another tenant's.
        PermanentError: the source refuses what is asked of it.
    """
    connection = await ports.connections.find(message.connection_id)
    if connection is None or message.record is None or connection.source not in ports.pollers:
        return Ignored("no such connection" if connection is None else "a source that is not polled")
    if connection.tenant_id != message.tenant_id:
        raise Forbidden("the connection is another tenant's")
    if connection.credential is None:
        return Ignored("no credential")
    if connection.status == "paused":
        await open_gap("events-lost", message, ports.gaps, ports.now())  # whoever resumes it has to look at everything
        return Ignored("paused")
    return await _OneRecord(message, message.record, connection, ports).run()


async def open_gap(reason: GapReason, message: SyncRequested, gaps: Gaps, at: datetime) -> None:
    """Name what was not read.

    Raises:
        TransientError: it could not be recorded now.
    """
    gap = Gap.found(tenant_id=message.tenant_id, connection_id=message.connection_id, stream=message.stream, reason=reason, at=at)
    await gaps.open(gap)


class _OneRecord:
    def __init__(self, message: SyncRequested, record: str, connection: Connection, ports: RecordPorts) -> None:
        self._message = message
        self._record = record
        self._connection = connection
        self._ports = ports
        self._poller = ports.pollers[connection.source]

    async def run(self) -> Outcome:
        outcome = await self._treated()
        if outcome is not _PUT_OFF:  # or the message that comes then does
            await self._tell_others()
        return outcome

    async def _treated(self) -> Outcome:
        ports, message = self._ports, self._message
        state = await ports.states.read(self._connection, f"{message.stream}/{self._record}", "record")
        now = ports.now()  # not sooner: or what somebody wrote meanwhile would be written over with an earlier moment
        read_at = _read_at(state, now)
        if state.run != message.run and _was_read_since(read_at, message):
            return Ignored("read since")
        if _was_read_in_this_window(read_at, now, ports.window):
            await self._at_the_end_of_the_window(now)
            return Ignored("put to the end of the window")
        try:
            marked = await ports.states.save(state.model_copy(update={"run": message.run, "requested_at": now}), at=now)
        except Conflict:
            await self._at_the_end_of_the_window(now)
            return Ignored("another worker reads")
        try:
            outcome = await self._read()
        except (Exception, asyncio.CancelledError):  # whatever it is, it was not read
            await self._take_back(marked, state)
            raise
        if outcome is _PUT_OFF:
            await self._take_back(marked, state)
        return outcome

    async def _take_back(self, marked: StreamState, before: StreamState) -> None:
        """Or the message, when it comes again, would ask for the end of the window each time, and never be given up."""
        unread = marked.model_copy(update={"run": before.run, "requested_at": before.requested_at})
        with suppress(PipelineError):  # somebody reads by now, or the store is away: then it is read at the end of the window
            await self._ports.states.save(unread, at=self._ports.now())

    async def _read(self) -> Outcome:
        message, ports = self._message, self._ports
        reading = Reading(self._connection, message.stream, "changes", None, message.run)
        try:
            events = await self._poller.records(reading, [self._record])
        except RateLimited as error:
            return await self._put_off(error)
        except ConfigurationError as error:
            await pause(self._connection, str(error), connections=ports.connections, at=ports.now())
            await open_gap("events-lost", message, ports.gaps, ports.now())
            return Ignored("paused")
        except StreamUnreadable:
            await open_gap("not-readable", message, ports.gaps, ports.now())
            return Ignored("not readable")
        await ports.publisher.publish(*events)
        ports.metrics.count(Metric.SYNC_RECORDS, len(events), source=self._connection.source, kind="record")
        if message.expects is not None and not self._shows(events, message.expects):
            await self._at_the_end_of_the_window(ports.now())
        return Read(len(events), "read")

    def _shows(self, events: Sequence[IngestionEvent], expects: str) -> bool:
        return not isinstance(self._poller, Records) or self._poller.shows(events, expects)

    async def _at_the_end_of_the_window(self, now: datetime) -> None:
        ends_at = window_end(now, self._ports.window)
        asked = self._asked(self._connection, now, ends_at)
        await self._ports.publisher.schedule(asked, due_at=ends_at + GRACE)

    async def _put_off(self, error: RateLimited) -> Outcome:
        """The source says when; that is no failure. The message that comes then reads as this one would have."""
        message, now = self._message, self._ports.now()
        if message.nudge >= PUT_OFF_MOST:
            raise DependencyUnavailable(f"{message.stream}: a record was put off again and again") from error
        due_at = now + timedelta(seconds=error.retry_after_seconds)
        await self._ports.publisher.schedule(message.model_copy(update={"nudge": message.nudge + 1}), due_at=due_at)
        return _PUT_OFF

    async def _tell_others(self) -> None:
        """Ask for the record of every other account that the vendor says may see it: each by its own credential."""
        message, ports = self._message, self._ports
        if message.context is None or not isinstance(self._poller, Records):
            return
        for handle in await self._poller.accounts_of(self._connection, message.context):
            other = await ports.connections.find(handle)
            if other is None or other.id == self._connection.id or other.credential is None:
                continue
            await ports.publisher.publish(self._asked(other, _heard_until(message), None))

    def _asked(self, connection: Connection, at: datetime, window_ends_at: datetime | None) -> SyncRequested:
        return SyncRequested.of_record(
            self._record,
            tenant_id=connection.tenant_id,
            connection_id=connection.id,
            stream=self._message.stream,
            heard_at=at,
            window_ends_at=window_ends_at,
        )


def _read_at(state: StreamState, now: datetime) -> datetime | None:
    """When a read began, as it is written, and can be believed."""
    return None if state.requested_at is None or state.requested_at > now + CLOCK_IS_WRONG else state.requested_at


def _was_read_since(read_at: datetime | None, message: SyncRequested) -> bool:
    """Whether a read began after the last that this message stands for."""
    return read_at is not None and read_at >= _heard_until(message) + CLOCKS_DIFFER


def _heard_until(message: SyncRequested) -> datetime:
    """When the last was heard that this message stands for."""
    return message.window_ends_at or message.requested_at


def _was_read_in_this_window(read_at: datetime | None, now: datetime, window: timedelta) -> bool:
    """Whether a read began in the window that this is; or in the next one, by a clock that is ahead of ours."""
    return read_at is not None and window_end(read_at, window) >= window_end(now, window)
