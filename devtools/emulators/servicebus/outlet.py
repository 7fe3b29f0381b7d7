"""A link on which the client receives from a queue.

What it does wrong on command is in `mishaps`; it is asked once for each message that is handed out with a lock, and once for each that
is settled.
"""

import asyncio
import logging
import uuid
from collections import Counter
from functools import partial
from typing import Any

from devtools.emulators.servicebus.backlog import Entry
from devtools.emulators.servicebus.calls import Call, settlement_of
from devtools.emulators.servicebus.links import Session
from devtools.emulators.servicebus.message import Lock
from devtools.emulators.servicebus.mishaps import Mishaps, suffer
from devtools.emulators.servicebus.performatives import Fields, rejected
from devtools.emulators.servicebus.queue import Queue
from devtools.emulators.servicebus.refusals import RefusedError, not_implemented
from devtools.emulators.servicebus.settlement import settle
from devtools.emulators.servicebus.values import Described
from devtools.faults.plan import Fault, Kind

log = logging.getLogger(__name__)

_SERIAL = 0xFFFFFFFF


class Outlet:
    """A Consumer with credit."""

    def __init__(
        self, session: Session, handle: int, queue: Queue, *, deletes: bool, operations: Counter[str], mishaps: Mishaps | None = None
    ) -> None:
        self.deletes = deletes
        self._session = session
        self._handle = handle
        self._queue = queue
        self._operations = operations
        self._delivery_count = 0
        self._credit = 0
        self._is_open = True
        self._unsettled: dict[int, uuid.UUID] = {}  # delivery id → lock token
        self._mishaps = mishaps or Mishaps()
        self._late: dict[uuid.UUID, asyncio.TimerHandle] = {}  # lock token → a delivery that a fault holds back; it has its credit
        queue.add_consumer(self)

    def ready(self) -> bool:
        return self._credit > len(self._late) and self._session.can_send()

    def deliver(self, entry: Entry, lock: Lock | None) -> None:
        fault = self._mishaps.at_delivery("receive", self._queue.name) if lock else None
        if fault and lock:
            self._mislay(fault, entry, lock)
        else:
            self._send(entry.wire(lock=lock), lock)

    def _send(self, message: bytes, lock: Lock | None) -> None:
        tag = lock.token.bytes_le if lock else None  # clients read the lock token out of the tag, in this byte order
        delivery_id = self._session.send_message(self._handle, tag, message, settled=self.deletes)
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
            self._recall()
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
        self._is_open = False
        self._queue.remove_consumer(self)
        self._recall()
        self._unsettled.clear()

    def _settle_one(self, delivery_id: int, *, settled: bool, state: Any) -> None:
        token = self._unsettled.pop(delivery_id)
        if state is None and settled:
            return  # the client forgets the delivery; its lock runs out
        operation = settlement_of(state) if self._mishaps.armed else None
        fault = self._mishaps.at_call(operation, self._queue.name, is_answered=not settled) if operation else None
        if fault:
            confirm = partial(self._confirm, delivery_id, settled=settled)
            suffer(fault, Call(lambda: self._outcome(token, state), rejected, confirm, self._session.cut))
        else:
            self._confirm(delivery_id, self._outcome(token, state), settled=settled)

    def _outcome(self, token: uuid.UUID, state: Any) -> Described:
        try:
            operation, answer = settle(self._queue, token, state)
        except RefusedError as refusal:
            log.log(refusal.log_level, "settlement refused", extra={"lock_token": str(token), **refusal.facts})
            return rejected(refusal)
        self._operations[operation] += 1
        return answer

    def _confirm(self, delivery_id: int, state: Described, *, settled: bool) -> None:
        if not settled and self._is_open:
            self._session.send_settled(delivery_id, state)

    def _mislay(self, fault: Fault, entry: Entry, lock: Lock) -> None:
        """A message that was locked for this receiver comes late or never."""
        if fault.kind is Kind.DELAY:
            wait = partial(self._send_late, entry.wire(lock=lock), lock)
            self._late[lock.token] = asyncio.get_running_loop().call_later(fault.seconds or 0.0, wait)
        elif fault.kind is Kind.DROP:
            self._session.cut()
            if not fault.applied:
                self._queue.take_back(lock.token)

    def _send_late(self, message: bytes, lock: Lock) -> None:
        del self._late[lock.token]
        self._send(message, lock)

    def _recall(self) -> None:
        """Nothing more is sent: what is held back goes back to the queue."""
        for token, timer in self._late.items():
            timer.cancel()
            self._queue.take_back(token)
        self._late.clear()
