"""Clients that ask for too much, or for what nobody may have: they are told so, and nobody else notices.

Each is tried alone, and then all at once, while a well-behaved client of the unmodified SDK works before, during and afterwards.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine

import pytest
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient
from azure.servicebus.exceptions import ServiceBusAuthenticationError

from devtools.emulators.servicebus.broker import Broker
from devtools.emulators.servicebus.performatives import BEGIN, DISPOSITION, SASL_HEADER, fields_of, frame
from devtools.emulators.servicebus.values import Described, UInt, ULong
from tests.integration.servicebus.hostile import BOMB, BROKEN, nested, opened, said
from tests.integration.servicebus.links import bodies, connected, links, receive, send
from tests.integration.servicebus.raw_client import BEGUN, HELLO, OPENED, attach, raw_client, transfer

pytestmark = pytest.mark.integration


async def bytes_that_come_one_by_one_are_a_frame_in_the_end(broker: Broker) -> None:
    async with raw_client(broker.port) as client:
        for byte in HELLO + OPENED + BEGUN:
            client.write(bytes((byte,)))
            await client.writer.drain()

        await client.until(BEGIN)


async def a_client_vanishes_in_the_middle_of_anything(broker: Broker) -> None:
    for cut in range(1, len(HELLO + OPENED), 7):
        async with raw_client(broker.port, (HELLO + OPENED)[:cut]) as client:
            await client.writer.drain()


async def more_links_than_a_session_has_handles_end_the_session_as_in_azure(broker: Broker) -> None:
    async with raw_client(broker.port) as client:
        await opened(client)
        client.write(*(attach(handle, "$cbs", receives=True) for handle in range(300)))

        condition, text = await client.refusal()

    assert condition == "amqp:resource-limit-exceeded"
    assert "The maximum number of handles allowed is 255" in text


async def a_handle_in_use_ends_the_session(broker: Broker) -> None:
    async with raw_client(broker.port) as client:
        await opened(client)
        client.write(attach(1, "$cbs", receives=True), attach(1, "$cbs", receives=False))

        assert await client.refusal() == ("amqp:session:handle-in-use", "Handle 1 is in use.")


async def sessions_and_links_without_end_are_bounded(broker: Broker) -> None:
    async with raw_client(broker.port) as client:
        await opened(client)
        for channel in range(1, 4):
            client.write(frame(channel, BEGIN, incoming_window=UInt(10)))
            for handle in range(256):
                link = attach(handle, "$cbs", receives=True)
                client.write(link[:6], channel.to_bytes(2, "big"), link[8:])

        condition, text = await client.refusal()

    assert condition == "amqp:resource-limit-exceeded"
    assert "The maximum number of handles allowed is 600" in text


async def a_flood_of_connections_that_say_nothing_is_borne(broker: Broker) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(200):
            await stack.enter_async_context(raw_client(broker.port, SASL_HEADER[:4]))


async def a_request_that_is_a_bomb_is_refused(broker: Broker) -> None:
    async with raw_client(broker.port) as client:
        await opened(client)
        client.write(attach(0, "$cbs", receives=False), attach(1, "$cbs", receives=True))
        client.write(transfer(0, b"\x00\x53\x77" + nested(5_000)), transfer(0, b"\x00\x53\x77" + BOMB, delivery_id=1))

        answers = [(await client.until(DISPOSITION))["state"] for _ in range(2)]

    assert [str(fields_of(fields_of(state, 1)[0], 1)[0]) for state in answers] == ["amqp:decode-error", "amqp:decode-error"]


async def an_attach_with_a_terminus_of_nonsense_is_refused(broker: Broker) -> None:
    async with raw_client(broker.port) as client:
        await opened(client)
        client.write(attach(0, "", receives=True, source=Described(ULong(0x28), [{"a": [1.5]}]), target=None))

        condition, _ = await client.refusal()

    assert condition == "amqp:unauthorized-access"


async def a_token_nobody_showed_opens_no_queue(broker: Broker) -> None:
    async with raw_client(broker.port) as client:
        await opened(client)
        client.write(attach(0, "orders", receives=True))

        assert await client.refusal() == ("amqp:unauthorized-access", "No token was shown for 'orders' on this connection.")


async def a_wrong_key_again_and_again_opens_nothing(broker: Broker) -> None:
    async def knock(client: ServiceBusClient) -> None:
        with pytest.raises(ServiceBusAuthenticationError):
            async with client.get_queue_sender("orders"):
                pass

    async with connected(broker.connection_string.replace("SAS_KEY_VALUE", "another")) as client:
        await asyncio.gather(*(knock(client) for _ in range(5)))


async def clients_that_break_the_protocol_are_cut_off_all_at_once(broker: Broker) -> None:
    async def disturb(hostile: object) -> None:
        assert isinstance(hostile, bytes)
        async with raw_client(broker.port, hostile) as client:
            assert await client.is_hung_up_on()

    await asyncio.gather(*(disturb(row.values[0]) for row in BROKEN for _ in range(3)))


ATTACKS: tuple[Callable[[Broker], Coroutine[None, None, None]], ...] = (
    bytes_that_come_one_by_one_are_a_frame_in_the_end,
    a_client_vanishes_in_the_middle_of_anything,
    more_links_than_a_session_has_handles_end_the_session_as_in_azure,
    a_handle_in_use_ends_the_session,
    sessions_and_links_without_end_are_bounded,
    a_flood_of_connections_that_say_nothing_is_borne,
    a_request_that_is_a_bomb_is_refused,
    an_attach_with_a_terminus_of_nonsense_is_refused,
    a_token_nobody_showed_opens_no_queue,
    a_wrong_key_again_and_again_opens_nothing,
    clients_that_break_the_protocol_are_cut_off_all_at_once,
)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
async def test_each_of_these_alone(attack: Callable[[Broker], Coroutine[None, None, None]], tight_broker: Broker) -> None:
    await attack(tight_broker)

    assert bodies(tight_broker, "orders") == []


async def test_all_of_these_at_once_leave_a_well_behaved_client_alone(tight_broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    async with connected(tight_broker.connection_string) as client:
        async with links(client, "orders") as (sender, receiver):
            await sender.send_messages(ServiceBusMessage("before"))
            attacks = [asyncio.create_task(attack(tight_broker)) for attack in ATTACKS]
            while not all(attack.done() for attack in attacks):
                await sender.send_messages(ServiceBusMessage("during"))
                await asyncio.sleep(0.01)
            await asyncio.gather(*attacks)
            got = await receive(receiver, tight_broker.queue("orders").message_count)
        await send(client, "orders", ServiceBusMessage("after"))

    assert [str(message) for message in got] == ["before"] + ["during"] * (len(got) - 1)
    assert len(got) > 10
    assert bodies(tight_broker, "orders")[-1] == "after"
    assert "claim refused The token's signature is wrong" in said(caplog)
    assert "link refused No token was shown" in said(caplog)
