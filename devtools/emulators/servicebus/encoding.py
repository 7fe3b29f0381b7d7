"""Writing AMQP 1.0 values to bytes. Wire layout: OASIS AMQP 1.0, part 1, section 1.6.

Lacks: arrays of lists, maps or described values (refused with a CodecError).
"""

import struct
import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from devtools.emulators.servicebus.values import (
    Array,
    Byte,
    Char,
    CodecError,
    Decimal32,
    Decimal64,
    Decimal128,
    Described,
    Float,
    Int,
    Long,
    Short,
    Symbol,
    Timestamp,
    UByte,
    UInt,
    ULong,
    UShort,
)


def encode(value: Any) -> bytes:
    """The shortest encoding of `value`. Raises CodecError for a type without an exact AMQP counterpart, plain `int` included."""
    try:
        return _ENCODERS[type(value)](value)
    except KeyError as unknown:  # of this value, or of one inside it
        raise CodecError(f"{unknown.args[0].__name__} has no AMQP type") from unknown
    except (struct.error, UnicodeEncodeError) as error:
        raise CodecError(f"{value!r:.100} does not fit {type(value).__name__}: {error}") from error


def encode_map(items: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A map from entries that are encoded already."""
    parts = [part for item in items for part in item]
    body = b"".join(parts)
    return struct.pack(">BII", 0xD1, len(body) + 4, len(parts)) + body


def encode_list(parts: Sequence[bytes], count: int) -> bytes:
    """A list of so many items that are encoded already; a part may hold several."""
    size = sum(map(len, parts))
    head = bytes((0xC0, size + 1, count)) if size < 255 and count < 256 else struct.pack(">BII", 0xD0, size + 4, count)
    return b"".join((head, *parts))


def described(code: int, body: bytes) -> bytes:
    """`body` (encoded) under the small numeric descriptor `code`."""
    return bytes((0, 0x53, code)) + body


def _number(code: int, layout: str, *, small: int | None = None, zero: int | None = None) -> Callable[[Any], bytes]:
    """An encoder for one numeric type; `small` is its one byte form, `zero` its empty form."""
    wide, narrow = struct.Struct(">B" + layout), struct.Struct(">B" + ("b" if layout.islower() else "B"))
    low, high = (-128, 128) if layout.islower() else (0, 256)

    def number(value: Any) -> bytes:
        if value == 0 and zero is not None:
            return bytes((zero,))
        if small is not None and low <= value < high:
            return narrow.pack(small, value)
        return wide.pack(code, value)

    return number


def _variable(small: int, encoding: str | None) -> Callable[[Any], bytes]:
    def variable(value: Any) -> bytes:
        raw: bytes = value if encoding is None else value.encode(encoding)
        if len(raw) < 256:
            return bytes((small, len(raw))) + raw
        return struct.pack(">BI", small + 0x10, len(raw)) + raw

    return variable


def _encode_list(value: list[Any]) -> bytes:
    if not value:
        return b"\x45"
    return encode_list([b"\x40" if item is None else _ENCODERS[type(item)](item) for item in value], len(value))


def _encode_map(value: dict[Any, Any]) -> bytes:
    return encode_map((_ENCODERS[type(key)](key), _ENCODERS[type(item)](item)) for key, item in value.items())


def _encode_array(value: Array) -> bytes:
    kinds = {type(item) for item in value}
    if len(kinds) > 1:
        raise CodecError("an array holds values of one type")
    code, element = _ELEMENTS[kinds.pop()] if kinds and kinds <= _ELEMENTS.keys() else (0x40, None)
    if element is None and value:
        raise CodecError(f"an array of {type(value[0]).__name__} is not supported")
    body = bytes((code,)) + b"".join(element(item) for item in value) if element else b"\x40"
    return struct.pack(">BII", 0xF0, len(body) + 4, len(value)) + body


def _sized(raw: bytes) -> bytes:
    return struct.pack(">I", len(raw)) + raw


_ELEMENTS: dict[type, tuple[int, Callable[[Any], bytes]]] = {
    UInt: (0x70, struct.Struct(">I").pack),
    ULong: (0x80, struct.Struct(">Q").pack),
    Int: (0x71, struct.Struct(">i").pack),
    Long: (0x81, struct.Struct(">q").pack),
    Timestamp: (0x83, struct.Struct(">q").pack),
    uuid.UUID: (0x98, lambda value: value.bytes),
    bytes: (0xB0, _sized),
    str: (0xB1, lambda value: _sized(value.encode())),
    Symbol: (0xB3, lambda value: _sized(value.encode("ascii"))),
}
_ENCODERS: dict[type, Callable[[Any], bytes]] = {
    type(None): lambda _: b"\x40",
    bool: lambda value: b"\x41" if value else b"\x42",
    UByte: _number(0x50, "B"),
    UShort: _number(0x60, "H"),
    UInt: _number(0x70, "I", small=0x52, zero=0x43),
    ULong: _number(0x80, "Q", small=0x53, zero=0x44),
    Byte: _number(0x51, "b"),
    Short: _number(0x61, "h"),
    Int: _number(0x71, "i", small=0x54),
    Long: _number(0x81, "q", small=0x55),
    Timestamp: _number(0x83, "q"),
    Float: _number(0x72, "f"),
    float: _number(0x82, "d"),
    Decimal32: lambda value: b"\x74" + bytes(value),
    Decimal64: lambda value: b"\x84" + bytes(value),
    Decimal128: lambda value: b"\x94" + bytes(value),
    Char: lambda value: struct.pack(">BI", 0x73, ord(value)),
    uuid.UUID: lambda value: b"\x98" + bytes(value.bytes),
    bytes: _variable(0xA0, None),
    str: _variable(0xA1, "utf-8"),
    Symbol: _variable(0xA3, "ascii"),
    list: _encode_list,
    dict: _encode_map,
    Array: _encode_array,
    Described: lambda value: b"\x00" + _ENCODERS[type(value.descriptor)](value.descriptor) + _ENCODERS[type(value.value)](value.value),
}
