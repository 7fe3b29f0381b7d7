"""What nobody would count by handling messages: how old queues are, how many connections and gaps there are, how much of a vendor is used.

It looks and changes nothing. Each part has its time, and one that cannot be measured now is counted, logged and left for the next round: a
gauge that is not set is not shown, and nobody waits for it.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final, get_args

from shared.connections.connection import Connection, Connections
from shared.errors import PipelineError, place_of
from shared.gaps.gap import GapReason, Gaps
from shared.messaging.queue_ages import QueueAges
from shared.streams.state import ACCOUNT, Cursor, StreamStates
from shared.telemetry.metrics import Metrics
from shared.telemetry.names import Metric

log = logging.getLogger(__name__)

PART_SECONDS: Final = 45.0
"""Four parts, well within the five minutes to the next round."""
AT_ONCE: Final = 4
MOST_BUDGETS: Final = 300
"""Connections of one source whose budget is read, a point read each. Past them the figure is that of those: no source may be left out
because another one has many."""
STATUSES: Final = ("active", "paused")
QUEUE_PARTS: Final = ("active", "dead-letter")


@dataclass(frozen=True)
class MeasuringPorts:
    """What measuring needs. ``queue_ages`` are let go of at the end. ``budgets``: by source, how much of the vendor a connection's shared
    state says is used."""

    queues: Sequence[str]
    sources: Collection[str]
    queue_ages: Callable[[], AbstractAsyncContextManager[QueueAges]]
    budgets: Mapping[str, Callable[[Cursor, datetime], float | None]]
    connections: Connections
    states: StreamStates
    gaps: Gaps
    metrics: Metrics
    now: Callable[[], datetime]


async def measure(ports: MeasuringPorts) -> None:
    """One round."""
    await _Round(ports).run()


@dataclass
class _Round:
    ports: MeasuringPorts
    connections: list[Connection] = field(default_factory=list)

    async def run(self) -> None:
        parts = {"queues": self._queues, "connections": self._connections, "gaps": self._gaps, "budgets": self._budgets}
        for part, act in parts.items():
            try:
                async with asyncio.timeout(PART_SECONDS):
                    await act()
            except (Exception, asyncio.CancelledError) as error:  # one part must not cost the others theirs; and no CancelledError leaves
                self.ports.metrics.count(Metric.MEASURING_FAILED, part=part)
                said = {"detail": str(error)} if isinstance(error, PipelineError) else {"at": place_of(error)}
                log.warning("a part could not be measured", extra={"part": part, "reason": type(error).__name__, **said})

    async def _queues(self) -> None:
        async with self.ports.queue_ages() as ages:

            async def age(queue: str, part: str) -> None:
                seconds = await ages.oldest_seconds(queue, dead_letters=part != "active")
                self.ports.metrics.set(Metric.QUEUE_AGE, seconds, queue=queue, part=part)

            await _all([partial(age, queue, part) for queue in self.ports.queues for part in QUEUE_PARTS])

    async def _connections(self) -> None:
        for source in self.ports.sources:
            found = await self.ports.connections.of_source(source)
            self.connections += found
            counted = Counter(connection.status for connection in found)
            for status in STATUSES:
                self.ports.metrics.set(Metric.CONNECTIONS, counted[status], source=source, status=status)

    async def _gaps(self) -> None:
        for source in self.ports.sources:
            counted = Counter(gap.reason for gap in await self.ports.gaps.open_of_source(source))
            for reason in get_args(GapReason):
                self.ports.metrics.set(Metric.GAPS_OPEN, counted[reason], source=source, reason=reason)

    async def _budgets(self) -> None:
        shares: dict[str, list[float]] = {source: [] for source in self.ports.budgets}

        async def look(connection: Connection) -> None:
            state = await self.ports.states.read(connection, ACCOUNT, "account")
            share = None if state.cursor is None else self.ports.budgets[connection.source](state.cursor, self.ports.now())
            if share is not None:
                shares[connection.source].append(share)

        usable = [one for one in self.connections if one.credential is not None]
        asked = [one for source in shares for one in [each for each in usable if each.source == source][:MOST_BUDGETS]]
        try:
            await _all([partial(look, connection) for connection in asked])
        finally:  # one that cannot be read must not hide the others
            for source, found in shares.items():
                if found:
                    self.ports.metrics.set(Metric.SOURCE_BUDGET_USED, max(found), source=source)


async def _all(acts: Sequence[Callable[[], Awaitable[None]]]) -> None:
    """A few at a time, each to its end.

    Raises:
        Exception: the first that was met, when all others are through.
    """
    turns = asyncio.Semaphore(AT_ONCE)

    async def in_turn(act: Callable[[], Awaitable[None]]) -> None:
        async with turns:
            await act()

    results = await asyncio.gather(*(in_turn(act) for act in acts), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
