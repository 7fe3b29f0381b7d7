"""A pretend Salesforce organization: its records, and what saving one does to it.

Surprising, and true of the vendor: SystemModstamp has second precision, so two edits in one second share one; it never goes back;
and what a message carries is read from here when the message is sent, not when the record changed. Lacks: users beyond three ids,
permissions, sharing, validation, triggers, undelete and merge, record types. Field names are checked: one the object does not
have, custom ones (``__c``) and CurrencyIsoCode excepted, is refused as the vendor refuses it.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from types import MappingProxyType
from typing import Literal

from devtools.faults.injector import Injector
from devtools.faults.plan import Kind
from devtools.vendors.salesforce.faults import SAVING, no_faults
from devtools.vendors.salesforce.ids import long_id, random_id
from devtools.vendors.salesforce.implications import Value, implied
from devtools.vendors.salesforce.inventions import invent_account, invent_contact, invent_opportunity

ObjectName = Literal["Account", "Contact", "Opportunity"]

_INVENT: Mapping[ObjectName, Callable[[Random, date], dict[str, Value]]] = {
    "Account": invent_account,
    "Contact": invent_contact,
    "Opportunity": invent_opportunity,
}


@dataclass(frozen=True, slots=True)
class Record:
    """One version of one record. ``fields`` holds every field of the object, Id included; None means empty."""

    object_name: ObjectName
    id: str
    fields: Mapping[str, Value]

    @property
    def system_modstamp(self) -> datetime:
        stamp = self.fields["SystemModstamp"]
        if not isinstance(stamp, datetime):
            raise TypeError("SystemModstamp was set to something that is not a time")
        return stamp


class PretendOrg:
    """Accounts, Contacts and Opportunities of one organization, in memory.

    ``organization_id`` has 15 or 18 characters; ``now`` gives aware times and is asked when a record is saved without ``at``;
    ``faults`` may move that clock.
    """

    def __init__(self, organization_id: str, rng: Random, now: Callable[[], datetime], *, faults: Injector | None = None) -> None:
        self.organization_id = organization_id if len(organization_id) == 18 else long_id(organization_id)
        self.user_ids = tuple(random_id("User", rng) for _ in range(3))
        self._rng = rng
        self._now = now
        self._faults = faults or no_faults()
        self._records: dict[str, Record] = {}
        self._ids: dict[ObjectName, list[str]] = {object_name: [] for object_name in _INVENT}

    def create(self, object_name: ObjectName, *, at: datetime | None = None, **fields: Value) -> Record:
        """Saves a new record: random values, then the given ones, then what those imply.

        An Id may be given, as a sandbox copy has the ids of its original. Contacts and Opportunities belong to a random account
        of this organization when there is one.
        """
        saved_at = _to_the_second(at or self._clock(object_name))
        invented = _INVENT[object_name](self._rng, saved_at.date())
        if object_name != "Account":
            invented["AccountId"] = self._rng.choice(self._ids["Account"]) if self._ids["Account"] else None
        record_id = str(fields.pop("Id", None) or random_id(object_name, self._rng))
        if record_id in self._records:
            raise ValueError(f"DUPLICATE_VALUE: {record_id} exists")
        blank = Record(object_name, record_id, {"Id": record_id, **invented, **self._audit_fields(saved_at)})
        self._ids[object_name].append(record_id)
        return self._save(blank, fields, saved={"StageName", *fields})

    def edit(self, record_id: str, *, at: datetime | None = None, **fields: Value) -> Record:
        """Saves a user's change. Moves LastModifiedDate and SystemModstamp to ``at``, to the second, and never back.

        LastModifiedDate may be among the fields, as an import may set it; SystemModstamp follows ``at`` all the same.
        """
        record = self.record(record_id)
        if not fields.keys().isdisjoint({"Id", "SystemModstamp"}):
            raise ValueError("INVALID_FIELD_FOR_INSERT_UPDATE: Id and SystemModstamp are the vendor's")
        stamp = max(_to_the_second(at or self._clock(record.object_name)), record.system_modstamp)
        audit: dict[str, Value] = {"LastModifiedDate": stamp, "SystemModstamp": stamp, "LastModifiedById": self._rng.choice(self.user_ids)}
        return self._save(replace(record, fields={**record.fields, **audit}), fields, saved=set(fields))

    def delete(self, record_id: str) -> None:
        """Deletes a record. Salesforce sends no Outbound Message for that; raises KeyError for an id that is not here."""
        self._ids[self._records.pop(record_id).object_name].remove(record_id)

    def record(self, record_id: str) -> Record:
        """The current version; raises KeyError when there is none, or no longer."""
        return self._records[record_id]

    def find(self, record_id: str) -> Record | None:
        return self._records.get(record_id)

    def records(self, object_name: ObjectName) -> list[Record]:
        return [self._records[record_id] for record_id in self._ids[object_name]]

    def populate(self, *, accounts: int, contacts: int, opportunities: int) -> dict[ObjectName, list[str]]:
        """Creates so many of each, accounts first, and returns the new ids by object."""
        wanted: dict[ObjectName, int] = {"Account": accounts, "Contact": contacts, "Opportunity": opportunities}
        return {object_name: [self.create(object_name).id for _ in range(count)] for object_name, count in wanted.items()}

    def _clock(self, object_name: ObjectName) -> datetime:
        self._faults.strike(SAVING, object_name, kinds={Kind.CLOCK_MOVED})
        return self._now() + timedelta(seconds=self._faults.moved_seconds)

    def _save(self, record: Record, fields: Mapping[str, Value], *, saved: Collection[str]) -> Record:
        unknown = sorted(name for name in fields if name not in record.fields and not name.endswith("__c") and name != "CurrencyIsoCode")
        if unknown:
            raise ValueError(f"INVALID_FIELD: {record.object_name} has no {', '.join(unknown)}")
        merged = {**record.fields, **fields}
        merged |= implied(record.object_name, merged, saved)
        version = replace(record, fields=MappingProxyType(merged))
        self._records[record.id] = version
        return version

    def _audit_fields(self, saved_at: datetime) -> dict[str, Value]:
        owner = self._rng.choice(self.user_ids)
        return {
            "OwnerId": owner,
            "CreatedById": owner,
            "LastModifiedById": owner,
            "CreatedDate": saved_at,
            "LastModifiedDate": saved_at,
            "SystemModstamp": saved_at,
            "LastActivityDate": None,
            "IsDeleted": False,
        }


def _to_the_second(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a time needs its zone")
    return moment.astimezone(UTC).replace(microsecond=0)
