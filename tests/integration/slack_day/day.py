"""A simulated day of one connected workspace: people, faults, dying workers, calls that come twice, late, in any order or not at all.

Everything is driven from here, by one clock. ``Day.run`` ends with faults off and everything settled; what is true then the test says.
"""

import asyncio
import heapq
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from random import Random
from typing import Any, Final

import httpx2
from typing_extensions import override

from devtools.fakes.pipeline import STAGES
from devtools.fakes.polled_slack import SYNC_QUEUES, WINDOW
from devtools.fakes.pushed_slack import PushedSlack
from devtools.fakes.shards import InMemoryDirectory, InMemoryRecordIndex
from devtools.vendors.slack.announcements import Outgoing
from devtools.vendors.slack.shipping import Received
from ingestion.coalescing import Coalescing
from shared.errors import DependencyUnavailable
from shared.http.client import http_client
from shared.messaging.envelope import Envelope
from shared.messaging.returns import Delivery
from shared.streams.defaults import streams_of
from shared.streams.state import StreamStates
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
from tests.integration.slack_day.changes import Actor
from tests.integration.slack_day.faults import TOLD_LATE, FaultsOfADay
from tests.integration.slack_day.stated import ASKED, CHANGES, NOTHING_LOST

TICK: Final = timedelta(minutes=10)
LONGER: Final = timedelta(hours=6)
"""How much longer the day may be, until every fault that waits for a call has met one."""
SETTLING: Final = timedelta(minutes=100)
"""From the day's end to the scheduled comparison: the last message that was put off has come by then, and the grace is over."""
REPAIRING: Final = timedelta(minutes=100)
"""For the comparison, its repair, and the comparison that repeats it."""


class SlackHttp(PerilousHttp):
    """Calls that at times get no answer at all."""

    def __init__(self, hazards: Hazards, pass_time: Any) -> None:
        super().__init__(hazards, pass_time)
        self.timeout_share = 0.0

    @override
    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await super().handle_async_request(request)
        if self._hazards.strikes("call timed out", self.timeout_share):
            await response.aread()
            self._pass_time(30.0)
            raise httpx2.ReadTimeout("no answer", request=request)
        return response


