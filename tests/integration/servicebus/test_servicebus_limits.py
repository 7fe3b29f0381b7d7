"""The unmodified azure-servicebus client against the local Service Bus: sizes and numbers of connections."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from azure.servicebus import ServiceBusMessage, ServiceBusReceiveMode
from azure.servicebus.aio import AutoLockRenewer, ServiceBusClient, ServiceBusSender
from azure.servicebus.exceptions import MessageSizeExceededError, ServiceBusConnectionError

from devtools.emulators.servicebus.broker import Broker
from devtools.emulators.servicebus.limits import AZURE
from devtools.emulators.servicebus.server import running_broker
from tests.integration.servicebus.links import CONFIG, bodies, connected, links, receive, send

pytestmark = pytest.mark.integration

LIMIT_BYTES = 262_144


# --- sizes


async def test_a_message_a_batch_and_a_scheduled_message_over_256_kilobytes_are_refused_with_the_clients_own_error(
    client: ServiceBusClient, broker: Broker
) -> None:
    large, half = ServiceBusMessage(b"x" * LIMIT_BYTES), ServiceBusMessage(b"x" * (LIMIT_BYTES // 2))
    later = datetime.now(UTC) + timedelta(hours=1)

    async with client.get_queue_sender("orders") as sender:
        with pytest.raises(MessageSizeExceededError):
            await sender.send_messages(large)
        with pytest.raises(MessageSizeExceededError):
            await sender.send_messages([half, half])
        with pytest.raises(MessageSizeExceededError):
            await sender.schedule_messages(large, later)
        with pytest.raises(MessageSizeExceededError):
            await sender.schedule_messages([half, half], later)
        batch = await sender.create_message_batch()
        batch.add_message(half)
        with pytest.raises(MessageSizeExceededError):
            batch.add_message(half)

        await sender.send_messages(ServiceBusMessage("the link still works"))

    assert bodies(broker, "orders") == ["the link still works"]


async def test_a_batch_may_hold_256_kilobytes_and_no_more(client: ServiceBusClient, broker: Broker) -> None:
    async with client.get_queue_sender("orders") as sender:
        batch = await sender.create_message_batch()
        with contextlib.suppress(MessageSizeExceededError):
            while True:
                batch.add_message(ServiceBusMessage(b"x" * 1_000))
        await sender.send_messages(batch)

    assert batch.max_size_in_bytes == LIMIT_BYTES
    assert 200 < broker.queue("orders").message_count < 262


# --- connections


@pytest.mark.parametrize("count", [50, pytest.param(200, marks=pytest.mark.long)])
async def test_many_connections_at_once_are_served(count: int, broker: Broker) -> None:
    async with contextlib.AsyncExitStack() as stack:
        client = await stack.enter_async_context(connected(broker.connection_string))
        senders: list[ServiceBusSender] = [client.get_queue_sender("orders") for _ in range(count)]
        await asyncio.gather(*(sender.__aenter__() for sender in senders))
        assert len(broker.connections) == count

        await asyncio.gather(*(sender.send_messages(ServiceBusMessage(str(number))) for number, sender in enumerate(senders)))
        await asyncio.gather(*(sender.close() for sender in senders))

    assert sorted(bodies(broker, "orders"), key=int) == [str(number) for number in range(count)]


@pytest.fixture
async def small_broker() -> AsyncIterator[Broker]:
    async with running_broker(CONFIG, limits=replace(AZURE, connections=10)) as broker:
        yield broker


async def test_the_eleventh_of_ten_connections_is_refused_and_opens_once_another_has_closed(
    small_broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    async with connected(small_broker.connection_string) as client:
        senders = [client.get_queue_sender("orders") for _ in range(10)]
        await asyncio.gather(*(sender.__aenter__() for sender in senders))

        with pytest.raises(ServiceBusConnectionError, match=r"10 connections are open.*amqp:resource-limit-exceeded"):
            await send(client, "orders", ServiceBusMessage("one too many"))
        await senders.pop().close()
        await send(client, "orders", ServiceBusMessage("in its place"))

        await senders[0].send_messages(ServiceBusMessage("never disturbed"))
        await asyncio.gather(*(sender.close() for sender in senders))

    assert bodies(small_broker, "orders") == ["in its place", "never disturbed"]
    reasons = {vars(record)["reason"] for record in caplog.records if record.getMessage() == "connection refused"}
    assert reasons == {"ConnectionsQuotaExceeded: 10 connections are open, and no more are allowed (--max-connections)."}


# --- locks


async def test_locks_are_renewed_under_load(client: ServiceBusClient, broker: Broker) -> None:
    """Twenty messages are worked on for longer than their lock while others are sent and received as fast as they can be."""
    await send(client, "brief", *(ServiceBusMessage(str(number)) for number in range(20)))
    is_over = asyncio.Event()

    async def rush() -> None:
        async with links(client, "orders", receive_mode=ServiceBusReceiveMode.RECEIVE_AND_DELETE) as (sender, receiver):
            while not is_over.is_set():
                await sender.send_messages([ServiceBusMessage(b"x" * 1_000) for _ in range(50)])
                await receive(receiver, 50)

    load = [asyncio.create_task(rush()) for _ in range(2)]
    async with client.get_queue_receiver("brief", prefetch_count=0) as receiver, AutoLockRenewer() as renewer:
        vars(renewer).update(_renew_period=3, _sleep_time=0.2)  # the client begins ten seconds before the end, of a lock of four
        messages = await receive(receiver, 20)
        for message in messages:
            renewer.register(receiver, message, max_lock_renewal_duration=60)
        await asyncio.sleep(5)
        for message in messages:
            await receiver.complete_message(message)
        is_over.set()
        await asyncio.gather(*load)

    assert broker.operations["renew-lock"] >= 20
    assert broker.operations["complete"] == 20
    assert bodies(broker, "brief") + bodies(broker, "brief/$DeadLetterQueue") == []
