"""A queue's history by chance: senders, receivers, time, faults, crashes; and a ledger of what was promised in it.

Nothing is promised before the turn it happened in is in the journal; what a crash took with it before that never happened. A stored
message is known by its enqueue sequence number, which it keeps through scheduling, dead-lettering and restarts.
"""

import contextlib
import os
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

from devtools.emulators.servicebus.backlog import Entry
from devtools.emulators.servicebus.bench import POLICY, START_MS, Receiver, body_of, message_bytes
from devtools.emulators.servicebus.configuration import QueuePolicy
from devtools.emulators.servicebus.journal import FILE_NAME, FileJournal
from devtools.emulators.servicebus.message import parse
from devtools.emulators.servicebus.mishaps import ABILITIES, AT, Mishaps
from devtools.emulators.servicebus.queue import Queue
from devtools.emulators.servicebus.refusals import RefusedError
from devtools.faults.injector import Injector
from devtools.faults.plan import Fault, Kind

FAULTS: Final = (
    Fault(at=AT, kind=Kind.LOCK_LOST, share=0.05),
    Fault(at=AT, kind=Kind.DUPLICATE, operation="send", share=0.04),
    Fault(at=AT, kind=Kind.DUPLICATE, operation="schedule", share=0.1),
    Fault(at=AT, kind=Kind.DUPLICATE, operation="complete", share=0.1),
    Fault(at=AT, kind=Kind.REORDER, share=0.3),
    Fault(at=AT, kind=Kind.DISK_FULL, share=0.01),
    Fault(at=AT, kind=Kind.CLOCK_MOVED, operation="tick", seconds=50, share=0.04),
    Fault(at=AT, kind=Kind.CLOCK_MOVED, operation="tick", seconds=-300, share=0.04),
)
POLICIES: Final = (
    POLICY,
    replace(POLICY, dead_letter_on_expiration=False, ttl_ms=120_000),
    replace(POLICY, duplicate_window_ms=60_000, max_delivery_count=2),
)
ACTIONS: Final[dict[str, int]] = {
    "send": 30,
    "schedule": 6,
    "cancel": 3,
    "receive": 25,
    "receive and delete": 2,
    "receive dead": 4,
    "settle": 40,
    "wait": 10,
    "turn": 40,
    "crash": 3,
}


@dataclass(eq=False)
class Held:
    """One delivery a receiver has: the lock may be gone."""

    number: int
    token: uuid.UUID
    is_dead: bool


@dataclass
class Ledger:
    """What was promised. `expires_ms`: the moment from which a message may be gone by itself."""

    stored: dict[int, str] = field(default_factory=dict)
    expires_ms: dict[int, int] = field(default_factory=dict)
    ended: dict[int, list[str]] = field(default_factory=dict)
    failures: Counter[int] = field(default_factory=Counter)
    taken_until_ms: dict[str, int] = field(default_factory=dict)
    """Until when a message id is a duplicate."""
    turn: list[Callable[[], None]] = field(default_factory=list)

    def store(self, number: int, body: str, expires_ms: int) -> None:
        assert number not in self.stored, f"the number {number} was given twice"
        self.stored[number] = body
        self.expires_ms[number] = expires_ms

    def end(self, number: int, how: str) -> None:
        self.ended.setdefault(number, []).append(how)

    def fail(self, number: int) -> None:
        self.failures[number] += 1

    def take(self, message_id: str, until_ms: int) -> None:
        self.taken_until_ms[message_id] = until_ms

    def keep(self) -> None:
        """The turn is in the journal."""
        for change in self.turn:
            change()
        self.turn.clear()


