"""Sample records: invented anew at every start, sent as Salesforce sends, and compared with what was stored.

What is expected is taken from the invented record itself and not through the app's conversions: a wrong conversion must not agree with
itself.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from typing import Any, Final

from devtools.local.progress import Seen, unseen
from devtools.vendors.salesforce.ledger import State
from devtools.vendors.salesforce.outbound_message import new_action
from devtools.vendors.salesforce.records import PretendOrg, Record
from devtools.vendors.salesforce.sender import OutboundMessages
from devtools.vendors.salesforce.stories import OPPORTUNITY_STORIES
from shared.errors import TransientError
from shared.shards.ids import ShardId, shard_id
from shared.shards.model import Shard
from shared.shards.store import ShardStore

CHECKED: Final[Mapping[str, Mapping[str, str]]] = {
    "Account": {"name": "Name", "annualRevenue": "AnnualRevenue", "numberOfEmployees": "NumberOfEmployees", "website": "Website"},
    "Contact": {"name": "Name", "email": "Email", "accountId": "AccountId", "title": "Title"},
    "Opportunity": {"name": "Name", "amount": "Amount", "accountId": "AccountId", "closeDate": "CloseDate", "isWon": "IsWon"},
    "Lead": {"name": "Name", "email": "Email", "company": "Company", "title": "Title"},
    "User": {"name": "Name", "email": "Email", "title": "Title", "managerId": "ManagerId", "isActive": "IsActive"},
}
"""Canonical field → the vendor's field it must equal."""

SHARD_TYPES: Final = {
    "Account": "c_account",
    "Contact": "c_contact",
    "Opportunity": "c_opportunity",
    "Lead": "c_lead",
    "User": "c_person",
}
RELATIONSHIPS: Final[Mapping[str, Mapping[str, str]]] = {
    "Account": {"ParentId": "child_of", "OwnerId": "has_owner"},
    "Contact": {"AccountId": "contact_for", "OwnerId": "has_owner"},
    "Opportunity": {"AccountId": "opportunity_for", "OwnerId": "has_owner"},
    "Lead": {"OwnerId": "has_owner"},
    "User": {"ManagerId": "reports_to"},
}
"""The vendor's field → how a record is linked to the one that the field names."""
OF_OLD: Final[Mapping[str, int]] = {"Account": 3, "Contact": 4, "Opportunity": 3, "Lead": 2}
POLL_SECONDS: Final = 0.05
AT_ONCE: Final = 50
"""So many records are looked for, then others: looking must not take the machine from what is looked at."""


Mirror = Callable[[Sequence[Record]], Awaitable[None]]
"""Told of records before they are sent."""
Naming = Callable[[PretendOrg, Mapping[str, Sequence[str]], Random], None]
"""Changes what was invented, before anybody is told of it: the organization, the new ids by object."""


async def unmirrored(_records: Sequence[Record]) -> None:
    """For an organization that cannot be asked."""


def unchanged(_org: PretendOrg, _ids: Mapping[str, Sequence[str]], _rng: Random) -> None:
    """For records that nobody looks at by their names."""


@dataclass(frozen=True)
class Sent:
    """What was sent, and how it went; or what an organization has without having sent it."""

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


async def send(
    org: PretendOrg,
    rng: Random,
    url: str,
    *,
    counts: Mapping[str, int],
    timeout_seconds: float,
    naming: Naming = unchanged,
    mirror: Mirror = unmirrored,
    seen: Seen = unseen,
) -> Sent:
    """Invent records and send them until they are acknowledged, or none was for so long. ``naming`` may change them first, ``mirror`` is
    given them before anything is sent, ``seen`` is told how many are acknowledged."""
    ids = org.populate(accounts=counts["accounts"], contacts=counts["contacts"], opportunities=counts["opportunities"])
    for story, record_id in zip(rng.sample(OPPORTUNITY_STORIES, len(OPPORTUNITY_STORIES)), ids["Opportunity"], strict=False):
        org.edit(record_id, Description=story.description)  # one each, as far as they go: a question must have one answer
    naming(org, ids, rng)
    records = tuple(org.record(record_id) for record_ids in ids.values() for record_id in record_ids)
    await mirror(records)
    async with OutboundMessages(org, rng) as messages:
        for object_name, record_ids in ids.items():
            messages.notify(new_action(object_name, url, rng), record_ids)
        await _settled(messages, timeout_seconds, seen)
    ledger = messages.ledger
    return Sent(org, records, len(ledger.received()), {answer.value: count for answer, count in ledger.answers().items()})


