"""One behaviour suite for bus and store, over every implementation present: the fake, the stand-in, and Microsoft's emulator where a
connection string says where it is. This says at the end what it came to.

- What an implementation cannot do is listed in ``tests/fixtures/behaviour/lacking.json``, by the name of a test and with the reason: such a
  test is a strict xfail for it, and their number is printed.
- None of them may touch an operation that the app calls. Which those are, an end-to-end test reads from the wire
  (``tests/e2e/test_calls_of_the_app.py``) and compares with ``app_calls.json`` beside it; which of them a test of the suite makes, the
  stand-in counts. So a call of the app that no test of the suite makes is found here, too: a full run fails.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

FIXTURES: Final = frozenset({"bus", "real_bus", "stores", "chunks", "claims", "linking"})
"""A test that asks for one of these belongs to the suite."""
IMPLEMENTATIONS: Final = ("in-memory", "stand-in", "emulator")
WIRE: Final = "wire"


def app_calls(root: Path) -> list[str]:
    """What the app calls, as the stand-ins name it."""
    path = _folder(root) / "app_calls.json"
    calls: list[str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return calls


def lacking(root: Path) -> dict[str, dict[str, str]]:
    """By implementation: the name of a test, and why it cannot pass there."""
    path = _folder(root) / "lacking.json"
    listed: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return listed


def _folder(root: Path) -> Path:
    return root / "tests" / "fixtures" / "behaviour"


def implementation_of(item: pytest.Item) -> str | None:
    """Whose behaviour a test looks at; None for a test of something else."""
    wanted = FIXTURES & set(getattr(item, "fixturenames", ()))
    parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    return next((str(parameters[name]) for name in sorted(wanted) if name in parameters), None)


@pytest.fixture(autouse=True)
def _wire_of_the_suite(request: pytest.FixtureRequest) -> Iterator[None]:
    """Note what a test of the suite asked of the stand-ins."""
    if implementation_of(request.node) != "stand-in":
        yield
        return
    before = _counted(request)
    yield
    request.node.user_properties.append((WIRE, sorted(_counted(request) - before)))


def _counted(request: pytest.FixtureRequest) -> Counter[str]:
    counted: Counter[str] = Counter()
    if {"bus", "real_bus"} & set(request.fixturenames):
        counted.update({f"service-bus {name}": count for name, count in request.getfixturevalue("broker").operations.items()})
    if {"stores", "chunks", "linking"} & set(request.fixturenames):
        counted.update(store_calls(request.getfixturevalue("cosmos").operations.containers))
    return counted


def store_calls(containers: Mapping[str, Mapping[str, int]]) -> Counter[str]:
    """What the stand-in counted by container and kind. The containers of chunks differ in their vectors' model alone, and count as one."""
    counted: Counter[str] = Counter()
    for container, kinds in containers.items():
        name = "shard-chunks" if "/shard-chunks-" in container else container.rpartition("/")[2]
        counted.update({f"cosmos {name} {kind}": count for kind, count in kinds.items()})
    return counted


class Suite:
    """What came of the suite in one run."""

    def __init__(self, calls: list[str], *, is_whole: bool) -> None:
        self.calls = calls
        self.is_whole = is_whole
        self.passed: Counter[str] = Counter()
        self.lacking: dict[str, str] = {}
        self.wire: dict[str, set[str]] = {}

    @property
    def uncovered(self) -> list[str]:
        """Calls of the app that no test made."""
        made = set().union(*self.wire.values()) if self.wire else set()
        return [call for call in self.calls if call not in made]

    @property
    def lacking_and_called(self) -> dict[str, list[str]]:
        """Strict xfails that touch a call of the app, by test."""
        touched = {test: self.wire.get(_plain(test), set()) & set(self.calls) for test in self.lacking}
        return {test: sorted(calls) for test, calls in touched.items() if calls}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name, _, parameters = report.nodeid.rpartition("/")[2].partition("[")
        implementation = next((one for one in IMPLEMENTATIONS if one in parameters), None)
        if implementation is None or report.when == "setup":
            return
        if report.when == "call" and report.passed:
            self.passed[implementation] += 1
        if report.when == "call" and hasattr(report, "wasxfail"):
            self.lacking[report.nodeid] = report.wasxfail
        for key, calls in report.user_properties:
            if key == WIRE and isinstance(calls, list | tuple):
                self.wire[_plain(name)] = set(calls)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._is_broken and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self.passed and not self.lacking:
            return
        terminalreporter.section("one behaviour suite")
        counts = ", ".join(f"{implementation} {count}" for implementation, count in sorted(self.passed.items()))
        terminalreporter.write_line(f"passed: {counts}; strict xfails: {len(self.lacking)}")
        for test, reason in sorted(self.lacking.items()):
            terminalreporter.write_line(f"lacking: {test} | {reason}")
        for test, calls in sorted(self.lacking_and_called.items()):
            terminalreporter.write_line(f"FAILED: {test} is an xfail, but the app calls {', '.join(calls)}")
        if self.is_whole:
            made = len(self.calls) - len(self.uncovered)
            terminalreporter.write_line(f"calls of the app that the suite makes, too: {made} of {len(self.calls)}")
            for call in self.uncovered:
                terminalreporter.write_line(f"FAILED: the app calls {call}, and no test of the suite does")

    @property
    def _is_broken(self) -> bool:
        return bool(self.lacking_and_called) or (self.is_whole and bool(self.passed) and bool(self.uncovered))


def _plain(test: str) -> str:
    """A test's name without its file and parameters."""
    return test.rpartition("::")[2].partition("[")[0]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what an implementation is known to lack."""
    listed = lacking(config.rootpath)
    for item in items:
        reason = listed.get(implementation_of(item) or "", {}).get(_plain(item.nodeid))
        if reason is not None:
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # where the reports of all workers arrive
        is_whole = not config.option.keyword and not config.option.markexpr and config.args == config.getini("testpaths")
        config.pluginmanager.register(Suite(app_calls(config.rootpath), is_whole=is_whole), "behaviour-suite")
