"""Microsoft's own emulators as containers, for ``up --docker``: the file of ``devtools/generate/compose.py``, started, asked, stopped.

Whether an emulator is there is found out by using it, in its own protocol and through the SDKs, and never from what it prints. The licences
are accepted by a person, in the environment (``ACCEPT_EULA=Y``); the password of the SQL Server behind the Service Bus emulator is made
here and lies in the run's folder, for as long as its containers.
"""

import asyncio
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import aiohttp
from azure.core.exceptions import AzureError
from azure.storage.blob.aio import BlobServiceClient

from devtools.generate import compose
from devtools.local.queues import Place, peek_all
from devtools.local.run import ROOT, Run
from shared.topology import TOPOLOGY, Queue

START_SECONDS: Final = 1800.0
"""The first time the images are fetched: two gigabytes."""
STOP_SECONDS: Final = 120.0
VARIABLES: Final = "docker.env"
"""The file of a run's folder that says that it has containers."""
LOOK_SECONDS: Final = 30.0
ANSWER_SECONDS: Final = 180.0
ATTEMPT_SECONDS: Final = 20.0
PAUSE_SECONDS: Final = 0.5


Probe = Callable[[], Awaitable[None]]


class DockerFailed(Exception):
    """Docker is missing, or could not do it. One line that says what to do, or where to read on."""


