"""``down``: ends the run that is up, or what is left of one.

Its ``up`` is asked first, for that ends the others in their order and goes last. Whatever then remains, because ``up`` was killed or does
not answer, is asked one by one and then made to end. Only processes of the run's register are ended, each only while it is the one that was
noted; and the containers of its own project, where it had any.
"""

import argparse
import signal
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from devtools.local import docker, processes
from devtools.local.addresses import Addresses
from devtools.local.child import STOP_SECONDS
from devtools.local.docker import DockerFailed
from devtools.local.output import failed, show_json
from devtools.local.processes import Process
from devtools.local.run import Run, folder_of
from devtools.local.tables import table

IN_ORDER_SECONDS: Final = 30.0
"""For ``up`` to end its children, one after the other."""


@dataclass(frozen=True)
class Ended:
    """What runs no more, and what it took. Containers have no process id."""

    name: str
    pid: int | None
    how: str


async def command(options: argparse.Namespace) -> int:
    """End what runs."""
    try:
        ended = await down(folder_of(options.port_offset), Addresses.shifted(options.port_offset))
    except DockerFailed as error:
        return failed(str(error))
    if options.json:
        show_json({"ended": [asdict(one) for one in ended]})
    elif ended:
        print(table(("ended", "process", "how"), [(one.name, None if one.pid is None else str(one.pid), one.how) for one in ended]))
    else:
        print("nothing was running here")
    return 0


async def down(folder: Path, addresses: Addresses, *, stop_seconds: float = STOP_SECONDS) -> list[Ended]:
    """End all that runs, and say what that was; nothing, where nothing did. What is stored stays. Whatever is asked
    alone has ``stop_seconds`` to end before it is killed.

    Raises:
        DockerFailed: containers are left, and Docker does not end them.
    """
    noted = processes.noted(folder)
    there = [process for process in noted if process.is_running]
    had_containers = (folder / docker.VARIABLES).exists()
    owners = [process for process in there if process.name == processes.UP]
    ended: list[Ended] = []
    if owners:
        ended += _end(owners, there, signal.SIGTERM, "by its up", IN_ORDER_SECONDS + (docker.STOP_SECONDS if had_containers else 0))
        there = [process for process in there if process.is_running]
    was_in_order = bool(owners) and owners[0] not in there
    for number, how in ((signal.SIGTERM, "asked"), (signal.SIGKILL, "killed")):
        ended += _end(there, there, number, how, stop_seconds)
        there = [process for process in there if process.is_running]
    if noted and had_containers and not was_in_order:
        await docker.Containers(Run(addresses, "", "", "", is_official=True), folder, keep=True).stop()
        ended.append(Ended("containers", None, "by Docker"))
    processes.forget(folder)
    Run.forget(folder)
    return ended


def _end(asked: list[Process], waited_for: list[Process], number: signal.Signals, how: str, seconds: float) -> list[Ended]:
    """Send the signal to some, and wait for all these; those that have ended."""
    for process in asked:
        process.signal(number)
    left = processes.gone(waited_for, seconds)
    gone = [process for process in waited_for if process not in left]
    return [
        Ended(process.name, process.pid, "asked" if process.name == processes.UP and number == signal.SIGTERM else how) for process in gone
    ]
