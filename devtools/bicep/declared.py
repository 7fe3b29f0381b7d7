"""What a file declares: its parameters with their limits, and everything that can be named in it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tree_sitter import Node

from devtools.bicep.parsing import Declaration, File, children, names_in, text_of
from devtools.bicep.refusal import Refused

KINDS: Final = {
    "parameter_declaration": "param",
    "variable_declaration": "var",
    "resource_declaration": "resource",
    "module_declaration": "module",
}
OTHERS: Final = ("target_scope_assignment", "using_statement", "output_declaration")
TYPES: Final[Mapping[str, type]] = {"string": str, "int": int, "bool": bool, "array": list, "object": dict}
LIMITS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "allowed": lambda value, allowed: value in allowed,
    "minLength": lambda value, least: len(value) >= least,
    "maxLength": lambda value, most: len(value) <= most,
    "minValue": lambda value, least: value >= least,
    "maxValue": lambda value, most: value <= most,
}
SAYINGS: Final = ("description", "batchSize", "secure")
"""Decorators that change nothing of what is made of a template."""


@dataclass(frozen=True)
class Named:
    """One declaration that has a name."""

    kind: str
    name: str
    declaration: Declaration

    @property
    def parts(self) -> list[Node]:
        """What follows the name: type and value of a parameter, type and body of a resource."""
        return children(self.declaration.node)[1:]


def names_of(file: File) -> dict[str, Named]:
    """Name → what it names.

    Raises:
        Refused: a name is used twice, is never read, or is of a statement that is not known here.
    """
    found: dict[str, Named] = {}
    for declaration in file.declarations:
        node = declaration.node
        for decorator in declaration.decorators:
            if decorator.type != "call_expression" or _name(decorator) not in (*LIMITS, *SAYINGS):
                raise Refused(file.where(decorator), f"the decorator {text_of(decorator)} is not known here")
        if node.type in KINDS:
            name = text_of(children(node)[0])
            if name in found:
                raise Refused(file.where(node), f"{name} is declared twice")
            found[name] = Named(KINDS[node.type], name, declaration)
        elif node.type not in OTHERS:
            raise Refused(file.where(node), f"{node.type} is not known here")
    if file.path.suffix == ".bicep":
        _check_that_all_are_read(file, found)
    return found


def _check_that_all_are_read(file: File, found: Mapping[str, Named]) -> None:
    """As the compiler's linter: no-unused-params, no-unused-vars, no-unused-existing-resources."""
    read: set[str] = set()
    for declaration in file.declarations:
        inside = children(declaration.node)
        for part in inside[1:] if declaration.node.type in (*KINDS, "output_declaration") else inside:
            read |= set(names_in(part))
    for named in found.values():
        is_effective = named.kind == "module" or (named.kind == "resource" and "existing" not in _signs(named))
        if named.name not in read and not is_effective:
            raise Refused(file.where(named.declaration.node), f"{named.kind} {named.name} is read nowhere")


def _signs(named: Named) -> list[str]:
    return [child.type for child in named.declaration.node.children if not child.is_named]


def _name(decorator: Node) -> str:
    return text_of(children(decorator)[0])


@dataclass(frozen=True)
class Parameter:
    """One parameter."""

    name: str
    type: str
    default: Node | None
    limits: Mapping[str, Node]
    description: Node | None

    def check(self, value: Any, *, where: str, evaluated: Callable[[Node], Any]) -> None:
        """Hold a value to it.

        Raises:
            Refused: it is of another type, or outside a limit.
        """
        if self.type not in TYPES:
            raise Refused(where, f"the type {self.type} of {self.name} is not known here")
        if not isinstance(value, TYPES[self.type]) or (self.type == "int" and isinstance(value, bool)):
            raise Refused(where, f"{self.name} is {value!r} and has to be of type {self.type}")
        for limit, stated in self.limits.items():
            if not LIMITS[limit](value, evaluated(stated)):
                raise Refused(where, f"{self.name} is {value!r}, against @{limit}({text_of(stated)})")


def parameter(named: Named) -> Parameter:
    """A declaration of a parameter, read."""
    stated = {_name(decorator): children(children(decorator)[1]) for decorator in named.declaration.decorators}
    kind, *default = named.parts
    return Parameter(
        named.name,
        text_of(kind),
        default[0] if default else None,
        {name: arguments[0] for name, arguments in stated.items() if name in LIMITS},
        stated["description"][0] if "description" in stated else None,
    )
