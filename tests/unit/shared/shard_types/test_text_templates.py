"""What search reads of a shard: the whole text, word for word."""

from dataclasses import replace
from typing import Any, Final

import pytest

from shared.shard_types.account import ACCOUNT
from shared.shard_types.channel import CHANNEL
from shared.shard_types.contact import CONTACT
from shared.shard_types.folder import FOLDER
from shared.shard_types.lead import LEAD
from shared.shard_types.opportunity import OPPORTUNITY
from shared.shard_types.person import PERSON
from shared.shard_types.registry import SHARD_TYPES
from shared.shard_types.shard_type import ShardType
from shared.shard_types.text_template import TextTemplate

NORTHWIND: Final = {
    "name": "Northwind Traders",
    "type": "customer",
    "industry": "retail",
    "sicDesc": "Grocery stores",
    "website": "northwind.example",
    "billingCity": "Seattle",
    "billingState": "WA",
    "billingCountry": "USA",
    "numberOfEmployees": 1200,
    "annualRevenue": 52000000.0,
    "tickerSymbol": "NWND",
    "rating": "hot",
    "description": "Imports fine food.\n\nSells it by mail.",
    "ownerId": "005000000000001AAA",
}
ADA: Final = {
    "name": "Ada Lovelace",
    "title": "Head of Computing",
    "department": "Engines",
    "email": "ada@northwind.example",
    "phone": "+44 20 1",
    "mobilePhone": "+44 7 2",
    "mailingCity": "London",
    "mailingCountry": "United Kingdom",
    "description": "Prefers letters.",
    "hasOptedOutOfEmail": True,
}
ROCKETS: Final = {
    "name": "Rockets for Northwind",
    "type": "new_business",
    "stage": "negotiation_review",
    "status": "open",
    "amount": 1250.5,
    "currency": "EUR",
    "closeDate": "2026-12-31",
    "nextStep": "Send the contract",
    "description": "They asked for two.",
    "isPrivate": False,
}
WITH_TEXT: Final = [known for known in SHARD_TYPES if known.text is not None]


def template_of(known: ShardType) -> TextTemplate:
    assert known.text is not None
    return known.text


def fields_of(template: TextTemplate) -> set[str]:
    return {template.title, *template.passages, *(field for _, fields in template.facts for field in fields)}


def test_an_account_reads_as_its_facts_and_its_description() -> None:
    ACCOUNT.check(NORTHWIND)

    assert template_of(ACCOUNT).text(NORTHWIND) == (
        "Account: Northwind Traders\n"
        "Type: customer\n"
        "Industry: retail Grocery stores\n"
        "Website: northwind.example\n"
        "Location: Seattle WA USA\n"
        "Employees: 1200\n"
        "Annual revenue: 52000000\n"
        "Ticker symbol: NWND\n"
        "Rating: hot\n"
        "\n"
        "Imports fine food.\n"
        "\n"
        "Sells it by mail."
    )


def test_a_contact_reads_as_who_it_is_and_how_to_reach_it() -> None:
    CONTACT.check(ADA)

    assert template_of(CONTACT).text(ADA) == (
        "Contact: Ada Lovelace\n"
        "Title: Head of Computing\n"
        "Department: Engines\n"
        "E-mail: ada@northwind.example\n"
        "Phone: +44 20 1 +44 7 2\n"
        "Location: London United Kingdom\n"
        "\n"
        "Prefers letters."
    )


def test_an_opportunity_reads_as_where_the_deal_stands() -> None:
    OPPORTUNITY.check(ROCKETS)

    assert template_of(OPPORTUNITY).text(ROCKETS) == (
        "Opportunity: Rockets for Northwind\n"
        "Type: new_business\n"
        "Stage: negotiation_review\n"
        "Status: open\n"
        "Amount: 1250.5 EUR\n"
        "Close date: 2026-12-31\n"
        "Next step: Send the contract\n"
        "\n"
        "They asked for two."
    )


def test_a_lead_reads_as_who_it_is_and_what_has_come_of_it() -> None:
    data = {
        "name": "Grace Hopper",
        "company": "Remington Rand",
        "title": "Compilers",
        "status": "working",
        "rating": "hot",
        "industry": "technology",
        "email": "grace@rand.example",
        "phone": "1",
        "mobilePhone": "2",
        "website": "rand.example",
        "city": "Philadelphia",
        "country": "USA",
        "description": "Asks for nanoseconds.",
        "ownerName": "Vera Nyberg",
    }
    LEAD.check(data)

    assert template_of(LEAD).text(data) == (
        "Lead: Grace Hopper\n"
        "Company: Remington Rand\n"
        "Title: Compilers\n"
        "Status: working\n"
        "Rating: hot\n"
        "Industry: technology\n"
        "E-mail: grace@rand.example\n"
        "Phone: 1 2\n"
        "Website: rand.example\n"
        "Location: Philadelphia USA\n"
        "\n"
        "Asks for nanoseconds."
    )


def test_a_person_is_found_by_name_title_and_department_and_not_by_an_address() -> None:
    data = {
        "name": "Vera Nyberg",
        "title": "Sales Director",
        "department": "Sales",
        "division": "North",
        "companyName": "Tenant AB",
        "city": "Stockholm",
        "email": "vera@tenant.example",
        "username": "vera@tenant.example.crm",
        "phone": "1",
        "isActive": True,
    }
    PERSON.check(data)

    assert template_of(PERSON).text(data) == (
        "Person: Vera Nyberg\nTitle: Sales Director\nDepartment: Sales North\nCompany: Tenant AB\nLocation: Stockholm"
    )


