"""The two twins of the broker's port: the fake, and the adapter through the real SDK against the stand-in."""

import asyncio
from datetime import UTC, datetime
from typing import Any, Protocol

from azure.servicebus import ServiceBusReceiveMode
from azure.servicebus.aio import ServiceBusClient
from typing_extensions import override

from devtools.emulators.servicebus.broker import Broker
from devtools.fakes.clock import Clock
from devtools.fakes.transport import InMemoryTransport
from shared.messaging.envelope import Transport
from shared.messaging.service_bus import ServiceBusTransport


class Bus(Protocol):
    """The broker of one twin."""

    transport: Transport

    def now(self) -> datetime:
        """Its clock."""

    async def pass_seconds(self, seconds: float) -> None:
        """Let time pass."""

    async def arrived(self, queue: str) -> list[tuple[str, bytes, dict[str, str | int]]]:
        """What is delivered now: id, body and properties in order; taken off the queue."""


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
    async def arrived(self, queue: str) -> list[tuple[str, bytes, dict[str, str | int]]]:
        due = self.transport.due(queue)
        for envelope in due:
            self.transport.waiting.remove(envelope)
        return [(envelope.id, envelope.body, dict(envelope.properties)) for envelope in due]


class ServiceBusBus(Bus):
    """The adapter, and a receiver of the SDK."""

    def __init__(self, transport: ServiceBusTransport, broker: Broker) -> None:
        self.transport = transport
        self._broker = broker

    @override
    def now(self) -> datetime:
        return datetime.now(UTC)

    @override
    async def pass_seconds(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    @override
    async def arrived(self, queue: str) -> list[tuple[str, bytes, dict[str, str | int]]]:
        return await received(self._broker.connection_string, queue)


async def received(connection_string: str, queue: str) -> list[tuple[str, bytes, dict[str, str | int]]]:
    """Everything a queue delivers now, as the SDK reads it."""
    async with (
        ServiceBusClient.from_connection_string(connection_string) as client,
        client.get_queue_receiver(queue, receive_mode=ServiceBusReceiveMode.RECEIVE_AND_DELETE) as receiver,
    ):
        found: list[tuple[str, bytes, dict[str, str | int]]] = []
        while messages := await receiver.receive_messages(max_message_count=500, max_wait_time=0.4):
            for message in messages:
                properties = {_text(name): _plain(value) for name, value in (message.application_properties or {}).items()}
                found.append((str(message.message_id), b"".join(message.body), properties))
        return found


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _plain(value: Any) -> str | int:
    """Text or a number: nothing else is sent."""
    return value if isinstance(value, int) else _text(value)
