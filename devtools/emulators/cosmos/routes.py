"""From a path to what answers it, and the kind under which the call is counted.

Surprising: creating, upserting, querying and batching are all `POST .../docs` and differ by headers alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from devtools.emulators.cosmos import account, batch, items, queries
from devtools.emulators.cosmos.containers import Container
from devtools.emulators.cosmos.refusals import RefusedError
from devtools.emulators.cosmos.store import Store
from devtools.emulators.cosmos.wire import Reply, Request

Kind = Literal[
    *("account", "database", "container", "ranges", "offer", "conflicts"),
    *("read", "create", "upsert", "replace", "patch", "delete", "delete-partition", "query", "plan", "feed", "batch", "unknown"),
]
InAccount = Callable[[Store, Request], Reply]
InContainer = Callable[[Store, Request, Container], Reply]


@dataclass(frozen=True, slots=True)
class Route:
    """What a call is and who answers it. `container` is `database/container` by the names in the path."""

    kind: Kind
    answer: Callable[[Store, Request], Reply]
    container: str | None = None


ITEM: Final[dict[str, tuple[Kind, InContainer]]] = {
    "GET": ("read", items.read),
    "PUT": ("replace", items.replace),
    "PATCH": ("patch", items.patch),
    "DELETE": ("delete", items.delete),
}


def route(request: Request) -> Route:
    """The route of a request; 405 for what is not there (users, permissions, stored procedures, triggers, functions)."""
    match request.method, request.segments:
        case "GET", ():
            return Route("account", account.read_account)
        case "GET" | "POST", ("dbs",):
            return Route("database", account.databases)
        case "GET" | "DELETE", ("dbs", _):
            return Route("database", account.database)
        case "GET" | "POST", ("dbs", _, "colls"):
            return Route("container", account.containers)
        case "GET" | "PUT" | "DELETE", ("dbs", _, "colls", _):
            return Route("container", account.container)
        case "GET" | "POST", ("offers",):
            return Route("offer", account.offers)
        case "GET" | "PUT", ("offers", _):
            return Route("offer", account.offer)
        case "GET" | "POST", ("dbs", _, "colls", _, "docs"):
            return _contained(request, *_feed(request))
        case "GET" | "PUT" | "PATCH" | "DELETE", ("dbs", _, "colls", _, "docs", _):
            return _contained(request, *ITEM[request.method])
        case "GET", ("dbs", _, "colls", _, "pkranges"):
            return _contained(request, "ranges", account.key_ranges)
        case "GET", ("dbs", _, "colls", _, "conflicts"):
            return _contained(request, "conflicts", account.conflicts)
        case "POST", ("dbs", _, "colls", _, "operations", "partitionkeydelete"):
            return _contained(request, "delete-partition", items.delete_partition)
    return Route("unknown", _refuse)


def _feed(request: Request) -> tuple[Kind, InContainer]:
    if request.method == "GET":
        return "feed", queries.read_items
    if request.flag("x-ms-cosmos-is-query-plan-request"):
        return "plan", queries.refuse_plan
    if request.flag("x-ms-documentdb-isquery"):
        return "query", queries.query_items
    if request.flag("x-ms-cosmos-is-batch-request"):
        return "batch", batch.run
    if request.flag("x-ms-documentdb-is-upsert"):
        return "upsert", items.upsert
    return "create", items.create


def _contained(request: Request, kind: Kind, answer: InContainer) -> Route:
    """A call on a container: the container is found, and its headers are added to the answer."""

    def answer_with_container(store: Store, request: Request) -> Reply:
        container = store.owner(request.segments, request.headers.get("x-ms-cosmos-intended-collection-rid"))
        reply = answer(store, request, container)
        return reply.with_headers(
            {
                "lsn": str(container.lsn),
                "x-ms-session-token": f"0:-1#{container.lsn}",
                "x-ms-documentdb-partitionkeyrangeid": "0",
                "x-ms-alt-content-path": f"dbs/{request.segments[1]}/colls/{request.segments[3]}",
                "x-ms-content-path": container.rid,
            },
        )

    return Route(kind, answer_with_container, f"{request.segments[1]}/{request.segments[3]}")


def _refuse(_store: Store, request: Request) -> Reply:
    raise RefusedError(405, f"This stand-in does not have {request.method} on this path.")
