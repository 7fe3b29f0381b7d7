"""Queries and the reading of whole feeds: which items are in reach, and how the page goes back.

Three ways to say where: the full or partial key in a header, a range of effective keys (prefixes of a hierarchical key arrive so), or
nothing with the permission to cross partitions. What crosses partitions is answered directly and completely while there is one physical
range. Where there are several, the service lets the client merge the ranges of some queries (ORDER BY, VectorDistance, TOP, OFFSET,
DISTINCT, aggregates) by a plan; this stand-in refuses these, and makes no plans: the app always names a key or the first parts of one.
What a prefix finds in several ranges is sorted and cut by each range for itself, here as there. Index metrics are not there yet.
"""

from collections.abc import Sequence
from typing import Any, Final

from devtools.emulators.cosmos.charges import query_charge
from devtools.emulators.cosmos.containers import Container
from devtools.emulators.cosmos.indexing import check_order
from devtools.emulators.cosmos.measures import check_bounded, measured
from devtools.emulators.cosmos.paging import mark_of, page, page_items
from devtools.emulators.cosmos.ranges import KEY_HEADER, RANGE_HEADER, reach_of
from devtools.emulators.cosmos.refusals import NEEDS_PLAN, RefusedError
from devtools.emulators.cosmos.sql.evaluate import rows
from devtools.emulators.cosmos.sql.parser import parse
from devtools.emulators.cosmos.sql.syntax import Query, Scope
from devtools.emulators.cosmos.store import Store
from devtools.emulators.cosmos.values import Document, Value
from devtools.emulators.cosmos.wire import Reply, Request, feed

ALL_ITEMS: Final = {"query": "SELECT * FROM c"}
SCOPES: Final = (KEY_HEADER, RANGE_HEADER, "x-ms-read-key-type")
"""Headers that keep a query within a key or a range."""


def query_items(store: Store, request: Request, container: Container) -> Reply:
    """POST .../docs with a query."""
    crosses = request.flag("x-ms-documentdb-query-enablecrosspartition")
    is_scoped = any(header in request.headers for header in SCOPES)
    if not (crosses or is_scoped):
        raise RefusedError(400, "Cross partition query is required but disabled. Enable it or give a partition key.")
    body = request.object()
    if not is_scoped:
        _check_crossing(parse(_text(body)), len(store.ranges))
    return _answer(store, request, container, body)


def read_items(store: Store, request: Request, container: Container) -> Reply:
    """GET .../docs: everything in reach, oldest first."""
    return _answer(store, request, container, ALL_ITEMS)


def refuse_plan(_store: Store, _request: Request, _container: Container) -> Reply:
    """What the client asks for after it was told that a query needs a plan."""
    message = "This stand-in gives no query plans: ORDER BY, TOP, OFFSET, DISTINCT, VectorDistance and aggregates take a key or a range."
    raise RefusedError(400, message)


def _check_crossing(query: Query, range_count: int) -> None:
    """400/1004 for a query that no single range can answer; the client then asks for a plan."""
    check_bounded(query)
    needs_plan = query.order or query.top or query.offset or query.is_distinct or query.aggregates
    if range_count > 1 and needs_plan:
        raise RefusedError(400, "The query crosses partitions and cannot be answered without a query plan.", substatus=NEEDS_PLAN)


def query_resources(documents: Sequence[Document], body: Document) -> list[Value]:
    """A query over databases, containers or offers, in one page."""
    query, scope = _parsed(body)
    if query.distances:
        raise RefusedError(400, "VectorDistance needs a container.")
    if query.order or query.top or query.offset or query.aggregates:
        raise RefusedError(400, "In this stand-in databases, containers and offers are neither sorted nor cut nor counted by a query.")
    return [row for document in documents for row in rows(query, {**scope, query.root or "": document})]


def _answer(store: Store, request: Request, container: Container, body: Document) -> Reply:
    query, scope = _parsed(body)
    check_order(query, container.document["indexingPolicy"])
    result = page(
        query,
        container.within(*reach_of(request, container, store.ranges), store.now()),
        measured(query, container.document, scope),
        token=request.headers.get("x-ms-continuation"),
        most=page_items(request),
        mark=mark_of(container.rid, body),
    )
    headers = {} if result.token is None else {"x-ms-continuation": result.token}
    return feed(container.rid, result.rows, headers, query_charge(result.looked_at))


def _parsed(body: Document) -> tuple[Query, Scope]:
    """A query and its parameters; 400 where one that it names is not given."""
    query, scope = parse(_text(body)), _parameters(body)
    missing = sorted(query.parameters - scope.keys())
    if missing:
        raise RefusedError(400, f"The query has no value for {', '.join(missing)}.")
    return query, scope


def _text(body: Document) -> str:
    text = body.get("query")
    if not isinstance(text, str):
        raise RefusedError(400, "A query needs a text.")
    return text


def _parameters(body: Document) -> Scope:
    given: Any = body.get("parameters", [])
    try:
        return {parameter["name"]: parameter["value"] for parameter in given}
    except (TypeError, KeyError):
        raise RefusedError(400, "A parameter of a query has a name and a value.") from None
