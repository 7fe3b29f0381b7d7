"""How many calls of a method an app may make per minute in one workspace: a window that slides with the clock."""

import math
from collections import defaultdict, deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from devtools.vendors.slack.api import refusals
from devtools.vendors.slack.apps import App

_WINDOW: Final = timedelta(minutes=1)
TIERS: Final = {1: 1, 2: 20, 3: 50, 4: 100}
"""Calls per minute. What the vendor calls special is given several hundred here."""
LIMITED: Final = frozenset({"conversations.history", "conversations.replies"})
"""One call per minute for apps that are sold outside the Marketplace."""


class Limits:
    """``per_minute``: method to calls; a method that is not in it has no limit. What is refused is not counted."""

    def __init__(self, now: Callable[[], datetime], per_minute: dict[str, int]) -> None:
        self.per_minute = per_minute
        self._now = now
        self._used: dict[tuple[str, str, str], deque[datetime]] = defaultdict(deque)

    def spend(self, method: str, app: App, place: str) -> None:
        """One more call. ``place``: the workspace.

        Raises:
            Refused: 429, it is too many; ``Retry-After`` says when it is not.
        """
        is_limited = (app.is_limited and method in LIMITED) or method in app.limited_methods
        most = 1 if is_limited else self.per_minute.get(method)
        if most is None:
            return
        now, used = self._now(), self._used[method, app.app_id, place]
        while used and used[0] <= now - _WINDOW:
            used.popleft()
        if len(used) >= most:
            until = (used[0] + _WINDOW - now) if used else _WINDOW
            raise refusals.rate_limited(max(math.ceil(until.total_seconds()), 1))
        used.append(now)

    def clear(self) -> None:
        """No limit of any method, but those of limited apps."""
        self.per_minute.clear()

    def forget(self) -> None:
        """What was used so far."""
        self._used.clear()
