"""The ages of queues through the Service Bus SDK: the first messages are peeked at, and none is taken.

Peeking shows messages in the order of their numbers: those that are being handled, too, and those put off until later, which are passed by.
A message that was put off gets a new number, and a new moment of arrival, when it becomes due.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import chain, repeat
from typing import Final, NamedTuple

from azure.servicebus import ServiceBusMessageState, ServiceBusReceivedMessage, ServiceBusSubQueue
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver
from typing_extensions import override

from shared.messaging.queue_ages import QueueAges
from shared.messaging.service_bus import CLOSE_TIMEOUT_SECONDS, service_bus_errors

REMEMBERED: Final = timedelta(seconds=5)
"""What paces by ages looks far more often than they change."""

KEPT: Final = timedelta(seconds=60)
"""Opening and closing a receiver takes the SDK a second, in which nothing is read: one is used again. After a longer silence the broker may
have forgotten it (after four minutes without a word Service Bus ends a connection)."""

LOOK_SECONDS: Final = 10.0
"""One look with all that it opens: the SDK sets no limit to opening a link."""

FIRST_PEEK: Final = 1
"""Most often the first message is due, and its body need not have company on the way."""
NEXT_PEEK: Final = 50
PEEKS: Final = 5
"""Where two hundred messages are put off, the queue is in trouble: its age is then that of the oldest of them."""


class _Place(NamedTuple):
    """A queue, or its dead letters."""

    queue: str
    is_dead_letters: bool


class ServiceBusQueueAges(QueueAges):
    """The port over one namespace."""

    def __init__(self, client: Callable[[], ServiceBusClient], *, now: Callable[[], datetime]) -> None:
        self._make_client = client
        self._now = now
        self._client: ServiceBusClient | None = None
        self._looks: dict[_Place, tuple[datetime, float]] = {}
        self._looking: dict[_Place, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._receivers: dict[_Place, ServiceBusReceiver] = {}

    @override
    async def oldest_seconds(self, queue: str, *, dead_letters: bool = False) -> float:
        place = _Place(queue, dead_letters)
        async with self._looking[place]:
            looked = self._looks.get(place)
            if looked is None or self._now() - looked[0] >= REMEMBERED:
                if looked is not None and self._now() - looked[0] >= KEPT:
                    await self._let_go(place)
                looked = self._looks[place] = (self._now(), await self._look(place))
            return looked[1]

    async def close(self) -> None:
        """Let go of the connection."""
        await asyncio.gather(*(self._let_go(place) for place in list(self._receivers)))
        if self._client is not None:
            await self._client.close()
        self._client = None

    async def _look(self, place: "_Place") -> float:
        with service_bus_errors(f"look at {place.queue}"):
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    arrived_at = await _oldest(self._receiver(place))
            except BaseException:  # a cancellation, too, may leave a receiver in the middle of something
                await self._let_go(place)
                raise
        return 0.0 if arrived_at is None else max(0.0, (self._now() - arrived_at).total_seconds())

    def _receiver(self, place: "_Place") -> ServiceBusReceiver:
        if self._client is None:
            self._client = self._make_client()
        if place not in self._receivers:
            part = ServiceBusSubQueue.DEAD_LETTER if place.is_dead_letters else None
            self._receivers[place] = self._client.get_queue_receiver(place.queue, sub_queue=part)
        return self._receivers[place]

    async def _let_go(self, place: "_Place") -> None:
        receiver = self._receivers.pop(place, None)
        with suppress(Exception):  # it may be broken already, and the next look opens another
            async with asyncio.timeout(CLOSE_TIMEOUT_SECONDS):
                if receiver is not None:
                    await receiver.close()


async def _oldest(receiver: ServiceBusReceiver) -> datetime | None:
    """When the oldest message arrived that is due."""
    put_off: list[datetime] = []
    number = 1
    for count in _counts():
        messages = await receiver.peek_messages(count, sequence_number=number)
        if not messages:
            return None
        for message in messages:
            arrived_at = message.enqueued_time_utc
            if arrived_at is not None and _is_due(message):
                return arrived_at
            put_off += [arrived_at] if arrived_at is not None else []
        number = (messages[-1].sequence_number or number) + 1
    return min(put_off, default=None)


def _counts() -> Iterator[int]:
    return chain([FIRST_PEEK], repeat(NEXT_PEEK, PEEKS - 1))


def _is_due(message: ServiceBusReceivedMessage) -> bool:
    return message.state is ServiceBusMessageState.ACTIVE
