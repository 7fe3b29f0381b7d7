"""``python -m devtools.emulators.blob --target PORT [--port 10000] [--faults PLAN]``: the proxy in the foreground until it is stopped."""

import argparse
import asyncio
import sys
from functools import partial
from pathlib import Path

from devtools import foreground
from devtools.azurite import HOST
from devtools.emulators.blob.faults import ABILITIES, AT, PLACES
from devtools.emulators.blob.proxy import running_blob_proxy
from devtools.faults.places import injector_of


def main() -> int:
    """Serve, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m devtools.emulators.blob", description="A proxy in front of Azurite that can misbehave."
    )
    parser.add_argument("--port", type=int, default=10000, help="the port on 127.0.0.1; 0 takes a free one (default: %(default)s)")
    parser.add_argument("--target", type=int, required=True, metavar="PORT", help="where Azurite listens")
    parser.add_argument("--certificate", type=Path, metavar="DIR", help="speak TLS with the certificate in this folder, as Azurite does")
    foreground.add_faults(parser)
    options = parser.parse_args()
    return foreground.run("blob", partial(serve, options), port=options.port)


async def serve(options: argparse.Namespace, stop: asyncio.Event) -> None:
    """Listen until it is to stop."""
    faults = injector_of(AT, ABILITIES, PLACES, options.faults)
    async with running_blob_proxy(options.target, port=options.port, faults=faults, certificate=options.certificate) as proxy:
        print(f"blob: ready on {'https' if options.certificate else 'http'}://{HOST}:{proxy.port}", flush=True)
        await stop.wait()


if __name__ == "__main__":
    sys.exit(main())
