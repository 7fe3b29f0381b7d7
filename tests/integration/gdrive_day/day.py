"""A simulated day of one connected Workspace: people, faults, dying workers, a broker that delivers twice and in any order.

Everything is driven from here, by one clock. ``Day.run`` ends with faults off and everything settled; what is true then the test says.
"""

import asyncio
import heapq
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from random import Random
from typing import Final

from devtools.fakes.polled_drive import SOURCE, PolledDrive
from devtools.fakes.shards import InMemoryDirectory, InMemoryRecordIndex
from ingestion.poller import read
from shared import topology
from shared.contracts.sync import SyncRequested
from shared.errors import DependencyUnavailable
from shared.http.client import http_client
from shared.messaging.delivery import deliver
from shared.messaging.envelope import Envelope
from shared.messaging.returns import Delivery
from shared.streams.defaults import streams_of
from shared.streams.state import StreamStates
from tests.integration.gdrive_day.changes import Actor
from tests.integration.gdrive_day.faults import FaultsOfADay
from tests.integration.gdrive_day.stated import ASKED, CHANGES
from tests.integration.salesforce_day.hazards import (
    Hazards,
    Killed,
    PerilousAnchorRows,
    PerilousConnections,
    PerilousHttp,
    PerilousShards,
    PerilousSuggestions,
    PerilousTransport,
)

SYNC: Final = (topology.SYNC_INBOUND, topology.SYNC_INBOUND_BULK)
PIPELINE: Final = (
    topology.INGESTION_EVENTS,
    topology.INGESTION_EVENTS_BULK,
    topology.SHARD_EMISSION,
    topology.ENRICHMENT_JOBS,
    topology.EMBEDDING_JOBS,
)
TICK: Final = timedelta(minutes=10)
LONGER: Final = timedelta(hours=4)
"""How much longer the day may be, until every fault that waits for a call has met one."""
SETTLING: Final = timedelta(minutes=80)
"""From the day's end to the scheduled comparison: longer than its grace, and than the time from one look at the groups to the next."""
REPAIRING: Final = timedelta(minutes=80)
"""For the comparison, its repair, and the comparison that repeats it."""