def of_old(org: PretendOrg, people: Sequence[Record], rng: Random) -> Sent:
    """What an organization had before anybody connected it: the people who work there, and records of which no message is ever sent."""
    made: list[Record] = []
    for object_name in OF_OLD:
        for _ in range(OF_OLD[object_name]):
            at = datetime.now(UTC) - timedelta(days=rng.randrange(30, 700))
            companies = [record.id for record in made if record.object_name == "Account"]
            belongs = {"AccountId": rng.choice(companies)} if object_name in {"Contact", "Opportunity"} else {}
            made.append(org.create(object_name, at=at, Description=None, **belongs))  # a question must have one answer
    return Sent(org, (*people, *made), 0, {})


async def _settled(messages: OutboundMessages, timeout_seconds: float, seen: Seen) -> None:
    """Until there is nothing left to send, or nothing was acknowledged for so long; the ledger tells how far it got."""
    acknowledged, give_up_at = 0, time.monotonic() + timeout_seconds
    is_settled = False
    while not is_settled and time.monotonic() < give_up_at:
        with suppress(TimeoutError):
            await messages.settled(POLL_SECONDS)
            is_settled = True
        counted = messages.ledger.counts()[State.ACKNOWLEDGED]
        if counted > acknowledged:
            acknowledged, give_up_at = counted, time.monotonic() + timeout_seconds
        seen(counted)


@dataclass
class Arrival:
    """What has become of what was sent."""

    shards: dict[str, Shard] = field(default_factory=dict)
    """By the record's id, each as it was seen last."""
    first_stored_at: float | None = None
    """When the first shard was seen, in monotonic seconds."""
    first_embedded_at: float | None = None
    """When the first one was seen that has its links and its vectors."""


async def arrived(sent: Sent, shards: ShardStore, *, tenant_id: str, timeout_seconds: float, seen: Seen = unseen) -> Arrival:
    """Wait until every record sent has a shard with links and vectors, or none got there for so long. ``seen`` is told how many did."""
    give_up_at = time.monotonic() + timeout_seconds
    arrival = Arrival()
    waiting = deque(sent.records)
    while waiting and time.monotonic() < give_up_at:
        for record in list(islice(waiting, AT_ONCE)):
            waiting.rotate(-1)  # whoever is looked at goes to the end: one that never comes keeps nobody else waiting
            try:
                shard = await shards.read(tenant_id, sent.shard_id(record, tenant_id=tenant_id))
            except TransientError:  # a fault plan hits whoever looks, too
                continue
            if shard is None or shard.status == "draft":
                continue
            arrival.shards[record.id] = shard
            arrival.first_stored_at = arrival.first_stored_at or time.monotonic()
            if not (shard.awaits_enrichment or shard.awaits_embedding):
                arrival.first_embedded_at = arrival.first_embedded_at or time.monotonic()
                waiting.remove(record)
                give_up_at = time.monotonic() + timeout_seconds
        seen(len(sent.records) - len(waiting))
        await asyncio.sleep(POLL_SECONDS)
    return arrival


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
        lines += _graph_faults(sent, record, shard)
    return lines


def _graph_faults(sent: Sent, record: Record, shard: Shard) -> Iterator[str]:
    """By the vendor's own word an edge to each record it names, and to no other; and vectors of what is stored."""
    wanted = {
        (relationship, sent.shard_id(sent.org.record(named), tenant_id=shard.tenant_id))
        for vendor, relationship in RELATIONSHIPS[record.object_name].items()
        if isinstance(named := record.fields.get(vendor), str)
    }
    got = {(edge.get("relationshipType"), edge.get("targetShardId")) for edge in shard.internal_relationships if _is_the_vendors(edge)}
    if got != wanted:
        yield f"{record.object_name} {record.id} is linked by {sorted(map(str, got))} and not by {sorted(map(str, wanted))}"
    if shard.awaits_embedding or shard.vectors is None or shard.vectors.chunk_count == 0:
        yield f"{record.object_name} {record.id} is not embedded"


def _is_the_vendors(edge: Mapping[str, Any]) -> bool:
    """Whether the vendor says so itself; what was concluded from texts is judged where it is expected."""
    metadata = edge.get("metadata")
    return not isinstance(metadata, dict) or metadata.get("source") == "crm"


def new_org(rng: Random, organization_id: str) -> PretendOrg:
    """A pretend organization on the wall clock."""
    return PretendOrg(organization_id, rng, lambda: datetime.now(UTC))


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | str):
        return value
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return float(value)
