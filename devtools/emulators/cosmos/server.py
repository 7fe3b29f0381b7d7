"""The Cosmos DB stand-in over plain HTTP on loopback, for the unmodified `azure-cosmos` client.

Honest about what it lacks: change feed, query plans (cross-partition queries are answered directly), GROUP BY, full text and hybrid search,
more than one physical range, unique keys, computed properties, stored procedures, triggers, functions, users, TLS, throughput limits (a 429
comes only when asked for), and the age check of a signature. It refuses these instead of pretending. Vector search compares every vector in
reach in double precision, where the service's index is approximate: it never misses a near one. Request charges are estimates.

`running_cosmos` is for tests; `python -m devtools.emulators.cosmos` runs it alone.
"""

import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from aiohttp import web

from devtools.emulators.cosmos.observation import Fault, Operations
from devtools.emulators.cosmos.recovery import open_store
from devtools.emulators.cosmos.refusals import RefusedError
from devtools.emulators.cosmos.service import Service
from devtools.emulators.cosmos.wire import Reply, Request, refusal, segments_of

HOST: Final = "127.0.0.1"
KEY: Final = "e9U3KEARa4pcMJYhZjQDLfqn2qfNRx++APwinHaV7ex8Ys2DDMgfrAtmUg+znVYe2GljizCwdM+GZQc9RynFcQ=="
"""The key of every local account, for everyone to know: it guards nothing, it finds wrong settings."""
REQUEST_LIMIT_BYTES: Final = 8 * 1024 * 1024  # an item of 2 MiB is up to three times as long with its letters escaped
KEEPALIVE_SECONDS: Final = 600.0
SHUTDOWN_SECONDS: Final = 1.0
BODILESS: Final = frozenset({204, 304})


class Cosmos:
    """A running stand-in."""

    def __init__(self, service: Service, *, port: int, key: str) -> None:
        self._service = service
        self.port = port
        self.key = key
        self.endpoint = f"http://{HOST}:{port}/"
        self.connection_string = f"AccountEndpoint={self.endpoint};AccountKey={key};"

    @property
    def operations(self) -> Operations:
        """What was asked of it so far."""
        return self._service.operations

    def fail_next(
        self,
        status: int,
        substatus: int | None = None,
        headers: Mapping[str, str] | None = None,
        count: int = 1,
        methods: Collection[str] | None = None,
        *,
        kinds: Collection[str] | None = None,
        container: str | None = None,
        applied: bool = False,
    ) -> None:
        """Answer the next `count` calls on items that fit with `status`; `applied` carries them out first, as when an answer is lost."""
        self._service.faults.add(
            Fault(
                status,
                substatus,
                headers or {},
                count,
                None if methods is None else frozenset(methods),
                None if kinds is None else frozenset(kinds),
                container,
                applied,
            ),
        )


@asynccontextmanager
async def running_cosmos(
    *,
    port: int = 0,
    data: Path | None = None,
    key: str = KEY,
    now: Callable[[], float] = time.time,
) -> AsyncIterator[Cosmos]:
    """A stand-in that listens while the block runs. `port` 0 takes a free one; without `data` nothing outlives it.

    Raises OSError when the port is taken and DamagedJournalError when `data` cannot be read.
    """
    listener = _listener(port)
    try:
        service = Service(open_store(data, now=now), key=key)
    except BaseException:  # whatever it is, the port is given back and the error passed on
        listener.close()
        raise
    runner = web.ServerRunner(_server(service), shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        await web.SockSite(runner, listener).start()
        yield Cosmos(service, port=listener.getsockname()[1], key=key)
    finally:
        await runner.cleanup()
        listener.close()
        service.store.journal.close()


def _listener(port: int) -> socket.socket:
    """A bound socket, taken before the journal is touched: a second process must not rewrite the first one's file."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":  # there it would let two processes share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def _server(service: Service) -> web.Server:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        try:
            body = await _body(request)
        except RefusedError as error:
            return _response(refusal(error))
        return _response(
            service.answer(
                Request(request.method, segments_of(request.raw_path), request.headers, body, f"http://{request.host}/"),
            ),
        )

    return web.Server(handle, keepalive_timeout=KEEPALIVE_SECONDS, access_log=None)


async def _body(request: web.BaseRequest) -> bytes:
    """The whole body. The library's own limit is 1 MiB and answers in plain text, hence this one."""
    chunks: list[bytes] = []
    size_bytes = 0
    async for chunk in request.content.iter_any():
        size_bytes += len(chunk)
        if size_bytes > REQUEST_LIMIT_BYTES:
            raise RefusedError(413, f"Request size is too large: the limit is {REQUEST_LIMIT_BYTES} bytes.")
        chunks.append(chunk)
    return b"".join(chunks)


def _response(reply: Reply) -> web.Response:
    if reply.status in BODILESS:
        return web.Response(status=reply.status, headers=reply.headers)
    return web.Response(status=reply.status, body=reply.body, headers=reply.headers, content_type="application/json")
