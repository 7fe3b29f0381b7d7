"""What people and machines do to the organization in a day: every kind of change, each with how often it has to happen."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from random import Random
from typing import Any, Final

from devtools.fakes.clock import Clock
from devtools.vendors.salesforce.records import PretendOrg, Record
from devtools.vendors.salesforce.transactions import Transaction

ROWS_OF_A_BULK_EDIT: Final = 31
QUEUE: Final = "00G000000000001EAA"
OWNED_BY_A_QUEUE_FOR: Final = timedelta(minutes=15)  # at least: long enough to be seen
COMES_AFTER: Final = {
    "undelete": "soft delete",
    "undelete of such an account": "cascade delete of an account",
    "undelete of a merge's loser": "merge of leads",
    "field shown again": "field hidden",
    "given back by the queue": "given to a queue",
    "recycle bin emptied": "soft delete",
}
LEAVES: Final = ("Contact", "Opportunity", "Lead")
OBJECTS: Final = ("Account", *LEAVES)
HIDDEN: Final = {"Account": "Phone", "Contact": "Title", "Opportunity": "NextStep", "Lead": "Company"}


class Actor:
    """Acts on an organization. ``counts`` says what was done; ``touched`` is told of every record somebody saved."""

    def __init__(self, org: PretendOrg, clock: Clock, rng: Random, touched: Callable[[Record], None]) -> None:
        self.org = org
        self.counts: Counter[str] = Counter()
        self.deleted: set[str] = set()
        """Ids of what is gone, in the bin or past it."""
        self.merged_into: dict[str, str] = {}
        self.merged_at: dict[str, datetime] = {}
        self._clock = clock
        self._rng = rng
        self._touched = touched
        self._numbered = 0
        self._open: list[tuple[datetime, Transaction, set[str]]] = []
        self.merged_and_gone: set[str] = set()
        """Of these, what is gone for good: if we were late, nothing tells any more that it was merged."""
        self._taken_along: dict[str, list[str]] = {}
        """Deleted account → what went with it."""
        self._hidden: list[str] = []
        self._of_a_queue: list[tuple[datetime, str]] = []
        self._kinds: dict[str, Callable[[], bool]] = {
            "create": self._create,
            "edit": self._edit,
            "two edits of one second": self._edit_twice,
            "bulk edit": self._edit_many,
            "edit by system": self._edit_by_system,
            "import sets LastModifiedDate": self._import,
            "soft delete": self._delete,
            "hard delete": self._hard_delete,
            "hard delete of an account": self._hard_delete_account,
            "undelete": self._undelete,
            **{f"merge of {name.lower()}s": partial(self._merge, name) for name in ("Account", "Contact", "Lead")},
            "undelete of a merge's loser": lambda: self._undeleted(self._rng.choice([*self.merged_into] or [""])),
            "cascade delete of an account": self._delete_account,
            "undelete of such an account": self._undelete_account,
            "long transaction": self._open_transaction,
            "owner changed": self._give_away,
            "given to a queue": self._give_to_queue,
            "given back by the queue": self._give_back,
            "user renamed": lambda: self._edit_user(LastName=f"Renamed {self._number()}"),
            "user's e-mail changed": lambda: self._edit_user(Email=f"Mail{self._number()}@Example.com"),
            "user deactivated or activated": self._switch_user,
            "lead converted": self._convert,
            "field hidden": self._hide,
            "field shown again": self._show,
            "custom field added": self._add_field,
            "recycle bin emptied": self._empty_bin,
        }

    def populate(self) -> None:
        """What is there before the app is connected."""
        self.org.populate(accounts=40, contacts=60, opportunities=50)
        for object_name, count in (("Lead", 40), ("User", 5)):
            for _ in range(count):
                self.org.create(object_name)

    def act(self, kind: str) -> bool:
        """Do it, if it can be done now; it is then counted. What was open for long enough ends, too."""
        self.end_transactions()
        is_done = self._kinds[kind]()
        self.counts[kind] += is_done
        return is_done

    def end_transactions(self, *, all_of_them: bool = False) -> None:
        """Commit what is due."""
        due = [one for one in self._open if all_of_them or one[0] <= self._clock()]
        self._open = [one for one in self._open if one not in due]
        for _, transaction, _ in due:
            transaction.commit()

    def hurry(self, wanted: Mapping[str, int]) -> bool:
        """Do what was not done as often as wanted, and what has to come before it. Returns whether there was anything."""
        unmet = [kind for kind, least in wanted.items() if self.counts[kind] < least]
        for kind in unmet:
            if kind in COMES_AFTER:
                self.act(COMES_AFTER[kind])
            self.act(kind)
        return bool(unmet)

    def tidy_up(self) -> None:
        """Transactions end, every field can be seen again, and queues own nothing."""
        self.end_transactions(all_of_them=True)
        while self._hidden:
            self.act("field shown again")
        for record in self.org.records("Lead"):
            if record.fields["OwnerId"] == QUEUE:
                self._saved(record, OwnerId=self.org.user_ids[0])

    # One of each

    def _create(self) -> bool:
        self._touched(self.org.create(self._rng.choice(OBJECTS)))
        return True

    def _edit(self) -> bool:
        record = self._one(self._rng.choice(OBJECTS))
        return record is not None and self._saved(record, **self._new_values(record))

    def _edit_twice(self) -> bool:
        record = self._one(self._rng.choice(OBJECTS))
        if record is None:
            return False
        at = self._clock()
        self._saved(record, at=at, **self._new_values(record))
        return self._saved(record, at=at, **self._new_values(record))

    def _edit_many(self) -> bool:
        records = self._some(self._rng.choice(OBJECTS), self._rng.randint(ROWS_OF_A_BULK_EDIT, 70))
        if len(records) < ROWS_OF_A_BULK_EDIT:
            return False
        at = self._clock()
        for record in records:
            self._saved(record, at=at, **self._new_values(record))
        return True

    def _edit_by_system(self) -> bool:
        record = self._one(self._rng.choice(OBJECTS))
        if record is None:
            return False
        self.org.edit_by_system(record.id, **self._new_values(record))
        return True

    def _import(self) -> bool:
        record = self._one(self._rng.choice(OBJECTS))
        long_ago = self._clock().replace(microsecond=0) - timedelta(days=self._rng.randint(1, 700))
        return record is not None and self._saved(record, **self._new_values(record), LastModifiedDate=long_ago)

    def _delete(self) -> bool:
        record = self._one(self._rng.choice(LEAVES))
        if record is None:
            return False
        self.org.delete(record.id)
        self.deleted.add(record.id)
        return True

    def _hard_delete(self) -> bool:
        record = self._one(self._rng.choice(LEAVES))
        if record is None:
            return False
        self.org.hard_delete(record.id)
        self.deleted.add(record.id)
        return True

    def _hard_delete_account(self) -> bool:
        """Past the bin, and its children with it: nothing says which they were."""
        account = self._one("Account")
        if account is None or self._is_locked_below(account) or len(self.org.records("Account")) < 20 or not self._below(account):
            return False
        self.deleted.update([account.id, *(row.id for row in self._below(account))])
        self.org.cascade()
        self.org.hard_delete(account.id)
        return True

    def _undelete(self) -> bool:
        with_their_account = {one for along in self._taken_along.values() for one in along}
        rows = [row for name in LEAVES for row in self.org.rows(name) if row.is_deleted and row.id not in self.merged_into]
        return self._undeleted(self._rng.choice([row.id for row in rows if row.id not in with_their_account] or [""]))

    def _merge(self, object_name: str) -> bool:
        together = self._some(object_name, self._rng.randint(2, 3))
        if len(together) < 2 or len(self.org.records(object_name)) < 20:
            return False
        master, *losers = together
        self.org.merge(master.id, [loser.id for loser in losers])
        for loser in losers:
            self.deleted.add(loser.id)
            self.merged_into[loser.id], self.merged_at[loser.id] = master.id, self._clock()
        self._touched(master)
        return True

    def _delete_account(self) -> bool:
        account = self._one("Account")
        if account is None or self._is_locked_below(account) or len(self.org.records("Account")) < 20:
            return False
        self.org.cascade(moves_stamps=self._rng.random() < 0.3, is_logged=self._rng.random() < 0.3)
        along = [row.id for row in self._below(account)]
        self.org.delete(account.id)
        self.deleted.update([account.id, *along])
        self._taken_along[account.id] = along
        return bool(along)

    def _undelete_account(self) -> bool:
        return bool(self._taken_along) and self._undeleted(self._rng.choice(sorted(self._taken_along)))

    def _undeleted(self, record_id: str) -> bool:
        row = self.org.row(record_id)
        if row is None or not row.is_deleted:
            return False
        self.org.undelete(record_id)
        self.deleted -= {record_id, *self._taken_along.pop(record_id, ())}
        self.merged_into.pop(record_id, None)
        self._touched(row)
        return True

    def _open_transaction(self) -> bool:
        changed = self._some(self._rng.choice(OBJECTS), 4)
        if len(changed) < 4:
            return False
        transaction = self.org.transaction()
        for record in changed[:3]:
            transaction.edit(record.id, **self._new_values(record))
        transaction.create(changed[0].object_name)
        locked = {record.id for record in changed}
        if changed[3].object_name in LEAVES:
            transaction.delete(changed[3].id)
            self.deleted.add(changed[3].id)
        self._open.append((self._clock() + timedelta(seconds=self._rng.uniform(60, 1500)), transaction, locked))
        return True

    def _give_away(self) -> bool:
        record = self._one(self._rng.choice(OBJECTS))
        return record is not None and self._saved(record, OwnerId=self._rng.choice(self.org.records("User")).id)

    def _give_to_queue(self) -> bool:
        record = self._one("Lead")
        if record is None:
            return False
        self._of_a_queue.append((self._clock(), record.id))
        return self._saved(record, OwnerId=QUEUE)

    def _give_back(self) -> bool:
        if not self._of_a_queue or self._clock() - self._of_a_queue[0][0] < OWNED_BY_A_QUEUE_FOR:
            return False
        record = self.org.find(self._of_a_queue.pop(0)[1])
        return record is not None and self._saved(record, OwnerId=self.org.user_ids[0])

    def _edit_user(self, **fields: Any) -> bool:
        user = self._rng.choice(self.org.records("User"))
        self.org.edit(user.id, **fields)
        return True

    def _switch_user(self) -> bool:
        user = self._rng.choice(self.org.records("User")[1:])  # not the one the app logs in as
        self.org.edit(user.id, IsActive=not user.fields["IsActive"])
        return True

    def _convert(self) -> bool:
        leads = [lead for lead in self._some("Lead", 1000) if not lead.fields["IsConverted"]]
        account, opportunity, contact = self._one("Account"), self._one("Opportunity"), self._one("Contact")
        if not leads or account is None or opportunity is None or contact is None:
            return False
        return self._saved(
            leads[0],
            IsConverted=True,
            Status="Closed - Converted",
            ConvertedDate=date(2026, 11, 21),
            ConvertedAccountId=account.id,
            ConvertedOpportunityId=opportunity.id,
            ConvertedContactId=contact.id,
        )

    def _hide(self) -> bool:
        shown = sorted(set(HIDDEN) - set(self._hidden))
        if not shown:
            return False
        self._hidden.append(self._rng.choice(shown))
        self.org.objects.hide_field(self._hidden[-1], HIDDEN[self._hidden[-1]])
        return True

    def _show(self) -> bool:
        if not self._hidden:
            return False
        object_name = self._hidden.pop(0)
        self.org.objects.show_field(object_name, HIDDEN[object_name])
        return True

    def _add_field(self) -> bool:
        self.org.objects.add_field(self._rng.choice(OBJECTS), f"Extra{self._number()}__c:string")
        return True

    def _empty_bin(self) -> bool:
        self.merged_and_gone.update(loser for loser in self.merged_into if self.org.row(loser))
        self._taken_along.clear()
        return bool(self.org.empty_recycle_bin())

    # What they share

    def _saved(self, record: Record, *, at: datetime | None = None, **fields: Any) -> bool:
        self._touched(self.org.edit(record.id, at=at, **fields))
        return True

    def _new_values(self, record: Record) -> dict[str, Any]:
        number = self._number()
        values: dict[str, dict[str, Any]] = {
            "Account": {"Name": f"Company {number}", "Phone": f"+46 8 {number}", "AnnualRevenue": number * 1000.0},
            "Contact": {"LastName": f"Person {number}", "Email": f"person{number}@example.com", "Title": f"Title {number}"},
            "Opportunity": {"Name": f"Deal {number}", "Amount": number * 100.0, "NextStep": f"Step {number}"},
            "Lead": {"LastName": f"Lead {number}", "Company": f"Firm {number}", "Email": f"lead{number}@example.com"},
        }
        possible = values[record.object_name]
        some = self._rng.sample(sorted(possible), self._rng.randint(1, len(possible)))
        if record.object_name in self._hidden and HIDDEN[record.object_name] not in some:
            some.append(HIDDEN[record.object_name])  # what we cannot see is changed for certain
        return {name: possible[name] for name in some}

    def _number(self) -> int:
        self._numbered += 1
        return self._numbered

    def _locked(self) -> set[str]:
        return {record_id for _, _, locked in self._open for record_id in locked}

    def _one(self, object_name: str) -> Record | None:
        found = self._some(object_name, 1)
        return found[0] if found else None

    def _some(self, object_name: str, count: int) -> list[Record]:
        """Live records that no transaction has locked, by chance; often such as somebody has just saved."""
        locked = self._locked()
        free = [record for record in self.org.records(object_name) if record.id not in locked]
        if count <= 3 and self._rng.random() < 0.4:
            latest = sorted(free, key=lambda record: record.system_modstamp)[-6:]
            return self._rng.sample(latest, min(count, len(latest)))
        return self._rng.sample(free, min(count, len(free)))

    def _below(self, account: Record) -> list[Record]:
        return [row for name in ("Contact", "Opportunity") for row in self.org.records(name) if row.fields["AccountId"] == account.id]

    def _is_locked_below(self, account: Record) -> bool:
        return not self._locked().isdisjoint(row.id for row in self._below(account))
