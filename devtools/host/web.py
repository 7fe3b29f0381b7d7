"""The HTTP half: routes to functions, and the admin routes.

As the real host: header names arrive lower-cased and repeated ones joined with a comma; repeated query keys are joined, empty query
values are dropped (``req.url`` has them all); **a chunked body without Content-Length arrives empty**; a failed function answers 500 with
an empty body; bodies above 100 MB are 413; an unknown route, or a method the route does not list, is 404. Keys are not asked for.

Unlike it: ``POST /admin/functions/<name>`` waits for the function and says how it ended, so that a test need not poll.
"""

from collections.abc import Mapping, Sequence

from aiohttp import web

from devtools.host.admin import Admin
from devtools.host.exchange import request_datum, response_of
from devtools.host.function import FunctionState, HttpTrigger
from devtools.host.invocations import Invoker, Succeeded
from devtools.host.routes import Route, compile_route
from devtools.host.traces import new_trace

MAX_BODY_BYTES = 100 * 1024 * 1024  # Azure documentation, "Azure Functions HTTP trigger: limits"


class WebListener:
    def __init__(self, functions: Sequence[FunctionState], *, prefix: str, invoker: Invoker, admin: Admin) -> None:
        self._invoker = invoker
        self._admin = admin
        self._routes = sorted(_routes(functions, prefix), key=lambda entry: entry[0].rank)
        application = web.Application(client_max_size=MAX_BODY_BYTES)
        application.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0)

    async def start(self, port: int) -> int:
        """Listen on loopback and return the port; 0 takes a free one.

        Raises:
            OSError: the port is taken.
        """
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        bound: int = self._runner.addresses[0][1]
        return bound

    async def stop(self) -> None:
        await self._runner.cleanup()

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
        is_lost = request.body_exists and request.content_length is None
        body = b"" if is_lost else await request.read()
        trace = new_trace(request.headers.get("traceparent"), request.headers.get("tracestate"))
        result = await self._invoker.invoke(state.function, request_datum(request, body, parameters), {}, trace)
        if not isinstance(result, Succeeded) or result.answer is None:
            return web.Response(status=500)
        return response_of(result.answer)


def _routes(functions: Sequence[FunctionState], prefix: str) -> list[tuple[Route, HttpTrigger, FunctionState]]:
    return [
        (compile_route(f"{prefix}/{state.function.trigger.route}"), state.function.trigger, state)
        for state in functions
        if isinstance(state.function.trigger, HttpTrigger) and state.state == "running"
    ]
