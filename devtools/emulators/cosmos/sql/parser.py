"""A query's clauses.

Refused, loudly, because a wrong answer would look like a right one: GROUP BY, ORDER BY RANK, ORDER BY anything but a path, ORDER BY, TOP
and OFFSET inside a subquery, an aggregate beside a plain path, and every function that is not in `functions`. VectorDistance is no path and
yet sorts, alone and without ASC or DESC.
"""

from dataclasses import replace
from functools import lru_cache, partial
from typing import Final

from devtools.emulators.cosmos.sql.evaluate import rows
from devtools.emulators.cosmos.sql.expressions import RESERVED, Expressions
from devtools.emulators.cosmos.sql.frame import Frame
from devtools.emulators.cosmos.sql.lexer import Token, Tokens
from devtools.emulators.cosmos.sql.syntax import ITEM, Column, Distance, Evaluate, Expression, Order, Query, QuerySyntaxError, Source

FOREIGN: Final = ("LEFT", "RIGHT", "FULL", "INNER", "OUTER", "CROSS", "UNION", "EXCEPT", "INTERSECT", "HAVING", "FOR")
"""Words other dialects of SQL have where an alias without AS may stand. As names they would be understood, but never as they were meant."""


@lru_cache(maxsize=512)
def parse(text: str) -> Query:
    """The query in `text`. Raises QuerySyntaxError (400) for anything that is not understood."""
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = Tokens(text)
        self._expressions = Expressions(self._tokens, self._subquery)

    def whole(self) -> Query:
        query, unknown = self._select(is_subquery=False)
        if self._tokens.next.kind != "end":
            raise self._tokens.unexpected()
        for name in unknown:
            raise QuerySyntaxError(f"Identifier '{name.text}' could not be resolved.", name.start, name.end)
        return replace(query, parameters=frozenset(self._expressions.parameters))

    def _subquery(self) -> Query:
        outer = self._expressions.frame
        self._expressions.frame = Frame()
        query, unknown = self._select(is_subquery=True)
        self._expressions.frame = outer
        for name in unknown:
            outer.use(name)
        return query

    def _select(self, *, is_subquery: bool) -> tuple[Query, list[Token]]:
        """The query and the names that only a query around it could explain."""
        frame = self._expressions.frame
        first = self._tokens.expect("SELECT")
        is_distinct = self._tokens.take_word("DISTINCT")
        top = self._count() if self._tokens.take_word("TOP") else None
        is_star = self._tokens.take_symbol("*")
        value = None if is_star else self._value()
        columns = () if is_star or value else self._columns()
        frame.clause = "other"
        root, sources = self._from(is_subquery=is_subquery)
        if is_star and len(sources) != 1:
            raise QuerySyntaxError("'SELECT *' is only valid with a single input set.", first.start, first.end)
        query = Query(
            columns=columns,
            value=_alias(sources[0].alias) if is_star else value,
            is_distinct=is_distinct,
            root=root,
            sources=sources,
            where=self._expressions.parse().evaluate if self._tokens.take_word("WHERE") else None,
            order=self._order(),
            top=top,
            aggregates=tuple(frame.aggregates),
            distances=tuple(frame.distances),
        )
        query = self._page(query)
        _check(query, frame, first, is_subquery=is_subquery)
        aliases = {source.alias for source in sources}
        return query, [name for name in frame.names if name.text not in aliases]

    def _value(self) -> Evaluate | None:
        """SELECT VALUE; `value` may also be an alias, which shows by what follows."""
        if not self._tokens.next.is_word("VALUE") or self._tokens.after_next.is_symbol(".", ","):
            return None
        self._tokens.take()
        return self._expressions.parse().evaluate

    def _columns(self) -> tuple[Column, ...]:
        found = [self._column(1)]
        while self._tokens.take_symbol(","):
            found.append(self._column(len(found) + 1))
        return tuple(found)

    def _column(self, number: int) -> Column:
        expression = self._expressions.parse()
        return Column(self._as() or expression.name or f"${number}", expression.evaluate)

    def _as(self) -> str | None:
        """An alias, with or without AS."""
        if self._tokens.take_word("AS"):
            return self._tokens.expect_name().text
        next_token = self._tokens.next
        if next_token.is_word(*FOREIGN):
            raise QuerySyntaxError(f"This stand-in has no {next_token.text.upper()}.", next_token.start, next_token.end)
        return self._tokens.take().text if next_token.kind == "name" and not next_token.is_word(*RESERVED) else None

    def _from(self, *, is_subquery: bool) -> tuple[str | None, tuple[Source, ...]]:
        """The name of the container, where the query stands on one, and what the aliases stand for."""
        if not self._tokens.take_word("FROM"):
            return None, ()
        names = self._expressions.frame.names
        known = len(names)
        sources = [self._source()]
        root = None
        if not is_subquery:
            root = names[known].text if len(names) > known else None
            del names[known:]
        while self._tokens.take_word("JOIN"):
            sources.append(self._each())
        aliases = [source.alias for source in sources]
        if len(set(aliases)) < len(aliases):
            raise self._tokens.unexpected()
        return root, tuple(sources)

    def _source(self) -> Source:
        if self._tokens.after_next.is_word("IN"):
            return self._each()
        path = self._expressions.path()
        alias = self._as() or path.name
        if alias is None:
            raise self._tokens.unexpected()
        return Source(alias, path.evaluate, is_item=path.path is not None and len(path.path) == 1)

    def _each(self) -> Source:
        alias = self._tokens.expect_name().text
        self._tokens.expect("IN")
        if not self._tokens.take_symbol("("):
            return Source(alias, self._expressions.path().evaluate, each=True)
        query = self._subquery()
        self._tokens.expect(")")
        return Source(alias, partial(rows, query), each=True)

    def _order(self) -> tuple[Order, ...]:
        if self._tokens.next.is_word("GROUP"):
            raise QuerySyntaxError("This stand-in has no GROUP BY.", self._tokens.next.start, self._tokens.next.end)
        if not self._tokens.take_word("ORDER"):
            return ()
        self._tokens.expect("BY")
        found = [self._ordered()]
        while self._tokens.take_symbol(","):
            found.append(self._ordered())
        if len(found) > 1 and any(order.is_nearest for order in found):
            raise QuerySyntaxError("ORDER BY VectorDistance stands alone.", self._tokens.next.start, self._tokens.next.end)
        return tuple(found)

    def _ordered(self) -> Order:
        start = self._tokens.next
        self._check_no_rank()
        expression: Expression = self._expressions.parse()
        if expression.distance is not None:
            return self._nearest(expression.distance)
        if expression.path is None or len(expression.path) < 2:
            raise QuerySyntaxError("An ORDER BY item must be the path of a property.", start.start, start.end)
        is_descending = self._tokens.take_word("DESC")
        if not is_descending:
            self._tokens.take_word("ASC")
        return Order(expression.evaluate, is_descending, expression.path)

    def _check_no_rank(self) -> None:
        word, after = self._tokens.next, self._tokens.after_next
        if word.is_word("RANK") and after.kind == "name" and not after.is_word("ASC", "DESC", "OFFSET"):
            raise QuerySyntaxError("This stand-in has no ORDER BY RANK.", word.start, word.end)

    def _nearest(self, distance: Distance) -> Order:
        """By nearness, which falls from the nearest to the farthest and then to items without a vector, whatever the function."""
        after = self._tokens.next
        if after.is_word("ASC", "DESC"):
            raise QuerySyntaxError("ORDER BY VectorDistance takes neither ASC nor DESC: the nearest come first.", after.start, after.end)
        slot = distance.slot
        return Order(lambda scope: scope[slot].nearness(scope[ITEM]), descending=True, path=distance.path, is_nearest=True)

    def _page(self, query: Query) -> Query:
        if not self._tokens.take_word("OFFSET"):
            return query
        offset = self._count()
        self._tokens.expect("LIMIT")
        return replace(query, offset=offset, limit=self._count())

    def _count(self) -> Evaluate:
        if self._tokens.next.kind not in {"number", "parameter"}:
            raise self._tokens.unexpected()
        token = self._tokens.take()
        if token.kind == "number":
            return lambda _: token.number
        self._expressions.parameters.add(token.text)
        return lambda scope: scope[token.text]


