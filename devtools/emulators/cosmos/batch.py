"""The transactional batch: many operations on one partition, all or none.

A failing operation makes the answer a 207 in which it alone has its own status and all others have 424.
"""

from dataclasses import dataclass
from typing import Any, Final

from devtools.emulators.cosmos.charges import read_charge, write_charge
from devtools.emulators.cosmos.containers import Container
from devtools.emulators.cosmos.documents import Record
from devtools.emulators.cosmos.ranges import point_of
from devtools.emulators.cosmos.refusals import RefusedError
from devtools.emulators.cosmos.store import Store
from devtools.emulators.cosmos.transaction import Conditions, Transaction
from devtools.emulators.cosmos.values import Document
from devtools.emulators.cosmos.wire import Reply, Request

OPERATIONS_LIMIT: Final = 100  # Azure documentation, transactional batch operations, limitations
BYTES_LIMIT: Final = 2 * 1024 * 1024  # the same page
FAILED_DEPENDENCY: Final = 424


@dataclass(frozen=True, slots=True)
class _Done:
    """What one operation came to."""

    status: int
    record: Record
    charge: float

    def wire(self) -> Document:
        """Its place in the answer; a delete has no body."""
        if self.status == 204:
            return {"statusCode": 204, "requestCharge": self.charge}
        return {"statusCode": self.status, "requestCharge": self.charge, "eTag": self.record.etag, "resourceBody": self.record.document}


def run(store: Store, request: Request, container: Container) -> Reply:
    """POST .../docs with the batch header."""
    if len(request.body) > BYTES_LIMIT:
        raise RefusedError(413, f"A batch has at most {BYTES_LIMIT} bytes.")
    operations = request.json()
    if not isinstance(operations, list) or not 0 < len(operations) <= OPERATIONS_LIMIT:
        raise RefusedError(400, f"A batch has 1 to {OPERATIONS_LIMIT} operations.")
    transaction = Transaction(store, container, point_of(request, container))
    done: list[_Done] = []
    for operation in operations:
        try:
            done.append(_one(transaction, operation))
        except RefusedError as error:
            return _failure(error, position=len(done), count=len(operations))
    transaction.commit()
    return Reply.of(200, [one.wire() for one in done], charge=sum(one.charge for one in done))


def _one(transaction: Transaction, operation: Any) -> _Done:
    if not isinstance(operation, dict):
        raise RefusedError(400, "An operation of a batch is an object.")
    conditions = Conditions(operation.get("ifMatch"), operation.get("ifNoneMatch"))
    name, id_, body = str(operation.get("operationType")), str(operation.get("id", "")), operation.get("resourceBody")
    if name in {"Create", "Upsert", "Replace"} and not isinstance(body, dict):
        raise RefusedError(400, "An operation that writes needs a body.")
    match name:
        case "Create":
            return _written(201, transaction.create(body or {}))
        case "Upsert":
            record, is_new = transaction.upsert(body or {}, conditions)
            return _written(201 if is_new else 200, record)
        case "Replace":
            return _written(200, transaction.replace(id_, body or {}, conditions))
        case "Patch":
            return _written(200, transaction.patch(id_, body, conditions))
        case "Delete":
            return _written(204, transaction.delete(id_, conditions))
        case "Read":
            record = transaction.read(id_)
            return _Done(200, record, read_charge(record.size_bytes))
        case unknown:
            raise RefusedError(400, f"A batch has no operation '{unknown}'.")


def _written(status: int, record: Record) -> _Done:
    return _Done(status, record, write_charge(record.size_bytes))


def _failure(error: RefusedError, *, position: int, count: int) -> Reply:
    answers: list[Document] = [{"statusCode": FAILED_DEPENDENCY, "requestCharge": 0} for _ in range(count)]
    answers[position] = {"statusCode": error.status, "requestCharge": 1}
    if error.substatus is not None:
        answers[position]["subStatusCode"] = error.substatus
    return Reply.of(207, answers)
