"""Watching runs until they have ended: one line for each stream, from what their workers store."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol

from ingestion.comparison import found_by
from shared.connections.connection import Connection, Connections
from shared.contracts.message import timestamp
from shared.streams.state import StreamState, StreamStates

LOOK_SECONDS: Final = 1.0
SOON: Final = timedelta(minutes=1)
"""By then a back-fill that was asked for has begun."""

Ending = Literal["success", "failed", "overtaken", "paused"]


@dataclass(frozen=True)
class Watched:
    """One run of one stream."""

    stream: str
    kind: Literal["backfill", "compare"]
    run: str | None
    requested_at: datetime | None


@dataclass(frozen=True)
class Look:
    """How a run is at one moment."""

    watched: Watched
    state: StreamState
    ending: Ending | None
    """None: it goes on, or has not begun."""

    @property
    def done(self) -> int:
        """How many records were read: a comparison counts what it has compared, for it puts only few on the queue."""
        if self.state.run != self.watched.run:
            return 0
        return found_by(self.state).vendor_count if self.watched.kind == "compare" else self.state.record_count

    @property
    def says(self) -> str:
        """In words, for the end of a line."""
        state = self.state
        error = f": {state.last_error}" if state.last_error else ""
        if self.ending is not None:
            return {"success": "done", "overtaken": "a later run took its place", "paused": "the connection is paused"}.get(
                self.ending, f"failed{error}"
            )
        if state.run != self.watched.run:
            return "waits for a worker"
        if state.waits_until is not None:
            return f"waits until {timestamp(state.waits_until)}{error}"
        return f"reads{error}"


class Display(Protocol):
    """Where people see it."""

    def show(self, look: Look) -> None:
        """How one run is now."""


async def running(connection: Connection, streams: Sequence[str], states: StreamStates) -> list[Watched]:
    """The runs that are under way.

    Raises:
        TransientError: when the store cannot answer now.
    """
    kinds: tuple[Literal["backfill", "compare"], ...] = ("backfill", "compare")
    found = [(kind, await states.read(connection, stream, kind)) for stream in streams for kind in kinds]
    return [Watched(state.stream, kind, state.run, state.requested_at) for kind, state in found if state.is_running]


async def awaited(connection: Connection, streams: Sequence[str], states: StreamStates, *, at: datetime) -> list[str]:
    """The streams whose first back-fill the next polls will start: nothing was read of them, and nothing has gone wrong. One that was
    looked at a while ago and asked for no back-fill has none: it is a list of other streams.

    Raises:
        TransientError: when the store cannot answer now.
    """
    if connection.status == "paused" or connection.credential is None:
        return []
    found = []
    for stream in streams:
        changes, backfill = await states.read(connection, stream, "changes"), await states.read(connection, stream, "backfill")
        is_a_list = changes.last_status == "success" and changes.finished_at is not None and at - changes.finished_at > SOON
        if backfill.run is None and changes.last_status != "failed" and not is_a_list:
            found.append(stream)
    return found


async def watch(
    connection: Connection,
    runs: Sequence[Watched],
    *,
    states: StreamStates,
    connections: Connections,
    display: Display,
    pause: Callable[[], Awaitable[None]],
) -> list[Look]:
    """Look again and again until every run has ended, or the connection is paused: then nothing goes on before somebody acts.

    Raises:
        TransientError: when the store cannot answer now.
    """
    ended: dict[Watched, Look] = {}
    while True:
        current = await connections.find(connection.id)
        is_paused = current is not None and current.status == "paused"
        for watched in runs:
            if watched in ended:
                continue
            state = await states.read(connection, watched.stream, watched.kind)
            look = Look(watched, state, _ending(watched, state) or ("paused" if is_paused else None))
            display.show(look)
            if look.ending is not None:
                ended[watched] = look
        if len(ended) == len({*runs}):
            return [ended[watched] for watched in runs]
        await pause()


def _ending(watched: Watched, state: StreamState) -> Ending | None:
    if state.run != watched.run:  # one before ours goes on, or is the last that was; or one was asked for later
        is_later = state.requested_at is not None and watched.requested_at is not None and state.requested_at > watched.requested_at
        return "overtaken" if is_later else None
    if state.is_running:
        return None
    return "success" if state.last_status == "success" else "failed"
