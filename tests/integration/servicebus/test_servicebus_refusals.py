"""The unmodified azure-servicebus client against the local Service Bus, over real sockets: what is refused, and who is not hurt by it."""

import asyncio

import pytest
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient
from azure.servicebus.exceptions import (
    ServiceBusAuthenticationError,
    ServiceBusError,
)

from devtools.emulators.servicebus.broker import Broker
from devtools.emulators.servicebus.performatives import AMQP_HEADER, OPEN, SASL_HEADER, frame
from tests.integration.servicebus.links import bodies, connected, links, receive, send

# --- refusals


async def test_a_queue_that_does_not_exist_is_refused_where_azure_refuses_it(client: ServiceBusClient) -> None:
    with pytest.raises(ServiceBusAuthenticationError):
        await send(client, "nowhere", ServiceBusMessage("x"))


async def test_a_wrong_key_is_refused(broker: Broker) -> None:
    forged = broker.connection_string.replace("SAS_KEY_VALUE", "another")

    async with connected(forged) as client:
        with pytest.raises(ServiceBusAuthenticationError):
            await send(client, "orders", ServiceBusMessage("x"))


async def test_what_is_not_built_is_refused_by_name(client: ServiceBusClient) -> None:
    with pytest.raises(ServiceBusError, match="has no sessions"):
        async with client.get_queue_receiver("orders", session_id="s"):
            pass
    async with links(client, "orders") as (sender, receiver):
        await sender.send_messages(ServiceBusMessage("x"))
        [message] = await receive(receiver, 1)
        with pytest.raises(ServiceBusError, match="Deferring a message"):
            await receiver.defer_message(message)
        with pytest.raises(ServiceBusError, match="receive-by-sequence-number"):
            await receiver.receive_deferred_messages([1])


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="http"),
        pytest.param(b"\x16\x03\x01\x00\xa5\x01\x00\x00", id="tls"),
        pytest.param(AMQP_HEADER + b"\xff\xff\xff\xff\x02\x00\x00\x00", id="a giant frame"),
        pytest.param(AMQP_HEADER + b"\x00\x00\x00\x0a\x02\x00\x00\x00\x01\x02", id="a frame of nonsense"),
        pytest.param(SASL_HEADER + AMQP_HEADER, id="no authentication"),
        pytest.param(AMQP_HEADER + frame(0, OPEN, max_frame_size="many"), id="a field of the wrong type"),
    ],
)
async def test_a_client_that_breaks_the_protocol_is_cut_off_and_no_one_else_notices(hostile: bytes, broker: Broker) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", broker.port)
    writer.write(hostile)

    async with asyncio.timeout(5):
        await reader.read()

    writer.close()
    await writer.wait_closed()
    async with connected(broker.connection_string) as client:
        await send(client, "orders", ServiceBusMessage("fine"))


async def test_a_client_that_vanishes_in_the_middle_leaves_the_broker_well(client: ServiceBusClient, broker: Broker) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", broker.port)
    writer.write(SASL_HEADER[:5])
    await writer.drain()
    writer.transport.abort()
    assert await reader.read() == b""

    await send(client, "orders", ServiceBusMessage("fine"))
    assert bodies(broker, "orders") == ["fine"]


async def test_thirty_connections_share_a_queue_and_each_message_goes_to_one(client: ServiceBusClient, broker: Broker) -> None:
    await send(client, "orders", *(ServiceBusMessage(str(number)) for number in range(60)))
    got: list[str] = []

    async def take() -> None:
        async with client.get_queue_receiver("orders") as receiver:
            for message in await receive(receiver, 2):
                await receiver.complete_message(message)
                got.append(str(message))

    await asyncio.gather(*(take() for _ in range(30)))

    assert sorted(got, key=int) == [str(number) for number in range(60)]
    assert bodies(broker, "orders") == []
