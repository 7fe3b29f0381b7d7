"""JSON values as Cosmos compares them, with `undefined` as a value of its own.

Surprising: Python says `True == 1` and `1 == 1.0`; here the first is false and the second is true. Comparing values of different types is
neither true nor false but undefined (Azure documentation, Cosmos DB NoSQL query, equality and comparison operators).
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final


class Undefined(Enum):
    """The value of a path that leads nowhere. Not null: null is stored, undefined is absence."""

    UNDEFINED = "undefined"


UNDEFINED: Final = Undefined.UNDEFINED

Value = Any  # a JSON value or UNDEFINED
Document = dict[str, Any]


def kind(value: Value) -> int:
    """The type of `value` as a rank: values of different types are sorted undefined, null, boolean, number, string, array, object."""
    match value:
        case Undefined():
            return 0
        case None:
            return 1
        case bool():
            return 2
        case int() | float():
            return 3
        case str():
            return 4
        case list() | tuple():
            return 5
        case Mapping():
            return 6
    raise TypeError(f"not a JSON value: {type(value).__name__}")


def is_number(value: Value) -> bool:
    """True for JSON numbers; Python's booleans are not numbers here."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def same(left: Value, right: Value) -> bool:
    """Deep equality that keeps types apart."""
    if kind(left) != kind(right):
        return False
    if isinstance(left, Mapping):
        return left.keys() == right.keys() and all(same(value, right[name]) for name, value in left.items())
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


def equal(left: Value, right: Value) -> bool | Undefined:
    """The `=` of a query."""
    if kind(left) != kind(right) or left is UNDEFINED:
        return UNDEFINED
    return same(left, right)


def less(left: Value, right: Value) -> bool | Undefined:
    """The `<` of a query: arrays and objects have no order."""
    if kind(left) != kind(right) or kind(left) in {0, 5, 6}:
        return UNDEFINED
    return left is not None and bool(left < right)


def order_key(value: Value) -> tuple[int, Any]:
    """A sort key for ORDER BY, MIN and MAX: by type first, then by value. Arrays and objects are sorted by their text: arbitrary, but stable."""
    rank = kind(value)
    if rank in {0, 1}:
        return rank, 0
    return rank, str(value) if rank in {5, 6} else value
