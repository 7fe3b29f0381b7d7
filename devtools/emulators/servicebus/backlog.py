"""The messages of one queue, ordered three ways: by number, by availability, by the moment something happens to them.

All three orders are lazy. A heap or the list may name messages that are gone or have changed since; they are skipped when they
come up, and each order is rebuilt when more than half of it is stale. So every operation costs O(log n) and a queue of fifty
thousand messages is peeked, received and settled as fast as a short one.
"""

from bisect import bisect_left
from dataclasses import dataclass
from heapq import heappop, heappush

from devtools.emulators.servicebus.message import ACTIVE, SCHEDULED, Lock, Message, Stamp, to_wire


@dataclass(slots=True, eq=False)
class Entry:
    """A message in a queue, with what changes about it. `due_ms`: the one moment at which something happens to it."""

    message: Message
    sequence_number: int
    enqueue_sequence_number: int
    enqueued_ms: int
    scheduled_ms: int | None = None
    delivery_count: int = 0
    expires_ms: int | None = None
    lock: Lock | None = None
    due_ms: int | None = None

    @property
    def available(self) -> bool:
        return self.lock is None and self.scheduled_ms is None

    def wire(self, *, lock: Lock | None) -> bytes:
        """The message as it is handed out, with the lock the receiver gets (none for peek, and receive and delete)."""
        state = ACTIVE if self.scheduled_ms is None else SCHEDULED
        stamp = Stamp(self.sequence_number, self.enqueue_sequence_number, self.enqueued_ms, state, self.delivery_count, lock)
        return to_wire(self.message, stamp)


class Backlog:
    """Entries by sequence number. A number belongs to one message at most, ever."""

    def __init__(self) -> None:
        self._entries: dict[int, Entry] = {}
        self._order: list[int] = []  # sequence numbers, ascending
        self._available: list[int] = []  # heap of sequence numbers
        self._due: list[tuple[int, int]] = []  # heap of (moment, sequence number)

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, sequence_number: int) -> Entry | None:
        return self._entries.get(sequence_number)

    def add(self, entry: Entry) -> None:
        """Put an entry where its number belongs; that is the end, except in a dead-letter queue."""
        number = entry.sequence_number
        self._entries[number] = entry
        if self._order and number < self._order[-1]:
            self._order.insert(bisect_left(self._order, number), number)
        else:
            self._order.append(number)

    def remove(self, entry: Entry) -> None:
        del self._entries[entry.sequence_number]
        if len(self._order) > 2 * len(self._entries) + 64:
            self._order = [number for number in self._order if number in self._entries]

    def from_number(self, sequence_number: int, count: int) -> list[Entry]:
        """Up to `count` entries from that number on, in order."""
        found: list[Entry] = []
        for index in range(bisect_left(self._order, sequence_number), len(self._order)):
            if len(found) >= count:
                break
            if entry := self._entries.get(self._order[index]):
                found.append(entry)
        return found

    def offer(self, entry: Entry) -> None:
        """The entry may be taken from now on."""
        heappush(self._available, entry.sequence_number)

    def first_available(self) -> Entry | None:
        """The available entry with the lowest number; it stays where it is until `take`."""
        while self._available:
            entry = self._entries.get(self._available[0])
            if entry is not None and entry.available:
                return entry
            heappop(self._available)
        return None

    def take(self) -> None:
        """Remove what `first_available` has just returned from what is on offer."""
        heappop(self._available)

    def waiting_behind(self, first: Entry, limit: int) -> list[Entry]:
        """Up to `limit` other available entries, in no order that means anything."""
        found: dict[int, Entry] = {}
        for number in self._available:
            entry = self._entries.get(number)
            if entry is not None and entry is not first and entry.available:
                found[number] = entry
            if len(found) >= limit:
                break
        return list(found.values())

    def set_due(self, entry: Entry, due_ms: int | None) -> None:
        """Replace the entry's moment; None: nothing will happen to it by itself."""
        entry.due_ms = due_ms
        if due_ms is None:
            return
        heappush(self._due, (due_ms, entry.sequence_number))
        if len(self._due) > 2 * len(self._entries) + 64:
            self._due = sorted((it.due_ms, it.sequence_number) for it in self._entries.values() if it.due_ms is not None)

    def next_due(self, now: int) -> Entry | None:
        """An entry whose moment has come, once; None when there is none left."""
        while self._due and self._due[0][0] <= now:
            due_ms, sequence_number = heappop(self._due)
            entry = self._entries.get(sequence_number)
            if entry is not None and entry.due_ms == due_ms:
                return entry
        return None
