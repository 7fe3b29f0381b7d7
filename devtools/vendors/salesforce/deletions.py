"""What was deleted and what becomes of it: the recycle bin, the deletion log that getDeleted reads, cascades and merges.

Surprising, and true of the vendor: a record that was undeleted is on no list of deletions any more, but on that of changes; what goes with
its parent is on neither, and unless ``Cascade`` says otherwise its SystemModstamp stays where it was; a hard-deleted record is in the log
alone; a merge deletes the losers and changes their children. Lacks: the bin's limits (it is emptied on command alone).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from devtools.vendors.salesforce.implications import Value
from devtools.vendors.salesforce.objects import Objects
from devtools.vendors.salesforce.store import ObjectName, Record, Store


@dataclass(frozen=True)
class Cascade:
    """What a child that goes with its parent shows. By default nothing: whoever relies on stamps or on the log misses it."""

    moves_stamps: bool = False
    is_logged: bool = False


class DeletionLog:
    """When what was deleted. ``purged_before``: by object, what came before that is no longer in it."""

    def __init__(self) -> None:
        self._deleted: dict[ObjectName, dict[str, datetime]] = {}
        self._purged_before: dict[ObjectName, datetime] = {}

    def add(self, object_name: ObjectName, record_id: str, at: datetime) -> None:
        self._deleted.setdefault(object_name, {})[record_id] = at

    def forget(self, object_name: ObjectName, record_id: str) -> None:
        """It was undeleted."""
        self._deleted.get(object_name, {}).pop(record_id, None)

    def purge(self, before: datetime, object_name: ObjectName | None = None) -> None:
        """Drop what is older, of one object or of all."""
        for name in [object_name] if object_name else [*self._deleted, "*"]:
            self._purged_before[name] = max(before, self._purged_before.get(name, before))
            kept = {record_id: at for record_id, at in self._deleted.get(name, {}).items() if at >= before}
            self._deleted[name] = kept

    def purged_before(self, object_name: ObjectName) -> datetime | None:
        """The oldest time that the log of an object still covers; None when nothing was ever dropped from it."""
        known = [self._purged_before[name] for name in (object_name, "*") if name in self._purged_before]
        return max(known, default=None)

    def between(self, object_name: ObjectName, first: datetime, last: datetime) -> list[tuple[str, datetime]]:
        """Ids and times from one time to another, both included, oldest first."""
        found = [(record_id, at) for record_id, at in self._deleted.get(object_name, {}).items() if first <= at <= last]
        return sorted(found, key=lambda one: (one[1], one[0]))


class Deletions:
    """Everything that makes a record disappear, and come back."""

    def __init__(self, store: Store, objects: Objects) -> None:
        self.log = DeletionLog()
        self.cascade = Cascade()
        self._store = store
        self._objects = objects
        self._gone_with: dict[str, str] = {}
        """Child → the record that it was deleted with."""

    def delete(self, record: Record, at: datetime) -> None:
        """Into the recycle bin, children that are to go with it as well."""
        for child in self._dependants(record):
            self._gone_with[child.id] = record.id
            self._bin(child, at if self.cascade.moves_stamps else child.system_modstamp)
            if self.cascade.is_logged:
                self.log.add(child.object_name, child.id, at)
        self._bin(record, at)
        self.log.add(record.object_name, record.id, at)

    def hard_delete(self, record: Record, at: datetime) -> None:
        """Gone for good, from the bin or past it; children that are to go with it as well."""
        children = [child for child in self._dependants(record, deleted=True) if child.id != record.id]
        for child in children:
            self._store.drop(child.id)
            self._gone_with.pop(child.id, None)
            if self.cascade.is_logged:
                self.log.add(child.object_name, child.id, at)
        self._store.drop(record.id)
        self.log.add(record.object_name, record.id, at)

    def empty_bin(self) -> list[str]:
        """Everything in it is gone for good; the ids. The log keeps what it has."""
        gone = [row.id for known in self._objects for row in self._rows(known.name) if row.is_deleted]
        for record_id in gone:
            self._store.drop(record_id)
        self._gone_with.clear()
        return gone

    def undelete(self, record: Record, at: datetime) -> None:
        """Out of the bin, with what went with it; their stamps move. One that was merged is merged no more; its children stay the master's.

        Raises:
            ValueError: it is not in the bin, or its object's records cannot come back.
        """
        if not record.is_deleted or not self._objects[record.object_name].undeletable:
            raise ValueError(f"UNDELETE_FAILED: {record.id} is not in the recycle bin")
        with_it = [child for child, parent in self._gone_with.items() if parent == record.id and child in self._store]
        for row in [record, *(self._store[child] for child in with_it)]:
            self._gone_with.pop(row.id, None)
            stamp = max(at, row.system_modstamp)
            unmerged = {"MasterRecordId": None} if "MasterRecordId" in row.fields else {}
            self._store.put(row.changed({"IsDeleted": False, **unmerged, "SystemModstamp": stamp}))
            self.log.forget(row.object_name, row.id)

    def merge(self, master: Record, losers: Collection[Record], at: datetime) -> None:
        """The losers' children become the master's, the losers are deleted and say who has won.

        Raises:
            ValueError: the object cannot be merged, or one of them is of another object or deleted.
        """
        together = [master, *losers]
        if not self._objects[master.object_name].mergeable or any(row.object_name != master.object_name for row in together):
            raise ValueError("MERGE_FAILED: only accounts, contacts or leads, and only with their like")
        if any(row.is_deleted for row in together) or master.id in {loser.id for loser in losers}:
            raise ValueError("ENTITY_IS_DELETED: master and losers are records that are there, and two different ones")
        lost = {loser.id for loser in losers}
        for child, reference in self._objects.children_of(master.object_name):
            for row in self._store.referring(child.name, reference.name, lost) if reference.name != "MasterRecordId" else ():
                if row.id not in lost:
                    self._stamp(row, {reference.name: master.id}, at)
        for loser in losers:
            self._stamp(loser, {"IsDeleted": True, "MasterRecordId": master.id}, at)
            self.log.add(loser.object_name, loser.id, at)
        self._stamp(self._store[master.id], {}, at)

    def _dependants(self, record: Record, *, deleted: bool = False) -> list[Record]:
        """What is deleted with a record; of those in the bin only what went there with it."""
        found: list[Record] = []
        for child, reference in self._objects.children_of(record.object_name):
            if reference.cascade_delete:
                rows = self._store.referring(child.name, reference.name, {record.id})
                found += [row for row in rows if not row.is_deleted or (deleted and self._gone_with.get(row.id) == record.id)]
        return found

    def _bin(self, record: Record, stamp: datetime) -> None:
        self._store.put(record.changed({"IsDeleted": True, "SystemModstamp": max(stamp, record.system_modstamp)}))

    def _stamp(self, record: Record, values: dict[str, Value], at: datetime) -> None:
        self._store.put(record.changed({**values, "SystemModstamp": max(at, record.system_modstamp)}))

    def _rows(self, object_name: ObjectName) -> list[Record]:
        return [self._store[record_id] for record_id in self._store.table(object_name).by_id]
