"""Reading AMQP 1.0 values from bytes. Wire layout: OASIS AMQP 1.0, part 1, section 1.6.

Messages are mostly not decoded: `skip` finds where a value ends and `map_items` cuts a map into raw spans, so bodies and
application properties are passed on byte for byte.
"""

import struct
import uuid
from collections.abc import Callable
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


def decode(data: bytes, at: int = 0) -> tuple[Any, int]:
    """The value that starts at byte `at`, and the position after it.

    Raises CodecError for truncated, malformed or absurdly nested input, never anything else.
    """
    try:
        value, end = _decode(data, at)
    except (struct.error, IndexError, UnicodeDecodeError, RecursionError, OverflowError, ValueError, TypeError) as error:
        raise CodecError(f"not an AMQP value at byte {at}: {error}") from error
    if end > len(data):
        raise CodecError(f"the value at byte {at} ends after the data")
    return value, end


def skip(data: bytes, at: int) -> int:
    """The position after the value at `at`, without building it."""
    try:
        while data[at] == 0:
            at = skip(data, at + 1)
        end = _end(data, at)
    except (struct.error, IndexError, RecursionError) as error:
        raise CodecError(f"not an AMQP value at byte {at}: {error}") from error
    if end > len(data):
        raise CodecError(f"the value at byte {at} ends after the data")
    return end


