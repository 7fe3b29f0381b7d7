"""``python -m devtools.host --app DIR [--port 7071] [--settings FILE] [--log FILE] [--state DIR] [--faults PLAN.json]``.

Exits with 1 when the app is refused, the port is taken or the fault plan cannot be carried out. Where Azure would restart the worker
(``functionTimeout``, a function that exits) the process replaces itself: same id, same port, nothing kept. It stops on SIGINT and SIGTERM
**without** running the app's clean-up (no ``finally``, no ``atexit``), because Azure ends a worker with SIGKILL: an app that needs its
clean-up must fail here first.
"""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

from devtools.host.app import put_first_on_path
from devtools.host.host import Options, PortTaken, run_host
from devtools.host.logs import log_to
from devtools.host.mishaps import Mishaps, NoMishaps
from devtools.host.output import say, say_error
from devtools.host.refusal import AppRefused
from devtools.host.settings import add_to_environment, read_local_settings

_PROJECT_ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    arguments = _arguments()
    app_dir: Path = arguments.app.resolve()
    settings_file: Path = arguments.settings or app_dir / "local.settings.json"
    if arguments.settings or settings_file.exists():
        try:
            add_to_environment(read_local_settings(settings_file), os.environ)
        except (OSError, ValueError) as error:
            say_error(f"the settings cannot be read: {error}")
            return 1
    try:
        mishaps = _mishaps(arguments.faults)
    except ValueError as error:
        say_error(str(error))
        return 1
    log_to(arguments.log.open("a", encoding="utf-8") if arguments.log else sys.stdout)
    put_first_on_path(app_dir, _PROJECT_ROOT)
    return asyncio.run(_serve(app_dir, Options(arguments.port, _restart, arguments.state, mishaps)))


def _mishaps(plan: Path | None) -> Mishaps:
    """What goes wrong on command; what reads plans is loaded only where there is one.

    Raises:
        ValueError: the plan cannot be read, or carried out here.
    """
    if plan is None:
        return NoMishaps()
    from devtools.faults.plan import PlanInvalid  # noqa: PLC0415 - see above
    from devtools.host.faults import PlannedMishaps  # noqa: PLC0415 - see above

    try:
        return PlannedMishaps.of(plan)
    except PlanInvalid as error:
        raise ValueError(str(error)) from error


async def _serve(app_dir: Path, options: Options) -> int:
    stop = asyncio.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signal_number, stop.set)
    try:
        await run_host(app_dir, os.environ, options, stop)
    except (AppRefused, PortTaken) as refusal:
        if isinstance(refusal, AppRefused):
            say_error("zero functions")
        say_error(str(refusal))
        _end(1)
    say("stopped")
    _end(0)
    return 0


def _restart(reason: str, port: int) -> None:
    """Begin again as a new worker does: nothing of this one is left, nor what it was doing."""
    say(f"{reason}: the worker is restarted, and every running invocation is lost")
    sys.stderr.flush()
    os.execv(sys.executable, [*sys.orig_argv, "--port", str(port)])  # noqa: S606 - its own command line again


def _end(code: int) -> None:
    """End as a killed worker does, with nothing of the app's run: not its tasks' ``finally``, not its ``atexit``, not its threads."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m devtools.host", description="Run a function app on loopback.")
    parser.add_argument("--app", type=Path, required=True, help="the directory of function_app.py and host.json")
    parser.add_argument("--port", type=int, default=7071, help="0 takes a free one")
    parser.add_argument("--settings", type=Path, help="default: local.settings.json of the app, where there is one")
    parser.add_argument("--log", type=Path, help="file for the JSON log lines; default: standard output")
    parser.add_argument("--state", type=Path, help="folder for what timers remember; hosts that share it run each timer once")
    parser.add_argument("--faults", type=Path, metavar="PLAN", help="JSON file of what is to go wrong; what did is written beside it")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
