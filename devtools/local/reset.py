"""``reset``: a run that holds nothing, as it did when it started; or no folder, where nothing runs.

A run that is up is emptied by its own ``up``, asked by a signal: it stops everything, for a message that a host has locked could be taken
from outside only after its lock, and a broker remembers the ids of what it once had; removes what is stored; and starts all of it again, on
the same ports, with the same issuer's keys, the same organization and workspaces, connected, and the same fault plan, which goes on where
it was.
"""

import argparse
import asyncio
import shutil
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from devtools.local import processes
from devtools.local.output import failed, show_json
from devtools.local.processes import Process
from devtools.local.run import ROOT, NotRunning, folder_of
from devtools.local.status import Status

ASKED: Final = signal.SIGUSR1
KEPT: Final = frozenset({"issuer", "gdrive"})
"""Of what is stored: tokens stay good, and the key by which the app may ask the Workspace."""
AGAIN_SECONDS: Final = 120.0
POLL_SECONDS: Final = 0.05
WRONG: Final = 2
"""The exit code of a command that is not given what it needs."""


async def command(options: argparse.Namespace) -> int:
    """Empty the run that is up, or remove the folder of one that is not."""
    folder = folder_of(options.port_offset)
    named = folder.relative_to(ROOT)
    is_up = any(process.is_running for process in processes.noted(folder))
    if not is_up and not folder.exists():
        show_json({"removed": None}) if options.json else print("nothing is running here, and nothing is left of an earlier run")
        return 0
    what = f"all messages, items, blobs and logs of the run in {named}" if is_up else f"{named} with all it holds; nothing is running here"
    if not options.yes and not await _agreed(what):
        return WRONG
    if not is_up:
        left = Folder.of(folder)
        left.remove()
        show_json({"removed": left.plain()}) if options.json else print(
            f"removed {named}: {left.files:,} files, {left.size_bytes / 1e6:.1f} MB"
        )
        return 0
    return await _emptied(options)


async def _emptied(options: argparse.Namespace) -> int:
    folder = folder_of(options.port_offset)
    held = (await Status.of(folder)).contents
    await empty(folder)
    if options.json:
        show_json({"removed": held.plain()})
    else:
        print(f"{held.rendered()}\n\nall of this was removed; the run is up again, and its organization and its workspaces are connected")
    return 0


async def _agreed(what: str) -> bool:
    """Whether a person says yes; where there is none, no, with a line that says how."""
    if not sys.stdin.isatty():
        failed(f"reset removes {what}: say --yes")
        return False
    answer = await asyncio.to_thread(input, f"This removes {what}. Go on? [y/N] ")
    if answer.strip().lower() not in {"y", "yes"}:
        failed("nothing was removed")
        return False
    return True


class Requests:
    """Requests to empty a run, on the side of its ``up``."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(ASKED, self._asked.set)

    async def next(self) -> None:
        """Return when it is asked for."""
        await self._asked.wait()
        self._asked.clear()


def remove_stored(folder: Path) -> None:
    """Remove what the stores of this folder hold, and their logs. Nothing of it may run."""
    for stored in (folder / "data").glob("*"):
        if stored.name not in KEPT:
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
