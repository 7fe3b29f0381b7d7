"""A queue on the bench: the test holds the clock, the receivers and the journal. For tests of queue semantics without sleeping."""

import uuid
from dataclasses import dataclass, field, replace

from devtools.emulators.servicebus.backlog import Entry
from devtools.emulators.servicebus.configuration import QueuePolicy
from devtools.emulators.servicebus.decoding import decode
from devtools.emulators.servicebus.encoding import described, encode
from devtools.emulators.servicebus.message import ANNOTATIONS, APPLICATION_PROPERTIES, DATA, HEADER, PROPERTIES, Lock, parse
from devtools.emulators.servicebus.mishaps import Mishaps
from devtools.emulators.servicebus.queue import Queue
from devtools.emulators.servicebus.records import Record
from devtools.emulators.servicebus.values import Described, Symbol, Timestamp, UInt

START_MS = 1_700_000_000_000
POLICY = QueuePolicy(
    name="orders", lock_ms=30_000, max_delivery_count=3, ttl_ms=3_600_000, dead_letter_on_expiration=True, duplicate_window_ms=None
)


@dataclass(slots=True)
class Clock:
    """Milliseconds since 1970, moved by hand."""

    ms: int = START_MS

    def __call__(self) -> int:
        return self.ms


@dataclass(slots=True)
class Receiver:
    """A Consumer that takes `credit` messages and keeps them."""

    credit: int = 1_000_000
    deletes: bool = False
    entries: list[Entry] = field(default_factory=list)
    locks: list[Lock | None] = field(default_factory=list)

    def ready(self) -> bool:
        return self.credit > 0

    def deliver(self, entry: Entry, lock: Lock | None) -> None:
        self.credit -= 1
        self.entries.append(entry)
        self.locks.append(lock)

    @property
    def token(self) -> uuid.UUID:
        """The lock token of the last delivery."""
        lock = self.locks[-1]
        if lock is None:
            raise LookupError("the last delivery was not locked")
        return lock.token

    @property
    def bodies(self) -> list[str]:
        return [body_of(entry) for entry in self.entries]


@dataclass(slots=True)
class Recorder:
    """A Journal that keeps what it is told."""

    records: list[Record] = field(default_factory=list)

    def write(self, record: Record) -> None:
        self.records.append(record)


@dataclass(slots=True)
class Bench:
    """One queue with its dead-letter queue."""

    policy: QueuePolicy = POLICY
    clock: Clock = field(default_factory=Clock)
    journal: Recorder = field(default_factory=Recorder)
    mishaps: Mishaps | None = None
    queue: Queue = field(init=False)
    dead_letters: Queue = field(init=False)

    def __post_init__(self) -> None:
        endless = replace(self.policy, name="orders/$DeadLetterQueue", max_delivery_count=None, ttl_ms=None, duplicate_window_ms=None)
        self.dead_letters = Queue(endless, now_ms=self.clock, journal=self.journal, mishaps=self.mishaps)
        self.queue = Queue(self.policy, now_ms=self.clock, journal=self.journal, dead_letters=self.dead_letters, mishaps=self.mishaps)

    def send(self, *bodies: str, message_id: str | None = None, ttl_ms: int | None = None, scheduled_ms: int | None = None) -> None:
        """Send and hand out."""
        for body in bodies:
            raw = message_bytes(body, message_id=message_id, ttl_ms=ttl_ms, scheduled_ms=scheduled_ms)
            self.queue.send(parse(raw), raw)
        self.queue.dispatch()

    def schedule(self, body: str, at_ms: int, *, message_id: str | None = None) -> int:
        raw = message_bytes(body, message_id=message_id, scheduled_ms=at_ms)
        return self.queue.schedule(parse(raw), raw)

    def receiver(self, *, credit: int = 1_000_000, deletes: bool = False, dead: bool = False) -> Receiver:
        """A new receiver on the queue (`dead`: on its dead-letter queue), which gets at once what is there."""
        receiver = Receiver(credit=credit, deletes=deletes)
        queue = self.dead_letters if dead else self.queue
        queue.add_consumer(receiver)
        queue.dispatch()
        return receiver

    def wait(self, milliseconds: int) -> None:
        self.clock.ms += milliseconds
        self.queue.dispatch()

    def peeked(self, *, dead: bool = False) -> list[str]:
        return [body_of(entry) for entry in (self.dead_letters if dead else self.queue).peek(0, 1_000)]


def message_bytes(
    body: str,
    *,
    message_id: str | None = None,
    ttl_ms: int | None = None,
    scheduled_ms: int | None = None,
    properties: dict[str, str] | None = None,
) -> bytes:
    """A message as a client writes it; sections that would be empty are left out."""
    sections = []
    if ttl_ms is not None:
        sections.append(described(HEADER, encode([True, None, UInt(ttl_ms)])))
    if scheduled_ms is not None:
        sections.append(described(ANNOTATIONS, encode({Symbol("x-opt-scheduled-enqueue-time"): Timestamp(scheduled_ms)})))
    if message_id is not None:
        sections.append(described(PROPERTIES, encode([message_id])))
    if properties:
        sections.append(described(APPLICATION_PROPERTIES, encode(properties)))
    return b"".join([*sections, described(DATA, encode(body.encode()))])


def body_of(entry: Entry) -> str:
    """The text in a message's data section."""
    at, rest = 0, entry.message.rest
    while at < len(rest):
        section, at = decode(rest, at)
        if isinstance(section, Described) and section.descriptor == DATA:
            return str(section.value, "utf-8")
    raise LookupError("the message has no data section")
