"""Operations on the items of one partition, staged and then committed together.

A single call is a transaction of one; a batch is a transaction of many in which later operations see earlier ones. All changes of one
transaction carry one sequence number.
"""

from dataclasses import dataclass
from typing import Any

from devtools.emulators.cosmos.containers import Container
from devtools.emulators.cosmos.documents import Record, check_content, content_of, new_record
from devtools.emulators.cosmos.patch import operations_of, patched
from devtools.emulators.cosmos.refusals import CONDITION_FALSE, KEY_MISMATCH, RefusedError
from devtools.emulators.cosmos.sql.condition import holds
from devtools.emulators.cosmos.store import Store
from devtools.emulators.cosmos.values import Document

ANY = "*"


@dataclass(frozen=True, slots=True)
class Conditions:
    """The entity tags a call names, quotes included, or `*`."""

    if_match: str | None = None
    if_none_match: str | None = None

    def check(self, record: Record) -> None:
        """412 when an existing item is not the one the caller means to change."""
        if self.if_match not in (None, ANY, record.etag) or self.if_none_match in (ANY, record.etag):
            raise RefusedError(412, "The item was changed by someone else: one of the specified pre-condition is not met.")


class Transaction:
    """Staged changes. Nothing is stored before `commit`."""

    def __init__(self, store: Store, container: Container, epk: str) -> None:
        self._store = store
        self._container = container
        self._epk = epk
        self._now = store.now()
        self._staged: dict[str, Record | None] = {}

    def commit(self) -> None:
        """Store what was staged."""
        self._store.commit(self._container, self._epk, self._staged)

    def read(self, id_: str) -> Record:
        """The item; 404 when there is none."""
        record = self._find(id_)
        if record is None:
            raise RefusedError(404, "Entity with the specified id does not exist in the system.")
        return record

    def create(self, content: Document) -> Record:
        """A new item; 409 when its id is taken."""
        check_content(content)
        if self._find(content["id"]) is not None:
            raise RefusedError(409, "Entity with the specified id already exists in the system.")
        return self._stage(content, self._container.allot())

    def upsert(self, content: Document, conditions: Conditions) -> tuple[Record, bool]:
        """The item as given, and whether it is new."""
        check_content(content)
        before = self._find(content["id"])
        if before is None:
            return self._stage(content, self._container.allot()), True
        conditions.check(before)
        return self._stage(content, before.number), False

    def replace(self, id_: str, content: Document, conditions: Conditions) -> Record:
        """An existing item with other content."""
        before = self.read(id_)
        conditions.check(before)
        check_content(content)
        if content["id"] != before.id:
            raise RefusedError(400, "The id of an item cannot be changed.")
        return self._stage(content, before.number)

    def patch(self, id_: str, body: Any, conditions: Conditions) -> Record:
        """An existing item with a few changes; 412/1110 when the patch's own condition does not hold."""
        before = self.read(id_)
        conditions.check(before)
        operations = operations_of(body)
        if "condition" in body and not holds(body["condition"], before.document):
            raise RefusedError(412, "The condition of the patch does not hold.", substatus=CONDITION_FALSE)
        changed = patched(content_of(before.document), operations, self._container.key.paths)
        check_content(changed)
        return self._stage(changed, before.number)

    def delete(self, id_: str, conditions: Conditions) -> Record:
        """The item that is gone."""
        before = self.read(id_)
        conditions.check(before)
        self._staged[before.id] = None
        return before

    def _find(self, id_: str) -> Record | None:
        found = self._container.find(self._epk, id_, self._now)
        name = id_ if found is None else found.id
        return self._staged.get(name, found)

    def _stage(self, content: Document, number: int) -> Record:
        content = content_of(content)
        key = self._container.key
        if key.effective(key.values_of(content)) != self._epk:
            raise RefusedError(400, "The partition key of the call is not the one in the item.", substatus=KEY_MISMATCH)
        record = new_record(
            content,
            epk=self._epk,
            number=number,
            lsn=self._container.lsn + 1,
            now=self._now,
            container_rid=self._container.rid,
            database_rid=self._container.database_rid,
        )
        self._staged[record.id] = record
        return record
