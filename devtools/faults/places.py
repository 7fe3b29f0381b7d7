"""Where a stand-in can do what. A fault that no call of its could ever meet is a mistake in the plan, and is refused before the run."""

from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from devtools.faults.injector import Abilities, Injector
from devtools.faults.plan import Fault, Kind, PlanInvalid

Places = Mapping[Kind, Collection[str]]
"""Each kind that a stand-in can do, and the operations that can meet it."""


def check_place(fault: Fault, places: Places) -> None:
    """Raises PlanInvalid: none of the operations that the fault is about can meet it."""
    able = places[fault.kind]
    if not any(fnmatchcase(operation, fault.operation) for operation in able):
        raise PlanInvalid(f"{fault.summary}: only these can meet it: {', '.join(sorted(able))}")


def injector_of(at: str, abilities: Abilities, places: Places, path: Path | None) -> Injector:
    """The faults of a plan's file that are meant for this stand-in; none, without a file.

    Raises:
        PlanInvalid: it cannot be read, or asks for what this stand-in cannot do there.
    """
    injector = Injector.of(at, abilities, path)
    for fault in injector.fired:
        check_place(fault, places)
    return injector
