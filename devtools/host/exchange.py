"""HTTP requests and answers in the form the host and the worker exchange them.

Header names are lower-cased and repeated ones joined with a comma; repeated query keys are joined too, and empty query values dropped.
"""

from collections.abc import Mapping

from aiohttp import web
from azure.functions.meta import Datum

_NOT_PASSED_ON = {"content-length", "transfer-encoding", "connection"}


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
