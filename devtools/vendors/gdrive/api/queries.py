"""``q`` and ``orderBy`` of ``files.list``: the part of the vendor's query language that a crawler needs.

It has ``name``, ``mimeType``, ``trashed``, ``modifiedTime``, ``createdTime``, ``sharedWithMe``, ``'…' in parents``, ``in owners``, ``and``,
``or``, ``not`` and parentheses. It lacks ``fullText``, properties, labels, ``writers``, ``readers``, ``starred`` and ``visibility``: those
are refused, as what cannot be read is.
"""

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from devtools.vendors.gdrive.api import refusals
from devtools.vendors.gdrive.items import Item
from devtools.vendors.gdrive.view import View

Predicate = Callable[[Item, View], bool]

_TOKEN: Final = re.compile(r"\s*(?:'((?:[^'\\]|\\.)*)'|(<=|>=|!=|=|<|>)|([()])|([A-Za-z]+))")
_COMPARISONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TEXTS: Final[Mapping[str, Callable[[Item], str]]] = {"name": lambda item: item.name, "mimeType": lambda item: item.mime_type}
_TIMES: Final[Mapping[str, Callable[[Item], datetime]]] = {
    "modifiedTime": lambda item: item.modified_at,
    "createdTime": lambda item: item.created_at,
}
_UNORDERED: Final = frozenset({"sharedWithMeTime", "starred", "viewedByMeTime"})
_ORDERS: Final[Mapping[str, Callable[[Item], Any]]] = {
    "createdTime": lambda item: item.created_at,
    "folder": lambda item: not item.is_folder,
    "modifiedTime": lambda item: item.modified_at,
    "modifiedByMeTime": lambda item: item.modified_at,
    "recency": lambda item: item.modified_at,
    "name": lambda item: item.name.casefold(),
    "name_natural": lambda item: [part.zfill(12) if part.isdecimal() else part for part in re.split(r"(\d+)", item.name.casefold())],
    "quotaBytesUsed": lambda item: item.size or 0,
}


@dataclass(frozen=True, slots=True)
class Query:
    """``parent_id``: nothing outside that folder can match; None: anything can."""

    matches: Predicate
    parent_id: str | None = None


def query_of(text: str, root_id: str) -> Query:
    """What a text asks for; ``root_id`` is what ``root`` stands for.

    Raises:
        Refused: 400, it cannot be read.
    """
    if not text.strip():
        return Query(lambda item, view: True)
    parser = _Parser(_tokens(text), root_id)
    query = parser.either()
    if parser.tokens:
        raise refusals.invalid("q")
    return query


def in_order(items: Iterable[Item], order_by: str) -> list[Item]:
    """Without an order the newest first.

    Raises:
        Refused: 400, there is no such order.
    """
    found = sorted(items, key=lambda item: item.modified_at, reverse=True)
    for part in reversed([one.split() for one in order_by.split(",") if one.strip()]):
        if part[0] in _UNORDERED:
            continue
        if part[0] not in _ORDERS or part[1:] not in ([], ["desc"], ["asc"]):
            raise refusals.invalid("orderBy")
        found.sort(key=_ORDERS[part[0]], reverse=part[1:] == ["desc"])
    return found


@dataclass(frozen=True, slots=True)
class _Token:
    """``kind``: text, sign, bracket or word."""

    kind: str
    value: str


def _tokens(text: str) -> list[_Token]:
    found, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise refusals.invalid("q")
        quoted, sign, bracket, word = match.groups()
        if quoted is not None:
            found.append(_Token("text", re.sub(r"\\(.)", r"\1", quoted)))
        elif sign or bracket:
            found.append(_Token("sign" if sign else "bracket", sign or bracket))
        else:
            found.append(_Token("word", word))
        at = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[_Token], root_id: str) -> None:
        self.tokens = tokens
        self._root_id = root_id

    def either(self) -> Query:
        parts = [self._both()]
        while self._takes("word", "or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Query(lambda item, view: any(part.matches(item, view) for part in parts))

    def _both(self) -> Query:
        parts = [self._one()]
        while self._takes("word", "and"):
            parts.append(self._one())
        parent_id = next((part.parent_id for part in parts if part.parent_id is not None), None)
        return parts[0] if len(parts) == 1 else Query(lambda item, view: all(part.matches(item, view) for part in parts), parent_id)

    def _one(self) -> Query:
        if self._takes("word", "not"):
            inner = self._one()
            return Query(lambda item, view: not inner.matches(item, view))
        if self._takes("bracket", "("):
            found = self.either()
            if not self._takes("bracket", ")"):
                raise refusals.invalid("q")
            return found
        return self._term()

    def _term(self) -> Query:
        first = self._next()
        if first.kind == "text":
            return self._within(first.value)
        if first.kind != "word":
            raise refusals.invalid("q")
        if first.value == "sharedWithMe" and not (self.tokens and self.tokens[0].kind == "sign"):
            return Query(_is_shared_with)
        return Query(self._comparison(first.value, self._next(), self._next()))

    def _within(self, value: str) -> Query:
        if not self._takes("word", "in"):
            raise refusals.invalid("q")
        match self._next().value:
            case "parents":
                parent_id = self._root_id if value == "root" else value
                return Query(lambda item, view: item.parent_id == parent_id, parent_id)
            case "owners":
                return Query(lambda item, view: item.owner == (view.email if value == "me" else value))
        raise refusals.invalid("q")

    def _comparison(self, name: str, sign: _Token, value: _Token) -> Predicate:
        if name in _TEXTS and value.kind == "text":
            return _text(_TEXTS[name], sign, value.value)
        if name in _TIMES and value.kind == "text" and sign.kind == "sign":
            read, moment, compare = _TIMES[name], _moment(value.value), _COMPARISONS[sign.value]
            return lambda item, view: compare(read(item), moment)
        if name in {"trashed", "sharedWithMe"} and value.value in {"true", "false"} and sign.value in {"=", "!="}:
            wanted = (value.value == "true") == (sign.value == "=")
            holds: Predicate = _is_shared_with if name == "sharedWithMe" else lambda item, view: view.is_trashed(item)
            return lambda item, view: holds(item, view) == wanted
        raise refusals.invalid("q")

    def _next(self) -> _Token:
        if not self.tokens:
            raise refusals.invalid("q")
        return self.tokens.pop(0)

    def _takes(self, kind: str, value: str) -> bool:
        if not self.tokens or self.tokens[0] != _Token(kind, value):
            return False
        self.tokens.pop(0)
        return True


def _text(read: Callable[[Item], str], sign: _Token, value: str) -> Predicate:
    if sign == _Token("word", "contains"):
        return lambda item, view: value.casefold() in read(item).casefold()
    if sign.value not in {"=", "!="}:
        raise refusals.invalid("q")
    compare = _COMPARISONS[sign.value]
    return lambda item, view: compare(read(item), value)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise refusals.invalid("q") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _is_shared_with(item: Item, view: View) -> bool:
    return item.drive_id is None and item.owner != view.email
