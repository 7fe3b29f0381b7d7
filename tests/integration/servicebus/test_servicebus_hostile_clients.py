"""Clients that break the protocol, say nothing, ask for too much or do not read: the stand-in stays up, stays small, and says why.

A well-behaved client of the unmodified SDK works before, during and after each of them.
"""

import asyncio
import contextlib
import socket
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient
from azure.servicebus.exceptions import ServiceBusAuthenticationError

from devtools.emulators.servicebus.broker import Broker
from devtools.emulators.servicebus.limits import AZURE
from devtools.emulators.servicebus.performatives import (
    AMQP_HEADER,
    ATTACH,
    BEGIN,
    DISPOSITION,
    OPEN,
    SASL_HEADER,
    SASL_INIT,
    fields_of,
    frame,
)
from devtools.emulators.servicebus.server import running_broker
from devtools.emulators.servicebus.values import Described, Symbol, UInt, ULong
from tests.integration.servicebus.links import CONFIG, bodies, connected, drained
from tests.integration.servicebus.raw_client import BEGUN, HELLO, OPENED, RawClient, attach, flow, raw_client, transfer

pytestmark = pytest.mark.integration

MEGABYTE = 1_048_576
HASTY = replace(AZURE, opening_seconds=0.3, idle_seconds=0.6, unread_bytes=MEGABYTE)

Act = Callable[[], Awaitable[None]]


@contextlib.asynccontextmanager
async def witness(broker: Broker) -> AsyncIterator[None]:
    """Somebody who sends before, during and after what happens inside, and to whom nothing happens."""
    async with connected(broker.connection_string) as client, client.get_queue_sender("orders") as sender:
        await sender.send_messages(ServiceBusMessage("before"))
        yield
        await sender.send_messages(ServiceBusMessage("during"))
    async with connected(broker.connection_string) as client:
        async with client.get_queue_sender("orders") as sender:
            await sender.send_messages(ServiceBusMessage("after"))
        assert [str(message) for message in await drained(client, "orders", 3)] == ["before", "during", "after"]


def said(caplog: pytest.LogCaptureFixture) -> str:
    """All that the stand-in's log says, with the facts that the process prints."""
    return "\n".join(
        " ".join([it.getMessage(), *(getattr(it, fact) for fact in ("hint", "reason") if hasattr(it, fact))]) for it in caplog.records
    )


def nested(levels: int) -> bytes:
    """Lists in lists."""
    body = b"\x45"
    for _ in range(levels):
        body = b"\xd0" + (len(body) + 4).to_bytes(4, "big") + b"\x00\x00\x00\x01" + body
    return body


def in_a_frame(body: bytes) -> bytes:
    return (len(body) + 8).to_bytes(4, "big") + b"\x02\x00\x00\x00" + body


BOMB = b"\xf0\x00\x00\x00\x05\x00\x0f\xff\xff\x40"  # an array of a million nulls, in ten bytes


BROKEN = (
    pytest.param(b"GET / HTTP/1.1\r\n\r\n", "HTTP: this is AMQP", id="http"),
    pytest.param(b"\x16\x03\x01\x00\xa5\x01\x00\x00", "TLS: add UseDevelopmentEmulator=true", id="tls"),
    pytest.param(b"\x00" * 64, "not AMQP 1.0", id="nothing known"),
    pytest.param(b"AMQP\x00\x00\x09\x01", "not AMQP 1.0", id="AMQP 0-9-1"),
    pytest.param(AMQP_HEADER + b"\xff\xff\xff\xff\x02\x00\x00\x00", "A frame of 4294967295 bytes", id="a giant frame"),
    pytest.param(AMQP_HEADER + b"\x00\x00\x00\x04\x02\x00\x00\x00", "A frame of 4 bytes", id="a frame smaller than its head"),
    pytest.param(AMQP_HEADER + b"\x00\x00\x00\x09\xff\x00\x00\x00\x40", "body at 1020", id="a body outside its frame"),
    pytest.param(AMQP_HEADER + b"\x00\x00\x00\x09\x02\x07\x00\x00\x40", "type 7", id="a frame of an unknown type"),
    pytest.param(AMQP_HEADER + in_a_frame(b"\x01\x02"), "unknown constructor", id="a frame of nonsense"),
    pytest.param(AMQP_HEADER + in_a_frame(b"\x00\x53\x7f\x45"), "not a performative", id="an unknown performative"),
    pytest.param(AMQP_HEADER + in_a_frame(b"\x00" * 100_000), "not an AMQP value", id="descriptors of descriptors"),
    pytest.param(AMQP_HEADER + in_a_frame(b"\x00\x53\x10" + nested(50_000)), "not an AMQP value", id="lists in lists"),
    pytest.param(AMQP_HEADER + in_a_frame(b"\x00\x53\x10" + BOMB * 1_000), "1048575 array elements", id="arrays of nothing"),
    pytest.param(SASL_HEADER + AMQP_HEADER, "A frame of 1095586128 bytes", id="no authentication"),
    pytest.param(SASL_HEADER + frame(0, SASL_INIT, mechanism=Symbol("SECRET")), "SASL mechanism 'SECRET'", id="a wrong mechanism"),
    pytest.param(HELLO + BEGUN, "A connection begins with one open", id="a begin without an open"),
    pytest.param(HELLO + OPENED + OPENED, "A connection begins with one open", id="two opens"),
    pytest.param(HELLO + OPENED + BEGUN + BEGUN, "Channel 0 is in use", id="two begins"),
    pytest.param(HELLO + OPENED + frame(999, BEGIN), "Channel 999 is in use, or above 255", id="a channel above those granted"),
    pytest.param(HELLO + OPENED + frame(0, SASL_INIT), "has no place here", id="authentication afterwards"),
    pytest.param(AMQP_HEADER + frame(0, OPEN, max_frame_size="many"), "A frame could not be handled", id="a field of the wrong type"),
    pytest.param(HELLO + OPENED + BEGUN + frame(0, ATTACH, name="x"), "A frame could not be handled", id="an attach without a handle"),
)
"""What a client may say, and the reason in the log."""


