"""The harness keeps its own promises: each rule is run on a small tree of tests that breaks it."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Run:
    status: int
    output: str


@dataclass(frozen=True)
class Project:
    """A project of its own: our pytest settings, our harness, other tests."""

    path: Path

    def write(self, name: str, text: str) -> None:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def run(self, *arguments: str, measured: bool = False) -> Run:
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE_", "PYTEST_"))}
        coverage = [sys.executable, "-m", "coverage"]
        command = ["-m", "pytest", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", *arguments]
        done = self._done([*coverage, "run", *command] if measured else [sys.executable, *command], environ)
        said = [done]
        if measured:
            said += [self._done([*coverage, *then], environ) for then in (("combine", "--quiet"), ("report", "--fail-under=0"))]
        return Run(done.returncode, "".join(one.stdout + one.stderr for one in said))

    def _done(self, command: list[str], environ: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(command, cwd=self.path, env=environ, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "tests" / "plugins", tmp_path / "tests" / "plugins", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path / "tests")
    return Project(tmp_path)


SKIPS = """
import pytest

def test_that_runs():
    pass

@pytest.mark.parametrize("version", ["3.13"])
def test_that_needs_more(version):
    pytest.skip("no Python 3.13 found")
"""


def test_a_skip_nobody_reviewed_fails_the_run(project: Project) -> None:
    project.write("tests/contract/test_one.py", SKIPS)
    project.write("tests/skips.txt", "tests/contract/test_one.py::test_that_needs_more[3.12] | no Python 3.13 found\n")

    run = project.run()

    assert run.status == 1
    assert "test_one.py::test_that_needs_more[3.13] | no Python 3.13 found -- NOT REVIEWED" in run.output
    assert re.search(r"1 passed, 1 skipped in", run.output)


def test_a_reviewed_skip_passes_and_is_printed_with_its_reason(project: Project) -> None:
    project.write("tests/contract/test_one.py", SKIPS)
    project.write("tests/skips.txt", "# reviewed\n\ntests/contract/test_one.py::*[3.13] | no Python * found\n")

    run = project.run()

    assert run.status == 0
    assert "test_one.py::test_that_needs_more[3.13] | no Python 3.13 found -- reviewed" in run.output


def test_a_file_that_skips_itself_needs_a_review_too(project: Project) -> None:
    project.write("tests/contract/test_one.py", "import pytest\npytest.skip('not today', allow_module_level=True)\n")
    project.write("tests/contract/test_two.py", "def test_that_runs():\n    pass\n")

    run = project.run()

    assert run.status == 1
    assert "tests/contract/test_one.py | not today -- NOT REVIEWED" in run.output


def test_a_line_of_the_list_without_a_reason_stops_the_run(project: Project) -> None:
    project.write("tests/contract/test_one.py", SKIPS)
    project.write("tests/skips.txt", "tests/*\n")

    run = project.run()

    assert run.status == pytest.ExitCode.USAGE_ERROR
    assert "skips.txt:1: write `test id | reason`" in run.output


FOLLOWED = """
from hypothesis import given, strategies

from ingestion.one import in_a_child, in_a_law, in_a_test

def test_an_example():
    assert in_a_test()

@given(strategies.booleans())
def test_a_law(_):
    assert in_a_law()

def test_a_child():
    assert in_a_child()
"""
SHIPPED = """
import subprocess, sys

def in_a_test():
    return True

def in_a_law():
    return True

def in_a_child():
    done = subprocess.run([sys.executable, "-c", "import ingestion.one; ingestion.one.of_a_child()"], check=True)
    return done.returncode == 0

def of_a_child():
    return True
"""


@pytest.mark.parametrize("workers", ["0", "1"])
def test_coverage_follows_an_example_and_neither_a_law_nor_a_child_that_nobody_asked_it_to(project: Project, workers: str) -> None:
    for package in ("ingestion", "processors", "shared"):
        project.write(f"{package}/__init__.py", "")
    project.write("ingestion/one.py", SHIPPED)
    project.write("tests/contract/test_one.py", FOLLOWED)

    run = project.run("-n", workers, measured=True)

    assert run.status == 0, run.output
    [shown] = [line for line in run.output.splitlines() if line.startswith("ingestion/one.py")]
    assert shown.split()[-2:] == ["8,", "15"]


LONG = "import pytest\n\n@pytest.mark.long\ndef test_long():\n    pass\n\ndef test_short():\n    pass\n"


def test_long_tests_are_left_out_counted_and_not_called_skips(project: Project) -> None:
    project.write("tests/contract/test_one.py", LONG)

    run = project.run()

    assert run.status == 0
    assert "1 passed, 1 deselected" in run.output
    assert "long tests left out: 1 (run them with --long)" in run.output


def test_long_tests_run_when_asked_for(project: Project) -> None:
    project.write("tests/contract/test_one.py", LONG)

    run = project.run("--long")

    assert run.status == 0
    assert "2 passed" in run.output


def test_a_folder_marks_its_tests(project: Project) -> None:
    project.write("tests/integration/test_one.py", "def test_one():\n    pass\n")
    project.write("tests/e2e/test_two.py", "def test_two():\n    pass\n")
    project.write("tests/unit/test_three.py", "def test_three():\n    pass\n")

    run = project.run("-m", "integration or e2e")

    assert run.status == 0
    assert "2 passed, 1 deselected" in run.output


CONNECTS = """
import socket

