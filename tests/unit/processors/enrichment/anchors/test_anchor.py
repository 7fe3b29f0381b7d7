"""What an anchor is recognised by, made of what the store tells."""

from datetime import date
from typing import Any

import pytest

from processors.enrichment.anchors.anchor import Anchor, anchor_of
from shared.linking.anchor import AnchorRow
from shared.shards.ids import shard_id
from shared.shards.model import Status

ORGANIZATION = "00D000000000001EAA"


ACCOUNT = ("Account", "001000000000001AAA")


def row(shard_type_id: str, status: Status = "active", /, *, record: tuple[str, str] | None = ACCOUNT, **fields: Any) -> AnchorRow:
    records = () if record is None else (("salesforce", ORGANIZATION, *record),)
    return AnchorRow("shard", shard_type_id, status, records, fields, changed_at=1)


def made(of: AnchorRow, *, country: str = "US") -> Anchor:
    anchor = anchor_of(of, tenant_id="acme", default_country=country)
    assert anchor is not None
    return anchor


def account_id(external_id: str, record_type: str = "Account") -> str:
    return shard_id(tenant_id="acme", system="salesforce", scope=ORGANIZATION, record_type=record_type, external_id=external_id)


def test_a_company_is_known_by_its_name_without_its_legal_form_its_domain_and_its_number() -> None:
    anchor = made(row("c_account", name="Harbour Müller GmbH", website="https://www.harbour.co.uk/about", phone="+49 30 901820"))

    assert anchor.name == "Harbour Müller GmbH"
    assert anchor.names == (("harbour", "muller"),)
    assert anchor.domains == ("harbour.co.uk",)
    assert anchor.phones == ("+4930901820",)
    assert anchor.native_ids == ("salesforce:001000000000001AAA",)


@pytest.mark.parametrize("website", ["https://linkedin.com/company/harbour", "gmail.com", "localhost", "10.1.2.3", "", "n/a"])
def test_a_website_that_is_not_its_own_is_no_domain_of_it(website: str) -> None:
    assert made(row("c_account", name="Harbour", website=website)).domains == ()


def test_a_number_is_dialled_in_the_anchors_own_country_before_the_tenants() -> None:
    german = made(row("c_account", name="Harbour", phone="030 901820", billingCountryCode="de"))
    unknown = made(row("c_account", name="Harbour", phone="030 901820"), country="DE")
    elsewhere = made(row("c_account", name="Harbour", phone="030 901820"), country="US")

    assert (german.phones, german.country) == (("+4930901820",), "DE")
    assert (unknown.phones, unknown.country) == (("+4930901820",), None)
    assert elsewhere.phones == ()


def test_a_country_that_is_only_named_is_kept_as_it_is_named() -> None:
    assert made(row("c_account", name="Harbour", billingCountry="Germany")).country == "germany"
    assert made(row("c_contact", name="Ada", mailingCountry="UK")).country == "UK"


def test_a_contact_is_known_by_name_address_and_both_numbers_and_belongs_to_its_company() -> None:
    said = row(
        "c_contact",
        record=("Contact", "003000000000001AAA"),
        name="Ana Sá",
        email="Ana.Sa@Harbour.example",
        phone="+351 21 123 4567",
        mobilePhone="+351 912 345 678",
        accountId="001000000000001AAA",
    )

    anchor = made(said)

    assert anchor.names == (("ana", "sa"),), "a last word that looks like a legal form is a name's"
    assert anchor.emails == ("ana.sa@harbour.example",)
    assert anchor.phones == ("+351211234567", "+351912345678")
    assert anchor.account_id == account_id("001000000000001AAA")


def test_a_deal_names_its_company_its_contact_and_its_owner() -> None:
    said = row(
        "c_opportunity",
        record=("Opportunity", "006000000000001AAA"),
        name="Harbour – renewal",
        accountId="001000000000001AAA",
        contactId="003000000000001AAA",
        ownerId="005000000000001AAA",
        amount=12000,
        currency="EUR",
        closeDate="2026-12-31",
        isClosed=False,
    )

    anchor = made(said)

    assert anchor.account_id == account_id("001000000000001AAA")
    assert anchor.contact_id == account_id("003000000000001AAA", "Contact")
    assert anchor.owner_id == account_id("005000000000001AAA", "User")
    assert (anchor.amount, anchor.currency, anchor.close_date, anchor.is_open) == (12000.0, "EUR", date(2026, 12, 31), True)


@pytest.mark.parametrize(
    ("of", "is_open"),
    [
        (row("c_opportunity", name="Deal"), True),
        (row("c_opportunity", name="Deal", isClosed=True), False),
        (row("c_project", name="Crane", status="in_progress"), True),
        (row("c_project", name="Crane", status="completed"), False),
        (row("c_account", name="Harbour"), True),
    ],
)
def test_a_deal_or_a_project_may_be_over(of: AnchorRow, *, is_open: bool) -> None:
    assert made(of).is_open is is_open


def test_a_project_is_called_by_its_name_or_its_code_and_one_made_here_names_shards() -> None:
    anchor = made(row("c_project", record=None, name="Harbour crane", code="PRJ-2041", accountId=account_id("001000000000001AAA")))

    assert anchor.names == (("harbour", "crane"), ("prj", "2041"))
    assert anchor.account_id == account_id("001000000000001AAA")
    assert anchor.native_ids == ()


def test_people_and_channels_have_no_names_to_be_recognised_by() -> None:
    person = made(row("c_person", record=("User", "005000000000001AAA"), name="Vera Nyberg", email="vera@acme.example"))
    channel = made(AnchorRow("shard", "c_channel", "active", (("slack", "T1", "Channel", "C024BE91L"),), {"name": "harbour"}, 1))

    assert (person.names, person.emails) == ((), ("vera@acme.example",))
    assert (channel.names, channel.native_ids) == ((), ("slack:C024BE91L",))


@pytest.mark.parametrize(
    "gone",
    [
        row("c_account", "deleted", name="Harbour"),
        row("c_account", "archived", name="Harbour"),
        row("c_account", "draft"),
        row("c_person", name="Vera", isActive=False),
        AnchorRow.given_up("shard", changed_at=2),
    ],
)
def test_what_is_gone_was_never_seen_or_has_left_is_no_anchor(gone: AnchorRow) -> None:
    assert anchor_of(gone, tenant_id="acme", default_country="US") is None


def test_fields_of_another_kind_than_expected_are_as_if_they_were_not_there() -> None:
    anchor = made(row("c_opportunity", name=7, accountId=["001"], amount="12", closeDate="soon", currency=" "))

    assert (anchor.name, anchor.names, anchor.account_id) == ("", (), None)
    assert (anchor.amount, anchor.close_date, anchor.currency) == (None, None, None)
