"""The account: databases, containers and the one way anything in them changes.

Every change is written to the journal first and applied after, without an `await` between, so the event loop is the only lock there is and
a change that was answered survives the process being killed.
"""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from devtools.emulators.cosmos.containers import DEFAULT_INDEXING, Container, Database, check_container, check_id, check_replacement
from devtools.emulators.cosmos.documents import Record
from devtools.emulators.cosmos.journal import Journal, NoJournal
from devtools.emulators.cosmos.ranges import ONE_RANGE, KeyRange
from devtools.emulators.cosmos.refusals import OWNER_MISSING, STALE_CONTAINER, RefusedError
from devtools.emulators.cosmos.rids import container_rid, database_rid
from devtools.emulators.cosmos.throughput import Budgets
from devtools.emulators.cosmos.values import Document

LINKS: Final = {"_docs": "docs/", "_sprocs": "sprocs/", "_triggers": "triggers/", "_udfs": "udfs/", "_conflicts": "conflicts/"}


class Store:
    """All state of one account. `now` gives seconds since 1970; without `units_per_second` a container takes any load."""

    def __init__(
        self,
        *,
        journal: Journal | None = None,
        now: Callable[[], float] = time.time,
        ranges: Sequence[KeyRange] = ONE_RANGE,
        units_per_second: float | None = None,
    ) -> None:
        self.databases: dict[str, Database] = {}
        self.last_number = 0
        self.journal: Journal = journal or NoJournal()
        self.now = now
        self.ranges = ranges
        self.budgets = Budgets(units_per_second, lambda: self.now())  # noqa: PLW0108  # whoever moves the clock replaces `now`

    def database(self, name: str, *, is_owner: bool = False) -> Database:
        """The database by name or resource id; 404, with a sub-status when something inside it was asked for."""
        found = self.databases.get(name) or next((one for one in self.databases.values() if one.rid == name), None)
        if found is None:
            raise RefusedError(404, f"The database '{name}' does not exist.", substatus=OWNER_MISSING if is_owner else None)
        return found

    def container(self, database: str, name: str, *, is_owner: bool = False) -> Container:
        """The container by name or resource id; 404 as for databases."""
        containers = self.database(database, is_owner=True).containers
        found = containers.get(name) or next((one for one in containers.values() if one.rid == name), None)
        if found is None:
            raise RefusedError(404, f"The container '{name}' does not exist.", substatus=OWNER_MISSING if is_owner else None)
        return found

    def owner(self, segments: tuple[str, ...], intended_rid: str | None) -> Container:
        """The container an item call is meant for. 400/1024 makes the client forget what it knew about a container that was replaced."""
        container = self.container(segments[1], segments[3], is_owner=True)
        if intended_rid and intended_rid != container.rid:
            raise RefusedError(400, "The container was deleted and created again.", substatus=STALE_CONTAINER)
        return container

    def create_database(self, body: Document, throughput: Document | None) -> Database:
        """A new, empty database."""
        id_ = check_id(body)
        if id_ in self.databases:
            raise RefusedError(409, f"The database '{id_}' exists already.")
        rid = database_rid(self.last_number + 1)
        document = {**body, **self._stamps(rid, f"dbs/{rid}/"), "_colls": "colls/", "_users": "users/"}
        self.journal.note("database", document=document, throughput=throughput)
        self.last_number += 1
        self.databases[id_] = Database(document, throughput)
        return self.databases[id_]

    def drop_database(self, name: str) -> None:
        """The database and all in it, gone."""
        database = self.database(name)
        self.journal.note("drop-database", rid=database.rid)
        del self.databases[database.document["id"]]

    def create_container(self, database: Database, body: Document, throughput: Document | None) -> Container:
        """A new, empty container."""
        key = check_container(body)
        if body["id"] in database.containers:
            raise RefusedError(409, f"The container '{body['id']}' exists already.")
        container = Container(self._container_document(database, body, database.last_number + 1), database.rid, key, throughput)
        self.journal.note("container", database=database.rid, document=container.document, throughput=throughput)
        database.last_number += 1
        database.containers[body["id"]] = container
        return container

    def replace_container(self, container: Container, body: Document) -> None:
        """New policies for a container. Items whose time was over under the old ones do not come back under the new."""
        check_container(body)
        check_replacement(container.document, body)
        database = self.database(container.database_rid)
        self.bury(container)
        document = self._container_document(database, body, 0) | {"_rid": container.rid, "_self": container.document["_self"]}
        self.journal.note("replace-container", rid=container.rid, document=document)
        container.document = document

    def drop_container(self, database: Database, container: Container) -> None:
        """The container and its items, gone."""
        self.journal.note("drop-container", rid=container.rid)
        del database.containers[container.document["id"]]

    def set_throughput(self, owner: Database | Container, throughput: Document) -> None:
        """Another offer for a database or a container that has one."""
        self.journal.note("throughput", rid=owner.rid, throughput=throughput)
        owner.throughput = throughput

    def commit(self, container: Container, epk: str, changes: Mapping[str, Record | None]) -> None:
        """Store, or where None delete, items of one partition: all or none, under the next sequence number."""
        if not changes:
            return
        self.journal.items(container.rid, container.lsn + 1, epk, changes)
        container.apply(epk, container.lsn + 1, changes)

    def bury(self, container: Container, epk: str | None = None) -> int:
        """Delete the expired items or, when a partition is named, all of that partition. Returns how many."""
        doomed = list(container.expired(self.now())) if epk is None else list(container.partitions.get(epk, {}).values())
        for one in {record.epk for record in doomed}:
            self.commit(container, one, {record.id: None for record in doomed if record.epk == one})
        return len(doomed)

    def _container_document(self, database: Database, body: Document, number: int) -> Document:
        rid = container_rid(database.rid, number)
        defaults = {"indexingPolicy": DEFAULT_INDEXING, "geospatialConfig": {"type": "Geography"}}
        return {**defaults, **body, **self._stamps(rid, f"dbs/{database.rid}/colls/{rid}/"), **LINKS}

    def _stamps(self, rid: str, self_link: str) -> Document:
        return {"_rid": rid, "_ts": int(self.now()), "_self": self_link, "_etag": f'"{uuid.uuid4()}"'}
