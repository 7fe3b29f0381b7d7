"""Expressions → values. What is not known here is refused, never guessed."""

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Protocol

from tree_sitter import Node

from devtools.bicep.answers import answer, is_on_the_way
from devtools.bicep.functions import called
from devtools.bicep.parsing import EXTRAS, File, children, text_of, words
from devtools.bicep.refusal import Refused
from devtools.bicep.values import Module, Resource, Runtime, is_runtime

ESCAPES: Final = {"\\'": "'", "\\\\": "\\", "\\n": "\n", "\\r": "\r", "\\t": "\t", "\\$": "$"}
OPERATORS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Scope(Protocol):
    """What names stand for in a file."""

    file: File

    def named(self, name: str, node: Node) -> Any:
        """The value of a name."""

    def function(self, name: str, node: Node) -> Callable[..., Any]:
        """The function of a name."""


class Path:
    """A way into a resource's properties that is not at its end yet."""

    def __init__(self, resource: Resource, path: str) -> None:
        self.resource = resource
        self.path = path


class Evaluator:
    """Evaluates the expressions of one file."""

    def __init__(self, scope: Scope, local: Mapping[str, Any] | None = None) -> None:
        self._scope = scope
        self._local = dict(local or {})

    def value(self, node: Node) -> Any:
        """The value of an expression.

        Raises:
            Refused: it is wrong, or not known here.
        """
        evaluate = getattr(self, f"_{node.type}", None)
        if evaluate is None:
            raise self.refusal(node, f"{node.type} is not known here: {text_of(node)[:60]!r}")
        return evaluate(node)

    def refusal(self, node: Node, what: str) -> Refused:
        return Refused(self._scope.file.where(node), what)

    def each(self, node: Node) -> Iterator[tuple["Evaluator", Node]]:
        """The rounds of a ``for``: an evaluator that knows the round's names, and what is to be evaluated."""
        names, source, body = children(node)
        named = [text_of(name) for name in children(names)] or [text_of(names)]
        values = self.value(source)
        if is_runtime(values):
            raise self.refusal(source, "a loop over what only the running deployment knows")
        if not isinstance(values, list):
            raise self.refusal(source, "a loop over something that is no array")
        for index, value in enumerate(values):
            yield Evaluator(self._scope, {**self._local, **dict(zip(named, (value, index), strict=False))}), body

    def is_met(self, node: Node) -> bool:
        """Whether a condition of a resource or module holds."""
        met = self.value(node)
        if not isinstance(met, bool):
            raise self.refusal(node, "a condition that is neither true nor false")
        return met

    def _identifier(self, node: Node) -> Any:
        name = text_of(node)
        return self._local[name] if name in self._local else self._scope.named(name, node)

    def _number(self, node: Node) -> int:
        return int(text_of(node))

    def _boolean(self, node: Node) -> bool:
        return text_of(node) == "true"

    def _null(self, _: Node) -> None:
        return None

    def _string(self, node: Node) -> str:
        if sum(len(part.text or b"") for part in node.children) != len(node.text or b""):
            raise self.refusal(node, "a part of this text is not known here")  # the grammar drops an escaped dollar sign
        parts: list[str] = []
        for part in node.children:
            if part.type == "interpolation":
                [inside] = children(part)
                value = self.value(inside)
                if not isinstance(value, str | int) or isinstance(value, bool):
                    raise self.refusal(part, "only text and numbers are put into text here")
                parts.append(value if isinstance(value, str) else str(value))
            elif part.type == "escape_sequence":
                parts.append(self._escaped(part))
            elif part.type == "string_content":
                parts.append(text_of(part))
            elif part.type not in ("'", "'''"):
                raise self.refusal(part, f"{text_of(part)} in a text is not known here")
        made = "".join(parts)
        return Runtime(made) if any(isinstance(part, Runtime) for part in parts) else made

    def _escaped(self, node: Node) -> str:
        if text_of(node) not in ESCAPES:
            raise self.refusal(node, f"{text_of(node)} is not known here")
        return ESCAPES[text_of(node)]

    def _array(self, node: Node) -> list[Any]:
        made: list[Any] = []
        before: Node | None = None
        for part in node.children:
            is_first = before is None or before.type in ("[", ",") or before.end_point[0] < part.start_point[0]
            if part.is_named and part.type not in EXTRAS and is_first:
                made.append(self.value(part))
            elif part.type == "array" and len(children(part)) == 1:
                # Two elements of one line have a comma between them: where the grammar sees `names [index]`, this is `names[index]`.
                made.append(self._at(part, made.pop(), self.value(children(part)[0])))
            elif part.is_named and part.type not in EXTRAS:
                raise self.refusal(part, "two elements without a comma")
            before = part
        return made

    def _for_statement(self, node: Node) -> list[Any]:
        return [evaluator.value(body) for evaluator, body in self.each(node)]

    def _object(self, node: Node) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name, value in self.entries(node):
            if name in made:
                raise self.refusal(value, f"{name} is said twice")
            made[name] = self.value(value)
        return made

    def entries(self, node: Node) -> Iterator[tuple[str, Node]]:
        """Names and expressions of an object."""
        for entry in children(node):
            if entry.type != "object_property":
                raise self.refusal(entry, f"{entry.type} in an object is not known here")
            name, value = children(entry)
            yield (text_of(name) if name.type == "identifier" else str(self.value(name))), value

    def _parenthesized_expression(self, node: Node) -> Any:
        [inside] = children(node)
        return self.value(inside)

    def _ternary_expression(self, node: Node) -> Any:
        condition, met, unmet = children(node)
        return self.value(met if self.is_met(condition) else unmet)

    def _unary_expression(self, node: Node) -> Any:
        [inside] = children(node)
        if words(node) != ["!"]:
            raise self.refusal(node, "of the signs before a value only ! is known here")
        return not self.is_met(inside)

    def _binary_expression(self, node: Node) -> Any:
        left, right = children(node)
        [sign] = words(node)
        if sign == "&&":
            return self.is_met(left) and self.is_met(right)
        if sign == "||":
            return self.is_met(left) or self.is_met(right)
        if sign not in OPERATORS:
            raise self.refusal(node, f"{sign} is not known here")
        return OPERATORS[sign](self.value(left), self.value(right))

    def _subscript_expression(self, node: Node) -> Any:
        whole, index = children(node)
        return self._at(node, self.value(whole), self.value(index))

    def _at(self, node: Node, whole: Any, index: Any) -> Any:
        try:
            return whole[index]
        except (LookupError, TypeError) as error:
            raise self.refusal(node, f"there is nothing at {index!r}") from error

    def _call_expression(self, node: Node) -> Any:
        function, arguments = children(node)
        name = text_of(function)
        if function.type == "member_expression":
            namespace, _, name = name.partition(".")
            if namespace not in ("az", "sys"):
                raise self.refusal(node, f"{text_of(function)} is not known here")
        try:
            return called(self._scope.function(name, node), [self.value(argument) for argument in children(arguments)])
        except (TypeError, ValueError, AttributeError) as error:
            raise self.refusal(node, f"{name}: {error}") from error

    def _member_expression(self, node: Node) -> Any:
        whole, name = self.value(children(node)[0]), text_of(children(node)[1])
        if ".?" in words(node):
            raise self.refusal(node, ".? is not known here")
        found = self._member(whole, name)
        if found is None and not (isinstance(whole, Mapping) and name in whole):
            raise self.refusal(node, f"nobody here knows {name} of {text_of(children(node)[0])}")
        return found

    def _member(self, whole: Any, name: str) -> Any:
        match whole:
            case Module():
                return whole.outputs if name == "outputs" else None
            case Resource():
                return {"id": whole.id, "name": whole.name.rpartition("/")[2], "properties": Path(whole, "")}.get(name)
            case Path():
                path = f"{whole.path}.{name}".lstrip(".")
                return Path(whole.resource, path) if is_on_the_way(whole.resource, path) else answer(whole.resource, path)
            case Mapping():
                return whole.get(name)
            case _:
                return None
