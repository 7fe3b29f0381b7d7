"""What becomes of the loaded functions here, and the table that says so."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from devtools.host.function import ChangesTrigger, FunctionState, HostedFunction, HttpTrigger, QueueTrigger, TimerTrigger, Trigger
from devtools.host.hostjson import HostJson
from devtools.host.routes import RouteInvalid, compile_route
from devtools.host.schedules import ScheduleInvalid, read_schedule
from devtools.host.settings import SettingMissing, connection, is_disabled, resolve


def state_of(function: HostedFunction, host_json: HostJson, settings: Mapping[str, str]) -> FunctionState:
    """What becomes of a loaded function here; a fault of one leaves the others running."""
    try:
        trigger = _resolved(function.trigger, host_json.route_prefix, settings)
    except (SettingMissing, ScheduleInvalid, RouteInvalid) as fault:
        return FunctionState(function, function.trigger, "error", str(fault))
    returned = () if function.signature.returns in {"", "http"} else (function.signature.returns,)
    if outputs := function.signature.outputs or returned:
        return FunctionState(function, trigger, "error", f"output bindings are not imitated ({', '.join(outputs)})")
    return FunctionState(function, trigger, "disabled" if is_disabled(function.name, settings) else "running")


def _resolved(trigger: Trigger, route_prefix: str, settings: Mapping[str, str]) -> Trigger:
    """With settings filled in, connection strings or identities instead of their settings' names, and the whole route.

    Raises:
        SettingMissing, ScheduleInvalid, RouteInvalid: see there.
    """
    match trigger:
        case HttpTrigger(route):
            return replace(trigger, route=compile_route(f"{route_prefix}/{route}").template.strip("/"))
        case QueueTrigger(queue, name):
            return QueueTrigger(resolve(queue, settings), connection(str(name), settings))
        case TimerTrigger(schedule):
            return replace(trigger, schedule=read_schedule(resolve(schedule, settings)).expression)
        case ChangesTrigger():
            return _resolved_changes(trigger, settings)


def _resolved_changes(trigger: ChangesTrigger, settings: Mapping[str, str]) -> ChangesTrigger:
    if trigger.start not in {"now", "beginning"}:
        try:
            datetime.fromisoformat(trigger.start)
        except ValueError:
            raise ScheduleInvalid(f"start_from_time is {trigger.start!r}; it must be like 2021-02-16T14:19:29Z") from None
    return replace(
        trigger,
        connection=connection(str(trigger.connection), settings, address="accountEndpoint"),
        database=resolve(trigger.database, settings),
        container=resolve(trigger.container, settings),
        lease_connection=connection(str(trigger.lease_connection), settings, address="accountEndpoint"),
        lease_database=resolve(trigger.lease_database, settings),
        lease_container=resolve(trigger.lease_container, settings),
        prefix=resolve(trigger.prefix, settings),
    )


def table(states: Sequence[FunctionState]) -> str:
    """Name, trigger, address and state of every function. Timers say how to run them by hand as well."""
    if not states:
        return "host: no functions"
    rows = [(state.function.name, state.function.trigger.kind, state.address, _remark(state)) for state in states]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)).rstrip() for row in rows]
    return "\n".join([f"host: {len(rows)} functions", *(f"  {line}" for line in lines)])


def _remark(state: FunctionState) -> str:
    match state.state:
        case "running" if isinstance(state.function.trigger, TimerTrigger):
            return f"by hand: POST /admin/functions/{state.function.name}"
        case "running" if state.function.retry and not isinstance(state.function.trigger, ChangesTrigger):
            return "its retry policy has no effect"
        case "running":
            return ""
        case "disabled":
            return "disabled"
        case "error":
            return f"ERROR: {state.error}"
