"""A client without manners: it writes what it likes to the stand-in's socket, and reads frames where it cares to."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from devtools.emulators.servicebus.frames import FrameReader
from devtools.emulators.servicebus.performatives import (
    AMQP_HEADER,
    ATTACH,
    BEGIN,
    CLOSE,
    DETACH,
    END,
    FLOW,
    OPEN,
    SASL_HEADER,
    SASL_INIT,
    SOURCE,
    TARGET,
    TRANSFER,
    Fields,
    fields_of,
    frame,
    read_performative,
)
from devtools.emulators.servicebus.values import Described, Symbol, UInt, ULong, UShort

PATIENCE_SECONDS = 20
HELLO = SASL_HEADER + frame(0, SASL_INIT, mechanism=Symbol("ANONYMOUS")) + AMQP_HEADER
OPENED = frame(0, OPEN, container_id="raw", max_frame_size=UInt(65_536), channel_max=UShort(255))
CLOSING = b"\x00\x53" + bytes((CLOSE,))
BEGUN = frame(0, BEGIN, next_outgoing_id=UInt(0), incoming_window=UInt(1_000), outgoing_window=UInt(1_000))


def attach(handle: int, address: str, *, receives: bool, name: str = "", **terminus: Any) -> bytes:
    """An attach of a link to or from an address."""
    ends = {"source": Described(ULong(SOURCE), [address]), "target": Described(ULong(TARGET), [address])} | terminus
    return frame(0, ATTACH, name=name or f"link-{handle}", handle=UInt(handle), role=receives, **ends, initial_delivery_count=UInt(0))


def transfer(handle: int, payload: bytes, *, delivery_id: int = 0, **fields: Any) -> bytes:
    numbers = {"delivery_id": UInt(delivery_id), "delivery_tag": delivery_id.to_bytes(4, "big")}
    return frame(0, TRANSFER, payload=payload, handle=UInt(handle), **numbers, **fields)


def flow(**fields: Any) -> bytes:
    """A flow of the session; with a handle, of that link."""
    session: Fields = {"incoming_window": UInt(1_000), "next_outgoing_id": UInt(0), "outgoing_window": UInt(1_000)}
    return frame(0, FLOW, **session, **fields)


class RawClient:
    """One connection. What it reads are frames after the first headers."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self._frames: list[tuple[int, Fields, bytes]] = []
        self._pieces = FrameReader()

    def write(self, *parts: bytes) -> None:
        self.writer.write(b"".join(parts))

    async def until(self, *codes: int) -> Fields:
        """The fields of the next frame with one of these performatives; those before it are dropped."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                while self._frames:
                    code, fields, _ = self._frames.pop(0)
                    if code in codes:
                        return fields
                self._read(await self.reader.read(65_536))

    async def refusal(self) -> tuple[str, str]:
        """Condition and text of the next error: of a detach, an end or a close."""
        fields = await self.until(DETACH, END, CLOSE)
        condition, text = fields_of(fields["error"], 2)[:2]
        return str(condition), str(text)

    async def is_hung_up_on(self) -> bool:
        """Whether the other side says that the connection is over, or just ends it, before long."""
        heard = b""
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                while CLOSING not in heard and (more := await self.reader.read(65_536)):
                    heard += more
        return True

    def _read(self, data: bytes) -> None:
        if not data:
            raise EOFError("the stand-in has closed the connection")
        for kind, _, body in self._pieces.pieces(data):
            if kind == 1 and read_performative(body)[0] == 0x44:  # the outcome of SASL: the second header follows
                self._pieces.awaits_header = True
            elif kind is not None:
                self._frames.append(read_performative(body))


@contextlib.asynccontextmanager
async def raw_client(port: int, *said: bytes) -> AsyncIterator[RawClient]:
    """A client that has said this already."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    client = RawClient(reader, writer)
    client.write(*said)
    try:
        yield client
    finally:
        writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
