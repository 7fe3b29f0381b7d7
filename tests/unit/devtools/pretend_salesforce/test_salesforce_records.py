"""The pretend Salesforce without a network: ids and records."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.vendors.salesforce.ids import PREFIXES, long_id, random_id, short_id
from tests.unit.devtools.pretend_salesforce.invented import NOON, an_org


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("a0D30000001n7Pi", "a0D30000001n7PiEAI"),  # no capital in a chunk, one, two
        ("001A0000006Vm9r", "001A0000006Vm9rIAC"),
        ("00D8c000002JHMD", "00D8c000002JHMDEA4"),  # the third chunk needs the digits after Z
        ("04kRi0000061wbC", "04kRi0000061wbCIAQ"),
        ("006000000000000", "006000000000000AAA"),
        ("ABCDEABCDEABCDE", "ABCDEABCDEABCDE555"),
    ],
)
def test_the_three_last_characters_say_which_are_capitals(short: str, long: str) -> None:
    assert long_id(short) == long
    assert short_id(long) == short


@pytest.mark.parametrize("wrong", ["", "00600000000000", "0060000000000000", "00600000000000-", "00600000000000é"])
def test_what_is_not_an_id_has_no_long_form(wrong: str) -> None:
    with pytest.raises(ValueError, match="not a 15-character"):
        long_id(wrong)


def test_a_wrong_check_character_is_noticed() -> None:
    with pytest.raises(ValueError, match="check characters"):
        short_id("001A0000006Vm9rIAA")


@given(st.text("abcXYZ019", min_size=15, max_size=15), st.text("abcXYZ019", min_size=15, max_size=15))
def test_long_ids_differ_even_for_software_that_ignores_case(one: str, other: str) -> None:
    assert (long_id(one).lower() == long_id(other).lower()) == (one == other)


@pytest.mark.parametrize("kind", PREFIXES)
def test_a_random_id_has_its_kinds_prefix_and_valid_check_characters(kind: str) -> None:
    made = random_id(kind, Random(7))

    assert made.startswith(PREFIXES[kind])
    assert long_id(short_id(made)) == made


def test_two_seeds_make_two_organizations_and_one_seed_one() -> None:
    first, again, other = an_org(1), an_org(1), an_org(2)

    for org in (first, again, other):
        org.populate(accounts=2, contacts=2, opportunities=2)

    names = [[record.fields["Name"] for record in org.records("Opportunity")] for org in (first, again, other)]
    ids = [[record.id for record in org.records("Opportunity")] for org in (first, again, other)]
    assert names[0] == names[1]
    assert ids[0] == ids[1]
    assert set(ids[0]).isdisjoint(ids[2])


def test_contacts_and_opportunities_belong_to_accounts_of_the_organization() -> None:
    org = an_org()

    ids = org.populate(accounts=3, contacts=20, opportunities=20)

    owners = {record.fields["AccountId"] for record in (*org.records("Contact"), *org.records("Opportunity"))}
    assert owners == set(ids["Account"])


def test_every_invented_person_has_an_address_at_example_com() -> None:
    org = an_org()
    org.populate(accounts=5, contacts=200, opportunities=0)

    addresses = [str(record.fields["Email"]) for record in org.records("Contact") if record.fields["Email"]]
    assert len(addresses) > 100
    assert all(address.isascii() and address.endswith(".example.com") for address in addresses)


def test_some_optional_fields_are_empty_and_required_ones_never() -> None:
    org = an_org()
    org.populate(accounts=50, contacts=50, opportunities=50)

    opportunities = org.records("Opportunity")
    assert {record.fields["Amount"] is None for record in opportunities} == {True, False}
    assert all(record.fields[name] for record in opportunities for name in ("Name", "StageName", "CloseDate", "OwnerId"))
    assert all(record.fields["LastName"] for record in org.records("Contact"))


def test_a_stage_sets_probability_forecast_and_flags() -> None:
    org = an_org()
    opportunity = org.create("Opportunity", StageName="Prospecting", Amount=Decimal("2000.50"), CloseDate=date(2026, 8, 31))
    assert opportunity.fields["ExpectedRevenue"] == Decimal("200.05")

    won = org.edit(opportunity.id, StageName="Closed Won").fields

    assert (won["Probability"], won["ForecastCategoryName"], won["IsClosed"], won["IsWon"]) == (100, "Closed", True, True)
    assert won["ExpectedRevenue"] == Decimal("2000.50")
    assert (won["FiscalYear"], won["FiscalQuarter"]) == (2026, 3)


def test_a_probability_set_by_hand_outlives_the_stage_saved_with_it() -> None:
    org = an_org()

    opportunity = org.create("Opportunity", StageName="Qualification", Probability=Decimal(35))

    assert opportunity.fields["Probability"] == 35
    assert org.edit(opportunity.id, NextStep="Call").fields["Probability"] == 35


def test_a_stage_nobody_knows_is_kept_and_implies_nothing() -> None:
    org = an_org()
    opportunity = org.create("Opportunity", StageName="Qualification")

    edited = org.edit(opportunity.id, StageName="Verbally agreed").fields

    assert (edited["StageName"], edited["Probability"]) == ("Verbally agreed", 10)


def test_a_contacts_name_follows_its_parts() -> None:
    org = an_org()
    contact = org.create("Contact", FirstName="Ada", LastName="Brandt")
    assert contact.fields["Name"] == "Ada Brandt"

    assert org.edit(contact.id, FirstName=None).fields["Name"] == "Brandt"


def test_two_edits_in_one_second_share_their_system_modstamp() -> None:
    org = an_org()
    account = org.create("Account", at=NOON - timedelta(hours=1))

    first = org.edit(account.id, at=NOON, Name="First")
    second = org.edit(account.id, at=NOON.replace(microsecond=0), Name="Second")

    assert first.system_modstamp == second.system_modstamp == datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)
    assert org.record(account.id).fields["Name"] == "Second"


@given(st.lists(st.integers(min_value=-100_000, max_value=100_000), min_size=1, max_size=10))
def test_system_modstamp_never_goes_back_and_has_whole_seconds(offsets_ms: list[int]) -> None:
    org = an_org()
    stamps = [org.create("Account").system_modstamp]
    account_id = org.records("Account")[0].id

    stamps += [org.edit(account_id, at=NOON + timedelta(milliseconds=ms), Phone=str(ms)).system_modstamp for ms in offsets_ms]

    assert stamps == sorted(stamps)
    assert all(stamp.microsecond == 0 for stamp in stamps)


def test_an_import_can_set_last_modified_date_but_not_system_modstamp() -> None:
    org = an_org()
    account = org.create("Account")
    old = datetime(2019, 1, 1, tzinfo=UTC)

    imported = org.edit(account.id, at=NOON + timedelta(minutes=1), LastModifiedDate=old)

    assert imported.fields["LastModifiedDate"] == old
    assert imported.system_modstamp == datetime(2026, 3, 2, 12, 1, 0, tzinfo=UTC)
    with pytest.raises(ValueError, match="SystemModstamp"):
        org.edit(account.id, SystemModstamp=old)


def test_a_misspelt_field_is_refused_and_a_custom_one_taken() -> None:
    org = an_org()

    with pytest.raises(ValueError, match="INVALID_FIELD: Account has no Naem"):
        org.create("Account", Naem="x")
    assert org.create("Account", Region__c="North").fields["Region__c"] == "North"


def test_a_deleted_record_is_gone_and_a_sandbox_copy_can_have_its_id() -> None:
    org, sandbox = an_org(1), an_org(2)
    account = org.create("Account")
    sandbox.create("Account", Id=account.id)

    org.delete(account.id)

    assert org.find(account.id) is None
    assert org.records("Account") == []
    assert sandbox.record(account.id).id == account.id
