"""The Cosmos DB stand-in over HTTP, or TLS, on loopback, for the unmodified `azure-cosmos` client.

Honest about what it lacks, and refuses instead of pretending: the change feed's mode AllVersionsAndDeletes, query plans (what crosses
partitions is answered directly or, with several physical ranges, refused where it would need one), GROUP BY, ORDER BY RANK, full text and
hybrid search, sorting and paging in subqueries, most built-in functions, unique keys, computed properties, partition keys of version 1,
stored procedures, triggers, functions and users.

Lacks in silence, because no client asks for them: splits of ranges while it runs, roles (who may come in may do everything that an
identity can; a token is checked where an issuer is named, and taken at its word elsewhere), throughput per physical range and for
metadata, the age check of a signature, session consistency (every read sees the last write), query and index metrics.
Vector search compares every vector in reach in double precision, where the service's index is approximate: it never misses a near one.
Request charges are estimates.

`running_cosmos` is for tests; `python -m devtools.emulators.cosmos` runs it alone.
"""

import asyncio
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from aiohttp import web

from devtools.certificate import server_context
from devtools.emulators.cosmos.connections import web_server
from devtools.emulators.cosmos.key import KEY
from devtools.emulators.cosmos.misbehaviour import ABILITIES
from devtools.emulators.cosmos.observation import Operations
from devtools.emulators.cosmos.ranges import ONE_RANGE, KeyRange
from devtools.emulators.cosmos.recovery import open_store
from devtools.emulators.cosmos.service import Service
from devtools.emulators.identities import Identities
from devtools.faults.injector import Injector

HOST: Final = "127.0.0.1"
SHUTDOWN_SECONDS: Final = 1.0


class Cosmos:
    """A running stand-in."""

    def __init__(self, service: Service, *, port: int, key: str, scheme: str = "http") -> None:
        self._service = service
        self.port = port
        self.key = key
        self.endpoint = f"{scheme}://{HOST}:{port}/"
        self.connection_string = f"AccountEndpoint={self.endpoint};AccountKey={key};"

    @property
    def operations(self) -> Operations:
        """What was asked of it so far."""
        return self._service.operations

    @property
    def faults(self) -> Injector:
        """What goes wrong, and what did so far: `faults.add(Fault(at="cosmos", ...))`."""
        return self._service.faults


@asynccontextmanager
async def running_cosmos(
    *,
    port: int = 0,
    data: Path | None = None,
    key: str = KEY,
    now: Callable[[], float] = time.time,
    faults: Injector | None = None,
    ranges: Sequence[KeyRange] = ONE_RANGE,
    units_per_second: float | None = None,
    for_identities: bool = False,
    identities: Identities | None = None,
    certificate: Path | None = None,
) -> AsyncIterator[Cosmos]:
    """A stand-in that listens while the block runs. `port` 0 takes a free one; without `data` nothing outlives it.

    With `for_identities` it speaks TLS and takes tokens only: any, or those of `identities`; the certificate is kept in the folder
    `certificate`, or else in `data`. `units_per_second` is what each container may use.
    `faults` is what goes wrong; more of it can be added while it runs.

    Raises OSError when the port is taken and DamagedJournalError when `data` cannot be read.
    """
    listener = _listener(port)
    try:
        store = open_store(data, now=now, ranges=ranges, units_per_second=units_per_second)
        taken = None if for_identities else key
        service = Service(store, key=taken, faults=faults or Injector("cosmos", ABILITIES), identities=identities)
        tls = server_context(certificate or data) if for_identities else None
    except BaseException:  # whatever it is, the port is given back and the error passed on
        listener.close()
        raise
    stopping = asyncio.Event()
    runner = web.ServerRunner(web_server(service, stopping), shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        await web.SockSite(runner, listener, ssl_context=tls).start()
        yield Cosmos(service, port=listener.getsockname()[1], key=key, scheme="https" if for_identities else "http")
    finally:
        stopping.set()
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
