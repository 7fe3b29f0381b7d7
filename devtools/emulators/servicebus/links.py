"""The broker's end of a client's links: Intake (the client sends), Outlet (it receives from a queue), Replies (it gets answers)."""

import logging
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol

from devtools.emulators.servicebus.backlog import Entry
from devtools.emulators.servicebus.management import MAX_MESSAGE_BYTES
from devtools.emulators.servicebus.message import BATCH_FORMAT, Lock, parse, split_batch
from devtools.emulators.servicebus.performatives import ACCEPTED, DISPOSITION, TRANSACTIONAL_STATE, Fields, outcome, rejected
from devtools.emulators.servicebus.queue import Queue
from devtools.emulators.servicebus.refusals import RefusedError, message_too_large, not_implemented
from devtools.emulators.servicebus.settlement import settle
from devtools.emulators.servicebus.values import Described, UInt

log = logging.getLogger(__name__)

INTAKE_CREDIT = 1000
_SERIAL = 0xFFFFFFFF


class Session(Protocol):
    """The session a link lives in, as the link sees it."""

    def send(self, code: int, /, **fields: Any) -> None: ...
    def send_flow(self, *, handle: int, delivery_count: int, credit: int, drain: bool) -> None: ...
    def send_message(self, handle: int, tag: bytes, message: bytes, *, settled: bool) -> int: ...
    def can_send(self) -> bool: ...


class Link(Protocol):
    """What the session asks of any link."""

    def transfer(self, fields: Fields, payload: bytes) -> None: ...
    def flow(self, fields: Fields) -> None: ...
    def close(self) -> None: ...


class Intake:
    """A link on which the client sends. `take` gets each whole message with its message-format, and raises RefusedError."""

    def __init__(self, session: Session, handle: int, take: Callable[[bytes, int], None]) -> None:
        self._session = session
        self._handle = handle
        self._take = take
        self._delivery_count = 0
        self._credit = INTAKE_CREDIT
        self._first: Fields = {}  # the fields of a delivery's first transfer; later ones may leave them out
        self._parts: list[bytes] = []
        self._size_bytes = 0

    def open(self, initial_delivery_count: int) -> None:
        self._delivery_count = initial_delivery_count
        self._grant()

    def transfer(self, fields: Fields, payload: bytes) -> None:
        self._first = self._first or fields
        self._size_bytes += len(payload)
        if self._size_bytes <= MAX_MESSAGE_BYTES:  # what is too large is counted, not kept
            self._parts.append(payload)
        if fields["more"]:  # more transfers of this delivery follow
            return
        aborted = fields["aborted"]
        first, message, size_bytes = self._first, b"".join(self._parts), self._size_bytes
        self._first, self._parts, self._size_bytes = {}, [], 0
        self._delivery_count = (self._delivery_count + 1) & _SERIAL
        self._credit -= 1
        if self._credit < INTAKE_CREDIT // 2:
            self._grant()
        if not aborted:
            state = self._outcome(first, message, size_bytes)
            if not (first["settled"] or fields["settled"]):
                delivery_id = UInt(first["delivery_id"])
                self._session.send(DISPOSITION, role=True, first=delivery_id, last=delivery_id, settled=True, state=state)

    def flow(self, fields: Fields) -> None:
        if fields["echo"]:
            self._grant()

    def close(self) -> None: ...

    def _grant(self) -> None:
        self._credit = INTAKE_CREDIT
        self._session.send_flow(handle=self._handle, delivery_count=self._delivery_count, credit=INTAKE_CREDIT, drain=False)

    def _outcome(self, first: Fields, message: bytes, size_bytes: int) -> Described:
        try:
            if size_bytes > MAX_MESSAGE_BYTES:
                raise message_too_large(size_bytes, MAX_MESSAGE_BYTES)
            if isinstance(first["state"], Described) and first["state"].descriptor == TRANSACTIONAL_STATE:
                raise not_implemented("Sending inside a transaction")
            self._take(message, first["message_format"] or 0)
        except RefusedError as refusal:
            log.info("message refused", extra={"condition": refusal.condition})
            return rejected(refusal)
        return outcome(ACCEPTED)


