"""The unmodified azure-servicebus client against a stand-in that obeys fault plans: locks, copies and order."""

import pytest
from azure.servicebus import ServiceBusMessage
from azure.servicebus.exceptions import (
    MessageLockLostError,
)

from devtools.faults.plan import Kind
from tests.integration.servicebus.faulty import BROKEN_CONNECTIONS, fault, faulty
from tests.integration.servicebus.links import bodies, links, receive, send
from tests.plugins.together import Together, each

pytestmark = [
    pytest.mark.integration,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.filterwarnings(BROKEN_CONNECTIONS),
]

# --- lock-lost, duplicate, reorder

together = Together()
scenes = together.alone()


@together
async def test_a_lock_that_is_lost_is_told_so_and_the_message_comes_again_counted() -> None:
    async def act(operation: str) -> None:
        async with faulty(fault(Kind.LOCK_LOST, operation)) as (_, client, injector):
            async with links(client, "orders") as (sender, receiver):
                await sender.send_messages(ServiceBusMessage("x"))
                [message] = await receive(receiver, 1)
                verb = {"renew-lock": "renew_message_lock", "dead-letter": "dead_letter_message"}.get(operation, f"{operation}_message")
                with pytest.raises(MessageLockLostError):
                    await getattr(receiver, verb)(message)
                [again] = await receive(receiver, 1)
                await receiver.complete_message(again)

            assert (str(again), again.delivery_count) == ("x", 1)
            assert injector.count(Kind.LOCK_LOST) == 1

    await each(act, *((operation,) for operation in ("complete", "renew-lock", "abandon", "dead-letter")))


@together
async def test_a_lock_that_is_lost_on_release_counts_what_would_have_come_back_uncounted() -> None:
    async with faulty(fault(Kind.LOCK_LOST, "release")) as (broker, client, injector):
        await send(client, "orders", *(ServiceBusMessage(str(number)) for number in range(3)))
        async with client.get_queue_receiver("orders", prefetch_count=3) as receiver:
            [first] = await receiver.receive_messages(1, max_wait_time=5)
            await receiver.complete_message(first)

        assert sorted((entry.delivery_count, entry.lock) for entry in broker.queue("orders").peek(0, 10)) == [(0, None), (1, None)]
        assert injector.count(Kind.LOCK_LOST) == 1


@together
async def test_a_message_sent_once_is_stored_twice_past_duplicate_detection() -> None:
    async with faulty(fault(Kind.DUPLICATE, "send")) as (broker, client, injector):
        await send(client, "once", ServiceBusMessage("x", message_id="a"), ServiceBusMessage("y", message_id="a"))

        assert bodies(broker, "once") == ["x", "x"]
        assert injector.count(Kind.DUPLICATE) == 1


@together
async def test_a_completed_message_is_delivered_once_more() -> None:
    async with faulty(fault(Kind.DUPLICATE, "complete")) as (broker, client, injector):
        async with links(client, "orders") as (sender, receiver):
            await sender.send_messages(ServiceBusMessage("x"))
            [message] = await receive(receiver, 1)
            await receiver.complete_message(message)
            [again] = await receive(receiver, 1)
            await receiver.complete_message(again)

        assert (str(again), again.delivery_count, again.sequence_number) == ("x", 1, message.sequence_number)
        assert bodies(broker, "orders") == []
        assert injector.count(Kind.DUPLICATE) == 1


@together
async def test_messages_overtake_each_other_only_where_several_wait() -> None:
    async with faulty(fault(Kind.REORDER, "receive", calls=3)) as (_, client, injector):
        async with links(client, "orders") as (sender, receiver):
            await sender.send_messages(ServiceBusMessage("alone"))
            [alone] = await receive(receiver, 1)
            await receiver.complete_message(alone)
            assert injector.count(Kind.REORDER) == 0

            await sender.send_messages([ServiceBusMessage(str(number)) for number in range(6)])
            got = await receive(receiver, 6)
            for message in got:
                await receiver.complete_message(message)

        assert sorted(str(message) for message in got) == ["0", "1", "2", "3", "4", "5"]
        assert [str(message) for message in got] != ["0", "1", "2", "3", "4", "5"]
        assert injector.count(Kind.REORDER) == 3
