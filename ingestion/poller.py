"""How a stream is read, whatever its source: lease, page, queue, cursor, and a message for the rest. It knows no vendor.

A page's events are on the queue before its cursor is saved, and the cursor is saved before anything of the next page is on the queue:
whoever dies in between reads one page again, and what it puts on the queue again is harmless.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from ingestion.asking import Asking, is_of_gone_stream
from ingestion.comparison import close_gaps, compared, found_by, is_to_be_repeated
from ingestion.findings import Findings
from ingestion.pausing import pause, resume
from ingestion.runs import Standing, advanced, begun, broken_off, ended, next_step, put_aside, standing, stepped, taken
from ingestion.sources.source import Ask, GiveWay, Page, Poller, Reading, Records, to_nobody
from shared import topology
from shared.connections.connection import Connection, Connections
from shared.contracts.ingestion import IngestionBatch, IngestionEvent
from shared.contracts.sync import SyncRequested
from shared.errors import (
    ConfigurationError,
    DependencyUnavailable,
    Forbidden,
    PermanentError,
    RateLimited,
    StreamUnreadable,
    TransientError,
)
from shared.gaps.gap import Gap, GapReason, Gaps
from shared.messaging.outcomes import Ignored, Outcome, Read
from shared.messaging.publisher import Publisher
from shared.messaging.queue_ages import QueueAges
from shared.shards.record_index import RecordIndex
from shared.streams.defaults import streams_of
from shared.streams.state import Cursor, StreamState, StreamStates
from shared.telemetry.metrics import Metrics
from shared.telemetry.names import Metric

log = logging.getLogger(__name__)

EVENTS_IN_A_BATCH: Final = 500
BATCHES_AT_ONCE: Final = 2
"""Of a page: each takes megabytes while it is made and put aside."""
BEHIND_SECONDS: Final = 15.0
"""How long a run that is too quick for the stages after it waits."""
PACED_BY: Final = (topology.INGESTION_EVENTS_BULK, topology.SHARD_EMISSION)


@dataclass(frozen=True)
class Pace:
    """How long a step may read, and how far ahead of the stages after it."""

    step_seconds: float = 120.0
    age_seconds: float = 30.0
    """Once the oldest message of a queue after it is older, a bulk run waits."""
    grace_seconds: float = 900.0
    """What is younger may still be on its way, and is no finding of a comparison."""


@dataclass(frozen=True)
class PollerPorts:
    """What reading needs. ``connections`` must not remember: a pause counts at once."""

    pollers: Mapping[str, Poller]
    connections: Connections
    states: StreamStates
    index: RecordIndex
    gaps: Gaps
    publisher: Publisher
    queue_ages: QueueAges
    metrics: Metrics
    now: Callable[[], datetime]
    pace: Pace = field(default_factory=Pace)
    give_way: GiveWay = to_nobody
    """Waits, for a moment at most, while this worker handles what somebody waits for. A page would take it a fifth of a second: it is
    made, and put on the queue, a few records at a time, with this between them."""


async def read(message: SyncRequested, *, ports: PollerPorts) -> Outcome:
    """One step of a run.

    Raises:
        TransientError: the source, a store or the broker cannot now, or another worker reads: the message comes back later.
        Forbidden: the connection is another tenant's.
        PermanentError: the source refuses what is asked of it. The run is over.
    """
    connection = await ports.connections.find(message.connection_id)
    if connection is None or connection.source not in ports.pollers:
        return Ignored("no such connection" if connection is None else "a source that is not polled")
    if connection.tenant_id != message.tenant_id:
        raise Forbidden("the connection is another tenant's")
    state = await ports.states.read(connection, message.stream, message.kind)
    stands = standing(state, message, at=ports.now())
    is_probe = connection.paused_by == "app" and message.kind == "changes"
    if connection.status == "paused" and not is_probe and not is_of_gone_stream(message, connection):
        # What the app has paused is tried again by asking for changes, and by nothing else. A long run waits for the end of the pause; that
        # of a stream which is gone does not, for nobody asks for it again, and what it takes off was lost to people who may still search.
        if stands is Standing.BEGINS and message.kind != "changes":
            await ports.states.save(put_aside(state, message, at=ports.now()), at=ports.now())
        return Ignored("paused")
    match stands:
        case Standing.WAS_READ:
            await _ask_for_next_step(state, message, ports)
            return Ignored(stands.value)
        case Standing.IS_OVER | Standing.IS_OVERTAKEN | Standing.IS_PUT_OFF:
            return Ignored(stands.value)
        case Standing.MUST_WAIT if message.kind == "changes":
            return Ignored(stands.value)  # whoever reads reads on to what there is now
        case Standing.MUST_WAIT | Standing.IS_READ:
            raise DependencyUnavailable(f"{message.stream}: {stands.value}")
        case Standing.BEGINS:
            state = begun(state, message, at=ports.now())
        case Standing.GOES_ON:
            state = taken(state, at=ports.now())
    state = await ports.states.save(state, at=ports.now())
    return await _Step(message, connection, state, ports).run()


async def _ask_for_next_step(state: StreamState, message: SyncRequested, ports: PollerPorts) -> None:
    asked = next_step(state, message)
    if state.waits_until is None:
        await ports.publisher.publish(asked)
    else:
        await ports.publisher.schedule(asked, due_at=state.waits_until)


class _CredentialRefused(Exception):
    """The source does not let us in: the connection is paused. What our own stores refuse is none of the connection's business."""