class Outlet:
    """A link on which the client receives from a queue: a Consumer with credit."""

    def __init__(self, session: Session, handle: int, queue: Queue, *, deletes: bool, operations: Counter[str]) -> None:
        self.deletes = deletes
        self._session = session
        self._handle = handle
        self._queue = queue
        self._operations = operations
        self._delivery_count = 0
        self._credit = 0
        self._unsettled: dict[int, uuid.UUID] = {}  # delivery id → lock token
        queue.add_consumer(self)

    def ready(self) -> bool:
        return self._credit > 0 and self._session.can_send()

    def deliver(self, entry: Entry, lock: Lock | None) -> None:
        tag = (lock.token if lock else uuid.uuid4()).bytes_le  # clients read the lock token out of the tag, in this byte order
        delivery_id = self._session.send_message(self._handle, tag, entry.wire(lock=lock), settled=self.deletes)
        self._delivery_count = (self._delivery_count + 1) & _SERIAL
        self._credit -= 1
        self._operations["receive"] += 1
        if lock:
            self._unsettled[delivery_id] = lock.token

    def flow(self, fields: Fields) -> None:
        granted = ((fields["delivery_count"] or 0) + (fields["link_credit"] or 0) - self._delivery_count) & _SERIAL
        self._credit = granted if granted < 1 << 31 else 0
        self._queue.dispatch()
        drain = bool(fields["drain"])
        if drain:
            self._delivery_count = (self._delivery_count + self._credit) & _SERIAL
            self._credit = 0
        if drain or fields["echo"]:
            self._session.send_flow(handle=self._handle, delivery_count=self._delivery_count, credit=self._credit, drain=drain)

    def settle(self, first: int, last: int, *, settled: bool, state: Any) -> None:
        """Apply a disposition to those of its deliveries that are this link's."""
        span = (last - first) & _SERIAL
        asked = range(first, first + span + 1) if span < len(self._unsettled) else list(self._unsettled)
        for number in asked:
            delivery_id = number & _SERIAL
            if ((delivery_id - first) & _SERIAL) <= span and delivery_id in self._unsettled:
                self._settle_one(delivery_id, settled=settled, state=state)
        self._queue.dispatch()

    def transfer(self, fields: Fields, payload: bytes) -> None:
        raise not_implemented("A transfer on a link that receives")

    def close(self) -> None:
        """A late disposition must not settle any more; the locks stay, and can be settled through `$management`."""
        self._queue.remove_consumer(self)
        self._unsettled.clear()

    def _settle_one(self, delivery_id: int, *, settled: bool, state: Any) -> None:
        token = self._unsettled.pop(delivery_id)
        if state is None and settled:
            return  # the client forgets the delivery; its lock runs out
        try:
            operation, answer = settle(self._queue, token, state)
            self._operations[operation] += 1
        except RefusedError as refusal:
            log.info("settlement refused", extra={"condition": refusal.condition, "lock_token": str(token)})
            answer = rejected(refusal)
        if not settled:
            self._session.send(DISPOSITION, role=False, first=UInt(delivery_id), last=UInt(delivery_id), settled=True, state=answer)


class Replies:
    """A link on which the client gets answers. Clients grant 10,000 credits once and never again, so credit is not counted."""

    def __init__(self, session: Session, handle: int) -> None:
        self._session = session
        self._handle = handle

    def send(self, message: bytes) -> None:
        self._session.send_message(self._handle, uuid.uuid4().bytes, message, settled=True)

    def flow(self, fields: Fields) -> None: ...

    def transfer(self, fields: Fields, payload: bytes) -> None:
        raise not_implemented("A transfer on a link that receives")

    def close(self) -> None: ...


def take_into(queue: Queue, operations: Counter[str]) -> Callable[[bytes, int], None]:
    """The `take` of an Intake that feeds a queue. A batch is taken whole or, if any message in it is malformed, not at all."""

    def take(payload: bytes, message_format: int) -> None:
        messages = [(parse(raw), raw) for raw in (split_batch(payload) if message_format == BATCH_FORMAT else [payload])]
        for message, raw in messages:
            if queue.send(message, raw) is None:
                operations["duplicates-dropped"] += 1
        operations["send"] += 1
        operations["sent-messages"] += len(messages)
        queue.dispatch()

    return take
