"""The admin routes: ``/admin/host/ping``, ``/admin/host/status`` and ``POST /admin/functions/<name>``.

The last runs a function by hand, disabled ones too, but none that is in error: timers get a default payload, Service Bus functions the
input as the body of a message that no queue holds, HTTP functions the input as the body of a POST. It answers when the function has
ended: 202, or 500 with the error.
"""

import json
from collections.abc import Sequence

from aiohttp import web
from azure.functions.meta import Datum

from devtools.host.exchange import http_datum
from devtools.host.function import FunctionState, HttpTrigger, QueueTrigger, TimerTrigger
from devtools.host.invocations import Invoker, Succeeded
from devtools.host.messages import hand_made_metadata
from devtools.host.traces import new_trace

_TIMER = {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": None, "IsPastDue": False}


class Admin:
    def __init__(self, functions: Sequence[FunctionState], invoker: Invoker) -> None:
        self._functions = {state.function.name.lower(): state for state in functions}
        self._invoker = invoker

    async def handle(self, request: web.Request) -> web.Response:
        match request.method, request.path.lower().strip("/").split("/"):
            case (("GET" | "POST"), ["admin", "host", "ping"]):
                return web.Response()
            case "GET", ["admin", "host", "status"]:
                return web.json_response({"state": "Running", "functions": [_described(state) for state in self._functions.values()]})
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
        result = await self._invoker.invoke(state.function, data, metadata, new_trace(request.headers.get("traceparent")))
        if isinstance(result, Succeeded):
            return web.json_response({"invocationId": result.invocation_id, "status": "succeeded"}, status=202)
        return web.json_response({"invocationId": result.invocation_id, "status": "failed", "error": result.error}, status=500)


def _described(state: FunctionState) -> dict[str, str]:
    line = {"name": state.function.name, "trigger": state.function.trigger.kind, "address": state.address, "state": state.state}
    return line | ({"error": state.error} if state.error else {})


def _payload(state: FunctionState, given: str) -> tuple[Datum, dict[str, Datum]]:
    match state.function.trigger:
        case TimerTrigger():
            return Datum(json.dumps(_TIMER), "json"), {}
        case QueueTrigger():
            return Datum(given.encode(), "bytes"), hand_made_metadata()
        case HttpTrigger():
            url = f"http://127.0.0.1/{state.function.name}"
            return http_datum(method="POST", url=url, headers={}, query={}, parameters={}, body=given.encode()), {}