def test_one():
    try:
        socket.create_connection(("127.0.0.1", 9), timeout=0.1)
    except Exception:
        pass
"""


def test_a_unit_test_that_uses_the_network_fails_even_if_it_swallows_the_refusal(project: Project) -> None:
    project.write("tests/unit/test_one.py", CONNECTS)

    run = project.run()

    assert run.status == 1
    assert "a unit test used the network: socket.getaddrinfo" in run.output


def test_a_unit_test_may_not_even_open_a_socket(project: Project) -> None:
    project.write("tests/unit/test_one.py", "import socket\n\ndef test_one():\n    socket.socket()\n")

    run = project.run()

    assert run.status == 1
    assert "SocketRefused" in run.output


def test_a_unit_test_has_an_event_loop(project: Project) -> None:
    project.write("tests/unit/test_one.py", "import asyncio\n\nasync def test_one():\n    await asyncio.sleep(0)\n")

    run = project.run()

    assert run.status == 0
    assert "1 passed" in run.output


def test_other_folders_have_the_network(project: Project) -> None:
    project.write("tests/integration/test_one.py", CONNECTS)

    assert project.run().status == 0


BEHAVIOUR = """
import pytest
from collections import Counter

class StandIn:
    operations = Counter()

@pytest.fixture
def broker():
    return StandIn

@pytest.fixture(params=["in-memory", "stand-in"])
def bus(request, broker):
    return lambda name: broker.operations.update([name])

def test_sending(bus):
    bus("send")

def test_what_one_lacks(bus, request):
    bus("defer")
    assert "in-memory" not in request.node.name
"""
CALLS = "tests/fixtures/behaviour/app_calls.json"
LACKING = "tests/fixtures/behaviour/lacking.json"


def test_what_an_implementation_lacks_is_a_strict_xfail_and_counted(project: Project) -> None:
    project.write("tests/contract/test_one.py", BEHAVIOUR)
    project.write(CALLS, '["service-bus send"]')
    project.write(LACKING, '{"in-memory": {"test_what_one_lacks": "there is no such thing"}}')

    run = project.run()

    assert run.status == 0
    assert "passed: in-memory 1, stand-in 2; strict xfails: 1" in run.output
    assert "test_what_one_lacks[in-memory] | there is no such thing" in run.output
    assert "calls of the app that the suite makes, too: 1 of 1" in run.output


def test_what_is_listed_as_lacking_and_is_not_fails_the_run(project: Project) -> None:
    project.write("tests/contract/test_one.py", BEHAVIOUR)
    project.write(LACKING, '{"in-memory": {"test_what_one_lacks": "x"}, "stand-in": {"test_sending": "not true"}}')

    assert project.run().status == 1


def test_a_lack_that_touches_a_call_of_the_app_fails_the_run(project: Project) -> None:
    project.write("tests/contract/test_one.py", BEHAVIOUR)
    project.write(CALLS, '["service-bus defer", "service-bus send"]')
    project.write(LACKING, '{"in-memory": {"test_what_one_lacks": "there is no such thing"}}')

    run = project.run()

    assert run.status == 1
    assert "is an xfail, but the app calls service-bus defer" in run.output


def test_a_call_of_the_app_that_the_behaviour_suite_never_makes_fails_a_whole_run_and_no_part_of_one(project: Project) -> None:
    project.write("tests/contract/test_one.py", BEHAVIOUR)
    project.write(CALLS, '["service-bus complete", "service-bus send"]')
    project.write(LACKING, '{"in-memory": {"test_what_one_lacks": "there is no such thing"}}')

    whole, part = project.run(), project.run("-k", "sending")

    assert (whole.status, part.status) == (1, 0)
    assert "FAILED: the app calls service-bus complete, and no test of the suite does" in whole.output


def test_the_suite_is_counted_across_workers(project: Project) -> None:
    project.write("tests/contract/test_one.py", BEHAVIOUR)
    project.write(CALLS, '["service-bus send"]')
    project.write(LACKING, '{"in-memory": {"test_what_one_lacks": "there is no such thing"}}')

    run = project.run("-n", "2")

    assert run.status == 0
    assert "passed: in-memory 1, stand-in 2; strict xfails: 1" in run.output
    assert "calls of the app that the suite makes, too: 1 of 1" in run.output
