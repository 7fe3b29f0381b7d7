"""Frames and performatives: OASIS AMQP 1.0, part 2 (transport) and part 5 (SASL).

Every performative is written with its full list of fields, trailing nulls included: client libraries index fields by position,
and older ones fail on a short list. What is read is padded the same way.
"""

import struct
from typing import Any

from devtools.emulators.servicebus.decoding import decode
from devtools.emulators.servicebus.encoding import described, encode
from devtools.emulators.servicebus.refusals import RefusedError
from devtools.emulators.servicebus.values import CodecError, Described, Symbol, ULong

OPEN, BEGIN, ATTACH, FLOW, TRANSFER, DISPOSITION, DETACH, END, CLOSE = range(0x10, 0x19)
ERROR = 0x1D
RECEIVED, ACCEPTED, REJECTED, RELEASED, MODIFIED = range(0x23, 0x28)
SOURCE, TARGET, COORDINATOR, TRANSACTIONAL_STATE = 0x28, 0x29, 0x30, 0x34
SASL_MECHANISMS, SASL_INIT, SASL_OUTCOME = 0x40, 0x41, 0x44

AMQP_FRAME, SASL_FRAME = 0, 1
AMQP_HEADER, SASL_HEADER = b"AMQP\x00\x01\x00\x00", b"AMQP\x03\x01\x00\x00"
_FIELDS = {
    OPEN: 10,
    BEGIN: 8,
    ATTACH: 14,
    FLOW: 11,
    TRANSFER: 11,
    DISPOSITION: 6,
    DETACH: 3,
    END: 1,
    CLOSE: 1,
    SASL_MECHANISMS: 1,
    SASL_INIT: 3,
    SASL_OUTCOME: 2,
}
_FRAME_HEADER = struct.Struct(">IBBH")


def frame(channel: int, code: int, *fields: Any, payload: bytes = b"") -> bytes:
    """One frame with one performative; fields that are not given are null."""
    padded = [*fields, *[None] * (_FIELDS[code] - len(fields))]
    body = described(code, encode(padded)) + payload
    kind = SASL_FRAME if code >= SASL_MECHANISMS else AMQP_FRAME
    return _FRAME_HEADER.pack(len(body) + 8, 2, kind, channel) + body


def read_performative(body: bytes) -> tuple[int, list[Any], bytes]:
    """(code, all its fields, payload) of a frame's body. Raises CodecError."""
    value, end = decode(body)
    if not isinstance(value, Described) or value.descriptor not in _FIELDS or not isinstance(value.value, list):
        raise CodecError(f"not a performative: {value!r:.100}")
    code = int(value.descriptor)
    return code, value.value + [None] * (_FIELDS[code] - len(value.value)), body[end:]


def error(refusal: RefusedError) -> Described:
    """The error of a detach, close or rejected outcome: condition, description, info."""
    return Described(ULong(ERROR), [Symbol(refusal.condition), refusal.text, {}])


def outcome(code: int, *fields: Any) -> Described:
    return Described(ULong(code), list(fields))


def rejected(refusal: RefusedError) -> Described:
    return outcome(REJECTED, error(refusal))


def fields_of(value: Any, count: int) -> list[Any]:
    """The fields of a described list (source, target, outcome) padded to `count`; all null where there is none."""
    fields = value.value if isinstance(value, Described) and isinstance(value.value, list) else []
    return [*fields, *[None] * (count - len(fields))]
