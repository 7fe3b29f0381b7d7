"""Bicep text → a tree. A file that is not Bicep is refused with the line of the first fault.

The grammar (tree-sitter-bicep) knows ``.bicep`` files. In a ``.bicepparam`` file ``param name = value`` assigns and has no type; it is read
as ``var name = value``, which is the same to the letter but for the word.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath
from typing import Final

import tree_sitter
import tree_sitter_bicep
from tree_sitter import Node

from devtools.bicep.refusal import Refused

_PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_bicep.language()))
_ASSIGNED = re.compile(r"^param (?=[A-Za-z_]\w*\s*=)", re.MULTILINE)

EXTRAS = ("comment", "diagnostic_comment")

_STRENGTHS: Final = {
    **dict.fromkeys(("member_expression", "subscript_expression", "call_expression"), 9),
    "unary_expression": 8,
    **dict.fromkeys(("*", "/", "%"), 7),
    **dict.fromkeys(("+", "-"), 6),
    **dict.fromkeys(("<", "<=", ">", ">="), 5),
    **dict.fromkeys(("==", "!=", "=~", "!~"), 4),
    "&&": 3,
    "||": 2,
    "??": 1,
    **dict.fromkeys(("ternary_expression", "lambda_expression"), 0),
}
"""How tightly an operator binds ("Bicep operators", operator precedence and associativity)."""


@dataclass(frozen=True)
class Declaration:
    """One statement of a file with the decorators above it."""

    node: Node
    decorators: tuple[Node, ...]
    """The calls: ``description('…')``."""


@dataclass(frozen=True)
class File:
    """One parsed file."""

    path: PurePosixPath
    """Below the repository's root."""
    declarations: tuple[Declaration, ...]

    def where(self, node: Node) -> str:
        """``path:line`` of a node."""
        return f"{self.path}:{node.start_point[0] + 1}"


@cache
def parsed(path: PurePosixPath, text: str) -> File:
    """The file of this text. It is remembered: a template is expanded many times.

    Raises:
        Refused: it is not Bicep.
    """
    if path.suffix == ".bicepparam":
        text = _ASSIGNED.sub("var ", text)
    root = _PARSER.parse(text.encode()).root_node
    fault = next(_faults(root), None)
    if fault is not None:
        raise Refused(f"{path}:{fault.start_point[0] + 1}", f"this is not Bicep: {text_of(fault)[:60]!r}")
    misread = next(_misread(root), None)
    if misread is not None:
        raise Refused(f"{path}:{misread.start_point[0] + 1}", f"the grammar misreads this, write parentheses: {text_of(misread)[:60]!r}")
    found: list[Declaration] = []
    decorators: list[Node] = []
    for node in children(root):
        if node.type == "decorators":
            decorators += [call for decorator in children(node) for call in children(decorator)]
        else:
            found.append(Declaration(node, tuple(decorators)))
            decorators = []
    return File(path, tuple(found))


def _faults(node: Node) -> Iterator[Node]:
    if not node.has_error:
        return
    if node.is_error or node.is_missing:
        yield node
    for child in node.children:
        yield from _faults(child)


def _misread(node: Node) -> Iterator[Node]:
    """Operators that hold what binds less tightly: the grammar takes some of them in the wrong order, where the compiler does not."""
    parts = children(node)
    own = _strength(node)
    for index, part in enumerate(parts):
        is_operand = index == 0 or node.type in ("binary_expression", "unary_expression")
        if own is not None and is_operand:
            inner = _strength(part)
            if inner is not None and (inner < own or (inner == own and (index > 0 or own == 0))):
                yield node
        yield from _misread(part)


def _strength(node: Node) -> int | None:
    if node.type == "binary_expression":
        return _STRENGTHS[words(node)[0]]
    return _STRENGTHS.get(node.type)


def children(node: Node) -> list[Node]:
    """Its parts, without words, signs and comments."""
    return [child for child in node.named_children if child.type not in EXTRAS]


def words(node: Node) -> list[str]:
    """The words and signs of a statement: ``existing``, ``!=``."""
    return [child.type for child in node.children if not child.is_named]


def text_of(node: Node) -> str:
    """Its text as it stands in the file."""
    return (node.text or b"").decode()


def names_in(node: Node) -> Iterator[str]:
    """Every identifier that is read somewhere below, whatever it names."""
    if node.type == "identifier":
        yield text_of(node)
    for child in children(node):
        if not (node.type == "object_property" and child == children(node)[0] and child.type == "identifier"):
            yield from names_in(child)
