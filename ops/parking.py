"""Looking at parked messages without touching them, and taking some of them off without losing the others.

Peeking changes nothing. To take one off, the broker has to hand it out under a lock, and it hands out the oldest first: what lies before a
chosen message is handed out with it and given back, which counts as a failed delivery. The tenth failed delivery of a rejected message
would dead-letter it. So no more is asked for than lies before the last chosen one, and a message that is given back for the fifth time is
parked anew instead: a copy with no deliveries is on the queue before the old one is completed. A dead letter may be delivered as often as
one likes (Azure documentation, "Overview of Service Bus dead-letter queues"), and is only given back. Deferral would spare this, but
whoever defers and dies leaves messages that no receiver sees.

What becomes of a chosen message is done before it is completed. Whoever dies in between finds it parked still, and does it again.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from azure.servicebus import ServiceBusMessageState, ServiceBusReceivedMessage, ServiceBusSubQueue
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver
from azure.servicebus.exceptions import MessageLockLostError
from typing_extensions import override

from ops.parked_message import Peeked, Place, parked_anew
from shared.messaging.envelope import PropertyValue, Transport
from shared.messaging.service_bus import service_bus_errors

PAGE: Final = 100
ANSWER_SECONDS: Final = 30.0
"""For one page. The SDK itself would wait for minutes."""
WAIT_SECONDS: Final = 5.0
"""How long nothing may come before a queue has no more to hand out: somebody else holds the rest."""
GIVEN_BACK_AT_MOST: Final = 5

Act = Callable[[Peeked], Awaitable[None]]


class Parking(Protocol):
    """Where parked messages are."""

    async def look(self, place: Place) -> list[Peeked]:
        """All that is there, the oldest first. Nothing is touched.

        Raises:
            PipelineError: the broker does not answer, or refuses.
        """

    async def take(self, place: Place, numbers: Sequence[int], act: Act) -> list[int]:
        """Take messages off: each is acted on, and is gone when that has succeeded.

        Returns:
            The numbers of those that are gone. The others were not handed out: somebody else holds them, or took them.

        Raises:
            Exception: what ``act`` raised; this message and those after it are as they were.
            PipelineError: the broker does not answer, or refuses.
        """


class ServiceBusParking(Parking):
    """Over one namespace."""

    def __init__(self, client: Callable[[], ServiceBusClient], *, transport: Transport) -> None:
        self._client = client
        self._transport = transport

    @override
    async def look(self, place: Place) -> list[Peeked]:
        async with self._receiver(place) as receiver:
            return [message async for message in peeked(receiver, place)]

    @override
    async def take(self, place: Place, numbers: Sequence[int], act: Act) -> list[int]:
        async with self._receiver(place) as receiver:
            lying = [message.number async for message in peeked(receiver, place) if not message.is_scheduled]
            taking = _Taking(receiver, place, {*numbers} & {*lying}, self._transport)
            try:
                await taking.go_through(lying, act)
            finally:
                await taking.give_back()
            return taking.gone

    @asynccontextmanager
    async def _receiver(self, place: Place) -> AsyncIterator[ServiceBusReceiver]:
        sub_queue = ServiceBusSubQueue.DEAD_LETTER if place.dead else None
        with service_bus_errors(f"read {place.queue}"):
            async with self._client() as client, client.get_queue_receiver(place.queue, sub_queue=sub_queue) as receiver:
                yield receiver


class _Taking:
    """Messages in hand, and those that are still to come."""

    def __init__(self, receiver: ServiceBusReceiver, place: Place, wanted: set[int], transport: Transport) -> None:
        self._receiver = receiver
        self._place = place
        self._wanted = wanted
        self._transport = transport
        self._in_hand: dict[int, ServiceBusReceivedMessage] = {}
        self.gone: list[int] = []

    async def go_through(self, lying: Sequence[int], act: Act) -> None:
        """Receive from the head until every wanted message was met, or no more comes."""
        met: set[int] = set()
        while self._wanted:
            last = max(self._wanted)
            ahead = sum(number <= last and number not in met for number in lying)
            batch = await self._receiver.receive_messages(max_message_count=min(PAGE, max(1, ahead)), max_wait_time=WAIT_SECONDS)
            self._in_hand.update({_number(message): message for message in batch})
            if not {_number(message) for message in batch} - met:
                return  # nothing came, or what we hold came again because its lock is over
            for message in batch:
                met.add(_number(message))
                if _number(message) in self._wanted:
                    await self._take(message, act)

    async def _take(self, message: ServiceBusReceivedMessage, act: Act) -> None:
        await act(_message(message, self._place))
        self._wanted.discard(_number(message))
        del self._in_hand[_number(message)]
        with suppress(MessageLockLostError):  # acted on, and parked still: to do it again is harmless
            await self._receiver.complete_message(message)
            self.gone.append(_number(message))

    async def give_back(self) -> None:
        """What is in hand and was not taken is as it was before."""
        for message in self._in_hand.values():
            with suppress(MessageLockLostError):  # its lock is over, which gives it back
                if not self._place.dead and (message.delivery_count or 0) + 1 >= GIVEN_BACK_AT_MOST:
                    await self._transport.send(parked_anew(_message(message, self._place)))
                    await self._receiver.complete_message(message)
                else:
                    await self._receiver.abandon_message(message)
        self._in_hand.clear()


async def peeked(receiver: ServiceBusReceiver, place: Place) -> AsyncIterator[Peeked]:
    """All that is there, the oldest first, page by page: what waits, what is scheduled, what somebody holds."""
    after = 0
    while True:
        async with asyncio.timeout(ANSWER_SECONDS):
            page = await receiver.peek_messages(max_message_count=PAGE, sequence_number=after + 1)
        if not page:
            return
        for message in page:
            yield _message(message, place)
        after = max(map(_number, page))


def _number(message: ServiceBusReceivedMessage) -> int:
    return message.sequence_number or 0


def _message(message: ServiceBusReceivedMessage, place: Place) -> Peeked:
    properties: dict[str, PropertyValue] = {}
    for name, value in (message.application_properties or {}).items():
        read = _text(value)
        if isinstance(read, str | int):
            properties[str(_text(name))] = read
    return Peeked(
        place=place,
        number=_number(message),
        message_id=message.message_id or "",
        body=b"".join(part if isinstance(part, bytes) else bytes(part) for part in message.body),
        properties=properties,
        delivery_count=message.delivery_count or 0,
        enqueued_at=message.enqueued_time_utc or datetime.fromtimestamp(0, UTC),
        reason=message.dead_letter_reason,
        description=message.dead_letter_error_description,
        is_scheduled=message.state is ServiceBusMessageState.SCHEDULED,
    )


def _text(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value