@pytest.mark.parametrize(("hostile", "reason"), BROKEN)
async def test_a_client_that_breaks_the_protocol_is_cut_off_with_a_reason(
    hostile: bytes, reason: str, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    async with raw_client(broker.port, hostile) as client:
        assert await client.is_hung_up_on()

    assert reason in said(caplog)


async def test_all_clients_that_break_the_protocol_at_once_disturb_no_one_else(broker: Broker) -> None:
    async def disturb(hostile: object) -> None:
        assert isinstance(hostile, bytes)
        async with raw_client(broker.port, hostile) as client:
            assert await client.is_hung_up_on()

    async with witness(broker):
        await asyncio.gather(*(disturb(row.values[0]) for row in BROKEN for _ in range(10)))


@pytest.mark.parametrize(
    ("begun", "reason"),
    [
        pytest.param(b"", "has not opened the connection within 0.3 seconds", id="not a byte"),
        pytest.param(SASL_HEADER[:5], "has not opened", id="half a header"),
        pytest.param(SASL_HEADER, "has not opened", id="SASL and then silence"),
        pytest.param(HELLO, "has not opened", id="everything but the open"),
        pytest.param(HELLO + OPENED[:20], "has not opened", id="half a frame"),
        pytest.param(HELLO + OPENED, "inactive for more than the allowed 600 milliseconds", id="an open and then silence"),
    ],
)
async def test_a_client_that_falls_silent_is_cut_off_with_a_reason(begun: bytes, reason: str, caplog: pytest.LogCaptureFixture) -> None:
    async with running_broker(CONFIG, limits=HASTY) as broker, raw_client(broker.port, begun) as silent:
        assert await silent.is_hung_up_on()

        async with raw_client(broker.port, HELLO, OPENED, BEGUN) as next_one:
            await next_one.until(BEGIN)

    assert reason in said(caplog)


async def test_a_client_that_is_alive_but_has_nothing_to_say_stays(caplog: pytest.LogCaptureFixture) -> None:
    async with running_broker(CONFIG, limits=HASTY) as broker, raw_client(broker.port, HELLO + OPENED) as quiet:
        for _ in range(10):
            await asyncio.sleep(0.15)
            quiet.write(b"\x00\x00\x00\x08\x02\x00\x00\x00")
        quiet.write(BEGUN)

        await quiet.until(BEGIN)

    assert "inactive" not in said(caplog)


async def test_bytes_that_come_one_by_one_are_a_frame_in_the_end(broker: Broker) -> None:
    async with witness(broker), raw_client(broker.port) as client:
        for byte in HELLO + OPENED + BEGUN:
            client.write(bytes((byte,)))
            await client.writer.drain()

        await client.until(BEGIN)


async def test_a_client_that_vanishes_in_the_middle_leaves_the_broker_well(broker: Broker) -> None:
    async with witness(broker):
        for cut in range(1, len(HELLO + OPENED), 7):
            async with raw_client(broker.port, (HELLO + OPENED)[:cut]) as client:
                await client.writer.drain()


async def test_a_wrong_key_again_and_again_opens_nothing(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    async def knock(client: ServiceBusClient) -> None:
        with pytest.raises(ServiceBusAuthenticationError):
            async with client.get_queue_sender("orders"):
                pass

    async with witness(broker), connected(broker.connection_string.replace("SAS_KEY_VALUE", "another")) as client:
        await asyncio.gather(*(knock(client) for _ in range(10)))

    assert "claim refused The token's signature is wrong" in said(caplog)


# --- too much of everything


async def opened(client: RawClient) -> None:
    client.write(HELLO, OPENED, BEGUN)
    await client.until(BEGIN)


async def test_more_links_than_a_session_has_handles_end_the_session_as_in_azure(broker: Broker) -> None:
    async with witness(broker), raw_client(broker.port) as client:
        await opened(client)
        client.write(*(attach(handle, "$cbs", receives=True) for handle in range(300)))

        condition, text = await client.refusal()

    assert condition == "amqp:resource-limit-exceeded"
    assert "The maximum number of handles allowed is 255" in text


async def test_a_handle_in_use_ends_the_session(broker: Broker) -> None:
    async with witness(broker), raw_client(broker.port) as client:
        await opened(client)
        client.write(attach(1, "$cbs", receives=True), attach(1, "$cbs", receives=False))

        assert await client.refusal() == ("amqp:session:handle-in-use", "Handle 1 is in use.")


async def test_sessions_and_links_without_end_are_bounded(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    async with witness(broker), raw_client(broker.port) as client:
        await opened(client)
        for channel in range(1, 256):
            client.write(frame(channel, BEGIN, incoming_window=UInt(10)))
            for handle in range(256):
                link = attach(handle, "$cbs", receives=True)
                client.write(link[:6], channel.to_bytes(2, "big"), link[8:])
            await client.writer.drain()

        condition, text = await client.refusal()

    assert condition == "amqp:resource-limit-exceeded"
    assert "The maximum number of handles allowed is 4999" in text


async def test_a_flood_of_connections_that_say_nothing_is_borne(broker: Broker) -> None:
    async with contextlib.AsyncExitStack() as stack, witness(broker):
        for _ in range(300):
            await stack.enter_async_context(raw_client(broker.port, SASL_HEADER[:4]))


async def test_a_client_that_never_reads_is_cut_off_before_it_fills_the_memory(caplog: pytest.LogCaptureFixture) -> None:
    limits = replace(AZURE, unread_bytes=2 * MEGABYTE)
    async with running_broker(CONFIG, limits=limits) as broker, witness(broker), deaf_client(broker.port) as deaf:
        tracemalloc.start()
        try:
            with contextlib.suppress(ConnectionError):
                while True:  # each asks for an answer that it never reads
                    await asyncio.get_running_loop().sock_sendall(deaf, flow(echo=True) * 500)
            grown_bytes = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert "bytes wait for a client that does not read" in said(caplog)
    assert grown_bytes < 16 * MEGABYTE


@contextlib.asynccontextmanager
async def deaf_client(port: int) -> AsyncIterator[socket.socket]:
    """A session whose client has a small window for what comes, and never looks at it."""
    loop = asyncio.get_running_loop()
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        deaf.setblocking(False)
        await loop.sock_connect(deaf, ("127.0.0.1", port))
        await loop.sock_sendall(deaf, HELLO + OPENED + BEGUN)
        yield deaf


async def test_a_message_that_never_ends_is_counted_and_not_kept(broker: Broker) -> None:
    async with witness(broker), raw_client(broker.port) as client:
        await opened(client)
        client.write(attach(0, "$cbs", receives=False))
        await client.until(ATTACH)
        tracemalloc.start()
        try:
            for number in range(400):
                client.write(transfer(0, b"x" * 60_000, delivery_id=0, more=True))
                if number % 10 == 0:
                    await client.writer.drain()
            client.write(frame(1, BEGIN))
            await client.until(BEGIN)  # all before it was read
            peak_bytes = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak_bytes < 8 * MEGABYTE


async def test_a_request_that_is_a_bomb_is_refused_and_no_one_else_notices(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    async with witness(broker), raw_client(broker.port) as client:
        await opened(client)
        client.write(attach(0, "$cbs", receives=False), attach(1, "$cbs", receives=True))
        client.write(transfer(0, b"\x00\x53\x77" + nested(5_000)), transfer(0, b"\x00\x53\x77" + BOMB, delivery_id=1))

        answers = [(await client.until(DISPOSITION))["state"] for _ in range(2)]

    assert [str(fields_of(fields_of(state, 1)[0], 1)[0]) for state in answers] == ["amqp:decode-error", "amqp:decode-error"]


async def test_an_attach_with_a_terminus_of_nonsense_is_refused(broker: Broker) -> None:
    async with witness(broker), raw_client(broker.port) as client:
        await opened(client)
        client.write(attach(0, "", receives=True, source=Described(ULong(0x28), [{"a": [1.5]}]), target=None))

        condition, _ = await client.refusal()

    assert condition == "amqp:unauthorized-access"


async def test_a_token_nobody_showed_opens_no_queue(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    async with witness(broker), raw_client(broker.port) as client:
        await opened(client)
        client.write(attach(0, "orders", receives=True))

        refusal = await client.refusal()

    assert refusal == ("amqp:unauthorized-access", "No token was shown for 'orders' on this connection.")
    assert "link refused No token was shown" in said(caplog)
    assert bodies(broker, "orders") == []
