"""Somebody else who is quicker: the item that a conditional write relies on is written once more, as it is, just before.

Its entity tag is another one then, its content is not: whoever reads it again finds a tag that is good, and can try again. A patch with a
condition of its own is told that the condition does not hold, although after a second look it will.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from devtools.emulators.cosmos.containers import Container
from devtools.emulators.cosmos.documents import Record, content_of
from devtools.emulators.cosmos.ranges import point_of
from devtools.emulators.cosmos.refusals import CONDITION_FALSE, RefusedError
from devtools.emulators.cosmos.sql.condition import holds
from devtools.emulators.cosmos.store import Store
from devtools.emulators.cosmos.transaction import Conditions, Transaction
from devtools.emulators.cosmos.wire import Request


@dataclass(frozen=True, slots=True)
class ReliedOn:
    """An item, and the answer that its writer gets, where the changed entity tag does not bring it about by itself."""

    container: Container
    record: Record
    refusal: RefusedError | None = None

    def rewrite(self, store: Store) -> None:
        """Store it as it is: a new entity tag, time and sequence number."""
        transaction = Transaction(store, self.container, self.record.epk)
        transaction.replace(self.record.id, content_of(self.record.document), Conditions())
        transaction.commit()


def relied_on(store: Store, request: Request, kind: str) -> ReliedOn | None:
    """The first item whose version this call names rightly, or whose condition holds; None for all other calls."""
    try:
        container = store.owner(request.segments, request.headers.get("x-ms-cosmos-intended-collection-rid"))
        epk = point_of(request, container)
        for id_, etag in _named(request, kind):
            record = container.find(epk, id_, store.now())
            if record is not None and record.etag == etag:
                return ReliedOn(container, record)
        return _patched(store, request, container, epk) if kind == "patch" and "If-Match" not in request.headers else None
    except (RefusedError, IndexError):  # it will be refused as it is, or is not about an item at all
        return None


def _named(request: Request, kind: str) -> Iterator[tuple[str, Any]]:
    """The ids a call names, with the entity tags it expects."""
    if kind in {"replace", "patch", "delete"}:
        yield request.segments[5], request.headers.get("If-Match")
    elif kind == "upsert":
        yield str(request.object().get("id")), request.headers.get("If-Match")
    elif kind == "batch":
        for operation in _objects(request.json()):
            body = operation.get("resourceBody")
            inside = body.get("id") if isinstance(body, dict) else None
            yield str(operation.get("id", inside)), operation.get("ifMatch")


def _objects(body: Any) -> list[dict[str, Any]]:
    return [one for one in body if isinstance(one, dict)] if isinstance(body, list) else []


def _patched(store: Store, request: Request, container: Container, epk: str) -> ReliedOn | None:
    """The item of a patch whose own condition holds."""
    body = request.object()
    record = container.find(epk, request.segments[5], store.now())
    if record is None or "condition" not in body or not holds(body["condition"], record.document):
        return None
    return ReliedOn(container, record, RefusedError(412, "The condition of the patch does not hold.", substatus=CONDITION_FALSE))
