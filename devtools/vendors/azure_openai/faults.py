"""A small fault plan: what goes wrong with the next requests, one after the other.

``fired`` counts what really happened: a test asserts it, because a plan that never fires proves nothing.
"""

from collections import Counter, deque
from enum import StrEnum


class Fault(StrEnum):
    RATE_LIMITED = "429 that says when in seconds"
    RATE_LIMITED_IN_MILLISECONDS = "429 that says when in milliseconds, too"
    RATE_LIMITED_UNTIL_A_DATE = "429 that says when by a date"
    SERVER_ERROR = "500"
    UNAVAILABLE = "503 of the gateway, in HTML"
    SILENCE = "no answer at all"
    TRICKLE = "an answer of one byte a moment"
    HANG_UP = "the connection ends instead of an answer"
    MAINTENANCE_PAGE = "200, and a page for people"
    ONE_TOO_FEW = "a vector is missing"
    WRONG_DIMENSIONS = "vectors of other dimensions"
    SHUFFLED = "a right answer, its items in another order"


class FaultPlan:
    """What goes wrong next."""

    def __init__(self, *faults: Fault) -> None:
        self.fired: Counter[Fault] = Counter()
        self._waiting = deque(faults)

    def add(self, *faults: Fault) -> None:
        """Let the next requests meet these, after those that already wait."""
        self._waiting.extend(faults)

    def fire(self) -> Fault | None:
        """What this request meets."""
        fault = self._waiting.popleft() if self._waiting else None
        if fault is not None:
            self.fired[fault] += 1
        return fault
