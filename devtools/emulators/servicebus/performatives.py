"""Frames and performatives: OASIS AMQP 1.0, part 2 (transport) and part 5 (SASL).

Every performative is written with its full list of fields, trailing nulls included: client libraries index fields by position,
and older ones fail on a short list. What is read is padded the same way.
"""

import struct
from itertools import zip_longest
from typing import Any

from devtools.emulators.servicebus.decoding import decode
from devtools.emulators.servicebus.encoding import described, encode, encode_list
from devtools.emulators.servicebus.refusals import RefusedError
from devtools.emulators.servicebus.values import CodecError, Described, Symbol, ULong

OPEN, BEGIN, ATTACH, FLOW, TRANSFER, DISPOSITION, DETACH, END, CLOSE = range(0x10, 0x19)
ERROR = 0x1D
RECEIVED, ACCEPTED, REJECTED, RELEASED, MODIFIED = range(0x23, 0x28)
SOURCE, TARGET, COORDINATOR, TRANSACTIONAL_STATE = 0x28, 0x29, 0x30, 0x34
SASL_MECHANISMS, SASL_INIT, SASL_OUTCOME = 0x40, 0x41, 0x44

AMQP_FRAME, SASL_FRAME = 0, 1
AMQP_HEADER, SASL_HEADER = b"AMQP\x00\x01\x00\x00", b"AMQP\x03\x01\x00\x00"
_FIELDS: dict[int, tuple[str, ...]] = {
    code: tuple(names.split())
    for code, names in (
        (
            OPEN,
            "container_id hostname max_frame_size channel_max idle_time_out outgoing_locales incoming_locales"
            " offered_capabilities desired_capabilities properties",
        ),
        (
            BEGIN,
            "remote_channel next_outgoing_id incoming_window outgoing_window handle_max"
            " offered_capabilities desired_capabilities properties",
        ),
        (
            ATTACH,
            "name handle role snd_settle_mode rcv_settle_mode source target unsettled incomplete_unsettled"
            " initial_delivery_count max_message_size offered_capabilities desired_capabilities properties",
        ),
        (
            FLOW,
            "next_incoming_id incoming_window next_outgoing_id outgoing_window handle delivery_count link_credit"
            " available drain echo properties",
        ),
        (TRANSFER, "handle delivery_id delivery_tag message_format settled more rcv_settle_mode state resume aborted batchable"),
        (DISPOSITION, "role first last settled state batchable"),
        (DETACH, "handle closed error"),
        (END, "error"),
        (CLOSE, "error"),
        (SASL_MECHANISMS, "sasl_server_mechanisms"),
        (SASL_INIT, "mechanism initial_response hostname"),
        (SASL_OUTCOME, "code additional_data"),
    )
}
Fields = dict[str, Any]
"""A performative's fields by their names in the specification; every field is there, null ones as None."""

_FRAME_HEADER = struct.Struct(">IBBH")
_TWO_NUMBERS = struct.Struct(">BIBI")
_UINT, _ZERO, _NULL, _BOOLEANS = 0x70, b"\x43", b"\x40", (b"\x42", b"\x41")


def frame(channel: int, code: int, /, *, payload: bytes = b"", **fields: Any) -> bytes:
    """One frame with one performative; fields that are not given are null."""
    body = described(code, encode([fields.get(name) for name in _FIELDS[code]])) + payload
    kind = SASL_FRAME if code >= SASL_MECHANISMS else AMQP_FRAME
    return _FRAME_HEADER.pack(len(body) + 8, 2, kind, channel) + body


def delivery_frame(channel: int, handle: int, delivery_id: int, tag: bytes | None, part: bytes, *, settled: bool, more: bool) -> bytes:
    """What `frame` says of a transfer, quicker: there is one for every message that is handed out."""
    numbers = _TWO_NUMBERS.pack(_UINT, handle, _UINT, delivery_id)
    fields = (numbers, encode(tag), _ZERO, _BOOLEANS[settled], _BOOLEANS[more], _NULL * 5)
    return _amqp_frame(channel, described(TRANSFER, encode_list(fields, 11)) + part)


def settled_frame(channel: int, delivery_id: int, state: Described) -> bytes:
    """What `frame` says of a sender's disposition of one delivery, quicker: it answers every settlement."""
    numbers = _TWO_NUMBERS.pack(_UINT, delivery_id, _UINT, delivery_id)
    fields = (_BOOLEANS[False], numbers, _BOOLEANS[True], encode(state), _NULL)
    return _amqp_frame(channel, described(DISPOSITION, encode_list(fields, 6)))


def _amqp_frame(channel: int, body: bytes) -> bytes:
    return _FRAME_HEADER.pack(len(body) + 8, 2, AMQP_FRAME, channel) + body


def read_performative(body: bytes) -> tuple[int, Fields, bytes]:
    """(code, fields, payload) of a frame's body. Raises CodecError."""
    value, end = decode(body)
    if not isinstance(value, Described) or value.descriptor not in _FIELDS or not isinstance(value.value, list):
        raise CodecError(f"not a performative: {value!r:.100}")
    code = int(value.descriptor)
    return code, dict(zip_longest(_FIELDS[code], value.value[: len(_FIELDS[code])])), body[end:]


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
