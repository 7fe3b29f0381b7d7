"""Operators of a query with three-valued logic: true, false and undefined.

`undefined OR true` is true, `undefined AND false` is false, `NOT undefined` is undefined; what is not a boolean counts as undefined.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from devtools.emulators.cosmos.sql.syntax import Evaluate, Scope
from devtools.emulators.cosmos.values import UNDEFINED, Value, equal, is_number, less

Operator = Callable[[Evaluate, Evaluate], Evaluate]


def negated(value: Value) -> Value:
    """NOT."""
    return not value if isinstance(value, bool) else UNDEFINED


class Chain:
    """AND or OR of many terms, kept flat: reading many items by id makes an OR of a thousand, too deep for nested calls."""

    def __init__(self, terms: tuple[Evaluate, ...], *, decisive: bool) -> None:
        self.terms = terms
        self.decisive = decisive

    def __call__(self, scope: Scope) -> Value:
        """`decisive` as soon as one term is; its opposite when all are; undefined otherwise."""
        result: Value = not self.decisive
        for term in self.terms:
            value = term(scope)
            if value is self.decisive:
                return value
            if not isinstance(value, bool):
                result = UNDEFINED
        return result


def both(left: Evaluate, right: Evaluate) -> Evaluate:
    """AND."""
    return _chained(left, right, decisive=False)


def either(left: Evaluate, right: Evaluate) -> Evaluate:
    """OR."""
    return _chained(left, right, decisive=True)


def _chained(left: Evaluate, right: Evaluate, *, decisive: bool) -> Evaluate:
    terms = left.terms if isinstance(left, Chain) and left.decisive is decisive else (left,)
    return Chain((*terms, right), decisive=decisive)


def coalesced(left: Evaluate, right: Evaluate) -> Evaluate:
    """`??`: the right side where the left is undefined; null is a value."""

    def evaluate(scope: Scope) -> Value:
        value = left(scope)
        return right(scope) if value is UNDEFINED else value

    return evaluate


def conditional(test: Evaluate, then: Evaluate, otherwise: Evaluate) -> Evaluate:
    """`? :`."""
    return lambda scope: then(scope) if test(scope) is True else otherwise(scope)


def among(subject: Evaluate, choices: Sequence[Evaluate]) -> Evaluate:
    """IN: a chain of OR."""

    def evaluate(scope: Scope) -> Value:
        value = subject(scope)
        answers = [equal(value, choice(scope)) for choice in choices]
        if True in answers:
            return True
        return UNDEFINED if UNDEFINED in answers else False

    return evaluate


def between(subject: Evaluate, low: Evaluate, high: Evaluate) -> Evaluate:
    """BETWEEN, both ends included."""
    return both(not_above(low, subject), not_above(subject, high))


def not_above(left: Evaluate, right: Evaluate) -> Evaluate:
    """`<=`."""
    return lambda scope: negated(less(right(scope), left(scope)))


def like(subject: Evaluate, pattern: Evaluate) -> Evaluate:
    """LIKE with `%` and `_`."""

    def evaluate(scope: Scope) -> Value:
        text, wanted = subject(scope), pattern(scope)
        if not (isinstance(text, str) and isinstance(wanted, str)):
            return UNDEFINED
        return is_like(text, wanted)

    return evaluate


def is_like(text: str, pattern: str) -> bool:
    """Whether the whole text fits. Of what lies between two `%` the first occurrence is the best, so nothing is tried a second time."""
    first, *others = pattern.split("%")
    if not others:
        return len(text) == len(first) and _found(text, first, 0) == 0
    *middle, last = others
    at, end = len(first), len(text) - len(last)
    if end < at or _found(text[:at], first, 0) != 0 or _found(text, last, end) != end:
        return False
    for part in middle:
        found = _found(text, part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def _found(text: str, part: str, start: int, end: int | None = None) -> int:
    """Where a part without `%` first occurs; -1 where it does not."""
    if "_" not in part:
        return text.find(part, start, end)
    found = _pattern(part).search(text, start, len(text) if end is None else end)
    return found.start() if found else -1


@lru_cache(maxsize=64)
def _pattern(part: str) -> re.Pattern[str]:
    return re.compile("".join("." if letter == "_" else re.escape(letter) for letter in part), re.DOTALL)


def _valued(compute: Callable[[Value, Value], Value]) -> Operator:
    return lambda left, right: lambda scope: compute(left(scope), right(scope))


def _arithmetic(compute: Callable[[float, float], float]) -> Operator:
    def value(left: Value, right: Value) -> Value:
        if not (is_number(left) and is_number(right)):
            return UNDEFINED
        try:
            result = compute(left, right)
            return plain(result) if math.isfinite(result) else UNDEFINED
        except (ZeroDivisionError, OverflowError, ValueError):
            return UNDEFINED

    return _valued(value)


def plain(number: float) -> float:
    """A number as the service writes it: whole numbers without a fraction."""
    return int(number) if isinstance(number, float) and number.is_integer() and abs(number) < 2**53 else number


def _joined(left: Value, right: Value) -> Value:
    return left + right if isinstance(left, str) and isinstance(right, str) else UNDEFINED


def negative(value: Value) -> Value:
    """Unary minus."""
    return -value if is_number(value) else UNDEFINED


def positive(value: Value) -> Value:
    """Unary plus."""
    return value if is_number(value) else UNDEFINED


# The higher the number, the tighter the operator binds.
BINDING: Final[Mapping[str, tuple[int, Operator]]] = {
    "??": (1, coalesced),
    "OR": (2, either),
    "AND": (3, both),
    "=": (5, _valued(equal)),
    "!=": (5, _valued(lambda left, right: negated(equal(left, right)))),
    "<>": (5, _valued(lambda left, right: negated(equal(left, right)))),
    "<": (6, _valued(less)),
    ">": (6, _valued(lambda left, right: less(right, left))),
    "<=": (6, _valued(lambda left, right: negated(less(right, left)))),
    ">=": (6, _valued(lambda left, right: negated(less(left, right)))),
    "||": (7, _valued(_joined)),
    "+": (8, _arithmetic(lambda left, right: left + right)),
    "-": (8, _arithmetic(lambda left, right: left - right)),
    "*": (9, _arithmetic(lambda left, right: left * right)),
    "/": (9, _arithmetic(lambda left, right: left / right)),
    "%": (9, _arithmetic(math.fmod)),
}
CONDITIONAL_BINDING: Final = 1
NOT_BINDING: Final = 4
TEST_BINDING: Final = 5
"""IN, BETWEEN and LIKE."""
UNARY_BINDING: Final = 10
