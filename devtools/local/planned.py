"""A fault plan of ``up``: whether a run can carry it out, where it lies while the run goes on, and what became of it."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from devtools.faults.injector import log_beside
from devtools.faults.places import check_place
from devtools.faults.plan import Plan, PlanInvalid
from devtools.faults.report import Report
from devtools.faults.stand_ins import check
from devtools.local.tables import table
from devtools.vendors.salesforce import faults as salesforce

FILE: Final = "faults.json"
PLACES: Final = ("blob", "cosmos", "gdrive", "host", "issuer", "salesforce", "service-bus", "slack")
"""The stand-ins of a run, as a plan names them."""
ASKED: Final = {kind: [place for place in places if place in salesforce.API] for kind, places in salesforce.PLACES.items()}
"""What can go wrong where the organization is asked. What it sends goes out as it should: a run has to know what was sent."""

OURS: Final = ("host", "issuer")
"""Those of a run on Microsoft's emulators, where nobody polls: they do as they are told, and nothing else."""


def read(path: Path, *, places: Collection[str] = PLACES) -> Plan:
    """The plan, if every fault of it is for one of these.

    Raises:
        PlanInvalid: it cannot be read, is none, has no faults, or names a stand-in that has no part in such a run, or
            asks one for what it cannot do there.
    """
    plan = Plan.read(path)
    if not plan.faults:
        raise PlanInvalid(f"the fault plan {path.name} has no faults: it would prove nothing")
    for fault in plan.faults:
        if fault.at not in places:
            raise PlanInvalid(f"{fault.summary}: such a run can do faults at {', '.join(places)}")
    check(plan)
    for fault in plan.faults:
        if fault.at == salesforce.AT:
            check_place(fault, ASKED)
    return plan


def place(plan: Plan, folder: Path) -> Path:
    """Put it into a run's folder, where its log will lie beside it. What an earlier run did there does not count."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    plan.write(path)
    log_beside(path).unlink(missing_ok=True)
    return path


def missing(report: Report) -> list[str]:
    """What did not go wrong and should have, a line each."""
    return [f"a fault that never happened: {fault.summary}" for fault in report.never_fired]


def rendered(report: Report) -> str:
    """What happened and how often, by kind."""
    rows: Sequence[Sequence[object]] = sorted(report.rows(), key=lambda row: str(row[1]))
    kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(report.by_kind.items()))
    return f"What went wrong on purpose ({report.plan.name}, seed {report.plan.seed}):\n\n{_table(rows)}\n\nby kind: {kinds}"


def _table(rows: Sequence[Sequence[object]]) -> str:
    return table(("at", "kind", "operation", "target", "happened"), rows)
