"""Looking into queues without taking anything out: peek, through the real SDK."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from azure.servicebus import ServiceBusReceivedMessage, ServiceBusSubQueue
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver

from devtools.local.clients import service_bus_client
from devtools.local.run import Run

ANSWER_SECONDS: Final = 15.0
ALL: Final = 1_000_000
"""More than any queue of a local run holds."""


@dataclass(frozen=True)
class Place:
    """A queue, or its dead letters."""

    queue: str
    dead: bool = False


async def peek_all(run: Run, places: Sequence[Place], *, most: int | None, at_once: int) -> list[list[dict[str, Any]]]:
    """The first so many messages of each place, or all, oldest first; every message says on which ``queue`` it is.

    Each look is a connection of its own, and there are ``at_once`` at most. The SDK takes a second to close one.

    Raises:
        TimeoutError: the broker is silent. The SDK itself would wait for minutes.
    """
    turns = asyncio.Semaphore(at_once)

    async def look(client: ServiceBusClient, place: Place) -> list[dict[str, Any]]:
        sub_queue = ServiceBusSubQueue.DEAD_LETTER if place.dead else None
        async with turns, asyncio.timeout(ANSWER_SECONDS), client.get_queue_receiver(place.queue, sub_queue=sub_queue) as receiver:
            return [{"queue": place.queue, **message} for message in await peek_through(receiver, most=most or ALL)]

    async with service_bus_client(run, retry_total=1) as client:
        return await asyncio.gather(*(look(client, place) for place in places))


async def peek_through(receiver: ServiceBusReceiver, *, most: int) -> list[dict[str, Any]]:
    """The first messages that an open receiver sees, oldest first: for those who look often."""
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
