"""``python -m devtools.host --app DIR [--port 7071] [--settings FILE] [--log FILE]``.

Exits with 1 when the app is refused or the port is taken. It stops on SIGINT and SIGTERM **without** running the app's clean-up (no
``finally``, no ``atexit``), because Azure ends a worker with SIGKILL: an app that needs its clean-up must fail here first.
"""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

from devtools.host.app import put_first_on_path
from devtools.host.host import PortTaken, run_host, say, say_error
from devtools.host.logs import log_to
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
    log_to(arguments.log.open("a", encoding="utf-8") if arguments.log else sys.stdout)
    put_first_on_path(app_dir, _PROJECT_ROOT)
    return asyncio.run(_serve(app_dir, arguments.port))


async def _serve(app_dir: Path, port: int) -> int:
    stop = asyncio.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signal_number, stop.set)
    try:
        await run_host(app_dir, port, os.environ, stop)
    except (AppRefused, PortTaken) as refusal:
        if isinstance(refusal, AppRefused):
            say_error("zero functions")
        say_error(str(refusal))
        _end(1)
    say("stopped")
    _end(0)
    return 0


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
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
