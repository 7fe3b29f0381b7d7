"""``status``: what runs where, whether it answers, what it holds, and what went wrong on purpose."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from ssl import SSLContext
from typing import Any, Final

import aiohttp
from rich.console import Console
from rich.live import Live
from rich.text import Text

from devtools.faults.report import Report
from devtools.local import planned, processes
from devtools.local.contents import Contents
from devtools.local.output import show_json
from devtools.local.processes import Process
from devtools.local.run import NotRunning, Run, folder_of
from devtools.local.secured import Secured
from devtools.local.tables import table

WATCH_SECONDS: Final = 2.0
PROBE_SECONDS: Final = 2.0
HELLO: Final = b"AMQP\x03\x01\x00\x00"
"""The first eight bytes of every connection, and of its answer (AMQP 1.0, part 5.3)."""


async def command(options: argparse.Namespace) -> int:
    """Show how a run is, once or again and again."""
    folder = folder_of(options.port_offset)
    if options.json or not options.watch or not sys.stdout.isatty():
        while True:
            found = await Status.of(folder)
            show_json(found.plain()) if options.json else print(found.rendered(), end="\n\n" if options.watch else "\n", flush=True)
            if not options.watch:
                return 0 if found.is_fine else 1
            await asyncio.sleep(WATCH_SECONDS)
    with Live(console=Console(highlight=False), auto_refresh=False, vertical_overflow="visible") as shown:
        while True:
            shown.update(Text((await Status.of(folder)).rendered()), refresh=True)
            await asyncio.sleep(WATCH_SECONDS)


@dataclass(frozen=True)
class Part:
    """One process of a run, or what listens somewhere else for it; and whether it is there."""

    name: str
    address: str | None
    process: Process | None
    state: str
    memory_bytes: int | None

    @property
    def is_fine(self) -> bool:
        """Whether it does what it is for."""
        return self.state in {"runs", "answers"}

    def plain(self) -> dict[str, Any]:
        """For machines."""
        process = self.process
        return {
            "name": self.name,
            "address": self.address,
            "pid": None if process is None else process.pid,
            "upSince": None if process is None else process.started_at.isoformat(),
            "memoryBytes": self.memory_bytes,
            "state": self.state,
        }

    def row(self) -> tuple[object, ...]:
        """For people."""
        process = self.process
        since = None if process is None else f"{process.started_at.astimezone():%Y-%m-%d %H:%M:%S}"
        memory = None if self.memory_bytes is None else f"{self.memory_bytes / 1e6:.0f} MB"
        return self.name, self.address, None if process is None else str(process.pid), since, memory, self.state


@dataclass(frozen=True)
class Status:
    """Everything that is known of a run."""

    parts: tuple[Part, ...]
    contents: Contents
    plan: Report | None

    @classmethod
    async def of(cls, folder: Path) -> "Status":
        """Of the run in this folder.

        Raises:
            NotRunning: there is nothing that runs.
        """
        run = Run.remembered(folder)
        there = processes.noted(folder)
        if there and not any(process.is_running for process in there):
            raise NotRunning("the run that was here has ended, and not in order: start it again with scripts/up")
        tls = None if run.secured is None else _trusting(run.secured)
        parts = await asyncio.gather(*(_part(process.name, process.address, process, tls) for process in there), *_elsewhere(run, there))
        plan = folder / planned.FILE
        contents = await Contents.of(run, answering={part.name for part in parts if part.is_fine})
        return cls(tuple(parts), contents, Report.read(plan) if plan.exists() else None)

    @property
    def is_fine(self) -> bool:
        """Whether everything answers."""
        return all(part.is_fine for part in self.parts) and self.contents.is_known

    def plain(self) -> dict[str, Any]:
        """For machines."""
        return {
            "allAnswer": self.is_fine,
            "parts": [part.plain() for part in self.parts],
            **self.contents.plain(),
            "faults": None if self.plan is None else self.plan.plain(),
        }

    def rendered(self) -> str:
        """For people."""
        parts = table(("part", "address", "process", "up since", "memory", "state"), [part.row() for part in self.parts])
        faults = [] if self.plan is None else [planned.rendered(self.plan)]
        missing = [part.name for part in self.parts if not part.is_fine]
        said = (
            "everything answers" if self.is_fine else f"not there, or without an answer: {', '.join(missing) or 'some of what is stored'}"
        )
        return "\n\n".join((parts, self.contents.rendered(), *faults, said))


def _trusting(secured: Secured) -> SSLContext:
    from devtools.certificate import trusting  # noqa: PLC0415 - loads what is needed with identities alone

    return trusting(secured.certificate)


def _elsewhere(run: Run, there: Sequence[Process]) -> list[Any]:
    """The stores that no process of the register is: they run in Docker."""
    known = {process.name for process in there}
    ports = {"service-bus": run.addresses.service_bus, "cosmos": run.addresses.cosmos, "azurite": run.addresses.blob}
    return [_part(name, f"127.0.0.1:{port}", None) for name, port in ports.items() if name not in known]


async def _part(name: str, address: str | None, process: Process | None, tls: SSLContext | None = None) -> Part:
    if process is not None and not process.is_running:
        return Part(name, address, process, "ended", None)
    memory = None if process is None else process.memory_bytes
    if name == processes.UP:
        return Part(name, None, process, "runs", memory)
    if address is None:
        return Part(name, None, process, "starting", memory)
    answers = await (_greets(address, tls) if name == "service-bus" else _answers(address, tls))
    return Part(name, address, process, "answers" if answers else "no answer", memory)


async def _answers(address: str, tls: SSLContext | None) -> bool:
    """Whether it speaks HTTP, whatever it has to say to a stranger."""
    url = address if "://" in address else f"http://{address}"
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PROBE_SECONDS)) as http, http.get(url, ssl=tls or True):
            return True
    except (aiohttp.ClientError, TimeoutError):
        return False


async def _greets(address: str, tls: SSLContext | None) -> bool:
    """Whether it speaks AMQP."""
    host, _, port = address.rpartition(":")
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            reader, writer = await asyncio.open_connection(host, int(port), ssl=tls)
            try:
                writer.write(HELLO)
                return await reader.readexactly(len(HELLO)) == HELLO
            finally:
                writer.close()
    except (OSError, EOFError, TimeoutError):
        return False
