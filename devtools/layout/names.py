"""Names and sizes: what a module may be called, and how long it may grow."""

import importlib.metadata
import re
import sys
from collections.abc import Iterator

from devtools.layout.tree import NOT_SHIPPED, SHIPPED, Fault, Tree

NOT_NAMES = frozenset({"utils", "helpers", "common", "misc", "base", "core", "lib", "constants", "types", "manager"})
LONGEST_FILE = 350
LONGEST_FUNCTION_APP = 24

_WAIVER = re.compile(r"#\s*(noqa|type:\s*ignore)", re.IGNORECASE)
_REASONED_WAIVER = re.compile(r"#\s*(noqa: [A-Z]+[0-9]+(, ?[A-Z]+[0-9]+)*|type: ignore\[[a-z-]+(, ?[a-z-]+)*\])\s+\W*\w")


def module_names(tree: Tree) -> Iterator[Fault]:
    """Rule 7, second half: a module is called by what it is about."""
    for module in tree:
        for part in NOT_NAMES.intersection(module.name.split(".")):
            yield module.fault(1, f"`{part}` says nothing; name the noun")


def top_level_names(tree: Tree) -> Iterator[Fault]:
    """No file or folder at the root hides a package.

    In Azure the app's folder comes first on the path, and a file ``azure.py`` there hangs the start.
    """
    taken = (sys.stdlib_module_names | importlib.metadata.packages_distributions().keys()) - {*SHIPPED, *NOT_SHIPPED}
    for entry in sorted(tree.root.iterdir()):
        if (entry.suffix == ".py" or entry.is_dir()) and entry.stem in taken:
            yield Fault(entry.name, 1, f"hides the package {entry.stem}")


def lengths(tree: Tree) -> Iterator[Fault]:
    """Architecture 3, sizes to expect."""
    for module in tree:
        length = len(module.text.splitlines())
        longest = LONGEST_FUNCTION_APP if module.name == "function_app" else LONGEST_FILE
        if length > longest:
            yield module.fault(length, f"{length} lines, at most {longest}: split it by noun")


def waivers(tree: Tree) -> Iterator[Fault]:
    """A check that is switched off on a line says which and why: ``# noqa: S311 - not for secrets``, ``# type: ignore[misc]  # why``."""
    for module in tree:
        for number, comment in module.comments:
            if _WAIVER.match(comment) and not _REASONED_WAIVER.match(comment):
                yield module.fault(number, "say which check is switched off, and why")
