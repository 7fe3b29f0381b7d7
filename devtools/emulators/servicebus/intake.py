"""A link on which the client sends.

What it does wrong on command is in `mishaps`; it is asked once for each delivery, whole and before it is taken.
"""

import logging
from collections import Counter
from collections.abc import Callable

from devtools.emulators.servicebus.calls import Call
from devtools.emulators.servicebus.links import Session
from devtools.emulators.servicebus.management import MAX_MESSAGE_BYTES
from devtools.emulators.servicebus.message import BATCH_FORMAT, parse, split_batch
from devtools.emulators.servicebus.mishaps import Mishaps, suffer
from devtools.emulators.servicebus.performatives import ACCEPTED, DISPOSITION, TRANSACTIONAL_STATE, Fields, outcome, rejected
from devtools.emulators.servicebus.queue import Queue
from devtools.emulators.servicebus.refusals import RefusedError, message_too_large, not_implemented
from devtools.emulators.servicebus.values import Described, UInt

log = logging.getLogger(__name__)

INTAKE_CREDIT = 1000
_SERIAL = 0xFFFFFFFF


class Intake:
    """`take` gets each whole message with its message-format, and raises RefusedError; `target` is what fault plans call its queue."""

    def __init__(
        self, session: Session, handle: int, take: Callable[[bytes, int], None], *, mishaps: Mishaps | None = None, target: str = ""
    ) -> None:
        self._session = session
        self._handle = handle
        self._take = take
        self._mishaps = mishaps or Mishaps()
        self._target = target
        self._is_open = True
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
        if payload and self._size_bytes <= MAX_MESSAGE_BYTES:  # what is too large is counted, not kept
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
            self._take_delivery(first, message, size_bytes, is_settled=bool(first["settled"] or fields["settled"]))

    def flow(self, fields: Fields) -> None:
        if fields["echo"]:
            self._grant()

    def close(self) -> None:
        self._is_open = False

    def _grant(self) -> None:
        self._credit = INTAKE_CREDIT
        self._session.send_flow(handle=self._handle, delivery_count=self._delivery_count, credit=INTAKE_CREDIT, drain=False)

    def _take_delivery(self, first: Fields, message: bytes, size_bytes: int, *, is_settled: bool) -> None:
        def answer(state: Described) -> None:
            if not is_settled and self._is_open:
                delivery_id = UInt(first["delivery_id"])
                self._session.send(DISPOSITION, role=True, first=delivery_id, last=delivery_id, settled=True, state=state)

        if fault := self._mishaps.at_call("send", self._target, is_answered=not is_settled):
            suffer(fault, Call(lambda: self._outcome(first, message, size_bytes), rejected, answer, self._session.cut))
        else:
            answer(self._outcome(first, message, size_bytes))

    def _outcome(self, first: Fields, message: bytes, size_bytes: int) -> Described:
        try:
            if size_bytes > MAX_MESSAGE_BYTES:
                raise message_too_large(size_bytes, MAX_MESSAGE_BYTES)
            if isinstance(first["state"], Described) and first["state"].descriptor == TRANSACTIONAL_STATE:
                raise not_implemented("Sending inside a transaction")
            self._take(message, first["message_format"] or 0)
        except RefusedError as refusal:
            log.log(refusal.log_level, "message refused", extra=refusal.facts)
            return rejected(refusal)
        return outcome(ACCEPTED)


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
