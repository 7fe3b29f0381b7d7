"""Text → ``Query``. Recursive descent, a word at a time; what ``tree.py`` lacks is MALFORMED_QUERY here.

Surprising, and true of the vendor: AND and OR do not mix without parentheses.
"""

from decimal import Decimal
from typing import Final

from devtools.vendors.salesforce.soql.tokens import Token, tokens_of
from devtools.vendors.salesforce.soql.tree import (
    OPERATORS,
    Among,
    Chain,
    Comparison,
    Condition,
    Literal,
    Not,
    Order,
    Path,
    Query,
    SoqlError,
)

_WORDS: Final = {"NULL": None, "TRUE": True, "FALSE": False}
_RESERVED: Final = ("SELECT", "FROM", "WHERE", "ORDER", "LIMIT", "OFFSET", "AND", "OR", "NOT", "GROUP", "HAVING")
_DEEPEST: Final = 100


def parse(text: str) -> Query:
    """The query of a text.

    Raises:
        SoqlError: MALFORMED_QUERY.
    """
    return _Parser(text).query()


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = list(tokens_of(text))
        self._position = 0
        self._depth = 0

    @property
    def _next(self) -> Token:
        return self._tokens[self._position]

    def _take(self) -> Token:
        token = self._next
        self._position += token.kind != "end"
        return token

    def _takes_word(self, *words: str) -> bool:
        """Whether these words follow; they are then passed."""
        following = self._tokens[self._position : self._position + len(words)]
        if len(following) < len(words) or not all(token.is_word(word) for token, word in zip(following, words, strict=True)):
            return False
        self._position += len(words)
        return True

    def _takes_sign(self, sign: str) -> bool:
        if self._next.kind != "sign" or self._next.text != sign:
            return False
        self._position += 1
        return True

    def _need(self, *, word: str | None = None, sign: str | None = None) -> None:
        if not (self._takes_word(word) if word else self._takes_sign(str(sign))):
            raise self._unexpected(word or f"'{sign}'")

    def _unexpected(self, wanted: str = "") -> SoqlError:
        said = f"unexpected token: '{self._next.text}'"
        return SoqlError("MALFORMED_QUERY", f"{said}, expecting {wanted}" if wanted else said)

    def query(self) -> Query:
        self._need(word="SELECT")
        fields = self._fields()
        self._need(word="FROM")
        object_name = self._path()
        if len(object_name) > 1:
            raise self._unexpected()
        where = self._chain() if self._takes_word("WHERE") else None
        order = self._orders() if self._takes_word("ORDER", "BY") else ()
        limit = self._whole_number() if self._takes_word("LIMIT") else None
        offset = self._whole_number() if self._takes_word("OFFSET") else 0
        if self._next.kind != "end":
            raise self._unexpected()
        return Query(fields, object_name[0], where, order, limit, offset)

    def _fields(self) -> tuple[Path, ...]:
        if self._next.is_word("COUNT") and self._tokens[self._position + 1].text == "(":
            self._position += 2
            self._need(sign=")")
            return ()
        fields = [self._path()]
        while self._takes_sign(","):
            fields.append(self._path())
        return tuple(fields)

    def _path(self) -> Path:
        if self._next.kind != "name" or self._next.is_word(*_RESERVED):
            raise self._unexpected("a name")
        return tuple(self._take().text.split("."))

    def _chain(self) -> Condition:
        parts, words = [self._unit()], []
        while self._next.is_word("AND", "OR"):
            words.append(self._take().text.upper())
            if words[-1] != words[0]:
                self._position -= 1
                raise self._unexpected()
            parts.append(self._unit())
        return Chain(words[0], tuple(parts)) if words else parts[0]

    def _unit(self) -> Condition:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise SoqlError("MALFORMED_QUERY", "the conditions are nested too deeply")
        try:
            if self._takes_word("NOT"):
                return Not(self._unit())
            if self._takes_sign("("):
                inside = self._chain()
                self._need(sign=")")
                return inside
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> Condition:
        path = self._path()
        if self._takes_word("LIKE"):
            return Comparison(path, "LIKE", self._literal())
        if self._takes_word("NOT", "IN"):
            return Among(path, self._literals(), negated=True)
        if self._takes_word("IN"):
            return Among(path, self._literals())
        if self._next.kind != "sign" or self._next.text not in OPERATORS:
            raise self._unexpected("an operator")
        return Comparison(path, self._take().text, self._literal())

    def _literals(self) -> tuple[Literal, ...]:
        self._need(sign="(")
        values = [self._literal()]
        while self._takes_sign(","):
            values.append(self._literal())
        self._need(sign=")")
        return tuple(values)

    def _literal(self) -> Literal:
        token = self._next
        if token.is_word(*_WORDS):
            return _WORDS[self._take().text.upper()]
        if token.kind != "literal":
            raise self._unexpected("a value")
        return self._take().value

    def _orders(self) -> tuple[Order, ...]:
        orders = [self._order()]
        while self._takes_sign(","):
            orders.append(self._order())
        return tuple(orders)

    def _order(self) -> Order:
        path = self._path()
        descending = not self._takes_word("ASC") and self._takes_word("DESC")
        nulls_last = self._takes_word("NULLS", "LAST")
        if not nulls_last:
            self._takes_word("NULLS", "FIRST")
        return Order(path, descending=descending, nulls_last=nulls_last)

    def _whole_number(self) -> int:
        value = self._literal()
        if not isinstance(value, Decimal) or value != int(value) or value < 0:
            self._position -= 1
            raise self._unexpected("a whole number")
        return int(value)
