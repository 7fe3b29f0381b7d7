"""Running a parsed query: bindings, matches, projection, aggregates."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from devtools.emulators.cosmos.sql.operators import plain
from devtools.emulators.cosmos.sql.syntax import Aggregate, Query, Scope
from devtools.emulators.cosmos.values import UNDEFINED, Value, is_number, order_key


def matches(query: Query, outer: Scope) -> Iterator[Scope]:
    """The bindings for which WHERE is true. `outer` holds the parameters and the container's item or the query around."""
    scopes: Iterable[Scope] = [outer]
    for source in query.sources:
        scopes = _bound(scopes, source.alias, source.values, each=source.each)
    for scope in scopes:
        if query.where is None or query.where(scope) is True:
            yield scope


def _bound(scopes: Iterable[Scope], alias: str, values: Callable[[Scope], Value], *, each: bool) -> Iterator[Scope]:
    for scope in scopes:
        found = values(scope)
        if not each:
            found = [] if found is UNDEFINED else [found]
        for value in found if isinstance(found, list) else []:
            yield {**scope, alias: value}


def projected(query: Query, scope: Scope) -> Value:
    """The row for one binding: an object of the defined columns, or a value, which may be UNDEFINED."""
    if query.value is not None:
        return query.value(scope)
    return {column.name: value for column in query.columns if (value := column.evaluate(scope)) is not UNDEFINED}


def rows(query: Query, outer: Scope) -> list[Value]:
    """All rows of a query without ORDER BY and paging, as a subquery sees them."""
    found = matches(query, outer)
    values = [aggregated(query, found, outer)] if query.aggregates else [projected(query, scope) for scope in found]
    values = [value for value in values if value is not UNDEFINED]
    return distinct(values) if query.is_distinct else values


def is_met(query: Query, outer: Scope) -> bool:
    """Whether a subquery has a row. Looked for no further than to the first."""
    if query.aggregates:
        return bool(rows(query, outer))
    return any(projected(query, scope) is not UNDEFINED for scope in matches(query, outer))


def distinct(values: Iterable[Value]) -> list[Value]:
    """The first of each group of equal values."""
    return list({identity(value): value for value in reversed(list(values))}.values())[::-1]


def identity(value: Value) -> str:
    """A text that two values share when they are equal."""
    return json.dumps(value, sort_keys=True)


def aggregated(query: Query, scopes: Iterable[Scope], outer: Scope) -> Value:
    """The single row of a query with aggregates."""
    collected: list[list[Value]] = [[] for _ in query.aggregates]
    for scope in scopes:
        for values, aggregate in zip(collected, query.aggregates, strict=True):
            values.append(aggregate.argument(scope))
    results = {one.slot: _result(one, values) for one, values in zip(query.aggregates, collected, strict=True)}
    return projected(query, {**outer, **results})


def _result(aggregate: Aggregate, values: Sequence[Value]) -> Value:
    defined = [value for value in values if value is not UNDEFINED]
    return AGGREGATE[aggregate.function](defined)


def _sum(values: Sequence[Value]) -> Value:
    return plain(sum(values)) if all(map(is_number, values)) else UNDEFINED


def _average(values: Sequence[Value]) -> Value:
    return plain(sum(values) / len(values)) if values and all(map(is_number, values)) else UNDEFINED


def _extreme(choose: Callable[..., Value]) -> Callable[[Sequence[Value]], Value]:
    def result(values: Sequence[Value]) -> Value:
        if not values or any(isinstance(value, list | dict) for value in values):
            return UNDEFINED
        return choose(values, key=order_key)

    return result


AGGREGATE: Final[dict[str, Callable[[Sequence[Value]], Value]]] = {
    "COUNT": len,
    "SUM": _sum,
    "AVG": _average,
    "MIN": _extreme(min),
    "MAX": _extreme(max),
}
