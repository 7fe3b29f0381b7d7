"""Literals, and the steps of a path: `.name`, `['name']`, `[0]`, `[@parameter]`. A step that leads nowhere gives undefined."""

from collections.abc import Mapping

from devtools.emulators.cosmos.sql.syntax import Expression
from devtools.emulators.cosmos.values import UNDEFINED, Value, is_number


def constant(value: Value) -> Expression:
    """A literal."""
    return Expression(lambda _: value, constant=value)


def member(base: Expression, key: Expression) -> Expression:
    """`base.key` or `base[key]`; a constant key keeps the path a path."""
    value, name = base.evaluate, key.evaluate
    step = key.constant
    path = (*base.path, step) if base.path is not None and isinstance(step, str | int) else None
    return Expression(lambda scope: _at(value(scope), name(scope)), name=step if isinstance(step, str) else None, path=path)


def _at(value: Value, key: Value) -> Value:
    if isinstance(value, Mapping) and isinstance(key, str):
        return value.get(key, UNDEFINED)
    if isinstance(value, list) and is_number(key) and 0 <= key < len(value):
        return value[int(key)]
    return UNDEFINED
