"""Whether all that ships is needed: each direct dependency is imported by shipped code, and each other package needed by one that is.

Whatever ships can be attacked, so what nobody uses does not ship.
"""

import ast
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from devtools.audit.pins import OURS, Pin

PACKAGES = ("ingestion", "processors", "shared")
NEVER = {
    "protobuf": "it would replace that of the Functions worker",
    "grpcio": "it would replace that of the Functions worker",
}
"""What must not ship, and why (docs/decisions/0045)."""


def faults(pins: Iterable[Pin], imported: Iterable[str], not_imported: Iterable[str]) -> Iterator[str]:
    """Packages that ship for nobody. ``imported``: the modules that shipped code names; ``not_imported``: who is excused."""
    every, excused = list(pins), set(not_imported)
    yield from (f"requirements.txt: {name} must not ship: {why}" for name, why in NEVER.items() if name in {pin.name for pin in every})
    direct = {pin.name for pin in every if OURS in pin.via}
    modules = set(imported)
    idle = {name for name in direct if not _provides(name, modules)}
    yield from (f"requirements.txt: {name} ships and nothing of ours imports it" for name in sorted(idle - excused))
    yield from (f"accepted.toml: {name} is imported, or does not ship: take it out" for name in sorted(excused - idle))
    needed = _reached(direct - (idle - excused), every)
    yield from (f"requirements.txt: {name} ships and nothing needs it" for name in sorted({pin.name for pin in every} - needed - direct))


def imported_by(root: Path, packages: Iterable[str] = PACKAGES) -> set[str]:
    """The modules that shipped code imports, wherever in a file: ``azure.cosmos.aio`` as it is, and so ``azure.cosmos`` with it."""
    paths = [root / "function_app.py", *(path for package in packages for path in (root / package).rglob("*.py"))]
    return {name for path in paths for node in ast.walk(ast.parse(path.read_text())) for name in _names(node)}


def _names(node: ast.AST) -> Iterator[str]:
    named: list[str] = []
    if isinstance(node, ast.Import):
        named = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and node.module:
        named = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    for name in named:
        parts = name.split(".")
        yield from (".".join(parts[:count]) for count in range(1, len(parts) + 1))


def _provides(name: str, modules: set[str]) -> bool:
    """Whether a package holds one of the modules. Packages share a name at the top (``azure``), so its files decide."""
    try:
        held = files(name) or []
    except PackageNotFoundError:
        return False
    return any(_module(path.as_posix()) in modules for path in held if path.suffix in {".py", ".so", ".pyd"})


def _module(path: str) -> str:
    parts = path.removesuffix("/__init__.py").split("/")
    parts[-1] = parts[-1].partition(".")[0]  # also of ``_rust.abi3.so``
    return ".".join(parts)


def _reached(names: set[str], pins: list[Pin]) -> set[str]:
    reached = set(names)
    while more := {pin.name for pin in pins if reached.intersection(pin.via)} - reached:
        reached |= more
    return reached
