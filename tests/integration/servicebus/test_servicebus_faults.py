"""The unmodified azure-servicebus client against a stand-in that obeys fault plans: what the client sees of each kind."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest
from azure.servicebus import ServiceBusMessage
from azure.servicebus.exceptions import (
    MessageLockLostError,
    MessageSizeExceededError,
    MessagingEntityDisabledError,
    MessagingEntityNotFoundError,
    OperationTimeoutError,
    ServiceBusAuthenticationError,
    ServiceBusAuthorizationError,
    ServiceBusError,
    ServiceBusQuotaExceededError,
    ServiceBusServerBusyError,
)

from devtools.faults.plan import Fault, Kind
from tests.integration.servicebus.faulty import BROKEN_CONNECTIONS, fault, faulty
from tests.integration.servicebus.links import bodies, links, receive, send

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings(BROKEN_CONNECTIONS)]

# --- drop


@pytest.mark.parametrize(("applied", "stored"), [(False, []), (True, ["x"])])
async def test_a_dropped_send_fails_and_was_carried_out_only_where_the_plan_says_so(applied: bool, stored: list[str]) -> None:
    async with faulty(fault(Kind.DROP, "send", applied=applied)) as (broker, client, injector):
        with pytest.raises(ServiceBusError):
            await send(client, "orders", ServiceBusMessage("x"))

        assert bodies(broker, "orders") == stored
        assert injector.count(Kind.DROP) == 1


@pytest.mark.parametrize(("applied", "left"), [(False, ["x"]), (True, [])])
async def test_a_dropped_completion_fails_and_was_carried_out_only_where_the_plan_says_so(applied: bool, left: list[str]) -> None:
    async with faulty(fault(Kind.DROP, "complete", applied=applied)) as (broker, client, injector):
        await send(client, "orders", ServiceBusMessage("x"))
        async with client.get_queue_receiver("orders") as receiver:
            [message] = await receive(receiver, 1)
            with pytest.raises(ServiceBusError):
                await receiver.complete_message(message)

        assert bodies(broker, "orders") == left
        assert injector.count(Kind.DROP) == 1


@pytest.mark.parametrize(("applied", "is_locked"), [(False, False), (True, True)])
async def test_a_dropped_delivery_is_free_again_or_stays_locked_for_nobody(applied: bool, is_locked: bool) -> None:
    async with faulty(fault(Kind.DROP, "receive", applied=applied)) as (broker, client, injector):
        await send(client, "orders", ServiceBusMessage("x"))
        with pytest.raises(ServiceBusError):
            async with client.get_queue_receiver("orders") as receiver:
                await receive(receiver, 1)

        [entry] = broker.queue("orders").peek(0, 1)
        assert (entry.lock is not None, entry.delivery_count) == (is_locked, 0)
        assert injector.count(Kind.DROP) == 1


@pytest.mark.parametrize("operation", ["connect", "claim", "open"])
async def test_a_connection_that_is_dropped_while_it_is_opened_can_be_opened_again(operation: str) -> None:
    async with faulty(fault(Kind.DROP, operation)) as (broker, client, injector):
        with pytest.raises(ServiceBusError):
            await send(client, "orders", ServiceBusMessage("x"))
        await send(client, "orders", ServiceBusMessage("y"))

        assert bodies(broker, "orders") == ["y"]
        assert injector.count(Kind.DROP) == 1


# --- delay


async def test_a_delayed_answer_makes_nobody_else_wait() -> None:
    async with faulty(fault(Kind.DELAY, "send", seconds=1.0)) as (broker, client, injector):
        async with client.get_queue_sender("orders") as slow, client.get_queue_sender("orders") as quick:
            started = time.monotonic()
            waiting = asyncio.create_task(slow.send_messages(ServiceBusMessage("slow")))
            async with asyncio.timeout(10):
                while not injector.count(Kind.DELAY):
                    await asyncio.sleep(0.01)
            await quick.send_messages(ServiceBusMessage("quick"))
            assert not waiting.done()
            await waiting

        assert time.monotonic() - started >= 1.0
        assert bodies(broker, "orders") == ["slow", "quick"]


@pytest.mark.parametrize("operation", ["connect", "claim", "open", "receive", "peek", "renew-lock", "complete"])
async def test_whatever_is_delayed_comes_late_and_right(operation: str) -> None:
    async with faulty(fault(Kind.DELAY, operation, seconds=0.5)) as (broker, client, injector):
        started = time.monotonic()
        async with links(client, "orders") as (sender, receiver):
            await sender.send_messages(ServiceBusMessage("x"))
            [message] = await receive(receiver, 1)
            [seen] = await receiver.peek_messages(1, sequence_number=1)
            await receiver.renew_message_lock(message)
            await receiver.complete_message(message)

        assert time.monotonic() - started >= 0.5
        assert (str(message), str(seen), message.delivery_count) == ("x", "x", 0)
        assert bodies(broker, "orders") == []
        assert injector.count(Kind.DELAY) == 1


async def test_a_delivery_that_is_held_back_for_a_receiver_that_leaves_goes_to_the_next() -> None:
    async with faulty(fault(Kind.DELAY, "receive", seconds=600)) as (_, client, injector):
        async with links(client, "orders") as (sender, receiver):
            await sender.send_messages(ServiceBusMessage("x"))
            assert await receiver.receive_messages(1, max_wait_time=1) == []

        async with client.get_queue_receiver("orders") as receiver:
            [message] = await receive(receiver, 1)
            await receiver.complete_message(message)
        assert message.delivery_count == 0
        assert injector.count(Kind.DELAY) == 1


# --- refuse


@pytest.mark.parametrize(
    ("status", "variant", "error"),
    [
        (401, None, ServiceBusAuthorizationError),
        (403, None, ServiceBusQuotaExceededError),
        (403, "entity-disabled", MessagingEntityDisabledError),
        (403, "quota-exceeded", ServiceBusQuotaExceededError),
        (404, None, MessagingEntityNotFoundError),
        (413, None, MessageSizeExceededError),
        (429, None, ServiceBusServerBusyError),
        (503, None, ServiceBusServerBusyError),
        (503, "server-busy", ServiceBusServerBusyError),
        (503, "internal-error", ServiceBusError),
        (503, "detach-forced", ServiceBusError),
        (504, None, OperationTimeoutError),
    ],
)
async def test_a_refused_send_fails_with_the_clients_error_for_the_status(
    status: int, variant: str | None, error: type[ServiceBusError]
) -> None:
    async with faulty(fault(Kind.REFUSE, "send", status=status, variant=variant)) as (broker, client, injector):
        with pytest.raises(error, match=f"refuses this call with {status}"):
            await send(client, "orders", ServiceBusMessage("x"))

        assert bodies(broker, "orders") == []
        assert injector.count(Kind.REFUSE) == 1


async def test_settling_asking_and_opening_are_refused_alike_and_work_afterwards() -> None:
    busy = [fault(Kind.REFUSE, operation, status=429) for operation in ("open", "complete", "peek", "renew-lock", "schedule", "cancel")]
    due = datetime.now(UTC) + timedelta(hours=1)
    async with faulty(*busy) as (broker, client, injector):
        with pytest.raises(ServiceBusServerBusyError):
            async with client.get_queue_sender("orders"):
                pass
        async with links(client, "orders") as (sender, receiver):
            await sender.send_messages(ServiceBusMessage("x"))
            [message] = await receive(receiver, 1)
            with pytest.raises(ServiceBusServerBusyError):
                await receiver.renew_message_lock(message)
            with pytest.raises(ServiceBusServerBusyError):
                await receiver.peek_messages(1)
            with pytest.raises(ServiceBusServerBusyError):
                await sender.schedule_messages(ServiceBusMessage("later"), due)
            [number] = await sender.schedule_messages(ServiceBusMessage("later"), due)
            with pytest.raises(ServiceBusServerBusyError):
                await sender.cancel_scheduled_messages(number)
            await sender.cancel_scheduled_messages(number)
            with pytest.raises(ServiceBusServerBusyError):
                await receiver.complete_message(message)

        assert bodies(broker, "orders") == ["x"]
        assert set(injector.fired.values()) == {1}


async def test_a_refused_claim_is_an_authentication_error() -> None:
    async with faulty(fault(Kind.REFUSE, "claim", status=401)) as (_, client, injector):
        with pytest.raises(ServiceBusAuthenticationError):
            await send(client, "orders", ServiceBusMessage("x"))

        assert injector.count(Kind.REFUSE) == 1


async def test_another_queue_is_not_meant() -> None:
    async with faulty(fault(Kind.REFUSE, "send", status=503, target="once")) as (broker, client, injector):
        await send(client, "orders", ServiceBusMessage("x"))

        assert bodies(broker, "orders") == ["x"]
        assert injector.count(Kind.REFUSE) == 0


# --- timeout


@pytest.mark.parametrize(("applied", "stored"), [(False, ["y"]), (True, ["x", "y"])])
async def test_a_send_that_is_never_answered_times_out_and_its_connection_stays(applied: bool, stored: list[str]) -> None:
    async with faulty(fault(Kind.TIMEOUT, "send", applied=applied)) as (broker, client, injector):
        async with client.get_queue_sender("orders") as sender:
            with pytest.raises(OperationTimeoutError):
                await sender.send_messages(ServiceBusMessage("x"), timeout=1)
            await sender.send_messages(ServiceBusMessage("y"))

        assert bodies(broker, "orders") == stored
        assert injector.count(Kind.TIMEOUT) == 1


async def test_a_message_whose_delivery_is_lost_comes_again_when_its_lock_ends() -> None:
    async with faulty(fault(Kind.TIMEOUT, "receive")) as (_, client, injector):
        async with links(client, "hasty") as (sender, receiver):
            await sender.send_messages(ServiceBusMessage("x"))
            [message] = await receive(receiver, 1)
            await receiver.complete_message(message)

        assert message.delivery_count == 1
        assert injector.count(Kind.TIMEOUT) == 1


# --- lock-lost, duplicate, reorder


@pytest.mark.parametrize("operation", ["complete", "renew-lock", "abandon", "dead-letter"])
async def test_a_lock_that_is_lost_is_told_so_and_the_message_comes_again_counted(operation: str) -> None:
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


async def test_a_message_sent_once_is_stored_twice_past_duplicate_detection() -> None:
    async with faulty(fault(Kind.DUPLICATE, "send")) as (broker, client, injector):
        await send(client, "once", ServiceBusMessage("x", message_id="a"), ServiceBusMessage("y", message_id="a"))

        assert bodies(broker, "once") == ["x", "x"]
        assert injector.count(Kind.DUPLICATE) == 1


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


# --- determinism


async def struck(*faults: Fault, seed: int) -> list[int]:
    """Which of twenty sends were refused."""
    refused = []
    async with faulty(*faults, seed=seed) as (_, client, _), client.get_queue_sender("orders") as sender:
        for number in range(20):
            try:
                await sender.send_messages(ServiceBusMessage(str(number)))
            except ServiceBusServerBusyError:
                refused.append(number)
    return refused


async def test_the_same_calls_meet_the_same_faults_with_the_same_seed() -> None:
    busy = fault(Kind.REFUSE, "send", status=429, share=0.3)

    first, again, other = [await struck(busy, seed=seed) for seed in (1, 1, 2)]

    assert first == again
    assert 0 < len(first) < 20
    assert first != other
