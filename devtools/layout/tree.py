"""The code as the layout rules see it: modules, what they import (lazily or not) and which names they refer to.

Read from source, never imported, so that a rule can be tried on a made-up tree. What an alias hides is resolved
(``import datetime as dt; dt.datetime.now`` is ``datetime.datetime.now``); what is assigned to a variable first is not.
"""

import ast
import io
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from typing_extensions import override

SHIPPED = ("function_app", "ingestion", "processors", "shared")
NOT_SHIPPED = ("devtools", "benchmarks", "ops", "tests")


@dataclass(frozen=True)
class Fault:
    """One line that breaks a rule, with what to do instead."""

    path: str
    line: int
    text: str

    @override
    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


@dataclass(frozen=True)
class Reference:
    """A dotted name in full (``azure.cosmos.aio.CosmosClient``) and where it is used."""

    name: str
    line: int
    is_lazy: bool
    """Inside a function, or for the type checker only: it costs nothing when the module is imported."""

    def is_in(self, *packages: str) -> bool:
        return is_in(self.name, *packages)


@dataclass(frozen=True)
class Module:
    """One Python file."""

    name: str
    path: str
    """Relative to the root, with slashes."""
    text: str
    syntax: ast.Module = field(repr=False, compare=False)

    @cached_property
    def imports(self) -> tuple[Reference, ...]:
        return tuple(_imports(self.syntax, is_lazy=False))

    @cached_property
    def comments(self) -> tuple[tuple[int, str], ...]:
        """Line and text of each comment."""
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        return tuple((token.start[0], token.string) for token in tokens if token.type == tokenize.COMMENT)

    @cached_property
    def references(self) -> tuple[Reference, ...]:
        """Every name and attribute chain. One that does not begin with something imported begins with a dot: ``.__import__``."""
        origins = _origins(self.syntax)
        found = []
        for node in ast.walk(self.syntax):
            chain = _chain(node)
            if chain:
                first, *rest = chain
                found.append(Reference(".".join([origins.get(first, f".{first}"), *rest]), getattr(node, "lineno", 0), is_lazy=False))
        return tuple(found)

    def is_in(self, *packages: str) -> bool:
        return is_in(self.name, *packages)

    def fault(self, line: int, text: str) -> Fault:
        return Fault(self.path, line, text)


@dataclass(frozen=True)
class Tree:
    """All modules by name."""

    root: Path
    modules: Mapping[str, Module]

    def __iter__(self) -> Iterator[Module]:
        return iter(self.modules.values())

    @cached_property
    def shipped(self) -> tuple[Module, ...]:
        return tuple(module for module in self if module.is_in(*SHIPPED))

    def owner(self, name: str) -> str | None:
        """The module of ours that a dotted name belongs to (``shared.errors.Conflict`` → ``shared.errors``), or None."""
        while name:
            if name in self.modules:
                return name
            name = name.rpartition(".")[0]
        return None


def is_in(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


def read_tree(root: Path) -> Tree:
    """Read all Python of ours under ``root``."""
    modules = {}
    for top in (*SHIPPED, *NOT_SHIPPED):
        single, folder = root / f"{top}.py", root / top
        for file in [single] if single.exists() else sorted(folder.rglob("*.py")):
            path = file.relative_to(root)
            name = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
            text = file.read_text()
            modules[name] = Module(name, path.as_posix(), text, ast.parse(text, filename=str(path)))
    return Tree(root, modules)


def _imports(node: ast.AST, *, is_lazy: bool) -> Iterator[Reference]:
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.Import(names=names):
                yield from (Reference(alias.name, child.lineno, is_lazy) for alias in names)
            case ast.ImportFrom(module=module, names=names):
                yield from (Reference(f"{module or ''}.{alias.name}".removesuffix(".*"), child.lineno, is_lazy) for alias in names)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.If(test=ast.Name(id="TYPE_CHECKING")):
                yield from _imports(child, is_lazy=True)
            case _:
                yield from _imports(child, is_lazy=is_lazy)


def _origins(syntax: ast.Module) -> dict[str, str]:
    """Local name → dotted name in full."""
    origins = {}
    for node in ast.walk(syntax):
        match node:
            case ast.Import(names=names):
                for alias in names:
                    local = alias.asname or alias.name.partition(".")[0]
                    origins[local] = alias.name if alias.asname else local
            case ast.ImportFrom(module=str(module), names=names):
                origins.update({alias.asname or alias.name: f"{module}.{alias.name}" for alias in names})
            case _:
                pass
    return origins


def _chain(node: ast.AST) -> list[str] | None:
    """``a.b.c`` as its parts, or None for anything else."""
    match node:
        case ast.Name(id=name):
            return [name]
        case ast.Attribute(value=value, attr=name):
            before = _chain(value)
            return [*before, name] if before else None
        case _:
            return None
