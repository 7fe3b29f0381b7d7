"""A plan as a file: what it has to say, and what it is told when it does not."""

from pathlib import Path

import pytest

from devtools.faults.plan import Fault, Kind, Plan, PlanInvalid

WRITTEN = """{
  "name": "a busy store",
  "seed": 7,
  "faults": [
    {
      "at": "cosmos",
      "kind": "refuse",
      "target": "shards",
      "share": 0.2,
      "status": 429,
      "retryAfterSeconds": 0.5
    }
  ]
}
"""


def test_a_plan_is_written_as_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(WRITTEN)

    plan = Plan.read(path)
    plan.write(path)

    assert plan.faults == (Fault(at="cosmos", kind=Kind.REFUSE, target="shards", share=0.2, status=429, retry_after_seconds=0.5),)
    assert path.read_text() == WRITTEN


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ('{"at": "cosmos", "kind": "drop"}', "say how often: calls, share or both"),
        ('{"at": "cosmos", "kind": "delay", "calls": 1}', "seconds go with clock-moved and delay, and those need them"),
        ('{"at": "cosmos", "kind": "drop", "calls": 1, "seconds": 2}', "seconds go with clock-moved and delay, and those need them"),
        ('{"at": "cosmos", "kind": "delay", "calls": 1, "seconds": -2}', "a delay is not negative"),
        ('{"at": "cosmos", "kind": "refuse", "calls": 1}', "a status goes with refuse, and refuse needs one"),
        ('{"at": "cosmos", "kind": "delay", "seconds": 1, "calls": 1, "applied": true}', "applied goes with"),
        ('{"at": "cosmos", "kind": "drop", "calls": 0}', "greater than 0"),
        ('{"at": "cosmos", "kind": "drop", "share": 1.1}', "less than or equal to 1"),
        ('{"at": "cosmos", "kind": "drop", "calls": 1, "shre": 1}', "Extra inputs are not permitted"),
        ('{"at": "", "kind": "drop", "calls": 1}', "at least 1 character"),
        ("{", "Invalid JSON"),
    ],
)
def test_a_mistake_is_said_in_one_line(fault: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(f'{{"name": "wrong", "faults": [{fault}]}}')

    with pytest.raises(PlanInvalid) as refused:
        Plan.read(path)

    assert str(refused.value).startswith("the fault plan plan.json is none: ")
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_plan_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(PlanInvalid, match=r"nowhere\.json cannot be read: No such file"):
        Plan.read(tmp_path / "nowhere.json")
