"""Queries of rows in the order of a key, as text, each short enough for an address.

A row is found by where the last one stood and not by a count, so that a query can be asked again at any time and by anybody. "SOQL SELECT
Syntax" and the limit of 16,384 bytes for an address and its headers, REST API Developer Guide.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal
from urllib.parse import quote_plus

from pydantic import JsonValue

from shared.streams.state import Cursor

MOST_CHARACTERS: Final = 12_000
"""Of an escaped query: the rest is for the address before it, the token and the other headers."""

Operation = Literal["query", "queryAll"]
"""``queryAll`` answers rows in the recycle bin, too."""


@dataclass(frozen=True)
class Place:
    """Where a row stands in the order of (SystemModstamp, Id)."""

    stamp: datetime
    id: str
    """Empty: before the first row of its second."""

    def cursor(self) -> dict[str, JsonValue]:
        """As JSON."""
        return {"stamp": literal(self.stamp), "id": self.id}

    @classmethod
    def read(cls, cursor: Cursor) -> "Place":
        """From JSON."""
        return cls(datetime.fromisoformat(str(cursor["stamp"])), str(cursor["id"]))


def literal(moment: datetime) -> str:
    """A moment as SOQL writes it, to the second, which is as fine as stamps are."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def quoted(text: str) -> str:
    """A text as SOQL writes it."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def changed_rows(object_name: str, fields: Sequence[str], *, after: Place, up_to: datetime, last: Place | None = None) -> str:
    """Rows after a place whose stamp is not above a moment, in the order of (SystemModstamp, Id); with ``last``, not beyond that row."""
    start = literal(after.stamp)
    wanted = f"SystemModstamp >= {start}"
    if after.id:
        wanted = f"(SystemModstamp > {start} OR (SystemModstamp = {start} AND Id > {quoted(after.id)}))"
    ends = f" AND SystemModstamp <= {literal(up_to)}"
    if last is not None:
        end = literal(last.stamp)
        ends = f" AND (SystemModstamp < {end} OR (SystemModstamp = {end} AND Id <= {quoted(last.id)}))"
    return _select(object_name, fields, f"WHERE {wanted}{ends} ORDER BY SystemModstamp,Id")


def all_rows(object_name: str, fields: Sequence[str], *, after: str | None, last: str | None = None, most: int | None = None) -> str:
    """Rows after an id, in the order of ids; with ``last``, not beyond that one; with ``most``, no more than so many."""
    bounds = [f"Id > {quoted(after)}"] if after else []
    bounds += [f"Id <= {quoted(last)}"] if last else []
    where = f"WHERE {' AND '.join(bounds)} " if bounds else ""
    return _select(object_name, fields, f"{where}ORDER BY Id{f' LIMIT {most}' if most else ''}")


def rows_by(object_name: str, fields: Sequence[str], field: str, ids: Sequence[str], *, deleted_only: bool = False) -> str:
    """Rows with one of these ids in a field."""
    only = " AND IsDeleted = true" if deleted_only else ""
    return _select(object_name, fields, f"WHERE {field} IN ({','.join(map(quoted, ids))}){only} ORDER BY Id")


def _select(object_name: str, fields: Sequence[str], rest: str) -> str:
    # Names come from our conversions and the vendor's description, ids are quoted, moments are written by ``literal``.
    return f"SELECT {','.join(fields)} FROM {object_name} {rest}"  # noqa: S608 - nothing in it is anybody's text


def length_of(query: str) -> int:
    """How long it is in an address."""
    return len(quote_plus(query))


def split_fields(always: Sequence[str], fields: Iterable[str], *, most_characters: int) -> list[tuple[str, ...]]:
    """The fields in groups that each fit, every one with those that identify the row.

    Raises:
        ValueError: a single field does not fit.
    """
    room = most_characters - length_of(",".join(always))
    groups: list[list[str]] = [[]]
    left = room
    for field in sorted(set(fields) - set(always)):
        needed = length_of(f",{field}")
        if needed > room:
            raise ValueError(f"the name of a field has {needed} characters")
        if needed > left:
            groups.append([])
            left = room
        groups[-1].append(field)
        left -= needed
    return [(*always, *group) for group in groups]


def split_ids(ids: Sequence[str], *, most_characters: int) -> list[Sequence[str]]:
    """The ids in groups that each fit into one query."""
    each = length_of(f"{quoted('0' * 18)},")
    size = max(1, most_characters // each)
    return [ids[start : start + size] for start in range(0, len(ids), size)]
