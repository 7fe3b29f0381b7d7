"""Runs the host as a child process, for tests and for ``devtools up``: one process can hold only one app."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, cast

_PROJECT_ROOT = Path(__file__).resolve().parents[2]
_READY = "host: ready on "
_INHERITED = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TZ")
_STOP_SECONDS = 10.0


class HostFailed(Exception):
    """The host ended, or did not become ready; the text is what it printed. ``exit_code`` is negative when it had to be killed."""

    def __init__(self, output: str, exit_code: int | None) -> None:
        super().__init__(output)
        self.exit_code = exit_code


class RunningHost:
    """A child that is ready. ``url`` has no slash at the end."""

    def __init__(self, process: asyncio.subprocess.Process, printed: asyncio.StreamReader) -> None:
        self.url = ""
        self._process = process
        self._printed = printed
        self._lines: list[str] = []
        self._ready = asyncio.Event()
        self._reader = asyncio.create_task(self._read())

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative when a signal ended it."""
        return self._process.returncode

    def output(self) -> str:
        """Everything printed so far, standard error included."""
        return "\n".join(self._lines)

    def log_lines(self) -> list[dict[str, Any]]:
        """The JSON log lines so far, the app's and the host's own about invocations."""
        return [json.loads(line) for line in list(self._lines) if line.startswith("{")]

    async def wait_ready(self, seconds: float) -> None:
        """Wait for the listeners.

        Raises:
            HostFailed: it ended, or took longer.
        """
        ready = asyncio.create_task(self._ready.wait())
        await asyncio.wait({ready, self._reader}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if self._ready.is_set():
            return
        if self._reader.done():  # it is ending by itself, and its exit code is worth a moment
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), 2)
        await self.kill()
        raise HostFailed(self.output(), self.exit_code)

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL to one that does not listen."""
        if self.exit_code is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self._process.wait(), _STOP_SECONDS)
            except TimeoutError:
                await self.kill()
        await self._reader

    async def kill(self) -> None:
        """SIGKILL: what Azure does to a worker."""
        if self.exit_code is None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        await self._reader

    async def _read(self) -> None:
        while raw := await self._printed.readline():
            line = raw.decode("utf-8", errors="replace").rstrip("\n")
            self._lines.append(line)
            if line.startswith(_READY):
                self.url = line.removeprefix(_READY)
                self._ready.set()


async def start_host(
    app_dir: Path,
    settings: Mapping[str, str],
    *,
    port: int = 0,
    ready_seconds: float = 20.0,
    state: Path | None = None,
    faults: Path | None = None,
) -> RunningHost:
    """Start a host and wait for its listeners; the caller stops it.

    Args:
        settings: its environment, beside a few variables that programs need; they win over the app's ``local.settings.json``.
        port: 0 takes a free one.
        state: the folder for what timers remember.
        faults: the file of a fault plan.

    Raises:
        HostFailed: see there.
    """
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",  # the current directory is not a place to import from
        "-m",
        "devtools.host",
        "--app",
        str(app_dir),
        "--port",
        str(port),
        *(["--state", str(state)] if state else []),
        *(["--faults", str(faults)] if faults else []),
        cwd=app_dir,
        env={**inherited, "PYTHONPATH": str(_PROJECT_ROOT), "PYTHONUNBUFFERED": "1", **settings},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        limit=16 * 1024 * 1024,  # a log line may be long
    )
    host = RunningHost(process, cast(asyncio.StreamReader, process.stdout))  # a pipe was asked for
    await host.wait_ready(ready_seconds)
    return host


@asynccontextmanager
async def running_host(
    app_dir: Path,
    settings: Mapping[str, str],
    *,
    port: int = 0,
    ready_seconds: float = 20.0,
    state: Path | None = None,
    faults: Path | None = None,
) -> AsyncIterator[RunningHost]:
    """``start_host`` that stops it at the end."""
    host = await start_host(app_dir, settings, port=port, ready_seconds=ready_seconds, state=state, faults=faults)
    try:
        yield host
    finally:
        await host.stop()
