"""A broker listening on loopback: `running_broker` for tests, and what `__main__` runs."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from ssl import SSLContext
from typing import Any

from devtools.emulators.identities import Identities
from devtools.emulators.servicebus.broker import Broker
from devtools.emulators.servicebus.configuration import read_configuration
from devtools.emulators.servicebus.connection import Connection
from devtools.emulators.servicebus.journal import FileJournal, MemoryJournal
from devtools.emulators.servicebus.limits import AZURE, Admissions, Limits
from devtools.emulators.servicebus.mishaps import Mishaps
from devtools.faults.injector import Injector

HOST = "127.0.0.1"


def wall_clock_ms() -> int:
    return time.time_ns() // 1_000_000


@contextlib.asynccontextmanager
async def running_broker(
    config: Mapping[str, Any] | Path,
    *,
    port: int = 0,
    data: Path | None = None,
    sync: bool = False,
    limits: Limits = AZURE,
    faults: Injector | None = None,
    host: str = HOST,
    identities: Identities | None = None,
    tls: SSLContext | None = None,
) -> AsyncIterator[Broker]:
    """A broker that accepts connections until the block is left; `port` 0 takes a free one, see `Broker.port`.

    `config`: content or file in the official emulator's format. `data`: the journal's directory; None keeps everything in memory.
    `sync`: every flush also waits for the disk. `faults`: what goes wrong, see `mishaps`; stays the caller's to close.
    `host`: an address of loopback. `identities`: who is let in by a token; keys are refused then. `tls`: with what it speaks TLS.
    Raises ConfigurationError, JournalError, PlanInvalid, OSError (the port is in use).
    """
    policies = read_configuration(config)
    mishaps = Mishaps(faults, has_journal=data is not None)

    def moved_clock_ms() -> int:
        return wall_clock_ms() + mishaps.moved_ms

    now_ms = moved_clock_ms if mishaps.armed else wall_clock_ms
    journal = FileJournal(data, now_ms=now_ms(), sync=sync, mishaps=mishaps) if data else MemoryJournal()
    broker = Broker(policies, now_ms=now_ms, journal=journal, mishaps=mishaps, identities=identities)
    admissions = Admissions(limits)
    try:
        server = await asyncio.get_running_loop().create_server(lambda: Connection(broker, admissions), host, port, ssl=tls)
    except OSError:
        journal.close()
        raise
    broker.port = server.sockets[0].getsockname()[1]
    time_keeper = asyncio.create_task(broker.keep_time())

    def stopped(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (reason := task.exception()):
            broker.fail(reason)

    time_keeper.add_done_callback(stopped)
    try:
        yield broker
    finally:
        time_keeper.cancel()
        server.close()
        broker.close()
        with contextlib.suppress(asyncio.CancelledError):
            await time_keeper
        await server.wait_closed()
