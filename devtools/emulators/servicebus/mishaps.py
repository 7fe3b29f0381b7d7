"""What the stand-in does wrong on command: the faults of a plan (`devtools.faults`) that are meant for `service-bus`.

Which operation can meet what; `x` at the wire, `q` inside the queue:

    operation                        target    drop  delay  refuse  timeout  lock-lost  duplicate  reorder  disk-full  clock-moved
    connect (a TCP connection)       none      x     x      .       x        .          .          .        .          x
    claim (a token at $cbs)          queue     x     x      x       x        .          .          .        .          x
    open (a link to a queue)         queue     x     x      x       x        .          .          .        .          x
    send, schedule                   queue     x     x      x       x        .          q          .        .          x
    complete                         queue     x     x      x       x        q          q          .        .          x
    abandon, dead-letter, release    queue     x     x      x       x        q          .          .        .          x
    renew-lock                       queue     x     x      x       x        q          .          .        .          x
    peek, cancel                     queue     x     x      x       x        .          .          .        .          x
    receive (with a lock)            queue     x     x      .       x        .          .          q        .          x
    journal (one write of a turn)    none      .     .      .       .        .          .          .        q          .
    tick (50 in a second)            none      .     .      .       .        .          .          .        .          x

A dead-letter queue is a target of its own: `orders/$DeadLetterQueue`. A target in the table's second column that says none is empty.

What is meant, where it is not obvious:
- drop: the connection is cut; with `applied` the call was carried out and is in the journal. On `receive` the message is free again at
  once or, with `applied`, stays locked for the receiver that never saw it.
- delay: carried out now, answered later; nobody else waits. A message delayed on `receive` is locked from the start.
- timeout: on `receive` the message is locked and never arrives, whether `applied` is said or not.
- refuse: `variant` names the condition where the status alone does not (503: server-busy, or internal-error).
- lock-lost: the delivery has failed, as when the lock ran out: counted, and available again or dead-lettered.
- duplicate: on `send` and `schedule` each message that is taken is stored once more, past duplicate detection; on `complete` the client is
  told that the message is gone, and it comes once more. Only where the delivery count leaves room for that delivery.
- reorder: another of the waiting messages overtakes the first one.
- disk-full: a part of the block is written, as a real disk does. The broker ends. Not without a journal.
- clock-moved: sending in the past or future changes nothing that was promised, only when it happens. Clients keep their own clock.

A batch is one `send` at the wire, and for `duplicate` as many as it holds. Settling without waiting for an answer (release on close)
can be dropped, but not delayed, refused or left open.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Final, TypeVar

from devtools.emulators.servicebus.calls import Call
from devtools.emulators.servicebus.refusals import RefusedError
from devtools.faults.injector import Abilities, Injector
from devtools.faults.plan import Fault, Kind, PlanInvalid

AT: Final = "service-bus"

Item = TypeVar("Item")
Answer = TypeVar("Answer")

_ASKED: Final = ("send", "schedule", "complete", "abandon", "dead-letter", "release", "renew-lock", "peek", "cancel", "claim", "open")
_SETTLED: Final = ("complete", "abandon", "dead-letter", "release", "renew-lock")
OPERATIONS: Final[Mapping[Kind, Collection[str]]] = {
    Kind.DROP: (*_ASKED, "receive", "connect"),
    Kind.DELAY: (*_ASKED, "receive", "connect"),
    Kind.REFUSE: _ASKED,
    Kind.TIMEOUT: (*_ASKED, "receive", "connect"),
    Kind.LOCK_LOST: _SETTLED,
    Kind.DUPLICATE: ("send", "schedule", "complete"),
    Kind.REORDER: ("receive",),
    Kind.DISK_FULL: ("journal",),
    Kind.CLOCK_MOVED: (*_ASKED, "receive", "connect", "tick"),
}
"""Which operations can meet a kind: the table above."""

CONDITIONS: Final[Mapping[str, str]] = {
    "server-busy": "com.microsoft:server-busy",
    "internal-error": "amqp:internal-error",
    "entity-disabled": "com.microsoft:entity-disabled",
    "quota-exceeded": "amqp:resource-limit-exceeded",
    "detach-forced": "amqp:link:detach-forced",
}
"""The variants of refuse."""

STATUSES: Final[Mapping[int, str]] = {
    400: "com.microsoft:argument-error",
    401: "amqp:unauthorized-access",
    403: CONDITIONS["quota-exceeded"],
    404: "amqp:not-found",
    408: "com.microsoft:timeout",
    410: "com.microsoft:message-lock-lost",
    413: "amqp:link:message-size-exceeded",
    429: CONDITIONS["server-busy"],
    500: CONDITIONS["internal-error"],
    503: CONDITIONS["server-busy"],
    504: "com.microsoft:timeout",
}
"""What a status is in AMQP. Azure documentation, "AMQP errors in Azure Service Bus"."""

ABILITIES: Final[Abilities] = {kind: tuple(CONDITIONS) if kind is Kind.REFUSE else () for kind in OPERATIONS}

_ANSWERED: Final = frozenset({Kind.DROP, Kind.DELAY, Kind.REFUSE, Kind.TIMEOUT})
_DELIVERED: Final = frozenset({Kind.DROP, Kind.DELAY, Kind.TIMEOUT})
_UNANSWERED: Final = frozenset({Kind.DROP})


class Mishaps:
    """The faults of one broker; none, without an injector.

    Raises:
        PlanInvalid: a fault that no operation can meet, a status without a condition, a full disk without a journal.
    """

    def __init__(self, injector: Injector | None = None, *, has_journal: bool = True) -> None:
        self._injector = injector
        self.armed = injector is not None
        """Whether it is worth asking; hot places look here first."""
        for fault in injector.fired if injector else ():
            _check(fault, has_journal=has_journal)

    @property
    def moved_ms(self) -> int:
        """By how much the clock was moved."""
        return round(self._injector.moved_seconds * 1000) if self._injector else 0

    def happens(self, kind: Kind, operation: str, queue: str = "") -> bool:
        """Whether this has to be done now."""
        return self._injector is not None and self._injector.strike(operation, queue, kinds={kind}) is not None

    def choose(self, items: Sequence[Item]) -> Item:
        """One of them, by the plan's seed."""
        if self._injector is None:
            return items[0]
        return self._injector.rng.choice(items)

    def at_call(self, operation: str, queue: str, *, is_answered: bool = True) -> Fault | None:
        """What a client's call meets at the wire: drop, delay, refuse or timeout. The clock may jump, too."""
        return self._at_wire(operation, queue, _ANSWERED if is_answered else _UNANSWERED)

    def at_delivery(self, operation: str, queue: str = "") -> Fault | None:
        """What something meets that cannot be refused: drop, delay or timeout."""
        return self._at_wire(operation, queue, _DELIVERED)

    def meet(self, operation: str, queue: str, call: Call[Answer]) -> None:
        """Carry out and answer a call, unless it meets something."""
        if fault := self.at_call(operation, queue):
            suffer(fault, call)
        else:
            call.answer(call.carry_out())

    def _at_wire(self, operation: str, queue: str, kinds: Collection[Kind]) -> Fault | None:
        if self._injector is None:
            return None
        self.happens(Kind.CLOCK_MOVED, operation, queue)
        return self._injector.strike(operation, queue, kinds=kinds)


