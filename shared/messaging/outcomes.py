"""What a handler may say. Ignoring is not an error: all of them are counted by one metric, and errors are raised instead."""

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
class Read:
    """So many records of a source were put on the queue."""

    record_count: int
    reason: str


@dataclass(frozen=True)
class Ignored:
    """Left out on purpose."""

    reason: str


@dataclass(frozen=True)
class Batched:
    """Several events in one message: how many of them came to each end. Each is counted as an event of its own besides."""

    stored: int
    unchanged: int
    ignored: int
    rejected: int

    @property
    def reason(self) -> str:
        """Whether all of them could be handled."""
        return "some rejected" if self.rejected else "all handled"


Outcome = Stored | Passed | Unchanged | Read | Ignored | Batched

OUTCOMES: Final = ("stored", "passed", "unchanged", "read", "ignored", "batched", "later", "rejected", "raised")
"""Every value of the ``outcome`` attribute of ``Metric.MESSAGES_HANDLED``."""
