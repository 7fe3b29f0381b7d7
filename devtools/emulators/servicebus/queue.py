"""One queue: order, locks, delivery counts, expiry, scheduling, duplicates. No input or output; the clock is given.

What is surprising:
- An abandoned message goes back to its place, not to the end.
- A scheduled message gets a *new* sequence number when it becomes due, and the first one is no longer valid (Azure
  documentation, "Message sequencing and timestamps"). The first stays visible as the enqueue sequence number.
- A locked message does not expire; it may once the lock ends.
- Nothing happens by itself: `dispatch` has to be called for time to take effect, and also takes it into account itself.
- The clock may jump, forwards and back: what is to happen at a moment happens once the clock is past it, and not again.

Lacks: sessions, deferral, size quotas. The dead-letter queue is a Queue without expiry and delivery limit.
"""

import uuid
from collections.abc import Callable, Mapping

from devtools.emulators.servicebus.backlog import Backlog, Entry
from devtools.emulators.servicebus.configuration import QueuePolicy
from devtools.emulators.servicebus.consumers import Consumer, Consumers
from devtools.emulators.servicebus.duplicates import DuplicateHistory
from devtools.emulators.servicebus.message import Lock, Message, parse, to_storage, with_application_properties
from devtools.emulators.servicebus.mishaps import Mishaps
from devtools.emulators.servicebus.records import Activated, Failed, Journal, QueueSnapshot, Removed, Stored
from devtools.emulators.servicebus.refusals import lock_lost, message_not_found, not_allowed
from devtools.faults.plan import Kind

_OVERTAKING = 20
"""So many of those that wait are looked at for one that overtakes the first."""