class _Step:
    """One step while it is read."""

    def __init__(self, message: SyncRequested, connection: Connection, state: StreamState, ports: PollerPorts) -> None:
        self._message = message
        self._connection = connection
        self._state = state
        self._ports = ports
        self._poller = ports.pollers[connection.source]
        self._asking = Asking(message, ports.publisher, grace=timedelta(seconds=ports.pace.grace_seconds))
        self._give_up_at = ports.now() + timedelta(seconds=ports.pace.step_seconds)
        self._count = 0

    async def run(self) -> Outcome:
        """Read pages until there are no more, the time is over, or something is wrong."""
        try:
            return await self._pages()
        except RateLimited as error:
            return await self._put_off(error)
        except TransientError as error:
            await self._break_off(error, is_over=False)
            raise
        except StreamUnreadable as error:
            await self._resume()  # the vendor refuses this stream, and not us
            await self._open_gap("not-readable")
            await self._break_off(error, is_over=True)
            return Ignored("not readable")
        except _CredentialRefused as error:
            self._connection = await pause(self._connection, str(error), connections=self._ports.connections, at=self._ports.now())
            await self._break_off(error, is_over=self._message.kind == "changes")
            return Ignored("paused")
        except (PermanentError, ConfigurationError) as error:  # of our own stores and queues
            await self._break_off(error, is_over=True)  # or it would be asked for again and again, and parked each time
            raise

    async def _pages(self) -> Outcome:
        page = await self._page(self._state.cursor)
        while True:
            await self._resume()
            if page.is_last:
                await self._keep(page)
                return await self._end()
            if self._ports.now() >= self._give_up_at:
                await self._keep(page)
                return await self._go_on_later(None, "goes on in another step")
            if self._message.kind != "changes" and await self._is_ahead():
                await self._keep(page)
                return await self._go_on_later(self._ports.now() + timedelta(seconds=BEHIND_SECONDS), "waits for the next stages")
            page = await self._kept_and_next(page)

    async def _kept_and_next(self, page: Page) -> Page:
        """Put a page on the queue and read the next one; of a back-fill, whose pages are the largest, both at once."""
        if self._message.kind != "backfill":
            await self._keep(page)
            return await self._page(self._state.cursor)
        reading = asyncio.create_task(self._page(page.cursor))
        try:
            await self._keep(page)
        except BaseException:  # a cancellation, too, must not leave anybody reading
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            raise
        return await reading

    async def _page(self, cursor: Cursor | None) -> Page:
        message = self._message
        await self._give_way()
        reading = Reading(self._connection, message.stream, message.kind, cursor, message.run, self._give_way)
        try:
            if message.kind == "compare":
                grace = timedelta(seconds=self._ports.pace.grace_seconds)
                page = await compared(reading, poller=self._poller, index=self._ports.index, grace=grace)
            else:
                page = await self._poller.page(reading)
        except ConfigurationError as error:
            raise _CredentialRefused(str(error)) from error
        except PermanentError as error:
            raise StreamUnreadable(f"{message.stream}: {error}") from error
        if not page.is_last and page.cursor == cursor:
            raise DependencyUnavailable(f"{message.stream}: the source gives one page again and again")
        return page

    async def _keep(self, page: Page) -> None:
        """Events on the queue, gaps and needs told, the connection's streams stored, and only then the cursor."""
        await self._publish(page.events)
        for reason in page.gaps:
            await self._open_gap(reason)
        for ask in page.asks:
            await self._ask(ask, because=self._message.run)
        if page.streams is not None:
            ports = self._ports
            self._connection = await self._asking.change_streams(
                self._connection, page.streams, connections=ports.connections, states=ports.states, at=ports.now()
            )
        self._count += len(page.events)
        self._state = advanced(self._state, page, at=self._ports.now())
        if not page.is_last:
            await self._save()

    async def _publish(self, events: Sequence[IngestionEvent]) -> None:
        if not events:
            return
        if self._message.kind == "changes":
            await self._ports.publisher.publish(*events)
        else:
            await self._publish_in_batches(events)
        self._ports.metrics.count(Metric.SYNC_RECORDS, len(events), source=self._connection.source, kind=self._message.kind)

    async def _publish_in_batches(self, events: Sequence[IngestionEvent]) -> None:
        """All of them: one batch is made while another is put aside. Which one is first on the queue does not matter."""
        turns = asyncio.Semaphore(BATCHES_AT_ONCE)

        async def publish(some: Sequence[IngestionEvent]) -> None:
            async with turns:
                batch = self._batch(some)
                await batch.hash_in_turns(self._give_way)
                await self._ports.publisher.publish(batch)

        starts = range(0, len(events), EVENTS_IN_A_BATCH)
        publishing = [asyncio.create_task(publish(events[start : start + EVENTS_IN_A_BATCH])) for start in starts]
        try:
            for task in publishing:
                await task
        except BaseException:  # a cancellation, too, must not leave anybody publishing
            for task in publishing:
                task.cancel()
            await asyncio.gather(*publishing, return_exceptions=True)
            raise

    async def _give_way(self) -> None:
        """What is read in bulk lets others go first: what is live in this worker, and whatever else its event loop has to do."""
        if self._message.kind != "changes":
            await asyncio.sleep(0)
            await self._ports.give_way()

    def _batch(self, events: Sequence[IngestionEvent]) -> IngestionBatch:
        message = self._message
        return IngestionBatch(
            tenant_id=message.tenant_id, correlation_id=message.correlation_id, connection_id=message.connection_id, events=tuple(events)
        )

    async def _is_ahead(self) -> bool:
        ages = [await self._ports.queue_ages.oldest_seconds(queue) for queue in PACED_BY]
        return max(ages) > self._ports.pace.age_seconds

    async def _end(self) -> Outcome:
        now = self._ports.now()
        if self._message.kind == "compare":
            await self._end_comparison(now)
        elif self._message.kind == "backfill":
            # What a push brought before, and what was deleted before the first look at the changes, nothing else would find.
            await self._ask(Ask(self._message.stream, "compare"), because=self._message.run)
        self._state = ended(self._state, at=now)
        await self._save()
        return Read(self._count, "read to the end")

    async def _end_comparison(self, now: datetime) -> None:
        found = found_by(self._state)
        before = None if self._state.report is None else Findings.model_validate(self._state.report)
        grace = timedelta(seconds=self._ports.pace.grace_seconds)
        await close_gaps(self._state, found, connection=self._connection, gaps=self._ports.gaps, grace=grace, at=now)
        is_gone = self._message.stream not in streams_of(self._connection)  # nobody else asks for a comparison of it
        is_repeated = is_to_be_repeated(found, before)
        if isinstance(self._poller, Records):
            # Of what nobody pushes to us something else is found each time. The timer asks once more for the gap, and then it waits a day.
            is_repeated = is_repeated and not (before is not None and before.fault_count)
            if is_repeated:
                await self._open_gap("events-lost")  # what changed so long ago should have been pushed
        if is_repeated or (is_gone and found.pending):
            await self._ask(Ask(self._message.stream, "compare"), because=f"{self._message.run} again")
        self._state = self._state.model_copy(update={"report": found.report()})

    async def _go_on_later(self, due_at: datetime | None, reason: str) -> Outcome:
        self._state = stepped(self._state, waits_until=due_at)
        await self._save()
        await _ask_for_next_step(self._state, self._message, self._ports)
        return Read(self._count, reason)

    async def _put_off(self, error: RateLimited) -> Outcome:
        """The source says when. A run of changes ends here, for the timer asks again; another one goes on by itself."""
        due_at = self._ports.now() + timedelta(seconds=error.retry_after_seconds)
        if self._message.kind == "changes":
            await self._break_off(error, is_over=True, waits_until=due_at)
            return Ignored("the source asks for a pause")
        self._state = broken_off(self._state, str(error), at=self._ports.now(), is_over=False)
        return await self._go_on_later(due_at, "the source asks for a pause")

    async def _break_off(self, error: Exception, *, is_over: bool, waits_until: datetime | None = None) -> None:
        self._state = broken_off(self._state, str(error), at=self._ports.now(), is_over=is_over, waits_until=waits_until)
        await self._save()

    async def _resume(self) -> None:
        if self._connection.status == "paused" and not is_of_gone_stream(self._message, self._connection):
            self._connection = await resume(self._connection, connections=self._ports.connections, at=self._ports.now())

    async def _save(self) -> None:
        self._state = await self._ports.states.save(self._state, at=self._ports.now())

    async def _open_gap(self, reason: GapReason) -> None:
        message = self._message
        gap = Gap.found(
            tenant_id=message.tenant_id,
            connection_id=message.connection_id,
            stream=message.stream,
            reason=reason,
            at=self._ports.now(),
        )
        await self._ports.gaps.open(gap)

    async def _ask(self, ask: Ask, *, because: str) -> None:
        await self._asking.ask(ask, because=because, at=self._ports.now())
