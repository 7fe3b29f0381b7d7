"""``python -m devtools.emulators.blob --target PORT [--port 10000] [--faults PLAN]``: the proxy in the foreground until it is stopped."""

import argparse
import asyncio
import errno
import signal
import sys
from pathlib import Path

from devtools.azurite import HOST
from devtools.emulators.blob.faults import ABILITIES, AT, PLACES
from devtools.emulators.blob.proxy import running_blob_proxy
from devtools.faults.injector import Injector
from devtools.faults.places import injector_of
from devtools.faults.plan import PlanInvalid


def main() -> int:
    """Serve, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m devtools.emulators.blob", description="A proxy in front of Azurite that can misbehave."
    )
    parser.add_argument("--port", type=int, default=10000, help="the port on 127.0.0.1; 0 takes a free one (default: %(default)s)")
    parser.add_argument("--target", type=int, required=True, metavar="PORT", help="where Azurite listens")
    parser.add_argument("--faults", type=Path, metavar="PLAN", help="a fault plan as JSON (devtools/faults): what to do wrong")
    options = parser.parse_args()
    try:
        asyncio.run(serve(options.port, options.target, injector_of(AT, ABILITIES, PLACES, options.faults)))
    except PlanInvalid as error:
        return _failed(str(error))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            return _failed(str(error))
        return _failed(f"port {options.port} is in use; stop what listens there or choose another with --port")
    return 0


async def serve(port: int, target: int, faults: Injector) -> None:
    """Listen until a signal asks to stop."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with running_blob_proxy(target, port=port, faults=faults) as proxy:
        print(f"blob: ready on http://{HOST}:{proxy.port}", flush=True)
        await stopped.wait()


def _failed(reason: str) -> int:
    print(f"blob: {reason}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
