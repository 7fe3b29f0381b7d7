"""`python -m devtools.emulators.servicebus --config FILE [--port 5672] [--data DIR] [--sync] [--max-connections 10] [--faults PLAN]`

Prints one line when it listens, stops on Ctrl-C or SIGTERM. With --data, SIGUSR1 and the exit write the count of operations to
DIR/operations.json. With --faults it obeys a fault plan, see `mishaps`; what happened is written beside the plan.
"""

import argparse
import asyncio
import json
import logging
import signal
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from typing_extensions import override

from devtools import foreground
from devtools.emulators.servicebus.broker import Broker
from devtools.emulators.servicebus.configuration import ConfigurationError
from devtools.emulators.servicebus.journal import JournalError
from devtools.emulators.servicebus.limits import AZURE
from devtools.emulators.servicebus.mishaps import ABILITIES, AT
from devtools.emulators.servicebus.server import HOST, running_broker
from devtools.faults.injector import Injector

NAME: Final = "service bus"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m devtools.emulators.servicebus", description="A local Service Bus on 127.0.0.1.")
    parser.add_argument("--config", type=Path, required=True, help="queues, in the official emulator's Config.json format")
    parser.add_argument("--port", type=int, default=5672, help="0 takes a free one (default: %(default)s)")
    parser.add_argument("--data", type=Path, help="directory of the journal; without it everything is in memory")
    parser.add_argument("--sync", action="store_true", help="wait for the disk before answering, not only for the operating system")
    parser.add_argument(
        "--max-connections", type=int, default=AZURE.connections, help="open at once; the official emulator has 10 (default: %(default)s)"
    )
    foreground.add_faults(parser)
    options = parser.parse_args()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_WithFacts("service bus: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    return foreground.run(NAME, partial(_serve, options), port=options.port, refusals=(ConfigurationError, JournalError))


async def _serve(options: argparse.Namespace, stop: asyncio.Event) -> int:
    limits = replace(AZURE, connections=options.max_connections)
    faults = Injector.of(AT, ABILITIES, options.faults) if options.faults else None
    async with running_broker(
        options.config, port=options.port, data=options.data, sync=options.sync, limits=limits, faults=faults
    ) as broker:
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, _write_operations, broker, options.data)
        print(f"service bus: ready on {HOST}:{broker.port}", flush=True)
        broker.failed.add_done_callback(lambda _: stop.set())
        await stop.wait()
        _write_operations(broker, options.data)
    if broker.failed.done():  # the last write of all may fail, too
        return foreground.failed(NAME, f"stopped, nothing more was acknowledged: {broker.failed.result()}")
    return 0


class _WithFacts(logging.Formatter):
    """The message and those of its facts that say why."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        facts = [f"{name}={value}" for name in ("address", "queue", "hint", "reason") if (value := getattr(record, name, None))]
        return " ".join([super().format(record), *facts])


def _write_operations(broker: Broker, data: Path | None) -> None:
    if data:
        fresh = data / "operations.json.new"
        fresh.write_text(json.dumps(dict(sorted(broker.operations.items())), indent=2) + "\n", encoding="utf-8")
        fresh.replace(data / "operations.json")


if __name__ == "__main__":
    raise SystemExit(main())
