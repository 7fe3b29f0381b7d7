"""The unmodified azure-servicebus client against the local Service Bus, over real sockets: sending, settling and time."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.servicebus import ServiceBusMessage, ServiceBusMessageBatch, ServiceBusSubQueue
from azure.servicebus.aio import ServiceBusClient
from azure.servicebus.exceptions import (
    MessageLockLostError,
    MessageNotFoundError,
    ServiceBusError,
)

from devtools.emulators.servicebus.broker import Broker
from tests.integration.servicebus.links import bodies, drained, links, receive, send

# --- sending and receiving


async def test_a_message_arrives_as_it_was_sent(client: ServiceBusClient) -> None:
    properties: dict[str | bytes, Any] = {"tenant": "t1", "attempt": 3, "ratio": 0.5, "yes": True}
    sent = ServiceBusMessage(b"\x00body\xff", message_id="m-1", correlation_id="c-1", subject="event", content_type="application/json")
    sent.application_properties = properties

    async with links(client, "orders") as (sender, receiver):
        await sender.send_messages(sent)
        [got] = await receive(receiver, 1)

    assert b"".join(got.body) == b"\x00body\xff"
    assert (got.message_id, got.correlation_id, got.subject, got.content_type) == ("m-1", "c-1", "event", "application/json")
    found = got.application_properties or {}
    assert {key.decode() if isinstance(key, bytes) else key: value for key, value in found.items()} == {**properties, "tenant": b"t1"}
    assert (got.delivery_count, got.sequence_number) == (0, 1)
    assert got.enqueued_time_utc is not None
    assert abs(got.enqueued_time_utc - datetime.now(UTC)) < timedelta(seconds=30)


async def test_a_batch_is_taken_apart_and_kept_in_order(client: ServiceBusClient, broker: Broker) -> None:
    async with links(client, "orders") as (sender, receiver):
        batch: ServiceBusMessageBatch = await sender.create_message_batch()
        for number in range(200):
            batch.add_message(ServiceBusMessage(f"{number}"))
        await sender.send_messages(batch)
        got = await receive(receiver, 200)

    assert [str(message) for message in got] == [str(number) for number in range(200)]
    assert (broker.operations["send"], broker.operations["sent-messages"]) == (1, 200)


async def test_a_message_of_almost_256_kilobytes_arrives_whole(client: ServiceBusClient) -> None:
    body = bytes(range(256)) * 1_000

    async with links(client, "orders") as (sender, receiver):
        await sender.send_messages(ServiceBusMessage(body))
        [got] = await receive(receiver, 1)

    assert b"".join(got.body) == body


async def test_more_messages_than_the_broker_first_grants_credit_for_are_taken(client: ServiceBusClient, broker: Broker) -> None:
    await send(client, "orders", *(ServiceBusMessage(str(number)) for number in range(1_200)))

    assert broker.queue("orders").message_count == 1_200


async def test_a_received_message_can_be_sent_on(client: ServiceBusClient, broker: Broker) -> None:
    async with links(client, "orders") as (sender, receiver):
        await sender.send_messages(ServiceBusMessage("x"))
        [got] = await receive(receiver, 1)

        await sender.send_messages(got)
        await receiver.complete_message(got)
        [again] = await receive(receiver, 1)

    assert (str(again), again.sequence_number, again.lock_token == got.lock_token) == ("x", 2, False)


# --- settling


async def test_complete_abandon_and_dead_letter_do_what_they_say(client: ServiceBusClient, broker: Broker) -> None:
    async with links(client, "orders") as (sender, receiver):
        await sender.send_messages([ServiceBusMessage(body) for body in ("done", "again", "dead")])
        done, again, dead = await receive(receiver, 3)

        await receiver.complete_message(done)
        await receiver.dead_letter_message(dead, reason="unreadable", error_description="no such field")
        await receiver.abandon_message(again)

        [repeated] = await receive(receiver, 1)
        await receiver.complete_message(repeated)
    assert (str(repeated), repeated.delivery_count) == ("again", 1)
    [buried] = await drained(client, "orders", 1, dead=True)
    assert (str(buried), buried.dead_letter_reason, buried.dead_letter_error_description) == ("dead", "unreadable", "no such field")
    assert bodies(broker, "orders") == []
    assert dict(broker.operations) == {"send": 1, "sent-messages": 3, "receive": 5, "complete": 2, "abandon": 1, "dead-letter": 1}


async def test_a_message_nobody_can_process_ends_in_the_dead_letter_queue(client: ServiceBusClient) -> None:
    async with links(client, "hasty") as (sender, receiver):
        await sender.send_messages(ServiceBusMessage("poison"))
        for _ in range(2):
            [message] = await receive(receiver, 1)
            await receiver.abandon_message(message)

    [dead] = await drained(client, "hasty", 1, dead=True)
    assert (dead.dead_letter_reason, dead.delivery_count) == ("MaxDeliveryCountExceeded", 2)


async def test_a_lock_that_ends_gives_the_message_to_the_next_and_refuses_the_first(client: ServiceBusClient) -> None:
    async with links(client, "hasty") as (sender, slow), client.get_queue_receiver("hasty") as quick:
        await sender.send_messages(ServiceBusMessage("slow"))
        [lost] = await receive(slow, 1)
        [found] = await receive(quick, 1)
        assert found.delivery_count == 1
        await quick.complete_message(found)

        lost._expiry = datetime.now(UTC) + timedelta(minutes=1)  # else the client refuses without asking the broker
        with pytest.raises(MessageLockLostError):
            await slow.complete_message(lost)


async def test_a_renewed_lock_holds(client: ServiceBusClient, broker: Broker) -> None:
    async with links(client, "hasty") as (sender, receiver):
        await sender.send_messages(ServiceBusMessage("long"))
        [message] = await receive(receiver, 1)
        for _ in range(3):
            await asyncio.sleep(0.5)
            await receiver.renew_message_lock(message)
        await receiver.complete_message(message)

    assert bodies(broker, "hasty") == []
    assert broker.operations["renew-lock"] == 3


async def test_messages_the_client_had_fetched_and_not_used_come_back_uncounted(client: ServiceBusClient, broker: Broker) -> None:
    await send(client, "orders", *(ServiceBusMessage(str(number)) for number in range(5)))

    async with client.get_queue_receiver("orders", prefetch_count=5) as receiver:
        [first] = await receiver.receive_messages(1, max_wait_time=5)
        await receiver.complete_message(first)

    assert [(entry.delivery_count, entry.lock) for entry in broker.queue("orders").peek(0, 10)] == [(0, None)] * 4


async def test_a_message_is_settled_after_its_link_is_gone(client: ServiceBusClient, broker: Broker) -> None:
    async with links(client, "orders") as (sender, receiver):
        await sender.send_messages(ServiceBusMessage("x"))
        [message] = await receive(receiver, 1)
        await receiver._handler._link.detach()  # type: ignore[union-attr]  # the client's own link; it is open here

        await receiver.complete_message(message)

    assert bodies(broker, "orders") == []


async def test_peek_shows_locked_and_scheduled_messages_from_any_number_on_and_takes_none(client: ServiceBusClient, broker: Broker) -> None:
    async with links(client, "orders") as (sender, receiver):
        await sender.send_messages([ServiceBusMessage(str(number)) for number in range(1, 6)])
        await sender.schedule_messages(ServiceBusMessage("later"), datetime.now(UTC) + timedelta(hours=1))
        [locked] = await receive(receiver, 1)

        seen = await receiver.peek_messages(100, sequence_number=1)
        from_four = await receiver.peek_messages(2, sequence_number=4)

        await receiver.complete_message(locked)
        beyond = await receiver.peek_messages(10, sequence_number=99)

    assert [str(message) for message in seen] == ["1", "2", "3", "4", "5", "later"]
    assert [message.state.name for message in seen] == ["ACTIVE"] * 5 + ["SCHEDULED"]
    assert [message.sequence_number for message in from_four] == [4, 5]
    assert beyond == []
    assert bodies(broker, "orders") == ["2", "3", "4", "5", "later"]


async def test_peek_gives_as_many_messages_as_an_answer_holds(client: ServiceBusClient) -> None:
    async with links(client, "orders") as (sender, receiver):
        for number in range(4):
            await sender.send_messages(ServiceBusMessage(bytes([number]) * 100_000))

        first = await receiver.peek_messages(10, sequence_number=1)
        rest = await receiver.peek_messages(10)

    assert [message.sequence_number for message in (*first, *rest)] == [1, 2, 3, 4]


async def test_a_dead_letter_is_peeked_received_and_completed_and_never_buried_again(client: ServiceBusClient, broker: Broker) -> None:
    async with links(client, "orders") as (sender, receiver):
        await sender.send_messages([ServiceBusMessage("a"), ServiceBusMessage("b")])
        for message in await receive(receiver, 2):
            await receiver.dead_letter_message(message, reason="no")

    async with client.get_queue_receiver("orders", sub_queue=ServiceBusSubQueue.DEAD_LETTER) as dead:
        assert [str(message) for message in await dead.peek_messages(10)] == ["a", "b"]
        first, second = await receive(dead, 2)
        await dead.complete_message(first)
        with pytest.raises(ServiceBusError, match="cannot be dead-lettered again"):
            await dead.dead_letter_message(second, reason="no")

    assert bodies(broker, "orders/$DeadLetterQueue") == ["b"]


# --- time


async def test_a_scheduled_message_comes_at_its_time_and_a_cancelled_one_never(client: ServiceBusClient) -> None:
    async with links(client, "orders") as (sender, receiver):
        due = datetime.now(UTC) + timedelta(seconds=1)
        _, unwanted = await sender.schedule_messages([ServiceBusMessage("later"), ServiceBusMessage("never")], due)
        await sender.send_messages(ServiceBusMessage("by annotation", scheduled_enqueue_time_utc=due))
        await sender.cancel_scheduled_messages(unwanted)

        assert [str(message) for message in await receiver.peek_messages(100)] == ["later", "by annotation"]
        got = await receive(receiver, 2)

    assert [str(message) for message in got] == ["later", "by annotation"]
    assert all(message.enqueued_time_utc >= due - timedelta(milliseconds=1) for message in got if message.enqueued_time_utc)


async def test_cancelling_what_is_not_scheduled_says_so(client: ServiceBusClient) -> None:
    async with client.get_queue_sender("orders") as sender:
        with pytest.raises(MessageNotFoundError):
            await sender.cancel_scheduled_messages(42)


async def test_an_expired_message_is_dead_lettered_or_dropped_as_the_queue_says(client: ServiceBusClient, broker: Broker) -> None:
    brief = timedelta(milliseconds=100)
    await asyncio.gather(
        send(client, "orders", ServiceBusMessage("kept", time_to_live=brief)),
        send(client, "ephemeral", ServiceBusMessage("dropped", time_to_live=brief)),
    )

    [dead] = await drained(client, "orders", 1, dead=True)

    assert (str(dead), dead.dead_letter_reason) == ("kept", "TTLExpiredException")
    assert bodies(broker, "ephemeral") + bodies(broker, "ephemeral/$DeadLetterQueue") == []


async def test_the_same_message_id_is_taken_once(client: ServiceBusClient, broker: Broker) -> None:
    async with client.get_queue_sender("once") as sender:
        await sender.send_messages([ServiceBusMessage("1", message_id="a"), ServiceBusMessage("2", message_id="a")])
        await sender.send_messages(ServiceBusMessage("3", message_id="a"))
        await sender.schedule_messages(ServiceBusMessage("4", message_id="a"), datetime.now(UTC) + timedelta(seconds=60))
        await sender.send_messages(ServiceBusMessage("5", message_id="b"))

    assert bodies(broker, "once") == ["1", "5"]
