"""Timers of a host process by the real clock: every second, missed, shared by two hosts, and moved."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from devtools.faults.report import Report
from devtools.host.process import running_host
from tests.integration.hosts import lines, seen, until, write_app, write_plan

pytestmark = pytest.mark.integration

HEAD = """
import logging
import azure.functions as func

app = func.FunctionApp()
log = logging.getLogger("app")
"""
EVERY_SECOND = (
    HEAD
    + """
@app.timer_trigger(arg_name="timer", schedule="%SCHEDULE%")
async def tick(timer: func.TimerRequest) -> None:
    log.info("tick", extra={"past_due": timer.past_due, "status": timer.schedule_status})
"""
)
HOURLY = (
    HEAD
    + """
@app.timer_trigger(arg_name="timer", schedule="0 0 * * * *")
async def hourly(timer: func.TimerRequest) -> None:
    log.info("hourly", extra={"past_due": timer.past_due, "status": timer.schedule_status})


@app.timer_trigger(arg_name="timer", schedule="0 0 * * * *", run_on_startup=True, use_monitor=False)
@app.retry(strategy="fixed_delay", max_retry_count="2", delay_interval="00:00:00")
async def starting(timer: func.TimerRequest, context: func.Context) -> None:
    log.info("starting", extra={"retry": context.retry_context.retry_count, "status": timer.schedule_status})
    raise ValueError("on purpose")
"""
)
SCHEDULE = {"SCHEDULE": "* * * * * *"}


async def test_a_timer_of_every_second_runs_by_the_clock_with_an_empty_status_because_it_is_not_monitored(tmp_path: Path) -> None:
    async with running_host(write_app(tmp_path / "app", EVERY_SECOND), SCHEDULE, state=tmp_path / "state") as host:
        await until(lambda: len(lines(host, "tick")) >= 3)

    moments = [datetime.fromisoformat(line["time"]) for line in lines(host, "tick")]
    assert moments[2] - moments[0] > timedelta(seconds=0.5)  # three runs are in three seconds of the clock, however late each is
    assert (seen(host, "tick", "past_due")[0], seen(host, "tick", "status")[0]) == (False, {})


async def test_of_two_hosts_with_one_state_folder_one_runs_a_timer_and_the_other_when_it_was_killed(tmp_path: Path) -> None:
    app_dir, state = write_app(tmp_path / "app", EVERY_SECOND), tmp_path / "state"

    async with running_host(app_dir, SCHEDULE, state=state) as first, running_host(app_dir, SCHEDULE, state=state) as second:
        await until(lambda: lines(first, "tick") or lines(second, "tick"))
        running, waiting = (first, second) if lines(first, "tick") else (second, first)
        await until(lambda: len(lines(running, "tick")) >= 3)
        ran_beside = lines(waiting, "tick")
        await running.kill()
        await until(lambda: lines(waiting, "tick"))

    assert ran_beside == []


async def test_a_missed_run_is_started_past_due_at_the_next_start_and_a_start_up_run_is_repeated_by_its_retry_policy(
    tmp_path: Path,
) -> None:
    app_dir, state = write_app(tmp_path / "app", HOURLY), tmp_path / "state"
    (state / "timers").mkdir(parents=True)
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    last, missed = hour - timedelta(hours=3), hour - timedelta(hours=2)
    kept = {"Last": last.isoformat(), "Next": missed.isoformat(), "LastUpdated": last.isoformat()}
    (state / "timers" / "hourly.json").write_text(json.dumps(kept))

    async with running_host(app_dir, {}, state=state) as host:
        await until(lambda: lines(host, "hourly") and len(lines(host, "starting")) == 3)
        await until(lambda: json.loads((state / "timers" / "hourly.json").read_text()) != kept)

    assert (seen(host, "hourly", "past_due")[0], seen(host, "hourly", "status")[0]) == (True, kept)
    assert (seen(host, "starting", "retry"), seen(host, "starting", "status")[0]) == ([0, 1, 2], {})


async def test_a_disabled_timer_runs_by_hand_alone(tmp_path: Path) -> None:
    witness = EVERY_SECOND.replace("def tick", "def witness").replace('"tick"', '"witness"').replace(HEAD, "")
    settings = {**SCHEDULE, "AzureWebJobs.tick.Disabled": "1"}

    async with running_host(write_app(tmp_path / "app", EVERY_SECOND + witness), settings) as host, aiohttp.ClientSession() as http:
        await until(lambda: len(lines(host, "witness")) >= 2)
        by_itself = lines(host, "tick")
        async with http.post(f"{host.url}/admin/functions/tick", json={}) as answer:
            status = answer.status
        await until(lambda: lines(host, "tick"))

    assert (by_itself, status) == ([], 202)


async def test_a_clock_moved_on_command_changes_what_the_timers_record_says(tmp_path: Path) -> None:
    app_dir = write_app(tmp_path / "app", EVERY_SECOND)
    plan = write_plan(tmp_path / "plan.json", {"kind": "clock-moved", "operation": "timer", "target": "tick", "seconds": 7200})
    record, now = tmp_path / "state" / "timers" / "tick.json", datetime.now(UTC)
    other_minutes = ",".join(str(minute) for minute in range(60) if minute != (now.minute + 30) % 60)
    every_second_but_monitored = {"SCHEDULE": f"* {other_minutes} * * * *"}

    async with running_host(app_dir, every_second_but_monitored, state=tmp_path / "state", faults=plan) as host:
        await until(lambda: lines(host, "tick"))
        await until(lambda: datetime.fromisoformat(json.loads(record.read_text())["Last"]) > now + timedelta(hours=1.9))

    assert Report.read(plan).has_proven
