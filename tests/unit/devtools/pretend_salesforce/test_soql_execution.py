"""SOQL on the rows of an organization: what is found, in which order, and what is refused."""

from datetime import UTC, date, timedelta
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.vendors.salesforce.ids import long_id
from devtools.vendors.salesforce.records import PretendOrg, Record
from devtools.vendors.salesforce.soql.execution import run
from devtools.vendors.salesforce.soql.parser import parse
from devtools.vendors.salesforce.soql.rows import renderer
from devtools.vendors.salesforce.soql.tree import SoqlError
from tests.unit.devtools.pretend_salesforce.invented import NOON, an_org

FIRST, SECOND, THIRD = (long_id(f"00100000000000{last}") for last in "1Aa")  # in the order of ASCII


def found(org: PretendOrg, text: str, *, deleted: bool = False) -> list[Record]:
    return run(parse(text), org.objects, org.store, deleted=deleted)


@pytest.fixture
def org() -> PretendOrg:
    org = an_org()
    vera, tomas, _ = org.user_ids
    org.create("Account", Id=FIRST, at=NOON, Name="Amber", Industry="Retail", NumberOfEmployees=5, ParentId=None, Rating=None)
    org.create("Account", Id=SECOND, at=NOON, Name="birch", Industry=None, NumberOfEmployees=50, ParentId=FIRST, OwnerId=vera, Rating="Hot")
    org.create(
        "Account", Id=THIRD, at=NOON + timedelta(seconds=1), Name="O'Hara 10%", NumberOfEmployees=None, ParentId=SECOND, OwnerId=tomas
    )
    org.edit_quietly(THIRD, Industry="Healthcare", Rating="Warm", AnnualRevenue=Decimal("1.5"))
    return org


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ("Name = 'AMBER'", "A"),
        ("Name != 'amber'", "bO"),
        ("Name > 'amber'", "bO"),
        ("Name LIKE '%R%'", "AbO"),
        ("Name LIKE '_mber'", "A"),
        (r"Name LIKE '%10\%'", "O"),
        (r"Name = 'o\'hara 10%'", "O"),
        ("Industry = null", "b"),
        ("Industry != null", "AO"),
        ("Industry != 'Retail'", "bO"),
        ("Industry IN ('retail', 'x')", "A"),
        ("Industry NOT IN ('retail', 'x')", "bO"),
        ("Industry IN ('retail', null)", "Ab"),
        ("NumberOfEmployees > 5", "b"),
        ("NumberOfEmployees <= 50", "Ab"),
        ("NumberOfEmployees = 5.0", "A"),
        ("IsDeleted = false", "AbO"),
        ("IsDeleted = true", ""),
        ("NOT Name = 'amber'", "bO"),
        ("Name = 'amber' OR (Name = 'birch' AND NumberOfEmployees = 50)", "Ab"),
        (f"Id = '{FIRST[:15]}'", "A"),
        (f"Id > '{FIRST}'", "bO"),
        (f"Id > '{SECOND}'", "O"),
        (f"Id IN ('{THIRD}', '{FIRST[:15]}', null)", "AO"),
        (f"Id IN ('{THIRD}', '{FIRST}') AND Id != '{FIRST}' AND Id IN ('{THIRD}', '{SECOND}')", "O"),
        (f"Id = '{THIRD}' OR Id IN ('{SECOND}', '003000000000001AAA')", "bO"),
        (f"Id = '{THIRD}' OR Name = 'amber'", "AO"),
        (f"NOT Id IN ('{THIRD}')", "Ab"),
        (f"ParentId IN ('{FIRST}', '{SECOND[:15]}')", "bO"),
        ("Parent.Name = 'Amber'", "b"),
        ("Parent.Parent.Name = 'Amber'", "O"),
        ("Parent.Name = null", "A"),
        ("Owner.LastName = 'Nyberg' AND NumberOfEmployees = 50", "b"),
        ("SystemModstamp > 2026-03-02T12:00:00Z", "O"),
        ("SystemModstamp = 2026-03-02T12:00:00.000+0000", "Ab"),
        ("SystemModstamp < 2026-03-02T13:00:01+01:00", "Ab"),
    ],
)
def test_a_condition_finds_these(org: PretendOrg, condition: str, names: str) -> None:
    rows = found(org, f"SELECT Id FROM Account WHERE {condition} ORDER BY Name")

    assert "".join(str(row.fields["Name"])[0] for row in rows) == names


