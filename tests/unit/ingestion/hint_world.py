"""A world in which everybody works at once: each call of a port waits until the test lets it go on, fail, or die.

Receivers and workers are tasks over one store and one broker. A list of numbers says what happens next; whatever it says, at the end
everybody comes to rest, and the world tells which change was acknowledged, and which reads began after it.
"""

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from inspect import iscoroutinefunction
from random import Random
from typing import Any, Final

from typing_extensions import override

from ingestion.coalescing import Coalescing
from ingestion.receiver import ReceiverPorts, receive
from ingestion.record_reading import RecordPorts, open_gap, read_record
from ingestion.sources.source import Reading, WebhookRequest
from shared import topology
from shared.contracts.ingestion import IngestionEvent
from shared.contracts.sync import SyncRequested
from shared.errors import DependencyUnavailable, RateLimited
from shared.messaging.delivery import deliver
from shared.messaging.envelope import Envelope
from shared.messaging.publisher import QueuePublisher
from shared.messaging.returns import Delivery, QueueReturns
from shared.streams.state import StreamState, StreamStates
from tests.unit.ingestion.hearing import STREAM, TENANTS, WINDOW, Bell, Bells, Rooms

SKEWS: Final = (0.0, 0.4, -0.4)
"""Of the clocks of the receivers, and of the workers."""
LATER: Final = RateLimited("busy", retry_after_seconds=7)


class Died(BaseException):
    """A process is gone."""


@dataclass(frozen=True)
class Change:
    """A change of a record that an account sees, and that its vendor was told we received."""

    number: int
    account: str
    record: str


@dataclass(frozen=True)
class Seen:
    """A read that came to its end: ``number`` of the moment it began."""

    number: int
    account: str
    record: str


class Gated:
    """A port whose calls wait before and, where they may fail, after."""

    def __init__(self, port: Any, gate: Callable[[], Awaitable[None]], *, may_fail: bool) -> None:
        self._port = port
        self._gate = gate
        self._may_fail = may_fail

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not iscoroutinefunction(found):
            return found

        async def called(*args: Any, **named: Any) -> Any:
            await self._gate()
            answer = await found(*args, **named)
            if self._may_fail:  # done, and nobody hears of it
                await self._gate()
            return answer

        return called


class SeenStates(StreamStates):
    """Notes when reads were said to begin."""

    def __init__(self, shards: Any, marks: list[tuple[str, str, datetime]]) -> None:
        super().__init__(shards)
        self._marks = marks

    @override
    async def save(self, state: StreamState, *, at: datetime) -> StreamState:
        saved = await super().save(state, at=at)
        if state.requested_at is not None:
            self._marks.append((state.connection_id, state.stream, state.requested_at))
        return saved


class NumberedRooms(Rooms):
    """A vendor whose records change all the time: each read shows how far they are."""

    world: "World"

    @override
    async def records(self, reading: Reading, keys: Sequence[str]) -> Sequence[IngestionEvent]:
        began = next(self.world.numbers)
        self.world.begun.append((reading.connection.id, keys[0]))
        events = await super().records(reading, keys)
        return [event.model_copy(update={"payload": {"id": keys[0], "name": str(began)}}) for event in events]


