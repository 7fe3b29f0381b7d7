"""The unmodified azure-servicebus client against a stand-in that obeys fault plans: what is dropped, late or refused."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest
from azure.servicebus import ServiceBusMessage
from azure.servicebus.exceptions import (
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
from tests.plugins.together import Together, each

pytestmark = [
    pytest.mark.integration,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.filterwarnings(BROKEN_CONNECTIONS),
]

# --- drop

together = Together()
scenes = together.alone()


@together
async def test_a_dropped_send_fails_and_was_carried_out_only_where_the_plan_says_so() -> None:
    async def act(applied: bool, stored: list[str]) -> None:
        async with faulty(fault(Kind.DROP, "send", applied=applied)) as (broker, client, injector):
            with pytest.raises(ServiceBusError):
                await send(client, "orders", ServiceBusMessage("x"))

            assert bodies(broker, "orders") == stored
            assert injector.count(Kind.DROP) == 1

    await each(act, (False, []), (True, ["x"]))


@together
async def test_a_dropped_completion_fails_and_was_carried_out_only_where_the_plan_says_so() -> None:
    async def act(applied: bool, left: list[str]) -> None:
        async with faulty(fault(Kind.DROP, "complete", applied=applied)) as (broker, client, injector):
            await send(client, "orders", ServiceBusMessage("x"))
            async with client.get_queue_receiver("orders") as receiver:
                [message] = await receive(receiver, 1)
                with pytest.raises(ServiceBusError):
                    await receiver.complete_message(message)

            assert bodies(broker, "orders") == left
            assert injector.count(Kind.DROP) == 1

    await each(act, (False, ["x"]), (True, []))


@together
async def test_a_dropped_delivery_is_free_again_or_stays_locked_for_nobody() -> None:
    async def act(applied: bool, is_locked: bool) -> None:
        async with faulty(fault(Kind.DROP, "receive", applied=applied)) as (broker, client, injector):
            await send(client, "orders", ServiceBusMessage("x"))
            with pytest.raises(ServiceBusError):
                async with client.get_queue_receiver("orders") as receiver:
                    await receive(receiver, 1)

            [entry] = broker.queue("orders").peek(0, 1)
            assert (entry.lock is not None, entry.delivery_count) == (is_locked, 0)
            assert injector.count(Kind.DROP) == 1

    await each(act, (False, False), (True, True))


@together
async def test_a_connection_that_is_dropped_while_it_is_opened_can_be_opened_again() -> None:
    async def act(operation: str) -> None:
        async with faulty(fault(Kind.DROP, operation)) as (broker, client, injector):
            with pytest.raises(ServiceBusError):
                await send(client, "orders", ServiceBusMessage("x"))
            await send(client, "orders", ServiceBusMessage("y"))

            assert bodies(broker, "orders") == ["y"]
            assert injector.count(Kind.DROP) == 1

    await each(act, ("connect",), ("claim",), ("open",))


# --- delay


@together
async def test_a_delayed_answer_makes_nobody_else_wait() -> None:
    async with faulty(fault(Kind.DELAY, "send", seconds=6)) as (broker, client, injector):
        # Long enough for the quick one on a machine where all these scenes play at once.
        async with client.get_queue_sender("orders") as slow, client.get_queue_sender("orders") as quick:
            await quick.create_message_batch()  # opens its link, which takes its time on a busy machine
            started = time.monotonic()
            waiting = asyncio.create_task(slow.send_messages(ServiceBusMessage("slow")))
            async with asyncio.timeout(10):
                while not injector.count(Kind.DELAY):
                    await asyncio.sleep(0.01)
            await quick.send_messages(ServiceBusMessage("quick"))
            assert not waiting.done()
            await waiting

        assert time.monotonic() - started >= 6
        assert bodies(broker, "orders") == ["slow", "quick"]


@together
async def test_whatever_is_delayed_comes_late_and_right() -> None:
    async def act(operation: str) -> None:
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

    await each(act, *((operation,) for operation in ("connect", "claim", "open", "receive", "peek", "renew-lock", "complete")))


@together
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

REFUSALS = (
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
)
"""Status, variant, and what the client raises."""


@together
async def test_a_refused_send_fails_with_the_clients_error_for_the_status() -> None:
    async def act(status: int, variant: str | None, error: type[ServiceBusError]) -> None:
        async with faulty(fault(Kind.REFUSE, "send", status=status, variant=variant)) as (broker, client, injector):
            with pytest.raises(error, match=f"refuses this call with {status}"):
                await send(client, "orders", ServiceBusMessage("x"))

            assert bodies(broker, "orders") == []
            assert injector.count(Kind.REFUSE) == 1

    await each(act, *REFUSALS)


@together
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


@together
async def test_a_refused_claim_is_an_authentication_error() -> None:
    async with faulty(fault(Kind.REFUSE, "claim", status=401)) as (_, client, injector):
        with pytest.raises(ServiceBusAuthenticationError):
            await send(client, "orders", ServiceBusMessage("x"))

        assert injector.count(Kind.REFUSE) == 1


@together
async def test_another_queue_is_not_meant() -> None:
    async with faulty(fault(Kind.REFUSE, "send", status=503, target="once")) as (broker, client, injector):
        await send(client, "orders", ServiceBusMessage("x"))

        assert bodies(broker, "orders") == ["x"]
        assert injector.count(Kind.REFUSE) == 0


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


@together
async def test_the_same_calls_meet_the_same_faults_with_the_same_seed() -> None:
    busy = fault(Kind.REFUSE, "send", status=429, share=0.3)

    first, again, other = await asyncio.gather(*(struck(busy, seed=seed) for seed in (1, 1, 2)))

    assert first == again
    assert 0 < len(first) < 20
    assert first != other
