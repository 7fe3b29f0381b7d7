"""Timers under a clock that is moved by hand: nobody sleeps."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from azure.functions.meta import Datum

from devtools.host.monitor import Monitor
from devtools.host.schedules import read_schedule
from devtools.host.timers import Clock, Timer

NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


class FakeClock:
    """Sleeping moves it. It stops the timer when it has reached the end."""

    def __init__(self, start: datetime, end: datetime) -> None:
        self.time = start
        self.end = end

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        if self.time > self.end:
            raise asyncio.CancelledError


class Runs:
    """What the function was given, when, and how long it took."""

    def __init__(self, clock: FakeClock, *takes_seconds: float) -> None:
        self._clock = clock
        self._takes_seconds = list(takes_seconds)
        self.given: list[dict[str, Any]] = []
        self.began: list[str] = []

    async def __call__(self, data: Datum) -> None:
        self.began.append(f"{self._clock.time:%H:%M:%S}")
        self.given.append(json.loads(data.value))
        self._clock.time += timedelta(seconds=self._takes_seconds.pop(0) if self._takes_seconds else 0)


async def run(
    schedule: str,
    *takes_seconds: float,
    start: datetime = NOON,
    minutes: float = 20,
    monitor: Monitor | None = None,
    is_run_on_startup: bool = False,
    sleep: Callable[[FakeClock], Callable[[float], Any]] = lambda clock: clock.sleep,
) -> Runs:
    """Everything a timer does in so many minutes."""
    clock = FakeClock(start, start + timedelta(minutes=minutes))
    runs = Runs(clock, *takes_seconds)
    timer = Timer(read_schedule(schedule), runs, Clock(clock.now, sleep(clock)), monitor=monitor, is_run_on_startup=is_run_on_startup)
    with suppress(asyncio.CancelledError):
        await timer.tick()
    return runs


async def test_a_timer_runs_whenever_it_is_due_and_not_at_its_start() -> None:
    runs = await run("0 */5 * * * *", start=NOON + timedelta(seconds=1))

    assert runs.began == ["12:05:00", "12:10:00", "12:15:00", "12:20:00"]


async def test_a_slow_run_delays_the_next_which_never_overlaps_and_is_made_up_for_once() -> None:
    runs = await run("0 */5 * * * *", 12 * 60)

    assert runs.began == ["12:05:00", "12:17:00", "12:20:00"]


async def test_without_a_monitor_the_status_is_empty_and_with_one_it_tells_last_next_and_when_it_was_reckoned() -> None:
    unmonitored = await run("0 */5 * * * *", minutes=5)
    monitored = await run("0 */5 * * * *", minutes=10, monitor=Monitor(None, "tick"))

    assert unmonitored.given == [{"Schedule": {"AdjustForDST": True}, "ScheduleStatus": None, "IsPastDue": False}]
    assert [given["ScheduleStatus"] for given in monitored.given] == [
        {"Last": "0001-01-01T00:00:00+00:00", "Next": "2026-11-22T12:05:00+00:00", "LastUpdated": "2026-11-22T12:00:00+00:00"},
        {"Last": "2026-11-22T12:05:00+00:00", "Next": "2026-11-22T12:10:00+00:00", "LastUpdated": "2026-11-22T12:05:00+00:00"},
    ]


async def test_a_run_missed_while_no_host_was_there_is_started_past_due_once_with_the_status_of_before(tmp_path: Path) -> None:
    await run("0 */5 * * * *", minutes=6, monitor=Monitor(tmp_path, "tick"))

    later = await run("0 */5 * * * *", start=NOON + timedelta(minutes=32), minutes=5, monitor=Monitor(tmp_path, "tick"))

    assert later.began == ["12:32:00", "12:35:00"]
    assert [given["IsPastDue"] for given in later.given] == [True, False]
    assert later.given[0]["ScheduleStatus"] == {
        "Last": "2026-11-22T12:05:00+00:00",
        "Next": "2026-11-22T12:10:00+00:00",
        "LastUpdated": "2026-11-22T12:05:00+00:00",
    }


async def test_a_new_timer_that_dies_before_its_first_run_is_past_due_all_the_same(tmp_path: Path) -> None:
    await run("0 */5 * * * *", minutes=1, monitor=Monitor(tmp_path, "tick"))

    later = await run("0 */5 * * * *", start=NOON + timedelta(minutes=7), minutes=1, monitor=Monitor(tmp_path, "tick"))

    assert (later.began, later.given[0]["IsPastDue"]) == (["12:07:00"], True)


async def test_a_restart_before_the_next_run_is_not_past_due(tmp_path: Path) -> None:
    await run("0 */5 * * * *", minutes=6, monitor=Monitor(tmp_path, "tick"))

    later = await run("0 */5 * * * *", start=NOON + timedelta(minutes=8), minutes=3, monitor=Monitor(tmp_path, "tick"))

    assert (later.began, later.given[0]["IsPastDue"]) == (["12:10:00"], False)


async def test_a_changed_schedule_is_not_past_due(tmp_path: Path) -> None:
    await run("0 */5 * * * *", minutes=6, monitor=Monitor(tmp_path, "tick"))

    later = await run("0 */7 * * * *", start=NOON + timedelta(minutes=32), minutes=4, monitor=Monitor(tmp_path, "tick"))

    assert (later.began, later.given[0]["IsPastDue"]) == (["12:35:00"], False)


async def test_a_damaged_record_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "timers").mkdir()
    (tmp_path / "timers" / "tick.json").write_text('{"Last": ')

    runs = await run("0 */5 * * * *", minutes=5, monitor=Monitor(tmp_path, "tick"))

    assert (runs.began, runs.given[0]["IsPastDue"]) == (["12:05:00"], False)


async def test_run_on_startup_runs_at_every_start_and_then_by_the_schedule() -> None:
    runs = await run("0 */5 * * * *", start=NOON + timedelta(minutes=1), minutes=5, is_run_on_startup=True)

    assert runs.began == ["12:01:00", "12:05:00"]


async def test_a_timer_that_wakes_early_does_not_run_twice_for_one_occurrence() -> None:
    def too_short(clock: FakeClock) -> Callable[[float], Any]:
        return lambda seconds: clock.sleep(max(seconds - 0.25, 0.0))

    runs = await run("0 */5 * * * *", minutes=11, sleep=too_short, monitor=Monitor(None, "tick"))

    assert runs.began == ["12:04:59", "12:09:59"]
    assert runs.given[1]["ScheduleStatus"]["Last"] == "2026-11-22T12:05:00+00:00"


async def test_a_clock_set_forwards_skips_what_it_jumped_over_and_one_set_back_runs_when_it_would_have() -> None:
    jumps = [timedelta(minutes=17), timedelta(minutes=-30), timedelta(), timedelta(), timedelta()]

    def moved(clock: FakeClock) -> Callable[[float], Any]:
        async def sleep(seconds: float) -> None:
            await clock.sleep(seconds)
            clock.time += jumps.pop(0)

        return sleep

    runs = await run("0 */5 * * * *", minutes=36, sleep=moved)

    assert runs.began == ["12:22:00", "11:55:00", "12:30:00", "12:35:00"]
