"""The pump against a receiver in memory; the real SDK is used in tests/integration/test_host.py."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast

from azure.servicebus import ServiceBusReceivedMessage
from azure.servicebus.exceptions import MessageLockLostError, ServiceBusConnectionError

from devtools.faults.injector import Injector
from devtools.faults.plan import Fault
from devtools.host.faults import ABILITIES, PlannedMishaps
from devtools.host.hostjson import ServiceBusLimits
from devtools.host.pump import Pump, Receiver

LOCK = timedelta(seconds=60)
USUAL = ServiceBusLimits()


class InMemoryQueue:
    """One queue. ``is_down`` refuses connections and ends the ones there are."""

    def __init__(self, *names: str) -> None:
        self.waiting = list(names)
        self.completed: list[str] = []
        self.abandoned: list[str] = []
        self.renewed: list[str] = []
        self.lost_locks: set[str] = set()
        self.connections = 0
        self.is_down = False
        self.receives = 0
        self.time = datetime(2026, 11, 21, tzinfo=UTC)

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Receiver]:
        self.check()
        self.connections += 1
        yield InMemoryReceiver(self)

    async def rounds(self, number: int) -> None:
        """Wait until the pump has gone round so often."""
        end = self.receives + number
        await until(lambda: self.receives >= end)

    def check(self) -> None:
        if self.is_down:
            raise ServiceBusConnectionError(message="nobody there")


class InMemoryReceiver:
    def __init__(self, queue: InMemoryQueue) -> None:
        self._queue = queue
        self._is_in_use = False

    async def receive_messages(self, max_message_count: int, max_wait_time: float) -> list[ServiceBusReceivedMessage]:
        assert max_message_count == 1
        with self._alone():
            self._queue.receives += 1
            for _ in range(int(max_wait_time / 0.005)):
                self._queue.check()
                if self._queue.waiting:
                    return [self._message(self._queue.waiting.pop(0))]
                await asyncio.sleep(0.005)
            return []

    async def complete_message(self, message: ServiceBusReceivedMessage) -> None:
        await self._settle(message, self._queue.completed)

    async def abandon_message(self, message: ServiceBusReceivedMessage) -> None:
        await self._settle(message, self._queue.abandoned)

    async def renew_message_lock(self, message: ServiceBusReceivedMessage) -> datetime:
        with self._alone():
            self._queue.check()
            self._queue.renewed.append(str(message.message_id))
            return self._queue.time + LOCK

    async def _settle(self, message: ServiceBusReceivedMessage, done: list[str]) -> None:
        with self._alone():
            await asyncio.sleep(0)
            self._queue.check()
            if message.message_id in self._queue.lost_locks:
                raise MessageLockLostError(message="the lock is gone")
            done.append(str(message.message_id))

    def _message(self, name: str) -> ServiceBusReceivedMessage:
        locked_until = self._queue.time + LOCK
        return cast(ServiceBusReceivedMessage, SimpleNamespace(message_id=name, locked_until_utc=locked_until))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """The SDK stalls when two coroutines use one receiver; here that fails the test."""
        assert not self._is_in_use
        self._is_in_use = True
        try:
            yield
        finally:
            self._is_in_use = False


@dataclass
class Bench:
    pump: Pump
    said: list[str]


@asynccontextmanager
async def pumping(
    queue: InMemoryQueue, handle: Callable[[str], Awaitable[bool]], limits: ServiceBusLimits = USUAL, *, faults: Sequence[Fault] = ()
) -> AsyncIterator[Bench]:
    """A pump that runs while the block runs, and what it says."""
    said: list[str] = []

    async def handled(message: ServiceBusReceivedMessage) -> bool:
        return await handle(str(message.message_id))

    mishaps = PlannedMishaps(Injector("host", ABILITIES, faults=faults))
    pump = Pump(
        "q",
        queue.connect,
        handled,
        limits,
        function="reader",
        mishaps=mishaps,
        report=said.append,
        now=lambda: queue.time,
        back_off_seconds=(0.001,),
    )
    task = asyncio.create_task(pump.run())
    yield Bench(pump, said)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def succeed(_: str) -> bool:
    return True


async def fail(_: str) -> bool:
    return False


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


async def test_success_completes_the_message_and_failure_abandons_it() -> None:
    good, bad = InMemoryQueue("a", "b"), InMemoryQueue("c")

    async with pumping(good, succeed), pumping(bad, fail):
        await until(lambda: len(good.completed) == 2 and bad.abandoned)

    assert (good.completed, good.abandoned) == (["a", "b"], [])
    assert (bad.completed, bad.abandoned) == ([], ["c"])


async def test_no_more_run_at_once_than_the_limit_allows() -> None:
    queue = InMemoryQueue(*"abcdefgh")
    running: set[str] = set()
    most = 0

    async def handle(name: str) -> bool:
        nonlocal most
        running.add(name)
        most = max(most, len(running))
        await asyncio.sleep(0.02)
        running.discard(name)
        return True

    async with pumping(queue, handle, ServiceBusLimits(max_concurrent_calls=3)):
        await until(lambda: len(queue.completed) == 8)

    assert most == 3


async def test_one_slow_message_does_not_hold_the_others_back() -> None:
    queue = InMemoryQueue("slow", "a", "b")
    release = asyncio.Event()

    async def handle(name: str) -> bool:
        if name == "slow":
            await release.wait()
        return True

    async with pumping(queue, handle):
        await until(lambda: len(queue.completed) == 2)
        release.set()
        await until(lambda: len(queue.completed) == 3)

    assert queue.completed == ["a", "b", "slow"]


async def test_a_lock_is_renewed_while_the_function_runs_and_no_longer_than_allowed() -> None:
    queue = InMemoryQueue("a")
    release = asyncio.Event()

    async def handle(_: str) -> bool:
        return await release.wait()

    async with pumping(queue, handle, ServiceBusLimits(max_renewal_seconds=80)):
        await until(lambda: not queue.waiting)
        for seconds, renewals in ((29, 0), (2, 1), (28, 1), (3, 2), (40, 2), (40, 2)):
            queue.time += timedelta(seconds=seconds)
            await queue.rounds(2)
            assert len(queue.renewed) == renewals
        release.set()
        await until(lambda: queue.completed)


async def test_a_lost_lock_is_said_and_the_pump_goes_on() -> None:
    queue = InMemoryQueue("a", "b")
    queue.lost_locks = {"a"}

    async with pumping(queue, succeed) as bench:
        await until(lambda: queue.completed)

    assert queue.completed == ["b"]
    assert bench.said == ["queue q: the lock of message a was lost; it will come again"]


async def test_a_broker_that_is_not_there_yet_is_waited_for_with_one_line() -> None:
    queue = InMemoryQueue("a")
    queue.is_down = True

    async with pumping(queue, succeed) as bench:
        await bench.pump.has_tried.wait()
        await asyncio.sleep(0.02)  # some more attempts
        queue.is_down = False
        await until(lambda: queue.completed)

    assert bench.said == [
        "queue q: the broker is not there, trying on (ServiceBusConnectionError: nobody there)",
        "queue q: connected",
    ]


async def test_after_the_broker_comes_back_nothing_of_the_old_connection_is_settled() -> None:
    queue = InMemoryQueue("a")
    release = asyncio.Event()
    started = asyncio.Event()

    async def handle(name: str) -> bool:
        started.set()
        return name == "b" or await release.wait()

    async with pumping(queue, handle) as bench:
        await started.wait()
        queue.is_down = True
        await until(lambda: bench.said)
        queue.is_down = False
        queue.waiting.append("b")
        await until(lambda: queue.completed)
        release.set()
        await until(lambda: len(bench.said) == 3)

    assert queue.completed == ["b"]
    assert queue.connections == 2
    assert bench.said[2] == "queue q: message a ended after its connection was lost; it will come again"


def fault(kind: str, operation: str, **more: int) -> Fault:
    return Fault.model_validate({"at": "host", "kind": kind, "operation": operation, "target": "reader", "calls": 1, **more})


async def test_a_completion_that_is_dropped_settles_nothing_and_is_said() -> None:
    queue = InMemoryQueue("a", "b")

    async with pumping(queue, succeed, faults=[fault("drop", "complete")]) as bench:
        await until(lambda: queue.completed)

    assert (queue.completed, queue.abandoned) == (["b"], [])
    assert bench.said == ["queue q: the completion of message a is lost; it will come again"]


async def test_a_failure_has_no_completion_to_drop() -> None:
    queue = InMemoryQueue("a")

    async with pumping(queue, fail, faults=[fault("drop", "complete")]):
        await until(lambda: queue.abandoned)

    assert queue.abandoned == ["a"]


async def test_a_lock_that_is_lost_on_command_is_renewed_no_more() -> None:
    queue = InMemoryQueue("a")
    release = asyncio.Event()

    async with pumping(queue, lambda _: release.wait(), faults=[fault("lock-lost", "renew-lock", after=1)]):
        await until(lambda: not queue.waiting)
        for _ in range(3):
            queue.time += timedelta(seconds=31)
            await queue.rounds(2)
        release.set()
        await until(lambda: queue.completed)

    assert queue.renewed == ["a"]


async def test_two_waiting_messages_change_places_on_command_and_the_first_runs_after_the_second() -> None:
    queue = InMemoryQueue("a", "b", "c")
    events: list[str] = []

    async def handle(name: str) -> bool:
        events.append(f"{name} begins")
        await asyncio.sleep(0.01)
        events.append(f"{name} ends")
        return True

    async with pumping(queue, handle, faults=[fault("reorder", "dispatch")]):
        await until(lambda: len(queue.completed) == 3)

    assert events.index("b ends") < events.index("a begins")
    assert sorted(queue.completed) == ["a", "b", "c"]


async def test_messages_of_a_function_that_runs_alone_or_that_wait_alone_are_not_reordered() -> None:
    alone, single = InMemoryQueue("a", "b"), InMemoryQueue("c")
    faults = [fault("reorder", "dispatch")]

    async with pumping(alone, succeed, ServiceBusLimits(max_concurrent_calls=1), faults=faults), pumping(single, succeed, faults=faults):
        await until(lambda: len(alone.completed) == 2 and single.completed)

    assert alone.completed == ["a", "b"]
