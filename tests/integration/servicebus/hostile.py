"""What clients without manners say, and what the tests of them share."""

import pytest

from devtools.emulators.servicebus.performatives import AMQP_HEADER, ATTACH, BEGIN, OPEN, SASL_HEADER, SASL_INIT, frame
from devtools.emulators.servicebus.values import Symbol
from tests.integration.servicebus.raw_client import BEGUN, HELLO, OPENED, RawClient

MEGABYTE = 1_048_576


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


async def opened(client: RawClient) -> None:
    client.write(HELLO, OPENED, BEGUN)
    await client.until(BEGIN)
