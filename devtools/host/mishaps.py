"""What can go wrong in the host on command, and the invocations that meet it.

``OPERATIONS`` is the whole list: the operation a fault plan names, and what can happen there. ``faults`` reads plans; without one nothing
is asked, and nothing heavy is imported.
"""

from collections.abc import Mapping
from typing import Final, Protocol

OPERATIONS: Final[Mapping[str, frozenset[str]]] = {
    # Before the function: the platform's own answer, an ended connection (with ``applied`` after the function), or the same a moment later.
    "http": frozenset({"refuse", "drop", "delay", "timeout"}),
    # A message, a timer's run or a batch of changes is given to its function later, twice, or without ever hearing of it again.
    "message": frozenset({"delay", "duplicate", "timeout"}),
    "timer": frozenset({"delay", "duplicate", "timeout", "clock-moved"}),
    "changes": frozenset({"delay", "duplicate", "timeout"}),
    # The function succeeded, and nobody hears of it: a message comes back after its lock, a batch of changes at once.
    "complete": frozenset({"drop"}),
    "checkpoint": frozenset({"drop"}),
    # Two messages that wait are handed over the other way round.
    "dispatch": frozenset({"reorder"}),
    # A message's lock is renewed no more; a range's lease is not kept, and somebody takes it (it may be the same host again).
    "renew-lock": frozenset({"lock-lost"}),
    "renew-lease": frozenset({"lock-lost"}),
}
"""Operation to the kinds of faults it can meet; the target is always the function's name."""
INVOCATION_KINDS: Final = frozenset({"delay", "duplicate", "timeout"})
AT_ONCE: Final = "at-once"
"""The variant of ``duplicate`` whose two invocations run beside each other; without it the second follows the first."""


class Mishap(Protocol):
    """What happened; the fields of a fault that the host obeys."""

    @property
    def kind(self) -> str: ...

    @property
    def applied(self) -> bool: ...

    @property
    def seconds(self) -> float | None: ...

    @property
    def status(self) -> int | None: ...

    @property
    def retry_after_seconds(self) -> float | None: ...

    @property
    def variant(self) -> str | None: ...


class Mishaps(Protocol):
    """Asked wherever something of ``OPERATIONS`` can be carried out. What it answers has to be done at once: it is counted."""

    def strike(self, operation: str, function: str, *kinds: str) -> Mishap | None: ...

    def plans(self, kind: str) -> bool:
        """Whether the kind occurs in the plan at all."""
        ...

    @property
    def moved_seconds(self) -> float:
        """By how much the host's clock was moved."""
        ...


class NoMishaps:
    """Nothing ever goes wrong."""

    moved_seconds = 0.0

    def strike(self, operation: str, function: str, *kinds: str) -> Mishap | None:
        return None

    def plans(self, kind: str) -> bool:
        return False
