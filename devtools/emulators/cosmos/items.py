"""Single items over HTTP: one call, one transaction of one operation."""

from devtools.emulators.cosmos.charges import read_charge, write_charge
from devtools.emulators.cosmos.containers import Container
from devtools.emulators.cosmos.documents import Record
from devtools.emulators.cosmos.ranges import point_of
from devtools.emulators.cosmos.store import Store
from devtools.emulators.cosmos.transaction import ANY, Conditions, Transaction
from devtools.emulators.cosmos.wire import Reply, Request


def create(store: Store, request: Request, container: Container) -> Reply:
    """POST .../docs."""
    transaction = _transaction(store, request, container)
    record = transaction.create(request.object())
    transaction.commit()
    return _written(201, record, request)


def upsert(store: Store, request: Request, container: Container) -> Reply:
    """POST .../docs with the upsert header."""
    transaction = _transaction(store, request, container)
    record, is_new = transaction.upsert(request.object(), _conditions(request))
    transaction.commit()
    return _written(201 if is_new else 200, record, request)


def read(store: Store, request: Request, container: Container) -> Reply:
    """GET .../docs/{id}; 304 when the caller has this version."""
    record = _transaction(store, request, container).read(request.segments[5])
    if request.headers.get("If-None-Match") in {ANY, record.etag}:
        return Reply(304, b"", {"etag": record.etag})
    return Reply(200, record.body, {"etag": record.etag}, read_charge(record.size_bytes))


def replace(store: Store, request: Request, container: Container) -> Reply:
    """PUT .../docs/{id}."""
    transaction = _transaction(store, request, container)
    record = transaction.replace(request.segments[5], request.object(), _conditions(request))
    transaction.commit()
    return _written(200, record, request)


def patch(store: Store, request: Request, container: Container) -> Reply:
    """PATCH .../docs/{id}."""
    transaction = _transaction(store, request, container)
    record = transaction.patch(request.segments[5], request.json(), _conditions(request))
    transaction.commit()
    return _written(200, record, request)


def delete(store: Store, request: Request, container: Container) -> Reply:
    """DELETE .../docs/{id}."""
    transaction = _transaction(store, request, container)
    record = transaction.delete(request.segments[5], _conditions(request))
    transaction.commit()
    return Reply(204, charge=write_charge(record.size_bytes))


def delete_partition(store: Store, request: Request, container: Container) -> Reply:
    """POST .../operations/partitionkeydelete: every item of one key, at once and not in the background as the service does."""
    count = store.bury(container, point_of(request, container))
    return Reply(200, charge=write_charge(0) * count)


def _transaction(store: Store, request: Request, container: Container) -> Transaction:
    return Transaction(store, container, point_of(request, container))


def _conditions(request: Request) -> Conditions:
    return Conditions(request.headers.get("If-Match"), request.headers.get("If-None-Match"))


def _written(status: int, record: Record, request: Request) -> Reply:
    wants_little = request.headers.get("Prefer", "").lower() == "return=minimal"
    return Reply(status, b"" if wants_little else record.body, {"etag": record.etag}, write_charge(record.size_bytes))
