"""The breaker: rejecting everything is an outage, not robustness.

When more than a fifth of the last 200 messages of a type failed, a bad deploy is likelier than bad messages: further failures come back
later instead of emptying the queue into the parking lot.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

WINDOW: Final = 200
FAILING_SHARE: Final = 0.2
SMALLEST_SAMPLE: Final = 20
"""Below this many messages a share says nothing: a worker that has just started must still be able to reject its first bad message."""


@dataclass
class Breaker:
    """The last messages of one type, in one worker process."""

    _failed: deque[bool] = field(default_factory=lambda: deque(maxlen=WINDOW))

    def record(self, *, failed: bool) -> None:
        """Remember how one delivery ended."""
        self._failed.append(failed)

    @property
    def is_open(self) -> bool:
        """Whether failures are put off rather than decided."""
        return len(self._failed) >= SMALLEST_SAMPLE and sum(self._failed) > FAILING_SHARE * len(self._failed)


@dataclass
class Breakers:
    """One breaker per message type."""

    _by_type: dict[str, Breaker] = field(default_factory=dict)

    def of(self, message_type: str) -> Breaker:
        """The type's breaker."""
        return self._by_type.setdefault(message_type, Breaker())
