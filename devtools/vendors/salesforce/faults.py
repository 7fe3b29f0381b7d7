"""A small fault plan for the sender: which calls go wrong, and how many did.

Calls are counted from 1 in the order they start; shares are drawn from a seeded generator, so a plan repeats itself as long as the
calls do. ``fired`` counts what really happened: a test asserts it, because a plan that never fires proves nothing.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from random import Random


class Fault(StrEnum):
    ACKNOWLEDGEMENT_DROPPED = "acknowledgement dropped"
    DELAYED = "delayed"
    DUPLICATED = "duplicated"
    REORDERED = "reordered"


@dataclass(frozen=True, slots=True)
class CallFaults:
    """What the plan has for one call."""

    drops_acknowledgement: bool = False
    delay_seconds: float = 0.0
    is_duplicated: bool = False


class FaultPlan:
    """``…_calls`` name calls by number, ``…_share`` is the chance of every call from 0 to 1; ``reorders`` takes what waits in random
    order."""

    def __init__(
        self,
        seed: int = 0,
        *,
        drop_acknowledgement_calls: Collection[int] = (),
        drop_acknowledgement_share: float = 0.0,
        delay_seconds_of_calls: Mapping[int, float] | None = None,
        duplicate_calls: Collection[int] = (),
        duplicate_share: float = 0.0,
        reorders: bool = False,
    ) -> None:
        self.fired: Counter[Fault] = Counter()
        self.reorders = reorders
        self._rng = Random(seed)
        self._drop_calls = frozenset(drop_acknowledgement_calls)
        self._drop_share = drop_acknowledgement_share
        self._delays = dict(delay_seconds_of_calls or {})
        self._duplicate_calls = frozenset(duplicate_calls)
        self._duplicate_share = duplicate_share

    def of_call(self, call: int) -> CallFaults:
        """Draws for the ``call``-th call; nothing is counted until it happens."""
        # Both are drawn every time, so that one share does not change what the other hits.
        drop_draw, duplicate_draw = self._rng.random(), self._rng.random()
        return CallFaults(
            drops_acknowledgement=call in self._drop_calls or drop_draw < self._drop_share,
            delay_seconds=self._delays.get(call, 0.0),
            is_duplicated=call in self._duplicate_calls or duplicate_draw < self._duplicate_share,
        )

    def next_index(self, waiting: int) -> int:
        """Which of so many waiting notifications goes next: the first, or any when the plan reorders."""
        index = self._rng.randrange(waiting) if self.reorders else 0
        if index:
            self.fired[Fault.REORDERED] += 1
        return index
