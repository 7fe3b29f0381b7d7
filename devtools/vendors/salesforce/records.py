"""A pretend Salesforce organization: its records, and what saving one does to it.

Surprising, and true of the vendor: SystemModstamp has second precision, so two edits in one second share one; it never goes back;
and what a message carries is read from here when the message is sent, not when the record changed. A deleted record stays as a row that
``find`` does not see (``row`` does). Lacks: permissions by user, sharing, validation, triggers, record types, person accounts.
Field names are checked: one the object does not have, custom ones (``__c``) and CurrencyIsoCode excepted, is refused as the vendor
refuses it.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from random import Random
from typing import Final

from devtools.faults.injector import Injector
from devtools.faults.plan import Kind
from devtools.vendors.salesforce.deletions import Cascade, DeletionLog, Deletions
from devtools.vendors.salesforce.faults import SAVING, no_faults
from devtools.vendors.salesforce.fields import Field, Fields, type_of
from devtools.vendors.salesforce.ids import long_id, numbered_id, random_id, random_id_of
from devtools.vendors.salesforce.implications import Value, implied
from devtools.vendors.salesforce.inventions import invent_account, invent_contact, invent_opportunity
from devtools.vendors.salesforce.objects import Objects, ObjectType
from devtools.vendors.salesforce.people import first_users, invent_lead, invent_user
from devtools.vendors.salesforce.populations import Invent, many
from devtools.vendors.salesforce.store import ObjectName, Record, Store, to_the_second
from devtools.vendors.salesforce.transactions import Transaction

__all__ = ["ObjectName", "PretendOrg", "Record"]

_INVENT: Final[Mapping[ObjectName, Invent]] = {
    "Account": invent_account,
    "Contact": invent_contact,
    "Opportunity": invent_opportunity,
    "Lead": invent_lead,
    "User": invent_user,
}
_OF_THE_SEED: Final = frozenset({"Account", "Contact", "Opportunity"})
"""What the given generator invents. Everything else draws from another, so that it does not change what a seed makes."""
_OF_AN_ACCOUNT: Final = frozenset({"Contact", "Opportunity"})
_SINCE: Final = datetime(2024, 1, 1, tzinfo=UTC)
"""When the organization and its first users came to be."""
_FREE: Final = "CurrencyIsoCode"


class PretendOrg:
    """The records of one organization, in memory.

    ``organization_id`` has 15 or 18 characters; ``now`` gives aware times and is asked when a record is saved without ``at``;
    ``faults`` may move that clock. ``objects`` is what describe says (``objects.hide_field(…)`` and the like), ``deletions.log`` what
    getDeleted reads, ``store`` every row.
    """

    def __init__(self, organization_id: str, rng: Random, now: Callable[[], datetime], *, faults: Injector | None = None) -> None:
        self.organization_id = organization_id if len(organization_id) == 18 else long_id(organization_id)
        self.user_ids = tuple(random_id("User", rng) for _ in range(3))
        self.objects = Objects(now, _SINCE)
        self.store = Store()
        self.deletions = Deletions(self.store, self.objects)
        self.settling_seconds = 1.0
        """How long ago a change is for certain visible to all: getUpdated covers no more, even without an open transaction."""
        self._rng = rng
        self._other_rng = Random(f"{self.organization_id}/others")
        self._now = now
        self._faults = faults or no_faults()
        self._transactions: list[Transaction] = []
        self._numbered = 0
        for user in first_users(self.user_ids, self.organization_id):
            audit = {**self._audit_fields(_SINCE, self.user_ids[0]), "OwnerId": None}
            self.store.put(Record("User", str(user["Id"]), Fields({**user, **audit})))

    # Saving

    def create(self, object_name: ObjectName, *, at: datetime | None = None, **fields: Value) -> Record:
        """Saves a new record: random values, then the given ones, then what those imply.

        An Id may be given, as a sandbox copy has the ids of its original. Contacts and Opportunities belong to a random account
        of this organization when there is one. A custom object's record has the given values alone.
        """
        saved_at = to_the_second(at or self._clock(object_name))
        rng = self._rng_of(object_name)
        invented = self._invented(object_name, rng, saved_at.date())
        if object_name in _OF_AN_ACCOUNT:
            accounts = self.store.table("Account").live
            invented["AccountId"] = rng.choice(accounts) if accounts else None
        record_id = str(fields.pop("Id", None) or self.new_id(object_name))
        if record_id in self.store:
            raise ValueError(f"DUPLICATE_VALUE: {record_id} exists")
        audit = self._audit_fields(saved_at, rng.choice(self.user_ids))
        blank = Record(object_name, record_id, {"Id": record_id, **invented, **audit})
        return self._save(blank, fields, saved={"StageName", *fields})

    def edit(self, record_id: str, *, at: datetime | None = None, **fields: Value) -> Record:
        """Saves a user's change. Moves LastModifiedDate and SystemModstamp to ``at``, to the second, and never back.

        LastModifiedDate may be among the fields, as an import may set it; SystemModstamp follows ``at`` all the same.
        """
        record = self.record(record_id)
        if not fields.keys().isdisjoint({"Id", "SystemModstamp"}):
            raise ValueError("INVALID_FIELD_FOR_INSERT_UPDATE: Id and SystemModstamp are the vendor's")
        stamp = max(to_the_second(at or self._clock(record.object_name)), record.system_modstamp)
        user_id = self._rng_of(record.object_name).choice(self.user_ids)
        audit: dict[str, Value] = {"LastModifiedDate": stamp, "SystemModstamp": stamp, "LastModifiedById": user_id}
        return self._save(replace(record, fields={**record.fields, **audit}), fields, saved=set(fields))

    def edit_by_system(self, record_id: str, *, at: datetime | None = None, **fields: Value) -> Record:
        """A change that is no user's: SystemModstamp moves, LastModifiedDate does not."""
        record = self.record(record_id)
        stamp = max(to_the_second(at or self._clock(record.object_name)), record.system_modstamp)
        return self._save(replace(record, fields={**record.fields, "SystemModstamp": stamp}), fields, saved=set(fields))

    def edit_quietly(self, record_id: str, **fields: Value) -> Record:
        """A change that no stamp tells of: a formula's or a roll-up's value, or what somebody did behind the application's back."""
        return self._save(self.record(record_id), fields, saved=set(fields))

    def new_id(self, object_name: ObjectName) -> str:
        """The id of a record that is to be created."""
        return random_id_of(self.objects[object_name].key_prefix, self._rng_of(object_name))

    def transaction(self, *, at: datetime | None = None) -> Transaction:
        """Open one; it takes its stamps at once and is seen at its commit. Several may be open."""
        opened = Transaction(self, to_the_second(at or self._moved_now()))
        self._transactions.append(opened)
        return opened

    def ended(self, transaction: Transaction) -> None:
        """It is open no more."""
        self._transactions.remove(transaction)

    def settled_until(self) -> datetime:
        """No row appears any more with a stamp up to here, as long as nobody saves with an earlier ``at`` on purpose."""
        settled = to_the_second(self._moved_now() - timedelta(seconds=self.settling_seconds))
        open_ones = [to_the_second(one.earliest_stamp) - timedelta(seconds=1) for one in self._transactions]
        return min([settled, *open_ones])

    # Disappearing

    def delete(self, record_id: str, *, at: datetime | None = None) -> None:
        """Into the recycle bin, an account's contacts and opportunities with it. Salesforce sends no Outbound Message for that.

        Raises KeyError for an id that is not here.
        """
        self.deletions.delete(self.record(record_id), self._moment(at))

    def hard_delete(self, record_id: str, *, at: datetime | None = None) -> None:
        """Gone for good, from the bin or past it: only the deletion log knows. Raises KeyError for an id that is not here."""
        self.deletions.hard_delete(self.store[record_id], self._moment(at))

    def undelete(self, record_id: str, *, at: datetime | None = None) -> None:
        """Out of the bin, with what went with it. Raises KeyError for an id that is gone, ValueError for one that is not in the bin."""
        self.deletions.undelete(self.store[record_id], self._moment(at))

    def merge(self, master_id: str, loser_ids: Collection[str], *, at: datetime | None = None) -> None:
        """Accounts, contacts or leads become one. Raises KeyError or ValueError for what cannot be merged."""
        self.deletions.merge(self.record(master_id), [self.record(loser) for loser in loser_ids], self._moment(at))

    def empty_recycle_bin(self) -> list[str]:
        """Gone for good; the ids."""
        return self.deletions.empty_bin()

    def purge_deletion_log(self, before: datetime, object_name: ObjectName | None = None) -> None:
        """Drop what is older: getDeleted's earliestDateAvailable moves."""
        self.deletions.log.purge(before, object_name)

    @property
    def deletion_log(self) -> DeletionLog:
        return self.deletions.log

    def cascade(self, *, moves_stamps: bool = False, is_logged: bool = False) -> None:
        """What children that go with their parent show from now on."""
        self.deletions.cascade = Cascade(moves_stamps=moves_stamps, is_logged=is_logged)

    # Reading

    def record(self, record_id: str) -> Record:
        """The current version; raises KeyError when there is none, or no longer."""
        record = self.store[record_id]
        if record.is_deleted:
            raise KeyError(record_id)
        return record

    def find(self, record_id: str) -> Record | None:
        record = self.store.get(record_id)
        return None if record is None or record.is_deleted else record

    def row(self, record_id: str) -> Record | None:
        """The current version, also of a record in the recycle bin."""
        return self.store.get(record_id)

    def records(self, object_name: ObjectName) -> list[Record]:
        """Without deleted ones, in the order in which they were created."""
        return [self.store[record_id] for record_id in self.store.table(object_name).live]

    def rows(self, object_name: ObjectName) -> list[Record]:
        """With deleted ones, by id."""
        return [self.store[record_id] for record_id in self.store.table(object_name).by_id]

    # Filling

    def define(self, object_name: ObjectName, fields: Iterable[str | Field] = (), *, replicateable: bool = True) -> ObjectType:
        """A new custom object: ``define("Invoice__c", ["Total__c:currency", "Account__c>>Account"])`` (``fields.py``)."""
        return self.objects.define(object_name, fields, replicateable=replicateable)

    def populate(self, *, accounts: int, contacts: int, opportunities: int) -> dict[ObjectName, list[str]]:
        """Creates so many of each, accounts first, and returns the new ids by object."""
        wanted: dict[ObjectName, int] = {"Account": accounts, "Contact": contacts, "Opportunity": opportunities}
        return {object_name: [self.create(object_name).id for _ in range(count)] for object_name, count in wanted.items()}

    def populate_fast(self, object_name: ObjectName, count: int, *, at: datetime | None = None, per_second: int = 100) -> list[str]:
        """Creates so many at once (``populations.py``) and returns their ids; the last of them is stamped ``at``."""
        ends_at = self._moment(at)
        began_at = ends_at - timedelta(seconds=max(count - 1, 0) // per_second)
        made = many(
            object_name,
            count,
            pattern=partial(self._pattern, object_name, began_at),
            new_id=partial(self._numbered_id, self.objects[object_name].key_prefix, self._numbered),
            began_at=began_at,
            per_second=per_second,
            account_ids=self.store.table("Account").live,
        )
        self._numbered += count
        self.store.add(object_name, made)
        return [record.id for record in made]

    # Inside

    def _numbered_id(self, key_prefix: str, first: int, number: int) -> str:
        return numbered_id(key_prefix, first + number, instance=self.organization_id[13:15])

    def _invented(self, object_name: ObjectName, rng: Random, today: date) -> dict[str, Value]:
        invent = _INVENT.get(object_name)
        return invent(rng, today) if invent else _blank(self.objects[object_name])

    def _pattern(self, object_name: ObjectName, at: datetime) -> dict[str, Value]:
        """The fields of a record that many copies are made of."""
        belongs: dict[str, Value] = {"AccountId": None} if object_name in _OF_AN_ACCOUNT else {}
        audit = self._audit_fields(at, self._other_rng.choice(self.user_ids))
        fields = {"Id": None, **self._invented(object_name, self._other_rng, at.date()), **belongs, **audit}
        return fields | implied(object_name, fields, {"StageName"})

    def _rng_of(self, object_name: ObjectName) -> Random:
        return self._rng if object_name in _OF_THE_SEED else self._other_rng

    def _moved_now(self) -> datetime:
        return self._now() + timedelta(seconds=self._faults.moved_seconds)

    def _moment(self, at: datetime | None) -> datetime:
        return to_the_second(at or self._moved_now())

    def _clock(self, object_name: ObjectName) -> datetime:
        self._faults.strike(SAVING, object_name, kinds={Kind.CLOCK_MOVED})
        return self._moved_now()

    def _save(self, record: Record, fields: Mapping[str, Value], *, saved: Collection[str]) -> Record:
        known = self.objects[record.object_name]
        unknown = sorted(name for name in fields if name not in known.fields and not name.endswith("__c") and name != _FREE)
        if unknown:
            raise ValueError(f"INVALID_FIELD: {record.object_name} has no {', '.join(unknown)}")
        for name in fields.keys() - known.fields.keys():
            self.objects.add_field(record.object_name, Field.of(f"{name}:{type_of(fields[name])}"))
        merged = {**record.fields, **fields}
        merged |= implied(record.object_name, merged, saved)
        return self.store.put(replace(record, fields=Fields(merged)))

    def _audit_fields(self, saved_at: datetime, owner: str) -> dict[str, Value]:
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


def _blank(known: ObjectType) -> dict[str, Value]:
    return {name: None for name, field in known.fields.items() if name != "Id" and field.type != "address"}
