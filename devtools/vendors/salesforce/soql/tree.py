"""A query as a tree, and as text again.

Lacks: aggregates besides ``COUNT()``, ``GROUP BY``, subqueries, ``TYPEOF``, ``FIELDS(…)``, aliases, ``USING SCOPE``, ``FOR VIEW``, relative
dates (``TODAY``, ``LAST_N_DAYS:3``), geolocation, ``INCLUDES``.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from typing_extensions import override

Path = tuple[str, ...]
"""``("Name",)``, or over parents ``("Owner", "Name")``."""
Literal = str | bool | Decimal | date | datetime | None

OPERATORS: Final = ("=", "!=", "<", "<=", ">", ">=")
_ESCAPES: Final = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}


@dataclass(frozen=True)
class SoqlError(Exception):
    """A query that is refused. ``code`` is the vendor's: ``MALFORMED_QUERY``, ``INVALID_FIELD``, ``INVALID_TYPE`` …"""

    code: str
    message: str


@dataclass(frozen=True)
class Comparison:
    """``operator`` is one of ``OPERATORS`` or ``LIKE``."""

    path: Path
    operator: str
    value: Literal


@dataclass(frozen=True)
class Among:
    """``IN`` or ``NOT IN``."""

    path: Path
    values: tuple[Literal, ...]
    negated: bool = False


@dataclass(frozen=True)
class Chain:
    """Two conditions or more, joined by ``AND`` or by ``OR``: never by both without parentheses."""

    word: str
    parts: tuple["Condition", ...]


@dataclass(frozen=True)
class Not:
    part: "Condition"


Condition = Comparison | Among | Chain | Not


@dataclass(frozen=True)
class Order:
    """Empty values come first unless ``nulls_last``."""

    path: Path
    descending: bool = False
    nulls_last: bool = False


@dataclass(frozen=True)
class Query:
    """``fields`` is empty for ``COUNT()``."""

    fields: tuple[Path, ...]
    object_name: str
    where: Condition | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0

    @override
    def __str__(self) -> str:
        parts = [f"SELECT {', '.join(map('.'.join, self.fields)) or 'COUNT()'} FROM {self.object_name}"]  # noqa: S608 - it is read by the stand-in alone
        if self.where is not None:
            parts.append(f"WHERE {written(self.where)}")
        if self.order:
            parts.append(f"ORDER BY {', '.join(map(_ordered, self.order))}")
        if self.limit is not None:
            parts.append(f"LIMIT {self.limit}")
        if self.offset:
            parts.append(f"OFFSET {self.offset}")
        return " ".join(parts)


def written(condition: Condition) -> str:
    """As SOQL."""
    match condition:
        case Comparison(path, operator, value):
            return f"{'.'.join(path)} {operator} {literal(value)}"
        case Among(path, values, negated):
            return f"{'.'.join(path)} {'NOT IN' if negated else 'IN'} ({', '.join(map(literal, values))})"
        case Chain(word, parts):
            return f" {word} ".join(_enclosed(part) for part in parts)
        case Not(part):
            return f"NOT {_enclosed(part)}"


def literal(value: Literal) -> str:
    """A value as SOQL writes it. Raises ValueError for a number that is none."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str():
            return "'" + "".join(_ESCAPES.get(character, character) for character in value) + "'"
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds" if value.microsecond else "seconds").replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case Decimal():
            if not value.is_finite():
                raise ValueError(f"{value} cannot be written")
            return f"{value:f}"


def _enclosed(condition: Condition) -> str:
    return f"({written(condition)})" if isinstance(condition, Chain | Not) else written(condition)


def _ordered(order: Order) -> str:
    return f"{'.'.join(order.path)} {'DESC' if order.descending else 'ASC'}{' NULLS LAST' if order.nulls_last else ''}"
