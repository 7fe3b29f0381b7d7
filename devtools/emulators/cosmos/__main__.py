"""`python -m devtools.emulators.cosmos`: the stand-in in the foreground until SIGINT or SIGTERM."""

import argparse
import asyncio
import errno
import logging
import signal
import sys
from pathlib import Path

from devtools.emulators.cosmos.journal import DamagedJournalError
from devtools.emulators.cosmos.server import KEY, running_cosmos


def main() -> int:
    """Serve, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m devtools.emulators.cosmos", description="A local stand-in for Cosmos DB (NoSQL).")
    parser.add_argument("--port", type=int, default=8081, help="the port on 127.0.0.1; 0 takes a free one (default: 8081)")
    parser.add_argument("--data", type=Path, help="the folder to keep everything in (default: in memory)")
    parser.add_argument("--key", default=KEY, help="the account key, base64 (default: the stand-in's own)")
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="cosmos: %(levelname)s %(message)s")
    try:
        asyncio.run(serve(options.port, options.data, options.key))
    except DamagedJournalError as error:
        return _failed(str(error))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            return _failed(str(error))
        return _failed(f"port {options.port} is in use; stop what listens there or choose another with --port")
    return 0


async def serve(port: int, data: Path | None, key: str) -> None:
    """Listen until a signal asks to stop."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stopped.set))
    async with running_cosmos(port=port, data=data, key=key) as cosmos:
        print(f"cosmos: ready on {cosmos.endpoint.rstrip('/')}", flush=True)
        await stopped.wait()


def _failed(reason: str) -> int:
    print(f"cosmos: {reason}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
