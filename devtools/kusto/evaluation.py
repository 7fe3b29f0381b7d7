"""The few words of Kusto that our alerts are written in, run over rows in memory: whether an alert would fire can be tried without Azure.

What is not known here is refused, never guessed. How each word behaves: the reference of the Kusto Query Language, by its name.
"""

import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

Row = Mapping[str, Any]
Expression = Callable[[Row], Any]
Aggregate = Callable[[Sequence[Row]], Mapping[str, Any]]

_TOKEN: Final = re.compile(
    r"\s+|//[^\n]*|(?P<span>\d+[smhd]\b)|(?P<number>\d+(?:\.\d+)?)|(?P<text>\"[^\"]*\")|(?P<word>!?[A-Za-z_]\w*)|(?P<sign>==|!=|>=|<=|[|,;=<>()*/+.-])"
)
_SPANS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_COMPARED: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "startswith": lambda text, start: text.lower().startswith(start.lower()),
    "contains": lambda text, part: part.lower() in text.lower(),
    "in": lambda value, values: value in values,
    "!in": lambda value, values: value not in values,
}


def _percentile(values: Sequence[tuple[Any, ...]]) -> float:
    """Of values with weights, the least that so many of a hundred are not above."""
    ordered = sorted((value, weight) for value, weight, _ in values)
    wanted = sum(weight for _, weight in ordered) * values[0][2] / 100
    passed = 0.0
    for value, weight in ordered:
        passed += weight
        if passed >= wanted:
            return float(value)
    return math.nan


_AGGREGATES: Final[Mapping[str, Callable[[Sequence[tuple[Any, ...]]], Any]]] = {
    "count": len,
    "countif": lambda values: sum(1 for (holds,) in values if holds),
    "dcount": lambda values: len(set(values)),
    "sum": lambda values: sum(value for (value,) in values),
    "sumif": lambda values: sum(value for value, holds in values if holds),
    "min": lambda values: min((value for (value,) in values), default=None),
    "percentilew": _percentile,
}
"""Of the arguments of every row of a group."""
_WORKED_OUT: Final = ({"*": operator.mul, "/": operator.truediv}, {"+": operator.add, "-": operator.sub})


class Unknown(Exception):
    """A word that is not known here."""


def answer(query: str, tables: Mapping[str, Iterable[Row]], *, now: datetime) -> list[dict[str, Any]]:
    """The rows a query answers with.

    Args:
        tables: name → rows; times are aware, ``customDimensions`` a mapping.
        now: what ``ago`` counts from.

    Raises:
        Unknown: it says something that is not known here.
    """
    known = {name: [dict(row) for row in rows] for name, rows in tables.items()}
    reader = _Reader(query, known, now)
    while reader.peek() == "let":
        reader.take("let")
        name = reader.next()
        reader.take("=")
        known[name] = reader.pipe()
        reader.take(";")
    rows = reader.pipe()
    if reader.peek():
        raise Unknown(reader.peek())
    return rows