@pytest.mark.parametrize(
    ("ending", "names"),
    [
        ("", "AbO"),
        ("ORDER BY Id", "AbO"),
        ("ORDER BY Id DESC", "ObA"),
        ("ORDER BY SystemModstamp DESC, Id", "OAb"),
        ("ORDER BY SystemModstamp, Id DESC", "bAO"),
        ("ORDER BY Rating", "AbO"),
        ("ORDER BY Rating NULLS LAST", "bOA"),
        ("ORDER BY Parent.Name DESC NULLS LAST", "ObA"),
        ("ORDER BY Name LIMIT 1", "A"),
        ("ORDER BY SystemModstamp, Id LIMIT 1 OFFSET 1", "b"),
        ("LIMIT 0", ""),
        (f"WHERE Id IN ('{THIRD}', '{SECOND}') ORDER BY SystemModstamp", "bO"),
        (f"WHERE Id IN ('{FIRST}', '{SECOND}') ORDER BY SystemModstamp, Id DESC", "bA"),
        (f"WHERE Id IN ('{FIRST}', '{SECOND}')", "Ab"),
    ],
)
def test_rows_come_in_this_order(org: PretendOrg, ending: str, names: str) -> None:
    assert "".join(str(row.fields["Name"])[0] for row in found(org, f"SELECT Id FROM Account {ending}")) == names


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SELECT Id FROM Acount", "INVALID_TYPE"),
        ("SELECT Id FROM Account WHERE Naem = 'x'", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Parnet.Name = 'x'", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Description = 'x'", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE BillingAddress = 'x'", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE SystemModstamp > '2026-01-01'", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE SystemModstamp > 2026-01-01", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE NumberOfEmployees = '5'", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Name = 5", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE NumberOfEmployees LIKE '5'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM Account WHERE Id = 'x'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM Account ORDER BY Description", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account LIMIT 1 OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE"),
    ],
)
def test_what_cannot_be_asked_is_refused(org: PretendOrg, text: str, code: str) -> None:
    with pytest.raises(SoqlError) as refused:
        found(org, text)

    assert refused.value.code == code


def test_deleted_rows_are_seen_only_where_they_are_asked_for(org: PretendOrg) -> None:
    org.delete(SECOND)

    assert [row.id for row in found(org, "SELECT Id FROM Account")] == [FIRST, THIRD]
    assert [row.id for row in found(org, "SELECT Id FROM Account", deleted=True)] == [FIRST, SECOND, THIRD]
    assert [row.id for row in found(org, "SELECT Id FROM Account WHERE IsDeleted = TRUE", deleted=True)] == [SECOND]


def test_a_hidden_field_and_a_hidden_object_are_as_if_they_were_not_there(org: PretendOrg) -> None:
    org.objects.hide_field("Account", "Rating")
    with pytest.raises(SoqlError, match="Rating"):
        found(org, "SELECT Id FROM Account WHERE Rating = 'Hot'")

    org.objects.show_field("Account", "Rating")
    assert len(found(org, "SELECT Id FROM Account WHERE Rating = 'Hot'")) == 1

    org.objects.hide("Account")
    with pytest.raises(SoqlError, match="'Account' is not supported"):
        found(org, "SELECT Id FROM Account")


