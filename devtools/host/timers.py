"""Runs one timer by the clock, as the timer extension does (Azure's webjobs extensions, TimerListener and ScheduleMonitor).

Runs of one timer never overlap: the next one is reckoned from the moment the last one **began**, so an occurrence that passed during a
slow run is made up for at once, but only one. A failure changes nothing. A run missed while no host was there is started with ``past_due``
when one comes; a schedule that was changed in between is not past due. ``run_on_startup`` runs at every start. The wait is by a clock that
cannot be moved; whoever sets the wall clock back gets the next run when it would have come, and its record counts from the planned time.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from azure.functions.meta import Datum

from devtools.host.monitor import Monitor, Status
from devtools.host.schedules import Schedule

NO_TIME: Final = datetime(1, 1, 1, tzinfo=UTC)
"""What stands for a time that never was, as in .NET."""


@dataclass(frozen=True)
class Clock:
    """``now`` is the wall clock, in UTC; ``sleep`` takes seconds."""

    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class Timer:
    """``run`` runs the function, with its retries; what comes of it does not matter here. No ``monitor`` keeps no record."""

    def __init__(
        self,
        schedule: Schedule,
        run: Callable[[Datum], Awaitable[object]],
        clock: Clock,
        *,
        monitor: Monitor | None = None,
        is_run_on_startup: bool = False,
    ) -> None:
        self._schedule = schedule
        self._run = run
        self._clock = clock
        self._monitor = monitor
        self._is_run_on_startup = is_run_on_startup
        self._status = Status(NO_TIME, NO_TIME, NO_TIME)

    async def tick(self) -> None:
        """Run for ever; cancel it to stop."""
        is_past_due = self._start()
        if is_past_due or self._is_run_on_startup:
            await self._invoke(is_past_due=is_past_due, is_planned=False)
        while True:
            await self._clock.sleep(max(0.0, (self._status.next - self._clock.now()).total_seconds()))
            await self._invoke(is_past_due=False, is_planned=True)

    def _start(self) -> bool:
        """Find out where the schedule stands, and whether a run was missed."""
        now = self._clock.now()
        kept = self._monitor.read() if self._monitor else None
        if kept is None:
            self._keep(Status(NO_TIME, self._schedule.next_after(now), now))
            return False
        since = kept.last if kept.last > NO_TIME else kept.last_updated if kept.last_updated > NO_TIME else now
        expected = self._schedule.next_after(since)
        if kept.next == expected:
            self._status = kept
        elif now > expected:
            self._keep(Status(NO_TIME, self._schedule.next_after(now), now))
        else:
            self._keep(Status(NO_TIME, expected, since))
        return now > self._status.next

    async def _invoke(self, *, is_past_due: bool, is_planned: bool) -> None:
        began = self._clock.now()
        await self._run(timer_datum(self._status if self._monitor else None, is_past_due=is_past_due))
        if is_planned and self._status.next > began:  # woken a moment early: without this the same run would come twice
            began = self._status.next
        self._keep(Status(began, self._schedule.next_after(began), began))

    def _keep(self, status: Status) -> None:
        self._status = status
        if self._monitor:
            self._monitor.write(status)


def timer_datum(status: Status | None = None, *, is_past_due: bool = False) -> Datum:
    """What a timer's function is given."""
    info = {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": status and status.plain(), "IsPastDue": is_past_due}
    return Datum(json.dumps(info), "json")