class Day:
    """``async with Day(seed, hours=24) as day: await day.run()``."""

    def __init__(self, seed: int, *, hours: float) -> None:
        self.hours = hours
        self.rng = Random(seed)
        self.hazards = Hazards(Random(f"{seed}/hazards"))
        self.world = PolledDrive(seed=seed)
        self.clock, self.drive, self.google = self.world.clock, self.world.drive, self.world.google
        pipeline = self.world.pipeline
        self.shards = PerilousShards(self.hazards, self.clock)
        self.connections = PerilousConnections(self.hazards)
        pipeline.shards, pipeline.connections = self.shards, self.connections
        pipeline.states = StreamStates(pipeline.shards)
        pipeline.index = InMemoryRecordIndex(pipeline.shards)
        pipeline.directory = InMemoryDirectory(pipeline.shards)
        pipeline.anchor_rows, pipeline.suggestions = PerilousAnchorRows(self.shards, self.hazards), PerilousSuggestions(self.hazards)
        self.transport = PerilousTransport(self.clock, self.hazards)
        pipeline.start(self.transport)
        self.actor = Actor(self.drive, self.clock, Random(f"{seed}/actor"))
        self.faults = FaultsOfADay(self)
        self.counts: Counter[str] = Counter()
        self.asked: list[str] = []
        """What an operator is about to ask for."""
        self.is_down = False
        """Our app does not run: no timer, no worker."""
        self.is_late = False
        """The day would be over, but that not everything has happened yet."""
        self.is_calm = False
        self.ends_at = self.clock() + timedelta(hours=hours)
        self._agenda: list[tuple[datetime, int, Callable[[], object]]] = []
        self._numbers = count()
        self._held_until: dict[str, datetime] = {}
        self._is_acting = False

    async def __aenter__(self) -> "Day":
        await self.world.__aenter__()
        await self.world.http.aclose()
        self.world.http = http_client(transport=PerilousHttp(self.hazards, self._pass_time))
        self.world.start_worker(self.transport)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.hazards.calm()
        await self.world.__aexit__(None, None, None)

    # The day

    def wanted(self, kinds: dict[str, int]) -> dict[str, int]:
        """Counts of 24 hours as those of this day: at least one of each."""
        return {kind: max(1, round(most * self.hours / 24)) for kind, most in kinds.items()}

    def at(self, moment: datetime, act: Callable[[], object]) -> None:
        """Something is to happen then."""
        heapq.heappush(self._agenda, (moment, next(self._numbers), act))

    async def run(self) -> None:
        """The day, and the hours after it in which everything settles."""
        self.actor.populate()
        self.google.smallest_pages = 12
        for kind, least in self.wanted(CHANGES).items():
            for _ in range(least + max(1, least // 10)):
                self.at(self.clock() + timedelta(hours=self.hours * self.rng.uniform(0.01, 0.95)), partial(self._do, kind))
        for kind, least in self.wanted(ASKED).items():
            for _ in range(least + 1):
                self.at(self.clock() + timedelta(hours=self.hours * self.rng.uniform(0.1, 0.9)), partial(self.asked.append, kind))
        self.faults.plan()
        next_tick = self.clock()
        while self.clock() < self.ends_at or self._goes_on():
            if not self.is_down and self.clock() >= next_tick:
                await self._tick()
                next_tick = self._next_tick(next_tick)
            await self._minute()
            self.clock.advance(seconds=self.rng.uniform(10, 60))
        await self.settle()

    async def settle(self) -> None:
        """Faults off; the timer ticks, and what is due is done, through the scheduled comparison and its repetition."""
        self.is_calm, self.is_down = True, False
        self.hazards.calm()
        self.faults.stop()
        self.actor.tidy_up()
        self._agenda.clear()
        self.world.start_worker(self.transport)
        await self.go_on(SETTLING / 2)
        connection = await self.world.connection()
        is_due_at = self.clock() + SETTLING / 2
        await self.world.pipeline.connections.replace(connection.model_copy(update={"next_compare_at": is_due_at}))
        await self.go_on(SETTLING / 2 + REPAIRING)

    async def go_on(self, time: timedelta) -> None:
        """Nothing new happens; the timer ticks, and what is due is done."""
        for _ in range(time // TICK):
            self._tell("settling")
            await self.world.tick()
            for _ in range(10):
                await self._minute()
                self.clock.advance(seconds=TICK.total_seconds() / 10 + 0.1)

    async def work(self) -> None:
        """Every message that is due now, and what comes of it, in any order, some of them twice, several at once."""
        failed: set[str] = set()
        while due := [one for one in self._due() if one.id not in failed]:
            self.rng.shuffle(due)
            turn = due[: 1 if due[0].queue in SYNC else self.rng.randint(1, 8)]
            turn = [one for one in turn if one.queue not in SYNC] or turn[:1]
            handed = await asyncio.gather(*(self._hand_over(one) for one in turn), return_exceptions=True)
            for envelope, error in zip(turn, handed, strict=True):
                if isinstance(error, BaseException):
                    failed.add(envelope.id)
                    self.counts["message abandoned"] += 1
            if self.hazards.is_dead:
                self._restart()
                return
            self.clock.advance(seconds=0.01)

    # Inside

    def _goes_on(self) -> bool:
        """Whether something has still to happen; then it is brought about."""
        unmet = self.faults.unmet()
        self.faults.hurry(unmet)
        self.is_late = True
        self.actor.act("file edited")
        return (self.actor.hurry(self.wanted(CHANGES)) or bool(unmet)) and self.clock() < self.ends_at + LONGER

    async def _tick(self) -> None:
        timers = 2 if not self.is_calm and self.rng.random() < 0.3 else 1
        self.counts["two timers at once"] += timers == 2
        self.counts["tick"] += 1
        self.counts["tick while paused"] += self.connections.is_paused(self.world.connection_id)
        outcomes = await asyncio.gather(*(self.world.tick() for _ in range(timers)), return_exceptions=True)
        self.counts["tick failed"] += sum(isinstance(one, BaseException) for one in outcomes)
        if self.hazards.is_dead:
            self._restart()

    def _next_tick(self, before: datetime) -> datetime:
        is_late = self.rng.random() < 0.05
        following = before + TICK + timedelta(seconds=self.rng.uniform(60, 590) if is_late else 0)
        self._tell(f"{self.clock():%H:%M} waiting {len(self.transport.waiting)}")
        while following <= self.clock():
            following += TICK
        return following

    async def _minute(self) -> None:
        self._pass_time(seconds=0)
        if self.is_down:
            return
        while self.asked and not self.connections.is_paused(self.world.connection_id):
            await self._ask(self.asked.pop())
        await self.work()

    async def _ask(self, kind: str) -> None:
        self.counts[kind] += 1
        try:
            streams = [one for one in streams_of(await self.world.connection()) if one != "drives"]
            await self.world.ask(self.rng.choice(streams), "backfill" if kind == "back-fill asked for" else "compare")
        except (Killed, DependencyUnavailable):  # the operator does it again
            self.asked.append(kind)
            self.counts[kind] -= 1
        if self.hazards.is_dead:
            self._restart()

    def _pass_time(self, seconds: float | None = None) -> None:
        """Time goes by, and what is on the agenda by then happens."""
        self.clock.advance(seconds=self._seconds_of_a_call() if seconds is None else seconds)
        if self._is_acting:
            return
        self._is_acting = True
        while self._agenda and self._agenda[0][0] <= self.clock():
            heapq.heappop(self._agenda)[2]()
        self._is_acting = False

    def _seconds_of_a_call(self) -> float:
        """Mostly little; at times the vendor is slow, or a worker sleeps until its lease is over."""
        chance = 1.0 if self.is_calm else self.rng.random()
        if chance < (0.01 if self.is_late else 0.001):
            self.counts["worker asleep"] += 1
            return self.rng.uniform(240, 400)
        if chance < (0.15 if self.is_late else 0.01):
            self.counts["vendor slow"] += 1
            return self.rng.uniform(5, 60)
        return self.rng.expovariate(3.0)

    def _do(self, kind: str) -> None:
        if not self.actor.act(kind):
            self.at(self.clock() + timedelta(minutes=self.rng.uniform(1, 10)), partial(self._do, kind))

    def _due(self) -> list[Envelope]:
        now = self.clock()
        found = []
        for queue in (*SYNC, *PIPELINE):
            for envelope in self.transport.due(queue):
                held_until = self._held_until.get(envelope.id)
                if held_until is None:
                    is_held = not self.is_calm and self.rng.random() < 0.02
                    self.counts["message held back"] += is_held
                    held_until = self._held_until[envelope.id] = now + timedelta(seconds=self.rng.uniform(30, 1500) if is_held else 0)
                if self.is_calm or held_until <= now:
                    found.append(envelope)
        return found

    async def _hand_over(self, envelope: Envelope) -> None:
        handler = self._worker(envelope.queue)
        if not self.is_calm and self.rng.random() < (0.5 if self.is_late else 0.05):
            self.counts["message delivered twice"] += 1
            again = self._worker(envelope.queue, is_second=True)
            if envelope.queue in SYNC:
                self.counts["two workers at once"] += 1
                copy = Delivery(queue=envelope.queue, message_id=envelope.id, body=envelope.body, properties=envelope.properties)
                handed = await asyncio.gather(self.transport.hand_over(envelope, handler), again(copy), return_exceptions=True)
                if isinstance(handed[0], BaseException):
                    raise handed[0]
                return
            self.transport.waiting.append(envelope)
        await self.transport.hand_over(envelope, handler)

    def _worker(self, queue: str, *, is_second: bool = False) -> Callable[[Delivery], Awaitable[None]]:
        if queue not in SYNC:
            return self.world.pipeline.worker(queue)
        ports = self.world.ports
        if is_second:
            ports = replace(ports, pollers={SOURCE: self.world.new_poller(self.world.http)})
        return lambda delivery: deliver(delivery, SyncRequested, partial(read, ports=ports), ports=self.world.pipeline.delivery)

    def _restart(self) -> None:
        """A new process; the broker delivers again what the dead one had, once its locks are over."""
        self.counts["worker killed"] += 1
        self.hazards.revive()
        self.world.start_worker(self.transport)
        self.clock.advance(seconds=self.rng.uniform(1, 320))

    def _tell(self, text: str) -> None:
        sys.stderr.write(f"\r{text:60}")