class World:
    """Two receivers' memories and three workers over one store. ``faults``: whether ports fail and processes die."""

    def __init__(self, *, faults: bool, receivers: int = 2) -> None:
        self.bells = Bells()
        self.clock = self.bells.clock
        self.transport = self.bells.pipeline.transport
        self.numbers = itertools.count(1)
        self.faults = faults
        self.is_settling = False
        self.blocked: list[asyncio.Future[None]] = []
        self.tasks: set[asyncio.Task[None]] = set()
        self.acknowledged: list[Change] = []
        self.refused: list[tuple[str, str]] = []
        self.marks: list[tuple[str, str, datetime]] = []
        self.begun: list[tuple[str, str]] = []
        self.spent_faults = 0
        rooms = NumberedRooms(self.clock)
        rooms.world = self
        self.workers = [self._worker(rooms, skew) for skew in SKEWS]
        self.receivers = [self._receiver(skew) for skew in SKEWS[:receivers]]

    # Everybody

    def _later(self, skew: float) -> Callable[[], datetime]:
        return lambda: self.clock() + timedelta(seconds=skew)

    def _gated(self, port: Any) -> Any:
        return Gated(port, self._gate, may_fail=self.faults)

    def _publisher(self) -> QueuePublisher:
        pipeline = self.bells.pipeline
        sends = self._gated(self.transport)
        return QueuePublisher(sends, claims=pipeline.claims, metrics=pipeline.metrics, traceparent=lambda: None)

    def _receiver(self, skew: float) -> ReceiverPorts:
        pipeline = self.bells.pipeline
        return ReceiverPorts(
            connections=self._gated(pipeline.connections),
            publisher=self._publisher(),
            gaps=self._gated(pipeline.gaps),
            coalescing=Coalescing(WINDOW),
            metrics=pipeline.metrics,
            now=self._later(skew),
        )

    def _worker(self, rooms: Rooms, skew: float) -> RecordPorts:
        pipeline = self.bells.pipeline
        return replace(
            self.bells.ports,
            pollers={"bell": self._with_markers(rooms)},
            connections=self._gated(pipeline.connections),
            states=SeenStates(self._gated(pipeline.shards), self.marks),
            gaps=self._gated(pipeline.gaps),
            publisher=self._publisher(),
            now=self._later(skew),
        )

    def _with_markers(self, rooms: Rooms) -> Any:
        gated = self._gated(rooms)
        gated.shows, gated.accounts_of = rooms.shows, self._gated(rooms).accounts_of
        return gated

    async def _gate(self) -> None:
        if not self.is_settling:
            moment: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self.blocked.append(moment)
            await moment

    # What happens

    async def live(self, choices: Sequence[int]) -> None:
        """As the numbers say; then everybody comes to rest."""
        for account in TENANTS:
            await self.bells.connect(account)
        for choice in choices:
            await self._one(choice)
        self.is_settling = True
        while self.blocked:
            self.blocked.pop(0).set_result(None)
            await self._still()
        await self._still()
        for _ in range(500):
            waiting = self.bells.envelopes()
            if not waiting:
                return
            self.clock.moment = max(self.clock(), min(one.due_at or self.clock() for one in waiting))
            for envelope in self.transport.due(topology.SYNC_INBOUND):
                self._hand_over(envelope, self.workers[0], twice=False)
                await self._still()
        raise AssertionError("there is no end to it")

    async def _one(self, choice: int) -> None:
        kind, rest = choice % 16, choice // 16
        due = self.transport.due(topology.SYNC_INBOUND)
        match kind:
            case 0 | 1:
                self._ring(rest)
            case 2 | 3 | 4 if due:
                self._hand_over(due[rest % len(due)], self.workers[rest % len(self.workers)], twice=rest % 7 == 0)
            case 5:
                self.clock.advance(seconds=(0.3, 2, 6, 12, 31, 301)[rest % 6])
            case 6 if self.faults and self.blocked:
                self.spent_faults += 1
                errors: tuple[BaseException, ...] = (
                    Died(),
                    DependencyUnavailable("away"),
                    asyncio.CancelledError(),
                    LATER,
                    KeyError("bug"),
                )
                self._go_on(rest, errors[rest % 5])
            case _ if self.blocked:
                self._go_on(rest, None)
            case _:
                pass
        await self._still()

    def _go_on(self, rest: int, error: BaseException | None) -> None:
        moment = self.blocked.pop(rest % len(self.blocked))
        if error is None:
            moment.set_result(None)
        else:
            moment.set_exception(error)

    def _ring(self, rest: int) -> None:
        account = ("bell:one", "bell:one", "bell:one", "bell:two")[rest % 4]
        record = ("R1", "R1", "R1", "R2")[rest // 4 % 4]
        receiver = self.receivers[rest // 16 % len(self.receivers)]
        change = Change(next(self.numbers), account, record)
        hint = {"stream": STREAM, "record": record}
        told = {**hint, "at": (self.clock() + timedelta(microseconds=change.number)).isoformat(), "name": f"told {change.number}"}
        said = {"told": [told]} if self.faults and rest // 64 == 0 else {"hints": [hint]}
        body = json.dumps({**said, "accounts": [account]}).encode()
        self._start(self._call(change, body, receiver))

    async def _call(self, change: Change, body: bytes, receiver: ReceiverPorts) -> None:
        request = WebhookRequest(body, {"content-type": "application/json", "signature": "right"})
        response = await receive(request, webhook=Bell(), ports=receiver)
        is_told = any((event.payload or {}).get("name") == f"told {change.number}" for event in self.bells.events())
        if response.status == 200 and not is_told:
            self.acknowledged.append(change)
        elif response.status != 200:
            self.refused.append((change.account, change.record))

    def _hand_over(self, envelope: Envelope, ports: RecordPorts, *, twice: bool) -> None:
        """To a worker; ``twice``: the broker thinks that it was lost, and delivers it again meanwhile."""
        if not twice:
            self.transport.waiting.remove(envelope)
        self._start(self._delivery(envelope, ports, is_ours=not twice))

    async def _delivery(self, envelope: Envelope, ports: RecordPorts, *, is_ours: bool) -> None:
        delivery = Delivery(queue=envelope.queue, message_id=envelope.id, body=envelope.body, properties=envelope.properties)
        pipeline = self.bells.pipeline
        returns = QueueReturns(self._gated(self.transport), publisher=ports.publisher)

        async def given_up(asked: SyncRequested) -> None:
            await open_gap("not-read", asked, ports.gaps, self.clock())

        try:
            await deliver(
                delivery,
                SyncRequested,
                lambda message: read_record(message, ports=ports),
                ports=replace(pipeline.delivery, returns=returns),
                given_up=given_up,
            )
        except BaseException:  # a worker that dies, too, leaves its message on the queue
            if is_ours:
                self.transport.waiting.append(envelope)
            raise

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.add(asyncio.create_task(work))

    async def _still(self) -> None:
        """Until everybody waits at a port or is through."""
        while True:
            done = {task for task in self.tasks if task.done()}
            for task in done:
                task.exception()  # a death, or what the host abandons a message for
            self.tasks -= done
            if len(self.blocked) >= len(self.tasks):
                return
            await asyncio.sleep(0)

    # What came of it

    def seen(self) -> list[Seen]:
        """The reads whose events are on their queue."""
        numbered = [event for event in self.bells.events() if event.payload and str(event.payload["name"]).isdigit()]
        return [Seen(int(str(event.payload["name"])), event.connection_id or "", event.source_id) for event in numbered if event.payload]

    async def lost(self) -> list[Change]:
        """Changes that were acknowledged, and neither read of afterwards nor in a gap."""
        seen, gone = self.seen(), []
        for change in self.acknowledged:
            is_read = any((one.account, one.record) == (change.account, change.record) and one.number > change.number for one in seen)
            if not is_read and not await self.bells.gaps(change.account):
                gone.append(change)
        return gone


def moves_of(seed: int, *, most: int = 300) -> list[int]:
    """What happens in one life."""
    rng = Random(seed)
    return [rng.randrange(16 * 128) for _ in range(most)]


def lived(choices: Sequence[int], check: Callable[[World], Awaitable[None]], *, faults: bool, receivers: int = 2) -> None:
    """One life of a new world, and what is to be true of it afterwards."""

    async def run() -> None:
        world = World(faults=faults, receivers=receivers)
        await world.live(choices)
        await check(world)

    asyncio.run(run())
