"""The client's own live tests, unmodified, against the local Service Bus: what they assert is true of Azure."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from devtools.conformance import selection
from devtools.conformance.verdict import Verdict

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[3]
QUICK_SECONDS = 200
ALL_SECONDS = 1_800


def verdict(*options: str, seconds: float) -> dict[str, Any]:
    """What the runner says; skips where it cannot run."""
    command = (sys.executable, "-m", "devtools.conformance", *options, "--json")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=seconds, check=False)
    if done.returncode == 2:
        pytest.skip(done.stderr.strip())
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def test_the_clients_own_tests_pass_the_quick_ones() -> None:
    said = verdict("--quick", seconds=QUICK_SECONDS)

    assert said["failed"] == {}
    assert said["stale"] == []
    assert len(said["passed"]) >= 25


@pytest.mark.long
@pytest.mark.timeout(ALL_SECONDS)
def test_the_clients_own_tests_pass_but_for_those_listed_with_a_reason() -> None:
    said = verdict("--all", seconds=ALL_SECONDS)

    assert said["failed"] == {}
    assert said["stale"] == []
    assert said["share"] >= 0.95
    assert len(said["passed"]) >= 140


def test_a_failure_nobody_listed_is_a_failure_and_so_is_a_listed_one_that_passes() -> None:
    listed = "test_queues.py::TestServiceBusQueue::test_queue_operation_negative[pyamqp]"

    fine = Verdict.of({f"t::{number}": "passed" for number in range(99)} | {listed: "failure: as ever"}, {"t::x": "sessions"})
    unlisted = Verdict.of({"t::1": "failure: no"}, {})
    repaired = Verdict.of({"t::1": "passed", listed: "passed"}, {})

    assert (fine.is_good, len(fine.passed), len(fine.expected), fine.left_out) == (True, 99, 1, {"sessions": 1})
    assert (unlisted.is_good, unlisted.failed) == (False, {"t::1": "failure: no"})
    assert (repaired.is_good, repaired.failed) == (False, {listed: "listed as failing, but: passed"})


def test_an_entry_that_is_about_no_test_is_stale_and_fails_the_run() -> None:
    found = [pattern.replace("*", "") for pattern in (*selection.LEFT_OUT, *selection.EXPECTED, *selection.QUICK)]
    gone = ["*defer*", "*queue_operation_negative*", "*browse_empty*"]

    assert selection.stale(found) == []
    assert selection.stale(test for test in found if not selection.matches(test, gone)) == gone
    assert Verdict.of({"t::1": "passed"}, {}).is_good
    assert not Verdict.of({"t::1": "passed"}, {}, gone).is_good


def test_every_exception_has_a_reason_and_a_test_that_did_not_run_is_a_failure() -> None:
    assert all(selection.LEFT_OUT.values())
    assert all(selection.EXPECTED.values())
    assert not Verdict.of({"t::1": "was not run"}, {}).is_good
