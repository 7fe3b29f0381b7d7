"""The five ways in which records of the pretend Salesforce disappear, and come back: what rows, stamps and the deletion log then show."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.vendors.salesforce.records import PretendOrg, Record
from tests.unit.devtools.pretend_salesforce.invented import NOON, an_org

SAVED = NOON - timedelta(hours=1)
LATER = NOON.replace(microsecond=0)
ALWAYS = (NOON - timedelta(days=400), NOON + timedelta(days=400))


def logged(org: PretendOrg, object_name: str = "Account") -> list[str]:
    return [record_id for record_id, _ in org.deletion_log.between(object_name, *ALWAYS)]


def a_family(org: PretendOrg, *, at: datetime = SAVED) -> tuple[Record, Record, Record]:
    """An account, its contact and its opportunity."""
    account = org.create("Account", at=at)
    return account, org.create("Contact", at=at, AccountId=account.id), org.create("Opportunity", at=at, AccountId=account.id)


def row(org: PretendOrg, record: Record) -> Record:
    found = org.row(record.id)
    assert found is not None
    return found


def test_a_deleted_record_stays_as_a_row_whose_stamp_has_moved() -> None:
    org = an_org()
    lead = org.create("Lead", at=SAVED)

    org.delete(lead.id, at=LATER)

    assert org.find(lead.id) is None
    assert org.records("Lead") == []
    assert row(org, lead).is_deleted
    assert row(org, lead).system_modstamp == LATER
    assert logged(org, "Lead") == [lead.id]
    with pytest.raises(KeyError):
        org.edit(lead.id, Phone="1")


def test_a_hard_deleted_record_is_in_the_deletion_log_alone() -> None:
    org = an_org()
    past_the_bin, from_the_bin = org.create("Account"), org.create("Account")
    org.delete(from_the_bin.id)

    for account in (past_the_bin, from_the_bin):
        org.hard_delete(account.id)

    assert org.rows("Account") == []
    assert sorted(logged(org)) == sorted([past_the_bin.id, from_the_bin.id])


def test_an_undeleted_record_is_no_deletion_any_more_but_a_change() -> None:
    org = an_org()
    account = org.create("Account", at=SAVED)
    org.delete(account.id, at=SAVED + timedelta(minutes=1))

    org.undelete(account.id, at=LATER)

    assert org.record(account.id).system_modstamp == LATER
    assert org.records("Account") == [org.record(account.id)]
    assert logged(org) == []


def test_what_is_not_in_the_bin_cannot_come_back() -> None:
    org = an_org()
    account, gone = org.create("Account"), org.create("Account")
    org.hard_delete(gone.id)

    with pytest.raises(ValueError, match="UNDELETE_FAILED"):
        org.undelete(account.id)
    with pytest.raises(KeyError):
        org.undelete(gone.id)


def test_children_go_with_their_account_and_nothing_tells_of_it() -> None:
    org = an_org()
    account, contact, opportunity = a_family(org)
    other = org.create("Contact", at=SAVED, AccountId=None)

    org.delete(account.id, at=LATER)

    assert [row(org, child).is_deleted for child in (contact, opportunity, other)] == [True, True, False]
    assert row(org, contact).system_modstamp == contact.system_modstamp
    assert (logged(org), logged(org, "Contact"), logged(org, "Opportunity")) == ([account.id], [], [])


def test_a_cascade_can_be_told_to_show() -> None:
    org = an_org()
    account, contact, _ = a_family(org)
    org.cascade(moves_stamps=True, is_logged=True)

    org.delete(account.id, at=LATER)

    assert row(org, contact).system_modstamp == LATER
    assert logged(org, "Contact") == [contact.id]


def test_what_went_with_its_account_comes_back_with_it_and_what_went_before_does_not() -> None:
    org = an_org()
    account, contact, opportunity = a_family(org)
    org.delete(opportunity.id, at=SAVED)
    org.delete(account.id, at=SAVED)

    org.undelete(account.id, at=LATER)

    assert org.record(contact.id).system_modstamp == LATER
    assert org.find(opportunity.id) is None


def test_hard_deleting_an_account_takes_its_children_along() -> None:
    org = an_org()
    account, contact, opportunity = a_family(org)
    org.delete(account.id)

    org.hard_delete(account.id)

    assert [org.row(one.id) for one in (account, contact, opportunity)] == [None, None, None]
    assert logged(org, "Contact") == []


def test_an_emptied_bin_leaves_nothing_but_the_log() -> None:
    org = an_org()
    account, contact, opportunity = a_family(org)
    org.delete(account.id)

    assert sorted(org.empty_recycle_bin()) == sorted([account.id, contact.id, opportunity.id])

    assert org.rows("Contact") == []
    assert logged(org) == [account.id]


def test_a_merge_deletes_the_losers_and_gives_their_children_to_the_master() -> None:
    org = an_org()
    master, loser = org.create("Account", at=SAVED), org.create("Account", at=SAVED)
    contact = org.create("Contact", at=SAVED, AccountId=loser.id)
    branch = org.create("Account", at=SAVED, ParentId=loser.id)

    org.merge(master.id, [loser.id], at=LATER)

    assert row(org, loser).is_deleted
    assert row(org, loser).fields["MasterRecordId"] == master.id
    assert org.record(contact.id).fields["AccountId"] == org.record(branch.id).fields["ParentId"] == master.id
    assert [row(org, one).system_modstamp for one in (master, loser, contact, branch)] == [LATER] * 4
    assert logged(org) == [loser.id]


def test_a_loser_that_is_undeleted_is_merged_no_more_and_its_children_stay_the_masters() -> None:
    org = an_org()
    master, loser = org.create("Account", at=SAVED), org.create("Account", at=SAVED)
    contact = org.create("Contact", at=SAVED, AccountId=loser.id)
    org.merge(master.id, [loser.id], at=SAVED)

    org.undelete(loser.id, at=LATER)

    assert org.record(loser.id).fields["MasterRecordId"] is None
    assert org.record(loser.id).system_modstamp == LATER
    assert org.record(contact.id).fields["AccountId"] == master.id
    assert logged(org) == []


@pytest.mark.parametrize(("object_name", "count"), [("Opportunity", 2), ("Account", 1)])
def test_what_cannot_be_merged_is_refused(object_name: str, count: int) -> None:
    org = an_org()
    ids = [org.create(object_name).id for _ in range(count)]

    with pytest.raises(ValueError, match=r"MERGE_FAILED|ENTITY_IS_DELETED"):
        org.merge(ids[0], [ids[-1]])


def test_the_deletion_log_can_be_purged_for_one_object_or_all() -> None:
    org = an_org()
    old, young, lead = org.create("Account"), org.create("Account"), org.create("Lead")
    org.delete(old.id, at=SAVED)
    org.delete(lead.id, at=SAVED)
    org.delete(young.id, at=LATER)

    org.purge_deletion_log(LATER, "Account")
    assert (logged(org), logged(org, "Lead")) == ([young.id], [lead.id])
    assert (org.deletion_log.purged_before("Account"), org.deletion_log.purged_before("Lead")) == (LATER, None)

    org.purge_deletion_log(LATER)
    assert (logged(org), logged(org, "Lead")) == ([young.id], [])
    assert org.deletion_log.purged_before("Contact") == LATER


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(0, 3)), max_size=30))
def test_whatever_happened_before_exactly_an_accounts_children_go_with_it(steps: list[tuple[int, int, int]]) -> None:
    org = an_org()
    accounts = [org.create("Account").id for _ in range(4)]
    contacts = [org.create("Contact", AccountId=accounts[number % 4]).id for number in range(6)]
    for step, contact, account in steps:
        match step:
            case 0 if org.find(contacts[contact]):
                org.edit(contacts[contact], AccountId=accounts[account])
            case 1 if org.find(accounts[account]):
                org.delete(accounts[account])
            case 2 if org.find(accounts[account]) is None:
                org.undelete(accounts[account])
            case 3 if org.find(contacts[contact]):
                org.hard_delete(contacts[contact])
                contacts[contact] = org.create("Contact", AccountId=accounts[account]).id
    children = {record.id for record in org.records("Contact") if record.fields["AccountId"] == accounts[0]}
    before = {record.id for record in org.records("Contact")}

    if org.find(accounts[0]):
        org.delete(accounts[0])
        assert {record.id for record in org.records("Contact")} == before - children
