"""What became of a plan: how often each of its faults happened, and whether the run proved anything."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devtools.faults.injector import log_beside, strikes
from devtools.faults.plan import Fault, Plan


@dataclass(frozen=True)
class Report:
    """Each fault of a plan in its order, and how often it happened."""

    plan: Plan
    fired: tuple[tuple[Fault, int], ...]

    @classmethod
    def read(cls, path: Path) -> "Report":
        """Of a plan's file and the log beside it.

        Raises:
            PlanInvalid: the plan cannot be read.
        """
        plan = Plan.read(path)
        counts = Counter((line["at"], line["fault"]) for line in strikes(log_beside(path)))
        place: Counter[str] = Counter()
        fired = []
        for fault in plan.faults:
            fired.append((fault, counts[fault.at, place[fault.at]]))
            place[fault.at] += 1
        return cls(plan, tuple(fired))

    @property
    def by_kind(self) -> dict[str, int]:
        """How often each kind happened."""
        counts: dict[str, int] = {}
        for fault, count in self.fired:
            counts[fault.kind] = counts.get(fault.kind, 0) + count
        return counts

    @property
    def never_fired(self) -> list[Fault]:
        """What did not happen: any of these fails the run, and so does a plan without faults (see ``has_proven``)."""
        return [fault for fault, count in self.fired if count == 0]

    @property
    def has_proven(self) -> bool:
        """Whether everything that was to go wrong did."""
        return bool(self.fired) and not self.never_fired

    def rows(self) -> list[tuple[object, ...]]:
        """For a table: stand-in, kind, operation, target, how often."""
        return [(fault.at, fault.kind, fault.operation, fault.target, count) for fault, count in self.fired]

    def plain(self) -> dict[str, Any]:
        """For machines."""
        faults = [{**fault.model_dump(mode="json", by_alias=True, exclude_defaults=True), "fired": count} for fault, count in self.fired]
        return {"plan": self.plan.name, "seed": self.plan.seed, "faults": faults, "byKind": self.by_kind, "hasProven": self.has_proven}
