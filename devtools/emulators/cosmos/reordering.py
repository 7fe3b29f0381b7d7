"""The rows of a page in another order, where the service promises none.

A query without ORDER BY and the feed of all items have no order. A change feed has one among the items of one key: those stay in it.
"""

from dataclasses import replace
from random import Random
from typing import Any, Final

from devtools.emulators.cosmos.refusals import RefusedError
from devtools.emulators.cosmos.sql.parser import parse
from devtools.emulators.cosmos.store import Store
from devtools.emulators.cosmos.wire import Reply, Request, decode, encode

FEEDS: Final = frozenset({"query", "feed"})


def reordered(store: Store, request: Request, kind: str, reply: Reply, rng: Random) -> Reply | None:
    """The same page with its rows in another order; None where there is no other."""
    if kind not in FEEDS or reply.status != 200 or (kind == "query" and _is_ordered(request)):
        return None
    body = decode(reply.body)
    rows = body["Documents"]
    order = _other_order(_strands(store, request, rows), rng)
    return None if order is None else replace(reply, body=encode({**body, "Documents": [rows[position] for position in order]}))


def _is_ordered(request: Request) -> bool:
    try:
        return bool(parse(request.object()["query"]).order)
    except RefusedError:  # a text that is not the client's own is left alone
        return True


def _strands(store: Store, request: Request, rows: list[Any]) -> list[object]:
    """For every row what it has to keep its place in: its key in a change feed, nothing but itself elsewhere."""
    if "A-IM" not in request.headers:
        return list(range(len(rows)))
    key = store.container(request.segments[1], request.segments[3]).key
    return [key.effective(key.values_of(row)) for row in rows]


def _other_order(strands: list[object], rng: Random) -> list[int] | None:
    """Positions in an order that differs, those of one strand among themselves as they were."""
    if len(set(strands)) < 2:
        return None
    drawn = list(strands)
    while drawn == strands:
        rng.shuffle(drawn)
    waiting = {strand: iter([position for position, other in enumerate(strands) if other == strand]) for strand in strands}
    return [next(waiting[strand]) for strand in drawn]
