"""A broker listening on loopback: `running_broker` for tests, and what `__main__` runs."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from devtools.emulators.servicebus.broker import Broker
from devtools.emulators.servicebus.configuration import read_configuration
from devtools.emulators.servicebus.connection import Connection
from devtools.emulators.servicebus.journal import FileJournal, MemoryJournal

HOST = "127.0.0.1"


def wall_clock_ms() -> int:
    return time.time_ns() // 1_000_000


@contextlib.asynccontextmanager
async def running_broker(
    config: Mapping[str, Any] | Path, *, port: int = 0, data: Path | None = None, sync: bool = False
) -> AsyncIterator[Broker]:
    """A broker that accepts connections until the block is left; `port` 0 takes a free one, see `Broker.port`.

    `config`: content or file in the official emulator's format. `data`: the journal's directory; None keeps everything in memory.
    `sync`: every flush also waits for the disk. Raises ConfigurationError, JournalError, OSError (the port is in use).
    """
    policies = read_configuration(config)
    journal = FileJournal(data, now_ms=wall_clock_ms(), sync=sync) if data else MemoryJournal()
    broker = Broker(policies, now_ms=wall_clock_ms, journal=journal)
    try:
        server = await asyncio.get_running_loop().create_server(lambda: Connection(broker), HOST, port)
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