class Day:
    """``async with Day(seed, hours=24) as day: await day.run()``. ``is_all_told``: nothing is lost for good, no timer ticks, and so nothing
    is compared: what is stored in the end the events and the reads they asked for have brought."""

    def __init__(self, seed: int, *, hours: float, is_all_told: bool = False) -> None:
        self.hours = hours
        self.is_all_told = is_all_told
        self.rng = Random(seed)
        self.hazards = Hazards(Random(f"{seed}/hazards"))
        self.world = PushedSlack(seed=seed)
        self.clock, self.slack = self.world.clock, self.world.slack
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
        self.world.deliveries.send = self._receive
        self.world.deliveries.events_per_hour = 1_000_000
        self.http = SlackHttp(self.hazards, self._pass_time)
        self.actor = Actor(self.world, Random(f"{seed}/actor"), is_all_told=is_all_told)
        self.faults = FaultsOfADay(self)
        self.counts: Counter[str] = Counter()
        self.asked: list[str] = []
        """What an operator is about to ask for."""
        self.is_down = False
        """Our app does not run: no timer, no worker, no receiver."""
        self.is_late = False
        """The day would be over, but that not everything has happened yet."""
        self.is_calm = False
        self.ends_at = self.clock() + timedelta(hours=hours)
        self._memories = [Coalescing(WINDOW), Coalescing(WINDOW)]
        """Of two receivers, which take calls by turns."""
        self._agenda: list[tuple[datetime, int, Callable[[], object]]] = []
        self._numbers = count()
        self._held_until: dict[str, datetime] = {}
        self._is_acting = False
        self.slack.listeners.append(self._note)
        self._told_at: dict[str, datetime] = {}

    async def __aenter__(self) -> "Day":
        self.actor.populate()
        await self.world.__aenter__()
        await self.world.http.aclose()
        self.world.http = http_client(transport=self.http)
        self.world.start_worker(self.transport)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.hazards.calm()
        await self.world.__aexit__(None, None, None)

    # The day

    def wanted(self, kinds: Mapping[str, int]) -> dict[str, int]:
        """Counts of 24 hours as those of this day: at least one of each that happens on it."""
        left_out = NOTHING_LOST if self.is_all_told else set()
        return {kind: max(1, round(most * self.hours / 24)) for kind, most in kinds.items() if kind not in left_out}

    def at(self, moment: datetime, act: Callable[[], object]) -> None:
        """Something is to happen then."""
        heapq.heappush(self._agenda, (moment, next(self._numbers), act))

    def delivered(self) -> Counter[str]:
        """What became of events on their way."""
        deliveries = self.world.deliveries
        firsts = [one for one in deliveries.ledger.calls if one.attempt == 0 and one.event_id]
        late = [one for one in firsts if one.at - self._told_at.get(one.event_id, one.at) >= TOLD_LATE]
        lost = Counter(one.reason for one in deliveries.lost)
        return Counter(
            {
                "event twice": sum(one.event_id not in self._told_at for one in firsts),
                "event held back": len(late),
                "event tried again": len({one.event_id for one in deliveries.ledger.calls if one.attempt}),
                "event lost after its retries": lost["retries"],
                "event lost on the way": lost["dropped"],
                "event lost over the limit": lost["rate_limited"],
                "event lost to a disabled subscription": lost["disabled"],
            }
        )

    async def run(self) -> None:
        """The day, and the hours after it in which everything settles."""
        if self.is_all_told:
            await self.world.settle()
            self.ends_at = self.clock() + timedelta(hours=self.hours)
        for kind, least in self.wanted(CHANGES).items():
            for _ in range(least + max(1, least // 10)):
                self.at(self.clock() + timedelta(hours=self.hours * self.rng.uniform(0.01, 0.95)), partial(self._do, kind))
        for kind, least in self.wanted(ASKED).items():
            for _ in range(least + 1):
                self.at(self.clock() + timedelta(hours=self.hours * self.rng.uniform(0.1, 0.9)), partial(self.asked.append, kind))
        self.faults.plan()
        next_tick = self.clock()
        while self.clock() < self.ends_at or self._goes_on():
            if not (self.is_down or self.is_all_told) and self.clock() >= next_tick:
                await self._tick()
                next_tick = self._next_tick(next_tick)
            await self._minute()
            self.clock.advance(seconds=self.rng.uniform(5, 40))
        await self.settle()

    async def settle(self) -> None:
        """Faults off; the timer ticks, and what is due is done, through the scheduled comparison and its repetition."""
        self.is_calm, self.is_down = True, False
        self.hazards.calm()
        self._agenda.clear()
        self.faults.stop()
        self.world.start_worker(self.transport)
        await self.go_on(SETTLING)
        if self.is_all_told:
            return
        connection = await self.world.connection()
        await self.world.pipeline.connections.replace(
            connection.model_copy(update={"next_due_at": self.clock(), "next_compare_at": self.clock()})
        )
        await self.go_on(REPAIRING)

    async def go_on(self, time: timedelta) -> None:
        """Nothing new happens; the timer ticks, and what is due is done."""
        for _ in range(time // TICK):
            self._tell("settling")
            if not self.is_all_told:
                await self.world.tick()
            for _ in range(20):
                await self._minute()
                self.clock.advance(seconds=TICK.total_seconds() / 20 + 0.1)

    async def work(self) -> None:
        """Every message that is due now, and what comes of it, in any order, some of them twice, several at once."""
        failed: set[str] = set()
        while due := [one for one in self._due() if one.id not in failed]:
            self.rng.shuffle(due)
            turn = due[: self.rng.randint(1, 8)]
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
        self.actor.act("topic set")
        self.actor.act("joined")
        return (self.actor.hurry(self.wanted(CHANGES)) or bool(unmet)) and self.clock() < self.ends_at + LONGER

    async def _tick(self) -> None:
        timers = 2 if not self.is_calm and self.rng.random() < 0.3 else 1
        self.counts["two timers at once"] += timers == 2
        outcomes = await asyncio.gather(*(self.world.tick() for _ in range(timers)), return_exceptions=True)
        self.counts["tick failed"] += sum(isinstance(one, BaseException) for one in outcomes)
        if self.hazards.is_dead:
            self._restart()

    def _next_tick(self, before: datetime) -> datetime:
        following = before + TICK
        self._tell(f"{self.clock():%H:%M} waiting {len(self.transport.waiting)}, to be told {self.world.deliveries.waiting}")
        while following <= self.clock():
            following += TICK
        return following

    async def _minute(self) -> None:
        self._pass_time(seconds=0)
        await self.world.deliveries.deliver_due()
        if self.hazards.is_dead:
            self._restart()
        if self.is_down:
            return
        while self.asked and not self.connections.is_paused(self.world.connection_id):
            await self._ask(self.asked.pop())
        await self.work()

    async def _receive(self, body: bytes, headers: Mapping[str, str]) -> Received:
        self.world.pipeline.coalescing = self.rng.choice(self._memories)
        if self.is_all_told and headers.get("X-Slack-Retry-Num") == "3":
            self.hazards.dies_after, self.hazards.is_dead, self.hazards.away_share = None, False, 0.0  # or it would be lost
        try:
            return await self.world.receive(body, headers)
        except Killed as death:
            raise ConnectionResetError("nobody is there any more") from death

    async def _ask(self, kind: str) -> None:
        self.counts[kind] += 1
        try:
            streams = streams_of(await self.world.connection())
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
        """Mostly little; at times the vendor is slow."""
        chance = 1.0 if self.is_calm else self.rng.random()
        if chance < (0.15 if self.is_late else 0.005):
            self.counts["vendor slow"] += 1
            return self.rng.uniform(3, 30)
        return self.rng.expovariate(10.0)

    def _note(self, outgoing: Outgoing) -> None:
        self._told_at[outgoing.event_id] = self.clock()

    def _do(self, kind: str) -> None:
        if not self.actor.act(kind):
            self.at(self.clock() + timedelta(minutes=self.rng.uniform(1, 10)), partial(self._do, kind))

    def _due(self) -> list[Envelope]:
        now = self.clock()
        found = []
        for queue in (*SYNC_QUEUES, *STAGES):
            for envelope in self.transport.due(queue):
                held_until = self._held_until.get(envelope.id)
                if held_until is None:
                    is_held = not self.is_calm and self.rng.random() < 0.02
                    self.counts["message held back"] += is_held
                    held_until = self._held_until[envelope.id] = now + timedelta(seconds=self.rng.uniform(10, 400) if is_held else 0)
                if self.is_calm or held_until <= now:
                    found.append(envelope)
        return found

    async def _hand_over(self, envelope: Envelope) -> None:
        handler = self._worker(envelope.queue)
        if not self.is_calm and self.rng.random() < (0.5 if self.is_late else 0.05):
            self.counts["message delivered twice"] += 1
            again = self._worker(envelope.queue, is_second=True)
            if envelope.queue in SYNC_QUEUES:
                self.counts["two workers at once"] += 1
                copy = Delivery(queue=envelope.queue, message_id=envelope.id, body=envelope.body, properties=envelope.properties)
                handed = await asyncio.gather(self.transport.hand_over(envelope, handler), again(copy), return_exceptions=True)
                if isinstance(handed[0], BaseException):
                    raise handed[0]
                return
            self.transport.waiting.append(envelope)
        await self.transport.hand_over(envelope, handler)

    def _worker(self, queue: str, *, is_second: bool = False) -> Callable[[Delivery], Awaitable[None]]:
        if queue not in SYNC_QUEUES:
            return self.world.pipeline.worker(queue)
        return self.world.sync_worker(self.world.new_poller(self.world.http) if is_second else None)

    def _restart(self) -> None:
        """A new process; the broker delivers again what the dead one had, once its locks are over."""
        self.counts["worker killed"] += 1
        self.hazards.revive()
        self._memories[self.rng.randrange(2)] = Coalescing(WINDOW)
        self.world.start_worker(self.transport)
        self.clock.advance(seconds=self.rng.uniform(1, 320))

    def _tell(self, text: str) -> None:
        sys.stderr.write(f"\r{text:60}")
