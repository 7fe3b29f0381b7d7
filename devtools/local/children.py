"""Starts and stops what a local run consists of: the stand-ins, Azurite, the token issuer, pretend vendors and its function hosts."""

import asyncio
import zlib
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from devtools.local import slack_company
from devtools.local.building import build_blobs, build_database
from devtools.local.child import Child, ChildFailed
from devtools.local.parts import Parts
from devtools.local.patience import patiently
from devtools.local.run import DATABASE, ROOT, SALESFORCE_SECRET, Run
from devtools.local.workspace import Workspace
from devtools.provision import provision

QUEUES: Final = ROOT / "infra" / "servicebus-standin.json"
"""The topology's queues with production's values, in the official emulator's schema."""
PATIENT_SECONDS: Final = 60.0
"""How long what a fault plan hits is tried again, until everything is there."""

Result = TypeVar("Result")


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
    """Starts and stops what a run consists of: ``service-bus``, ``cosmos``, ``azurite``, ``issuer`` and its hosts, each by its name; and
    ``salesforce``, the run's organization, where the run ``has_salesforce``, ``gdrive``, its Google Workspace, where it ``has_gdrive``, and
    ``slack``, its workspace there, where it ``has_slack``.

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
        has_salesforce: bool = False,
        has_gdrive: bool = False,
        has_slack: bool = False,
    ) -> None:
        self.folder = folder
        self._run = run
        self._app = app
        workspace = Workspace.of(run, folder) if has_gdrive else None
        salesforce, gdrive = _salesforce(run) if has_salesforce else None, workspace.arguments if workspace else None
        slack = slack_company.arguments(run) if has_slack else None
        self._parts = Parts(run.addresses, folder, queues, faults, salesforce, gdrive, slack, secured=run.secured)
        self._settings = {**run.settings, **(workspace.settings if workspace else {}), **(settings or {})}
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
    def settings(self) -> dict[str, str]:
        """The app's, the same for all hosts."""
        return dict(self._settings)

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
        secured = self._run.secured
        ignored = [] if secured is None else await build_database(secured)
        await self.start_stores()
        if self._emulators is not None:
            await self._emulators.start()
        if secured is None:
            return await patiently(partial(provision, self._run.cosmos, DATABASE, self._run.blob), seconds=self._patience_seconds)
        await patiently(partial(build_blobs, self._run), seconds=self._patience_seconds)
        return ignored

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
        is_alone = host is not None and self._run.secured is not None
        self._children[name] = await Child.start(
            name, command, ready=ready, log=log, environment=environment, noted_in=self.folder, is_alone=is_alone
        )

    async def any_ended(self) -> Child:
        """Wait until one of them ends by itself."""
        waits = {asyncio.create_task(child.ended()): child for child in self.all}
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        return waits[done.pop()]

    async def whole_during(self, work: Coroutine[Any, Any, Result]) -> Result:
        """The result of the work.

        Raises:
            ChildFailed: as soon as a child ends, for what the work would then find missing is only a consequence.
        """
        working, ending = asyncio.create_task(work), asyncio.create_task(self.any_ended())
        try:
            await asyncio.wait({working, ending}, return_when=asyncio.FIRST_COMPLETED)
            if ending.done():
                child = ending.result()
                raise ChildFailed(f"{child.name} ended by itself with exit code {child.exit_code}: {child.last_words()}")
            return await working
        finally:
            for task in (working, ending):
                task.cancel()
            await asyncio.wait({working, ending})

    async def stop(self) -> None:
        """End them all, the host first."""
        for child in reversed(self.all):
            await child.stop()
        self._children.clear()
        if self._emulators is not None:
            await self._emulators.stop()


def _salesforce(run: Run) -> tuple[str, ...]:
    """Its organization is the run's, without a record but its users: the same ones whenever it is started."""
    empty = (f"--{name}=0" for name in ("accounts", "contacts", "opportunities", "leads"))
    seed = zlib.crc32(run.organization_id.encode())
    app = ("--client-id", run.salesforce_client_id, "--client-secret", SALESFORCE_SECRET)
    return ("--organization-id", run.organization_id, "--seed", str(seed), *empty, *app)
