"""Random but plausible field values of Accounts, Contacts and Opportunities.

Everybody is invented: addresses end in example.com, a domain nobody can own, and phone numbers lie in the 555-01xx range kept for
fiction. About one optional field in five is empty, because empty fields are what Outbound Messages leave out. Revenues and some
amounts lie above ten million, where Salesforce writes numbers as 1.25E7. What Accounts and Opportunities are described with is in
``stories.py``, a few stories for many records: two may share one. Lacks: record types, custom fields (give them when creating),
compound addresses, person accounts, a description that fits the stage.
"""

import unicodedata
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import TypeVar

from devtools.vendors.salesforce.implications import STAGES, Value
from devtools.vendors.salesforce.stories import ACCOUNT_STORIES, OPPORTUNITY_STORIES

_COMPANY_FIRST = ("Amber", "Birch", "Copper", "Drift", "Ember", "Fjord", "Granite", "Harbour", "Juniper", "Kestrel", "Meridian", "Öresund")
_COMPANY_SECOND = ("Analytics", "Bakeries", "Components", "Dental", "Freight", "Glass", "Hydraulics", "Optics", "Paper & Print", "Robotics")
_COMPANY_FORM = ("Inc.", "Ltd", "GmbH", "AB", "Group", "S.A.")
_FIRST_NAMES = (
    "Ada",
    "Björn",
    "Chidi",
    "Dolores",
    "Emre",
    "Freya",
    "Goran",
    "Hana",
    "Inés",
    "Jun",
    "Kwame",
    "Mei",
    "Niamh",
    "Otis",
    "Priya",
)
_LAST_NAMES = (
    "Abara",
    "Brandt",
    "Castillo",
    "Demir",
    "Eklund",
    "Farrow",
    "Grünwald",
    "Haddad",
    "Ito",
    "Jansen",
    "Kovač",
    "Lindqvist",
    "O'Hara",
)
_PLACES = (
    ("Springfield", "IL", "62701", "United States"),
    ("Uppsala", None, "753 10", "Sweden"),
    ("Graz", None, "8010", "Austria"),
    ("Leeds", None, "LS1 4AP", "United Kingdom"),
)
_STREETS = ("Mill Lane", "Station Road", "Harbour Street", "Orchard Way", "Linden Avenue")
_INDUSTRIES = ("Manufacturing", "Transportation", "Healthcare", "Retail", "Technology", "Food & Beverage")
_TITLES = ("Buyer", "CFO", "Head of Operations", "IT Director", "Plant Manager", "VP, Finance")
_LEAD_SOURCES = ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other")
_DEALS = ("renewal", "new line", "pilot", "expansion", "spare parts 2-year")

T = TypeVar("T")


def invent_account(rng: Random, today: date) -> dict[str, Value]:
    words = rng.choice(_COMPANY_FIRST), rng.choice(_COMPANY_SECOND), rng.choice(_COMPANY_FORM)
    return {
        "Name": " ".join(words),
        "Type": rng.choice(("Prospect", "Customer - Direct", "Customer - Channel")),
        **_address(rng, "Billing"),
        **_address(rng, "Shipping"),
        "Phone": _phone(rng),
        "Fax": _perhaps(rng, _phone(rng)),
        "AccountNumber": f"A-{rng.randrange(10_000, 100_000)}",
        "Website": f"https://{_host_label(words[0])}.example.com",
        "Industry": _perhaps(rng, rng.choice(_INDUSTRIES)),
        "AnnualRevenue": _perhaps(rng, Decimal(rng.randrange(200, 900_000) * 1000)),
        "NumberOfEmployees": _perhaps(rng, rng.randrange(2, 20_000)),
        "Rating": _perhaps(rng, rng.choice(("Hot", "Warm", "Cold"))),
        "Description": _perhaps(rng, rng.choice(ACCOUNT_STORIES).description),
        "ParentId": None,
    }


def invent_contact(rng: Random, today: date) -> dict[str, Value]:
    first, last = rng.choice(_FIRST_NAMES), rng.choice(_LAST_NAMES)
    mailbox = f"{_host_label(first)}.{_host_label(last)}.{rng.randrange(1, 10_000)}"
    return {
        "Salutation": _perhaps(rng, rng.choice(("Mr.", "Ms.", "Mx.", "Dr.", "Prof."))),
        "FirstName": _perhaps(rng, first),
        "LastName": last,
        "Email": _perhaps(rng, f"{mailbox}@{_host_label(rng.choice(_COMPANY_FIRST))}.example.com"),
        "Title": _perhaps(rng, rng.choice(_TITLES)),
        "Department": _perhaps(rng, rng.choice(("Finance", "Operations", "Purchasing"))),
        "Phone": _phone(rng),
        "MobilePhone": _perhaps(rng, _phone(rng)),
        **_address(rng, "Mailing"),
        "LeadSource": _perhaps(rng, rng.choice(_LEAD_SOURCES)),
        "Birthdate": _perhaps(rng, today - timedelta(days=rng.randrange(8_000, 25_000))),
        "HasOptedOutOfEmail": rng.random() < 0.1,
        "Description": None,
        "ReportsToId": None,
    }


def invent_opportunity(rng: Random, today: date) -> dict[str, Value]:
    stage_name = rng.choice(list(STAGES))
    days_until_closed = rng.randrange(-200, 0) if STAGES[stage_name].is_closed else rng.randrange(1, 200)
    return {
        "Name": f"{rng.choice(_COMPANY_FIRST)} {rng.choice(_COMPANY_SECOND)} – {rng.choice(_DEALS)}",
        "StageName": stage_name,
        "Amount": _perhaps(rng, Decimal(rng.randrange(100_000, 2_000_000_000)) / 100),
        "CloseDate": today + timedelta(days=days_until_closed),
        "Type": _perhaps(rng, rng.choice(("New Customer", "Existing Customer - Upgrade"))),
        "NextStep": _perhaps(rng, "Send the revised quote"),
        "LeadSource": _perhaps(rng, rng.choice(_LEAD_SOURCES)),
        "IsPrivate": False,
        "HasOpportunityLineItem": rng.random() < 0.3,
        "TotalOpportunityQuantity": _perhaps(rng, Decimal(rng.randrange(1, 400))),
        "Description": _perhaps(rng, rng.choice(OPPORTUNITY_STORIES).description),
        "CampaignId": None,
        "ContactId": None,
        "Probability": None,
        "ForecastCategoryName": None,
        "IsClosed": False,
        "IsWon": False,
    }


def _perhaps(rng: Random, value: T) -> T | None:
    return value if rng.random() < 0.8 else None


def _address(rng: Random, kind: str) -> dict[str, Value]:
    city, state, postal_code, country = rng.choice(_PLACES)
    return {
        f"{kind}Street": f"{rng.randrange(1, 200)} {rng.choice(_STREETS)}",
        f"{kind}City": city,
        f"{kind}State": state,
        f"{kind}PostalCode": postal_code,
        f"{kind}Country": country,
    }


def _phone(rng: Random) -> str:
    return f"({rng.randrange(201, 990)}) 555-01{rng.randrange(100):02}"


def _host_label(word: str) -> str:
    """Lower-case ASCII letters only: ``O'Hara`` becomes ``ohara``, ``Björn`` becomes ``bjorn``."""
    decomposed = unicodedata.normalize("NFKD", word)
    return "".join(character for character in decomposed.lower() if character.isascii() and character.isalpha())