class _Reader:
    """Reads a query from its beginning to its end, and does what it says."""

    def __init__(self, query: str, tables: dict[str, list[dict[str, Any]]], now: datetime) -> None:
        self._tokens = self._tokenized(query)
        self._at = 0
        self._tables = tables
        self._now = now

    @staticmethod
    def _tokenized(query: str) -> list[str]:
        found: list[str] = []
        at = 0
        while at < len(query):
            match = _TOKEN.match(query, at)
            if match is None:
                raise Unknown(query[at : at + 20])
            if match.lastgroup is not None:
                found.append(match[0])
            at = match.end()
        return found

    def peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def next(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1]

    def take(self, token: str) -> None:
        if self.next() != token:
            raise Unknown(f"{self._tokens[self._at - 1]} where {token} should be")

    def pipe(self) -> list[dict[str, Any]]:
        """A table, and what is done with it."""
        rows = self._tables[self.next()]
        does = {
            "where": self._where,
            "extend": self._extend,
            "project": self._project,
            "distinct": self._distinct,
            "summarize": self._summarize,
        }
        while self.peek() == "|":
            self.take("|")
            word = self.next()
            if word not in does:
                raise Unknown(word)
            rows = does[word](rows)
        return rows

    def _where(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        holds = self._either()
        return [row for row in rows if holds(row)]

    def _extend(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        columns = self._columns()
        for row in rows:
            row |= {name: value(row) for name, value in columns.items()}
        return rows

    def _project(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        columns = self._columns()
        return [{name: value(row) for name, value in columns.items()} for row in rows]

    def _distinct(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        unique = {tuple(row.items()): row for row in self._project(rows)}
        return [*unique.values()]

    def _columns(self) -> dict[str, Expression]:
        """``name = expression`` or ``name``, with commas between."""
        found: dict[str, Expression] = {}
        while True:
            name = self.peek()
            if self._tokens[self._at + 1 : self._at + 2] == ["="]:
                self._at += 2
            found[name] = self._either()
            if self.peek() != ",":
                return found
            self.take(",")

    def _summarize(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        made: list[Aggregate] = [self._aggregate()]
        while self.peek() == ",":
            self.take(",")
            made.append(self._aggregate())
        keys: dict[str, Expression] = {}
        if self.peek() == "by":
            self.take("by")
            keys = self._columns()
        groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {} if keys else {(): []}
        for row in rows:
            groups.setdefault(tuple(value(row) for value in keys.values()), []).append(row)
        found = []
        for key, group in groups.items():
            answered = dict(zip(keys, key, strict=True))
            for aggregate in made:
                answered |= aggregate(group)
            found.append(answered)
        return found

    def _aggregate(self) -> Aggregate:
        name = self.next()
        if name == "arg_max":
            by, kept = self._arguments(), self._tokens[self._at - 2]
            return lambda rows: {kept: by[1](max(rows, key=by[0]))}
        self.take("=")
        function, given = self.next(), self._arguments()

        if function not in _AGGREGATES:
            raise Unknown(function)
        return lambda rows: {name: _AGGREGATES[function]([tuple(argument(row) for argument in given) for row in rows])}

    def _arguments(self) -> list[Expression]:
        self.take("(")
        found: list[Expression] = []
        while self.peek() != ")":
            found.append(self._either())
            if self.peek() == ",":
                self.take(",")
        self.take(")")
        return found

    def _either(self) -> Expression:
        left = self._both()
        while self.peek() == "or":
            self.take("or")
            left = _one_of(left, self._both())
        return left

    def _both(self) -> Expression:
        left = self._compared()
        while self.peek() == "and":
            self.take("and")
            left = _all_of(left, self._compared())
        return left

    def _compared(self) -> Expression:
        left = self._sum(1)
        if self.peek() not in _COMPARED:
            return left
        sign = self.next()
        right = self._listed() if sign in ("in", "!in") else self._sum(1)
        return lambda row: _COMPARED[sign](left(row), right(row))

    def _listed(self) -> Expression:
        if self._tokens[self._at + 1] in self._tables and self._tokens[self._at + 2] == ")":
            values = [value for row in self._tables[self._tokens[self._at + 1]] for value in row.values()]
            self._at += 3
            return lambda _: values
        given = self._arguments()
        return lambda row: [argument(row) for argument in given]

    def _sum(self, level: int) -> Expression:
        left = self._single() if level < 0 else self._sum(level - 1)
        while level >= 0 and self.peek() in _WORKED_OUT[level]:
            left = _worked_out(_WORKED_OUT[level][self.next()], left, self._single() if level == 0 else self._sum(level - 1))
        return left

    def _single(self) -> Expression:
        word = self.next()
        if word == "(":
            inside = self._either()
            self.take(")")
            return inside
        if word.startswith('"'):
            return lambda _: word[1:-1]
        if word[0].isdigit():
            return self._number(word)
        if self.peek() == "(":
            return self._called(word)
        if self.peek() == ".":
            self.take(".")
            key = self.next()
            return lambda row: row[word].get(key)
        return lambda row: row[word]

    @staticmethod
    def _number(word: str) -> Expression:
        if word[-1] in _SPANS:
            span = timedelta(**{_SPANS[word[-1]]: int(word[:-1])})
            return lambda _: span
        number = float(word) if "." in word else int(word)
        return lambda _: number

    def _called(self, function: str) -> Expression:
        given = self._arguments()
        match function:
            case "tostring":
                return lambda row: "" if (value := given[0](row)) is None else str(value)
            case "ago":
                return lambda row: self._now - given[0](row)
            case "bin":
                return lambda row: _floor(given[0](row), given[1](row))
            case _:
                raise Unknown(function)


def _one_of(left: Expression, right: Expression) -> Expression:
    return lambda row: left(row) or right(row)


def _all_of(left: Expression, right: Expression) -> Expression:
    return lambda row: left(row) and right(row)


def _worked_out(sign: Callable[[Any, Any], Any], left: Expression, right: Expression) -> Expression:
    return lambda row: sign(left(row), right(row))


def _floor(moment: datetime, span: timedelta) -> datetime:
    began = datetime(1, 1, 1, tzinfo=UTC)
    return began + (moment - began) // span * span