def _alias(name: str) -> Evaluate:
    return lambda scope: scope[name]


def _check(query: Query, frame: Frame, first: Token, *, is_subquery: bool) -> None:
    """Refuse what the clauses allow one by one and not together."""
    if query.aggregates and frame.bare is not None:
        raise QuerySyntaxError(f"'{frame.bare.text}' stands beside an aggregate.", frame.bare.start, frame.bare.end)
    if query.aggregates and (query.order or query.top or query.offset):
        raise QuerySyntaxError("An aggregate has one row: no ORDER BY, TOP or OFFSET.", first.start, first.end)
    if is_subquery and (query.order or query.top or query.offset):
        raise QuerySyntaxError("This stand-in has no ORDER BY, TOP or OFFSET in a subquery.", first.start, first.end)
    if is_subquery and query.distances:
        raise QuerySyntaxError("This stand-in has no VectorDistance in a subquery.", first.start, first.end)
    items = {source.alias for source in query.sources[:1] if source.is_item}
    if any(distance.path[0] not in items for distance in query.distances):
        raise QuerySyntaxError("In this stand-in VectorDistance takes a vector of the container's item itself.", first.start, first.end)
    if any(order.path[0] not in items for order in query.order):
        raise QuerySyntaxError("Order-by over correlated collections is not supported.", first.start, first.end)
    if query.top and query.offset:
        raise QuerySyntaxError("TOP and OFFSET cannot stand together.", first.start, first.end)
