"""VectorDistance as it stands in a query: which of its two vectors is the item's, and which is the one asked for.

Narrower than the service, and refused with 400: two vectors of one item, a vector that is computed from an item, and a path that is put
together at run time (`c[@name]`). What the vectors mean is decided when the query runs, by the container's vector policy (`measures`).
"""

from collections.abc import Sequence
from typing import NamedTuple

from devtools.emulators.cosmos.sql.lexer import Token
from devtools.emulators.cosmos.sql.syntax import ITEM, Distance, Expression, QuerySyntaxError


class Argument(NamedTuple):
    """An argument; `is_fixed` when it has the same value for every item."""

    expression: Expression
    is_fixed: bool


def distance_of(arguments: Sequence[Argument], slot: str, token: Token) -> Distance:
    """The parsed call. Raises QuerySyntaxError unless exactly one of the vectors is a path and everything else is fixed."""
    if not 2 <= len(arguments) <= 4:
        raise QuerySyntaxError(f"'{token.text}' does not take {len(arguments)} arguments.", token.start, token.end)
    paths = [argument.expression.path for argument in arguments[:2] if argument.expression.path is not None]
    fixed = [argument.expression.evaluate for argument in arguments if argument.is_fixed]
    if len(paths) != 1 or len(fixed) != len(arguments) - 1:
        message = f"In this stand-in '{token.text}' compares a vector at a path of the item with one that is the same for all items."
        raise QuerySyntaxError(message, token.start, token.end)
    return Distance(slot, paths[0], *fixed)


def score(distance: Distance) -> Expression:
    """The function's value for an item."""
    slot = distance.slot
    return Expression(lambda scope: scope[slot].score(scope[ITEM]), distance=distance)
