"""What the local Service Bus does not have is refused loudly: the unmodified client gets an error that names it, and the log says why."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from azure.servicebus import NEXT_AVAILABLE_SESSION, ServiceBusMessage
from azure.servicebus._common.constants import REQUEST_RESPONSE_GET_MESSAGE_SESSIONS_OPERATION
from azure.servicebus.aio import ServiceBusClient
from azure.servicebus.exceptions import ServiceBusAuthenticationError, ServiceBusError

from devtools.emulators.servicebus.broker import Broker
from devtools.emulators.servicebus.encoding import described, encode
from devtools.emulators.servicebus.performatives import (
    ACCEPTED,
    ATTACH,
    BEGIN,
    COORDINATOR,
    DISPOSITION,
    TRANSACTIONAL_STATE,
    TRANSFER,
    fields_of,
    frame,
    outcome,
)
from devtools.emulators.servicebus.values import Described, UInt, ULong
from tests.integration.servicebus.links import bodies, links, queue, receive, send
from tests.integration.servicebus.raw_client import BEGUN, HELLO, OPENED, RawClient, attach, flow, raw_client, transfer
from tests.integration.servicebus.test_servicebus_authorization import token

pytestmark = pytest.mark.integration


def warned(caplog: pytest.LogCaptureFixture, message: str) -> list[str]:
    """The reasons of the warnings that begin so."""
    return [vars(it)["reason"] for it in caplog.records if it.levelname == "WARNING" and it.getMessage() == message]


# --- sessions


@pytest.mark.parametrize("session", ["s", "", NEXT_AVAILABLE_SESSION], ids=["by name", "the empty name", "the next available"])
async def test_a_receiver_of_a_session_is_refused(session: Any, client: ServiceBusClient, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ServiceBusError, match="has no sessions"):
        async with client.get_queue_receiver("orders", session_id=session):
            pass

    assert warned(caplog, "link refused") == ["'orders' has no sessions: this local Service Bus does not have them."]


# --- deferral


async def test_deferring_is_refused_on_the_link(client: ServiceBusClient, broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    async with links(client, "orders") as (sender, receiver):
        await sender.send_messages(ServiceBusMessage("x"))
        [message] = await receive(receiver, 1)
        with pytest.raises(ServiceBusError, match="Deferring a message"):
            await receiver.defer_message(message)

    assert warned(caplog, "settlement refused") == ["Deferring a message: this local Service Bus does not have it."]
    assert bodies(broker, "orders") == ["x"]


async def test_deferring_is_refused_through_management(client: ServiceBusClient, broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    async with links(client, "orders") as (sender, receiver):
        await sender.send_messages(ServiceBusMessage("x"))
        [message] = await receive(receiver, 1)
        await receiver._handler._link.detach()  # type: ignore[union-attr]  # the client's own link; from now on it settles through management
        with pytest.raises(ServiceBusError, match="Deferring a message"):
            await receiver.defer_message(message)

    assert warned(caplog, "operation refused") == ["Deferring a message: this local Service Bus does not have it."]
    assert bodies(broker, "orders") == ["x"]


async def test_receiving_deferred_messages_is_refused(client: ServiceBusClient, caplog: pytest.LogCaptureFixture) -> None:
    async with client.get_queue_receiver("orders") as receiver:
        with pytest.raises(ServiceBusError, match="receive-by-sequence-number"):
            await receiver.receive_deferred_messages([1])

    assert warned(caplog, "operation refused") == [
        "The operation 'com.microsoft:receive-by-sequence-number': this local Service Bus does not have it."
    ]


# --- other operations of management


@pytest.mark.parametrize(
    "operation",
    [
        REQUEST_RESPONSE_GET_MESSAGE_SESSIONS_OPERATION,
        b"com.microsoft:renew-session-lock",
        b"com.microsoft:get-session-state",
        b"com.microsoft:set-session-state",
        b"com.microsoft:add-rule",
        b"com.microsoft:remove-rule",
        b"com.microsoft:enumerate-rules",
        b"com.microsoft:batch-delete-messages",
    ],
    ids=lambda operation: operation.decode().removeprefix("com.microsoft:"),
)
async def test_an_operation_it_does_not_have_is_refused_by_name(
    operation: bytes, client: ServiceBusClient, caplog: pytest.LogCaptureFixture
) -> None:
    def answered(status: int, _: Any, description: bytes, **__: Any) -> None:
        assert status == 501
        raise ServiceBusError(description.decode())

    async with client.get_queue_receiver("orders") as receiver:
        with pytest.raises(ServiceBusError, match=operation.decode()):
            await receiver._mgmt_request_response_with_retry(operation, {}, answered)

    assert operation.decode() in warned(caplog, "operation refused")[0]


# --- topics


async def test_a_subscription_is_refused_by_name(client: ServiceBusClient, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ServiceBusError, match="Topics and subscriptions"):
        async with client.get_subscription_receiver("events", "all"):
            pass

    assert warned(caplog, "link refused") == ["Topics and subscriptions: this local Service Bus does not have it."]


async def test_a_topic_is_an_entity_that_does_not_exist(client: ServiceBusClient, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ServiceBusAuthenticationError):  # the client does not pass on the reason
        async with client.get_topic_sender("events"):
            pass

    assert warned(caplog, "claim refused") == ["The messaging entity 'events' could not be found."]


# --- transactions, which this client does not have either: as others ask for them


async def opened(client: RawClient) -> None:
    """With a token for `orders`."""
    await client.until(BEGIN)
    request = described(0x73, encode(["1", None, None, None, "$cbs"]))
    properties = {"operation": "put-token", "type": "jwt", "name": "sb://127.0.0.1/orders"}
    request += described(0x74, encode(properties)) + described(0x77, encode(token("sb://127.0.0.1/orders")))
    client.write(attach(0, "$cbs", receives=False), attach(1, "$cbs", receives=True), transfer(0, request))
    await client.until(TRANSFER)


async def test_transactions_are_refused_at_the_coordinator_when_sending_and_when_settling(
    client: ServiceBusClient, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    await send(client, "orders", ServiceBusMessage("x"))
    in_a_transaction = outcome(TRANSACTIONAL_STATE, b"t", outcome(ACCEPTED))

    async with raw_client(broker.port, HELLO, OPENED, BEGUN) as raw:
        await opened(raw)
        raw.write(attach(2, "", receives=False, target=Described(ULong(COORDINATOR), [])))
        coordinator = await raw.refusal()
        raw.write(attach(3, "orders", receives=False))
        await raw.until(ATTACH)
        raw.write(transfer(3, described(0x75, encode(b"y")), delivery_id=1, state=in_a_transaction))
        sent = await raw.until(DISPOSITION)
        raw.write(attach(4, "orders", receives=True), flow(handle=UInt(4), delivery_count=UInt(0), link_credit=UInt(1)))
        delivery_id = (await raw.until(TRANSFER))["delivery_id"]
        raw.write(frame(0, DISPOSITION, role=True, first=delivery_id, settled=False, state=in_a_transaction))
        settled = await raw.until(DISPOSITION)

    assert coordinator == ("amqp:not-implemented", "Transactions: this local Service Bus does not have it.")
    errors = [fields_of(fields_of(answer["state"], 1)[0], 2)[1] for answer in (sent, settled)]
    assert errors == [f"{what} inside a transaction: this local Service Bus does not have it." for what in ("Sending", "Settling")]
    assert warned(caplog, "link refused") == ["Transactions: this local Service Bus does not have it."]
    assert warned(caplog, "message refused") + warned(caplog, "settlement refused") == errors
    assert bodies(broker, "orders") == ["x"]


# --- the configuration


@pytest.mark.parametrize(
    ("namespace", "says"),
    [
        pytest.param({"Queues": [queue("q", RequiresSession=True)]}, "queue q: RequiresSession is not available", id="sessions"),
        pytest.param({"Queues": [queue("q", ForwardTo="r")]}, "queue q: ForwardTo is not available", id="forwarding"),
        pytest.param(
            {"Queues": [queue("q", ForwardDeadLetteredMessagesTo="r")]},
            "queue q: ForwardDeadLetteredMessagesTo is not available",
            id="forwarding of dead letters",
        ),
        pytest.param({"Topics": [{"Name": "t"}]}, "topics and subscriptions are not available", id="topics"),
        pytest.param({"Queues": [queue("q", Colour="red")]}, "queue q: unknown properties Colour", id="anything unknown"),
    ],
)
async def test_a_configuration_that_asks_for_more_ends_the_process_with_one_line(
    namespace: dict[str, Any], says: str, tmp_path: Path
) -> None:
    config = tmp_path / "Config.json"
    config.write_text(json.dumps({"UserConfig": {"Namespaces": [{"Name": "sbemulatorns", **namespace}]}}))
    command = (sys.executable, "-m", "devtools.emulators.servicebus", "--config", str(config), "--port", "0")

    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[3])
    _, errors = await process.communicate()

    assert process.returncode == 1
    [line] = errors.decode().splitlines()
    assert line.startswith(f"service bus: {says}")
