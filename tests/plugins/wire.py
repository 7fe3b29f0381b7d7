"""A wire between a client and a stand-in that can be cut, or go dead without anybody noticing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Literal

WireState = Literal["whole", "cut", "dead"]


class Wire:
    """Forwards bytes to a port on loopback.

    ``cut``: the next bytes a client sends end its connection, as when a server is killed in the middle of a request. ``dead``: everything
    is swallowed, as when a firewall forgot the connection; those that were dead stay dead.
    """

    def __init__(self, target_port: int) -> None:
        self.state: WireState = "whole"
        self.port = 0
        self._target_port = target_port
        self._running: set[asyncio.Task[None]] = set()

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client."""
        task = asyncio.create_task(self._serve(reader, writer))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def hang_up(self) -> None:
        """End every connection."""
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        answers = asyncio.create_task(self._answers(far_reader, writer))
        try:
            await self._requests(reader, far_writer)
        except ConnectionError:
            pass
        finally:
            answers.cancel()
            for one in (writer, far_writer):
                one.transport.abort()

    async def _requests(self, reader: asyncio.StreamReader, far_writer: asyncio.StreamWriter) -> None:
        is_dead = False
        while chunk := await reader.read(65536):
            if self.state == "cut":
                return
            is_dead = is_dead or self.state == "dead"
            if not is_dead:
                far_writer.write(chunk)

    async def _answers(self, far_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while chunk := await far_reader.read(65536):
                if self.state == "whole":
                    writer.write(chunk)


@asynccontextmanager
async def wire_to(target_port: int) -> AsyncIterator[Wire]:
    """A whole wire to a port."""
    wire = Wire(target_port)
    server = await asyncio.start_server(wire.accept, "127.0.0.1", 0)
    wire.port = server.sockets[0].getsockname()[1]
    try:
        yield wire
    finally:
        server.close()
        await wire.hang_up()
        await server.wait_closed()
