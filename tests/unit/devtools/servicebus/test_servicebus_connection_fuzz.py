"""Any bytes at all: a connection answers or refuses, and what it keeps is bounded. Without sockets: the transport is a list."""

import asyncio
import contextlib
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typing_extensions import override

from devtools.emulators.servicebus.bench import POLICY, message_bytes
from devtools.emulators.servicebus.broker import Broker
from devtools.emulators.servicebus.connection import Connection
from devtools.emulators.servicebus.decoding import decode, map_items, skip
from devtools.emulators.servicebus.encoding import described, encode
from devtools.emulators.servicebus.journal import MemoryJournal
from devtools.emulators.servicebus.limits import AZURE, Admissions
from devtools.emulators.servicebus.message import parse, split_batch
from devtools.emulators.servicebus.performatives import (
    AMQP_HEADER,
    ATTACH,
    BEGIN,
    DISPOSITION,
    FLOW,
    OPEN,
    SASL_HEADER,
    SASL_INIT,
    SOURCE,
    TARGET,
    TRANSFER,
    Fields,
    frame,
)
from devtools.emulators.servicebus.refusals import RefusedError
from devtools.emulators.servicebus.values import CodecError, Described, Symbol, UInt, ULong

FUZZ = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
ADDRESS: Fields = {"source": Described(ULong(SOURCE), ["orders"]), "target": Described(ULong(TARGET), ["orders"])}
VALID = (
    SASL_HEADER + frame(0, SASL_INIT, mechanism=Symbol("ANONYMOUS")) + AMQP_HEADER,
    frame(0, OPEN, container_id="fuzz", max_frame_size=UInt(65_536)),
    frame(0, BEGIN, next_outgoing_id=UInt(0), incoming_window=UInt(100), outgoing_window=UInt(100)),
    frame(0, ATTACH, name="in", handle=UInt(0), role=False, **ADDRESS, initial_delivery_count=UInt(0)),
    frame(0, ATTACH, name="out", handle=UInt(1), role=True, **ADDRESS),
    frame(0, TRANSFER, payload=message_bytes("x"), handle=UInt(0), delivery_id=UInt(0), delivery_tag=b"0"),
    frame(0, FLOW, incoming_window=UInt(100), next_outgoing_id=UInt(0), outgoing_window=UInt(100), handle=UInt(1), link_credit=UInt(5)),
    frame(0, DISPOSITION, role=True, first=UInt(0), settled=False, state=Described(ULong(0x24), [])),
)
"""A client's whole life, frame by frame."""


class Sink(asyncio.Transport):
    """Takes what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.is_closed = False

    @override
    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    @override
    def get_write_buffer_size(self) -> int:
        return 0

    @override
    def is_closing(self) -> bool:
        return self.is_closed

    @override
    def close(self) -> None:
        self.is_closed = True

    @override
    def abort(self) -> None:
        self.is_closed = True


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.CRITICAL):
        yield


def survives(*chunks: bytes) -> bytes:
    """What a fresh stand-in says to these bytes, each arriving on its own. Whoever comes next is served."""

    async def talk() -> bytes:
        broker = Broker([POLICY], now_ms=lambda: 1_700_000_000_000, journal=MemoryJournal())
        said = await _heard(broker, chunks)
        assert frame(0, BEGIN)[8:11] in await _heard(broker, VALID[:3])
        assert len(broker.connections) == 0
        return said

    return asyncio.run(talk())


async def _heard(broker: Broker, chunks: Any) -> bytes:
    connection, sink = Connection(broker, Admissions(AZURE)), Sink()
    connection.connection_made(sink)
    connection.grants.add("orders", 4_102_444_800_000)  # as if a token had been shown, or nothing here reached a queue
    for chunk in chunks:
        connection.data_received(chunk)
    await asyncio.sleep(0)
    connection.connection_lost(None)
    return bytes(sink.written)


@FUZZ
@given(st.binary(max_size=300))
def test_any_bytes_are_borne(data: bytes) -> None:
    survives(data)
    survives(VALID[0], data)
    survives(*VALID[:3], data)


@FUZZ
@given(data=st.data())
def test_valid_frames_that_were_changed_cut_repeated_or_swapped_are_borne(data: st.DataObject) -> None:
    frames = data.draw(st.lists(st.sampled_from(VALID), min_size=1, max_size=10)) if data.draw(st.booleans()) else list(VALID)
    content = bytearray(b"".join(frames))
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(content)), max_size=3)))

    survives(*(bytes(content[start:end]) for start, end in zip([0, *cuts], [*cuts, len(content)], strict=True)))


@FUZZ
@given(st.lists(st.integers(0, len(b"".join(VALID))), max_size=8).map(sorted))
def test_how_the_bytes_arrive_makes_no_difference(cuts: list[int]) -> None:
    whole = b"".join(VALID)
    parts = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]

    assert len(survives(*parts)) == len(survives(whole))  # lock tokens differ, sizes do not


@FUZZ
@given(st.binary(max_size=200))
def test_reading_any_bytes_gives_a_value_or_a_codec_error(data: bytes) -> None:
    for read in (decode, skip, map_items):
        with contextlib.suppress(CodecError):
            read(data, 0)
    for read_message in (parse, split_batch):
        with contextlib.suppress(RefusedError):
            read_message(data)


@pytest.mark.parametrize(
    "bomb",
    [
        pytest.param(b"\xf0\x00\x00\x00\x05\x00\x0f\xff\xff\x40" * 1_000, id="arrays of a million nulls"),
        pytest.param(b"\xf0\x00\x00\x00\x06\x00\x00\x00\x01\xf0" * 40 + b"\x00" * 100, id="arrays that reach past their end"),
        pytest.param(b"\x00" * 100_000, id="descriptors of descriptors"),
        pytest.param(b"\xc0\xff\x01" * 30_000, id="lists in lists"),
        pytest.param(b"\xd1\xff\xff\xff\xff\xff\xff\xff\xff", id="a map of four billion"),
    ],
)
def test_a_bomb_is_refused_at_once(bomb: bytes) -> None:
    with pytest.raises(CodecError):
        decode(b"\xd0" + (len(bomb) + 4).to_bytes(4, "big") + (1_000).to_bytes(4, "big") + bomb)
    with pytest.raises(RefusedError):
        parse(described(0x73, encode(["id"])) + b"\x00\x53\x72" + bomb)
