"""The processes of a run: noted where every command finds them, and known again for certain.

A process id alone says nothing: ids are used again. So the moment of a process's start is noted with it, as the system itself tells it (on
Linux in clock ticks since the boot that is named with them, elsewhere what ``ps`` says, to the second).

The register is ``processes.jsonl`` of the run's folder, a line for each start and one more when it listens; the last line of a name counts.
A run that ends in order takes it away; a killed one leaves it behind, for ``down``.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

UP: Final = "up"
"""The process that started the others, and ends them."""
REGISTER: Final = "processes.jsonl"
POLL_SECONDS: Final = 0.02


@dataclass(frozen=True)
class Process:
    """One that was started. ``born`` is the system's word for when; ``address`` is where it listens, once it does."""

    name: str
    pid: int
    born: str
    started_at: datetime
    address: str | None = None

    @classmethod
    def of(cls, name: str, pid: int) -> "Process":
        """The one that has this id now."""
        return cls(name, pid, birth_of(pid) or "unknown", datetime.now(UTC))

    @property
    def is_running(self) -> bool:
        """Whether it has not ended: another that has its id now is not it."""
        return birth_of(self.pid) == self.born

    @property
    def memory_bytes(self) -> int | None:
        """What it holds in memory; None when it is gone."""
        if not self.is_running:
            return None
        if sys.platform != "linux":
            return int(_ps("rss", self.pid) or 0) * 1024
        try:
            return int(Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()
        except (FileNotFoundError, ProcessLookupError):
            return None

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it is still running."""
        if self.is_running:
            os.kill(self.pid, number)

    def listens(self, ready_line: str) -> "Process":
        """The same, with the last address in the line by which it said that it is ready."""
        words = ready_line.split()
        addresses = [word.rstrip(",") for word in words if "://" in word or "127.0.0.1:" in word]
        return replace(self, address=(addresses or words)[-1])

    def note(self, folder: Path) -> None:
        """Write it to the register of this folder."""
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / REGISTER, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, json.dumps({**asdict(self), "started_at": self.started_at.isoformat()}).encode() + b"\n")
        finally:
            os.close(handle)


def begin(folder: Path) -> None:
    """A new register, whose first entry is this process: it starts the others, and ends them."""
    forget(folder)
    Process.of(UP, os.getpid()).note(folder)


def noted(folder: Path) -> list[Process]:
    """What the register of a folder says, in the order of the first start; nothing, where there is none."""
    try:
        lines = (folder / REGISTER).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    read = [json.loads(line) for line in lines if line.endswith("}")]  # the last may be half written
    return list({line["name"]: Process(**{**line, "started_at": datetime.fromisoformat(line["started_at"])}) for line in read}.values())


def forget(folder: Path) -> None:
    """Remove the register."""
    (folder / REGISTER).unlink(missing_ok=True)


def birth_of(pid: int) -> str | None:
    """When the process with this id began, in the system's own words; None when there is none, or only its remains."""
    if sys.platform != "linux":
        state, _, began = (_ps("stat=,lstart", pid) or "Z").partition(" ")
        return None if state.startswith("Z") else began.strip()
    try:
        # proc(5): the second field is a name in parentheses, which may hold anything; the state follows, and the 22nd is the start time.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else f"{boot}/{fields[19]}"


def gone(processes: list[Process], seconds: float) -> list[Process]:
    """Wait until they have ended; those that have not by then."""
    deadline = time.monotonic() + seconds
    left = [process for process in processes if process.is_running]
    while left and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        left = [process for process in left if process.is_running]
    return left


def _ps(column: str, pid: int) -> str | None:
    return subprocess.run(["ps", "-p", str(pid), "-o", f"{column}="], capture_output=True, text=True, check=False).stdout.strip() or None
