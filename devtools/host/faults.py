"""The host's side of fault plans (``--faults PLAN.json``); imported only when there is one.

What can go wrong where is the table ``OPERATIONS`` in ``mishaps``. A plan with a kind the host cannot do, or with an operation at which it
cannot do that kind, is refused when it starts.
"""

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from devtools.faults.injector import Abilities, Injector
from devtools.faults.plan import Fault, Kind, Plan, PlanInvalid
from devtools.host.mishaps import AT_ONCE, OPERATIONS, Mishap

AT: Final = "host"
ABILITIES: Final[Abilities] = {
    Kind(kind): frozenset({AT_ONCE}) if kind == Kind.DUPLICATE else frozenset() for kind in sorted(set().union(*OPERATIONS.values()))
}


class PlannedMishaps:
    """The faults of a plan, as the host asks for them."""

    def __init__(self, injector: Injector) -> None:
        self._injector = injector

    @classmethod
    def of(cls, path: Path) -> "PlannedMishaps":
        """Those of a file that are meant for the host.

        Raises:
            PlanInvalid: it cannot be read, or asks for what the host cannot do.
        """
        for fault in Plan.read(path).faults:
            if fault.at == AT:
                _check(fault)
        return cls(Injector.of(AT, ABILITIES, path))

    @property
    def moved_seconds(self) -> float:
        return self._injector.moved_seconds

    def strike(self, operation: str, function: str, *kinds: str) -> Mishap | None:
        return self._injector.strike(operation, function, kinds=frozenset(map(Kind, kinds)))

    def plans(self, kind: str) -> bool:
        return any(fault.kind == kind for fault in self._injector.fired)


def _check(fault: Fault) -> None:
    able = [operation for operation, kinds in OPERATIONS.items() if fault.kind in kinds]
    if fault.kind in ABILITIES and not any(fnmatchcase(operation, fault.operation) for operation in able):
        raise PlanInvalid(f"{fault.summary}: the host can do that on {', '.join(able)}")