def map_items(data: bytes, at: int) -> list[tuple[bytes, bytes]]:
    """The entries of the map at `at` as (key bytes, value bytes)."""
    try:
        size_at, count, _ = _compound(data, at, small=0xC1, large=0xD1)
    except (struct.error, IndexError) as error:
        raise CodecError(f"not an AMQP map at byte {at}: {error}") from error
    items, position = [], size_at
    for _ in range(count // 2):
        middle = skip(data, position)
        end = skip(data, middle)
        items.append((data[position:middle], data[middle:end]))
        position = end
    return items


def first_item(data: bytes, at: int) -> Any:
    """The first field of the list at `at`; None where the list is empty."""
    if data[at : at + 1] == b"\x45":
        return None
    try:
        start, count, _ = _compound(data, at, small=0xC0, large=0xD0)
    except (struct.error, IndexError) as error:
        raise CodecError(f"not an AMQP list at byte {at}: {error}") from error
    return decode(data, start)[0] if count else None


def _decode(data: bytes, at: int) -> tuple[Any, int]:
    code = data[at]
    if code == 0:
        descriptor, at = _decode(data, at + 1)
        value, at = _decode(data, at)
        return Described(descriptor, value), at
    return _plain(code, data, at + 1)


def _plain(code: int, data: bytes, at: int) -> tuple[Any, int]:
    """A value whose constructor `code` was read already (array elements share one)."""
    if code in _CONSTANTS:
        return _CONSTANTS[code], at
    fixed = _FIXED.get(code)
    if fixed is not None:
        unpack, size, kind = fixed
        return kind(unpack(data, at)[0]), at + size
    if code == 0x98:
        return uuid.UUID(bytes=data[at : at + 16]), at + 16
    if code in _DECIMALS:
        size, kind = _DECIMALS[code]
        return kind(data[at : at + size]), at + size
    if code in _TEXT:
        return _text(code, data, at)
    if code in _COMPOUND:
        return _COMPOUND[code](code, data, at)
    raise CodecError(f"unknown constructor 0x{code:02x}")


def _text(code: int, data: bytes, at: int) -> tuple[Any, int]:
    size, start = (data[at], at + 1) if code < 0xB0 else (_u32(data, at), at + 4)
    raw = data[start : start + size]
    if len(raw) != size:
        raise CodecError("text ends after the data")
    return _TEXT[code](raw), start + size


def _compound(data: bytes, at: int, *, small: int, large: int) -> tuple[int, int, int]:
    """(position of the first item, number of items, position after the last) of a list or map."""
    if data[at] == small:
        start, count, end = at + 3, data[at + 2], at + 2 + data[at + 1]
    elif data[at] == large:
        start, count, end = at + 9, _u32(data, at + 5), at + 5 + _u32(data, at + 1)
    else:
        raise CodecError(f"constructor 0x{data[at]:02x} is not 0x{small:02x} or 0x{large:02x}")
    if count > end - start or end > len(data):
        raise CodecError(f"{count} items in {end - start} bytes")
    return start, count, end


def _list(code: int, data: bytes, at: int) -> tuple[list[Any], int]:
    start, count, end = _compound(data, at - 1, small=0xC0, large=0xD0)
    items = []
    for _ in range(count):
        code = data[start]
        value, start = _plain(code, data, start + 1) if code else _decode(data, start)
        items.append(value)
    return items, _closed(start, end)


def _map(code: int, data: bytes, at: int) -> tuple[dict[Any, Any], int]:
    start, count, end = _compound(data, at - 1, small=0xC1, large=0xD1)
    items = {}
    for _ in range(count // 2):
        key, start = _decode(data, start)
        items[key], start = _decode(data, start)
    return items, _closed(start, end)


def _array(code: int, data: bytes, at: int) -> tuple[Array, int]:
    end, count, start = (at + 1 + data[at], data[at + 1], at + 2) if code == 0xE0 else (at + 4 + _u32(data, at), _u32(data, at + 4), at + 8)
    if count > end - start or end > len(data):  # elements may take no bytes at all; nobody sends many of those
        raise CodecError(f"{count} array elements in {end - start} bytes")
    descriptor, element = None, data[start]
    if element == 0:
        descriptor, start = _decode(data, start + 1)
        element = data[start]
    start += 1
    values = Array()
    for _ in range(count):
        value, start = _plain(element, data, start)
        values.append(value if descriptor is None else Described(descriptor, value))
    return values, _closed(start, end)


def _closed(position: int, end: int) -> int:
    """`end`, if that is where the last item ended. Items that reach past it would be read again by others, twice at every level."""
    if position != end:
        raise CodecError(f"the items end at byte {position}, not at byte {end}")
    return end


def _end(data: bytes, at: int) -> int:
    width = data[at] >> 4
    if width in _WIDTHS:
        return at + 1 + _WIDTHS[width]
    if width in (0xA, 0xC, 0xE):
        return at + 2 + data[at + 1]
    if width in (0xB, 0xD, 0xF):
        return at + 5 + _u32(data, at + 1)
    raise CodecError(f"unknown constructor 0x{data[at]:02x}")


def _u32(data: bytes, at: int) -> int:
    value: int = _U32.unpack_from(data, at)[0]
    return value


_U32 = struct.Struct(">I")
_WIDTHS = {4: 0, 5: 1, 6: 2, 7: 4, 8: 8, 9: 16}
_CONSTANTS: dict[int, Any] = {0x40: None, 0x41: True, 0x42: False, 0x43: UInt(0), 0x44: ULong(0)}
_FIXED: dict[int, tuple[Callable[[bytes, int], tuple[Any, ...]], int, Callable[[Any], Any]]] = {
    code: (struct.Struct(">" + layout).unpack_from, struct.calcsize(">" + layout), kind)
    for code, layout, kind in (
        (0x50, "B", UByte),
        (0x51, "b", Byte),
        (0x52, "B", UInt),
        (0x53, "B", ULong),
        (0x54, "b", Int),
        (0x55, "b", Long),
        (0x56, "B", bool),
        (0x60, "H", UShort),
        (0x61, "h", Short),
        (0x70, "I", UInt),
        (0x71, "i", Int),
        (0x72, "f", Float),
        (0x73, "I", lambda point: Char(chr(point))),
        (0x80, "Q", ULong),
        (0x81, "q", Long),
        (0x82, "d", float),
        (0x83, "q", Timestamp),
    )
}
_DECIMALS: dict[int, tuple[int, type[bytes]]] = {0x74: (4, Decimal32), 0x84: (8, Decimal64), 0x94: (16, Decimal128)}
_TEXT: dict[int, Callable[[bytes], Any]] = {
    0xA0: bytes,
    0xB0: bytes,
    0xA1: lambda raw: str(raw, "utf-8"),
    0xB1: lambda raw: str(raw, "utf-8"),
    0xA3: lambda raw: Symbol(raw, "ascii"),
    0xB3: lambda raw: Symbol(raw, "ascii"),
}
_COMPOUND: dict[int, Callable[[int, bytes, int], tuple[Any, int]]] = {
    0x45: lambda _code, _data, at: ([], at),
    0xC0: _list,
    0xD0: _list,
    0xC1: _map,
    0xD1: _map,
    0xE0: _array,
    0xF0: _array,
}
