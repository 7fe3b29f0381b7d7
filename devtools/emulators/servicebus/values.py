"""AMQP 1.0 types as Python types, so that a value leaves as exactly the type it came in.

A message id that was a string must not become binary, an `int` not a `long`. So every AMQP number has its own subclass of
`int`, a symbol its own subclass of `str`, and a plain `int` cannot be encoded at all.
"""

from dataclasses import dataclass
from typing import Any


class CodecError(ValueError):
    """These bytes are not AMQP 1.0, or this value has no AMQP encoding."""


class UByte(int):
    """8 bits, unsigned."""


class UShort(int):
    """16 bits, unsigned."""


class UInt(int):
    """32 bits, unsigned."""


class ULong(int):
    """64 bits, unsigned."""


class Byte(int):
    """8 bits, signed."""


class Short(int):
    """16 bits, signed."""


class Int(int):
    """32 bits, signed."""


class Long(int):
    """64 bits, signed."""


class Timestamp(int):
    """Milliseconds since 1970, signed."""


class Float(float):
    """32 bits; a plain `float` is the 64 bit double."""


class Decimal32(bytes):
    """A decimal number, as it came: nobody here calculates."""


class Decimal64(bytes):
    """The same, longer."""


class Decimal128(bytes):
    """The same, longer still."""


class Char(str):
    """One character."""


class Symbol(str):
    """ASCII text from a closed vocabulary."""


class Array(list[Any]):
    """Values of one type, sent with one constructor."""


@dataclass(slots=True)
class Described:
    """A value with its descriptor: performatives, outcomes, message sections."""

    descriptor: Any
    value: Any
