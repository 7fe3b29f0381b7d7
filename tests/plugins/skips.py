"""Every skip is printed with its reason, and one that nobody reviewed (``tests/skips.txt``) fails the run."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pytest


class Skip(NamedTuple):
    test: str
    reason: str


class Reviewed(NamedTuple):
    """One line of the list: two patterns, of the test's id and of the reason."""

    test: re.Pattern[str]
    reason: re.Pattern[str]

    def covers(self, skip: Skip) -> bool:
        return bool(self.test.fullmatch(skip.test) and self.reason.fullmatch(skip.reason))


def read_reviewed(path: Path) -> list[Reviewed]:
    """Read the list.

    Raises:
        pytest.UsageError: a line is not ``test id | reason``.
    """
    reviewed = []
    for number, line in enumerate(path.read_text().splitlines() if path.exists() else [], start=1):
        if not line.strip() or line.startswith("#"):
            continue
        test, bar, reason = line.partition(" | ")
        if not (test.strip() and bar and reason.strip()):
            raise pytest.UsageError(f"{path.name}:{number}: write `test id | reason`")
        reviewed.append(Reviewed(_pattern(test), _pattern(reason)))
    return reviewed


def _pattern(text: str) -> re.Pattern[str]:
    """``*`` stands for anything. Not fnmatch: the brackets of a parametrised test's id are literal."""
    return re.compile(".*".join(re.escape(part) for part in text.strip().split("*")), re.DOTALL)


class SkipGuard:
    """Collects the skips of one run."""

    def __init__(self, reviewed: Iterable[Reviewed]) -> None:
        self.reviewed = list(reviewed)
        self.skips: list[Skip] = []

    @property
    def unreviewed(self) -> list[Skip]:
        return [skip for skip in self.skips if not any(entry.covers(skip) for entry in self.reviewed)]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._keep(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._keep(report)

    def _keep(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            self.skips.append(Skip(report.nodeid, reason.removeprefix("Skipped: ")))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.unreviewed and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.section("skips")
        unreviewed = self.unreviewed
        for skip in self.skips:
            verdict = "NOT REVIEWED (tests/skips.txt)" if skip in unreviewed else "reviewed"
            terminalreporter.write_line(f"{skip.test} | {skip.reason} -- {verdict}")
        terminalreporter.write_line(f"{len(self.skips)} skipped, {len(unreviewed)} of them not reviewed")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(SkipGuard(read_reviewed(config.rootpath / "tests" / "skips.txt")), "skip-guard")
