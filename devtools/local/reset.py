"""``reset``: a run that holds nothing, as it did when it started; or no folder, where nothing runs.

A run that is up is emptied by its own ``up``, asked by a signal: it stops everything, for a message that a host has locked could be taken
from outside only after its lock, and a broker remembers the ids of what it once had; removes what is stored; and starts all of it again, on
the same ports, with the same issuer's keys, the same connected organization and the same fault plan, which goes on where it was.
"""

import asyncio
import shutil
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from devtools.local import processes
from devtools.local.children import Child
from devtools.local.processes import Process
from devtools.local.run import NotRunning

ASKED: Final = signal.SIGUSR1
KEPT: Final = "issuer"
"""Of what is stored: tokens stay good."""
AGAIN_SECONDS: Final = 120.0
POLL_SECONDS: Final = 0.05


class Requests:
    """Requests to empty a run, on the side of its ``up``."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(ASKED, self._asked.set)

    async def served_until_one_ends(self, any_ended: Callable[[], Awaitable[Child]], begin_again: Callable[[], Awaitable[None]]) -> Child:
        """Do what is asked, as long as none of the children ends by itself; that one, when one does."""
        while True:
            ending = asyncio.ensure_future(any_ended())
            asking = asyncio.ensure_future(self._asked.wait())
            try:
                await asyncio.wait({ending, asking}, return_when=asyncio.FIRST_COMPLETED)
                if ending.done():
                    return ending.result()
            finally:
                ending.cancel()
                asking.cancel()
            self._asked.clear()
            await begin_again()


def remove_stored(folder: Path) -> None:
    """Remove what the stores of this folder hold, and their logs. Nothing of it may run."""
    for stored in (folder / "data").glob("*"):
        if stored.name != KEPT:
            shutil.rmtree(stored)
    for log in (folder / "logs").glob("*.log"):
        log.write_bytes(b"")  # that of a detached ``up`` is open


async def empty(folder: Path) -> None:
    """Let the ``up`` of this folder empty its run, and return when it is up again.

    Raises:
        NotRunning: there is no ``up`` that could, or it has ended over it.
    """
    before = {process.name: process for process in processes.noted(folder)}
    owner = before.pop(processes.UP, None)
    if owner is None or not owner.is_running:
        raise NotRunning("the run that was here is not whole any more: end the rest with python -m devtools down")
    owner.signal(ASKED)
    give_up_at = time.monotonic() + AGAIN_SECONDS
    while not _is_new(processes.noted(folder), before):
        if not owner.is_running or time.monotonic() >= give_up_at:
            raise NotRunning(f"the run did not come up again: see {folder.name}/logs, then python -m devtools down")
        await asyncio.sleep(POLL_SECONDS)


def _is_new(now: list[Process], before: dict[str, Process]) -> bool:
    """Whether each of them was started again and listens; the hosts are the last."""
    found = {process.name: process for process in now}
    return all(name in found and found[name] != old and found[name].address is not None for name, old in before.items()) and bool(before)


@dataclass(frozen=True)
class Folder:
    """What lies in the folder of a run that is none any more."""

    path: Path
    files: int
    size_bytes: int

    @classmethod
    def of(cls, path: Path) -> "Folder":
        """Count it."""
        sizes = [file.stat().st_size for file in path.rglob("*") if file.is_file()]
        return cls(path, len(sizes), sum(sizes))

    def remove(self) -> None:
        """All of it."""
        shutil.rmtree(self.path)

    def plain(self) -> dict[str, Any]:
        """For machines."""
        return {"folder": self.path.name, "files": self.files, "sizeBytes": self.size_bytes}
