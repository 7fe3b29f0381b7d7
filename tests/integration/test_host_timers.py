"""Timers of a host process by the real clock: every second, missed, shared by two hosts, and moved."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from devtools.faults.report import Report
from devtools.host.process import RunningHost, running_host
from tests.integration.hosts import lines, seen, until, write_app, write_plan
from tests.plugins.together import Scenes, Together

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

TICK = """
import logging
import azure.functions as func

app = func.FunctionApp()
log = logging.getLogger("app")


@app.timer_trigger(arg_name="timer", schedule="%SCHEDULE%")
async def tick(timer: func.TimerRequest) -> None:
    log.info("tick", extra={"past_due": timer.past_due, "status": timer.schedule_status})
"""
APP = (
    TICK
    + """

@app.timer_trigger(arg_name="timer", schedule="%SCHEDULE%")
async def off(timer: func.TimerRequest) -> None:
    log.info("off")


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
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Bench:
    """A host of ``APP``, and the folder where its timers are remembered; ``kept`` is what was known of ``hourly`` before."""

    host: RunningHost
    state: Path
    kept: dict[str, str]
    folder: Path


together = Together()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def scenes(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scenes]:
    folder = tmp_path_factory.mktemp("hosts")
    state = folder / "state"
    (state / "timers").mkdir(parents=True)
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    kept = {"Last": (now - 3 * HOUR).isoformat(), "Next": (now - 2 * HOUR).isoformat(), "LastUpdated": (now - 3 * HOUR).isoformat()}
    (state / "timers" / "hourly.json").write_text(json.dumps(kept))
    off = {"AzureWebJobs.off.Disabled": "1"}
    async with (
        running_host(write_app(folder / "app", APP), SCHEDULE | off, state=state) as host,
        together.started(Bench(host, state, kept, folder)) as started,
    ):
        yield started


@together
async def test_a_timer_of_every_second_runs_by_the_clock_with_an_empty_status_because_it_is_not_monitored(bench: Bench) -> None:
    await until(lambda: len(lines(bench.host, "tick")) >= 3)

    moments = [datetime.fromisoformat(line["time"]) for line in lines(bench.host, "tick")]
    assert moments[2] - moments[0] > timedelta(seconds=0.5)  # three runs are in three seconds of the clock, however late each is
    assert (seen(bench.host, "tick", "past_due")[0], seen(bench.host, "tick", "status")[0]) == (False, {})


@together
async def test_a_disabled_timer_runs_by_hand_alone(bench: Bench) -> None:
    await until(lambda: len(lines(bench.host, "tick")) >= 2)
    by_itself = lines(bench.host, "off")
    async with aiohttp.ClientSession() as http, http.post(f"{bench.host.url}/admin/functions/off", json={}) as answer:
        status = answer.status
    await until(lambda: lines(bench.host, "off"))

    assert (by_itself, status) == ([], 202)


@together
async def test_a_missed_run_is_started_past_due_at_the_next_start_and_a_start_up_run_is_repeated_by_its_retry_policy(bench: Bench) -> None:
    await until(lambda: lines(bench.host, "hourly") and len(lines(bench.host, "starting")) == 3)
    await until(lambda: json.loads((bench.state / "timers" / "hourly.json").read_text()) != bench.kept)

    assert (seen(bench.host, "hourly", "past_due")[0], seen(bench.host, "hourly", "status")[0]) == (True, bench.kept)
    assert (seen(bench.host, "starting", "retry"), seen(bench.host, "starting", "status")[0]) == ([0, 1, 2], {})


@together
async def test_of_two_hosts_with_one_state_folder_one_runs_a_timer_and_the_other_when_it_was_killed(bench: Bench) -> None:
    app_dir, state = write_app(bench.folder / "two", TICK), bench.folder / "one-state"

    async with running_host(app_dir, SCHEDULE, state=state) as first, running_host(app_dir, SCHEDULE, state=state) as second:
        await until(lambda: lines(first, "tick") or lines(second, "tick"))
        running, waiting = (first, second) if lines(first, "tick") else (second, first)
        await until(lambda: len(lines(running, "tick")) >= 2)
        ran_beside = lines(waiting, "tick")
        await running.kill()
        await until(lambda: lines(waiting, "tick"))

    assert ran_beside == []


@together
async def test_a_clock_moved_on_command_changes_what_the_timers_record_says(bench: Bench) -> None:
    state = bench.folder / "moved-state"
    plan = write_plan(bench.folder / "plan.json", {"kind": "clock-moved", "operation": "timer", "target": "tick", "seconds": 7200})
    record, now = state / "timers" / "tick.json", datetime.now(UTC)
    other_minutes = ",".join(str(minute) for minute in range(60) if minute != (now.minute + 30) % 60)
    every_second_but_monitored = {"SCHEDULE": f"* {other_minutes} * * * *"}

    async with running_host(write_app(bench.folder / "moved", TICK), every_second_but_monitored, state=state, faults=plan) as host:
        await until(lambda: lines(host, "tick"))
        await until(lambda: datetime.fromisoformat(json.loads(record.read_text())["Last"]) > now + 1.9 * HOUR)

    assert Report.read(plan).has_proven
