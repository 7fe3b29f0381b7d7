"""What a timer remembers between two hosts, and which of several hosts runs it.

Both are files of the host's state folder (``--state DIR``), by the function's name; Azure keeps them in blob storage: a JSON document, and
a lease that only one instance holds. The lock here ends with its process, however that ends; in Azure the lease of a killed host runs out
after up to a minute first. Without a state folder nothing is remembered and nothing is shared.
"""

import asyncio
import fcntl
import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

_LOCK_POLL_SECONDS: Final = 0.5


@dataclass(frozen=True)
class Status:
    """When it last ran (by its record: planned or real), when it is due next, and when that was reckoned."""

    last: datetime
    next: datetime
    last_updated: datetime

    def plain(self) -> dict[str, str]:
        """As the function sees it in ``schedule_status``, and as it is kept."""
        return {"Last": self.last.isoformat(), "Next": self.next.isoformat(), "LastUpdated": self.last_updated.isoformat()}


class Monitor:
    """The record of one timer. Without a folder it lasts as long as the process."""

    def __init__(self, folder: Path | None, function: str) -> None:
        self._path = folder / "timers" / f"{function}.json" if folder else None
        self._status: Status | None = None

    def read(self) -> Status | None:
        """What was kept; None when there is nothing, or nothing that can be read, as in Azure."""
        if self._path is None:
            return self._status
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            return Status(*(datetime.fromisoformat(kept[name]) for name in ("Last", "Next", "LastUpdated")))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, status: Status) -> None:
        """Keep it, whole or not at all."""
        self._status = status
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        written = self._path.with_suffix(".tmp")
        written.write_text(json.dumps(status.plain()), encoding="utf-8")
        written.replace(self._path)


async def owned(folder: Path | None, function: str) -> None:
    """Wait until this process is the one that runs the timer; it stays so until it ends."""
    if folder is None:
        return
    path = folder / "timers" / f"{function}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            await asyncio.sleep(_LOCK_POLL_SECONDS)
        else:
            return
