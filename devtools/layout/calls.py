"""What may be called where: architecture 4, rules 3, 6 and 8.

A reference counts as a call: ``default_factory=datetime.now`` reads the clock.
"""

from collections.abc import Iterator

from devtools.layout.imports import BINDING_TABLES, COMPOSITION_ROOT
from devtools.layout.tree import Fault, Reference, Tree

ENVIRONMENT = ("os.environ", "os.environb", "os.getenv", "os.getenvb", "os.putenv", "os.unsetenv")
WALL_CLOCK = (
    *("datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today"),
    *("time.time", "time.time_ns", "time.ctime", "time.localtime", "time.gmtime", "time.strftime"),
)
RANDOM = ("random", "secrets", "os.urandom", "uuid.uuid1", "uuid.uuid4", "uuid.uuid6", "uuid.uuid7", "uuid.uuid8")
DISCOVERY = ("pkgutil", "importlib", "runpy", ".__import__")


def services(tree: Tree) -> Iterator[Fault]:
    """Rule 3, and rule 6: whoever cannot import the composition root can neither call ``services`` nor take its clock.

    ``function_app.py`` asks it one thing: which functions this deployment runs. ``loading`` sets telemetry up before anybody is called.
    """
    for module in tree.shipped:
        if module.is_in(*BINDING_TABLES, COMPOSITION_ROOT, "shared.hosting.loading"):
            continue
        for used in module.imports:
            is_allowed = module.is_in("function_app") and used.is_in(f"{COMPOSITION_ROOT}.consumer_type")
            if used.is_in(COMPOSITION_ROOT) and not is_allowed:
                yield module.fault(used.line, "services() is called in the two functions.py only; take the port as a keyword argument")


def environment(tree: Tree) -> Iterator[Fault]:
    """Rule 6, the environment."""
    yield from _only_in_the_composition_root(
        tree, ENVIRONMENT, "the environment is read in shared/hosting/services.py only; take a setting"
    )


def wall_clock(tree: Tree) -> Iterator[Fault]:
    """Rule 6, time."""
    yield from _only_in_the_composition_root(tree, WALL_CLOCK, "the wall clock is read in shared/hosting/services.py only; take `now`")


def randomness(tree: Tree) -> Iterator[Fault]:
    """Rule 6, random values. ``secrets.compare_digest`` is ``hmac``'s, take it from there."""
    yield from _only_in_the_composition_root(tree, RANDOM, "ids are derived, and other random values come from a port")


def discovery(tree: Tree) -> Iterator[Fault]:
    """Rule 8: lists are written down."""
    for module in tree.shipped:
        lines = {used.line: used.name for used in (*module.references, *module.imports) if _discovers(used)}
        for line, name in lines.items():
            yield module.fault(line, f"{name.strip('.')}: nothing is discovered; write the list")


def _discovers(used: Reference) -> bool:
    return used.is_in(*DISCOVERY) or used.name.endswith(".__subclasses__")


def _only_in_the_composition_root(tree: Tree, names: tuple[str, ...], text: str) -> Iterator[Fault]:
    for module in tree.shipped:
        if module.is_in(COMPOSITION_ROOT):
            continue
        lines = {used.line: used.name for used in (*module.references, *module.imports) if used.is_in(*names)}
        for line, name in lines.items():
            yield module.fault(line, f"{name}: {text}")
