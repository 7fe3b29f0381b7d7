"""The rows of an organization, deleted ones included, in the two orders that readers ask for: by id, and by SystemModstamp and id.

Both orders are kept as rows come and go, so a page of a hundred thousand rows is found without sorting them. Ids sort as their first 15
characters do in ASCII. Lacks: locks, history; a version that was replaced is gone unless somebody holds it.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from devtools.vendors.salesforce.fields import Fields
from devtools.vendors.salesforce.implications import Value

ObjectName = str
"""``Account``, ``Contact``, ``Opportunity``, ``Lead``, ``User`` and the custom ones (``objects.py``)."""

Stamp = tuple[datetime, str]
"""SystemModstamp and Id."""


@dataclass(frozen=True, slots=True)
class Record:
    """One version of one record. ``fields`` holds every field of the object, Id included; None means empty."""

    object_name: ObjectName
    id: str
    fields: Mapping[str, Value]

    @property
    def system_modstamp(self) -> datetime:
        stamp = self.fields["SystemModstamp"]
        if not isinstance(stamp, datetime):
            raise TypeError("SystemModstamp was set to something that is not a time")
        return stamp

    @property
    def is_deleted(self) -> bool:
        """Whether it lies in the recycle bin."""
        return self.fields.get("IsDeleted") is True

    def changed(self, values: Mapping[str, Value]) -> "Record":
        """The next version."""
        return replace(self, fields=Fields({**self.fields, **values}))


class Table:
    """The rows of one object."""

    def __init__(self) -> None:
        self.by_id: list[str] = []
        self.by_stamp: list[Stamp] = []
        self.live: list[str] = []
        """Ids of what is not deleted, in the order in which it came."""

    def add(self, records: Iterable[Record]) -> None:
        """Many new rows at once."""
        for record in records:
            self.by_id.append(record.id)
            self.by_stamp.append((record.system_modstamp, record.id))
            self.live.append(record.id)
        self.by_id.sort()
        self.by_stamp.sort()

    def put(self, record: Record, before: Record | None) -> None:
        """A row, or its next version."""
        if before is None:
            insort(self.by_id, record.id)
        elif before.system_modstamp != record.system_modstamp:
            _remove(self.by_stamp, (before.system_modstamp, before.id))
        if before is None or before.system_modstamp != record.system_modstamp:
            insort(self.by_stamp, (record.system_modstamp, record.id))
        was_live = before is not None and not before.is_deleted
        if was_live and record.is_deleted:
            self.live.remove(record.id)
        elif not was_live and not record.is_deleted:
            self.live.append(record.id)

    def drop(self, record: Record) -> None:
        """A row that is gone for good."""
        _remove(self.by_id, record.id)
        _remove(self.by_stamp, (record.system_modstamp, record.id))
        if not record.is_deleted:
            self.live.remove(record.id)

    def stamped(self, first: datetime | None, last: datetime | None) -> Iterator[str]:
        """Ids from one stamp to another, both included, in the order of stamps and ids; None is no bound."""
        begin = 0 if first is None else bisect_left(self.by_stamp, (first, ""))
        end = len(self.by_stamp) if last is None else bisect_right(self.by_stamp, (last, "\x7f"))
        return (self.by_stamp[position][1] for position in range(begin, end))

    def identified(self, first: str | None, last: str | None) -> Iterator[str]:
        """Ids from one to another, both included, in their order; None is no bound."""
        begin = 0 if first is None else bisect_left(self.by_id, first)
        end = len(self.by_id) if last is None else bisect_right(self.by_id, f"{last}\x7f")
        return (self.by_id[position] for position in range(begin, end))


class Store:
    """All rows of one organization."""

    def __init__(self) -> None:
        self._rows: dict[str, Record] = {}
        self._tables: dict[ObjectName, Table] = {}
        self._children: dict[ObjectName, dict[str, dict[str, dict[str, None]]]] = {}
        """Object → field → id that is referred to → ids that refer to it: of the references somebody has followed backwards."""

    def table(self, object_name: ObjectName) -> Table:
        return self._tables.setdefault(object_name, Table())

    def __contains__(self, record_id: str) -> bool:
        return record_id in self._rows

    def __getitem__(self, record_id: str) -> Record:
        """Deleted or not; raises KeyError when there is none."""
        return self._rows[record_id]

    def get(self, record_id: str) -> Record | None:
        return self._rows.get(record_id)

    def put(self, record: Record) -> Record:
        """A row, or its next version."""
        before = self._rows.get(record.id)
        self.table(record.object_name).put(record, before)
        self._rows[record.id] = record
        for field, children in self._children.get(record.object_name, {}).items():
            if before is None or before.fields.get(field) != record.fields.get(field):
                _forget(children, field, before)
                _note(children, field, record)
        return record

    def add(self, object_name: ObjectName, records: list[Record]) -> None:
        """Many new rows of one object at once."""
        self.table(object_name).add(records)
        self._rows.update((record.id, record) for record in records)
        for field, children in self._children.get(object_name, {}).items():
            for record in records:
                _note(children, field, record)

    def drop(self, record_id: str) -> Record:
        """Forget a row for good."""
        record = self._rows.pop(record_id)
        self.table(record.object_name).drop(record)
        for field, children in self._children.get(record.object_name, {}).items():
            _forget(children, field, record)
        return record

    def referring(self, object_name: ObjectName, field: str, ids: set[str]) -> list[Record]:
        """The rows of an object whose reference is one of these, deleted ones included."""
        known = self._children.setdefault(object_name, {})
        if field not in known:
            known[field] = {}
            for record_id in self.table(object_name).by_id:
                _note(known[field], field, self._rows[record_id])
        return [self._rows[child] for record_id in sorted(ids) for child in known[field].get(record_id, ())]


def to_the_second(moment: datetime) -> datetime:
    """In UTC, as SystemModstamp has it. Raises ValueError for a time without a zone."""
    if moment.tzinfo is None:
        raise ValueError("a time needs its zone")
    return moment.astimezone(UTC).replace(microsecond=0)


def _note(children: dict[str, dict[str, None]], field: str, record: Record) -> None:
    if parent := record.fields.get(field):
        children.setdefault(str(parent), {})[record.id] = None


def _forget(children: dict[str, dict[str, None]], field: str, record: Record | None) -> None:
    if record is not None and (parent := record.fields.get(field)):
        children.get(str(parent), {}).pop(record.id, None)


def _remove(ordered: list[Any], value: object) -> None:
    position = bisect_left(ordered, value)
    if position == len(ordered) or ordered[position] != value:
        raise LookupError("the order of the rows is broken")
    del ordered[position]
