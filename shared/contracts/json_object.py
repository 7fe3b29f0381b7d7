"""A JSON object from outside, taken into a message.

``JsonValue`` says what JSON is, and asks a Python function about every value: for the records of a back-fill that took longer than all the
rest of making an event. What is made of plain Python values alone is therefore seen through here, and copied as ``JsonValue`` copies it;
whatever is not, ``JsonValue`` decides about, so that both accept and refuse the same.
"""

from math import isfinite
from typing import Annotated, Any, Final

from pydantic import JsonValue, ValidatorFunctionWrapHandler, WrapValidator

MOST_LEVELS: Final = 32
"""Of objects and lists in each other. A deeper one is for ``JsonValue``, which has a limit of its own."""
PLAIN: Final = frozenset({str, int, bool, type(None)})
_NAMES: Final = frozenset({str})


class _NotPlain(Exception):
    """There is a value in it of another kind."""


def _checked(value: Any, has_it_checked: ValidatorFunctionWrapHandler) -> Any:
    if type(value) is not dict:
        return has_it_checked(value)
    try:
        return _copied(value, MOST_LEVELS)
    except _NotPlain:
        return has_it_checked(value)


def _copied(value: Any, levels: int) -> Any:
    kind = type(value)  # a subclass is not plain: it may be anything
    if kind is dict and levels and _NAMES.issuperset(map(type, value)):
        copy = value.copy()
        if not PLAIN.issuperset(map(type, copy.values())):
            for name, item in value.items():
                if type(item) not in PLAIN:
                    copy[name] = _copied(item, levels - 1)
        return copy
    if kind is list and levels:
        return [item if type(item) in PLAIN else _copied(item, levels - 1) for item in value]
    if kind is float and isfinite(value):
        return value
    raise _NotPlain


JsonObject = Annotated[dict[str, JsonValue], WrapValidator(_checked)]
