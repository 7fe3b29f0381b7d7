"""Which faults the host takes; what each does is tested where it happens."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from devtools.faults.injector import strikes
from devtools.faults.plan import PlanInvalid
from devtools.host.faults import ABILITIES, PlannedMishaps
from devtools.host.mishaps import OPERATIONS, NoMishaps


def plan(folder: Path, **fault: Any) -> Path:
    path = folder / "plan.json"
    path.write_text(json.dumps({"name": "p", "faults": [{"at": "host", "calls": 1, **fault}]}))
    return path


def test_the_table_of_operations_and_kinds_is_what_the_host_can_do() -> None:
    assert {operation: sorted(kinds) for operation, kinds in OPERATIONS.items()} == {
        "http": ["delay", "drop", "refuse", "timeout"],
        "message": ["delay", "duplicate", "timeout"],
        "timer": ["clock-moved", "delay", "duplicate", "timeout"],
        "changes": ["delay", "duplicate", "timeout"],
        "complete": ["drop"],
        "checkpoint": ["drop"],
        "dispatch": ["reorder"],
        "renew-lock": ["lock-lost"],
        "renew-lease": ["lock-lost"],
    }
    assert sorted(ABILITIES) == ["clock-moved", "delay", "drop", "duplicate", "lock-lost", "refuse", "reorder", "timeout"]


def test_a_planned_fault_happens_as_often_as_it_says_and_is_written_down(tmp_path: Path) -> None:
    mishaps = PlannedMishaps.of(plan(tmp_path, kind="clock-moved", operation="timer", target="tick*", seconds=-60))

    struck = [mishaps.strike("timer", name, "clock-moved") for name in ("other", "tick-1", "tick-2")]

    assert [mishap and mishap.kind for mishap in struck] == [None, "clock-moved", None]
    assert (mishaps.moved_seconds, mishaps.plans("clock-moved"), mishaps.plans("reorder")) == (-60.0, True, False)
    assert strikes(tmp_path / "plan.fired.jsonl") == [{"at": "host", "fault": 0, "operation": "timer", "target": "tick-1"}]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"kind": "disk-full"}, "this stand-in can do"),
        ({"kind": "malformed"}, "this stand-in can do"),
        ({"kind": "stale-etag"}, "this stand-in can do"),
        ({"kind": "duplicate", "operation": "http"}, "the host can do that on message, timer, changes"),
        ({"kind": "refuse", "operation": "complete", "status": 503}, "the host can do that on http"),
        ({"kind": "reorder", "operation": "timer*"}, "the host can do that on dispatch"),
        ({"kind": "duplicate", "variant": "thrice"}, "it knows at-once"),
    ],
)
def test_a_plan_that_the_host_cannot_carry_out_is_refused(fault: dict[str, Any], reason: str, tmp_path: Path) -> None:
    with pytest.raises(PlanInvalid, match=reason):
        PlannedMishaps.of(plan(tmp_path, **fault))


def test_faults_of_other_stand_ins_are_none_of_the_hosts(tmp_path: Path) -> None:
    mishaps = PlannedMishaps.of(plan(tmp_path, at="cosmos", kind="disk-full"))

    assert not mishaps.plans("disk-full")


def test_without_a_plan_nothing_ever_goes_wrong() -> None:
    assert NoMishaps().strike("http", "hello", "refuse") is None
    assert not NoMishaps().plans("reorder")


def test_what_only_plans_and_change_feeds_need_is_not_loaded_without_them() -> None:
    code = "import sys, devtools.host.__main__; print([name for name in ('pydantic', 'azure.cosmos') if name in sys.modules])"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert loaded.stdout == "[]\n"