def test_a_row_is_json_with_parents_in_it(org: PretendOrg) -> None:
    query = parse(
        "SELECT id, Name, parent.Name, Parent.Parent.Id, SystemModstamp, annualrevenue, NumberOfEmployees, IsDeleted FROM Account"
    )
    render = renderer(query.fields, org.objects["Account"], org.objects, org.store, version="67.0")

    def attributes(record_id: str) -> dict[str, str]:
        return {"type": "Account", "url": f"/services/data/v67.0/sobjects/Account/{record_id}"}

    assert render(org.record(THIRD)) == {
        "attributes": attributes(THIRD),
        "Id": THIRD,
        "Name": "O'Hara 10%",
        "Parent": {"attributes": attributes(SECOND), "Name": "birch", "Parent": {"attributes": attributes(FIRST), "Id": FIRST}},
        "SystemModstamp": "2026-03-02T12:00:01.000+0000",
        "AnnualRevenue": 1.5,
        "NumberOfEmployees": None,
        "IsDeleted": False,
    }
    assert render(org.record(FIRST))["Parent"] is None
    assert render(org.record(FIRST))["NumberOfEmployees"] == 5


def test_dates_and_addresses_are_json(org: PretendOrg) -> None:
    contact = org.create("Contact", Birthdate=date(1980, 2, 3), MailingCity="Graz", MailingState=None)
    render = renderer((("Birthdate",), ("MailingAddress",), ("OtherAddress",)), org.objects["Contact"], org.objects, org.store, version="1")

    row = render(contact)

    assert row["Birthdate"] == "1980-02-03"
    assert (row["MailingAddress"]["city"], row["MailingAddress"]["state"], row["OtherAddress"]) == ("Graz", None, None)


def test_a_field_cannot_be_selected_twice(org: PretendOrg) -> None:
    with pytest.raises(SoqlError, match="duplicate field selected: Name"):
        renderer((("Name",), ("name",)), org.objects["Account"], org.objects, org.store, version="1")


@given(st.integers(0, 2**32), st.integers(1, 7), st.integers(0, 40))
def test_a_keyset_over_stamps_and_ids_reads_every_row_once(seed: int, page: int, count: int) -> None:
    org, rng = an_org(), Random(seed)
    for _ in range(count):
        org.create("Account", at=NOON + timedelta(seconds=rng.randrange(5)))
    for account in org.records("Account")[: count // 3]:
        org.edit(account.id, at=NOON + timedelta(seconds=rng.randrange(5)), Phone="1")

    read: list[Record] = []
    where = ""
    while rows := found(org, f"SELECT Id FROM Account {where} ORDER BY SystemModstamp, Id LIMIT {page}"):
        read += rows
        stamp = rows[-1].system_modstamp.astimezone(UTC).isoformat().replace("+00:00", "Z")
        where = f"WHERE SystemModstamp > {stamp} OR (SystemModstamp = {stamp} AND Id > '{rows[-1].id}')"

    assert [row.id for row in read] == [row.id for row in sorted(org.records("Account"), key=lambda row: (row.system_modstamp, row.id))]


@given(
    industries=st.lists(st.sampled_from(["A", "B", None]), max_size=8),
    operator=st.sampled_from(["=", "!=", "<", ">=", "IN", "NOT IN"]),
    by_stamp=st.booleans(),
)
def test_what_a_condition_does_not_find_its_negation_finds(industries: list[str | None], operator: str, *, by_stamp: bool) -> None:
    org = an_org()
    for number, industry in enumerate(industries):
        org.create("Account", at=NOON + timedelta(seconds=number % 3), Industry=industry)
    value = "('A')" if "IN" in operator else "'A'"
    condition = f"Industry {operator} {value}" + (f" AND SystemModstamp > {NOON:%Y-%m-%dT%H:%M:%SZ}" if by_stamp else "")

    positive = {row.id for row in found(org, f"SELECT Id FROM Account WHERE {condition}")}
    negative = {row.id for row in found(org, f"SELECT Id FROM Account WHERE NOT ({condition})")}

    assert positive | negative == {row.id for row in org.records("Account")}
    assert not positive & negative
