"""Calls by the clock: nobody waits for the answer before, and what nobody answers is told apart."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from benchmarks.volley import BROKEN, OPENED_BEFORE, Order, Volley

pytestmark = pytest.mark.integration

Answer = Callable[[int, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@asynccontextmanager
async def server(answer: Answer) -> AsyncIterator[int]:
    """Its port. ``answer`` is told each request's number, which stands in its path."""

    served: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await read_head(reader):
            await answer(int(head.split(b" ")[1].lstrip(b"/")), writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(asyncio.create_task(serve(reader, writer)))

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as serving:
        yield serving.sockets[0].getsockname()[1]
        await asyncio.gather(*served)


async def read_head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


async def fired(port: int, count: int) -> Volley:
    requests = [f"GET /{number} HTTP/1.1\r\nHost: here\r\n\r\n".encode() for number in range(count)]
    volley = Volley(Order(port, [number / 1000 for number in range(count)], requests))
    await volley.fire()
    volley.close()
    return volley


async def test_every_call_is_sent_though_none_before_it_is_answered() -> None:
    count = 3 * OPENED_BEFORE
    all_there, there = asyncio.Event(), set[int]()

    async def answer(number: int, writer: asyncio.StreamWriter) -> None:
        there.add(number)
        if len(there) == count:
            all_there.set()
        await all_there.wait()
        writer.write(OK)

    async with server(answer) as port:
        volley = await fired(port, count)

    assert volley.answers.status == dict.fromkeys(range(count), 200)
    assert volley.answers.took[0] >= (count - 1) / 1000  # it was answered when the last one was there


async def test_an_answer_may_come_in_pieces() -> None:
    async def answer(number: int, writer: asyncio.StreamWriter) -> None:
        for part in (OK[:12], OK[12:-1], OK[-1:]):
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)

    async with server(answer) as port:
        volley = await fired(port, 5)

    assert volley.answers.status == dict.fromkeys(range(5), 200)


async def test_a_connection_that_ends_is_no_answer_and_the_others_go_on() -> None:
    async def answer(number: int, writer: asyncio.StreamWriter) -> None:
        if number == 2:
            writer.transport.abort()
        else:
            writer.write(OK.replace(b"200", b"503") if number == 3 else OK)

    async with server(answer) as port:
        volley = await fired(port, 6)

    assert volley.answers.status == {0: 200, 1: 200, 2: BROKEN, 3: 503, 4: 200, 5: 200}


def test_an_order_is_read_as_it_was_written() -> None:
    order = Order(1, [0.0, 0.5], [b"\x00\xff", b""])

    assert Order.read(json.loads(order.written())) == order


async def test_a_call_that_comes_while_a_connection_is_just_open_gets_one_of_its_own() -> None:
    all_there, there = asyncio.Event(), set[int]()

    async def answer(number: int, writer: asyncio.StreamWriter) -> None:
        there.add(number)
        if len(there) == OPENED_BEFORE + 30:
            all_there.set()
        await all_there.wait()
        writer.write(OK)

    async with server(answer) as port:
        requests = [f"GET /{number} HTTP/1.1\r\nHost: here\r\n\r\n".encode() for number in range(OPENED_BEFORE + 30)]
        volley = Volley(Order(port, [0.0] * len(requests), requests))  # all at once: as on a machine that is busy
        await volley.fire()
        volley.close()

    assert set(volley.answers.status.values()) == {200}
