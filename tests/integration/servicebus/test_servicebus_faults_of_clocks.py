"""The broker's clock jumps, the client's does not: what the unmodified azure-servicebus client sees of it."""

from datetime import UTC, datetime, timedelta

import pytest
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient
from azure.servicebus.exceptions import MessageLockLostError, ServiceBusAuthenticationError

from devtools.faults.plan import Kind
from tests.integration.servicebus.faulty import BROKEN_CONNECTIONS, fault, faulty
from tests.integration.servicebus.links import bodies, links, receive, send
from tests.plugins.together import Together

pytestmark = [
    pytest.mark.integration,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.filterwarnings(BROKEN_CONNECTIONS),
]


async def moved(client: ServiceBusClient) -> None:
    """The next peek is when the clock jumps."""
    async with client.get_queue_receiver("orders") as receiver:
        await receiver.peek_messages(1)


together = Together()
scenes = together.alone()


@together
async def test_locks_schedules_and_expiry_obey_a_clock_that_was_moved_forward() -> None:
    due = datetime.now(UTC) + timedelta(minutes=30)
    async with faulty(fault(Kind.CLOCK_MOVED, "peek", seconds=3600)) as (broker, client, injector):
        async with links(client, "orders") as (sender, receiver):
            await sender.send_messages(ServiceBusMessage("locked"))
            [held] = await receive(receiver, 1)
            await sender.send_messages(ServiceBusMessage("brief", time_to_live=timedelta(minutes=5)))
            await sender.schedule_messages(ServiceBusMessage("due"), due)
            await receiver.peek_messages(1)

            with pytest.raises(MessageLockLostError):
                await receiver.complete_message(held)
            got = await receive(receiver, 2)

        assert sorted((str(message), message.delivery_count) for message in got) == [("due", 0), ("locked", 1)]
        assert bodies(broker, "orders/$DeadLetterQueue") == ["brief"]
        assert injector.count(Kind.CLOCK_MOVED) == 1


@together
async def test_a_duplicate_after_its_window_by_the_moved_clock_is_new() -> None:
    async with faulty(fault(Kind.CLOCK_MOVED, "peek", seconds=7200)) as (broker, client, _):
        async with client.get_queue_sender("once") as sender:
            for body in ("1", "2"):
                await sender.send_messages(ServiceBusMessage(body, message_id="a"))
            assert bodies(broker, "once") == ["1"]
            await moved(client)

            await sender.send_messages(ServiceBusMessage("3", message_id="a"))

        assert bodies(broker, "once") == ["1", "3"]


@together
async def test_a_token_is_over_by_the_moved_clock() -> None:
    async with faulty(fault(Kind.CLOCK_MOVED, "peek", seconds=864_000)) as (_, client, _):
        await moved(client)

        with pytest.raises(ServiceBusAuthenticationError):
            await send(client, "orders", ServiceBusMessage("x"))


@together
async def test_nothing_is_lost_when_the_clock_is_set_back_and_forward_again() -> None:
    jumps = [fault(Kind.CLOCK_MOVED, "peek", seconds=-3600), fault(Kind.CLOCK_MOVED, "peek", seconds=7200, after=1)]
    due = datetime.now(UTC) + timedelta(minutes=30)
    async with faulty(*jumps) as (broker, client, injector):
        async with links(client, "orders") as (sender, receiver):
            await sender.send_messages(ServiceBusMessage("before"))
            await sender.schedule_messages(ServiceBusMessage("due"), due)
            await receiver.peek_messages(1)
            await sender.send_messages(ServiceBusMessage("back"))
            [before, back] = await receive(receiver, 2)
            # The client counts a lock by its own clock, for which it is long over: it would not ask.
            for message in (before, back):
                message._expiry = datetime.now(UTC) + timedelta(minutes=1)
                await receiver.complete_message(message)
            assert bodies(broker, "orders") == ["due"]

            await receiver.peek_messages(1)
            [late] = await receive(receiver, 1)
            await receiver.complete_message(late)

        assert [str(message) for message in (before, back, late)] == ["before", "back", "due"]
        assert injector.count(Kind.CLOCK_MOVED) == 2
