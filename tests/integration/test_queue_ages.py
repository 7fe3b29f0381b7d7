"""The ages of queues at the wire: how often the broker is asked, what it gives away, and what becomes of its refusals."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from azure.servicebus.aio import ServiceBusClient

from devtools.emulators.servicebus.broker import Broker
from devtools.fakes.clock import Clock
from shared.errors import DependencyUnavailable
from shared.messaging.envelope import Envelope
from shared.messaging.service_bus import ServiceBusTransport
from tests.plugins.bus_twins import ages_of

pytestmark = pytest.mark.integration


async def test_many_who_ask_at_once_and_again_within_five_seconds_are_one_look(broker: Broker, queue: str) -> None:
    clock, before = Clock(), Counter(broker.operations)
    async with ages_of(broker.connection_string, clock) as ages:
        await asyncio.gather(*[ages.oldest_seconds(queue) for _ in range(20)])
        clock.advance(seconds=4.9)
        await ages.oldest_seconds(queue)
        assert (Counter(broker.operations) - before)["peek"] == 1

        clock.advance(seconds=0.1)
        await ages.oldest_seconds(queue)
        assert (Counter(broker.operations) - before)["peek"] == 2


async def test_a_look_is_no_delivery_and_a_clock_that_is_behind_makes_no_negative_age(
    broker: Broker, transport: ServiceBusTransport, queue: str
) -> None:
    await transport.send(Envelope(queue, "m", b""))
    before, clock = Counter(broker.operations), Clock()
    clock.advance(seconds=-3600 * 24 * 3650)

    async with ages_of(broker.connection_string, clock) as ages:
        assert await ages.oldest_seconds(queue) == 0

    assert (Counter(broker.operations) - before)["receive"] == 0
    async with (
        ServiceBusClient.from_connection_string(broker.connection_string) as client,
        client.get_queue_receiver(queue) as receiver,
    ):
        [message] = await receiver.receive_messages(max_wait_time=5)
        assert message.delivery_count == 0
        await receiver.complete_message(message)


async def test_a_queue_of_hundreds_that_were_put_off_is_as_old_as_these(broker: Broker, transport: ServiceBusTransport, queue: str) -> None:
    clock = Clock()
    far = clock() + timedelta(days=3650)
    await transport.send(*(Envelope(queue, f"later-{number}", b"", due_at=far) for number in range(250)))
    await transport.send(Envelope(queue, "now", b""))
    clock.moment = far

    async with ages_of(broker.connection_string, clock) as ages:
        assert await ages.oldest_seconds(queue) > 0


async def test_dead_letters_are_as_old_as_the_message_that_came_first_and_looking_takes_none(
    broker: Broker, transport: ServiceBusTransport, queue: str
) -> None:
    clock = Clock()
    await transport.send(Envelope(queue, "dead", b""))
    async with (
        ServiceBusClient.from_connection_string(broker.connection_string) as client,
        client.get_queue_receiver(queue) as receiver,
    ):
        [message] = await receiver.receive_messages(max_wait_time=5)
        await receiver.dead_letter_message(message)
    clock.moment = datetime.now(UTC) + timedelta(seconds=60)

    async with ages_of(broker.connection_string, clock) as ages:
        assert await ages.oldest_seconds(queue) == 0
        assert 60 <= await ages.oldest_seconds(queue, dead_letters=True) < 120
        clock.advance(seconds=6)
        assert 66 <= await ages.oldest_seconds(queue, dead_letters=True) < 126


@pytest.mark.long
async def test_a_queue_that_may_not_be_looked_at_waits_for_a_person(broker: Broker) -> None:
    async with ages_of(broker.connection_string, Clock()) as ages:
        with pytest.raises(DependencyUnavailable, match="look at no-such-queue"):
            await ages.oldest_seconds("no-such-queue")