class History:
    """Plays `play(steps)`, then `finish()` empties the queues; the ledger says how each message ended."""

    def __init__(self, seed: int, directory: Path) -> None:
        self.rng = Random(seed)
        self.injector = Injector(AT, ABILITIES, faults=FAULTS, seed=seed)
        self.mishaps = Mishaps(self.injector)
        self.policy: QueuePolicy = POLICIES[seed % len(POLICIES)]
        self.ledger = Ledger()
        self.counts: Counter[str] = Counter()
        self.held: list[Held] = []
        self.scheduled: list[int] = []
        self.latest_ms = self.ms = START_MS
        self.fired: dict[Fault, int] = {}
        self._restarts_at_last = seed % 2 == 1
        self._directory = directory
        self._open()

    def now(self) -> int:
        now = self.ms + self.mishaps.moved_ms
        self.latest_ms = max(self.latest_ms, now)
        return now

    def play(self, steps: int) -> None:
        for step in range(steps):
            [action] = self.rng.choices(list(ACTIONS), list(ACTIONS.values()))
            self.counts[action] += 1
            with contextlib.suppress(RefusedError):  # a lock that is gone, a message that is not scheduled any more
                self._do(action, step)

    def finish(self) -> None:
        """No more faults: what is left is due, received, and counted."""
        self._turn()
        self.fired = self.injector.fired
        self.injector._armed.clear()
        if self._restarts_at_last:
            self._again()
        self.ms += self.latest_ms - self.now() + 90_000  # the clock may have been set back: past every moment it was ever told of
        for is_dead, how in ((False, "completed"), (True, "dead-lettered")):
            for entry in self._received(Receiver(deletes=True), is_dead=is_dead).entries:
                self.ledger.end(entry.enqueue_sequence_number, how)
        assert self.queue.message_count + self.dead_letters.message_count == 0
        self._close()

    # --- what happens

    def _do(self, action: str, step: int) -> None:
        match action:
            case "send" | "schedule":
                self._send(f"m{step}", action)
            case "cancel" if self.scheduled:
                number = self.scheduled.pop(self.rng.randrange(len(self.scheduled)))
                self.queue.cancel([number])
                self.ledger.turn.append(lambda: self.ledger.end(number, "cancelled"))
            case "receive" | "receive dead":
                self._receive(is_dead=action == "receive dead")
            case "receive and delete":
                for entry in self._received(Receiver(credit=1, deletes=True)).entries:
                    self._ends(entry.enqueue_sequence_number, "completed")
            case "settle" if self.held:
                self._settle(self.held.pop(self.rng.randrange(len(self.held))))
            case "wait":
                self.ms += self.rng.choice((10, 5_000, 31_000))
                self.mishaps.happens(Kind.CLOCK_MOVED, "tick")
                self.queue.dispatch()
            case "turn":
                self._turn()
            case "crash":
                self._crash()

    def _send(self, body: str, operation: str) -> None:
        now = self.now()
        ttl_ms = self.rng.choice((None, None, 20_000, 90_000))
        later = operation == "schedule" or self.rng.random() < 0.1
        scheduled_ms = now + self.rng.randrange(90_000) if later else None
        message_id = f"id-{self.rng.randrange(200)}"
        raw = message_bytes(body, message_id=message_id, ttl_ms=ttl_ms, scheduled_ms=scheduled_ms)
        before, waiting = self.injector.count(Kind.DUPLICATE), self.queue.message_count
        number = self.queue.schedule(parse(raw), raw) if operation == "schedule" else self.queue.send(parse(raw), raw)
        if number is None or self.queue.message_count == waiting:
            self.counts["dropped as a duplicate"] += 1
            return
        self._is_rightly_accepted(message_id)
        if operation == "schedule":
            self.scheduled.append(number)
        expires_ms = (scheduled_ms or now) + min(ttl_ms or 10**9, self.policy.ttl_ms or 10**9)
        for copy in range(1 + self.injector.count(Kind.DUPLICATE) - before):
            self.ledger.turn.append(partial(self.ledger.store, number + copy, body, expires_ms))

    def _receive(self, *, is_dead: bool) -> None:
        receiver = self._received(Receiver(credit=self.rng.randrange(1, 4)), is_dead=is_dead)
        for entry, lock in zip(receiver.entries, receiver.locks, strict=True):
            assert lock is not None
            self.held.append(Held(entry.enqueue_sequence_number, lock.token, is_dead))

    def _settle(self, held: Held) -> None:
        queue = self.dead_letters if held.is_dead else self.queue
        before = self.injector.count(Kind.DUPLICATE)
        match self.rng.choice(("complete", "complete", "complete", "abandon", "release", "dead-letter", "renew", "forget")):
            case "complete":
                queue.complete(held.token)
                if self.injector.count(Kind.DUPLICATE) == before:  # else it was only said to be gone
                    self._ends(held.number, "dead-lettered" if held.is_dead else "completed")
            case "abandon":
                queue.abandon(held.token)
                self.ledger.turn.append(lambda: self.ledger.fail(held.number))
            case "release":
                queue.release(held.token)
            case "dead-letter":
                queue.dead_letter(held.token, {"DeadLetterReason": "by chance"})
            case "renew":
                queue.renew(held.token)
                self.held.append(held)

    def _turn(self) -> None:
        try:
            self._journal.flush()
        except OSError:  # the disk is full: the broker ends without a word
            self.counts["disk full"] += 1
            self._again()
        else:
            self.ledger.keep()

    def _crash(self) -> None:
        path = self._directory / FILE_NAME
        match self.rng.choice(("before writing", "while writing", "before answering")):
            case "while writing":
                size_bytes = path.stat().st_size
                with contextlib.suppress(OSError):
                    self._journal.flush()
                written_bytes = path.stat().st_size - size_bytes
                os.truncate(path, size_bytes + self.rng.randrange(written_bytes) if written_bytes else size_bytes)
            case "before answering":
                self._turn()
        self._again()

    # --- the broker

    def _again(self) -> None:
        """Killed, and started from its journal. Receivers still believe in their locks."""
        self.ledger.turn.clear()
        self._close()
        self._open()

    def _open(self) -> None:
        mishaps = self.mishaps
        self._journal = FileJournal(self._directory, now_ms=self.now(), mishaps=mishaps)
        endless = replace(self.policy, name="orders/$DeadLetterQueue", max_delivery_count=None, ttl_ms=None, duplicate_window_ms=None)
        self.dead_letters = Queue(endless, now_ms=self.now, journal=self._journal, mishaps=mishaps)
        self.queue = Queue(self.policy, now_ms=self.now, journal=self._journal, dead_letters=self.dead_letters, mishaps=mishaps)
        for queue in (self.queue, self.dead_letters):
            if snapshot := self._journal.snapshots.get(queue.name):
                queue.restore(snapshot)

    def _close(self) -> None:
        self._journal.close()

    def _received(self, receiver: Receiver, *, is_dead: bool = False) -> Receiver:
        queue = self.dead_letters if is_dead else self.queue
        queue.add_consumer(receiver)
        queue.dispatch()
        queue.remove_consumer(receiver)
        for entry in receiver.entries:
            self._is_rightly_delivered(entry)
        return receiver

    def _is_rightly_delivered(self, entry: Entry) -> None:
        number = entry.enqueue_sequence_number
        assert number not in self.ledger.ended, f"message {number} had ended: {self.ledger.ended[number]}"
        assert self.ledger.stored.get(number, body_of(entry)) == body_of(entry)

        assert entry.delivery_count >= self.ledger.failures[number]

    def _is_rightly_accepted(self, message_id: str) -> None:
        if window_ms := self.policy.duplicate_window_ms:
            assert self.ledger.taken_until_ms.get(message_id, 0) <= self.latest_ms, f"{message_id} was taken"
            until_ms = self.now() + window_ms
            self.ledger.turn.append(lambda: self.ledger.take(message_id, until_ms))

    def _ends(self, number: int, how: str) -> None:
        self.ledger.turn.append(lambda: self.ledger.end(number, how))
