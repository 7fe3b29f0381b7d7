"""A pretend Salesforce under load, that goes on until everything is acknowledged, and the comparison of its ledger with the store."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from devtools.vendors.salesforce.acknowledgement import Answer
from devtools.vendors.salesforce.backlog import RetrySchedule
from devtools.vendors.salesforce.ledger import Ledger
from devtools.vendors.salesforce.records import Record
from devtools.vendors.salesforce.sender import OutboundMessages
from tests.e2e.environment import Environment, until
from tests.e2e.expectations import structured_data
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
async def sending(tenant: Tenant, opportunities: int, *, per_message: int = 10, in_flight: int = 5) -> AsyncIterator[Load]:
    """Invented opportunities on their way while the block runs."""
    records = [tenant.org.create("Opportunity") for _ in range(opportunities)]
    messages = OutboundMessages(
        tenant.org, tenant.rng, schedule=IMPATIENT, notifications_per_message=per_message, messages_in_flight=in_flight
    )
    async with messages:
        messages.notify(tenant.action("Opportunity"), [record.id for record in records])
        yield Load(messages, records)


async def everything_is_stored(environment: Environment, tenant: Tenant, load: Load, *, seconds: float = 120.0) -> None:
    """Every acknowledged notification has its shard, true to its record; nothing was parked, nothing is dead, nothing is left."""
    await environment.drained(seconds)
    shards = await environment.shards(tenant)
    received = {load.ledger.record_of(notification_id) for notification_id in load.ledger.received()}
    assert received == {record.id for record in load.records}
    assert {record_id: shard["structuredData"] for record_id, shard in shards.items()} == {
        record.id: structured_data(record) for record in load.records
    }
    emitted = {message["body"]["shardId"] for message in await environment.queue("shard-emission", tenant)}
    assert emitted == {shard["id"] for shard in shards.values()}
    parked, dead = await asyncio.gather(
        environment.queue("rejected-messages", tenant), environment.queue("ingestion-events", tenant, dead=True)
    )
    assert (parked, dead) == ([], [])
