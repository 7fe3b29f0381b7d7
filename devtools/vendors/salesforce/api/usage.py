"""How many calls an organization has left: a gauge over the last 24 hours, not a counter.

``foreign`` is what other clients of the organization have used, ``jitter`` by how much what is shown is off: calls that go on beside
each other are told numbers that go up and down. Lacks: the concurrent limit (a fault plan has its refusal), licences that change the most.
"""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

MOST_CALLS: Final = 15_000
"""A Developer Edition's."""
_WINDOW: Final = timedelta(hours=24)


class Usage:
    """``most``, ``foreign`` and ``jitter`` may be changed at any time."""

    def __init__(self, now: Callable[[], datetime], *, most: int = MOST_CALLS, foreign: int = 0, jitter: int = 0) -> None:
        self.most = most
        self.foreign = foreign
        self.jitter = jitter
        self._now = now
        self._rng = Random(0)
        self._calls: deque[datetime] = deque()

    @property
    def used(self) -> int:
        """Within the last 24 hours."""
        expired = self._now() - _WINDOW
        while self._calls and self._calls[0] <= expired:
            self._calls.popleft()
        return len(self._calls) + self.foreign

    def spend(self) -> bool:
        """Whether one more is allowed; it is then used."""
        if self.used >= self.most:
            return False
        self._calls.append(self._now())
        return True

    def header(self) -> str:
        """What ``Sforce-Limit-Info`` says."""
        shown = self.used + (self._rng.randint(-self.jitter, self.jitter) if self.jitter else 0)
        return f"api-usage={min(max(shown, 0), self.most)}/{self.most}"

    def limits(self) -> dict[str, Any]:
        """The body of ``/limits``."""
        return {
            "DailyApiRequests": {"Max": self.most, "Remaining": max(self.most - self.used, 0)},
            "DailyBulkApiBatches": {"Max": 15_000, "Remaining": 15_000},
            "DailyBulkV2QueryJobs": {"Max": 10_000, "Remaining": 10_000},
            "DataStorageMB": {"Max": 5, "Remaining": 4},
            "FileStorageMB": {"Max": 20, "Remaining": 20},
        }
