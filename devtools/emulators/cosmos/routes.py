"""From a path to what answers it, and the kind under which the call is counted.

Surprising: creating, upserting, querying and batching are all `POST .../docs` and differ by headers alone, and so do the two feeds, of all
items and of changes, which are both `GET .../docs`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from devtools.emulators.cosmos import account, batch, changefeed, items, queries
from devtools.emulators.cosmos.containers import Container
from devtools.emulators.cosmos.ranges import range_id
from devtools.emulators.cosmos.refusals import RefusedError
from devtools.emulators.cosmos.store import Store
from devtools.emulators.cosmos.wire import Reply, Request, refusal

Kind = Literal[
    "account",
    "database",
    "container",
    "ranges",
    "offer",
    "conflicts",
    "read",
    "create",
    "upsert",
    "replace",
    "patch",
    "delete",
    "delete-partition",
    "query",
    "plan",
    "feed",
    "batch",
    "unknown",
]
InAccount = Callable[[Store, Request], Reply]
InContainer = Callable[[Store, Request, Container], Reply]


@dataclass(frozen=True, slots=True)
class Route:
    """What a call is and who answers it. `container` is `database/container` by the names in the path."""

    kind: Kind
    answer: InAccount
    container: str | None = None


IN_ACCOUNT: Final[Mapping[str, tuple[Kind, InAccount]]] = {
    "GET ": ("account", account.read_account),
    "GET dbs": ("database", account.databases),
    "POST dbs": ("database", account.databases),
    "GET dbs/*": ("database", account.database),
    "DELETE dbs/*": ("database", account.database),
    "GET dbs/*/colls": ("container", account.containers),
    "POST dbs/*/colls": ("container", account.containers),
    "GET dbs/*/colls/*": ("container", account.container),
    "PUT dbs/*/colls/*": ("container", account.container),
    "DELETE dbs/*/colls/*": ("container", account.container),
    "GET offers": ("offer", account.offers),
    "POST offers": ("offer", account.offers),
    "GET offers/*": ("offer", account.offer),
    "PUT offers/*": ("offer", account.offer),
}
IN_CONTAINER: Final[Mapping[str, tuple[Kind, InContainer]]] = {
    "GET docs": ("feed", queries.read_items),
    "GET docs/*": ("read", items.read),
    "PUT docs/*": ("replace", items.replace),
    "PATCH docs/*": ("patch", items.patch),
    "DELETE docs/*": ("delete", items.delete),
    "GET pkranges": ("ranges", account.key_ranges),
    "GET conflicts": ("conflicts", account.conflicts),
}
POSTED_ITEMS: Final[Sequence[tuple[str, Kind, InContainer]]] = (
    ("x-ms-cosmos-is-query-plan-request", "plan", queries.refuse_plan),
    ("x-ms-documentdb-isquery", "query", queries.query_items),
    ("x-ms-cosmos-is-batch-request", "batch", batch.run),
    ("x-ms-documentdb-is-upsert", "upsert", items.upsert),
)

UNPAID: Final[Collection[Kind]] = ("ranges", "conflicts")


def route(request: Request) -> Route:
    """The route of a request; 405 for what is not there (users, permissions, stored procedures, triggers, functions)."""
    found = IN_ACCOUNT.get(f"{request.method} {_shape(request.segments)}")
    if found is not None:
        return Route(*found)
    inside = _inside(request) if request.segments[0:4:2] == ("dbs", "colls") else None
    return Route("unknown", _refuse) if inside is None else _contained(request, *inside)


def _inside(request: Request) -> tuple[Kind, InContainer] | None:
    rest = request.segments[4:]
    if request.method == "POST" and rest == ("operations", "partitionkeydelete"):
        return "delete-partition", items.delete_partition
    if request.method == "GET" and rest == ("docs",) and "A-IM" in request.headers:
        return "feed", changefeed.read_changes
    if request.method == "POST" and rest == ("docs",):
        return next(((kind, answer) for header, kind, answer in POSTED_ITEMS if request.flag(header)), ("create", items.create))
    return IN_CONTAINER.get(f"{request.method} {_shape(rest)}")


def _shape(segments: Sequence[str]) -> str:
    """A path with `*` for every name in it."""
    return "/".join("*" if position % 2 else segment for position, segment in enumerate(segments))


def _contained(request: Request, kind: Kind, answer: InContainer) -> Route:
    """A call on a container: the container is found, and its headers are added to the answer."""

    def answer_with_container(store: Store, request: Request) -> Reply:
        container = store.owner(request.segments, request.headers.get("x-ms-cosmos-intended-collection-rid"))
        reply = _paid(store, container, kind, lambda: answer(store, request, container))
        range_ = range_id(request, container, store.ranges)
        return reply.with_headers(
            {
                "lsn": str(container.lsn),
                "x-ms-session-token": f"{range_}:-1#{container.lsn}",
                "x-ms-documentdb-partitionkeyrangeid": range_,
                "x-ms-alt-content-path": f"dbs/{request.segments[1]}/colls/{request.segments[3]}",
                "x-ms-content-path": container.rid,
            },
        )

    return Route(kind, answer_with_container, f"{request.segments[1]}/{request.segments[3]}")


def _paid(store: Store, container: Container, kind: Kind, answer: Callable[[], Reply]) -> Reply:
    """The answer, taken from the container's request units; also an error costs. What the client reads to find its way is not counted."""
    budget = store.budgets.of(container.rid)
    if budget is None or kind in UNPAID:
        return answer()
    budget.check()
    try:
        reply = answer()
    except RefusedError as error:
        budget.spend(refusal(error).charge)
        raise
    budget.spend(reply.charge)
    return reply


def _refuse(_store: Store, request: Request) -> Reply:
    raise RefusedError(405, f"This stand-in does not have {request.method} on this path.")
