"""How many requests somebody may make in a minute: a window that slides with the clock. Without a limit, any number."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from devtools.vendors.gdrive.api import refusals

_WINDOW: Final = timedelta(minutes=1)


@dataclass(slots=True)
class _Limit:
    per_minute: int
    status: int
    used: deque[datetime] = field(default_factory=deque)

    def is_left(self, now: datetime) -> bool:
        while self.used and self.used[0] <= now - _WINDOW:
            self.used.popleft()
        return len(self.used) < self.per_minute


class Quota:
    """Of people, and of all of them together (the project's). What is refused is not counted."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._limits: dict[str, _Limit] = {}

    def limit(self, email: str, per_minute: int | None, *, status: int = 403) -> None:
        """``None`` lifts it. ``status``: 403 is ``userRateLimitExceeded``, 429 ``rateLimitExceeded``."""
        self._limits.pop(email, None)
        if per_minute is not None:
            self._limits[email] = _Limit(per_minute, status)

    def project(self, per_minute: int | None, *, status: int = 403) -> None:
        """Of all together."""
        self.limit("", per_minute, status=status)

    def spend(self, email: str) -> None:
        """One more request.

        Raises:
            Refused: 403 or 429, it is too many.
        """
        now, limits = self._now(), [self._limits[name] for name in (email, "") if name in self._limits]
        for limit in limits:
            if not limit.is_left(now):
                is_of_all = limit is self._limits.get("")
                reason = "rateLimitExceeded" if limit.status == 429 or is_of_all else "userRateLimitExceeded"
                raise refusals.of_reason(reason, limit.status)
        for limit in limits:
            limit.used.append(now)