def test_a_folder_s_text_does_not_name_the_folders_above_which_its_reader_may_not_see() -> None:
    assert FOLDER.text is not None

    text = FOLDER.text.text({"name": "Plans", "ownerName": "Ann", "path": "/My Drive/Secret takeover/Plans"})

    assert text == "Folder: Plans\nOwner: Ann"


def test_a_channel_s_text_says_what_it_is_about_and_not_who_is_in_it_which_changes_every_day() -> None:
    data = {
        "name": "sales",
        "platform": "slack",
        "externalId": "C1",
        "topic": "Deals of this quarter",
        "description": "Everything about selling anvils.",
        "purpose": "Everything about selling anvils.",
        "type": "private",
        "members": '["U1"]',
        "memberCount": 1,
    }
    CHANNEL.check(data)

    assert template_of(CHANNEL).text(data) == "Channel: sales\nTopic: Deals of this quarter\n\nEverything about selling anvils."


@pytest.mark.parametrize("known", WITH_TEXT, ids=lambda known: known.id)
def test_a_record_that_is_only_a_name_is_one_line(known: ShardType) -> None:
    template = template_of(known)

    assert template.text({"name": "Acme"}) == f"{known.name}: Acme"
    assert template.heading({"name": " Acme "}) == f"{known.name}: Acme"


@pytest.mark.parametrize("empty", [None, "", "  \n", [], {}], ids=repr)
@pytest.mark.parametrize("known", WITH_TEXT, ids=lambda known: known.id)
def test_what_is_empty_is_left_out_with_its_label(known: ShardType, empty: object) -> None:
    template = template_of(known)

    assert template.text({**dict.fromkeys(fields_of(template), empty), "name": "Acme"}) == f"{known.name}: Acme"


@pytest.mark.parametrize("nameless", [{}, {"name": None}, {"name": ""}, {"name": "   "}], ids=repr)
def test_a_record_without_a_name_has_no_text(nameless: dict[str, Any]) -> None:
    template = template_of(ACCOUNT)

    assert template.text({**NORTHWIND, "name": None, **nameless}, "Read me.") == ""
    assert template.heading(nameless) == ""


def test_a_zero_and_a_no_are_said() -> None:
    template = replace(template_of(ACCOUNT), facts=(("Employees", ("numberOfEmployees",)), ("Person", ("isPersonAccount",))))

    assert template.text({"name": "Acme", "numberOfEmployees": 0, "isPersonAccount": False}) == "Account: Acme\nEmployees: 0\nPerson: no"


def test_further_texts_follow_in_paragraphs_of_their_own_and_empty_ones_do_not() -> None:
    text = template_of(CONTACT).text({"name": "Ada"}, "  First.\n", None, "", "Second.")

    assert text == "Contact: Ada\n\nFirst.\n\nSecond."


def test_the_order_of_a_records_fields_changes_nothing() -> None:
    backwards = dict(reversed(NORTHWIND.items()))

    assert template_of(ACCOUNT).text(backwards) == template_of(ACCOUNT).text(NORTHWIND)


def test_a_number_reads_the_same_when_a_store_gave_it_back_without_its_fraction() -> None:
    template = template_of(ACCOUNT)

    assert template.text({"name": "Acme", "annualRevenue": 5.0}) == template.text({"name": "Acme", "annualRevenue": 5})


@pytest.mark.parametrize("known", WITH_TEXT, ids=lambda known: known.id)
def test_every_field_a_template_names_is_one_of_its_type(known: ShardType) -> None:
    properties = known.document()["schema"]["properties"]

    assert sorted(fields_of(template_of(known)) - properties.keys()) == []


@pytest.mark.parametrize("known", WITH_TEXT, ids=lambda known: known.id)
def test_no_field_is_said_twice(known: ShardType) -> None:
    template = template_of(known)
    said = [template.title, *template.passages, *(field for _, fields in template.facts for field in fields)]

    assert len(said) == len(set(said))


def test_bookkeeping_and_groups_are_the_types_nobody_looks_for() -> None:
    assert [known.id for known in SHARD_TYPES if known.text is None] == ["c_group", "integration.state"]


@pytest.mark.parametrize(
    "other",
    [
        replace(template_of(ACCOUNT), noun="Company"),
        replace(template_of(ACCOUNT), title="site"),
        replace(template_of(ACCOUNT), facts=template_of(ACCOUNT).facts[1:]),
        replace(
            template_of(ACCOUNT), facts=(template_of(ACCOUNT).facts[1], template_of(ACCOUNT).facts[0], *template_of(ACCOUNT).facts[2:])
        ),
        replace(template_of(ACCOUNT), facts=(("Kind", ("type",)), *template_of(ACCOUNT).facts[1:])),
        replace(template_of(ACCOUNT), passages=()),
        replace(template_of(ACCOUNT), passages=("description", "site")),
    ],
    ids=["noun", "title", "a fact less", "another order", "another label", "no passage", "a passage more"],
)
def test_another_template_has_another_version(other: TextTemplate) -> None:
    assert other.version != template_of(ACCOUNT).version


def test_the_same_template_has_the_same_version() -> None:
    assert replace(template_of(ACCOUNT)).version == template_of(ACCOUNT).version
    assert len({template_of(known).version for known in WITH_TEXT}) == len(WITH_TEXT)
