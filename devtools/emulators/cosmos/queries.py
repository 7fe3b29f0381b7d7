"""Queries and the reading of whole feeds: which items are in reach, and how the page goes back.

Three ways to say where: the full or partial key in a header, a range of effective keys (prefixes of a hierarchical key arrive so), or
nothing with the permission to cross partitions. Every query is answered directly and completely; the service would send the client to
merge the ranges of some (ORDER BY, VectorDistance, TOP, aggregates across partitions) by itself. Query plans, change feeds and index
metrics are not there yet.
"""

from collections.abc import Sequence
from typing import Any

from devtools.emulators.cosmos.charges import query_charge
from devtools.emulators.cosmos.containers import Container
from devtools.emulators.cosmos.documents import Record
from devtools.emulators.cosmos.indexing import check_order
from devtools.emulators.cosmos.keys import WHOLE
from devtools.emulators.cosmos.measures import check_bounded, measured
from devtools.emulators.cosmos.paging import PAGE_ITEMS, mark_of, page
from devtools.emulators.cosmos.refusals import RefusedError
from devtools.emulators.cosmos.sql.evaluate import rows
from devtools.emulators.cosmos.sql.parser import parse
from devtools.emulators.cosmos.sql.syntax import Scope
from devtools.emulators.cosmos.store import Store
from devtools.emulators.cosmos.values import Document, Value
from devtools.emulators.cosmos.wire import Reply, Request, encode

ALL_ITEMS = {"query": "SELECT * FROM c"}
KEY_HEADER = "x-ms-documentdb-partitionkey"


def query_items(store: Store, request: Request, container: Container) -> Reply:
    """POST .../docs with a query."""
    crosses = request.flag("x-ms-documentdb-query-enablecrosspartition")
    scoped = KEY_HEADER in request.headers or "x-ms-read-key-type" in request.headers
    if not (crosses or scoped):
        raise RefusedError(400, "Cross partition query is required but disabled. Enable it or give a partition key.")
    body = request.object()
    if not scoped:
        check_bounded(parse(_text(body)))
    return _answer(store, request, container, body)


def read_items(store: Store, request: Request, container: Container) -> Reply:
    """GET .../docs: everything in reach, oldest first."""
    if "A-IM" in request.headers:
        raise RefusedError(400, "This stand-in has no change feed yet.")
    return _answer(store, request, container, ALL_ITEMS)


def refuse_plan(_store: Store, _request: Request, _container: Container) -> Reply:
    """A query plan was asked for although no query was answered with the wish for one."""
    raise RefusedError(400, "This stand-in answers every query directly and gives no query plans.")


def query_resources(documents: Sequence[Document], body: Document) -> list[Value]:
    """A query over databases, containers or offers, in one page."""
    query, scope = parse(_text(body)), _parameters(body)
    if query.distances:
        raise RefusedError(400, "VectorDistance needs a container.")
    return [row for document in documents for row in rows(query, {**scope, query.root or "": document})]


def _answer(store: Store, request: Request, container: Container, body: Document) -> Reply:
    query, scope = parse(_text(body)), _parameters(body)
    missing = sorted(query.parameters - scope.keys())
    if missing:
        raise RefusedError(400, f"The query has no value for {', '.join(missing)}.")
    check_order(query, container.document["indexingPolicy"])
    result = page(
        query,
        _in_reach(store, request, container),
        measured(query, container.document, scope),
        token=request.headers.get("x-ms-continuation"),
        most=_page_items(request),
        mark=mark_of(container.rid, body),
    )
    headers = {"x-ms-item-count": str(len(result.rows))}
    if result.token is not None:
        headers["x-ms-continuation"] = result.token
    head = b'{"_rid":' + encode(container.rid) + b',"Documents":['
    tail = b'],"_count":' + str(len(result.rows)).encode() + b"}"
    return Reply(200, head + b",".join(result.rows) + tail, headers, query_charge(result.looked_at))


def _in_reach(store: Store, request: Request, container: Container) -> list[Record]:
    header = request.headers.get(KEY_HEADER)
    if header is not None:
        low, high = container.key.scope(header)
    else:
        low = request.headers.get("x-ms-start-epk", WHOLE[0]).upper()
        high = request.headers.get("x-ms-end-epk", WHOLE[1]).upper()
    return container.within(low, high, store.now())


def _page_items(request: Request) -> int:
    text = request.headers.get("x-ms-max-item-count", str(PAGE_ITEMS))
    if text != "-1" and not (text.isascii() and text.isdigit() and int(text) > 0):
        raise RefusedError(400, "The maximum item count is -1 or a positive number.")
    return int(text)


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
