"""The queues of a running app, looked into through the real SDK: peeked at, never received from.

A receiver stays open for each queue that was looked into, because the SDK takes a second to close one; all are closed at once.
"""

import asyncio
import json
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from azure.servicebus import ServiceBusMessage, ServiceBusSubQueue
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver

from devtools.local.queues import peek_through

PIPELINE: Final = ("ingestion-events", "shard-emission", "enrichment-jobs", "embedding-jobs")
"""In the order in which a record goes through them."""
POLLED: Final = ("sync-inbound", "sync-inbound-bulk", "ingestion-events-bulk", *PIPELINE)
"""The same for records that are polled."""

LATER: Final = timedelta(minutes=1)

Body = Mapping[str, Any]


class Queues:
    """What is on the queues of one broker."""

    def __init__(self, connection_string: str) -> None:
        self._connection_string = connection_string
        self._open: dict[tuple[str, bool], tuple[AsyncExitStack, ServiceBusReceiver]] = {}

    async def peek(self, name: str, tenant_id: str | None = None, *, dead: bool = False) -> list[dict[str, Any]]:
        """What is on a queue, locked and scheduled messages included; a tenant's only, where one is named."""
        found = await peek_through(await self._receiver(name, dead=dead), most=100_000)
        return [message for message in found if tenant_id is None or message["properties"].get("tenantId") == tenant_id]

    async def are_empty(self, names: Iterable[str]) -> bool:
        """Whether nothing is left, locked and scheduled messages included, but for what is to come much later: another look, not a copy.

        They are looked into one after the other. Named in the order of the pipeline this is no snapshot and still true: a stage announces
        before it completes, so nothing comes to a queue any more when those before it were seen empty.
        """
        for name in names:
            receiver = await self._receiver(name)
            for most in (1, 100_000):
                found = await peek_through(receiver, most=most)
                if not all(map(_is_for_later, found)):
                    return False
                if not found:
                    break
        return True

    async def put(self, name: str, messages: Mapping[str, Body]) -> None:
        """Messages of another producer, by their ids."""
        client = ServiceBusClient.from_connection_string(self._connection_string)
        async with client, client.get_queue_sender(name) as sender:
            for message_id, body in messages.items():
                await sender.send_messages(ServiceBusMessage(json.dumps(body).encode(), message_id=message_id))

    async def look_away(self) -> None:
        """Close what is open at the broker."""
        stacks = [stack for stack, _ in self._open.values()]
        self._open.clear()
        await asyncio.gather(*(stack.aclose() for stack in stacks))

    async def _receiver(self, name: str, *, dead: bool = False) -> ServiceBusReceiver:
        if (name, dead) not in self._open:
            stack = AsyncExitStack()
            client = await stack.enter_async_context(ServiceBusClient.from_connection_string(self._connection_string))
            opened = client.get_queue_receiver(name, sub_queue=ServiceBusSubQueue.DEAD_LETTER if dead else None)
            self._open[name, dead] = stack, await stack.enter_async_context(opened)
        return self._open[name, dead][1]


def _is_for_later(message: Mapping[str, Any]) -> bool:
    """Whether it was put off on purpose for longer than a minute, and is no copy of one that failed."""
    if message["state"] != "scheduled" or message["dueAt"] is None or message["properties"].get("attempt"):
        return False
    return datetime.fromisoformat(message["dueAt"]) - datetime.now(UTC) > LATER
