"""Clients that break the protocol, say nothing or do not read: the stand-in stays up, stays small, and says why.

Those that ask for too much are in `test_servicebus_attacks`.
"""

import asyncio
import contextlib
import socket
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace

import pytest

from devtools.emulators.servicebus.broker import Broker
from devtools.emulators.servicebus.encoding import described, encode
from devtools.emulators.servicebus.limits import AZURE, Limits
from devtools.emulators.servicebus.message import APPLICATION_PROPERTIES, PROPERTIES
from devtools.emulators.servicebus.performatives import (
    ATTACH,
    BEGIN,
    SASL_HEADER,
    frame,
)
from devtools.emulators.servicebus.server import running_broker
from tests.integration.servicebus.hostile import BROKEN, MEGABYTE, opened, said
from tests.integration.servicebus.links import CONFIG
from tests.integration.servicebus.raw_client import BEGUN, HELLO, OPENED, attach, raw_client, transfer

pytestmark = pytest.mark.integration

HASTY = replace(AZURE, opening_seconds=0.3, idle_seconds=0.6)


@pytest.mark.parametrize(("hostile", "reason"), BROKEN)
async def test_a_client_that_breaks_the_protocol_is_cut_off_with_a_reason(
    hostile: bytes, reason: str, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    async with raw_client(broker.port, hostile) as client:
        assert await client.is_hung_up_on()

    assert reason in said(caplog)


@pytest.fixture
async def hasty_broker() -> AsyncIterator[Broker]:
    """One whose patience is over soon."""
    async with running_broker(CONFIG, limits=HASTY) as broker:
        yield broker


SILENT = {
    "not a byte": b"",
    "half a header": SASL_HEADER[:5],
    "SASL and then silence": SASL_HEADER,
    "everything but the open": HELLO,
    "half a frame": HELLO + OPENED[:20],
}


async def test_clients_that_fall_silent_before_the_open_are_cut_off_with_a_reason(
    hasty_broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    async def hung_up_on(begun: bytes) -> bool:
        async with raw_client(hasty_broker.port, begun) as silent:
            return await silent.is_hung_up_on()

    assert all(await asyncio.gather(*map(hung_up_on, SILENT.values())))

    assert said(caplog).count("has not opened the connection within 0.3 seconds") == len(SILENT)


async def test_a_client_that_opens_and_falls_silent_is_cut_off_with_a_reason(
    hasty_broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    async with raw_client(hasty_broker.port, HELLO + OPENED) as silent:
        assert await silent.is_hung_up_on()

        async with raw_client(hasty_broker.port, HELLO, OPENED, BEGUN) as next_one:
            await next_one.until(BEGIN)

    assert "inactive for more than the allowed 600 milliseconds" in said(caplog)


async def test_a_client_that_is_alive_but_has_nothing_to_say_stays(hasty_broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    async with raw_client(hasty_broker.port, HELLO + OPENED) as quiet:
        for _ in range(8):
            await asyncio.sleep(0.1)
            quiet.write(b"\x00\x00\x00\x08\x02\x00\x00\x00")
        quiet.write(BEGUN)

        await quiet.until(BEGIN)

    assert "inactive" not in said(caplog)


# --- memory


def test_only_the_tests_have_tight_limits() -> None:
    assert Limits(connections=5_000, idle_seconds=240.0, opening_seconds=60.0, links=4_999, unread_bytes=16 * MEGABYTE) == AZURE


async def test_a_client_that_never_reads_is_cut_off_before_it_fills_the_memory(
    tight_broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    properties = {"operation": "put-token", "type": "jwt", "name": "sb://127.0.0.1/orders"}
    asked = described(PROPERTIES, encode(["x" * 200_000])) + described(APPLICATION_PROPERTIES, encode(properties))
    request = transfer(0, asked + described(0x77, encode("no token")))

    async with deaf_client(tight_broker.port) as deaf:
        with traced() as peak_bytes, contextlib.suppress(ConnectionError):
            while True:  # each asks for an answer of its own size, which it never reads
                await asyncio.get_running_loop().sock_sendall(deaf, request)

        async with raw_client(tight_broker.port, HELLO, OPENED, BEGUN) as next_one:
            await next_one.until(BEGIN)

    assert f"{MEGABYTE} bytes wait for a client that does not read" in said(caplog)
    assert peak_bytes() < 8 * MEGABYTE


@contextlib.contextmanager
def traced() -> Iterator[Callable[[], int]]:
    """The most that was allocated inside."""
    peaks: list[int] = []
    tracemalloc.start()
    try:
        yield lambda: peaks[0]
    finally:
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()


@contextlib.asynccontextmanager
async def deaf_client(port: int) -> AsyncIterator[socket.socket]:
    """A client that asks at the node for tokens, has little room for what comes, and never looks at it."""
    loop = asyncio.get_running_loop()
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        deaf.setblocking(False)
        await loop.sock_connect(deaf, ("127.0.0.1", port))
        asked = HELLO + OPENED + BEGUN + attach(0, "$cbs", receives=False) + attach(1, "$cbs", receives=True)
        await loop.sock_sendall(deaf, asked)
        yield deaf


async def test_a_message_that_never_ends_is_counted_and_not_kept(tight_broker: Broker) -> None:
    async with raw_client(tight_broker.port) as client:
        await opened(client)
        client.write(attach(0, "$cbs", receives=False))
        await client.until(ATTACH)
        with traced() as peak_bytes:
            for number in range(160):
                client.write(transfer(0, b"x" * 60_000, delivery_id=0, more=True))
                if number % 10 == 0:
                    await client.writer.drain()
            client.write(frame(1, BEGIN))
            await client.until(BEGIN)  # all before it was read

    assert peak_bytes() < 5 * MEGABYTE
