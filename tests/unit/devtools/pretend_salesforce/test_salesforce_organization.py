"""The pretend organization besides single records: users, leads, custom objects, transactions, quiet changes, large populations."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.vendors.salesforce.fields import Field
from devtools.vendors.salesforce.ids import numbered_id
from devtools.vendors.salesforce.records import PretendOrg
from devtools.vendors.salesforce.transactions import Transaction
from tests.unit.devtools.pretend_salesforce.invented import NOON, an_org

EARLIER = NOON.replace(microsecond=0) - timedelta(minutes=10)


def test_the_three_users_are_records_with_invented_addresses() -> None:
    org = an_org()

    users = [org.record(user_id) for user_id in org.user_ids]

    assert users == org.records("User")
    assert all(str(user.fields["Email"]).endswith("@example.com") for user in users)
    assert len({user.fields["Username"] for user in users}) == 3
    assert [user.fields["ManagerId"] for user in users] == [None, users[0].id, users[0].id]
    assert org.create("Account").fields["OwnerId"] in org.user_ids


def test_other_objects_do_not_disturb_what_a_seed_makes() -> None:
    plain, busy = an_org(), an_org()
    first = busy.create("Account")
    busy.create("Lead")
    busy.create("User")
    busy.define("Invoice__c", ["Total__c:currency"])
    busy.create("Invoice__c")
    busy.populate_fast("Lead", 10)
    busy.delete(busy.records("Lead")[0].id)

    assert first == plain.create("Account")
    assert busy.create("Contact") == plain.create("Contact")


def test_a_leads_name_follows_its_parts_and_its_status_is_open_to_change() -> None:
    org = an_org()
    lead = org.create("Lead", FirstName="Ada", LastName="Brandt")

    assert lead.id.startswith("00Q")
    assert lead.fields["Name"] == "Ada Brandt"
    assert org.edit(lead.id, Status="Working - Contacted", LastName="Ito").fields["Name"] == "Ada Ito"


def test_a_custom_object_has_the_fields_it_was_given() -> None:
    org = an_org()
    org.define("Invoice__c", ["Total__c:currency", "Account__c>>Account", Field.of("Vat__c:currency", calculated=True)])
    account = org.create("Account")

    invoice = org.create("Invoice__c", Name="I-1", Total__c=Decimal(5), Account__c=account.id)

    assert invoice.id.startswith("a00")
    assert (invoice.fields["Total__c"], invoice.fields["Vat__c"]) == (5, None)
    with pytest.raises(ValueError, match="INVALID_FIELD: Invoice__c has no Amount"):
        org.create("Invoice__c", Amount=1)
    org.delete(account.id)
    assert org.find(invoice.id) is None


def test_a_custom_field_that_is_saved_defines_itself() -> None:
    org = an_org()

    org.create("Account", Region__c="North", Score__c=Decimal(3), Since__c=NOON, Key__c=True)

    fields = org.objects["Account"].fields
    assert [fields[name].type for name in ("Region__c", "Score__c", "Since__c", "Key__c")] == ["string", "double", "datetime", "boolean"]


def test_a_quiet_change_moves_no_stamp_and_a_systems_change_one() -> None:
    org = an_org()
    account = org.create("Account", at=EARLIER)

    quiet = org.edit_quietly(account.id, Rating="Hot")
    by_system = org.edit_by_system(account.id, Rating="Cold")

    assert (quiet.fields["Rating"], quiet.system_modstamp) == ("Hot", EARLIER)
    assert by_system.fields["LastModifiedDate"] == EARLIER
    assert by_system.system_modstamp == NOON.replace(microsecond=0)


def test_what_a_transaction_saves_is_seen_at_its_commit_with_the_stamp_of_before() -> None:
    org = an_org()
    account = org.create("Account", at=EARLIER)

    with org.transaction(at=NOON - timedelta(minutes=5)) as change:
        change.edit(account.id, Name="Late")
        contact_id = change.create("Contact", LastName="Ito", at=NOON - timedelta(minutes=4))
        assert org.record(account.id).fields["Name"] != "Late"
        assert org.find(contact_id) is None
        assert org.settled_until() == NOON.replace(microsecond=0) - timedelta(minutes=5, seconds=1)

    assert org.record(account.id).fields["Name"] == "Late"
    assert org.record(account.id).system_modstamp == NOON.replace(microsecond=0) - timedelta(minutes=5)
    assert org.record(contact_id).fields["LastName"] == "Ito"
    assert org.settled_until() == NOON.replace(microsecond=0) - timedelta(seconds=1)


def test_a_transaction_that_fails_or_is_rolled_back_has_not_happened() -> None:
    org = an_org()
    account = org.create("Account")

    with pytest.raises(RuntimeError):
        fail_after_deleting(org, account.id)
    given_up = org.transaction(at=EARLIER)
    given_up.edit(account.id, Name="x")
    given_up.roll_back()

    assert org.record(account.id) == account
    assert org.settled_until() > EARLIER


def fail_after_deleting(org: PretendOrg, record_id: str) -> None:
    with org.transaction() as change:
        change.delete(record_id)
        raise RuntimeError


def test_several_transactions_hold_back_what_is_settled_until_the_oldest_ends() -> None:
    org = an_org()
    old, young = org.transaction(at=EARLIER), org.transaction(at=EARLIER + timedelta(minutes=1))

    assert org.settled_until() == EARLIER - timedelta(seconds=1)
    old.commit()
    assert org.settled_until() == EARLIER + timedelta(seconds=59)
    young.commit()
    assert org.settled_until() > EARLIER + timedelta(minutes=1)


steps = st.lists(st.tuples(st.sampled_from(["wait", "save", "open", "save inside", "commit"]), st.integers(0, 3)), max_size=40)


@given(steps)
def test_no_row_appears_with_a_stamp_up_to_which_all_was_said_to_be_settled(taken: list[tuple[str, int]]) -> None:
    moment = [NOON]
    org = PretendOrg("00D000000000062EAA", Random(1), lambda: moment[0])
    ids = [org.create("Lead", at=EARLIER).id for _ in range(4)]
    open_ones: list[Transaction] = []
    for step, number in taken:
        settled, before = org.settled_until(), {row.id: row.system_modstamp for row in org.rows("Lead")}
        match step:
            case "wait":
                moment[0] += timedelta(seconds=0.4 + number)
            case "save":
                org.edit(ids[number], Phone=f"{number}")
            case "open":
                open_ones.append(org.transaction())
            case "save inside" if open_ones:
                open_ones[number % len(open_ones)].edit(ids[number], Phone="inside")
            case "commit" if open_ones:
                open_ones.pop(number % len(open_ones)).commit()
        changed = [row.system_modstamp for row in org.rows("Lead") if row.system_modstamp != before[row.id]]
        assert all(stamp > settled for stamp in changed)
        assert org.settled_until() >= settled


@given(st.integers(1, 300), st.integers(1, 50))
def test_a_large_population_shares_its_stamps_and_ends_when_it_is_told_to(count: int, per_second: int) -> None:
    org = an_org()

    ids = org.populate_fast("Contact", count, at=NOON, per_second=per_second)

    stamps = [org.record(record_id).system_modstamp for record_id in ids]
    assert ids == sorted(ids) == [record.id for record in org.rows("Contact")]
    assert stamps == sorted(stamps)
    assert stamps[-1] == NOON.replace(microsecond=0)
    assert max(stamps.count(stamp) for stamp in stamps) <= per_second
    addresses = [record.fields["Email"] for record in org.records("Contact") if record.fields["Email"]]
    assert len(set(addresses)) == len(addresses)


def test_two_large_populations_and_single_records_have_different_ids() -> None:
    org = an_org()
    org.populate_fast("Account", 5)
    org.populate_fast("Account", 5)
    org.create("Account")

    assert len(org.rows("Account")) == 11
    assert org.populate_fast("Opportunity", 3) == [record.id for record in org.records("Opportunity")]
    assert {record.fields["AccountId"] for record in org.records("Opportunity")} <= {record.id for record in org.rows("Account")}


@given(st.integers(0, 62**6 - 2))
def test_a_higher_number_is_a_higher_id(number: int) -> None:
    assert numbered_id("001", number) < numbered_id("001", number + 1)


@pytest.mark.parametrize("name", ["IsDeleted", "Id", "SystemModstamp", "CreatedById"])
def test_what_is_never_empty_is_described_so(name: str) -> None:
    described = an_org().objects["Account"].fields[name].described()

    assert (described["nillable"], described["updateable"]) == (False, False)


def test_a_word_describes_a_field() -> None:
    assert Field.of("Amount:currency").described()["soapType"] == "xsd:double"
    assert Field.of("Code__c:string:20").length == 20
    assert Field.of("Account__c>Account").described()["relationshipName"] == "Account__r"
    with pytest.raises(ValueError, match="there is no type colour"):
        Field.of("Paint:colour")


def test_the_clock_is_asked_for_deletions_too() -> None:
    moments = iter([datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)])
    org = PretendOrg("00D000000000062EAA", an_org()._rng, lambda: next(moments))
    account = org.create("Account")

    org.delete(account.id)

    deleted = org.row(account.id)
    assert deleted is not None
    assert deleted.system_modstamp == datetime(2026, 1, 2, tzinfo=UTC)
