"""What an item must be before it is stored, and the record it is stored as.

A record's document is never changed in place: a patch works on a copy, so a batch can be dropped half way, and what was once computed from
a record stays true of it.
"""

import re
import uuid
from dataclasses import dataclass, field
from typing import Final

from devtools.emulators.cosmos.keys import value_at
from devtools.emulators.cosmos.refusals import RefusedError
from devtools.emulators.cosmos.rids import item_rid
from devtools.emulators.cosmos.values import Document, Value
from devtools.emulators.cosmos.vectors import Vector, vector_of
from devtools.emulators.cosmos.wire import encode

SYSTEM_PROPERTIES: Final = frozenset({"_rid", "_self", "_etag", "_attachments", "_ts"})
ITEM_LIMIT_BYTES: Final = 2 * 1024 * 1024  # Azure documentation, Cosmos DB service quotas, per-item limits
ID_LIMIT_BYTES: Final = 1023  # the same page
FORBIDDEN_IN_ID: Final = re.compile(r"[/\\?#]")
LEVELS_LIMIT: Final = 128  # the same page
NEVER: Final = -1


@dataclass(frozen=True, slots=True)
class Record:
    """A stored item. `number` counts the container's items in order of creation; `lsn` its writes."""

    document: Document
    body: bytes
    size_bytes: int
    epk: str
    number: int
    lsn: int
    vectors: dict[tuple[str, ...], Vector | None] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What `vector` has found, by path: preparing a vector costs more than comparing it."""

    @property
    def id(self) -> str:
        """The item's id."""
        return str(self.document["id"])

    @property
    def etag(self) -> str:
        """The entity tag; the quotes are part of it."""
        return str(self.document["_etag"])

    def vector(self, path: tuple[str, ...]) -> Vector | None:
        """The vector at `path`, ready to be compared, or None."""
        if path not in self.vectors:
            self.vectors[path] = vector_of(value_at(self.document, path))
        return self.vectors[path]

    def expired(self, default_ttl: int | None, now: float) -> bool:
        """Whether the item's time is over. Without a default on the container no item ever expires."""
        if default_ttl is None:
            return False
        ttl = self.document.get("ttl", default_ttl)
        return bool(ttl != NEVER and self.document["_ts"] + ttl <= now)


def new_record(content: Document, *, epk: str, number: int, lsn: int, now: float, container_rid: str, database_rid: str) -> Record:
    """`content` (without system properties) as a new version of the item."""
    content_bytes = encode(content)
    if len(content_bytes) > ITEM_LIMIT_BYTES:
        raise RefusedError(413, f"Request size is too large: the item has {len(content_bytes)} bytes, the limit is {ITEM_LIMIT_BYTES}.")
    rid = item_rid(container_rid, number)
    document = {
        **content,
        "_rid": rid,
        "_self": f"dbs/{database_rid}/colls/{container_rid}/docs/{rid}/",
        "_etag": f'"{uuid.uuid4()}"',
        "_attachments": "attachments/",
        "_ts": int(now),
    }
    return Record(document, encode(document), len(content_bytes), epk, number, lsn)


def stored_record(document: Document, *, epk: str, number: int, lsn: int) -> Record:
    """A record read back from the journal, exactly as it was."""
    return Record(document, encode(document), len(encode(content_of(document))), epk, number, lsn)


def content_of(document: Document) -> Document:
    """`document` without what the service adds."""
    return {name: value for name, value in document.items() if name not in SYSTEM_PROPERTIES}


def check_content(content: Document) -> None:
    """Refuse with 400 an item without a usable id or with a time to live that is none."""
    id_ = content.get("id")
    if not isinstance(id_, str) or not id_:
        raise RefusedError(400, "The input content is invalid because the required property 'id' is missing or not a string.")
    if len(id_.encode(errors="replace")) > ID_LIMIT_BYTES or FORBIDDEN_IN_ID.search(id_) or id_ != id_.rstrip(" "):
        raise RefusedError(400, "The input id is invalid: at most 1,023 bytes, none of / \\ ? # and no space at the end.")
    if "ttl" in content:
        check_ttl(content["ttl"], name="ttl")
    _check_levels(content)


def _check_levels(content: Document) -> None:
    level: list[Value] = [content]
    for _ in range(LEVELS_LIMIT):
        values = (value for outer in level for value in (outer.values() if isinstance(outer, dict) else outer))
        level = [value for value in values if isinstance(value, dict | list)]
        if not level:
            return
    raise RefusedError(400, f"The input content is invalid: it is nested deeper than {LEVELS_LIMIT} levels.")


def check_ttl(value: Value, *, name: str) -> None:
    """Refuse with 400 a time to live other than -1 or a positive number of seconds."""
    if isinstance(value, bool) or not isinstance(value, int) or not (value == NEVER or 0 < value <= 2**31 - 1):
        raise RefusedError(400, f"The input {name} is invalid: it must be a positive whole number or -1.")
