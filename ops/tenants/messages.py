"""Messages of all queues, looked at one after the other and without being touched; and scheduled ones, cancelled.

Taking messages off is ``ops/parking.py``: nothing of others is lost or worn out by it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final, Protocol

from azure.servicebus import ServiceBusSubQueue
from azure.servicebus.aio import ServiceBusClient
from azure.servicebus.exceptions import MessageNotFoundError
from typing_extensions import override

from ops.parked_message import Peeked, Place
from ops.parking import peeked
from shared.messaging.service_bus import service_bus_errors

MOST_AT_ONCE: Final = 100
"""Numbers in one request to cancel."""


Each = Callable[[Place], AsyncIterator[Peeked]]


class TenantMessages(Protocol):
    """The broker, for an operator."""

    def each(self, place: Place) -> AsyncIterator[Peeked]:
        """All that is there, the oldest first: what waits, what is scheduled, what somebody holds. Nothing is touched.

        Raises:
            PipelineError: the broker does not answer, or refuses.
        """

    @asynccontextmanager
    async def opened(self, places: Sequence[Place]) -> AsyncIterator[Each]:
        """The same of several places, opened together."""
        yield self.each

    async def cancel(self, queue: str, numbers: Sequence[int]) -> int:
        """Take off what is scheduled. Returns how many were; what has become due meanwhile is not.

        Raises:
            PipelineError: the broker does not answer, or refuses.
        """


class ServiceBusMessages(TenantMessages):
    """The port over one namespace."""

    def __init__(self, client: Callable[[], ServiceBusClient]) -> None:
        self._client = client

    @override
    async def each(self, place: Place) -> AsyncIterator[Peeked]:
        async with self.opened([place]) as each:
            async for message in each(place):
                yield message

    @override
    @asynccontextmanager
    async def opened(self, places: Sequence[Place]) -> AsyncIterator[Each]:
        dead = ServiceBusSubQueue.DEAD_LETTER
        with service_bus_errors("look at the queues"):
            async with self._client() as client:
                receivers = {place: client.get_queue_receiver(place.queue, sub_queue=dead if place.dead else None) for place in places}
                try:  # the SDK takes half a second to open or to close one: all of them at once
                    await asyncio.gather(*(receiver.__aenter__() for receiver in receivers.values()))
                    yield lambda place: peeked(receivers[place], place)
                finally:
                    await asyncio.gather(*(receiver.close() for receiver in receivers.values()))

    @override
    async def cancel(self, queue: str, numbers: Sequence[int]) -> int:
        if not numbers:
            return 0
        cancelled = 0
        with service_bus_errors(f"cancel what is scheduled on {queue}"):
            async with self._client() as client, client.get_queue_sender(queue) as sender:
                for start in range(0, len(numbers), MOST_AT_ONCE):
                    some = list(numbers[start : start + MOST_AT_ONCE])
                    try:
                        await sender.cancel_scheduled_messages(some)
                        cancelled += len(some)
                    except MessageNotFoundError:  # one has become due: the broker has cancelled none of them
                        for number in some:
                            try:
                                await sender.cancel_scheduled_messages(number)
                                cancelled += 1
                            except MessageNotFoundError:
                                continue
        return cancelled
