"""The unmodified azure-servicebus client against a stand-in that obeys fault plans: what is never answered."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from azure.servicebus import ServiceBusMessage
from azure.servicebus.exceptions import (
    OperationTimeoutError,
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

# --- timeout

together = Together()
scenes = together.alone()


@together
async def test_a_send_that_is_never_answered_times_out_and_its_connection_stays() -> None:
    async def act(applied: bool, stored: list[str]) -> None:
        async with faulty(fault(Kind.TIMEOUT, "send", applied=applied)) as (broker, client, injector):
            async with client.get_queue_sender("orders") as sender:
                with pytest.raises(OperationTimeoutError):
                    await sender.send_messages(ServiceBusMessage("x"), timeout=1)
                await sender.send_messages(ServiceBusMessage("y"))

            assert bodies(broker, "orders") == stored
            assert injector.count(Kind.TIMEOUT) == 1

    await each(act, (False, ["y"]), (True, ["x", "y"]))


@together
async def test_asking_that_is_never_answered_times_out_and_its_connection_stays() -> None:
    due = datetime.now(UTC) + timedelta(hours=1)

    async def act(operation: str, *, applied: bool) -> None:
        async with faulty(fault(Kind.TIMEOUT, operation, applied=applied)) as (broker, client, injector):
            async with links(client, "orders") as (sender, receiver):
                await sender.send_messages(ServiceBusMessage("x"))
                [message] = await receive(receiver, 1)
                number = 2
                if operation == "cancel":
                    [number] = await sender.schedule_messages(ServiceBusMessage("later"), due)
                asked: dict[str, Callable[..., Awaitable[object]]] = {
                    "peek": partial(receiver.peek_messages, 1),
                    "renew-lock": partial(receiver.renew_message_lock, message),
                    "schedule": partial(sender.schedule_messages, ServiceBusMessage("later"), due),
                    "cancel": partial(sender.cancel_scheduled_messages, number),
                }
                with pytest.raises(OperationTimeoutError):
                    await asked[operation](timeout=1)
                await receiver.complete_message(message)

            left = {"schedule": ["later"] * applied, "cancel": ["later"] * (not applied)}
            assert bodies(broker, "orders") == left.get(operation, [])
            assert injector.count(Kind.TIMEOUT) == 1

    cases = [(operation, applied) for operation in ("peek", "renew-lock", "schedule", "cancel") for applied in (False, True)]
    await each(lambda operation, applied: act(operation, applied=applied), *cases)


@together
async def test_settling_that_is_never_answered_waits_and_is_carried_out_only_where_the_plan_says_so() -> None:
    async def act(operation: str, *, applied: bool) -> None:
        async with faulty(fault(Kind.TIMEOUT, operation, applied=applied)) as (broker, client, injector):
            async with links(client, "orders") as (sender, receiver):
                await sender.send_messages(ServiceBusMessage("x"))
                [message] = await receive(receiver, 1)
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(getattr(receiver, f"{operation.replace('-', '_')}_message")(message), 1)

                dead = bodies(broker, "orders/$DeadLetterQueue")
                counts = [(entry.lock is not None, entry.delivery_count) for entry in broker.queue("orders").peek(0, 1)]
            done = {"complete": ([], []), "abandon": ([(False, 1)], []), "dead-letter": ([], ["x"])}[operation]
            assert (counts, dead) == (done if applied else ([(True, 0)], []))
            assert injector.count(Kind.TIMEOUT) == 1

    cases = [(operation, applied) for operation in ("complete", "abandon", "dead-letter") for applied in (False, True)]
    await each(lambda operation, applied: act(operation, applied=applied), *cases)


@together
async def test_a_connection_that_is_never_answered_while_it_is_opened_waits_and_another_is_served() -> None:
    async def act(operation: str) -> None:
        async with faulty(fault(Kind.TIMEOUT, operation)) as (broker, client, injector):
            waiting = asyncio.create_task(send(client, "orders", ServiceBusMessage("x")))
            async with asyncio.timeout(30):  # a busy machine may take its time to get there: the next one must not meet the fault instead
                while not injector.count(Kind.TIMEOUT):
                    await asyncio.sleep(0.01)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(waiting, 1)
            await send(client, "orders", ServiceBusMessage("y"))

            assert bodies(broker, "orders") == ["y"]
            assert injector.count(Kind.TIMEOUT) == 1

    await each(act, ("connect",), ("claim",), ("open",))


@together
async def test_a_message_whose_delivery_is_lost_comes_again_when_its_lock_ends() -> None:
    async with faulty(fault(Kind.TIMEOUT, "receive")) as (_, client, injector):
        async with links(client, "hasty") as (sender, receiver):
            await sender.send_messages(ServiceBusMessage("x"))
            [message] = await receive(receiver, 1)
            await receiver.complete_message(message)

        assert message.delivery_count == 1
        assert injector.count(Kind.TIMEOUT) == 1
