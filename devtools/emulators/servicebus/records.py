"""What a queue tells the journal, and what the journal tells a queue after a restart.

One record per accepted change. Locks are not recorded: they die with the process, so a message that was locked is available
again after a restart, with the delivery count it had (a delivery that the broker's own death cut short is not the receiver's
failure). Units: `_ms` is milliseconds since 1970.
"""

from dataclasses import dataclass, field
from typing import Protocol

from devtools.emulators.servicebus.message import MessageId


@dataclass(frozen=True, slots=True)
class Stored:
    """A message is in the queue from now on. `message` is its storage form (message.to_storage, or what the sender sent)."""

    queue: str
    sequence_number: int
    enqueue_sequence_number: int
    enqueued_ms: int
    scheduled_ms: int | None
    delivery_count: int
    message: bytes


@dataclass(frozen=True, slots=True)
class Removed:
    """The message is gone: completed, cancelled, expired, received and deleted, or moved to the dead-letter queue."""

    queue: str
    sequence_number: int


@dataclass(frozen=True, slots=True)
class Failed:
    """A delivery failed; `delivery_count` is the new count."""

    queue: str
    sequence_number: int
    delivery_count: int


@dataclass(frozen=True, slots=True)
class Activated:
    """A scheduled message became due and moved to the end of the queue under a new number."""

    queue: str
    sequence_number: int
    new_sequence_number: int
    enqueued_ms: int


@dataclass(frozen=True, slots=True)
class Remembered:
    """Duplicate detection: this message id is taken until then."""

    queue: str
    message_id: MessageId
    until_ms: int


@dataclass(frozen=True, slots=True)
class Numbered:
    """The queue's next sequence number. Written by compaction only, which forgets the messages that had the earlier ones."""

    queue: str
    next_sequence_number: int


Record = Stored | Removed | Failed | Activated | Remembered | Numbered


class Journal(Protocol):
    """Where a queue's changes go. `write` only collects; the broker flushes before anything is answered."""

    def write(self, record: Record) -> None: ...


@dataclass(slots=True)
class QueueSnapshot:
    """What is known of one queue after reading the journal."""

    next_sequence_number: int = 1
    stored: dict[int, Stored] = field(default_factory=dict)
    remembered: dict[MessageId, int] = field(default_factory=dict)
