"""What a handler may say. Ignoring is not an error: all four are counted by one metric, and errors are raised instead."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Stored:
    """Something was written."""

    shard_id: str
    revision: int
    reason: str = "content"


@dataclass(frozen=True)
class Passed:
    """Nothing was written here: the next stage was told."""

    shard_id: str
    revision: int
    reason: str


@dataclass(frozen=True)
class Unchanged:
    """All of it was known already, or newer is known."""

    reason: str


@dataclass(frozen=True)
class Ignored:
    """Left out on purpose."""

    reason: str


Outcome = Stored | Passed | Unchanged | Ignored

OUTCOMES: Final = ("stored", "passed", "unchanged", "ignored", "later", "rejected", "raised")
"""Every value of the ``outcome`` attribute of ``Metric.MESSAGES_HANDLED``."""
