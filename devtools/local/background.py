"""``up --detach``: a run that stays up when its terminal is given back.

The ``up`` that stays is a process in a session of its own. It writes to the same terminal until its first run is over; from then on to
``logs/up.log`` of its folder. That it got so far it says through a pipe, whose end without a word means that it has ended.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

INTERRUPTED: Final = 130
IS_UP: Final = b"."


def start(arguments: Sequence[str]) -> int:
    """Start ``up`` with these arguments, and wait until it stays up or has ended. The exit code: 0 when it stays."""
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "devtools", *arguments, "--up-through", str(writing)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=[writing], start_new_session=True)
    os.close(writing)
    was_asked_to_end: list[int] = []

    def pass_on(number: int, _frame: object) -> None:
        was_asked_to_end.append(number)
        process.terminate()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, pass_on)
    with os.fdopen(reading, "rb") as pipe:
        is_up = pipe.read(1) == IS_UP
    if is_up and not was_asked_to_end:
        return 0
    code = process.wait()
    return INTERRUPTED if was_asked_to_end else code


def give_back(pipe: int, folder: Path) -> None:
    """Give the terminal back: what such an ``up`` does when it stays up. ``pipe`` is the descriptor it was started with."""
    sys.stdout.flush()
    sys.stderr.flush()
    log = os.open(folder / "logs" / "up.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(log, sys.stdout.fileno())
    os.dup2(log, sys.stderr.fileno())
    os.close(log)
    os.write(pipe, IS_UP)
    os.close(pipe)
