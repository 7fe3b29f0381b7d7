"""`python -m devtools.emulators.cosmos`: the stand-in in the foreground until SIGINT or SIGTERM."""

import argparse
import asyncio
import logging
import sys
from functools import partial
from pathlib import Path

from devtools import foreground
from devtools.emulators.cosmos.journal import DamagedJournalError
from devtools.emulators.cosmos.key import KEY
from devtools.emulators.cosmos.misbehaviour import ABILITIES
from devtools.emulators.cosmos.ranges import even_ranges
from devtools.emulators.cosmos.server import running_cosmos
from devtools.emulators.identities import add_options, identities_of
from devtools.faults.injector import Injector


def main() -> int:
    """Serve, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m devtools.emulators.cosmos", description="A local stand-in for Cosmos DB (NoSQL).")
    parser.add_argument("--port", type=int, default=8081, help="the port on 127.0.0.1; 0 takes a free one (default: 8081)")
    parser.add_argument("--data", type=Path, help="the folder to keep everything in (default: in memory)")
    parser.add_argument("--key", default=KEY, help="the account key, base64 (default: the stand-in's own)")
    parser.add_argument("--ranges", type=_positive, default=1, metavar="N", help="physical ranges per container (default: 1)")
    parser.add_argument("--request-units-per-second", type=_positive, metavar="N", help="what a container may use (default: no limit)")
    add_options(parser)
    foreground.add_faults(parser)
    options = parser.parse_args()
    options.identities = identities_of(options, parser)
    logging.basicConfig(level=logging.WARNING, format="cosmos: %(levelname)s %(message)s")
    return foreground.run("cosmos", partial(serve, options), port=options.port, refusals=(DamagedJournalError,))


async def serve(options: argparse.Namespace, stop: asyncio.Event) -> None:
    """Listen until it is to stop."""
    faults = Injector.of("cosmos", ABILITIES, options.faults)
    running = running_cosmos(
        port=options.port,
        data=options.data,
        key=options.key,
        ranges=even_ranges(options.ranges),
        units_per_second=options.request_units_per_second,
        for_identities=options.aad,
        identities=options.identities if options.issuer else None,
        certificate=options.certificate,
        faults=faults,
    )
    async with running as cosmos:
        print(f"cosmos: ready on {cosmos.endpoint.rstrip('/')}", flush=True)
        await stop.wait()


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"'{text}' is not a positive whole number")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
