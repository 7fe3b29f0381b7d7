"""`python -m devtools.issuer --data DIR [--port N] [--faults PLAN]`: the local issuer in the foreground until SIGINT or SIGTERM.

With ``--rotate``: one more signing key.
"""

import argparse
import asyncio
import sys
from functools import partial
from pathlib import Path

from devtools import foreground
from devtools.faults.places import injector_of
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
    foreground.add_faults(parser)
    options = parser.parse_args()
    if options.rotate:
        print(f"issuer: signs with {rotate(options.data).kid} from now on")
        return 0
    return foreground.run("issuer", partial(serve, options), port=options.port)


async def serve(options: argparse.Namespace, stop: asyncio.Event) -> None:
    """Listen until it is to stop."""
    faults = injector_of(AT, ABILITIES, PLACES, options.faults)
    async with running_issuer(options.data, port=options.port, faults=faults) as issuer:
        print(f"issuer: ready on {issuer.url}", flush=True)
        await stop.wait()


if __name__ == "__main__":
    sys.exit(main())
