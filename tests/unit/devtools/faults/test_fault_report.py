"""What a plan's report says, and that a fault that never happened proves nothing."""

from pathlib import Path

from devtools.faults.injector import Injector
from devtools.faults.plan import Fault, Kind, Plan
from devtools.faults.report import Report

DROP = Fault(at="bus", kind=Kind.DROP, operation="send", calls=5)
REFUSE = Fault(at="cosmos", kind=Kind.REFUSE, status=429, target="shards", calls=1)
LOST = Fault(at="bus", kind=Kind.LOCK_LOST, calls=1)
ABILITIES = dict.fromkeys(Kind, ())


def reported(folder: Path, *, lost: bool = False) -> Report:
    path = folder / "plan.json"
    Plan(name="mixed", seed=9, faults=(DROP, REFUSE, LOST)).write(path)
    bus, cosmos = Injector.of("bus", ABILITIES, path), Injector.of("cosmos", ABILITIES, path)
    for _ in range(2):
        bus.strike("send", "orders", kinds={Kind.DROP})
    cosmos.strike("upsert", "shards", kinds={Kind.REFUSE})
    if lost:
        bus.strike("complete", "orders", kinds={Kind.LOCK_LOST})
    bus.close()
    cosmos.close()
    return Report.read(path)


def test_each_fault_of_the_plan_is_reported_with_how_often_it_happened(tmp_path: Path) -> None:
    report = reported(tmp_path, lost=True)

    assert report.fired == ((DROP, 2), (REFUSE, 1), (LOST, 1))
    assert report.by_kind == {"drop": 2, "refuse": 1, "lock-lost": 1}
    assert report.has_proven


def test_a_fault_that_never_happened_fails_the_run(tmp_path: Path) -> None:
    report = reported(tmp_path)

    assert report.never_fired == [LOST]
    assert report.by_kind["lock-lost"] == 0
    assert not report.has_proven


def test_a_plan_without_faults_proves_nothing() -> None:
    assert not Report(Plan(name="empty", faults=()), ()).has_proven


def test_a_plan_that_no_stand_in_has_read_has_fired_nothing(tmp_path: Path) -> None:
    Plan(name="x", faults=(DROP,)).write(tmp_path / "plan.json")

    assert Report.read(tmp_path / "plan.json").fired == ((DROP, 0),)


def test_the_report_is_there_for_people_and_for_machines(tmp_path: Path) -> None:
    report = reported(tmp_path)

    assert report.rows()[1] == ("cosmos", "refuse", "*", "shards", 1)
    plain = report.plain()
    assert (plain["plan"], plain["seed"], plain["hasProven"]) == ("mixed", 9, False)
    assert plain["faults"][1] == {"at": "cosmos", "kind": "refuse", "target": "shards", "calls": 1, "status": 429, "fired": 1}
