"""What is due: a timer asks for reading, and never reads itself.

The requests are on the queue before a connection's next moment is stored. Their runs are named after the moment they were due, so that two
timers at once ask for one run.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ingestion.pausing import PROBE_AFTER
from shared.connections.connection import Connection, Connections
from shared.contracts.canonical import digest
from shared.contracts.message import timestamp
from shared.contracts.sync import SyncKind, SyncRequested
from shared.errors import Conflict
from shared.gaps.gap import Gap, Gaps
from shared.messaging.publisher import Publisher
from shared.streams.defaults import streams_of
from shared.streams.state import StreamStates

MOST_AT_ONCE: Final = 200
"""So many connections a tick; the others are due at the next one still, and come first."""
STALLED_AFTER: Final = timedelta(minutes=10)
"""A step of a long run that nobody went on with for so long is asked for again: its message was parked, or met a pause."""
EARLY: Final = timedelta(seconds=30)
"""By so much a connection is due before its time: a tick that comes a moment earlier than the last one did must not pass it by."""
BEYOND_READING: Final = frozenset({"acl-unknown", "not-readable", "rejected"})
"""Gaps that wait for a person: to read once more does not close them."""
GRACE: Final = timedelta(minutes=15)
LONG_RUNS: Final[tuple[SyncKind, ...]] = ("backfill", "compare")


@dataclass(frozen=True)
class Scheduled:
    """What one tick asked for."""

    connections: int
    requests: int


async def schedule(
    source: str,
    *,
    connections: Connections,
    states: StreamStates,
    publisher: Publisher,
    now: Callable[[], datetime],
    gaps: Gaps | None = None,
    grace: timedelta = GRACE,
) -> Scheduled:
    """Ask for all that is due of one source. ``gaps``: of a source that pushes and is polled seldom, so that what it may not have pushed
    does not wait for the next poll; ``grace``: what is younger is judged by no comparison.

    Raises:
        TransientError: a store or the broker cannot now. What was asked for so far is asked for; the rest at the next tick.
    """
    at = now()
    due = await connections.due(source, at=at, most=MOST_AT_ONCE)
    count = 0
    for connection in due:
        requests = [*_changes(connection, at), *_comparisons(connection, at), *await _stalled(connection, states, at)]
        await publisher.publish(*requests)
        await _store_next(connection, connections, at)
        count += len(requests)
    if gaps is not None:
        requests = await _for_gaps(source, connections=connections, states=states, gaps=gaps, ripe_before=at - grace, at=at)
        await publisher.publish(*requests)
        count += len(requests)
    return Scheduled(len(due), count)


def _changes(connection: Connection, at: datetime) -> list[SyncRequested]:
    """One for each stream; one alone, to see whether it is mended, for a connection that was paused."""
    streams = streams_of(connection)
    asked = streams if connection.status == "active" else streams[:1]
    return [_request(connection, stream, "changes", due_at=connection.next_due_at or at, at=at) for stream in asked]


def _comparisons(connection: Connection, at: datetime) -> list[SyncRequested]:
    if not _is_compared(connection, at) or connection.next_compare_at is None:
        return []
    due_at = connection.next_compare_at
    return [_request(connection, stream, "compare", due_at=due_at, at=at) for stream in streams_of(connection)]


async def _stalled(connection: Connection, states: StreamStates, at: datetime) -> list[SyncRequested]:
    if connection.status != "active":
        return []
    found = []
    for stream in streams_of(connection):
        for kind in LONG_RUNS:
            state = await states.read(connection, stream, kind)
            last = max((moment for moment in (state.lease_until, state.waits_until, state.touched_at) if moment), default=None)
            if state.is_running and state.run and last is not None and at - last > STALLED_AFTER:
                again = _request(connection, stream, kind, due_at=at, at=state.requested_at or at)
                nudge = int(at.timestamp() // STALLED_AFTER.total_seconds())
                found.append(again.model_copy(update={"run": state.run, "step": state.step, "nudge": nudge}))
    return found


async def _for_gaps(
    source: str, *, connections: Connections, states: StreamStates, gaps: Gaps, ripe_before: datetime, at: datetime
) -> list[SyncRequested]:
    """A comparison for each stream with a gap that one can close by now. For what was seen of its gaps so far there is one; if that closes
    none of them, the next is the daily one."""
    by_stream: dict[tuple[str, str, str], list[Gap]] = {}
    for gap in await gaps.open_of_source(source):
        if gap.reason not in BEYOND_READING and gap.is_closed_by(ripe_before):
            by_stream.setdefault((gap.tenant_id, gap.connection_id, gap.stream), []).append(gap)
    requests = []
    for (tenant_id, connection_id, stream), ripe in by_stream.items():
        connection = await connections.find(connection_id)
        if connection is None or connection.status != "active" or connection.credential is None or stream not in streams_of(connection):
            continue
        if tenant_id != connection.tenant_id:  # whose account it was before
            continue
        run = digest(connection_id, stream, "gaps", *sorted(f"{gap.id} {gap.seen_at or gap.opened_at}" for gap in ripe))
        state = await states.read(connection, stream, "compare")
        if state.run != run and not state.is_running:
            requests.append(
                _request(connection, stream, "compare", due_at=at, at=at).model_copy(update={"run": run, "correlation_id": run})
            )
    return requests


async def _store_next(connection: Connection, connections: Connections, at: datetime) -> None:
    following: dict[str, datetime] = {"next_due_at": at + timedelta(seconds=connection.poll_seconds) - EARLY}
    if connection.next_compare_at is None or _is_compared(connection, at):
        following["next_compare_at"] = at + timedelta(seconds=connection.compare_seconds)
    elif connection.next_compare_at - EARLY < following["next_due_at"]:
        following["next_due_at"] = (
            connection.next_compare_at - EARLY
        )  # or, of a source that is polled seldom, it would wait for another poll
    if connection.status == "paused":
        following["next_due_at"] = at + PROBE_AFTER
    with suppress(Conflict):  # another timer, a worker that pauses, or an operator was quicker: it is due still, or was asked for already
        await connections.replace(connection.model_copy(update=following))


def _is_compared(connection: Connection, at: datetime) -> bool:
    return connection.status == "active" and connection.next_compare_at is not None and connection.next_compare_at - EARLY <= at


def _request(connection: Connection, stream: str, kind: SyncKind, *, due_at: datetime, at: datetime) -> SyncRequested:
    run = digest(connection.id, stream, kind, timestamp(due_at))
    return SyncRequested(
        tenant_id=connection.tenant_id,
        correlation_id=run,
        connection_id=connection.id,
        stream=stream,
        kind=kind,
        run=run,
        requested_at=at,
    )
