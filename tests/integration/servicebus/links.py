"""What the tests of the Service Bus stand-in share: its queues, and short ways through the unmodified SDK."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from azure.servicebus import ServiceBusMessage, ServiceBusReceivedMessage, ServiceBusReceiveMode, ServiceBusSubQueue
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver, ServiceBusSender

from devtools.emulators.servicebus.bench import body_of
from devtools.emulators.servicebus.broker import Broker


def queue(name: str, **properties: Any) -> dict[str, Any]:
    defaults = {
        "LockDuration": "PT5M",
        "MaxDeliveryCount": 10,
        "DefaultMessageTimeToLive": "P14D",
        "DeadLetteringOnMessageExpiration": True,
    }
    return {"Name": name, "Properties": defaults | properties}


CONFIG = {
    "UserConfig": {
        "Namespaces": [
            {
                "Name": "sbemulatorns",
                "Queues": [
                    queue("orders"),
                    queue("once", RequiresDuplicateDetection=True, DuplicateDetectionHistoryTimeWindow="PT1H"),
                    queue("hasty", LockDuration="PT1S", MaxDeliveryCount=2),
                    queue("brief", LockDuration="PT4S"),
                    queue("ephemeral", DeadLetteringOnMessageExpiration=False),
                ],
            }
        ]
    }
}


def connected(connection_string: str) -> ServiceBusClient:
    return ServiceBusClient.from_connection_string(connection_string, retry_total=0)


@contextlib.asynccontextmanager
async def links(client: ServiceBusClient, queue: str, **receiver: Any) -> AsyncIterator[tuple[ServiceBusSender, ServiceBusReceiver]]:
    """A sender and a receiver, opened and closed side by side: the client takes half a second for each."""
    sending, receiving = client.get_queue_sender(queue), client.get_queue_receiver(queue, **receiver)
    await asyncio.gather(sending.__aenter__(), receiving.__aenter__())
    try:
        yield sending, receiving
    finally:
        await asyncio.gather(sending.close(), receiving.close())


async def send(client: ServiceBusClient, queue: str, *messages: ServiceBusMessage) -> None:
    async with client.get_queue_sender(queue) as sender:
        for message in messages:
            await sender.send_messages(message)


async def receive(receiver: ServiceBusReceiver, count: int) -> list[ServiceBusReceivedMessage]:
    """Exactly that many messages: the client may return early with fewer."""
    messages: list[ServiceBusReceivedMessage] = []
    async with asyncio.timeout(20):
        while len(messages) < count:
            messages += await receiver.receive_messages(count - len(messages), max_wait_time=5)
    return messages


async def drained(client: ServiceBusClient, queue: str, count: int, *, dead: bool = False) -> list[ServiceBusReceivedMessage]:
    sub_queue = ServiceBusSubQueue.DEAD_LETTER if dead else None
    async with client.get_queue_receiver(queue, sub_queue=sub_queue, receive_mode=ServiceBusReceiveMode.RECEIVE_AND_DELETE) as receiver:
        return await receive(receiver, count)


def bodies(broker: Broker, queue: str) -> list[str]:
    """What is in a queue, read behind the client's back."""
    return [body_of(entry) for entry in broker.queue(queue).peek(0, 1_000_000)]
