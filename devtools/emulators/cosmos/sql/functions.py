"""The functions a query may call. Anything not in the table is refused, so a typing mistake never looks like an empty answer.

An argument of a type the function does not take makes the result undefined. Lacking, on purpose: full text functions, dates, geography,
mathematics beyond ABS, FLOOR and ROUND. VectorDistance is not in the table: it needs the container's policy (`distance`).
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from devtools.emulators.cosmos.values import UNDEFINED, Value, is_number, same


@dataclass(frozen=True, slots=True)
class Function:
    """`call` takes `least` to `most` values; unless `takes_undefined`, an undefined one makes the result undefined without a call."""

    call: Callable[..., Value]
    least: int
    most: int
    takes_undefined: bool = False

    def __call__(self, *values: Value) -> Value:
        """The function's value, or UNDEFINED."""
        if not self.takes_undefined and UNDEFINED in values:
            return UNDEFINED
        return self.call(*values)


def _is(accepts: Callable[[Value], bool]) -> Function:
    return Function(accepts, 1, 1, takes_undefined=True)


def _of_texts(compare: Callable[[str, str], Value]) -> Function:
    """A function of two strings whose third argument, true, means that case does not matter."""

    def call(left: Value, right: Value, ignore_case: Value = False) -> Value:  # noqa: FBT002  # positional, as in the query
        if not (isinstance(left, str) and isinstance(right, str) and isinstance(ignore_case, bool)):
            return UNDEFINED
        return compare(left.lower(), right.lower()) if ignore_case else compare(left, right)

    return Function(call, 2, 3)


def _of_text(change: Callable[[str], Value]) -> Function:
    return Function(lambda text: change(text) if isinstance(text, str) else UNDEFINED, 1, 1)


def _of_number(change: Callable[[float], Value]) -> Function:
    return Function(lambda number: change(number) if is_number(number) else UNDEFINED, 1, 1)


def array_contains(array: Value, wanted: Value, is_partial: Value = False) -> Value:  # noqa: FBT002  # positional, as in the query
    """Whether an element equals `wanted` or, with a third argument true, has at least all its properties."""
    if not isinstance(array, list) or not isinstance(is_partial, bool):
        return UNDEFINED
    if isinstance(wanted, str):
        return wanted in array  # a text equals nothing but a text, in Python as here: hundreds of keys are looked through at C's pace
    return any(_has(element, wanted) if is_partial else same(element, wanted) for element in array)


def _has(element: Value, part: Value) -> bool:
    if isinstance(element, Mapping) and isinstance(part, Mapping):
        return all(name in element and _has(element[name], value) for name, value in part.items())
    return same(element, part)


def concat(*texts: Value) -> Value:
    """Strings, joined."""
    return "".join(texts) if all(isinstance(text, str) for text in texts) else UNDEFINED


def substring(text: Value, start: Value, length: Value) -> Value:
    """`length` characters from the zero-based `start`."""
    if not (isinstance(text, str) and is_number(start) and is_number(length)):
        return UNDEFINED
    first = max(int(start), 0)
    return text[first : first + max(int(length), 0)]


def rounded(number: float) -> float:
    """To the nearest whole number, halves away from zero."""
    return int(math.copysign(math.floor(abs(number) + 0.5), number))


FUNCTIONS: Final[Mapping[str, Function]] = {
    "IS_DEFINED": _is(lambda value: value is not UNDEFINED),
    "IS_NULL": _is(lambda value: value is None),
    "IS_STRING": _is(lambda value: isinstance(value, str)),
    "IS_NUMBER": _is(is_number),
    "IS_BOOL": _is(lambda value: isinstance(value, bool)),
    "IS_ARRAY": _is(lambda value: isinstance(value, list)),
    "IS_OBJECT": _is(lambda value: isinstance(value, Mapping)),
    "ARRAY_CONTAINS": Function(array_contains, 2, 3),
    "ARRAY_LENGTH": Function(lambda array: len(array) if isinstance(array, list) else UNDEFINED, 1, 1),
    "CONTAINS": _of_texts(lambda text, part: part in text),
    "STARTSWITH": _of_texts(str.startswith),
    "ENDSWITH": _of_texts(str.endswith),
    "STRINGEQUALS": _of_texts(lambda left, right: left == right),
    "LOWER": _of_text(str.lower),
    "UPPER": _of_text(str.upper),
    "LENGTH": _of_text(len),
    "CONCAT": Function(concat, 2, 64),
    "SUBSTRING": Function(substring, 3, 3),
    "ABS": _of_number(abs),
    "FLOOR": _of_number(math.floor),
    "ROUND": _of_number(rounded),
}
AGGREGATES: Final = frozenset({"COUNT", "SUM", "MIN", "MAX", "AVG"})
