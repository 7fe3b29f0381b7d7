"""A pretend Salesforce under load, that goes on until everything is acknowledged, and the comparison of its ledger with the store."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from devtools.faults.injector import Injector
from devtools.vendors.salesforce.acknowledgement import Answer
from devtools.vendors.salesforce.backlog import RetrySchedule
from devtools.vendors.salesforce.ledger import Ledger
from devtools.vendors.salesforce.records import Record
from devtools.vendors.salesforce.sender import OutboundMessages
from tests.e2e.environment import Environment, until
from tests.e2e.expectations import structured_data
from tests.e2e.graph import everything_is_linked_and_embedded
from tests.e2e.tenants import Tenant

IMPATIENT: Final = RetrySchedule(first_seconds=0.3, growth=1.5, longest_seconds=2.0)
"""The vendor's schedule, in a hurry."""


@dataclass(frozen=True)
class Load:
    """What is under way."""

    messages: OutboundMessages
    records: Sequence[Record]

    @property
    def ledger(self) -> Ledger:
        return self.messages.ledger

    async def received(self, count: int, seconds: float = 60.0) -> None:
        """Return when so many notifications were acknowledged."""

        async def are_received() -> bool:
            return len(self.ledger.received()) >= count

        await until(are_received, seconds, poll_seconds=0.01)

    async def refused(self, count: int, seconds: float = 60.0) -> None:
        """Return when so many deliveries came back without an acknowledgement."""

        async def are_refused() -> bool:
            return self.ledger.answers().total() - self.ledger.answers()[Answer.ACKNOWLEDGED] >= count

        await until(are_refused, seconds, poll_seconds=0.01)


@asynccontextmanager
async def sending(
    tenant: Tenant, records: int, *, per_message: int = 10, in_flight: int = 5, faults: Injector | None = None
) -> AsyncIterator[Load]:
    """So many invented records on their way while the block runs, those that name an account before most of the accounts.

    No two have a paragraph in common, so that a text that was embedded twice was embedded twice for one record.
    """
    accounts, contacts = max(1, records // 10), records // 5
    ids = tenant.org.populate(accounts=accounts, contacts=contacts, opportunities=records - accounts - contacts)
    for record_id in (*ids["Account"], *ids["Opportunity"]):
        tenant.org.edit(record_id, Description=f"{record_id} asks for an offer.\n\n{record_id} wants to be called back.")
    messages = OutboundMessages(
        tenant.org, tenant.rng, schedule=IMPATIENT, faults=faults, notifications_per_message=per_message, messages_in_flight=in_flight
    )
    async with messages:
        for object_name in ("Opportunity", "Contact", "Account"):
            messages.notify(tenant.action(object_name), ids[object_name])
        yield Load(messages, tenant.records())


async def everything_came_through(environment: Environment, tenant: Tenant, load: Load, *, seconds: float = 150.0) -> None:
    """Every acknowledged notification has its shard, true to its record, linked and embedded; nothing was parked, is dead, or is left."""
    await environment.drained(seconds)
    shards = await environment.shards(tenant)
    received = {load.ledger.record_of(notification_id) for notification_id in load.ledger.received()}
    assert received == {record.id for record in load.records}
    assert {record_id: shard["structuredData"] for record_id, shard in shards.items()} == {
        record.id: structured_data(record) for record in load.records
    }
    assert {shard["shardTypeId"] for shard in (await environment.placeholders(tenant)).values()} == {"c_person"}  # nobody told of them
    assert await environment.given_up(tenant) == []
    await everything_is_linked_and_embedded(environment, tenant)
