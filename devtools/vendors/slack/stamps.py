"""Slack's times: seconds, milliseconds, and ``ts``, which is the identity of a message besides.

A ``ts`` is seconds with exactly six decimals, as text. No two are the same, even where the clock stands still: the next is 1 µs on.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

_MICROSECOND: Final = timedelta(microseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Stamps:
    """By one clock."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._last = 0

    def ts(self) -> str:
        """The next one, greater than all before."""
        self._last = max(self._last + 1, (self._now() - _EPOCH) // _MICROSECOND)
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    def seconds(self) -> int:
        return int(self._now().timestamp())

    def milliseconds(self) -> int:
        return (self._now() - _EPOCH) // timedelta(milliseconds=1)
