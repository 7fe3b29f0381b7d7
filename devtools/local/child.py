"""Child processes of a local run: started together, logged each to its file, and none left behind.

On Linux the kernel ends a child when its parent dies, whatever the parent died of; elsewhere an orderly stop does it.
"""

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from devtools.local.processes import Process

STOP_SECONDS: Final = 5.0
READY_SECONDS: Final = 30.0
NEEDED: Final = frozenset({"PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TZ"})
_PR_SET_PDEATHSIG: Final = 1


class ChildFailed(Exception):
    """A child ended, or never became ready. The text says which, what it said last, and where its log is."""


class Child:
    """One process. Its output goes to a file; the line that says it is ready is waited for."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self.name = name
        self.log = log
        self._process = process
        self._ready = asyncio.Event()
        self.ready_line = ""
        self._copying: asyncio.Task[None] | None = None

    @classmethod
    async def start(
        cls,
        name: str,
        arguments: Sequence[str],
        *,
        ready: str,
        log: Path,
        environment: Mapping[str, str] | None = None,
        noted_in: Path | None = None,
        is_alone: bool = False,
    ) -> "Child":
        """Start it and wait for the line that holds ``ready``. ``noted_in`` is the folder whose register of processes it belongs to.

        One that ``is_alone`` has nothing of this process's environment but what every program needs.

        Raises:
            ChildFailed: when it ends before, or does not say so in time.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        process = await asyncio.create_subprocess_exec(
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**_inherited(is_alone=is_alone), **(environment or {})},
            limit=16 * 1024 * 1024,
            start_new_session=True,  # Ctrl-C reaches the parent, which stops the children in order
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )
        child = cls(name, process, log)
        child._copying = asyncio.create_task(child._copy(ready))
        try:
            noted = Process.of(name, process.pid)
            if noted_in is not None:
                noted.note(noted_in)
            await child._until_ready()
            if noted_in is not None:
                noted.listens(child.ready_line).note(noted_in)
        except BaseException:  # cancelled while it starts, most of all: nobody knows this child yet who could stop it
            await child.stop()
            raise
        return child

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.returncode is None

    async def ended(self) -> None:
        """Return when it has ended."""
        await self._process.wait()

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative when a signal ended it."""
        return self._process.returncode

    def last_words(self) -> str:
        """The end of its log, on one line, and where the rest is."""
        lines = [line for line in self.log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
        return f"{lines[-1] if lines else 'it said nothing'} (log: {os.path.relpath(self.log)})"

    async def stop(self) -> None:
        """End it: asked first, then made to."""
        if self.is_running:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
            except TimeoutError:
                await self.kill()
        if self._copying is not None:
            await asyncio.wait({self._copying}, timeout=STOP_SECONDS)

    async def kill(self) -> None:
        """SIGKILL."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    async def _until_ready(self) -> None:
        waiting = asyncio.create_task(self._ready.wait())
        try:
            await asyncio.wait({waiting, *filter(None, [self._copying])}, timeout=READY_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        if not self._ready.is_set():
            raise ChildFailed(f"{self.name} did not start: {self.last_words()}")

    async def _copy(self, ready: str) -> None:
        if self._process.stdout is None:
            return
        with self.log.open("ab") as log:
            async for line in self._process.stdout:
                log.write(line)
                log.flush()
                if not self._ready.is_set() and ready.encode() in line:
                    self.ready_line = line.decode(errors="replace").strip()
                    self._ready.set()


def _inherited(*, is_alone: bool) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not is_alone or name in NEEDED}


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
