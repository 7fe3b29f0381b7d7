"""Whether a container's index can serve an ORDER BY.

Every query finds its answer here without an index, but the service refuses to sort by a path that is not indexed, and by several paths
without a composite index of exactly these: an error that would otherwise first be met in the cloud. Filters are not checked, since the
service answers them without an index too, only dearer (Azure documentation, Cosmos DB indexing policies). Nor is
ORDER BY VectorDistance, for the same reason.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from devtools.emulators.cosmos.keys import path_parts
from devtools.emulators.cosmos.refusals import RefusedError
from devtools.emulators.cosmos.sql.syntax import Query
from devtools.emulators.cosmos.values import Document

ALWAYS_INDEXED: Final = (("id",), ("_ts",))

Path = tuple[str, ...]
Direction = tuple[Path, bool]


def check_policy(policy: Document) -> None:
    """400 for an indexing policy whose paths cannot be read."""
    try:
        for name in ("includedPaths", "excludedPaths"):
            for entry in policy.get(name, []):
                path_parts(entry["path"])
        list(_composites(policy))
    except (TypeError, KeyError, AttributeError):
        raise RefusedError(400, "The indexing policy's paths are lists of objects with a path.") from None


def check_order(query: Query, policy: Document) -> None:
    """400 when `policy` (a container's `indexingPolicy`) does not serve the query's ORDER BY."""
    wanted = [(tuple(map(str, order.path[1:])), order.descending) for order in query.order if not order.is_nearest]
    for path, _ in wanted:
        if not is_indexed(path, policy):
            raise RefusedError(400, f"The index path corresponding to the order-by item '/{'/'.join(path)}' is excluded.")
    if len(wanted) > 1 and not any(_serves(composite, wanted) for composite in _composites(policy)):
        raise RefusedError(400, "The order by query does not have a corresponding composite index that it can be served from.")


def is_indexed(path: Path, policy: Document) -> bool:
    """Whether values at `path` are in the index: of all paths in the policy that cover it, the most precise decides."""
    if path in ALWAYS_INDEXED:
        return True
    included = max(_precisions(path, policy.get("includedPaths", [])), default=-1)
    excluded = max(_precisions(path, policy.get("excludedPaths", [])), default=-1)
    return policy.get("indexingMode") != "none" and included > excluded


def _precisions(path: Path, entries: Sequence[Document]) -> Iterator[int]:
    """For every entry that covers `path`, how precise it is; `/a/?` beats `/a/*`."""
    for entry in entries:
        *parts, end = path_parts(entry["path"])
        if end == "?" and path == tuple(parts):
            yield 2 * len(parts) + 1
        elif end == "*" and path[: len(parts)] == tuple(parts):
            yield 2 * len(parts)


def _composites(policy: Document) -> Iterator[list[Direction]]:
    indexes: list[list[dict[str, Any]]] = policy.get("compositeIndexes", [])
    for index in indexes:
        yield [(path_parts(entry["path"]), entry.get("order", "ascending") == "descending") for entry in index]


def _serves(composite: list[Direction], wanted: list[Direction]) -> bool:
    """A composite index is read forwards or backwards, in its own order of paths."""
    return wanted in (composite, [(path, not is_descending) for path, is_descending in composite])
