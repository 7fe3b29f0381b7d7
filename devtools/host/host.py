"""Puts the parts together: settings, app, listeners, the table, and the end."""

import asyncio
import contextvars
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from devtools.host.admin import Admin
from devtools.host.app import load_app
from devtools.host.bus import pump_of
from devtools.host.context import in_host_half
from devtools.host.function import FunctionState, HostedFunction, HttpTrigger, QueueTrigger, TimerTrigger
from devtools.host.hostjson import HostJson, read_host_json
from devtools.host.invocations import Invoker
from devtools.host.routes import RouteInvalid, compile_route
from devtools.host.schedules import ScheduleInvalid, check_schedule
from devtools.host.settings import SettingMissing, connection_string, is_disabled, resolve
from devtools.host.web import WebListener

_FIRST_CONNECT_SECONDS = 5.0
_STOP_SECONDS = 2.0


class PortTaken(Exception):
    """Another process listens on the port."""


def say(line: str) -> None:
    """A line of the host's own, for people; the app's log lines are JSON."""
    print(f"host: {line}", flush=True)


async def run_host(app_dir: Path, port: int, settings: Mapping[str, str], stop: asyncio.Event) -> None:
    """Load the app and serve it until ``stop`` is set.

    Raises:
        AppRefused: zero functions.
        PortTaken: see there.
    """
    before_import = contextvars.copy_context()
    host_json = read_host_json(app_dir / "host.json")
    # A task of its own, so that context variables set at import stay there, as in the worker.
    functions = await asyncio.create_task(load_app(app_dir))
    states = [state_of(function, host_json, settings) for function in functions]
    print(table(states), flush=True)

    invoker = Invoker(str(app_dir), before_import)
    listener = WebListener(states, prefix=host_json.route_prefix, invoker=invoker, admin=Admin(states, invoker))
    try:
        bound_port = await listener.start(port)
    except OSError as error:
        await listener.stop()
        raise PortTaken(f"port {port} cannot be used ({error.strerror}). Stop what listens there, or pass --port with another") from error
    await _pump_until(stop, states, host_json, invoker, f"ready on http://127.0.0.1:{bound_port}")
    await listener.stop()


async def _pump_until(stop: asyncio.Event, states: Sequence[FunctionState], host_json: HostJson, invoker: Invoker, ready: str) -> None:
    queues = [state for state in states if state.state == "running" and isinstance(state.function.trigger, QueueTrigger)]
    pumps = [pump_of(state, host_json.service_bus, invoker, say) for state in queues]
    host_half = contextvars.copy_context()
    host_half.run(in_host_half.set, True)  # noqa: FBT003 - ContextVar.set takes its value by position
    tasks = [asyncio.create_task(pump.run(), context=host_half.copy()) for pump in pumps]
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.gather(*(pump.has_tried.wait() for pump in pumps)), _FIRST_CONNECT_SECONDS)
    say(ready)
    await stop.wait()
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=_STOP_SECONDS)


def state_of(function: HostedFunction, host_json: HostJson, settings: Mapping[str, str]) -> FunctionState:
    """What becomes of a loaded function here; a fault of one leaves the others running."""
    trigger = function.trigger
    try:
        address, broker = _address(trigger, host_json, settings)
        if function.signature.outputs:
            return FunctionState(function, address, "error", f"output bindings are not imitated ({', '.join(function.signature.outputs)})")
        if function.signature.returns not in {"", "http"}:
            return FunctionState(function, address, "error", f"output bindings are not imitated ({function.signature.returns})")
    except (SettingMissing, ScheduleInvalid, RouteInvalid) as fault:
        return FunctionState(function, _raw_address(trigger), "error", str(fault))
    if is_disabled(function.name, settings):
        return FunctionState(function, address, "disabled")
    return FunctionState(function, address, "by hand" if isinstance(trigger, TimerTrigger) else "running", connection_string=broker)


def _address(trigger: HttpTrigger | QueueTrigger | TimerTrigger, host_json: HostJson, settings: Mapping[str, str]) -> tuple[str, str]:
    """What the table prints, and a queue's connection string."""
    match trigger:
        case HttpTrigger(route, methods):
            path = compile_route(f"{host_json.route_prefix}/{route}").template.strip("/")
            return f"{','.join(sorted(methods)) or 'any'} /{path}", ""
        case QueueTrigger(queue, connection):
            return resolve(queue, settings), connection_string(connection, settings)
        case TimerTrigger(schedule):
            resolved = resolve(schedule, settings)
            check_schedule(resolved)
            return resolved, ""


def _raw_address(trigger: HttpTrigger | QueueTrigger | TimerTrigger) -> str:
    match trigger:
        case HttpTrigger(route):
            return f"/{route}"
        case QueueTrigger(queue):
            return queue
        case TimerTrigger(schedule):
            return schedule


def table(states: Sequence[FunctionState]) -> str:
    """Name, trigger, address and state of every function. Timers say how to run them, because no clock does."""
    if not states:
        return "host: no functions"
    rows = [(state.function.name, state.function.trigger.kind, state.address, _remark(state)) for state in states]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)).rstrip() for row in rows]
    return "\n".join([f"host: {len(rows)} functions", *(f"  {line}" for line in lines)])


def _remark(state: FunctionState) -> str:
    match state.state:
        case "running":
            return ""
        case "by hand":
            return f"by hand only: POST /admin/functions/{state.function.name}"
        case "disabled":
            return "disabled"
        case "error":
            return f"ERROR: {state.error}"


def say_error(text: str) -> None:
    print(f"host: {text}", file=sys.stderr, flush=True)
