"""Retry policies (``@app.retry``), which only timers and change feeds have: for queues and HTTP Azure ignores them.

The worker reads the policy when it indexes the app, and one it cannot read costs every function. The trigger waits while a function is
repeated: a timer's next run, a range's next changes (and its lease is renewed). Unlike the real host's, exponential delays are not
spread by chance.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FOR_EVER = -1


@dataclass(frozen=True)
class RetryPolicy:
    """``most`` counts the repetitions, not the first try; ``FOR_EVER`` means no end. ``longest_seconds`` of a fixed delay is the delay."""

    most: int
    first_seconds: float
    longest_seconds: float

    def delay_seconds(self, retry: int) -> float:
        """Before the repetition of this number, from 1."""
        return float(min(self.first_seconds * 2 ** min(retry - 1, 32), self.longest_seconds))


def read_policy(settings: Mapping[str, Any] | None) -> RetryPolicy | None:
    """The policy of a function's settings, if it has one.

    Raises:
        ValueError: the worker, or the host behind it, cannot read it.
    """
    if settings is None:
        return None
    most = int(settings["max_retry_count"])
    if most < FOR_EVER:
        raise ValueError(f"max_retry_count is {most}; -1 means no end")
    match settings["strategy"]:
        case "fixed_delay":
            delay = _seconds(settings.get("delay_interval"))
            return RetryPolicy(most, delay, delay)
        case "exponential_backoff":
            shortest, longest = (_seconds(settings.get(f"{which}_interval")) for which in ("minimum", "maximum"))
            return RetryPolicy(most, shortest, longest)
        case other:
            raise ValueError(f"the strategy {other!r} is neither fixed_delay nor exponential_backoff")


def _seconds(text: str | None) -> float:
    """Of ``hh:mm:ss``, as the worker reads it."""
    if text is None:
        raise ValueError("the interval of its retry policy is missing: fixed_delay needs one, exponential_backoff two")
    read = time.strptime(text, "%H:%M:%S")
    return float(read.tm_hour * 3600 + read.tm_min * 60 + read.tm_sec)
