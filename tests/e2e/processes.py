"""Commands run as a person runs them, and what becomes of their child processes."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]


@dataclass
class Command:
    """A running command. What it printed is read as it comes."""

    process: asyncio.subprocess.Process
    out: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    _reading: list[asyncio.Task[None]] = field(default_factory=list)

    @classmethod
    async def start(cls, *arguments: str, environment: Mapping[str, str] | None = None) -> "Command":
        process = await asyncio.create_subprocess_exec(
            *arguments,
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        command = cls(process)
        for stream, lines in ((process.stdout, command.out), (process.stderr, command.errors)):
            assert stream is not None
            command._reading.append(asyncio.create_task(_read(stream, lines)))
        return command

    async def ended(self, seconds: float = 120.0) -> int:
        """Its exit code."""
        async with asyncio.timeout(seconds):
            code = await self.process.wait()
            await asyncio.gather(*self._reading)
        return code

    async def said(self, text: str, seconds: float = 120.0) -> None:
        """Return when a line of its output holds the text."""
        async with asyncio.timeout(seconds):
            while not any(text in line for line in self.out):
                assert self.process.returncode is None, self.errors
                await asyncio.sleep(0.02)

    def signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            self.process.send_signal(number)

    def children(self) -> dict[int, str]:
        """The command lines of its children by their ids."""
        return {child: line for child, parent, line in _processes() if parent == self.process.pid}

    async def child(self, part: str, seconds: float = 60.0) -> int:
        """Wait for a child whose command line holds the text."""
        async with asyncio.timeout(seconds):
            while True:
                for process_id, line in self.children().items():
                    if part in line:
                        return process_id
                assert self.process.returncode is None, self.errors
                await asyncio.sleep(0.02)


@asynccontextmanager
async def running(*arguments: str, environment: Mapping[str, str] | None = None) -> AsyncIterator[Command]:
    """A command that is stopped at the end of the block, if it has not ended."""
    command = await Command.start(*arguments, environment=environment)
    try:
        yield command
    finally:
        command.signal(signal.SIGTERM)
        await command.ended()


async def run(*arguments: str, environment: Mapping[str, str] | None = None, seconds: float = 120.0) -> tuple[int, str, str]:
    """Exit code, output and errors of a command that ends by itself."""
    async with running(*arguments, environment=environment) as command:
        code = await command.ended(seconds)
    return code, "\n".join(command.out), "\n".join(command.errors)


async def all_gone(process_ids: set[int], seconds: float = 20.0) -> None:
    """Return when none of these runs any more."""
    async with asyncio.timeout(seconds):
        while process_ids & {process_id for process_id, _, line in _processes() if line}:
            await asyncio.sleep(0.02)


def command_line(process_id: int) -> str:
    """How a process was started."""
    [line] = [line for one, _, line in _processes() if one == process_id]
    return line


def _processes() -> list[tuple[int, int, str]]:
    """Id, parent and command line of every process but the dead ones nobody has waited for."""
    listed = subprocess.run(["ps", "-A", "-ww", "-o", "pid=,ppid=,stat=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(maxsplit=3) for line in listed.splitlines()]
    return [(int(row[0]), int(row[1]), row[3]) for row in rows if len(row) == 4 and not row[2].startswith("Z")]


async def _read(stream: asyncio.StreamReader, lines: list[str]) -> None:
    while line := await stream.readline():
        lines.append(line.decode(errors="replace").rstrip("\n"))
