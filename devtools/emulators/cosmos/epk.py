"""The effective partition key: where an item lives, as 32 hexadecimal digits per hashed part.

The client sends prefixes of a hierarchical key as a range of effective keys, never as values, so the server has to know each item's.
Number and order of steps: encode the value, MurmurHash3 x64 128 with seed 0, reverse the sixteen bytes, clear the two highest bits.
Surprising: `Hash` hashes all parts together, `MultiHash` each alone, so a prefix of a key is a prefix of its text. Only version 2 is here.
"""

import struct
from functools import lru_cache
from typing import Literal

from devtools.emulators.cosmos.values import UNDEFINED, Value, is_number

MASK = 0xFFFFFFFFFFFFFFFF
FIRST_FACTOR = 0x87C37B91114253D5
SECOND_FACTOR = 0x4CF5AD432745937F

KeyKind = Literal["Hash", "MultiHash"]


def effective_key(values: tuple[Value, ...], kind: KeyKind) -> str:
    """The effective key of `values` (strings, numbers, booleans, None, UNDEFINED), upper case.

    Raises TypeError for an array or an object and OverflowError for a number no double can hold.
    """
    encoded = [encode(value) for value in values]
    return "".join(map(hashed, encoded)) if kind == "MultiHash" else hashed(b"".join(encoded))


def encode(value: Value) -> bytes:
    """One part of a key as the bytes that are hashed."""
    if value is UNDEFINED:
        return b"\x00"
    if value is None:
        return b"\x01"
    if isinstance(value, bool):
        return b"\x03" if value else b"\x02"
    if is_number(value):
        return b"\x05" + struct.pack("<d", float(value))
    if isinstance(value, str):
        return b"\x08" + value.encode() + b"\xff"
    raise TypeError(f"a partition key holds plain values, not {type(value).__name__}")


@lru_cache(maxsize=4096)
def hashed(encoded: bytes) -> str:
    """The 32 digits of one hash."""
    first, second = murmur3(encoded)
    digest = bytearray(struct.pack("<QQ", first, second)[::-1])
    digest[0] &= 0x3F
    return digest.hex().upper()


def murmur3(text: bytes) -> tuple[int, int]:
    """MurmurHash3 x64 128, seed 0, of Austin Appleby's public domain description: two 64-bit words."""
    first = second = 0
    whole = len(text) & ~15
    for position in range(0, whole, 16):
        low, high = struct.unpack_from("<QQ", text, position)
        first ^= _scrambled(low, FIRST_FACTOR, 31, SECOND_FACTOR)
        first = ((_rotated(first, 27) + second) * 5 + 0x52DCE729) & MASK
        second ^= _scrambled(high, SECOND_FACTOR, 33, FIRST_FACTOR)
        second = ((_rotated(second, 31) + first) * 5 + 0x38495AB5) & MASK

    low, high = struct.unpack("<QQ", text[whole:].ljust(16, b"\x00"))
    second ^= _scrambled(high, SECOND_FACTOR, 33, FIRST_FACTOR)
    first ^= _scrambled(low, FIRST_FACTOR, 31, SECOND_FACTOR)

    first, second = _added(first ^ len(text), second ^ len(text))
    return _added(_avalanche(first), _avalanche(second))


def _rotated(word: int, bits: int) -> int:
    return ((word << bits) | (word >> (64 - bits))) & MASK


def _scrambled(word: int, before: int, bits: int, after: int) -> int:
    return (_rotated((word * before) & MASK, bits) * after) & MASK


def _added(first: int, second: int) -> tuple[int, int]:
    first = (first + second) & MASK
    return first, (second + first) & MASK


def _avalanche(word: int) -> int:
    word = ((word ^ (word >> 33)) * 0xFF51AFD7ED558CCD) & MASK
    word = ((word ^ (word >> 33)) * 0xC4CEB9FE1A85EC53) & MASK
    return word ^ (word >> 33)
