"""Sample records: invented anew at every start, sent as Salesforce sends, and compared with what was stored.

What is expected is taken from the invented record itself and not through the app's conversions: a wrong conversion must not agree with
itself.
"""

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

from devtools.vendors.salesforce.outbound_message import new_action
from devtools.vendors.salesforce.records import PretendOrg, Record
from devtools.vendors.salesforce.sender import OutboundMessages
from shared.shards.ids import ShardId, shard_id
from shared.shards.model import Shard
from shared.shards.store import ShardStore

CHECKED: Final[Mapping[str, Mapping[str, str]]] = {
    "Account": {"name": "Name", "annualRevenue": "AnnualRevenue", "numberOfEmployees": "NumberOfEmployees", "website": "Website"},
    "Contact": {"name": "Name", "email": "Email", "accountId": "AccountId", "title": "Title"},
    "Opportunity": {"name": "Name", "amount": "Amount", "accountId": "AccountId", "closeDate": "CloseDate", "isWon": "IsWon"},
}
"""Canonical field → the vendor's field it must equal."""

SHARD_TYPES: Final = {"Account": "c_account", "Contact": "c_contact", "Opportunity": "c_opportunity"}
POLL_SECONDS: Final = 0.05


@dataclass(frozen=True)
class Sent:
    """What was sent, and how it went."""

    org: PretendOrg
    records: tuple[Record, ...]
    acknowledged: int
    answers: Mapping[str, int]

    def shard_id(self, record: Record, *, tenant_id: str) -> ShardId:
        """Where the record's shard must be."""
        return shard_id(
            tenant_id=tenant_id,
            system="salesforce",
            scope=self.org.organization_id,
            record_type=record.object_name,
            external_id=record.id,
        )


async def send(org: PretendOrg, rng: Random, url: str, *, counts: Mapping[str, int], timeout_seconds: float) -> Sent:
    """Invent records and send them until they are acknowledged, or the time is up."""
    ids = org.populate(accounts=counts["accounts"], contacts=counts["contacts"], opportunities=counts["opportunities"])
    async with OutboundMessages(org, rng) as messages:
        for object_name, record_ids in ids.items():
            messages.notify(new_action(object_name, url, rng), record_ids)
        with suppress(TimeoutError):  # the ledger tells how far it got
            await messages.settled(timeout_seconds)
    ledger = messages.ledger
    records = tuple(org.record(record_id) for record_ids in ids.values() for record_id in record_ids)
    return Sent(org, records, len(ledger.received()), {answer.value: count for answer, count in ledger.answers().items()})


async def stored(sent: Sent, shards: ShardStore, *, tenant_id: str, timeout_seconds: float) -> tuple[dict[str, Shard], float | None]:
    """Wait for the shards of what was sent.

    Returns:
        The shards by the record's id, as many as there were in time, and when (monotonic seconds) the first was seen.
    """
    started = time.monotonic()
    found: dict[str, Shard] = {}
    first_seen_at: float | None = None
    while len(found) < len(sent.records) and time.monotonic() - started < timeout_seconds:
        for record in sent.records:
            if record.id not in found:
                shard = await shards.read(tenant_id, sent.shard_id(record, tenant_id=tenant_id))
                if shard is not None:
                    first_seen_at = first_seen_at or time.monotonic()
                    found[record.id] = shard
        await asyncio.sleep(POLL_SECONDS)
    return found, first_seen_at


def faults(sent: Sent, shards: Mapping[str, Shard]) -> list[str]:
    """What is missing or wrong, a line each; empty when every record became the right shard."""
    lines = []
    for record in sent.records:
        shard = shards.get(record.id)
        if shard is None:
            lines.append(f"{record.object_name} {record.id} has no shard")
            continue
        if shard.shard_type_id != SHARD_TYPES[record.object_name]:
            lines.append(f"{record.object_name} {record.id} became a {shard.shard_type_id}")
        for canonical, vendor in CHECKED[record.object_name].items():
            # A field that is empty at the vendor is left out of an Outbound Message, so the shard does not know it.
            wanted, got = _plain(record.fields.get(vendor)), shard.structured_data.get(canonical)
            if wanted != got:
                lines.append(f"{record.object_name} {record.id}: {canonical} is {got!r} and {vendor} was {wanted!r}")
    return lines


def new_org(rng: Random, organization_id: str) -> PretendOrg:
    """A pretend organization on the wall clock."""
    return PretendOrg(organization_id, rng, lambda: datetime.now(UTC))


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | str):
        return value
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return float(value)
