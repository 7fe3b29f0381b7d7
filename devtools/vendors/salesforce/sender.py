"""Outbound Messages on their way: an organization's queue, its calls and its retries.

At least once, in no order, several messages in flight. Surprising, and true of the vendor: a message carries the values its records
have when it is sent, a retry those they have by then; a 200 is no acknowledgement unless its body is one; a notification that was
not acknowledged within a day is dropped and nobody is told but the log. Lacks: client certificates, the pool shared with other
organizations of an instance, the preference for fast endpoints, failed messages kept for an administrator.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from random import Random
from types import TracebackType
from typing import Self

import aiohttp

from devtools.faults.injector import Injector
from devtools.faults.plan import Kind
from devtools.vendors.salesforce.acknowledgement import Answer, answer_to
from devtools.vendors.salesforce.backlog import VENDOR_SCHEDULE, Backlog, Pending, RetrySchedule
from devtools.vendors.salesforce.faults import SENDING, no_faults
from devtools.vendors.salesforce.ids import random_id
from devtools.vendors.salesforce.ledger import Delivery, Ledger, State
from devtools.vendors.salesforce.outbound_message import (
    AS_SALESFORCE_WRITES,
    NOTIFICATIONS_PER_MESSAGE,
    Action,
    Form,
    Notification,
    render,
)
from devtools.vendors.salesforce.records import PretendOrg

log = logging.getLogger(__name__)

HEADERS = {"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""'}


class OutboundMessages:
    """``async with OutboundMessages(org, rng) as messages``: sends while the block runs; what then waits stays in ``ledger`` as waiting.

    ``clock`` gives seconds, ``sleep`` waits for seconds of that clock; ``answer_timeout_seconds`` is real time, as calls are.
    At most ``messages_in_flight`` messages are under way at once (a duplicate rides along with its message).
    """

    def __init__(
        self,
        org: PretendOrg,
        rng: Random,
        *,
        schedule: RetrySchedule = VENDOR_SCHEDULE,
        faults: Injector | None = None,
        form: Form = AS_SALESFORCE_WRITES,
        notifications_per_message: int = NOTIFICATIONS_PER_MESSAGE,
        messages_in_flight: int = 5,
        answer_timeout_seconds: float = 60.0,  # Salesforce help, "Considerations for Outbound Messages"
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.ledger = Ledger()
        self._org = org
        self._rng = rng
        self._schedule = schedule
        self._faults = faults or no_faults()
        self._form = form
        self._notifications_per_message = notifications_per_message
        self._messages_in_flight = messages_in_flight
        self._answer_timeout = aiohttp.ClientTimeout(total=answer_timeout_seconds)
        self._clock = clock
        self._sleep = sleep
        self._backlog = Backlog(self._faults)
        self._calls = count(1)
        self._in_flight = 0
        self._woken = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(timeout=self._answer_timeout)
        self._sending = asyncio.create_task(self._send_what_is_due())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._sending.cancel()
        await asyncio.wait({self._sending})
        await self._http.close()
        if error is None and not self._sending.cancelled():
            self._sending.result()  # it ends by itself only with an error

    def notify(self, action: Action, record_ids: Sequence[str]) -> list[str]:
        """Queues one notification per record, for the action's object, and returns their ids. Raises KeyError for a record not there."""
        records = [self._org.record(record_id) for record_id in record_ids]
        if any(record.object_name != action.object_name for record in records):
            raise ValueError(f"action {action.id} is for {action.object_name}")
        now = self._clock()
        queued = [Pending(random_id("Notification", self._rng), action, record.id, notified_at=now) for record in records]
        for pending in queued:
            self.ledger.notified(pending.notification_id, pending.record_id)
            self._backlog.add(pending, due_at=now)
        if queued:
            self._idle.clear()
            self._woken.set()
        return [pending.notification_id for pending in queued]

    async def settled(self, timeout_seconds: float) -> None:
        """Returns when every notification is acknowledged or dropped. Raises TimeoutError, in real seconds, saying how many are not."""
        waiter = asyncio.create_task(self._idle.wait())
        try:
            await asyncio.wait({waiter, self._sending}, timeout=timeout_seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiter.cancel()
        if self._sending.done():
            self._sending.result()
        if not self._idle.is_set():
            raise TimeoutError(f"not settled after {timeout_seconds} s: {self.ledger.counts()[State.WAITING]} notifications still wait")

    async def _send_what_is_due(self) -> None:
        async with asyncio.TaskGroup() as calls:
            while True:
                self._woken.clear()
                while self._in_flight < self._messages_in_flight:
                    batch = self._backlog.take(self._clock(), self._notifications_per_message)
                    if not batch:
                        break
                    self._in_flight += 1
                    calls.create_task(self._send(batch, next(self._calls)))
                await self._until_woken_or_due()

    async def _until_woken_or_due(self) -> None:
        due_in_seconds = self._backlog.seconds_until_due(self._clock()) if self._in_flight < self._messages_in_flight else None
        waits: set[asyncio.Future[object]] = {asyncio.ensure_future(self._woken.wait())}
        if due_in_seconds is not None:
            waits.add(asyncio.ensure_future(self._sleep(due_in_seconds)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _send(self, batch: Sequence[Pending], call: int) -> None:
        object_name = batch[0].action.object_name
        if delay := self._faults.strike(SENDING, object_name, kinds={Kind.DELAY}):
            await self._sleep(delay.seconds or 0.0)
        for pending in batch:
            pending.tries += 1
        duplicate = self._faults.strike(SENDING, object_name, kinds={Kind.DUPLICATE})
        answers = await asyncio.gather(*(self._call(batch, call) for _ in range(2 if duplicate else 1)))
        if Answer.ACKNOWLEDGED not in answers:
            self._try_again_later(batch)
        self._in_flight -= 1
        self._woken.set()
        if not self._in_flight and not len(self._backlog):
            self._idle.set()

    async def _call(self, batch: Sequence[Pending], call: int) -> Answer:
        action = batch[0].action
        notifications = [Notification(pending.notification_id, self._org.find(pending.record_id)) for pending in batch]
        body = render(self._org.organization_id, action, notifications, self._form)
        drop = self._faults.strike(SENDING, action.object_name, kinds={Kind.DROP})
        is_sent = drop is None or drop.applied
        answer, http_status = await self._post(action.endpoint_url, body) if is_sent else (Answer.NO_ANSWER, None)
        if answer is Answer.ACKNOWLEDGED and drop is not None:
            answer = Answer.ACKNOWLEDGEMENT_LOST
        for pending, notification in zip(batch, notifications, strict=True):
            self.ledger.delivered(
                Delivery(
                    call=call,
                    notification_id=pending.notification_id,
                    record_id=pending.record_id,
                    object_name=action.object_name,
                    action_id=action.id,
                    attempt=pending.tries,
                    system_modstamp=notification.record.system_modstamp if notification.record else None,
                    answer=answer,
                    http_status=http_status,
                )
            )
        return answer

    async def _post(self, url: str, body: bytes) -> tuple[Answer, int | None]:
        try:
            async with self._http.post(url, data=body, headers=HEADERS, allow_redirects=False) as response:
                return answer_to(response.status, await response.read()), response.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            return Answer.NO_ANSWER, None

    def _try_again_later(self, batch: Sequence[Pending]) -> None:
        now = self._clock()
        dropped = 0
        for pending in batch:
            due_at = now + self._schedule.pause_seconds(pending.tries)
            if due_at - pending.notified_at <= self._schedule.dropped_after_seconds:
                self._backlog.add(pending, due_at)
            else:
                self.ledger.dropped(pending.notification_id)
                dropped += 1
        if dropped:
            log.warning("notifications dropped", extra={"organization": self._org.organization_id, "dropped": dropped})
