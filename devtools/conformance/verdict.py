"""What a run of the client's tests says about the stand-in."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from devtools.conformance import selection
from devtools.local.tables import table

SHARE: Final = 0.95
"""Of the tests that touch what the stand-in has, at least so many pass."""


@dataclass(frozen=True)
class Verdict:
    """The tests that were run, sorted; those that were not are counted by reason."""

    passed: list[str] = field(default_factory=list)
    expected: dict[str, str] = field(default_factory=dict)
    """Test → why it fails."""
    failed: dict[str, str] = field(default_factory=dict)
    """Test → what went wrong."""
    left_out: dict[str, int] = field(default_factory=dict)
    stale: list[str] = field(default_factory=list)
    """Entries of the lists of exceptions that are about no test."""

    @classmethod
    def of(cls, results: Mapping[str, str], left_out: Mapping[str, str], stale: Iterable[str] = ()) -> "Verdict":
        verdict = cls(left_out=dict(sorted(Counter(left_out.values()).items())), stale=list(stale))
        for test, result in results.items():
            reason = selection.reason_of(test, selection.EXPECTED)
            if reason is None and result == "passed":
                verdict.passed.append(test)
            elif reason is None:
                verdict.failed[test] = result
            elif result.startswith("failure"):
                verdict.expected[test] = reason
            else:
                verdict.failed[test] = f"listed as failing, but: {result}"
        return verdict

    @property
    def share(self) -> float:
        """How many of those that were run pass."""
        count = len(self.passed) + len(self.expected) + len(self.failed)
        return len(self.passed) / count if count else 0.0

    @property
    def is_good(self) -> bool:
        return not self.failed and not self.stale and self.share >= SHARE

    def as_table(self) -> str:
        rows: list[tuple[object, ...]] = [("passed", len(self.passed), f"{self.share:.1%} of those that were run")]
        rows += [("fails as expected", 1, f"{_short(test)}: {reason}") for test, reason in self.expected.items()]
        rows += [("FAILED", 1, f"{_short(test)}: {what}") for test, what in self.failed.items()]
        rows += [("STALE", 0, f"{pattern}: listed, but no test is meant") for pattern in self.stale]
        rows += [("left out", count, reason) for reason, count in self.left_out.items()]
        return table(("result", "tests", "which, and why"), rows)

    def as_json(self) -> dict[str, Any]:
        return {
            "passed": self.passed,
            "share": round(self.share, 4),
            "expected": self.expected,
            "failed": self.failed,
            "leftOut": self.left_out,
            "stale": self.stale,
            "isGood": self.is_good,
        }


def _short(test: str) -> str:
    return test.rpartition("::")[2]
