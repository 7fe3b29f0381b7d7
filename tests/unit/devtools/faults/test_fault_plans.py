"""The format of fault plans: what is one, what is none, and what is said about it."""

import json
from pathlib import Path
from typing import Any

import pytest

from devtools.faults.plan import Fault, Kind, Plan, PlanInvalid


def test_a_plan_of_the_documentation_is_read_as_it_says(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(
        """{
          "name": "a busy store and lost answers",
          "seed": 7,
          "faults": [
            {"at": "cosmos", "kind": "refuse", "status": 429, "operation": "upsert", "target": "shards", "share": 0.2,
             "retryAfterSeconds": 1.5, "substatus": 3200},
            {"at": "service-bus", "kind": "drop", "applied": true, "operation": "complete", "calls": 3, "after": 2}
          ]
        }"""
    )

    plan = Plan.read(path)

    refuse, drop = plan.faults
    assert (plan.name, plan.seed) == ("a busy store and lost answers", 7)
    assert (refuse.at, refuse.kind, refuse.operation, refuse.target) == ("cosmos", Kind.REFUSE, "upsert", "shards")
    assert (refuse.status, refuse.share, refuse.calls, refuse.retry_after_seconds, refuse.substatus) == (429, 0.2, None, 1.5, 3200)
    assert (drop.applied, drop.calls, drop.after, drop.target) == (True, 3, 2, "*")


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    faults = (
        Fault(at="cosmos", kind=Kind.REFUSE, status=503, share=0.5, retry_after_seconds=2),
        Fault(at="service-bus", kind=Kind.CLOCK_MOVED, seconds=-60, calls=1, after=3),
    )
    plan = Plan(name="both", seed=3, faults=faults)

    plan.write(tmp_path / "plan.json")

    assert Plan.read(tmp_path / "plan.json") == plan
    assert json.loads((tmp_path / "plan.json").read_text())["faults"][0]["retryAfterSeconds"] == 2


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({}, "say how often: calls, share or both"),
        ({"share": 0}, "share: Input should be greater than 0"),
        ({"share": 1.01}, "share: Input should be less than or equal to 1"),
        ({"calls": 0}, "calls: Input should be greater than 0"),
        ({"calls": 1, "after": -1}, "after: Input should be greater than or equal to 0"),
        ({"calls": 1, "kind": "explode"}, "kind: Input should be 'drop', 'delay'"),
        ({"calls": 1, "kind": "delay"}, "seconds go with clock-moved and delay, and those need them"),
        ({"calls": 1, "seconds": 1}, "seconds go with clock-moved and delay, and those need them"),
        ({"calls": 1, "kind": "delay", "seconds": -1}, "a delay is not negative"),
        ({"calls": 1, "kind": "refuse"}, "a status goes with refuse, and refuse needs one"),
        ({"calls": 1, "status": 503}, "a status goes with refuse, and refuse needs one"),
        ({"calls": 1, "kind": "refuse", "status": 200}, "status: Input should be greater than or equal to 400"),
        ({"calls": 1, "kind": "lock-lost", "applied": True}, "applied goes with drop, refuse, timeout alone"),
        ({"calls": 1, "at": ""}, "at: String should have at least 1 character"),
        ({"calls": 1, "how": "badly"}, "how: Extra inputs are not permitted"),
    ],
)
def test_a_fault_that_says_too_little_too_much_or_nonsense_is_refused_by_name(fault: dict[str, Any], said: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps({"name": "x", "faults": [{"at": "cosmos", "kind": "drop"} | fault]}))

    with pytest.raises(PlanInvalid) as refused:
        Plan.read(path)

    assert str(refused.value).startswith("the fault plan plan.json is none: faults.0")
    assert said in str(refused.value)


@pytest.mark.parametrize("text", ["", "[]", '{"faults": []}', '{"name": "x"}', "{"])
def test_a_file_that_holds_no_plan_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(text)

    with pytest.raises(PlanInvalid, match=r"the fault plan plan\.json is none: "):
        Plan.read(path)


def test_a_file_that_is_not_there_is_said_to_be_unreadable(tmp_path: Path) -> None:
    with pytest.raises(PlanInvalid, match="cannot be read: No such file"):
        Plan.read(tmp_path / "plan.json")


def test_a_fault_is_summed_up_for_people() -> None:
    fault = Fault(at="cosmos", kind=Kind.REFUSE, status=503, variant="odd", operation="upsert", target="shards", calls=1)

    assert fault.summary == "cosmos: refuse 503 (odd) on upsert shards"
