"""What a local run consists of: the stand-ins, Azurite, the function host, and where to find them again.

The file ``run.json`` of the run's folder tells the other commands where everything listens and which organization was connected; it holds
the sample organization's path key, so only its owner may read it.
"""

import asyncio
import json
import os
import shutil
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from devtools import azurite
from devtools.emulators.cosmos.server import KEY
from devtools.local.addresses import Addresses
from devtools.local.children import Child
from devtools.provision import provision

ROOT: Final = Path(__file__).resolve().parents[2]
DATABASE: Final = "shardline"
QUEUES: Final = ROOT / "infra" / "servicebus-standin.json"
"""The topology's queues with production's values, in the official emulator's schema."""


def folder_of(port_offset: int) -> Path:
    """Where a run keeps its data and logs: each of several side by side has its own."""
    return ROOT / ".shardline" / (f"local-{port_offset}" if port_offset else "local")


class NotRunning(Exception):
    """There is no local run to talk to."""


@dataclass(frozen=True)
class Run:
    """A run that is up, as its file tells it."""

    addresses: Addresses
    organization_id: str
    tenant_id: str
    key: str

    @property
    def service_bus(self) -> str:
        """The connection string of the broker."""
        return (
            f"Endpoint=sb://localhost:{self.addresses.service_bus};SharedAccessKeyName=RootManageSharedAccessKey;"
            "SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;"
        )

    @property
    def cosmos(self) -> str:
        """The connection string of the database account."""
        return f"AccountEndpoint=http://localhost:{self.addresses.cosmos}/;AccountKey={KEY};"

    @property
    def blob(self) -> str:
        """The connection string of the storage account."""
        return azurite.connection_string(self.addresses.blob)

    @property
    def host(self) -> str:
        """The function host's address."""
        return f"http://127.0.0.1:{self.addresses.host}"

    @property
    def webhook_url(self) -> str:
        """Where the sample organization sends its Outbound Messages."""
        return f"{self.host}/api/webhooks/salesforce/{self.key}"

    @property
    def settings(self) -> dict[str, str]:
        """The app's settings, as environment variables."""
        return {"SERVICE_BUS": self.service_bus, "COSMOS": self.cosmos, "COSMOS_DATABASE": DATABASE, "BLOB": self.blob}

    def remember(self, folder: Path) -> None:
        """Write the run's file."""
        path = folder / "run.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def current(cls, folder: Path) -> "Run":
        """The run that is up.

        Raises:
            NotRunning: when there is none.
        """
        try:
            read = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise NotRunning("nothing is running here: start it with scripts/up") from None
        return cls(Addresses(**read.pop("addresses")), **read)

    @staticmethod
    def forget(folder: Path) -> None:
        """Remove the run's file."""
        (folder / "run.json").unlink(missing_ok=True)


class Children:
    """Starts and stops what a run consists of."""

    def __init__(self, run: Run, *, folder: Path, app: Path = ROOT) -> None:
        self._run = run
        self.folder = folder
        self._app = app
        self.all: list[Child] = []

    @property
    def host_log(self) -> Path:
        """The JSON lines of the host."""
        return self.folder / "logs" / "host.log"

    async def start(self, *, keep: bool) -> None:
        """Start everything, the stores first.

        Raises:
            ChildFailed: when one of them does not start.
            AzuriteMissing: when Azurite is not installed.
        """
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        addresses, data = self._run.addresses, self.folder / "data"
        async with asyncio.TaskGroup() as starting:
            starting.create_task(
                self._python(
                    "service-bus",
                    *("devtools.emulators.servicebus", "--config", str(QUEUES), "--port", str(addresses.service_bus)),
                    *("--data", str(data / "service-bus")),
                    ready="service bus: ready",
                )
            )
            starting.create_task(
                self._python(
                    "cosmos",
                    *("devtools.emulators.cosmos", "--port", str(addresses.cosmos), "--data", str(data / "cosmos")),
                    ready="cosmos: ready",
                )
            )
            starting.create_task(self._child("azurite", *azurite.command(addresses.blob, data / "azurite"), ready=azurite.READY))
        await provision(self._run.cosmos, DATABASE, self._run.blob)

    async def start_host(self) -> None:
        """Start the function host over the app."""
        await self._python("host", "devtools.host", "--app", str(self._app), "--port", str(self._run.addresses.host), ready="host: ready")

    async def any_ended(self) -> Child:
        """Wait until one of them ends by itself."""
        waits = {asyncio.create_task(child.ended()): child for child in self.all}
        done, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in pending:
            wait.cancel()
        return waits[done.pop()]

    async def stop(self) -> None:
        """End them all, the host first."""
        for child in reversed(self.all):
            await child.stop()
        self.all.clear()

    async def _python(self, name: str, module: str, *arguments: str, ready: str) -> None:
        await self._child(name, sys.executable, "-m", module, *arguments, ready=ready)

    async def _child(self, name: str, *command: str, ready: str) -> None:
        environment = {**self._run.settings, "PYTHONPATH": os.pathsep.join([str(ROOT)]), "PYTHONUNBUFFERED": "1"}
        self.all.append(await Child.start(name, command, ready=ready, log=self.folder / "logs" / f"{name}.log", environment=environment))
