"""The admin routes: ``/admin/host/ping``, ``/admin/host/status``, ``GET /admin/functions[/<name>]`` and ``POST /admin/functions/<name>``.

The last runs a function by hand, disabled ones too, but none that is in error: timers get a default payload, Service Bus functions the
input as the body of a message that no queue holds, change feed functions the input as their JSON array of documents (or one), HTTP
functions the input as the body of a POST. It answers when the function has ended: 202, or 500 with the error. No fault plan meets such a
run.
"""

import json
from collections.abc import Mapping, Sequence

from aiohttp import web
from azure.functions.meta import Datum

from devtools.host.exchange import http_datum
from devtools.host.function import ChangesTrigger, FunctionState, HttpTrigger, QueueTrigger, TimerTrigger
from devtools.host.invocations import Call, Succeeded
from devtools.host.messages import hand_made_metadata
from devtools.host.runs import Runner
from devtools.host.timers import timer_datum
from devtools.host.traces import new_trace


class Admin:
    """``problems`` names the functions that cannot read what triggers them at the moment, and why."""

    def __init__(self, functions: Sequence[FunctionState], runner: Runner, problems: Mapping[str, str]) -> None:
        self._functions = {state.function.name.lower(): state for state in functions}
        self._runner = runner
        self._problems = problems

    async def handle(self, request: web.Request) -> web.Response:
        match request.method, request.path.lower().strip("/").split("/"):
            case (("GET" | "POST"), ["admin", "host", "ping"]):
                return web.Response()
            case "GET", ["admin", "host", "status"]:
                return web.json_response({"state": "Running", "functions": self._list()})
            case "GET", ["admin", "functions"]:
                return web.json_response(self._list())
            case "GET", ["admin", "functions", name] if name in self._functions:
                return web.json_response(self._described(self._functions[name]))
            case "POST", ["admin", "functions", name] if name in self._functions:
                return await self._run(self._functions[name], request)
        return web.Response(status=404)

    async def _run(self, state: FunctionState, request: web.Request) -> web.Response:
        if state.state == "error":
            return web.json_response({"status": "failed", "error": state.error}, status=500)
        try:
            document = json.loads(await request.read() or b"{}")
            given = document.get("input", "")
        except (ValueError, AttributeError):
            return web.Response(status=400, text='the body must be JSON like {"input": ...}\n')
        data, metadata = _payload(state, given if isinstance(given, str) else json.dumps(given))
        result = await self._runner.run(Call(state.function, data, new_trace(request.headers.get("traceparent")), metadata))
        if isinstance(result, Succeeded):
            return web.json_response({"invocationId": result.invocation_id, "status": "succeeded"}, status=202)
        return web.json_response({"invocationId": result.invocation_id, "status": "failed", "error": result.error}, status=500)

    def _list(self) -> list[dict[str, str]]:
        return [self._described(state) for state in self._functions.values()]

    def _described(self, state: FunctionState) -> dict[str, str]:
        name = state.function.name
        problem = self._problems.get(name, state.error)
        line = {
            "name": name,
            "trigger": state.function.trigger.kind,
            "address": state.address,
            "state": "error" if problem else state.state,
        }
        return line | ({"error": problem} if problem else {})


def _payload(state: FunctionState, given: str) -> tuple[Datum, dict[str, Datum]]:
    match state.function.trigger:
        case TimerTrigger():
            return timer_datum(), {}
        case ChangesTrigger():
            return Datum(given or "[]", "json"), {}
        case QueueTrigger():
            return Datum(given.encode(), "bytes"), hand_made_metadata()
        case HttpTrigger():
            url = f"http://127.0.0.1/{state.function.name}"
            return http_datum(method="POST", url=url, headers={}, query={}, parameters={}, body=given.encode()), {}
