"""A tenant with its pretend organization, and how it is connected: with an item in the store, as the operator's command does it."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from typing import Final

from azure.cosmos.aio import CosmosClient

from devtools.local.organization import connect
from devtools.local.run import DATABASE, Run
from devtools.vendors.salesforce.ids import random_id
from devtools.vendors.salesforce.outbound_message import Action, Notification, new_action, render
from devtools.vendors.salesforce.records import ObjectName, PretendOrg, Record
from shared.storage.cosmos import CosmosAccount

OBJECTS: Final[tuple[ObjectName, ...]] = ("Account", "Contact", "Opportunity")


@dataclass(frozen=True)
class Tenant:
    """A tenant, its pretend organization and the secret address this organization sends to."""

    id: str
    org: PretendOrg
    key: str
    url: str
    rng: Random

    def records(self) -> list[Record]:
        """Every record of the organization, as it is now."""
        return [record for object_name in OBJECTS for record in self.org.records(object_name)]

    def action(self, object_name: ObjectName, fields: list[str] | None = None) -> Action:
        """An Outbound Message action with the usual fields ticked, or these."""
        return new_action(object_name, self.url, self.rng, fields)

    def message(self, action: Action, *records: Record) -> bytes:
        """One message as Salesforce sends it, with the values the records have now."""
        return render(self.org.organization_id, action, [Notification(random_id("Notification", self.rng), record) for record in records])


async def connected_tenant(run: Run) -> Tenant:
    """A new one."""
    rng = Random(secrets.randbits(64))
    org = PretendOrg(random_id("Organization", rng), rng, lambda: datetime.now(UTC))
    key, tenant_id = secrets.token_urlsafe(32), f"tenant-{secrets.token_hex(4)}"
    its_own = replace(run, organization_id=org.organization_id, tenant_id=tenant_id, key=key)
    async with account_of(run) as account:
        await connect(its_own, account)
    return Tenant(tenant_id, org, key, its_own.webhook_url, rng)


@asynccontextmanager
async def account_of(run: Run) -> AsyncIterator[CosmosAccount]:
    """A run's database, while the block runs."""
    account = CosmosAccount(lambda: CosmosClient.from_connection_string(run.cosmos), database=DATABASE)
    try:
        yield account
    finally:
        await account.close()
