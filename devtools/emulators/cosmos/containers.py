"""Databases and containers as they are kept and shown.

A container document is echoed whole, whatever the client put into it; a few rules that would otherwise surprise in the cloud are checked.
Refused rather than ignored: unique keys and computed properties, which this stand-in does not apply.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from devtools.emulators.cosmos.documents import Record, check_ttl
from devtools.emulators.cosmos.indexing import check_policy
from devtools.emulators.cosmos.keys import KeyDefinition
from devtools.emulators.cosmos.refusals import RefusedError
from devtools.emulators.cosmos.rids import item_number
from devtools.emulators.cosmos.values import Document
from devtools.emulators.cosmos.vectorpolicy import check_vector_indexes_kept, check_vectors

ID_LIMIT_CHARACTERS: Final = 255  # Azure documentation, Cosmos DB service quotas
FIXED_AT_CREATION: Final = ("id", "partitionKey", "vectorEmbeddingPolicy", "uniqueKeyPolicy")
POLICIES: Final = ("indexingPolicy", "vectorEmbeddingPolicy", "uniqueKeyPolicy")
DEFAULT_INDEXING: Final = {
    "indexingMode": "consistent",
    "automatic": True,
    "includedPaths": [{"path": "/*"}],
    "excludedPaths": [{"path": '/"_etag"/?'}],
}


@dataclass(slots=True)
class Container:
    """A container and its items, by effective key and id. `lsn` counts commits, `last_number` items ever created."""

    document: Document
    database_rid: str
    key: KeyDefinition
    throughput: Document | None = None
    lsn: int = 0
    last_number: int = 0
    partitions: dict[str, dict[str, Record]] = field(default_factory=dict)

    @property
    def rid(self) -> str:
        """The container's resource id."""
        return str(self.document["_rid"])

    @property
    def default_ttl(self) -> int | None:
        """Seconds, -1 for "on, but only where an item says so", None for off."""
        ttl: int | None = self.document.get("defaultTtl")
        return ttl

    def allot(self) -> int:
        """The number of the next item."""
        self.last_number += 1
        return self.last_number

    def find(self, epk: str, id_: str, now: float) -> Record | None:
        """The live item by id or, failing that, by resource id."""
        partition = self.partitions.get(epk, {})
        record = partition.get(id_)
        if record is None and (number := item_number(id_)) is not None:
            record = next((other for other in partition.values() if other.number == number), None)
        return None if record is None or record.expired(self.default_ttl, now) else record

    def within(self, low: str, high: str, now: float) -> list[Record]:
        """The live items with `low <= effective key < high`, oldest first."""
        found = (
            record
            for epk, partition in self.partitions.items()
            if low <= epk < high
            for record in partition.values()
            if not record.expired(self.default_ttl, now)
        )
        return sorted(found, key=_number)

    def apply(self, epk: str, lsn: int, changes: Mapping[str, Record | None]) -> None:
        """Put, or where None remove, items of one partition. Only the store and the replay of its journal call this."""
        partition = self.partitions.setdefault(epk, {})
        for id_, record in changes.items():
            if record is None:
                partition.pop(id_, None)
            else:
                partition[id_] = record
        if not partition:
            del self.partitions[epk]
        self.lsn = lsn

    def expired(self, now: float) -> Iterator[Record]:
        """The items whose time is over and that are still kept."""
        return (record for partition in self.partitions.values() for record in partition.values() if record.expired(self.default_ttl, now))


@dataclass(slots=True)
class Database:
    """A database and its containers by name."""

    document: Document
    throughput: Document | None = None
    last_number: int = 0
    containers: dict[str, Container] = field(default_factory=dict)

    @property
    def rid(self) -> str:
        """The database's resource id."""
        return str(self.document["_rid"])


def check_id(body: Document) -> str:
    """The id of a new database or container; 400 when it is none."""
    id_ = body.get("id")
    if not isinstance(id_, str) or not 0 < len(id_) <= ID_LIMIT_CHARACTERS or set(id_) & set("/\\?#") or not id_.isprintable():
        raise RefusedError(400, "The input id is invalid: 1 to 255 characters, none of / \\ ? #.")
    return id_


def check_container(body: Document) -> KeyDefinition:
    """The key definition of a container document; 400 for what the service, or this stand-in, does not take."""
    check_id(body)
    for name in POLICIES:
        if not isinstance(body.get(name), dict | None):
            raise RefusedError(400, f"The property '{name}' must be an object.")
    if body.get("defaultTtl") is not None:
        check_ttl(body["defaultTtl"], name="defaultTtl")
    if (body.get("uniqueKeyPolicy") or {}).get("uniqueKeys") or body.get("computedProperties"):
        raise RefusedError(400, "This stand-in applies neither unique keys nor computed properties.")
    check_vectors(body)
    check_policy(body.get("indexingPolicy") or {})
    return KeyDefinition.of(body.get("partitionKey"))


def check_replacement(old: Document, new: Document) -> None:
    """400 when a property that is fixed at creation would change."""
    for name in FIXED_AT_CREATION:
        if (old.get(name) or None) != (new.get(name) or None):
            raise RefusedError(400, f"The property '{name}' of a container cannot be changed.")
    check_vector_indexes_kept(old, new)


def _number(record: Record) -> int:
    return record.number
