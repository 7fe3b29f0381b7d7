"""`python -m devtools.emulators.servicebus --config FILE [--port 5672] [--data DIR] [--sync] [--faults PLAN] [--aad]`

Prints one line when it listens, stops on Ctrl-C or SIGTERM. With --data, SIGUSR1 and the exit write the count of operations to
DIR/operations.json. With --faults it obeys a fault plan, see `mishaps`; what happened is written beside the plan.

With --aad it speaks TLS and takes the tokens of identities instead of keys. The official clients take an identity to port 5671 whatever
they are told, so that is its port then, and two beside each other need two addresses of loopback: --host.
"""

import argparse
import asyncio
import json
import logging
import signal
import sys
from dataclasses import replace
from functools import partial
from ipaddress import IPv4Address
from pathlib import Path
from ssl import SSLContext
from typing import Final

from typing_extensions import override

from devtools import certificate, foreground
from devtools.emulators.identities import add_options, identities_of
from devtools.emulators.servicebus.broker import Broker
from devtools.emulators.servicebus.configuration import ConfigurationError
from devtools.emulators.servicebus.journal import JournalError
from devtools.emulators.servicebus.limits import AZURE
from devtools.emulators.servicebus.mishaps import ABILITIES, AT
from devtools.emulators.servicebus.server import HOST, running_broker
from devtools.faults.injector import Injector

NAME: Final = "service bus"
PORT: Final = 5672
TLS_PORT: Final = 5671
"""AMQP's own, without TLS and with it."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m devtools.emulators.servicebus", description="A local Service Bus on 127.0.0.1.")
    parser.add_argument("--config", type=Path, required=True, help="queues, in the official emulator's Config.json format")
    parser.add_argument("--host", type=_loopback, default=HOST, help="an address of loopback (default: %(default)s)")
    parser.add_argument("--port", type=int, help=f"0 takes a free one (default: {PORT}, with --aad {TLS_PORT})")
    parser.add_argument("--data", type=Path, help="directory of the journal; without it everything is in memory")
    parser.add_argument("--sync", action="store_true", help="wait for the disk before answering, not only for the operating system")
    parser.add_argument(
        "--max-connections", type=int, default=AZURE.connections, help="open at once; the official emulator has 10 (default: %(default)s)"
    )
    add_options(parser)
    foreground.add_faults(parser)
    options = parser.parse_args()
    options.identities = identities_of(options, parser)
    if options.port is None:
        options.port = TLS_PORT if options.aad else PORT
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_WithFacts("service bus: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    return foreground.run(NAME, partial(_serve, options), port=options.port, refusals=(ConfigurationError, JournalError))


async def _serve(options: argparse.Namespace, stop: asyncio.Event) -> int:
    limits = replace(AZURE, connections=options.max_connections)
    faults = Injector.of(AT, ABILITIES, options.faults) if options.faults else None
    running = running_broker(
        options.config,
        host=options.host,
        port=options.port,
        data=options.data,
        sync=options.sync,
        limits=limits,
        faults=faults,
        identities=options.identities,
        tls=_tls(options) if options.aad else None,
    )
    async with running as broker:
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, _write_operations, broker, options.data)
        print(f"service bus: ready on {options.host}:{broker.port}", flush=True)
        broker.failed.add_done_callback(lambda _: stop.set())
        await stop.wait()
        _write_operations(broker, options.data)
    if broker.failed.done():  # the last write of all may fail, too
        return foreground.failed(NAME, f"stopped, nothing more was acknowledged: {broker.failed.result()}")
    return 0


def _tls(options: argparse.Namespace) -> SSLContext:
    """With a certificate that is for the address it listens on."""
    folder = options.certificate or options.data
    if folder is not None:
        certificate.certificate_in(folder, addresses=[options.host])
    return certificate.server_context(folder)


def _loopback(text: str) -> str:
    try:
        is_loopback = IPv4Address(text).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise argparse.ArgumentTypeError(f"'{text}' is no address of loopback")
    return text


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
