"""What a parsed query is made of: expressions as closures, clauses as data, and the refusal of everything else."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from devtools.emulators.cosmos.refusals import RefusedError
from devtools.emulators.cosmos.values import UNDEFINED, Value

Scope = Mapping[str, Value]
"""Names in reach of an expression: aliases, `@parameters`, `#0`, `#1` ... for finished aggregates, `#distance0` ... for measures, ITEM."""

ITEM: Final = "#item"
"""The name of the stored record a row comes from, which keeps its vectors."""

Evaluate = Callable[[Scope], Value]


class QuerySyntaxError(RefusedError):
    """400 in the form the service gives to queries it does not understand."""

    def __init__(self, message: str, start: int, end: int) -> None:
        error = {"severity": "Error", "location": {"start": start, "end": end}, "code": "SC1001", "message": message}
        super().__init__(400, json.dumps({"errors": [error]}))


@dataclass(frozen=True, slots=True)
class Distance:
    """A call of VectorDistance: the item's vector at `path` and the `vector` it is compared with.

    What measures it is read from the scope under `slot`. `is_exact` and `options` are the third and fourth argument.
    """

    slot: str
    path: tuple[str | int, ...]
    vector: Evaluate
    is_exact: Evaluate | None = None
    options: Evaluate | None = None


@dataclass(frozen=True, slots=True)
class Expression:
    """Something to evaluate. `name` is what it is called in a result; `path` is set for a plain path, `constant` for a literal.

    `distance` is set where VectorDistance is all there is.
    """

    evaluate: Evaluate
    name: str | None = None
    path: tuple[str | int, ...] | None = None
    constant: Value = UNDEFINED
    distance: Distance | None = None


@dataclass(frozen=True, slots=True)
class Aggregate:
    """COUNT, SUM, MIN, MAX or AVG of an argument; its result is read from the scope under `slot`."""

    function: str
    argument: Evaluate
    slot: str


@dataclass(frozen=True, slots=True)
class Column:
    """One item of a SELECT list."""

    name: str
    evaluate: Evaluate


@dataclass(frozen=True, slots=True)
class Source:
    """What an alias stands for: the value of a path or, with `each`, every element of the array there, or the rows of a query.

    `is_item` is true for the container's item itself.
    """

    alias: str
    values: Evaluate
    each: bool = False
    is_item: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """One item of ORDER BY; `is_nearest` where the nearest vector comes first."""

    evaluate: Evaluate
    descending: bool
    path: tuple[str | int, ...]
    is_nearest: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A SELECT. `root` is the name under which the container's item is bound; None where there is no FROM or it is a subquery's."""

    columns: tuple[Column, ...]
    value: Evaluate | None
    is_distinct: bool = False
    root: str | None = None
    sources: tuple[Source, ...] = ()
    where: Evaluate | None = None
    order: tuple[Order, ...] = ()
    top: Evaluate | None = None
    offset: Evaluate | None = None
    limit: Evaluate | None = None
    aggregates: tuple[Aggregate, ...] = ()
    distances: tuple[Distance, ...] = ()
    parameters: frozenset[str] = frozenset()
