"""The unmodified azure-servicebus client against the local Service Bus, over real sockets: what is refused, and who is not hurt by it."""

import asyncio

import pytest
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient
from azure.servicebus.exceptions import ServiceBusAuthenticationError

from devtools.emulators.servicebus.broker import Broker
from tests.integration.servicebus.links import bodies, connected, receive, send

# --- refusals


async def test_a_queue_that_does_not_exist_is_refused_where_azure_refuses_it(client: ServiceBusClient) -> None:
    with pytest.raises(ServiceBusAuthenticationError):
        await send(client, "nowhere", ServiceBusMessage("x"))


async def test_a_wrong_key_is_refused(broker: Broker) -> None:
    forged = broker.connection_string.replace("SAS_KEY_VALUE", "another")

    async with connected(forged) as client:
        with pytest.raises(ServiceBusAuthenticationError):
            await send(client, "orders", ServiceBusMessage("x"))


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
