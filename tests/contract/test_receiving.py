"""What the functions' host relies on when it receives: the stand-in and, where it is there, Microsoft's emulator answer alike."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from azure.servicebus import ServiceBusReceivedMessage, ServiceBusSubQueue
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver

from shared.messaging.envelope import Envelope
from shared.topology import TOPOLOGY
from tests.plugins.bus_twins import ServiceBusBus

pytest_plugins = ["tests.plugins.stand_ins"]
pytestmark = pytest.mark.integration


@asynccontextmanager
async def receiving(bus: ServiceBusBus, queue: str, *, dead: bool = False) -> AsyncIterator[ServiceBusReceiver]:
    async with (
        ServiceBusClient.from_connection_string(bus.connection_string) as client,
        client.get_queue_receiver(queue, sub_queue=ServiceBusSubQueue.DEAD_LETTER if dead else None) as receiver,
    ):
        yield receiver


async def one(receiver: ServiceBusReceiver) -> ServiceBusReceivedMessage:
    [message] = await receiver.receive_messages(max_message_count=1, max_wait_time=10)
    return message


async def none(receiver: ServiceBusReceiver) -> bool:
    return not await receiver.receive_messages(max_message_count=1, max_wait_time=0.5)


async def test_what_was_completed_is_gone(real_bus: ServiceBusBus, queue: str) -> None:
    await real_bus.transport.send(Envelope(queue, "m", b"{}"))
    async with receiving(real_bus, queue) as receiver:
        message = await one(receiver)
        assert message.delivery_count == 0

        await receiver.complete_message(message)

        assert await none(receiver)


async def test_what_was_abandoned_comes_back_at_once_and_says_how_often_it_came(real_bus: ServiceBusBus, queue: str) -> None:
    await real_bus.transport.send(Envelope(queue, "m", b"{}"), Envelope(queue, "after", b"{}"))
    async with receiving(real_bus, queue) as receiver:
        await receiver.abandon_message(await one(receiver))

        again = await one(receiver)

        assert (again.message_id, again.delivery_count) == (real_bus.wire_id("m"), 1)
        for message in (again, await one(receiver)):
            await receiver.complete_message(message)


async def test_a_message_that_always_fails_is_dead_after_as_many_deliveries_as_the_topology_says(
    real_bus: ServiceBusBus, queue: str
) -> None:
    await real_bus.transport.send(Envelope(queue, "poison", b'{"n":1}', {"tenantId": "t"}))
    async with receiving(real_bus, queue) as receiver:
        for _ in range(TOPOLOGY.queues[0].max_delivery_count):
            await receiver.abandon_message(await one(receiver))
        assert await none(receiver)

    async with receiving(real_bus, queue, dead=True) as receiver:
        dead = await one(receiver)
        await receiver.complete_message(dead)

    assert (dead.message_id, dead.dead_letter_reason) == (real_bus.wire_id("poison"), "MaxDeliveryCountExceeded")
    assert b"".join(dead.body) == b'{"n":1}'
    assert (dead.application_properties or {}).get(b"tenantId") == b"t"


async def test_a_lock_that_is_renewed_ends_later(real_bus: ServiceBusBus, queue: str) -> None:
    await real_bus.transport.send(Envelope(queue, "m", b"{}"))
    async with receiving(real_bus, queue) as receiver:
        message = await one(receiver)
        first = message.locked_until_utc

        until = await receiver.renew_message_lock(message)

        assert first is not None
        assert first <= until <= datetime.now(UTC) + TOPOLOGY.queues[0].lock + timedelta(seconds=5)
        await receiver.complete_message(message)


async def test_a_locked_message_is_nobody_elses(real_bus: ServiceBusBus, queue: str) -> None:
    await real_bus.transport.send(Envelope(queue, "m", b"{}"))
    async with receiving(real_bus, queue) as first, receiving(real_bus, queue) as second:
        message = await one(first)

        assert await none(second)

        await first.complete_message(message)


async def test_looking_takes_nothing_and_locks_nothing(real_bus: ServiceBusBus, queue: str) -> None:
    await real_bus.transport.send(Envelope(queue, "m", b"{}"))
    async with receiving(real_bus, queue) as receiver:
        seen = [message.message_id for message in await receiver.peek_messages(max_message_count=10)]

        message = await one(receiver)

        assert (seen, message.message_id, message.delivery_count) == ([real_bus.wire_id("m")], real_bus.wire_id("m"), 0)
        await receiver.complete_message(message)
