"""How the tools ask the API of a run: with a token, patiently where what is wrong may pass, and with an answer whatever comes back."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from devtools.local.addresses import Addresses
from devtools.local.api import Answer, RunningApi
from devtools.local.ports import free_ports
from devtools.local.run import Run

pytestmark = pytest.mark.integration

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def served(handler: Handler, *, patience_seconds: float = 0.0) -> AsyncIterator[RunningApi]:
    """The API of a run whose host answers so."""
    (port,) = free_ports(1)
    application = web.Application()
    application.router.add_route("*", "/api/v1/{rest:.*}", handler)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield RunningApi(Run(Addresses(host=port), "", "", ""), "a-token", patience_seconds)
    finally:
        await runner.cleanup()


async def said_back(request: web.Request) -> web.Response:
    body = await request.json() if request.can_read_body else None
    asked = {"method": request.method, "path": request.path_qs, "body": body, "token": request.headers["Authorization"]}
    return web.json_response(asked)


async def test_a_question_goes_with_its_parameters_its_words_and_the_token() -> None:
    async with served(said_back) as api:
        got = await api.get("suggested-links", status="pending", shard="a b")
        posted = await api.post("suggested-links/1/approve", reason="so it is")

    assert got == Answer(
        200, {"method": "GET", "path": "/api/v1/suggested-links?status=pending&shard=a+b", "body": None, "token": "Bearer a-token"}
    )
    assert (posted.body["method"], posted.body["path"], posted.body["body"]) == (
        *("POST", "/api/v1/suggested-links/1/approve"),
        {"reason": "so it is"},
    )


async def test_what_is_no_document_is_an_answer_that_says_what_it_is() -> None:
    async def odd(request: web.Request) -> web.Response:
        return web.Response(status=502, text="<html>" if request.path.endswith("page") else "[1]")

    async with served(odd) as api:
        page, rows = await api.get("page"), await api.get("rows")

    assert (page.refusal, rows.body) == ("answered 502: <html>", {"error": "not an object"})


async def test_what_may_pass_is_asked_again_by_whoever_is_patient() -> None:
    calls = []

    async def busy(request: web.Request) -> web.Response:
        calls.append(request.path)
        return web.json_response({}, status=503 if len(calls) == 1 else 200)

    async with served(busy) as hasty:
        once = await hasty.get("links")
    calls.clear()
    async with served(busy, patience_seconds=30) as patient:
        again = await patient.post("links")

    assert (once.status, again.status, len(calls)) == (503, 200, 2)


async def test_whoever_does_not_answer_at_all_is_an_error() -> None:
    async with served(said_back) as api:
        pass

    with pytest.raises(aiohttp.ClientError):
        await api.get("links")
