"""`python -m devtools.issuer --data DIR [--port N] [--faults PLAN]`: the local issuer in the foreground until SIGINT or SIGTERM.

With ``--rotate``: one more signing key.
"""

import argparse
import asyncio
import errno
import signal
import sys
from pathlib import Path

from devtools.faults.injector import Injector
from devtools.faults.places import injector_of
from devtools.faults.plan import PlanInvalid
from devtools.issuer.faults import ABILITIES, AT, PLACES
from devtools.issuer.server import running_issuer
from devtools.issuer.signing_keys import rotate

PORT = 7080


def main() -> int:
    """Serve, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m devtools.issuer", description="A local issuer of bearer tokens.")
    parser.add_argument("--port", type=int, default=PORT, help="the port on 127.0.0.1; 0 takes a free one (default: %(default)s)")
    parser.add_argument("--data", type=Path, required=True, help="the folder of its signing keys; made on the first start")
    parser.add_argument("--rotate", action="store_true", help="add a signing key to the folder and end; a running issuer shows it at once")
    parser.add_argument("--faults", type=Path, metavar="PLAN", help="a fault plan as JSON (devtools/faults): what to do wrong")
    options = parser.parse_args()
    if options.rotate:
        print(f"issuer: signs with {rotate(options.data).kid} from now on")
        return 0
    try:
        asyncio.run(serve(options.port, options.data, injector_of(AT, ABILITIES, PLACES, options.faults)))
    except PlanInvalid as error:
        return _failed(str(error))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            return _failed(str(error))
        return _failed(f"port {options.port} is in use; stop what listens there or choose another with --port")
    return 0


async def serve(port: int, data: Path, faults: Injector) -> None:
    """Listen until a signal asks to stop."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stopped.set))
    async with running_issuer(data, port=port, faults=faults) as issuer:
        print(f"issuer: ready on {issuer.url}", flush=True)
        await stopped.wait()


def _failed(reason: str) -> int:
    print(f"issuer: {reason}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
