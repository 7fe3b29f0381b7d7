"""Asking for further runs: what a page or the end of a run shows to be needed, and what follows when a connection's streams change.

Each run is named after what showed the need, so that it is asked for once, however often that is read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ingestion.sources.source import Ask
from shared.connections.connection import Connection, Connections
from shared.contracts.canonical import digest
from shared.contracts.sync import SyncRequested
from shared.errors import Conflict
from shared.gaps.gap import SEEN_EVERY
from shared.messaging.publisher import Publisher
from shared.streams.defaults import streams_of
from shared.streams.state import StreamStates

COMPARED_AGAIN_AFTER: Final = timedelta(minutes=20)
"""When a comparison is made that a page or another comparison shows to be needed: by then what is on the queue is stored. Never within the
grace, or it would not judge what it is about, nor close the gap."""
READ_AFTER: Final = timedelta(seconds=5)
"""When a stream is read or compared that a page shows to be new or gone: by then the cursor is stored that knows it."""


@dataclass(frozen=True)
class Asking:
    """Asks on behalf of one message, whose run is the cause."""

    message: SyncRequested
    publisher: Publisher
    grace: timedelta

    async def ask(self, ask: Ask, *, because: str, at: datetime) -> None:
        """Ask for another run: now, or for a comparison when it can judge.

        Raises:
            TransientError: the broker cannot now; asking again is harmless.
        """
        if ask.kind == "compare":
            await self._schedule(ask, because, at + max(COMPARED_AGAIN_AFTER, self.grace + 2 * SEEN_EVERY))
        else:
            await self.publisher.publish(self._request(ask, because, at))

    async def change_streams(
        self, connection: Connection, streams: Sequence[str], *, connections: Connections, states: StreamStates, at: datetime
    ) -> Connection:
        """Let the connection have these streams from now on: what is new is read, and what is gone is compared.

        What was gone and is back is compared, too: its records were taken off, and its log says nothing of that. Each comparison is made
        at once and once more after the grace, for what was too young to be judged: of a gone stream nobody else asks for one.

        Returns:
            The connection as it is stored now.

        Raises:
            TransientError: a store or the broker cannot now, or the connection is written again and again; doing it again is harmless.
        """
        before = streams_of(connection)
        added = [stream for stream in streams if stream not in before]
        gone = [stream for stream in before if stream not in streams]
        if not added and not gone:
            return connection
        for stream in added:
            await self._schedule(Ask(stream, "changes"), self.message.run, at + READ_AFTER)
        known = [stream for stream in added if (await states.read(connection, stream, "changes")).cursor is not None]
        for stream in (*known, *gone):
            await self._schedule(Ask(stream, "compare"), f"{self.message.run} at once", at + READ_AFTER)
            await self.ask(Ask(stream, "compare"), because=self.message.run, at=at)
        # Last: whoever dies before this sees the same difference again, and asks for the same runs.
        try:
            return await connections.replace(_with(connection, added, gone))
        except Conflict:  # the scheduler, another stream's worker or an operator wrote it: theirs stays, and ours is added
            current = await connections.find(connection.id)
            if current is None:
                return connection
            return await connections.replace(_with(current, added, gone))

    async def _schedule(self, ask: Ask, because: str, due_at: datetime) -> None:
        await self.publisher.schedule(self._request(ask, because, due_at), due_at=due_at)

    def _request(self, ask: Ask, because: str, at: datetime) -> SyncRequested:
        message = self.message
        return SyncRequested(
            tenant_id=message.tenant_id,
            correlation_id=message.correlation_id,
            connection_id=message.connection_id,
            stream=ask.stream,
            kind=ask.kind,
            run=digest(because, ask.stream, ask.kind),
            requested_at=at,
        )


def is_of_gone_stream(message: SyncRequested, connection: Connection) -> bool:
    """Whether it asks for the comparison of a stream that the connection has no more: everything of it is extra."""
    return message.kind == "compare" and message.stream not in streams_of(connection)


def _with(connection: Connection, added: Sequence[str], gone: Sequence[str]) -> Connection:
    kept = [stream for stream in streams_of(connection) if stream not in gone]
    return connection.model_copy(update={"streams": tuple(dict.fromkeys([*kept, *added]))})
