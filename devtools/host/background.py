"""What runs without being asked: the pumps of queues and change feeds, and the timers."""

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from azure.functions.meta import Datum

from devtools.host.bus import pump_of
from devtools.host.function import ChangesTrigger, FunctionState, HostedFunction, QueueTrigger, TimerTrigger
from devtools.host.hostjson import ServiceBusLimits
from devtools.host.invocations import Call
from devtools.host.monitor import Monitor, owned
from devtools.host.output import say
from devtools.host.runs import Runner
from devtools.host.schedules import read_schedule
from devtools.host.timers import Clock, Timer
from devtools.host.traces import new_trace

_BROKEN_TIMER_SECONDS: Final = 5.0


class Background:
    """``works`` are to be run as tasks; each of ``has_tried`` is set once its work has tried to connect."""

    def __init__(self, runner: Runner, limits: ServiceBusLimits, state_folder: Path | None) -> None:
        self._runner = runner
        self._limits = limits
        self._state_folder = state_folder
        self.works: list[Coroutine[Any, Any, None]] = []
        self.has_tried: list[asyncio.Event] = []
        self.problems: dict[str, str] = {}
        """Functions that cannot read what they are triggered by now, and why."""

    def add(self, states: Sequence[FunctionState]) -> None:
        """The work of those functions that run."""
        for state in states:
            match state.trigger:
                case _ if state.state != "running":
                    pass
                case QueueTrigger() as trigger:
                    queue = pump_of(state.function, trigger, self._limits, self._runner, say)
                    self._add(queue.run(), queue.has_tried)
                case ChangesTrigger() as trigger:
                    self._add_changes(state.function, trigger)
                case TimerTrigger() as trigger:
                    self._add(self._run_timer(state.function, trigger))

    def _add(self, work: Coroutine[Any, Any, None], *has_tried: asyncio.Event) -> None:
        self.works.append(work)
        self.has_tried += has_tried

    def _add_changes(self, function: HostedFunction, trigger: ChangesTrigger) -> None:
        from devtools.host.cosmos import change_feed_pump  # noqa: PLC0415 - the SDK is loaded only where a function needs it

        feed = change_feed_pump(function, trigger, self._runner, self._clock(), self.problems)
        self._add(feed.run(), feed.has_tried)

    def _clock(self) -> Clock:
        return Clock(lambda: datetime.now(UTC) + timedelta(seconds=self._runner.mishaps.moved_seconds))

    async def _run_timer(self, function: HostedFunction, trigger: TimerTrigger) -> None:
        name, schedule = function.name, read_schedule(trigger.schedule)
        await owned(self._state_folder, name)

        async def run(data: Datum) -> None:
            await self._runner.run_with_retries(Call(function, data, new_trace()), "timer")

        async def sleep(seconds: float) -> None:
            await asyncio.sleep(seconds)
            self._runner.mishaps.strike("timer", name, "clock-moved")

        is_monitored = trigger.is_monitored and not schedule.is_below_one_minute
        monitor = Monitor(self._state_folder, name) if is_monitored else None
        timer = Timer(schedule, run, Clock(self._clock().now, sleep), monitor=monitor, is_run_on_startup=trigger.is_run_on_startup)
        while True:
            try:
                await timer.tick()
            except OSError as error:
                say(f"timer {name}: its record cannot be kept, trying on ({error})")
                await asyncio.sleep(_BROKEN_TIMER_SECONDS)
