"""Outbound Messages of the day: late, twice, lost, in any order; tried again while we do not acknowledge them.

A message is written when it is sent, with the values of that moment, and may be under way for as long as a sender waits for its answer.
"""

import heapq
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Final

from devtools.fakes.clock import Clock
from devtools.vendors.salesforce.acknowledgement import Answer, answer_to
from devtools.vendors.salesforce.backlog import VENDOR_SCHEDULE
from devtools.vendors.salesforce.ids import random_id
from devtools.vendors.salesforce.outbound_message import USUALLY_TICKED, Notification, new_action, render
from devtools.vendors.salesforce.records import PretendOrg, Record
from ingestion.sources.source import WebhookRequest, WebhookResponse

KEY: Final = "salesforce-path-key-of-a-simulated-day"
OF_A_LEAD: Final = ("FirstName", "LastName", "Company", "Email", "IsDeleted", "LastModifiedDate", "OwnerId", "Status", "SystemModstamp")
LONGEST_UNDER_WAY_SECONDS: Final = 30.0
HEADERS: Final = {"content-type": "text/xml; charset=UTF-8", "soapaction": '""'}


class OutboundDay:
    """The organization's sender. ``counts`` says how calls went."""

    def __init__(self, org: PretendOrg, clock: Clock, rng: Random, call: Callable[[WebhookRequest], Awaitable[WebhookResponse]]) -> None:
        self.counts: Counter[str] = Counter()
        self.share = 0.5
        """Of the records somebody saved that a message is sent for."""
        self._org = org
        self._clock = clock
        self._rng = rng
        self._call = call
        self._numbers = count()
        self._to_send: list[tuple[datetime, int, str, str, str, int]] = []
        self._under_way: list[tuple[datetime, int, bytes, str, str, str, int]] = []
        fields = {**USUALLY_TICKED, "Lead": OF_A_LEAD}
        self._actions = {name: new_action(name, "http://127.0.0.1/", rng, fields[name]) for name in sorted(fields)}

    def touched(self, record: Record) -> None:
        """Somebody saved it."""
        if record.object_name not in self._actions or self._rng.random() >= self.share:
            return
        if self._rng.random() < 0.1:
            self.counts["webhook lost"] += 1
            return
        late = self._rng.random() < 0.15
        self.counts["webhook late"] += late
        delay = self._rng.uniform(60, 3 * 3600) if late else self._rng.uniform(0, 5)
        notification = random_id("Notification", self._rng)
        if delay < 1:
            self._send(record.object_name, record.id, notification, 0)
        else:
            self._later(self._clock() + timedelta(seconds=delay), record.object_name, record.id, notification, 0)

    async def deliver(self) -> None:
        """Send what is due, and let arrive what is there."""
        while self._to_send and self._to_send[0][0] <= self._clock():
            _, _, object_name, record_id, notification, tries = heapq.heappop(self._to_send)
            self._send(object_name, record_id, notification, tries)
        while self._under_way and self._under_way[0][0] <= self._clock():
            _, _, body, object_name, record_id, notification, tries = heapq.heappop(self._under_way)
            response = await self._call(WebhookRequest(body, HEADERS, {"key": KEY}))
            if answer_to(response.status, response.body.encode()) is Answer.ACKNOWLEDGED:
                self.counts["webhook acknowledged"] += 1
            else:
                self.counts["webhook tried again"] += 1
                pause = VENDOR_SCHEDULE.pause_seconds(tries + 1)
                self._later(self._clock() + timedelta(seconds=pause), object_name, record_id, notification, tries + 1)

    def _later(self, at: datetime, object_name: str, record_id: str, notification: str, tries: int) -> None:
        heapq.heappush(self._to_send, (at, next(self._numbers), object_name, record_id, notification, tries))

    def _send(self, object_name: str, record_id: str, notification: str, tries: int) -> None:
        record = self._org.find(record_id)
        self.counts["webhook of a record that is gone"] += record is None
        body = render(self._org.organization_id, self._actions[object_name], [Notification(notification, record)])
        is_twice = self._rng.random() < 0.15
        self.counts["webhook twice"] += is_twice
        for _ in range(2 if is_twice else 1):
            arrives_at = self._clock() + timedelta(seconds=self._rng.uniform(0, LONGEST_UNDER_WAY_SECONDS))
            heapq.heappush(self._under_way, (arrives_at, next(self._numbers), body, object_name, record_id, notification, tries))
