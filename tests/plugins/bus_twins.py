"""The twins of the broker's port: the fake, and the adapter through the real SDK against the stand-in or Microsoft's emulator."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import uuid4

from azure.servicebus import ServiceBusReceiveMode
from azure.servicebus.aio import ServiceBusClient
from typing_extensions import override

from devtools.emulators.servicebus.backlog import Entry
from devtools.emulators.servicebus.bench import Receiver, body_of
from devtools.emulators.servicebus.broker import Broker
from devtools.fakes.clock import Clock
from devtools.fakes.transport import InMemoryQueueAges, InMemoryTransport
from shared.messaging.envelope import Envelope, Transport
from shared.messaging.queue_ages import QueueAges
from shared.messaging.service_bus import RETRY_OPTIONS, ServiceBusTransport
from shared.messaging.service_bus_ages import ServiceBusQueueAges

Delivered = tuple[str, bytes, dict[str, str | int]]
"""Id, body and properties of a message."""


class Bus(Protocol):
    """The broker of one twin."""

    transport: Transport
    look_seconds: float = 0.0
    """How long it may take to see what is delivered now: no message may become due meanwhile."""

    def now(self) -> datetime:
        """Its clock."""

    async def pass_seconds(self, seconds: float) -> None:
        """Let time pass."""

    async def received(self, queue: str) -> list[Delivered]:
        """What is delivered now, in order, as a receiver reads it; taken off the queue."""

    async def taken(self, queue: str) -> list[tuple[str, str]]:
        """The same, id and text alone; quickly: the SDK needs a second to open and close a receiver."""

    async def oldest_seconds(self, queue: str) -> float:
        """What somebody is told who has not asked before."""


class InMemoryBus(Bus):
    """The fake."""

    def __init__(self) -> None:
        self._clock = Clock()
        self.transport: InMemoryTransport = InMemoryTransport(self._clock)

    @override
    def now(self) -> datetime:
        return self._clock()

    @override
    async def pass_seconds(self, seconds: float) -> None:
        self._clock.advance(seconds=seconds)

    @override
    async def taken(self, queue: str) -> list[tuple[str, str]]:
        return [(id_, body.decode()) for id_, body, _ in await self.received(queue)]

    @override
    async def oldest_seconds(self, queue: str) -> float:
        return await InMemoryQueueAges(self.transport).oldest_seconds(queue)

    @override
    async def received(self, queue: str) -> list[Delivered]:
        due = self.transport.due(queue)
        for envelope in due:
            self.transport.waiting.remove(envelope)
        return [(envelope.id, envelope.body, dict(envelope.properties)) for envelope in due]


class ServiceBusBus(Bus):
    """The adapter, and a receiver of the SDK."""

    def __init__(self, transport: Transport, connection_string: str) -> None:
        self.transport = transport
        self.connection_string = connection_string

    def wire_id(self, message_id: str) -> str:
        """What a message of this id is called at the wire."""
        return message_id

    @override
    def now(self) -> datetime:
        return datetime.now(UTC)

    @override
    async def pass_seconds(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    @override
    async def oldest_seconds(self, queue: str) -> float:
        async with ages_of(self.connection_string, self.now) as ages:
            return await ages.oldest_seconds(queue)

    @override
    async def received(self, queue: str) -> list[Delivered]:
        return await received(self.connection_string, queue)

    @override
    async def taken(self, queue: str) -> list[tuple[str, str]]:
        return [(id_, body.decode()) for id_, body, _ in await self.received(queue)]


class StandInBus(ServiceBusBus):
    """The same over the stand-in, which also has a door at the back."""

    def __init__(self, transport: ServiceBusTransport, broker: Broker) -> None:
        super().__init__(transport, broker.connection_string)
        self._broker = broker

    @override
    async def taken(self, queue: str) -> list[tuple[str, str]]:
        return await taken(self._broker, queue)


class EmulatorBus(ServiceBusBus):
    """The same over Microsoft's emulator. Every test uses the same queue of it, which remembers ids: so each has ids of its own."""

    look_seconds = 4.0

    def __init__(self, transport: ServiceBusTransport, connection_string: str) -> None:
        self._own = f"{uuid4().hex[:8]}-"
        super().__init__(_Renamed(transport, self.wire_id), connection_string)

    @override
    def wire_id(self, message_id: str) -> str:
        return self._own + message_id

    @override
    async def received(self, queue: str) -> list[Delivered]:
        return [(id_.removeprefix(self._own), body, said) for id_, body, said in await super().received(queue)]


class _Renamed(Transport):
    """Sends under other ids."""

    def __init__(self, transport: Transport, named: Callable[[str], str]) -> None:
        self._transport = transport
        self._named = named

    @override
    async def send(self, *envelopes: Envelope) -> None:
        await self._transport.send(*(replace(envelope, id=self._named(envelope.id)) for envelope in envelopes))


@asynccontextmanager
async def ages_of(connection_string: str, now: Callable[[], datetime]) -> AsyncIterator[QueueAges]:
    """The adapter, with production's retry options."""
    ages = ServiceBusQueueAges(lambda: ServiceBusClient.from_connection_string(connection_string, **RETRY_OPTIONS), now=now)
    yield ages
    await ages.close()


async def received(connection_string: str, queue: str) -> list[Delivered]:
    """Everything a queue delivers now, as the SDK reads it."""
    async with (
        ServiceBusClient.from_connection_string(connection_string) as client,
        client.get_queue_receiver(queue, receive_mode=ServiceBusReceiveMode.RECEIVE_AND_DELETE) as receiver,
    ):
        found: list[Delivered] = []
        while messages := await receiver.receive_messages(max_message_count=500, max_wait_time=0.4):
            for message in messages:
                properties = {_text(name): _plain(value) for name, value in (message.application_properties or {}).items()}
                found.append((str(message.message_id), b"".join(message.body), properties))
        return found


async def taken(broker: Broker, queue: str) -> list[tuple[str, str]]:
    """Everything the stand-in would deliver now: ids and texts, taken off the queue from within, on the loop it runs on."""

    async def take() -> list[Entry]:
        receiver = Receiver(deletes=True)
        found = broker.queue(queue)
        found.add_consumer(receiver)
        found.dispatch()
        found.remove_consumer(receiver)
        return receiver.entries

    entries = await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(take(), broker.failed.get_loop()))
    return [(str(entry.message.message_id), body_of(entry)) for entry in entries]


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _plain(value: Any) -> str | int:
    """Text or a number: nothing else is sent."""
    return value if isinstance(value, int) else _text(value)
