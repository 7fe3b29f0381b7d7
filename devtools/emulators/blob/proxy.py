"""A proxy on loopback in front of Azurite that lets through what is asked, and now and then does something wrong.

A request passes byte for byte, its Host header included: the client's signature is checked by Azurite, and covers the path, the query, the
length and the headers. Without faults a client cannot tell the proxy from Azurite.

What it lacks: bodies of unknown length (sent in chunks; no Azure SDK does), streaming (whole bodies are held in memory), the host style
of addresses (``account.blob…``); and a fault is answered before anybody has looked at the signature. Azurite that is away is a connection
that ends.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import aiohttp
from aiohttp import hdrs, web
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from devtools.azurite import HOST, connection_string
from devtools.certificate import public_certificate, server_context, trusting
from devtools.emulators.blob.calls import Call, call_of
from devtools.emulators.blob.faults import ABILITIES, AT, possible, refusal_of
from devtools.faults.connections import end_connection, say_nothing
from devtools.faults.injector import Injector
from devtools.faults.plan import Fault, Kind

HOP_BY_HOP: Final = frozenset(
    {"connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade"}
)
"""Headers that are about one connection (RFC 9110, 7.6.1)."""
NOT_OURS: Final = (hdrs.USER_AGENT, hdrs.ACCEPT, hdrs.ACCEPT_ENCODING, hdrs.CONTENT_TYPE)
"""What the HTTP client would add by itself."""
MOST_BYTES: Final = 5000 * 1024 * 1024
"""Put Blob, with its largest body."""


class BlobProxy:
    """One that runs. ``port`` is where it listens."""

    def __init__(self, target_port: int, faults: Injector, http: aiohttp.ClientSession, *, scheme: str = "http") -> None:
        self.faults = faults
        self.port = 0
        self._target = URL.build(scheme=scheme, host=HOST, port=target_port)
        self._http = http

    @property
    def connection_string(self) -> str:
        """For the SDK."""
        return connection_string(self.port)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Whatever was asked."""
        call = call_of(request.method, request.rel_url.raw_path, request.query, request.headers)
        body = await request.read()
        fault = self.faults.strike(call.operation, call.container, kinds=possible(call))
        try:
            if fault is not None:
                return await self._wrong(request, body, call, fault)
            return await self._passed(request, body)
        except aiohttp.ClientError:
            await end_connection(request)

    async def _wrong(self, request: web.Request, body: bytes, call: Call, fault: Fault) -> web.Response:
        if fault.applied or fault.kind is Kind.DUPLICATE:
            await self._passed(request, body)
        match fault.kind:
            case Kind.DROP:
                await end_connection(request)
            case Kind.TIMEOUT:
                await say_nothing()
            case Kind.DELAY:
                await asyncio.sleep(fault.seconds or 0.0)
            case Kind.REFUSE | Kind.DISK_FULL | Kind.STALE_ETAG:
                return refusal_of(fault, call)
        return await self._passed(request, body)

    async def _passed(self, request: web.Request, body: bytes) -> web.Response:
        url = URL(f"{self._target}{request.raw_path}", encoded=True)
        async with self._http.request(
            request.method, url, headers=_passing(request.headers), data=body or None, skip_auto_headers=NOT_OURS, allow_redirects=False
        ) as answer:
            content = await answer.read()
            return web.Response(status=answer.status, reason=answer.reason, headers=_passing(answer.headers), body=content or None)


def _passing(headers: Mapping[str, str] | CIMultiDictProxy[str]) -> CIMultiDict[str]:
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in HOP_BY_HOP)


@asynccontextmanager
async def running_blob_proxy(
    target_port: int, *, port: int = 0, faults: Injector | None = None, certificate: Path | None = None
) -> AsyncIterator[BlobProxy]:
    """A proxy in front of the Azurite on ``target_port``, while the block runs. ``port`` 0 takes a free one.

    With ``certificate``, a folder, both speak TLS with what is in it.

    Raises:
        OSError: the port is taken.
    """
    tls = None if certificate is None else server_context(certificate)
    trusted = True if certificate is None else trusting(public_certificate(certificate))
    # A kept connection may be closed just when it is used again.
    connector = aiohttp.TCPConnector(limit=0, force_close=True, ssl=trusted)
    async with aiohttp.ClientSession(connector=connector, auto_decompress=False, timeout=aiohttp.ClientTimeout(total=None)) as http:
        proxy = BlobProxy(target_port, faults or Injector(AT, ABILITIES), http, scheme="http" if tls is None else "https")
        application = web.Application(client_max_size=MOST_BYTES)
        application.router.add_route("*", "/{path:.*}", proxy.answer)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1, handler_cancellation=True, auto_decompress=False)
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, port, ssl_context=tls).start()
            proxy.port = runner.addresses[0][1]
            yield proxy
        finally:
            await runner.cleanup()
