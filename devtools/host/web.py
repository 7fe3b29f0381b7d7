"""The HTTP half: routes to functions, and the admin routes.

As the real host: header names arrive lower-cased and repeated ones joined with a comma; repeated query keys are joined, empty query
values are dropped (``req.url`` has them all); **a chunked body without Content-Length arrives empty**; a failed function answers 500 with
an empty body; bodies above 100 MB are 413; an unknown route, or a method the route does not list, is 404. Keys are not asked for.

A fault plan may refuse a request before its function is called, as the platform in front of the host does, or end its connection.

Unlike it: ``POST /admin/functions/<name>`` waits for the function and says how it ended, so that a test need not poll.
"""

from collections.abc import Mapping, Sequence

from aiohttp import web

from devtools.host.admin import Admin
from devtools.host.exchange import request_datum, response_of
from devtools.host.function import FunctionState, HttpTrigger
from devtools.host.invocations import Call, Succeeded
from devtools.host.mishaps import Mishap
from devtools.host.routes import Route, compile_route
from devtools.host.runs import Runner
from devtools.host.traces import new_trace

MAX_BODY_BYTES = 100 * 1024 * 1024  # Azure documentation, "Azure Functions HTTP trigger: limits"


class WebListener:
    def __init__(self, functions: Sequence[FunctionState], *, runner: Runner, admin: Admin) -> None:
        self._runner = runner
        self._admin = admin
        self._routes = sorted(_routes(functions), key=lambda entry: entry[0].rank)
        application = web.Application(client_max_size=MAX_BODY_BYTES)
        application.router.add_route("*", "/{path:.*}", self._handle)
        self._site_runner = web.AppRunner(application, access_log=None, shutdown_timeout=0)

    async def start(self, port: int) -> int:
        """Listen on loopback and return the port; 0 takes a free one.

        Raises:
            OSError: the port is taken.
        """
        await self._site_runner.setup()
        await web.TCPSite(self._site_runner, "127.0.0.1", port).start()
        bound: int = self._site_runner.addresses[0][1]
        return bound

    async def stop(self) -> None:
        await self._site_runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        path = request.rel_url.raw_path.lstrip("/")
        if not path:
            return web.Response(text="the function host is up\n")
        if path.split("/")[0].lower() == "admin":
            return await self._admin.handle(request)
        for route, trigger, state in self._routes:
            parameters = route.match(path)
            if parameters is not None and (not trigger.methods or request.method in trigger.methods):
                return await self._run(state, request, parameters)
        return web.Response(status=404)

    async def _run(self, state: FunctionState, request: web.Request, parameters: Mapping[str, str]) -> web.Response:
        mishap = self._runner.mishaps.strike("http", state.function.name, "refuse", "drop")
        if mishap and mishap.kind == "refuse":
            return _refusal(mishap)
        answer = None if mishap and not mishap.applied else await self._answer(state, request, parameters)
        if mishap and request.transport:
            request.transport.abort()
        return answer or web.Response(status=500)

    async def _answer(self, state: FunctionState, request: web.Request, parameters: Mapping[str, str]) -> web.Response:
        is_lost = request.body_exists and request.content_length is None
        body = b"" if is_lost else await request.read()
        trace = new_trace(request.headers.get("traceparent"), request.headers.get("tracestate"))
        result = await self._runner.run(Call(state.function, request_datum(request, body, parameters), trace), "http")
        if not isinstance(result, Succeeded) or result.answer is None:
            return web.Response(status=500)
        return response_of(result.answer)


def _refusal(mishap: Mishap) -> web.Response:
    wait = mishap.retry_after_seconds
    return web.Response(status=mishap.status or 503, headers={} if wait is None else {"Retry-After": f"{wait:g}"})


def _routes(functions: Sequence[FunctionState]) -> list[tuple[Route, HttpTrigger, FunctionState]]:
    return [
        (compile_route(state.trigger.route), state.trigger, state)
        for state in functions
        if isinstance(state.trigger, HttpTrigger) and state.state == "running"
    ]
