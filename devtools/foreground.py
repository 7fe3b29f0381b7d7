"""A stand-in in the foreground: it serves until a signal asks it to stop, and what keeps it from serving is one line and exit code 1."""

import argparse
import asyncio
import errno
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path

from devtools.faults.plan import PlanInvalid

Serve = Callable[[asyncio.Event], Coroutine[None, None, int | None]]
"""Serves until the event is set. Its result is the exit code; none is 0."""


def add_faults(parser: argparse.ArgumentParser) -> None:
    """The option that every stand-in has."""
    parser.add_argument("--faults", type=Path, metavar="PLAN", help="a fault plan as JSON (devtools/faults): what to do wrong")


def run(name: str, serve: Serve, *, port: int, refusals: tuple[type[Exception], ...] = ()) -> int:
    """Serve until SIGINT or SIGTERM; the exit code.

    Args:
        name: what its lines begin with.
        port: the one it was asked to take, for the line that says it is taken.
        refusals: what else is one line, besides a plan that cannot be carried out and what the system refuses.
    """
    try:
        return asyncio.run(_until_stopped(serve)) or 0
    except refusals as refusal:
        return failed(name, str(refusal))
    except PlanInvalid as refusal:
        return failed(name, str(refusal))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            return failed(name, str(error))
        return failed(name, f"port {port} is in use; stop what listens there, or choose another with --port")


def failed(name: str, reason: str) -> int:
    """Say why; the exit code."""
    print(f"{name}: {reason}", file=sys.stderr)
    return 1


async def _until_stopped(serve: Serve) -> int | None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return await serve(stop)
