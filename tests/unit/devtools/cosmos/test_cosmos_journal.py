"""The store on disk: what comes back, and what damage it survives."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from devtools.emulators.cosmos.containers import Container
from devtools.emulators.cosmos.journal import FILE_NAME, DamagedJournalError, FileJournal
from devtools.emulators.cosmos.recovery import open_store
from devtools.emulators.cosmos.store import Store
from devtools.emulators.cosmos.transaction import Conditions, Transaction

KEY = {"paths": ["/tenant"], "kind": "Hash", "version": 2}


class Folder:
    """A place for a store that may be opened many times, as by one process after another."""

    def __init__(self, path: Path) -> None:
        self.journal = path / FILE_NAME
        self._stores: list[Store] = []

    def opened(self, *, at: float = 1000.0) -> Store:
        """The store as a process would find it that starts `at` this time."""
        self._stores.append(open_store(self.journal.parent, now=lambda: at))
        return self._stores[-1]

    def filled(self) -> Store:
        """A store with an empty container in it."""
        store = self.opened()
        store.create_container(store.create_database({"id": "d"}, None), {"id": "c", "partitionKey": KEY, "defaultTtl": -1}, None)
        return store

    def close(self) -> None:
        """Close what was opened."""
        for store in self._stores:
            store.journal.close()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    found = Folder(tmp_path)
    yield found
    found.close()


def container(store: Store) -> Container:
    return store.container("d", "c")


def put(store: Store, *contents: dict[str, Any]) -> None:
    target = container(store)
    transaction = Transaction(store, target, target.key.effective(("t",)))
    for content in contents:
        transaction.upsert({"tenant": "t", **content}, Conditions())
    transaction.commit()


def remove(store: Store, id_: str) -> None:
    target = container(store)
    transaction = Transaction(store, target, target.key.effective(("t",)))
    transaction.delete(id_, Conditions())
    transaction.commit()


def documents(store: Store) -> list[dict[str, Any]]:
    return [record.document for record in container(store).within("", "FF", store.now())]


def ids(store: Store) -> list[str]:
    return [document["id"] for document in documents(store)]


def test_a_store_comes_back_with_every_stamp_it_had(folder: Folder) -> None:
    store = folder.filled()
    put(store, {"id": "1", "text": "é☃"}, {"id": "2"})
    put(store, {"id": "3"})
    remove(store, "2")

    again = folder.opened()

    assert documents(again) == documents(store)
    assert container(again).document == container(store).document
    assert container(again).lsn == container(store).lsn == 3


def test_a_compacted_journal_says_the_same_and_is_shorter(folder: Folder) -> None:
    store = folder.filled()
    for number in range(20):
        put(store, {"id": "1", "n": number})
    long = folder.journal.stat().st_size

    once, twice = folder.opened(), folder.opened()

    assert documents(once) == documents(twice) == documents(store)
    assert folder.journal.stat().st_size < long / 5


def test_the_resource_id_of_something_deleted_is_not_given_again(folder: Folder) -> None:
    store = folder.filled()
    put(store, {"id": "1"})
    first = documents(store)[0]["_rid"]
    remove(store, "1")
    folder.opened()

    again = folder.opened()
    put(again, {"id": "1"})

    assert documents(again)[0]["_rid"] != first
    assert container(again).lsn == 3


def test_a_torn_last_line_is_forgotten(folder: Folder) -> None:
    store = folder.filled()
    put(store, {"id": "1"})
    put(store, {"id": "2"}, {"id": "3"})
    folder.journal.write_bytes(folder.journal.read_bytes()[:-20])

    again = folder.opened()
    put(again, {"id": "4"})

    assert ids(folder.opened()) == ["1", "4"]


def test_damage_in_the_middle_is_reported_and_nothing_is_rewritten(folder: Folder) -> None:
    store = folder.filled()
    put(store, {"id": "1"})
    damaged = folder.journal.read_bytes().replace(b'{"op":"container"', b'{"op":"contai', 1)
    folder.journal.write_bytes(damaged)

    with pytest.raises(DamagedJournalError, match="line 3"):
        folder.opened()

    assert folder.journal.read_bytes() == damaged


def test_dropped_and_created_again_is_empty_and_another(folder: Folder) -> None:
    store = folder.filled()
    put(store, {"id": "1"})
    before = container(store).rid
    store.drop_container(store.database("d"), container(store))
    store.create_container(store.database("d"), {"id": "c", "partitionKey": KEY}, None)

    again = folder.opened()

    assert ids(again) == []
    assert container(again).rid == container(store).rid != before


def test_an_expired_item_is_not_shown(folder: Folder) -> None:
    put(folder.filled(), {"id": "1", "ttl": 10}, {"id": "2"})

    assert ids(folder.opened(at=1009.0)) == ["1", "2"]
    assert ids(folder.opened(at=1010.0)) == ["2"]


def test_an_expired_item_does_not_come_back_when_the_container_stops_expiring(folder: Folder) -> None:
    put(folder.filled(), {"id": "1", "ttl": 10}, {"id": "2"})
    store = folder.opened(at=1010.0)

    store.replace_container(container(store), {"id": "c", "partitionKey": KEY})

    assert ids(store) == ["2"]
    assert ids(folder.opened(at=1009.0)) == ["2"]


def test_half_a_line_that_a_full_disk_left_is_cut_before_the_next_one(folder: Folder) -> None:
    store = folder.filled()
    put(store, {"id": "1"})
    with descriptor_that_takes_nothing(store):
        for _ in range(2):
            with pytest.raises(OSError, match=r"."):
                put(store, {"id": "2"})
    with folder.journal.open("ab") as file:
        file.write(b'{"op":"items","conta')  # what the disk had taken of it, and would not give back

    put(store, {"id": "3"})

    assert ids(store) == ids(folder.opened()) == ["1", "3"]


@contextmanager
def descriptor_that_takes_nothing(store: Store) -> Iterator[None]:
    """The journal's file is another meanwhile, one that can neither be written nor cut."""
    assert isinstance(store.journal, FileJournal)
    descriptor = store.journal._file.fileno()
    kept, nothing = os.dup(descriptor), os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, descriptor)
    try:
        yield
    finally:
        os.dup2(kept, descriptor)
        os.close(kept)
        os.close(nothing)


def test_a_whole_line_that_never_got_its_end_was_not_answered_and_is_forgotten(folder: Folder) -> None:
    store = folder.filled()
    put(store, {"id": "1"})
    put(store, {"id": "2"})
    folder.journal.write_bytes(folder.journal.read_bytes().removesuffix(b"\n"))

    assert ids(folder.opened()) == ["1"]
