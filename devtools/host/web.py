"""The HTTP half: routes to functions, and the admin routes.

As the real host: header names arrive lower-cased and repeated ones joined with a comma; repeated query keys are joined, empty query
values are dropped (``req.url`` has them all); **a chunked body without Content-Length arrives empty**; a failed function answers 500 with
an empty body; bodies above 100 MB are 413; an unknown route, or a method the route does not list, is 404. Keys are not asked for.

Unlike it: ``POST /admin/functions/<name>`` waits for the function and says how it ended, so that a test need not poll.
"""

from collections.abc import Mapping, Sequence

from aiohttp import web
from azure.functions.meta import Datum

from devtools.host.admin import Admin
from devtools.host.function import FunctionState, HttpTrigger
from devtools.host.invocations import Invoker, Succeeded
from devtools.host.routes import Route, compile_route
from devtools.host.traces import new_trace

MAX_BODY_BYTES = 100 * 1024 * 1024  # Azure documentation, "Azure Functions HTTP trigger: limits"
_NOT_PASSED_ON = {"content-length", "transfer-encoding", "connection"}


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


def request_datum(request: web.BaseRequest, body: bytes, parameters: Mapping[str, str]) -> Datum:
    """The request as the host sends it to the worker."""
    headers: dict[str, list[str]] = {}
    for name, value in request.headers.items():
        headers.setdefault(name.lower(), []).append(value)
    query: dict[str, list[str]] = {}
    for name, value in request.query.items():
        query.setdefault(name, []).append(value)
    url = f"{request.scheme}://{request.host}{request.rel_url.raw_path_qs}"
    return http_datum(
        method=request.method,
        url=url,
        headers={name: ",".join(values) for name, values in headers.items()},
        query={name: ",".join(values) for name, values in query.items() if any(values)},
        parameters=parameters,
        body=body,
    )


def http_datum(
    *, method: str, url: str, headers: Mapping[str, str], query: Mapping[str, str], parameters: Mapping[str, str], body: bytes
) -> Datum:
    value = {
        "method": Datum(method, "string"),
        "url": Datum(url, "string"),
        "headers": _texts(headers),
        "query": _texts(query),
        "params": _texts(parameters),
        "body": Datum(body, "bytes"),
    }
    return Datum(value, "http")


def _texts(values: Mapping[str, str]) -> dict[str, Datum]:
    return {name: Datum(value, "string") for name, value in values.items()}


def response_of(answer: Datum) -> web.Response:
    """A function's HttpResponse, or its str, as an HTTP answer."""
    if answer.type == "string":
        return web.Response(text=str(answer.value))
    value = answer.value
    response = web.Response(status=int(value["status_code"].value), body=value["body"].value)
    for name, header in value["headers"].items():
        if name.lower() not in _NOT_PASSED_ON:
            response.headers[name] = header.value
    for cookie in value["cookies"] or ():
        for morsel in cookie.values():
            response.headers.add("Set-Cookie", morsel.OutputString())
    return response
