"""JSON values as Cosmos compares them, with `undefined` as a value of its own.

Surprising: Python says `True == 1` and `1 == 1.0`; here the first is false and the second is true. Comparing values of different types is
neither true nor false but undefined (Azure documentation, Cosmos DB NoSQL query, equality and comparison operators).
"""

from enum import Enum
from types import NoneType
from typing import Any, Final


class Undefined(Enum):
    """The value of a path that leads nowhere. Not null: null is stored, undefined is absence."""

    UNDEFINED = "undefined"


UNDEFINED: Final = Undefined.UNDEFINED

Value = Any  # a JSON value or UNDEFINED
Document = dict[str, Any]


RANKS: Final[dict[type, int]] = {Undefined: 0, NoneType: 1, bool: 2, int: 3, float: 3, str: 4, list: 5, dict: 6}


def kind(value: Value) -> int:
    """The type of `value` as a rank: values of different types are sorted undefined, null, boolean, number, string, array, object."""
    return RANKS[type(value)]


def is_number(value: Value) -> bool:
    """True for JSON numbers; Python's booleans are not numbers here."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def same(left: Value, right: Value) -> bool:
    """Deep equality that keeps types apart."""
    if kind(left) != kind(right):
        return False
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(value, right[name]) for name, value in left.items())
    if isinstance(left, list):
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
    """A sort key for ORDER BY, MIN and MAX: by type, then by value. Arrays and objects are sorted by their text: arbitrary, but stable."""
    rank = kind(value)
    if rank in {0, 1}:
        return rank, 0
    return rank, str(value) if rank in {5, 6} else value
