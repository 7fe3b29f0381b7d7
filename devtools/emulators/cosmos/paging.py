"""One page of a query's rows, and the token from which the next one goes on.

A token holds the last row's place (its sort values, the item's number, the row's number within the item), not an offset: items that
come and go between two pages neither shift nor repeat the others. It is bound to the query it came from.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from devtools.emulators.cosmos.documents import Record
from devtools.emulators.cosmos.refusals import RefusedError
from devtools.emulators.cosmos.sql.evaluate import aggregated, identity, matches, projected
from devtools.emulators.cosmos.sql.syntax import ITEM, Evaluate, Query, Scope
from devtools.emulators.cosmos.values import UNDEFINED, Value, is_number, order_key
from devtools.emulators.cosmos.wire import Request, encode

PAGE_ITEMS: Final = 100
PAGE_BYTES: Final = 4 * 1024 * 1024  # Azure documentation, Cosmos DB service quotas, maximum response size


@dataclass(frozen=True, slots=True)
class Row:
    """A match and its place. `keys` are the values of ORDER BY."""

    scope: Scope
    keys: tuple[Value, ...]
    number: int
    part: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: the last row, and how many rows of the query were given so far."""

    keys: tuple[Value, ...]
    number: int
    part: int
    given: int


@dataclass(frozen=True, slots=True)
class Page:
    """Encoded rows. `token` is None on the last page; `looked_at` counts the items the page cost."""

    rows: list[bytes]
    token: str | None
    looked_at: int


def page(query: Query, records: Sequence[Record], parameters: Scope, *, token: str | None, most: int, mark: str) -> Page:
    """The next page: at most `most` rows (-1: as many as fit). `mark` names the query; a token of another one is refused."""
    if query.aggregates:
        scopes = (scope for record in records for scope in matches(query, _outer(query, record, parameters)))
        value = aggregated(query, scopes, parameters)
        return Page([] if value is UNDEFINED else [encode(value)], None, len(records))
    place = None if token is None else _place(token, mark, len(query.order))
    found, last = _cut(_remaining(query, records, parameters, place), most)
    if last is None:
        return Page(found, None, len(records))
    given = (place.given if place else 0) + len(found)
    return Page(found, _token(Place(last.keys, last.number, last.part, given), mark), len(records))


def page_items(request: Request) -> int:
    """How many rows a page may have, -1 for as many as fit."""
    text = request.headers.get("x-ms-max-item-count", str(PAGE_ITEMS))
    if text != "-1" and not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0):
        raise RefusedError(400, "The maximum item count is -1 or a positive number.")
    return int(text)


def _remaining(query: Query, records: Sequence[Record], parameters: Scope, place: Place | None) -> Iterator[tuple[Row, Value]]:
    """The rows that were not given yet, within TOP, OFFSET and LIMIT."""
    if place is not None and not query.order and not query.is_distinct:
        # What comes before the place has been given. To look at all of it again would make a long list's pages dearer and dearer.
        records = [record for record in records if record.number >= place.number]
    rows = _distinct(query, _sorted(query, _rows(query, records, parameters)))
    skipped = _count(query.offset, parameters) or 0
    limit = _count(query.top or query.limit, parameters)
    if place is None:
        return islice(rows, skipped, None if limit is None else skipped + limit)
    rest = (row for row in rows if _is_after(query, row[0], place))
    return rest if limit is None else islice(rest, max(limit - place.given, 0))


def _outer(query: Query, record: Record, parameters: Scope) -> Scope:
    return parameters if query.root is None else {**parameters, query.root: record.document, ITEM: record}


def _rows(query: Query, records: Sequence[Record], parameters: Scope) -> Iterator[Row]:
    if query.root is None and not query.sources:
        yield from (Row(scope, (), 0, part) for part, scope in enumerate(matches(query, parameters)))
        return
    for record in records:
        for part, scope in enumerate(matches(query, _outer(query, record, parameters))):
            yield Row(scope, tuple(order.evaluate(scope) for order in query.order), record.number, part)


def _sorted(query: Query, rows: Iterator[Row]) -> Iterable[Row]:
    if not query.order:
        return rows
    found = list(rows)
    for position in reversed(range(len(query.order))):
        found.sort(key=lambda row: order_key(row.keys[position]), reverse=query.order[position].descending)
    return found


def _distinct(query: Query, rows: Iterable[Row]) -> Iterator[tuple[Row, Value]]:
    """The rows with their values: undefined ones dropped and, with DISTINCT, repeated ones."""
    seen: set[str] = set()
    for row in rows:
        value = projected(query, row.scope)
        if value is UNDEFINED or (query.is_distinct and identity(value) in seen):
            continue
        if query.is_distinct:
            seen.add(identity(value))
        yield row, value


def _is_after(query: Query, row: Row, place: Place) -> bool:
    for order, mine, last in zip(query.order, row.keys, place.keys, strict=True):
        if order_key(mine) != order_key(last):
            return (order_key(mine) > order_key(last)) != order.descending
    return (row.number, row.part) > (place.number, place.part)


def _cut(rows: Iterator[tuple[Row, Value]], most: int) -> tuple[list[bytes], Row | None]:
    """The rows of one page and, if there are more, the last of them."""
    found: list[bytes] = []
    size_bytes = 0
    last: Row | None = None
    for row, value in rows:
        encoded = encode(value)
        size_bytes += len(encoded) + 1
        if last is not None and (len(found) == most or size_bytes > PAGE_BYTES):
            return found, last
        found.append(encoded)
        last = row
    return found, None


def _count(evaluate: Evaluate | None, parameters: Scope) -> int | None:
    """A whole number for TOP, OFFSET or LIMIT."""
    if evaluate is None:
        return None
    count = evaluate(parameters)
    if not is_number(count) or not 0 <= count < 2**53 or count != int(count):
        raise RefusedError(400, "TOP, OFFSET and LIMIT take whole numbers that are not negative.")
    return int(count)


def mark_of(container_rid: str, body: object) -> str:
    """A short name for one query on one container."""
    return hashlib.sha256(container_rid.encode() + json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]


def _token(place: Place, mark: str) -> str:
    keys = [[] if key is UNDEFINED else [key] for key in place.keys]
    return base64.b64encode(encode([mark, keys, place.number, place.part, place.given])).decode()


def _place(token: str, mark: str, key_count: int) -> Place:
    try:
        found: list[Any] = json.loads(base64.b64decode(token, validate=True))
        of, keys, *counts = found
        number, part, given = (int(count) for count in counts if type(count) is int)
        place = Place(tuple(key[0] if key else UNDEFINED for key in keys if isinstance(key, list)), number, part, given)
    except (binascii.Error, ValueError, TypeError, KeyError, RecursionError):
        raise RefusedError(400, "The continuation token cannot be read.") from None
    if of != mark:
        raise RefusedError(400, "The continuation token belongs to another query.")
    if len(place.keys) != key_count:
        raise RefusedError(400, "The continuation token cannot be read.")
    return place
