"""Who may import whom: architecture 4, rules 1, 2, 4 and the pure core (architecture 2, principle 10).

Layers and siblings inside the packages are import-linter's (pyproject.toml), because they must hold through others too.
"""

import sys
from collections.abc import Iterator

from devtools.layout.tree import NOT_SHIPPED, SHIPPED, Fault, Module, Reference, Tree

ALLOWED_PACKAGES = {
    "function_app": ("ingestion.functions", "processors.functions", "shared"),
    "ingestion": ("ingestion", "shared"),
    "processors": ("processors", "shared"),
    "shared": ("shared",),
}
BINDING_TABLES = ("ingestion.functions", "processors.functions")
COMPOSITION_ROOT = "shared.hosting.services"

AZURE_MONITOR = ("shared.telemetry.azure_monitor", "shared.telemetry.azure_identity")
"""Adapters as well: of where telemetry goes."""

PURE = (
    "shared.contracts",
    "shared.shards",
    "shared.conversions",
    "shared.shard_types",
    "shared.access.acl",
    "shared.access.attendance",
    "shared.access.grants",
    "shared.chunks",
    *(f"shared.linking.{name}" for name in ("anchor", "decision", "edges", "evidence", "policy", "suggestion", "vocabulary", "words")),
)
"""The pure core."""
PURE_NEIGHBOURS = ("shared.errors", "shared.topology", "shared.embeddings.embedder")
"""Pure as well, but not held to it: they may be imported by the core."""
PURE_LIBRARIES = ("pydantic", "pydantic_core", "typing_extensions")
IMPURE_STANDARD_LIBRARY = (
    *("asyncio", "concurrent", "ctypes", "ftplib", "http.client", "http.server", "multiprocessing", "os", "pathlib", "random"),
    *(
        "secrets",
        "select",
        "shutil",
        "signal",
        "smtplib",
        "socket",
        "sqlite3",
        "ssl",
        "subprocess",
        "tempfile",
        "threading",
        "urllib.request",
    ),
)


def packages(tree: Tree) -> Iterator[Fault]:
    """Rule 1 and the drawing above it: never each other, and nothing shipped imports what is not."""
    for module, used in _imports(tree.shipped):
        top = module.name.partition(".")[0]
        if used.is_in(*SHIPPED, *NOT_SHIPPED) and not used.is_in(*ALLOWED_PACKAGES[top]):
            yield module.fault(used.line, f"{top} may not import {used.name}")


def azure_functions(tree: Tree) -> Iterator[Fault]:
    """Rule 2."""
    for module, used in _imports(tree.shipped):
        if used.is_in("azure.functions") and not module.is_in("function_app", *BINDING_TABLES, "shared.hosting"):
            yield module.fault(used.line, "azure.functions is for function_app.py, the two functions.py and shared/hosting")


def azure_sdks(tree: Tree) -> Iterator[Fault]:
    """Rule 4, first half."""
    for module, used in _imports(tree.shipped):
        if not used.is_in("azure", "aiohttp") or used.is_in("azure.functions"):
            continue
        if module.is_in(COMPOSITION_ROOT) and not used.is_lazy:
            yield module.fault(used.line, f"{used.name}: import it inside the property that makes the client, or every start pays for it")
        elif not module.is_in(COMPOSITION_ROOT, "shared.messaging", "shared.storage", *AZURE_MONITOR):
            yield module.fault(used.line, f"{used.name}: Azure SDKs are for the adapters in shared/messaging and shared/storage")


def opentelemetry(tree: Tree) -> Iterator[Fault]:
    """Rule 4, second half."""
    for module, used in _imports(tree.shipped):
        if used.is_in("opentelemetry") and not module.is_in("shared.telemetry", "shared.messaging.delivery"):
            yield module.fault(used.line, "OpenTelemetry is for shared/telemetry and shared/messaging/delivery.py")


def pure_core(tree: Tree) -> Iterator[Fault]:
    """The pure core imports the quiet part of the standard library, pydantic and itself."""
    for module, used in _imports(tree.shipped):
        if module.is_in(*PURE) and not _is_pure(used):
            yield module.fault(used.line, f"{used.name}: the pure core takes time, ids and everything outside as arguments")


def _is_pure(used: Reference) -> bool:
    if used.is_in(*IMPURE_STANDARD_LIBRARY):
        return False
    return used.is_in(*PURE, *PURE_NEIGHBOURS, *PURE_LIBRARIES) or used.name.partition(".")[0] in sys.stdlib_module_names


def _imports(modules: tuple[Module, ...]) -> Iterator[tuple[Module, Reference]]:
    for module in modules:
        for used in module.imports:
            yield module, used
