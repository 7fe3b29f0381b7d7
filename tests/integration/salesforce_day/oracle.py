"""What has to be stored at the end of the day, worked out from the organization's records alone and not with the app's own comparison."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from devtools.fakes.polled import TENANT
from devtools.vendors.salesforce.records import Record
from ingestion.sources.source import Reading
from shared.conversions.registry import conversion_of
from shared.shards.model import DELETED_TTL_SECONDS, Shard

if TYPE_CHECKING:
    from tests.integration.salesforce_day.day import Day

NAMED: Final[Mapping[str, Mapping[str, str]]] = {
    "Account": {"name": "Name", "ownerId": "OwnerId", "phone": "Phone", "annualRevenue": "AnnualRevenue", "parentId": "ParentId"},
    "Contact": {"name": "Name", "ownerId": "OwnerId", "email": "Email", "title": "Title", "accountId": "AccountId"},
    "Opportunity": {"name": "Name", "ownerId": "OwnerId", "amount": "Amount", "accountId": "AccountId", "nextStep": "NextStep"},
    "Lead": {
        "name": "Name",
        "ownerId": "OwnerId",
        "email": "Email",
        "company": "Company",
        "isConverted": "IsConverted",
        "convertedAccountId": "ConvertedAccountId",
    },
    "User": {"name": "Name", "email": "Email", "isActive": "IsActive", "managerId": "ManagerId"},
}
"""Canonical field → the vendor's, of some fields."""
OWN_FORM: Final[Mapping[tuple[str, str], Callable[[Any], Any]]] = {("User", "email"): lambda said: said.lower() if said else None}


def differences(day: "Day") -> list[str]:
    """Everything that is not as it has to be, in words; nothing, when all is well."""
    return [*_live(day), *_gone(day), *_merged(day), *_edges(day), *_left_on_the_way(day)]


async def fields_not_as_the_vendor_has_them(day: "Day") -> list[str]:
    """All fields of all records, but for those of other records that are read along: no stamp tells when the name of an owner changes."""
    connection = await day.world.connection()
    wrong = []
    for object_name in NAMED:
        conversion = conversion_of("salesforce", object_name)
        own = [name for name, kind in conversion.fields.items() if "." not in kind.field]
        keys = [record.id for record in day.org.records(object_name)]
        for event in await day.world.poller.records(Reading(connection, object_name, "compare", None, "oracle"), keys):
            stored = _stored(day, object_name, event.source_id)
            said = conversion.read(event.payload or {}, event.coverage)
            known = stored.structured_data if stored else {}
            wrong += [f"{object_name} {event.source_id}: {name}" for name in own if known.get(name) != said.get(name)]
    return wrong


def _live(day: "Day") -> Iterator[str]:
    for object_name in NAMED:
        for record in day.org.records(object_name):
            stored = _stored(day, object_name, record.id)
            if stored is None or stored.id != day.world.id_of(object_name, record.id):
                yield f"{object_name} {record.id}: missing"
            elif stored.status != "active":
                yield f"{object_name} {record.id}: {stored.status}"
            else:
                yield from _fields(object_name, record, stored)
                yield from _readers(day, object_name, record, stored)


def _fields(object_name: str, record: Record, stored: Shard) -> Iterator[str]:
    for canonical, vendor in NAMED[object_name].items():
        form = OWN_FORM.get((object_name, canonical), _plain)
        if stored.structured_data.get(canonical) != form(record.fields[vendor]):
            said = stored.structured_data.get(canonical)
            yield f"{object_name} {record.id}: {canonical} is {said!r} and not {record.fields[vendor]!r}"


def _readers(day: "Day", object_name: str, record: Record, stored: Shard) -> Iterator[str]:
    person = record.id if object_name == "User" else record.fields["OwnerId"]
    wanted = {"admins", f"group:salesforce:{day.org.organization_id}/{person}"}
    if {entry.subject for entry in stored.acl} != wanted:
        yield f"{object_name} {record.id}: other readers than its owner"


def _gone(day: "Day") -> Iterator[str]:
    for object_name in NAMED:
        for record_id in sorted(day.actor.deleted - day.actor.merged_into.keys()):
            stored = _stored(day, object_name, record_id)
            if stored is not None and stored.status != "draft" and (stored.status, stored.ttl) != ("deleted", DELETED_TTL_SECONDS):
                yield f"{object_name} {record_id}: gone, and yet {stored.status} with ttl {stored.ttl}"
    for shard in day.shards.all():
        known = [edge.external_id for edge in shard.external_relationships if day.org.find(edge.external_id)]
        if shard.status == "active" and shard.normalization is not None and not known:
            yield f"{shard.shard_type_id} {shard.id}: the organization has no such record"


def _merged(day: "Day") -> Iterator[str]:
    merged_into = day.actor.merged_into
    for loser in merged_into:
        master = loser
        while master in merged_into:
            master = merged_into[master]
        for object_name in ("Account", "Contact", "Lead"):
            stored = _stored(day, object_name, loser)
            is_of_before = stored is not None and stored.status == "draft" and day.actor.merged_at[loser] < _first_read_at(day, object_name)
            is_gone = stored is not None and stored.status == "deleted" and loser in day.actor.merged_and_gone
            if stored is not None and not is_of_before and not is_gone and stored.id != day.world.id_of(object_name, master):
                yield f"{object_name} {loser}: merged into {master}, and its id leads elsewhere ({stored.status})"


def _first_read_at(day: "Day", object_name: str) -> datetime:
    """A record that was merged before is in no answer any more; the one that names it, named it before."""
    return min(call.at for call in day.vendor.ledger.of("query", object_name=object_name) if call.status == 200)


def _edges(day: "Day") -> Iterator[str]:
    documents = day.shards.documents()
    for shard in day.shards.all():
        for edge in shard.internal_relationships if shard.status == "active" else ():
            target = documents.get((TENANT, str(edge["targetShardId"])))
            if target is None or "aliasOf" in target:
                lost = "nowhere" if target is None else "to an id that was given up"
                yield f"{shard.shard_type_id} {shard.id}: {edge['relationshipType']} leads {lost}"


def _left_on_the_way(day: "Day") -> Iterator[str]:
    chunks = day.world.pipeline.chunks
    for shard in day.shards.all():
        if shard.normalization is None:
            continue
        if shard.awaits_enrichment or shard.awaits_embedding:
            yield f"{shard.shard_type_id} {shard.id}: its last revision did not get through"
        if shard.status == "deleted" and chunks.of(TENANT, shard.id):
            yield f"{shard.shard_type_id} {shard.id}: deleted, and can still be found"
        readers = {frozenset(chunk["principals"]) for chunk in chunks.of(TENANT, shard.id).values()}
        if readers - {frozenset(str(entry.subject) for entry in shard.acl)}:
            yield f"{shard.shard_type_id} {shard.id}: found by others than its readers"


def _stored(day: "Day", object_name: str, record_id: str) -> Shard | None:
    _, document = day.shards._followed(TENANT, day.world.id_of(object_name, record_id))
    return None if document is None else Shard.model_validate(document)


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, int | float | Decimal) and not isinstance(value, bool) else value
