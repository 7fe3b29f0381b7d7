"""Invented people who are neither contacts nor customers: the users of an organization, and leads.

Lacks: queues, profiles and roles, converted leads (set ``IsConverted`` by hand), users of communities.
"""

from collections.abc import Sequence
from datetime import date
from random import Random
from typing import Final

from devtools.vendors.salesforce.implications import Value
from devtools.vendors.salesforce.inventions import invent_contact

_USERS: Final = (("Vera", "Nyberg", "Sales Director"), ("Tomás", "Okafor", "Account Executive"), ("Signe", "Hallam", "Sales Operations"))
_STATUSES: Final = ("Open - Not Contacted", "Working - Contacted", "Closed - Not Converted")


def invent_user(rng: Random, today: date) -> dict[str, Value]:
    """A user of a name that may come twice, with a user name and an address of its own."""
    contact = invent_contact(rng, today)
    number = rng.randrange(1_000_000)
    return user_fields(str(contact["FirstName"] or "Kim"), str(contact["LastName"]), "Account Executive", f"user{number}")


def first_users(user_ids: Sequence[str], organization_id: str) -> list[dict[str, Value]]:
    """The users that every organization has; the first manages the others."""
    made = []
    for user_id, (first, last, title) in zip(user_ids, _USERS, strict=True):
        mailbox = f"{title.split()[-1].lower()}.{user_id[9:15].lower()}.{organization_id[9:15].lower()}"
        manager = None if user_id == user_ids[0] else user_ids[0]
        made.append({"Id": user_id, **user_fields(first, last, title, mailbox), "ManagerId": manager})
    return made


def user_fields(first: str, last: str, title: str, mailbox: str) -> dict[str, Value]:
    return {
        "Username": f"{mailbox}@example.com",
        "FirstName": first,
        "LastName": last,
        "Name": f"{first} {last}",
        "Email": f"{mailbox}@example.com",
        "Title": title,
        "Department": "Sales",
        "Phone": None,
        "IsActive": True,
        "UserType": "Standard",
        "Alias": mailbox[:8],
        "ManagerId": None,
        "EmployeeNumber": None,
        "FederationIdentifier": None,
        "TimeZoneSidKey": "Europe/Stockholm",
        "LocaleSidKey": "en_GB",
    }


def invent_lead(rng: Random, today: date) -> dict[str, Value]:
    contact = invent_contact(rng, today)
    kept = ("Salutation", "FirstName", "LastName", "Email", "Title", "Phone", "MobilePhone", "LeadSource")
    return {
        **{name: contact[name] for name in kept},
        "Company": f"{rng.choice(('Fjord', 'Juniper', 'Kestrel'))} {rng.choice(('Optics', 'Freight', 'Glass'))} {rng.randrange(1, 1000)}",
        **{name: contact[f"Mailing{name}"] for name in ("Street", "City", "State", "PostalCode", "Country")},
        "Status": rng.choice(_STATUSES),
        "Industry": None,
        "Rating": None,
        "AnnualRevenue": None,
        "NumberOfEmployees": None,
        "Website": None,
        "Description": None,
        "IsConverted": False,
        "ConvertedDate": None,
        "ConvertedAccountId": None,
        "ConvertedContactId": None,
        "ConvertedOpportunityId": None,
        "IsUnreadByOwner": True,
    }
