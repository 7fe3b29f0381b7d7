"""What was acknowledged is there after a kill, as it was: any changes, any number of kills, and half a line at any of them.

A kill is a store that is left as it is, with its file open: the file is all that the next one gets. What it should hold is kept beside it,
in a way that has nothing to do with journals.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from devtools.emulators.cosmos.journal import FILE_NAME
from devtools.emulators.cosmos.recovery import open_store
from devtools.emulators.cosmos.refusals import RefusedError
from devtools.emulators.cosmos.store import Store
from devtools.emulators.cosmos.transaction import Conditions, Transaction

KEY: Final = {"paths": ["/t"], "kind": "Hash", "version": 2}
Documents = dict[tuple[str, str], dict[str, Any]]
"""By tenant and id."""

Step = tuple[str, str, list[tuple[str, str]]]
TENANTS, IDS = st.sampled_from("tu"), st.sampled_from("abcdefgh")
WRITES: Final = st.lists(st.tuples(st.sampled_from(["upsert", "delete"]), IDS), min_size=1, max_size=3)
"""One commit of one tenant."""
COMMIT: Final = st.tuples(st.just("commit"), TENANTS, WRITES)
OTHER: st.SearchStrategy[Step] = st.tuples(st.sampled_from(["kill", "kill", "kill", "torn", "torn", "again"]), st.just(""), st.just([]))
STEPS: Final = st.one_of(COMMIT, COMMIT, COMMIT, OTHER)
"""``torn`` is a kill in the middle of a line, ``again`` drops the container and makes it anew."""


@dataclass
class Run:
    """Stores in one folder, one after the other, and what clients were told."""

    folder: Path
    stores: list[Store] = field(default_factory=list)
    told: Documents = field(default_factory=dict)
    writes: int = 0

    def open(self) -> None:
        self.stores.append(open_store(self.folder))

    def make(self) -> None:
        store = self.stores[-1]
        database = store.databases.get("d") or store.create_database({"id": "d"}, None)
        if "c" in database.containers:
            store.drop_container(database, database.containers["c"])
        store.create_container(database, {"id": "c", "partitionKey": KEY}, None)
        self.told = {}

    def step(self, kind: str, tenant: str, writes: list[tuple[str, str]]) -> None:
        match kind:
            case "commit":
                self._commit(tenant, writes)
            case "again":
                self.make()
            case _:
                if kind == "torn":
                    with (self.folder / FILE_NAME).open("ab") as file:
                        file.write(b'{"op":"items","container":"')
                self.open()

    def _commit(self, tenant: str, writes: list[tuple[str, str]]) -> None:
        """All of it is told, or nothing."""
        store = self.stores[-1]
        container = store.container("d", "c")
        transaction = Transaction(store, container, container.key.effective((tenant,)))
        told = dict(self.told)
        try:
            for kind, id_ in writes:
                if kind == "upsert":
                    self.writes += 1
                    written, _ = transaction.upsert({"id": id_, "t": tenant, "n": self.writes}, Conditions())
                    told[tenant, id_] = dict(written.document)
                else:
                    transaction.delete(id_, Conditions())
                    told.pop((tenant, id_), None)
        except RefusedError:  # there is nothing to delete
            return
        transaction.commit()
        self.told = told

    def found(self) -> Documents:
        store = self.stores[-1]
        records = store.container("d", "c").within("", "FF", store.now())
        return {(record.document["t"], record.id): dict(record.document) for record in records}


@contextmanager
def running() -> Iterator[Run]:
    with tempfile.TemporaryDirectory() as folder:
        run = Run(Path(folder))
        try:
            run.open()
            run.make()
            yield run
        finally:
            for store in run.stores:
                store.journal.close()


def hold(steps: Sequence[Step]) -> None:
    """Whatever is told is found, with every stamp it had; at each kill, and after the last one."""
    with running() as run:
        for kind, tenant, writes in [*steps, KILL]:
            run.step(kind, tenant, writes)

            assert run.found() == run.told


KILL: Final[Step] = ("kill", "", [])
MANY: Final[list[Step]] = [step for id_ in "abcdefgh" * 3 for step in (("commit", "t", [("upsert", id_)]), KILL)]


@settings(deadline=None, max_examples=20)
@example(MANY)
@given(st.lists(STEPS, min_size=15, max_size=40))
def test_what_was_acknowledged_is_there_after_any_kill(steps: list[Step]) -> None:
    hold(steps)


@pytest.mark.long
@settings(deadline=None, max_examples=2000)
@given(st.lists(STEPS, min_size=15, max_size=100))
def test_what_was_acknowledged_is_there_after_any_kill_at_length(steps: list[Step]) -> None:
    hold(steps)
