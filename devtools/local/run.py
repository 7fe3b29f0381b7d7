"""What a local run consists of: the stand-ins, Azurite, the function host, and where to find them again.

The file ``run.json`` of the run's folder tells the other commands where everything listens and which organization was connected; it holds
the sample organization's path key, so only its owner may read it.
"""

import asyncio
import json
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from devtools import azurite
from devtools.emulators.cosmos.server import KEY
from devtools.issuer.server import JWKS_PATH, issuer_url
from devtools.local.addresses import Addresses
from devtools.local.children import Child, ChildFailed
from devtools.local.parts import Parts
from devtools.local.patience import patiently
from devtools.provision import provision

EMULATORS_KEY: Final = "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw=="
"""The key that every Cosmos DB emulator has; not a secret (Azure documentation, "Use the Azure Cosmos DB emulator")."""
ROOT: Final = Path(__file__).resolve().parents[2]
PATIENT_SECONDS: Final = 60.0
"""How long what a fault plan hits is tried again, until everything is there."""
DATABASE: Final = "shardline"
AUDIENCE: Final = "api://shardline"
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
    is_official: bool = False
    """Whether its Service Bus and its Cosmos DB are Microsoft's emulators."""

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
        return f"AccountEndpoint=http://localhost:{self.addresses.cosmos}/;AccountKey={EMULATORS_KEY if self.is_official else KEY};"

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
        return {
            "SERVICE_BUS": self.service_bus,
            "COSMOS": self.cosmos,
            "COSMOS_DATABASE": DATABASE,
            "BLOB": self.blob,
            "EMBEDDING_OFFLINE": "true",
            "AUTH_ISSUER": self.issuer,
            "AUTH_AUDIENCE": AUDIENCE,
            "AUTH_JWKS_URL": f"{self.issuer}{JWKS_PATH}",
        }

    @property
    def issuer(self) -> str:
        """Who makes tokens for this run."""
        return issuer_url(self.addresses.issuer)

    @property
    def search_url(self) -> str:
        """Where questions are answered."""
        return f"{self.host}/api/v1/search"

    def remember(self, folder: Path) -> None:
        """Write the run's file."""
        path = folder / "run.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def remembered(cls, folder: Path) -> "Run":
        """The run that came up last, whatever has become of it.

        Raises:
            NotRunning: when there was none, or it ended in order.
        """
        try:
            read = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise NotRunning("nothing is running here: start it with scripts/up") from None
        return cls(Addresses(**read.pop("addresses")), **read)

    @classmethod
    def current(cls, folder: Path) -> "Run":
        """The run that is up.

        Raises:
            NotRunning: when there is none.
        """
        run = cls.remembered(folder)
        try:  # a killed run leaves its file behind
            socket.create_connection(("127.0.0.1", run.addresses.host), timeout=1).close()
        except OSError:
            raise NotRunning("the run that was here does not answer any more: start it again with scripts/up") from None
        return run

    @staticmethod
    def forget(folder: Path) -> None:
        """Remove the run's file."""
        (folder / "run.json").unlink(missing_ok=True)


@dataclass(frozen=True)
class Host:
    """A function host of a run: where it listens, and its settings beside those of all."""

    port: int
    settings: Mapping[str, str] = field(default_factory=dict)


class Emulators(Protocol):
    """Stores that run elsewhere."""

    async def start(self) -> None:
        """Start them, and return when they answer."""

    async def stop(self) -> None:
        """End them."""


class Children:
    """Starts and stops what a run consists of: ``service-bus``, ``cosmos``, ``azurite``, ``issuer`` and its hosts, each by its name.

    ``queues`` is the broker's configuration; ``settings`` are the hosts' beside those of the run. There is one host, ``host``, unless
    others are named. ``faults`` is a plan: whom it names is started with it, and where it is about blobs, the proxy ``blob`` stands
    before Azurite. ``emulators`` take the place of the stores, and are started and stopped with the rest.

    Raises:
        PlanInvalid: the plan cannot be read, or is none.
    """

    def __init__(
        self,
        run: Run,
        *,
        folder: Path,
        app: Path = ROOT,
        queues: Path = QUEUES,
        settings: Mapping[str, str] | None = None,
        hosts: Mapping[str, Host] | None = None,
        faults: Path | None = None,
        emulators: Emulators | None = None,
    ) -> None:
        self.folder = folder
        self._run = run
        self._app = app
        self._parts = Parts(run.addresses, folder, queues, faults)
        self._settings = {**run.settings, **(settings or {})}
        self._hosts = hosts or {"host": Host(run.addresses.host)}
        self._emulators = emulators
        self._stores = self._parts.stores if emulators is None else ("issuer",)
        self._children: dict[str, Child] = {}
        self._patience_seconds = 0.0 if faults is None and emulators is None else PATIENT_SECONDS

    def __getitem__(self, name: str) -> Child:
        return self._children[name]

    @property
    def all(self) -> list[Child]:
        """In the order of their start."""
        return list(self._children.values())

    @property
    def host_log(self) -> Path:
        """The JSON lines of the host."""
        return self.folder / "logs" / "host.log"

    def look_for_all(self) -> None:
        """See that everything is installed, before anything runs or is removed.

        Raises:
            AzuriteMissing: when Azurite is not.
        """
        for name in self._stores:
            self._parts.store(name)

    async def start(self) -> list[str]:
        """Start everything but the host, and make what it expects to find; on data that is there they go on. What the database account
        ignored of what it was told, a line each.

        Raises:
            ChildFailed: when one of them does not start.
            AzuriteMissing: when Azurite is not installed.
        """
        self.look_for_all()
        await self.start_stores()
        if self._emulators is not None:
            await self._emulators.start()
        return await patiently(partial(provision, self._run.cosmos, DATABASE, self._run.blob), seconds=self._patience_seconds)

    async def start_stores(self) -> None:
        """Start everything but the host.

        Raises:
            ChildFailed: when one of them does not start.
        """
        try:
            async with asyncio.TaskGroup() as starting:
                for name in self._stores:
                    starting.create_task(self.start_one(name))
        except ExceptionGroup as errors:
            failed, others = errors.split(ChildFailed)
            if failed is None or others is not None:
                raise
            raise ChildFailed("; ".join(str(error) for error in failed.exceptions)) from None

    async def start_host(self, *, app: Path | None = None) -> None:
        """Start the function host over the app, or over another where one is named; all of them, where there are several."""
        for name in self._hosts:
            await self.start_one(name, app=app)

    async def start_one(self, name: str, *, app: Path | None = None) -> None:
        """Start one of them, with what it stored before if it ran before; a host over another app, where one is named."""
        self._app = app or self._app
        host = self._hosts.get(name)
        command, ready = self._parts.store(name) if host is None else self._parts.host(host.port, self._app)
        own = {} if host is None else host.settings
        environment = {**self._settings, **own, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        log = self.folder / "logs" / f"{name}.log"
        self._children[name] = await Child.start(name, command, ready=ready, log=log, environment=environment, noted_in=self.folder)

    async def any_ended(self) -> Child:
        """Wait until one of them ends by itself."""
        waits = {asyncio.create_task(child.ended()): child for child in self.all}
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        return waits[done.pop()]

    async def stop(self) -> None:
        """End them all, the host first."""
        for child in reversed(self.all):
            await child.stop()
        self._children.clear()
        if self._emulators is not None:
            await self._emulators.stop()