@dataclass(frozen=True)
class Containers:
    """The emulators of one run."""

    run: Run
    folder: Path
    keep: bool = False
    """Whether what they store outlives them."""

    @property
    def log(self) -> Path:
        """What Docker said, and in the end what the containers said."""
        return self.folder / "logs" / "docker.log"

    @property
    def project(self) -> str:
        """What Docker calls them: another clone of this project, or another run of it, has others."""
        return f"shardline-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]}-{self.folder.name}"

    async def look(self) -> None:
        """See that Docker is there and may be used.

        Raises:
            DockerFailed: it is not.
        """
        if shutil.which("docker") is None:
            raise DockerFailed("Docker is missing: install Docker Engine or Docker Desktop, or leave out --docker")
        if os.environ.get("ACCEPT_EULA", "").upper() != "Y":
            licences = "Microsoft's emulators have licences (docs/local-development.md): to accept them, set ACCEPT_EULA=Y"
            raise DockerFailed(licences)
        if not await self._works("compose", "version"):
            raise DockerFailed(
                "Docker Compose is missing: install the compose plugin of Docker (docker compose version says whether it is there)"
            )
        if not await self._works("version", "--format", "{{.Server.Version}}"):
            raise DockerFailed("the Docker daemon does not answer: start Docker, or see that you may use it (docker version says more)")

    async def clear(self, *, keep: bool | None = None) -> None:
        """End what a killed run may have left behind; what it stored goes, too, unless it is kept.

        Raises:
            DockerFailed: it cannot be ended, or the ports are somebody else's.
        """
        self._write_variables()
        await self._down(keep=self.keep if keep is None else keep)
        if (taken := self.run.addresses.in_use()) is not None:
            raise DockerFailed(taken)

    async def start(self) -> None:
        """Start them all, and return when every one answers.

        Raises:
            DockerFailed: one could not be started, or does not answer.
        """
        await self._compose("up", "--detach", seconds=START_SECONDS)
        try:
            async with asyncio.TaskGroup() as waiting:
                for who, probe in self._probes(TOPOLOGY.queues).items():
                    waiting.create_task(_until_it_answers(who, probe))
        except ExceptionGroup as errors:  # what a task group raises; whatever is in it but our own goes on
            failed, others = errors.split(DockerFailed)
            if failed is None or others is not None:
                raise
            raise DockerFailed(f"{'; '.join(map(str, failed.exceptions))} (log: {os.path.relpath(self.log)})") from None

    async def silent(self) -> list[str]:
        """Those that do not answer any more, a line each: while a run goes on nobody waits for their end."""
        probes = self._probes(TOPOLOGY.queues[:1])
        answers = await asyncio.gather(*map(_attempt, probes.values()), return_exceptions=True)
        return [
            f"{who} does not answer any more: docker ps --all says whether its container has ended"
            for who, answer in zip(probes, answers, strict=True)
            if answer is not None
        ]

    def _probes(self, queues: Sequence[Queue]) -> Mapping[str, Probe]:
        return {
            "the Service Bus emulator": partial(_queues_answer, self.run, [queue.name for queue in queues]),
            "the Cosmos DB emulator": partial(_account_answers, self.run),
            "Azurite": partial(_blobs_answer, self.run),
        }

    async def stop(self) -> None:
        """End them; their last words are in the log.

        Raises:
            DockerFailed: they cannot be ended.
        """
        await self._compose("logs", "--no-color", "--tail", "1000", seconds=STOP_SECONDS)
        await self._down(keep=self.keep)

    async def _down(self, *, keep: bool) -> None:
        await self._compose("down", "--remove-orphans", *([] if keep else ["--volumes"]), seconds=STOP_SECONDS)

    def _write_variables(self) -> None:
        """What the compose file needs to know, for whoever may read this run's folder."""
        path = self._variables
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        ports = self.run.addresses
        values = {
            "ACCEPT_EULA": "Y",
            "MSSQL_SA_PASSWORD": f"Aa1-{secrets.token_urlsafe(18)}",  # SQL Server asks for three of four kinds of characters
            compose.SERVICE_BUS_PORT: ports.service_bus,
            compose.COSMOS_PORT: ports.cosmos,
            compose.BLOB_PORT: ports.blob,
        }
        path.write_text("".join(f"{name}={value}\n" for name, value in values.items()), encoding="utf-8")

    @property
    def _variables(self) -> Path:
        return self.folder / VARIABLES

    async def _compose(self, *arguments: str, seconds: float) -> None:
        where = ("--project-name", self.project, "--env-file", str(self._variables), "--file", str(ROOT / compose.PATH))
        if not await self._works("compose", *where, *arguments, seconds=seconds):
            lines = [line for line in self.log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
            said = lines[-1] if lines else "it said nothing"
            raise DockerFailed(f"docker compose {arguments[0]} failed: {said} (log: {os.path.relpath(self.log)})")

    async def _works(self, *arguments: str, seconds: float = LOOK_SECONDS) -> bool:
        """Whether Docker does this in time; what it says goes to the log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                "docker",
                *arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for us: we end the containers in order
            )
            try:
                async with asyncio.timeout(seconds):
                    return await process.wait() == 0
            except TimeoutError:
                return False
            finally:
                if process.returncode is None:
                    process.terminate()
                    await process.wait()


async def _until_it_answers(who: str, probe: Probe) -> None:
    give_up_at = time.monotonic() + ANSWER_SECONDS
    while True:
        try:
            return await _attempt(probe)
        except (AzureError, aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
            if time.monotonic() >= give_up_at:
                raise DockerFailed(f"{who} does not answer ({type(error).__name__})") from error
        await asyncio.sleep(PAUSE_SECONDS)


async def _attempt(probe: Probe) -> None:
    async with asyncio.timeout(ATTEMPT_SECONDS):
        await probe()


async def _queues_answer(run: Run, queues: Sequence[str]) -> None:
    """These queues let themselves be looked into: six connections at once, of ten, and all of them closed again."""
    await peek_all(run, [Place(queue) for queue in queues], most=1, at_once=len(queues))


async def _account_answers(run: Run) -> None:
    """As the SDK begins, too; not through it, for it tries for seconds before it says no. A 401 is an answer: this asks without a key."""
    async with aiohttp.ClientSession() as http, http.get(f"http://localhost:{run.addresses.cosmos}/") as answer:
        if answer.status not in {200, 401}:
            raise aiohttp.ClientError(f"answered {answer.status}")


async def _blobs_answer(run: Run) -> None:
    async with BlobServiceClient.from_connection_string(run.blob, retry_total=0) as client:
        await client.get_account_information()