def suffer(fault: Fault, call: Call[Answer]) -> None:
    """Do to a call what its fault says."""
    if fault.kind is Kind.DELAY:
        asyncio.get_running_loop().call_later(fault.seconds or 0.0, call.answer, call.carry_out())
        return
    if fault.applied:
        call.carry_out()
    if fault.kind is Kind.DROP:
        call.cut()
    elif fault.kind is Kind.REFUSE:
        call.answer(call.refuse(refusal_of(fault)))


def refusal_of(fault: Fault) -> RefusedError:
    """What the stand-in says no with."""
    status = fault.status or 500
    wait = "" if fault.retry_after_seconds is None else f" Try again in {fault.retry_after_seconds:g} seconds."
    condition = CONDITIONS[fault.variant] if fault.variant else STATUSES[status]
    return RefusedError(condition, status, f"The fault plan refuses this call with {status}.{wait}")


def _check(fault: Fault, *, has_journal: bool) -> None:
    operations = OPERATIONS.get(fault.kind, ())
    if not any(fnmatchcase(operation, fault.operation) for operation in operations):
        raise PlanInvalid(f"{fault.summary}: only these can meet it: {', '.join(sorted(operations))}")
    if fault.kind is Kind.REFUSE and fault.variant is None and fault.status not in STATUSES:
        raise PlanInvalid(f"{fault.summary}: it knows the statuses {', '.join(str(status) for status in STATUSES)}, or a variant")
    if fault.kind is Kind.DISK_FULL and not has_journal:
        raise PlanInvalid(f"{fault.summary}: there is no journal without a data directory")
