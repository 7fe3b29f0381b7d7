"""From a journal to a store, and from a store to the shortest journal that says the same.

Compaction happens at start only, when nothing else holds the file. Counters are written out, so the resource id of something deleted is not
given to something new.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from devtools.emulators.cosmos.containers import Container, Database
from devtools.emulators.cosmos.documents import Record, stored_record
from devtools.emulators.cosmos.journal import FILE_NAME, Entry, FileJournal, items_entry, read_entries, rewrite
from devtools.emulators.cosmos.keys import KeyDefinition
from devtools.emulators.cosmos.ranges import ONE_RANGE, KeyRange
from devtools.emulators.cosmos.rids import container_number, database_number, item_number
from devtools.emulators.cosmos.store import Store
from devtools.emulators.cosmos.wire import encode


def open_store(
    folder: Path | None,
    *,
    now: Callable[[], float] = time.time,
    ranges: Sequence[KeyRange] = ONE_RANGE,
    units_per_second: float | None = None,
) -> Store:
    """A store as it was left in `folder`, or an empty one in memory. Raises DamagedJournalError and OSError."""
    store = Store(now=now, ranges=ranges, units_per_second=units_per_second)
    if folder is None:
        return store
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE_NAME
    replay = _Replay(store)
    for entry in read_entries(path):
        replay.apply(entry)
    rewrite(path, snapshot(store))
    store.journal = FileJournal(path)
    return store


def snapshot(store: Store) -> Iterator[bytes]:
    """The lines that rebuild `store` as it is."""
    for database in store.databases.values():
        yield encode(
            {"op": "database", "document": database.document, "throughput": database.throughput, "last_number": database.last_number}
        )
        for container in database.containers.values():
            yield from _container_lines(container)
    yield encode({"op": "counters", "last_number": store.last_number})


def _container_lines(container: Container) -> Iterator[bytes]:
    yield encode(
        {
            "op": "container",
            "database": container.database_rid,
            "document": container.document,
            "throughput": container.throughput,
            "last_number": container.last_number,
        },
    )
    records = sorted((record for partition in container.partitions.values() for record in partition.values()), key=_written)
    for (lsn, epk), commit in groupby(records, key=_written):
        yield items_entry(container.rid, lsn, epk, {record.id: record for record in commit})
    yield encode({"op": "counters", "container": container.rid, "lsn": container.lsn})


def _written(record: Record) -> tuple[int, str]:
    return record.lsn, record.epk


class _Replay:
    """Applies entries in order, finding things by resource id: names may have been used twice."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._databases: dict[str, Database] = {}
        self._containers: dict[str, Container] = {}

    def apply(self, entry: Entry) -> None:
        """One change, again."""
        match entry["op"]:
            case "database":
                self._database(entry)
            case "container":
                self._container(entry)
            case "replace-container":
                self._containers[entry["rid"]].document = entry["document"]
            case "drop-database":
                del self._store.databases[self._databases.pop(entry["rid"]).document["id"]]
            case "drop-container":
                container = self._containers.pop(entry["rid"])
                del self._databases[container.database_rid].containers[container.document["id"]]
            case "throughput":
                owner = self._containers.get(entry["rid"]) or self._databases[entry["rid"]]
                owner.throughput = entry["throughput"]
            case "items":
                self._items(entry)
            case "counters":
                self._counters(entry)
            case unknown:
                raise ValueError(f"the journal was written by another version: {unknown}")

    def _database(self, entry: Entry) -> None:
        document = entry["document"]
        database = Database(document, entry["throughput"], entry.get("last_number", 0))
        self._databases[document["_rid"]] = self._store.databases[document["id"]] = database
        self._store.last_number = max(self._store.last_number, database_number(document["_rid"]))

    def _container(self, entry: Entry) -> None:
        document = entry["document"]
        database = self._databases[entry["database"]]
        container = Container(document, database.rid, KeyDefinition.of(document["partitionKey"]), entry["throughput"])
        container.last_number = entry.get("last_number", 0)
        self._containers[container.rid] = database.containers[document["id"]] = container
        database.last_number = max(database.last_number, container_number(container.rid))

    def _items(self, entry: Entry) -> None:
        container = self._containers[entry["container"]]
        changes: dict[str, Record | None] = dict.fromkeys(entry["gone"])
        for document in entry["put"]:
            number = item_number(document["_rid"]) or 0
            changes[document["id"]] = stored_record(document, epk=entry["epk"], number=number, lsn=entry["lsn"])
            container.last_number = max(container.last_number, number)
        container.apply(entry["epk"], entry["lsn"], changes)

    def _counters(self, entry: Entry) -> None:
        if "container" in entry:
            self._containers[entry["container"]].lsn = entry["lsn"]
        else:
            self._store.last_number = entry["last_number"]
