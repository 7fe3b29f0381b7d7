"""A Google Workspace that the app polls: another process holds its files."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex, token_urlsafe
from typing import Any

from devtools.local.drive import Drive, Seen
from devtools.local.drive_control import DriveControl
from devtools.local.polled_connection import PolledConnection
from devtools.local.run import Run
from devtools.local.stored_files import PARENTS
from devtools.local.workspace import connect, people_of
from shared.connections.connection import connection_id
from shared.storage.cosmos import CosmosAccount
from tests.e2e.environment import Environment, running_environment
from tests.e2e.model import Model
from tests.e2e.store import Document
from tests.e2e.tenants import account_of


@dataclass(frozen=True)
class PolledDrive:
    """A tenant whose Workspace is polled; ``run`` is the environment's, as this tenant's."""

    environment: Environment
    run: Run
    control: DriveControl
    account: CosmosAccount

    @property
    def people(self) -> Sequence[str]:
        """Ada, the administrator; Bob; and Cleo, who is in no group."""
        return people_of(self.run)

    async def ask(self) -> None:
        """Let the timer ask for what is new, at once."""
        await self._connection.ask()

    async def poll(self, seconds: float = 60.0) -> None:
        """Ask, and return when everything was handled."""
        await self.ask()
        for _ in range(2):  # a folder that was handled late has what is in it look again, on a queue that was empty already
            await self.environment.drained(seconds)

    async def compared(self, seconds: float = 60.0) -> dict[str, Any]:
        """What an admin is told once all of it was compared."""
        found = await self._connection.compared(seconds)
        assert found is not None, "it was not compared"
        return found

    async def seen(self) -> Seen:
        """What is here, who finds it, and what of it is not as it is in Drive."""
        return await Drive(self.run, self.environment.children.folder, self.account, timeout_seconds=60).look(self.control)

    async def shards(self) -> dict[str, Document]:
        """Of files and folders, by the vendor's id, gone or not. Two shards of one fail here."""
        found = [item for item in await self.environment.store.items("shards", self.run.tenant_id) if item.get("shardTypeId") in PARENTS]
        by_id = {str(item["structuredData"]["externalId"]): item for item in found if item["status"] != "draft"}
        assert len(by_id) == len([item for item in found if item["status"] != "draft"]), "two shards of one file"
        return by_id

    async def people_and_groups(self) -> dict[str, str]:
        """The shard type of each, by its address."""
        items = await self.environment.store.items("shards", self.run.tenant_id)
        kinds = ("c_person", "c_group")
        return {item["structuredData"]["email"]: item["shardTypeId"] for item in items if item.get("shardTypeId") in kinds}

    async def given_up(self) -> list[dict[str, Any]]:
        """Messages that were parked, or that the broker gave up."""
        dead = await asyncio.gather(*(self.environment.queue(name, dead=True) for name in self.environment.stages))
        return [*(await self.environment.queue("rejected-messages")), *(message for messages in dead for message in messages)]

    @property
    def _connection(self) -> PolledConnection:
        return PolledConnection(self.run, self.environment.children.folder, self.account, connection_id("gdrive", self.run.domain))


@asynccontextmanager
async def polled_drive(
    folder: Path,
    artefact: Path,
    *,
    lock_seconds: int | None = None,
    model: Model | None = None,
    settings: dict[str, str] | None = None,
    faults: Path | None = None,
) -> AsyncIterator[PolledDrive]:
    """A running app with a Workspace that it polls."""
    running = running_environment(
        folder, artefact, lock_seconds=lock_seconds, model=model, settings=settings, faults=faults, has_gdrive=True
    )
    async with running as environment, DriveControl(environment.run.gdrive) as control, account_of(environment.run) as account:
        run = replace(environment.run, tenant_id=f"tenant-{token_hex(4)}", key=token_urlsafe(32))
        await connect(run, account)
        yield PolledDrive(environment, run, control, account)
