"""``up --faults``: which plans a run can carry out, and what is said of them afterwards."""

import json
from pathlib import Path

import pytest

from devtools.faults.injector import Injector, log_beside
from devtools.faults.plan import Fault, Kind, Plan, PlanInvalid
from devtools.faults.report import Report
from devtools.local import planned

REFUSED = Fault(at="cosmos", kind=Kind.REFUSE, status=429, operation="upsert", target="shards", calls=2)
SLOW = Fault(at="issuer", kind=Kind.DELAY, seconds=1, calls=1)


def written(folder: Path, *faults: Fault) -> Path:
    path = folder / "mine.json"
    Plan(name="told by a test", seed=7, faults=faults).write(path)
    return path


def test_a_plan_for_the_stand_ins_of_a_run_is_read(tmp_path: Path) -> None:
    assert planned.read(written(tmp_path, REFUSED, SLOW)).faults == (REFUSED, SLOW)


def test_a_plan_for_a_stand_in_that_up_does_not_start_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, REFUSED, Fault(at="azure-openai", kind=Kind.TIMEOUT, calls=1))

    with pytest.raises(
        PlanInvalid,
        match=r"azure-openai: timeout on .*: such a run can do faults at blob, .*, salesforce, service-bus, slack",
    ):
        planned.read(path)


def test_what_the_organization_is_asked_can_go_wrong_and_what_it_sends_cannot(tmp_path: Path) -> None:
    slow_query = Fault(at="salesforce", kind=Kind.DELAY, seconds=1, operation="query", calls=1)
    sent_twice = Fault(at="salesforce", kind=Kind.DUPLICATE, calls=1)
    never_sent = Fault(at="salesforce", kind=Kind.DROP, operation="outbound-message", calls=1)

    assert planned.read(written(tmp_path, slow_query)).faults == (slow_query,)
    for of_the_sender in (sent_twice, never_sent):
        with pytest.raises(PlanInvalid, match=r"salesforce: .*: only these can meet it: "):
            planned.read(written(tmp_path, of_the_sender))


def test_a_plan_without_faults_is_refused_because_it_would_prove_nothing(tmp_path: Path) -> None:
    with pytest.raises(PlanInvalid, match=r"the fault plan mine\.json has no faults"):
        planned.read(written(tmp_path))


def test_a_plan_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlanInvalid, match=r"nowhere\.json cannot be read"):
        planned.read(tmp_path / "nowhere.json")


def test_the_plan_lies_in_the_runs_folder_and_what_an_earlier_run_did_does_not_count(tmp_path: Path) -> None:
    plan = planned.read(written(tmp_path, REFUSED))
    folder = tmp_path / "run"
    first = planned.place(plan, folder)
    strike(first)
    assert Report.read(first).has_proven

    second = planned.place(plan, folder)

    assert (second, log_beside(second).exists()) == (folder / "faults.json", False)
    assert json.loads(second.read_text())["seed"] == 7


def test_what_happened_is_a_table_by_kind_and_what_did_not_is_named(tmp_path: Path) -> None:
    path = planned.place(planned.read(written(tmp_path, REFUSED, SLOW)), tmp_path / "run")
    strike(path)
    strike(path)

    report = Report.read(path)

    assert planned.rendered(report).splitlines() == [
        "What went wrong on purpose (told by a test, seed 7):",
        "",
        "at      kind    operation  target  happened",
        "------  ------  ---------  ------  --------",
        "issuer  delay   *          *       0",
        "cosmos  refuse  upsert     shards  2",
        "",
        "by kind: delay 0, refuse 2",
    ]
    assert planned.missing(report) == ["a fault that never happened: issuer: delay on * *"]


def strike(path: Path) -> None:
    injector = Injector.of("cosmos", {Kind.REFUSE: ()}, path)
    assert injector.strike("upsert", "shards", kinds={Kind.REFUSE}) is not None
    injector.close()
