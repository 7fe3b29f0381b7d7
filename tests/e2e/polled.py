"""An organization that the app polls: another process holds its records, and is told of whatever happens in the one here."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from secrets import randbits, token_hex, token_urlsafe
from typing import Any, Final

from devtools.local.control import Control
from devtools.local.organization import connect
from devtools.local.polled_connection import PolledConnection
from devtools.local.run import Run
from devtools.vendors.salesforce.records import PretendOrg, Record
from devtools.vendors.salesforce.store import to_the_second
from shared.connections.connection import connection_id
from shared.storage.cosmos import CosmosAccount
from tests.e2e.environment import Environment, running_environment
from tests.e2e.model import Model
from tests.e2e.tenants import Tenant, account_of

STREAMS: Final = ("User", "Account", "Contact", "Lead", "Opportunity")
SETTLED: Final = timedelta(seconds=90)
"""The vendor's logs leave out the minute that is not over: what a test changes was changed before it."""
LONG_AGO: Final = timedelta(days=40)
NOTHING_WRONG: Final = dict.fromkeys(STREAMS, (0, 0, 0))


@dataclass(frozen=True)
class Polled:
    """A tenant whose organization is polled."""

    environment: Environment
    tenant: Tenant
    control: Control
    account: CosmosAccount

    async def create(self, object_name: str, *, is_old: bool = False, **fields: Any) -> Record:
        """A new record, or one that has been there for long."""
        record = self.tenant.org.create(object_name, at=_moment(is_old=is_old), **fields)
        await self.control.mirror([record])
        return record

    async def edit(self, record: Record, **fields: Any) -> Record:
        """A change of a record."""
        edited = self.tenant.org.edit(record.id, at=self._later_than(record), **fields)
        await self.control.mirror([edited])
        return edited

    async def delete(self, record: Record) -> None:
        """Into the recycle bin, with what goes along."""
        at = self._later_than(record)
        self.tenant.org.delete(record.id, at=at)
        await self.control.tell("delete", id=record.id, at=at.isoformat())

    async def gone_for_good(self, record: Record) -> None:
        """Not in the recycle bin either."""
        at = self._later_than(record)
        self.tenant.org.hard_delete(record.id, at=at)
        await self.control.tell("hard-delete", id=record.id, at=at.isoformat())

    async def merge(self, master: Record, loser: Record) -> None:
        """Two records become one."""
        at = self._later_than(master, loser)
        self.tenant.org.merge(master.id, [loser.id], at=at)
        await self.control.tell("merge", master=master.id, losers=[loser.id], at=at.isoformat())

    def _later_than(self, *records: Record) -> datetime:
        """A moment with a stamp of its own: this is no story about ties."""
        return max(_moment(), *(self.tenant.org.record(record.id).system_modstamp + timedelta(seconds=1) for record in records))

    async def webhook(self, *records: Record) -> None:
        """Let the organization tell of them."""
        assert await self.is_taken(*records)

    async def is_taken(self, *records: Record) -> bool:
        """Whether the app takes what the organization tells of them."""
        message = self.tenant.message(self.tenant.action(records[0].object_name), *records)
        return (await self.environment.post(self.tenant.url, message)).is_acknowledged

    def moment(self) -> datetime:
        """When something happens now that a poll is to see at once."""
        return _moment()

    async def ask(self) -> None:
        """Let the timer ask for what is new, at once."""
        await self._connection.ask()

    async def poll(self, seconds: float = 60.0) -> None:
        """Ask, and return when everything was handled."""
        await self.ask()
        await self.environment.drained(seconds)

    async def compared(self, seconds: float = 60.0) -> dict[str, Any]:
        """What an admin is told once all of it was compared."""
        found = await self._connection.compared(seconds)
        assert found is not None, "it was not compared"
        return found

    @property
    def _connection(self) -> PolledConnection:
        run, folder = self.run, self.environment.children.folder
        return PolledConnection(run, folder, self.account, connection_id("salesforce", run.organization_id))

    @property
    def run(self) -> Run:
        """The environment's run, as this tenant's."""
        return replace(self.environment.run, tenant_id=self.tenant.id, key=self.tenant.key)


def wrong(completeness: dict[str, Any]) -> dict[str, tuple[int, int, int]]:
    """By stream: missing, extra, stale."""
    compared = {stream["stream"]: stream["comparison"] for stream in completeness["streams"]}
    return {stream: (found["missing"], found["extra"], found["stale"]) for stream, found in compared.items()}


@asynccontextmanager
async def polled_environment(
    folder: Path,
    artefact: Path,
    *,
    lock_seconds: int | None = None,
    model: Model | None = None,
    settings: dict[str, str] | None = None,
    faults: Path | None = None,
) -> AsyncIterator[Polled]:
    """A running app with an organization that it polls."""
    running = running_environment(
        folder, artefact, lock_seconds=lock_seconds, model=model, settings=settings, faults=faults, has_salesforce=True
    )
    async with running as environment, Control(environment.run.salesforce) as control, account_of(environment.run) as account:
        rng = Random(randbits(64))
        org = PretendOrg(environment.run.organization_id, rng, lambda: datetime.now(UTC))
        await control.adopt_users(org)
        run = replace(environment.run, tenant_id=f"tenant-{token_hex(4)}", key=token_urlsafe(32))
        await connect(run, account, is_polled=True)
        tenant = Tenant(run.tenant_id, org, run.key, run.webhook_url, rng)
        yield Polled(environment, tenant, control, account)


async def minutes_pass(environment: Environment, tenant_id: str) -> None:
    """What a dead worker holds in the store is its no more, as when four minutes have passed."""
    for item in await environment.store.items("shards", tenant_id):
        if item.get("shardTypeId") != "integration.state":
            continue
        said, cursor = item["structuredData"], json.loads(item["structuredData"].get("cursor") or "{}")
        if said.get("leaseUntil") or cursor.get("loginUntil"):
            freed = {
                **said,
                "leaseUntil": None,
                "cursor": json.dumps({**cursor, "loginUntil": None}) if "loginUntil" in cursor else said["cursor"],
            }
            await environment.store.set(item, {"structuredData": freed})


def _moment(*, is_old: bool = False) -> datetime:
    return to_the_second(datetime.now(UTC) - (LONG_AGO if is_old else SETTLED))
