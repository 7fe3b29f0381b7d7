"""Expressions, parsed by precedence into closures: values are bound when a query runs, so a parsed query can be kept.

Surprising: the SELECT list comes before FROM, so a name cannot be checked where it stands. Every name used is noted, and the query parser
refuses those no FROM or JOIN explains.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from devtools.emulators.cosmos.sql import operators
from devtools.emulators.cosmos.sql.distance import Argument, distance_of, score
from devtools.emulators.cosmos.sql.evaluate import is_met, rows
from devtools.emulators.cosmos.sql.frame import Frame
from devtools.emulators.cosmos.sql.functions import AGGREGATES, FUNCTIONS
from devtools.emulators.cosmos.sql.lexer import Token, Tokens
from devtools.emulators.cosmos.sql.paths import constant, member
from devtools.emulators.cosmos.sql.syntax import Aggregate, Evaluate, Expression, Query, QuerySyntaxError
from devtools.emulators.cosmos.values import UNDEFINED, Value

RESERVED: Final = (
    *("SELECT", "FROM", "WHERE", "ORDER", "GROUP", "BY", "OFFSET", "LIMIT", "JOIN", "TOP", "DISTINCT", "AS", "ASC", "DESC"),
    *("AND", "OR", "NOT", "IN", "BETWEEN", "LIKE", "EXISTS", "ESCAPE"),
)
LITERALS: Final[Mapping[str, Value]] = {"TRUE": True, "FALSE": False, "NULL": None, "UNDEFINED": UNDEFINED}


class Expressions:
    """Parses one expression at a time from `tokens`. `subquery` parses a query in parentheses."""

    def __init__(self, tokens: Tokens, subquery: Callable[[], Query]) -> None:
        self._tokens = tokens
        self._subquery = subquery
        self.frame = Frame()
        self.parameters: set[str] = set()

    def parse(self, binding: int = 0) -> Expression:
        """An expression of operators that bind tighter than `binding`."""
        left = self._prefix()
        while (extended := self._infix(left, binding)) is not None:
            left = extended
        return left

    def path(self) -> Expression:
        """A name and what follows it by dots and brackets."""
        return self._postfix(self._name(self._tokens.expect_name()))

    def _prefix(self) -> Expression:
        if self._tokens.take_word("NOT"):
            return self._computed(operators.negated, self.parse(operators.NOT_BINDING))
        if self._tokens.take_symbol("-"):
            return self._computed(operators.negative, self.parse(operators.UNARY_BINDING))
        if self._tokens.take_symbol("+"):
            return self._computed(operators.positive, self.parse(operators.UNARY_BINDING))
        return self._postfix(self._primary())

    def _infix(self, left: Expression, binding: int) -> Expression | None:
        token = self._tokens.next
        if token.is_word("IN", "BETWEEN", "LIKE", "NOT"):
            return self._test(left) if binding < operators.TEST_BINDING else None
        if token.is_symbol("?") and binding < operators.CONDITIONAL_BINDING:
            return self._conditional(left)
        known = operators.BINDING.get(token.text.upper()) if token.kind in {"symbol", "name"} else None
        if known is None or known[0] <= binding:
            return None
        self._tokens.take()
        return Expression(known[1](left.evaluate, self.parse(known[0]).evaluate))

    def _test(self, left: Expression) -> Expression:
        """`[NOT] IN (...)`, `[NOT] BETWEEN a AND b`, `[NOT] LIKE pattern`."""
        is_negated = self._tokens.take_word("NOT")
        if self._tokens.take_word("IN"):
            self._tokens.expect("(")
            test = operators.among(left.evaluate, self._list(")"))
        elif self._tokens.take_word("BETWEEN"):
            low = self.parse(operators.TEST_BINDING)
            self._tokens.expect("AND")
            test = operators.between(left.evaluate, low.evaluate, self.parse(operators.TEST_BINDING).evaluate)
        else:
            self._tokens.expect("LIKE")
            test = operators.like(left.evaluate, self.parse(operators.TEST_BINDING).evaluate)
        return self._computed(operators.negated, Expression(test)) if is_negated else Expression(test)

    def _conditional(self, test: Expression) -> Expression:
        self._tokens.expect("?")
        then = self.parse()
        self._tokens.expect(":")
        return Expression(operators.conditional(test.evaluate, then.evaluate, self.parse().evaluate))

    def _computed(self, change: Callable[[Value], Value], operand: Expression) -> Expression:
        evaluate = operand.evaluate
        return Expression(lambda scope: change(evaluate(scope)))

    def _primary(self) -> Expression:
        token = self._tokens.take()
        match token.kind:
            case "number":
                return constant(token.number)
            case "string":
                return constant(token.text)
            case "parameter":
                self.parameters.add(token.text)
                return Expression(lambda scope: scope[token.text])
            case "name":
                return self._word(token)
        return self._bracketed(token)

    def _word(self, token: Token) -> Expression:
        if token.text.upper() in LITERALS:
            return constant(LITERALS[token.text.upper()])
        return self._call(token) if self._tokens.next.is_symbol("(") else self._name(token)

    def _bracketed(self, token: Token) -> Expression:
        if token.is_symbol("("):
            return self._parenthesis()
        if token.is_symbol("["):
            elements = self._list("]")
            return Expression(lambda scope: [value for one in elements if (value := one(scope)) is not UNDEFINED])
        if token.is_symbol("{"):
            return self._object()
        raise self._tokens.unexpected(token)

    def _name(self, token: Token) -> Expression:
        if token.is_word(*RESERVED):
            raise self._tokens.unexpected(token)
        self.frame.use(token)
        name = token.text
        return Expression(lambda scope: scope[name], name=name, path=(name,))

    def _postfix(self, base: Expression) -> Expression:
        while True:
            if self._tokens.take_symbol("."):
                base = member(base, constant(self._tokens.expect_name().text))
            elif self._tokens.take_symbol("["):
                base = member(base, self.parse())
                self._tokens.expect("]")
            else:
                return base

    def _parenthesis(self) -> Expression:
        if self._tokens.next.is_word("SELECT"):
            query = self._subquery()
            self._tokens.expect(")")
            return Expression(lambda scope: next(iter(rows(query, scope)), UNDEFINED))
        inside = self.parse()
        self._tokens.expect(")")
        return Expression(inside.evaluate)

    def _list(self, end: str) -> list[Evaluate]:
        """Expressions up to and with `end`."""
        found: list[Evaluate] = []
        while not self._tokens.take_symbol(end):
            if found:
                self._tokens.expect(",")
            found.append(self.parse().evaluate)
        return found

    def _object(self) -> Expression:
        members: dict[str, Evaluate] = {}
        while not self._tokens.take_symbol("}"):
            if members:
                self._tokens.expect(",")
            name = self._tokens.take()
            if name.kind not in {"string", "name"}:
                raise self._tokens.unexpected(name)
            self._tokens.expect(":")
            members[name.text] = self.parse().evaluate
        return Expression(lambda scope: {name: value for name, one in members.items() if (value := one(scope)) is not UNDEFINED})

    def _call(self, token: Token) -> Expression:
        name = token.text.upper()
        self._tokens.expect("(")
        if name in {"EXISTS", "ARRAY"}:
            query = self._subquery()
            self._tokens.expect(")")
            return Expression(partial(is_met if name == "EXISTS" else rows, query))
        if name in AGGREGATES:
            return self._aggregate(name, token)
        if name == "VECTORDISTANCE":
            return self._distance(token)
        function = FUNCTIONS.get(name)
        if function is None:
            raise QuerySyntaxError(f"'{token.text}' is not a recognized built-in function name in this stand-in.", token.start, token.end)
        arguments = self._list(")")
        if not function.least <= len(arguments) <= function.most:
            raise QuerySyntaxError(f"'{token.text}' does not take {len(arguments)} arguments.", token.start, token.end)
        return Expression(lambda scope: function(*[argument(scope) for argument in arguments]))

    def _distance(self, token: Token) -> Expression:
        arguments: list[Argument] = []
        while not self._tokens.take_symbol(")"):
            if arguments:
                self._tokens.expect(",")
            before = self.frame.bindings
            arguments.append(Argument(self.parse(), self.frame.bindings == before))
        distance = distance_of(arguments, f"#distance{len(self.frame.distances)}", token)
        self.frame.distances.append(distance)
        return score(distance)

    def _aggregate(self, function: str, token: Token) -> Expression:
        if self.frame.clause != "select":
            raise QuerySyntaxError("An aggregate can only stand in the SELECT list.", token.start, token.end)
        self.frame.clause = "aggregate"
        argument = self.parse()
        self._tokens.expect(")")
        self.frame.clause = "select"
        slot = f"#{len(self.frame.aggregates)}"
        self.frame.aggregates.append(Aggregate(function, argument.evaluate, slot))
        return Expression(lambda scope: scope[slot])