class Queue:
    """Messages in order of sequence number, and the receivers waiting for them."""

    def __init__(
        self,
        policy: QueuePolicy,
        *,
        now_ms: Callable[[], int],
        journal: Journal,
        dead_letters: "Queue | None" = None,
        mishaps: Mishaps | None = None,
    ) -> None:
        self.name = policy.name
        self.dead_letters = dead_letters
        self._policy = policy
        self._now_ms = now_ms
        self._journal = journal
        self._history = DuplicateHistory(policy.name, policy.duplicate_window_ms, journal)
        self._backlog = Backlog()
        self._locked: dict[uuid.UUID, Entry] = {}
        self._consumers = Consumers()
        self._mishaps = mishaps or Mishaps()
        self._next_sequence_number = 1

    @property
    def message_count(self) -> int:
        return len(self._backlog)

    # --- sending

    def send(self, message: Message, raw: bytes, *, operation: str = "send") -> int | None:
        """Take a message, `raw` being its bytes: now, or later where it says so. None: a duplicate, silently dropped."""
        if self.dead_letters is None:
            raise not_allowed(f"Messages cannot be sent to '{self.name}'.")
        now = self._now_ms()
        if not self._history.admit(message.message_id, now):
            return None
        sequence_number = self._store(message, raw, now)
        if self._mishaps.armed and self._mishaps.happens(Kind.DUPLICATE, operation, self.name):
            self._store(message, raw, now)
        return sequence_number

    def schedule(self, message: Message, raw: bytes) -> int:
        """As `send`, for the schedule operation, which must name a number: a duplicate's belongs to no message."""
        sequence_number = self.send(message, raw, operation="schedule")
        return self._number() if sequence_number is None else sequence_number

    def cancel(self, sequence_numbers: list[int]) -> None:
        """Remove scheduled messages; all of them or, raising message-not-found, none."""
        entries = [self._scheduled(number) for number in sequence_numbers]
        for entry in entries:
            self._remove(entry)

    # --- receiving

    def add_consumer(self, consumer: Consumer) -> None:
        self._consumers.add(consumer)

    def remove_consumer(self, consumer: Consumer) -> None:
        """The receiver is gone. Locks it holds stay until they end or are settled by token."""
        self._consumers.remove(consumer)

    def dispatch(self) -> None:
        """Let time take effect, then hand available messages to receivers with credit, in turn."""
        self._advance()
        while (entry := self._backlog.first_available()) and (consumer := self._consumers.next_ready()):
            if self._mishaps.armed and (other := self._overtaking(entry)):
                self._hand_over(other, consumer)
            else:
                self._backlog.take()
                self._hand_over(entry, consumer)

    def peek(self, from_sequence_number: int, count: int) -> list[Entry]:
        """Up to `count` messages from that number on, locked and scheduled ones too."""
        self._advance()
        return self._backlog.from_number(from_sequence_number, count)

    # --- settling, by lock token; all raise message-lock-lost

    def complete(self, token: uuid.UUID) -> None:
        entry = self._holding(token, "complete")
        if self._mishaps.armed and self._may_fail_again(entry) and self._mishaps.happens(Kind.DUPLICATE, "complete", self.name):
            self._fail(entry)  # as if its lock had run out
        else:
            self._remove(entry)

    def abandon(self, token: uuid.UUID) -> None:
        """Give back, counted as a failed delivery."""
        self._fail(self._holding(token, "abandon"))

    def release(self, token: uuid.UUID) -> None:
        """Give back what was never worked on: the delivery count stays."""
        self._unlock(self._holding(token, "release"))

    def take_back(self, token: uuid.UUID) -> None:
        """What was locked but never left the broker is available again; nothing happens where the lock is over."""
        if entry := self._locked.get(token):
            self._unlock(entry)

    def dead_letter(self, token: uuid.UUID, properties: Mapping[str, str]) -> None:
        """Move to the dead-letter queue with these application properties (DeadLetterReason, DeadLetterErrorDescription)."""
        self._bury(self._holding(token, "dead-letter"), properties)

    def check(self, token: uuid.UUID) -> None:
        """Raise message-lock-lost unless the lock is held."""
        self._holding(token)

    def renew(self, token: uuid.UUID) -> int:
        """Prolong a held lock by the lock duration from now; the new end."""
        entry = self._holding(token, "renew-lock")
        until_ms = self._now_ms() + self._policy.lock_ms
        entry.lock = Lock(token, until_ms)
        self._backlog.set_due(entry, until_ms)
        return until_ms

    # --- restarting

    def restore(self, snapshot: QueueSnapshot) -> None:
        """Take over what the journal knew. Only for an empty queue; writes nothing."""
        for sequence_number in sorted(snapshot.stored):
            it = snapshot.stored[sequence_number]
            entry = Entry(
                parse(it.message), sequence_number, it.enqueue_sequence_number, it.enqueued_ms, it.scheduled_ms, it.delivery_count
            )
            self._append(entry)
        self._history.restore(snapshot.remembered, self._now_ms())
        self._next_sequence_number = snapshot.next_sequence_number

    # --- inside

    def _number(self) -> int:
        self._next_sequence_number += 1
        return self._next_sequence_number - 1

    def _store(self, message: Message, raw: bytes, now: int) -> int:
        scheduled_ms = message.scheduled_ms if message.scheduled_ms is not None and message.scheduled_ms > now else None
        entry = self._append(Entry(message, self._number(), 0, now, scheduled_ms))
        self._record(entry, raw)
        return entry.sequence_number

    def _append(self, entry: Entry) -> Entry:
        entry.enqueue_sequence_number = entry.enqueue_sequence_number or entry.sequence_number
        self._backlog.add(entry)
        if entry.scheduled_ms is not None:
            self._backlog.set_due(entry, entry.scheduled_ms)
            return entry
        spans = [span for span in (entry.message.ttl_ms, self._policy.ttl_ms) if span is not None]
        entry.expires_ms = entry.enqueued_ms + min(spans) if spans and self.dead_letters is not None else None
        self._make_available(entry)
        return entry

    def _make_available(self, entry: Entry) -> None:
        self._backlog.set_due(entry, entry.expires_ms)
        self._backlog.offer(entry)

    def _advance(self) -> None:
        now = self._now_ms()
        while entry := self._backlog.next_due(now):
            if entry.scheduled_ms is not None:
                self._activate(entry, now)
            elif entry.lock:
                self._fail(entry)
            else:
                self._expire(entry)

    def _activate(self, entry: Entry, now: int) -> None:
        self._backlog.remove(entry)
        scheduled_as, entry.sequence_number = entry.sequence_number, self._number()
        entry.scheduled_ms, entry.enqueued_ms = None, now
        self._append(entry)
        self._journal.write(Activated(self.name, scheduled_as, entry.sequence_number, now))

    def _expire(self, entry: Entry) -> None:
        if self._policy.dead_letter_on_expiration:
            text = "The message expired and was dead lettered."
            self._bury(entry, {"DeadLetterReason": "TTLExpiredException", "DeadLetterErrorDescription": text})
        else:
            self._remove(entry)

    def _may_fail_again(self, entry: Entry) -> bool:
        limit = self._policy.max_delivery_count
        return limit is None or entry.delivery_count + 1 < limit

    def _fail(self, entry: Entry) -> None:
        is_last = not self._may_fail_again(entry)
        entry.delivery_count += 1
        if is_last:
            text = f"Message could not be consumed after {entry.delivery_count} delivery attempts."
            self._bury(entry, {"DeadLetterReason": "MaxDeliveryCountExceeded", "DeadLetterErrorDescription": text})
            return
        self._journal.write(Failed(self.name, entry.sequence_number, entry.delivery_count))
        self._unlock(entry)

    def _unlock(self, entry: Entry) -> None:
        if entry.lock:
            self._locked.pop(entry.lock.token, None)
        entry.lock = None
        self._make_available(entry)

    def _bury(self, entry: Entry, properties: Mapping[str, str]) -> None:
        if self.dead_letters is None:
            raise not_allowed(f"A message in '{self.name}' cannot be dead-lettered again.")
        message = with_application_properties(entry.message, properties)
        self.dead_letters.bury(entry, message)
        self._remove(entry)
        self.dead_letters.dispatch()

    def bury(self, entry: Entry, message: Message) -> None:
        """Take a message from the queue this is the dead-letter queue of, with its numbers and its time."""
        it = Entry(message, entry.sequence_number, entry.enqueue_sequence_number, entry.enqueued_ms, delivery_count=entry.delivery_count)
        self._record(self._append(it), to_storage(message))

    def _record(self, entry: Entry, raw: bytes) -> None:
        numbers = entry.sequence_number, entry.enqueue_sequence_number
        self._journal.write(Stored(self.name, *numbers, entry.enqueued_ms, entry.scheduled_ms, entry.delivery_count, raw))

    def _remove(self, entry: Entry) -> None:
        if entry.lock:
            self._locked.pop(entry.lock.token, None)
        self._backlog.remove(entry)
        self._journal.write(Removed(self.name, entry.sequence_number))

    def _scheduled(self, sequence_number: int) -> Entry:
        entry = self._backlog.get(sequence_number)
        if entry is None or entry.scheduled_ms is None:
            raise message_not_found(sequence_number)
        return entry

    def _holding(self, token: uuid.UUID, operation: str | None = None) -> Entry:
        """The entry that a lock holds. With an operation that needs the lock, a fault may end it before its time."""
        self._advance()
        entry = self._locked.get(token)
        if entry is None:
            raise lock_lost()
        if self._mishaps.armed and operation is not None and self._mishaps.happens(Kind.LOCK_LOST, operation, self.name):
            self._fail(entry)
            raise lock_lost()
        return entry

    def _overtaking(self, first: Entry) -> Entry | None:
        """A message that a fault lets go before the first one; it stays among those on offer, where it is skipped later."""
        others = self._backlog.waiting_behind(first, _OVERTAKING)
        if others and self._mishaps.happens(Kind.REORDER, "receive", self.name):
            return self._mishaps.choose(others)
        return None

    def _hand_over(self, entry: Entry, consumer: Consumer) -> None:
        if consumer.deletes:
            self._remove(entry)
            consumer.deliver(entry, None)
            return
        entry.lock = Lock(uuid.uuid4(), self._now_ms() + self._policy.lock_ms)
        self._locked[entry.lock.token] = entry
        self._backlog.set_due(entry, entry.lock.until_ms)
        consumer.deliver(entry, entry.lock)
