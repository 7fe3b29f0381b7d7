"""``shared/`` is earned (architecture 4, rule 7), and its lists are complete (rule 8).

A module is used by whoever imports it, and by whoever uses a module of its own noun that needs it: the inside of a noun is earned
through its face. What the composition root and its helpmates in ``shared/hosting`` put together is earned by that, and so are they.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from devtools.layout.imports import COMPOSITION_ROOT
from devtools.layout.tree import Fault, Tree, is_in

EARNED_BY_NATURE = ("shared.hosting",)


@dataclass(frozen=True)
class Listing:
    """A folder whose files all stand in one explicit list."""

    folder: str
    registries: tuple[str, ...]
    """The modules that hold the lists; a member stands in one of them at least."""
    not_listed: frozenset[str]
    """The vocabulary of the folder: files that are not members."""


def earned(tree: Tree, exceptions: Mapping[str, str]) -> Iterator[Fault]:
    """Rule 7. ``exceptions``: module or package → reason."""
    users = _users(tree)
    for name, by in sorted(users.items()):
        if tree.modules[name].path.endswith("__init__.py") or is_in(name, *exceptions, *EARNED_BY_NATURE):
            continue
        if COMPOSITION_ROOT not in by and len(by) < 2:
            who = ", ".join(sorted(by)) or "nobody"
            yield tree.modules[name].fault(1, f"used by {who}: shared is for what two of ingestion, processors and other nouns use")


def stale_exceptions(tree: Tree, exceptions: Mapping[str, str]) -> list[str]:
    """Exceptions that are not needed any more."""
    needed = [tree.owner(fault.path.removesuffix(".py").replace("/", ".")) or "" for fault in earned(tree, {})]
    return [exception for exception in exceptions if not any(is_in(name, exception) for name in needed)]


def _users(tree: Tree) -> dict[str, set[str]]:
    """Module of shared → who uses it: ``ingestion``, ``processors``, ``shared.<noun>`` or the composition root."""
    importers: dict[str, set[str]] = {module.name: set() for module in tree.shipped if module.is_in("shared")}
    for module in tree.shipped:
        for used in module.imports:
            owner = tree.owner(used.name)
            if owner in importers and owner != module.name:
                importers[owner].add(module.name)

    return {name: {_side(user) for user in _through_own_noun(name, importers) if _noun(user) != _noun(name)} for name in importers}


def _through_own_noun(name: str, importers: Mapping[str, set[str]]) -> set[str]:
    """All importers of a module and of the modules of its noun that need it."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        for user in importers.get(waiting.pop(), set()) - seen:
            seen.add(user)
            if _noun(user) == _noun(name):
                waiting.append(user)
    return seen


def _noun(name: str) -> str:
    """``shared.messaging.delivery`` → ``shared.messaging``; a package outside shared is one side."""
    return ".".join(name.split(".")[:2]) if name.startswith("shared.") else name.partition(".")[0]


def _side(name: str) -> str:
    return COMPOSITION_ROOT if is_in(name, *EARNED_BY_NATURE) else _noun(name)


def complete(tree: Tree, listings: tuple[Listing, ...]) -> Iterator[Fault]:
    """Rule 8: every file of a listed folder is imported by the module that holds the list."""
    for listing in listings:
        registries = [tree.modules[name] for name in listing.registries if name in tree.modules]
        listed = [used.name for registry in registries for used in registry.imports]
        for module in tree.shipped:
            package, _, last = module.name.rpartition(".")
            is_member = package == listing.folder and last not in listing.not_listed and module.name not in listing.registries
            if is_member and not any(is_in(name, module.name) for name in listed):
                yield module.fault(1, f"add its line to the list in {' or '.join(listing.registries)}")
