"""Outbound HTTP: the one client, and one way to ask with it.

The client knows nothing of the environment (no proxy, certificate file or ``.netrc`` named there: what leaves the app goes where its
network says, and credentials come from settings), follows no redirect (one would carry an ``api-key`` header to another host), and keeps
no cookies (it serves every tenant). It retries nothing: the delivery does. httpx2 logs the whole address of each call at INFO, and
``set_up_telemetry`` quietens it.
"""

import asyncio
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final

import httpx2

from shared.errors import ConfigurationError, DependencyUnavailable
from shared.http.statuses import error_of

CONNECT_SECONDS: Final = 5.0

ANSWER_SECONDS: Final = 30.0
"""From the first byte of a call to the last of its answer, the wait for a free connection included. The read timeout of a client is per
chunk, so an answer that trickles would never end."""

MOST_BYTES: Final = 64 * 1024 * 1024
"""Of one answer, unpacked. The largest an honest service gives is a batch of vectors, some 40 MB; without a bound a few kilobytes of packed
zeros are gigabytes in a worker that serves every tenant."""

LIMITS: Final = httpx2.Limits(max_connections=50, max_keepalive_connections=20, keepalive_expiry=60.0)
"""A connection unused for a minute is not tried again: Azure's outbound gateways forget it after four without a word."""

_OF_THE_TRANSFER: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})
"""What a body that was unpacked has not any more."""


def http_client(*, transport: httpx2.AsyncBaseTransport | None = None) -> httpx2.AsyncClient:
    """The client for every outbound call of a worker; whoever makes it closes it. ``transport`` is for tests."""
    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
        limits=LIMITS,
        trust_env=False,
        follow_redirects=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        headers={"user-agent": "shardline"},
        transport=transport,
    )


async def response_to(
    client: httpx2.AsyncClient, request: httpx2.Request, *, what: str, answer_seconds: float = ANSWER_SECONDS
) -> httpx2.Response:
    """Send a request and read its whole answer, whatever its status: for a vendor whose body says more than the status.

    Raises:
        DependencyUnavailable: no answer within ``answer_seconds``, or one that is larger than MOST_BYTES.
        ConfigurationError: the address is neither http nor https.
    """
    try:
        async with asyncio.timeout(answer_seconds):
            response = await client.send(request, stream=True)
            try:
                return await _read(response, what)
            finally:
                await response.aclose()
    except httpx2.UnsupportedProtocol as error:
        raise ConfigurationError(f"{what}: the address is neither http nor https") from error
    except (httpx2.RequestError, TimeoutError, OSError) as error:
        raise DependencyUnavailable(f"{what}: no answer ({type(error).__name__})") from error


async def _read(response: httpx2.Response, what: str) -> httpx2.Response:
    """The answer with its body, unpacked piece by piece, so that it is given up as soon as it is too large."""
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > MOST_BYTES:
            raise DependencyUnavailable(f"{what}: the answer is too large")
    headers = [(name, value) for name, value in response.headers.multi_items() if name not in _OF_THE_TRANSFER]
    return httpx2.Response(response.status_code, headers=headers, content=bytes(body), request=response.request)


async def answer_of(
    client: httpx2.AsyncClient, request: httpx2.Request, *, what: str, answer_seconds: float = ANSWER_SECONDS
) -> httpx2.Response:
    """Send a request and read its whole answer. ``what`` names the operation in errors, which hold no address, header or body.

    Raises:
        PipelineError: as in the table of ``statuses``; no answer within ``answer_seconds`` is a DependencyUnavailable.
        ConfigurationError: the address is neither http nor https.
    """
    response = await response_to(client, request, what=what, answer_seconds=answer_seconds)
    refusal = error_of(response.status_code, response.headers, what)
    if refusal is not None:
        raise refusal
    return response


def object_of(response: httpx2.Response, *, what: str) -> dict[str, Any]:
    """The JSON object an answer holds.

    Raises:
        DependencyUnavailable: it is something else. A page for people with status 200 is maintenance, or a login of some network.
    """
    try:
        answer = response.json()
    except (ValueError, RecursionError) as error:
        raise DependencyUnavailable(f"{what}: the answer is not JSON") from error
    if not isinstance(answer, dict):
        raise DependencyUnavailable(f"{what}: the answer is not a JSON object")
    return answer


async def object_at(client: httpx2.AsyncClient, url: str, *, what: str) -> dict[str, Any]:
    """The JSON object at an address.

    Raises:
        PipelineError: as ``answer_of`` and ``object_of``.
    """
    try:
        request = client.build_request("GET", url)
    except httpx2.InvalidURL as error:
        raise ConfigurationError(f"{what}: the address is none") from error
    return object_of(await answer_of(client, request, what=what), what=what)
