"""Looking into queues without taking anything out: peek, through the real SDK."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any, Final

from azure.servicebus import ServiceBusReceivedMessage, ServiceBusSubQueue
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver

ANSWER_SECONDS: Final = 15.0
ALL: Final = 1_000_000
"""More than any queue of a local run holds."""


async def peek_all(connection_string: str, queues: Sequence[str], *, dead: bool, most: int | None) -> list[dict[str, Any]]:
    """The first so many of each of these, or all; every message says on which ``queue`` it is.

    Raises:
        TimeoutError: the broker is silent. The SDK itself would wait for minutes.
    """
    async with asyncio.timeout(ANSWER_SECONDS), ServiceBusClient.from_connection_string(connection_string, retry_total=1) as client:
        found = await asyncio.gather(*(peek_one(client, queue, dead=dead, most=most or ALL) for queue in queues))
    return [{"queue": queue, **message} for queue, messages in zip(queues, found, strict=True) for message in messages]


async def peek_one(client: ServiceBusClient, queue: str, *, dead: bool, most: int) -> list[dict[str, Any]]:
    """The first messages on a queue, or on its dead-letter queue, oldest first."""
    async with client.get_queue_receiver(queue, sub_queue=ServiceBusSubQueue.DEAD_LETTER if dead else None) as receiver:
        return await peek_through(receiver, most=most)


async def peek_through(receiver: ServiceBusReceiver, *, most: int) -> list[dict[str, Any]]:
    """The same through an open receiver, for those who look often: the SDK takes a second to close one."""
    found: list[ServiceBusReceivedMessage] = []
    while len(found) < most:
        following = found[-1].sequence_number if found else 0
        batch = await receiver.peek_messages(max_message_count=min(100, most - len(found)), sequence_number=(following or 0) + 1)
        if not batch:
            break
        found.extend(batch)
    return [_plain(message) for message in found]


def _plain(message: ServiceBusReceivedMessage) -> dict[str, Any]:
    body = b"".join(part if isinstance(part, bytes) else bytes(part) for part in message.body)
    try:
        read = json.loads(body)
    except ValueError:
        read = {"unreadable": f"{len(body)} bytes"}
    return {
        "id": message.message_id,
        "sequenceNumber": message.sequence_number,
        "state": message.state.name.lower(),
        "enqueuedAt": message.enqueued_time_utc.isoformat() if message.enqueued_time_utc else None,
        "dueAt": message.scheduled_enqueue_time_utc.isoformat() if message.scheduled_enqueue_time_utc else None,
        "deliveryCount": message.delivery_count,
        "deadLetterReason": message.dead_letter_reason,
        "deadLetterDescription": message.dead_letter_error_description,
        "properties": {_text(name): _text(value) for name, value in (message.application_properties or {}).items()},
        "body": read,
    }


def _text(value: object) -> Any:
    return value.decode() if isinstance(value, bytes) else value
