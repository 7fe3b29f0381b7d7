"""What a record of the pretend Salesforce must have become, said without the app's own conversion tables: a wrong table must not agree with
itself.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from devtools.vendors.salesforce.records import ObjectName, Record

SHARD_TYPES: Final[Mapping[ObjectName, str]] = {"Account": "c_account", "Contact": "c_contact", "Opportunity": "c_opportunity"}

AUDIT: Final = {
    "CreatedDate": "createdDate",
    "CreatedById": "createdById",
    "LastModifiedDate": "lastModifiedDate",
    "LastModifiedById": "lastModifiedById",
    "OwnerId": "ownerId",
}
FIELDS: Final[Mapping[ObjectName, Mapping[str, str]]] = {
    "Account": {
        **AUDIT,
        "Name": "name",
        "Type": "type",
        "Phone": "phone",
        "Website": "website",
        "Industry": "industry",
        "AnnualRevenue": "annualRevenue",
        "NumberOfEmployees": "numberOfEmployees",
        "Rating": "rating",
        "AccountNumber": "accountNumber",
        "Description": "description",
        "BillingStreet": "billingStreet",
        "BillingCity": "billingCity",
        "BillingState": "billingState",
        "BillingPostalCode": "billingPostalCode",
        "BillingCountry": "billingCountry",
        "ParentId": "parentId",
    },
    "Contact": {
        **AUDIT,
        "Name": "name",
        "Salutation": "salutation",
        "FirstName": "firstName",
        "LastName": "lastName",
        "Email": "email",
        "Phone": "phone",
        "MobilePhone": "mobilePhone",
        "Title": "title",
        "Department": "department",
        "AccountId": "accountId",
        "LeadSource": "leadSource",
        "MailingStreet": "mailingStreet",
        "MailingCity": "mailingCity",
        "MailingState": "mailingState",
        "MailingPostalCode": "mailingPostalCode",
        "MailingCountry": "mailingCountry",
        "Birthdate": "birthdate",
        "HasOptedOutOfEmail": "hasOptedOutOfEmail",
    },
    "Opportunity": {
        **AUDIT,
        "Name": "name",
        "StageName": "stage",
        "Amount": "amount",
        "Probability": "probability",
        "ExpectedRevenue": "expectedRevenue",
        "CloseDate": "closeDate",
        "Type": "type",
        "NextStep": "nextStep",
        "LeadSource": "leadSource",
        "AccountId": "accountId",
        "IsClosed": "isClosed",
        "IsWon": "isWon",
        "ForecastCategoryName": "forecastCategoryName",
        "FiscalYear": "fiscalYear",
        "FiscalQuarter": "fiscalQuarter",
        "Description": "description",
        "IsPrivate": "isPrivate",
    },
}
"""The vendor's field, usually ticked → the canonical one."""

CANONICAL: Final[Mapping[tuple[ObjectName, str], Mapping[str, str]]] = {
    ("Account", "Type"): {"Prospect": "prospect", "Customer - Direct": "customer", "Customer - Channel": "customer"},
    ("Account", "Industry"): {
        "Manufacturing": "manufacturing",
        "Transportation": "transportation",
        "Healthcare": "healthcare",
        "Retail": "retail",
        "Technology": "technology",
        "Food & Beverage": "Food & Beverage",
    },
    ("Account", "Rating"): {"Hot": "hot", "Warm": "warm", "Cold": "cold"},
    ("Opportunity", "StageName"): {
        "Prospecting": "prospecting",
        "Qualification": "qualification",
        "Needs Analysis": "needs_analysis",
        "Value Proposition": "value_proposition",
        "Id. Decision Makers": "id_decision_makers",
        "Perception Analysis": "perception_analysis",
        "Proposal/Price Quote": "proposal_price_quote",
        "Negotiation/Review": "negotiation_review",
        "Closed Won": "closed_won",
        "Closed Lost": "closed_lost",
    },
    ("Opportunity", "Type"): {"New Customer": "new_business", "Existing Customer - Upgrade": "upsell"},
}
LEAD_SOURCES: Final = {
    "Web": "web",
    "Phone Inquiry": "phone_inquiry",
    "Partner Referral": "partner_referral",
    "Purchased List": "purchased_list",
    "Other": "other",
}


def structured_data(record: Record) -> dict[str, Any]:
    """All of it, for the usually ticked fields. An empty field is not in the message, so the shard does not know it."""
    fields = FIELDS[record.object_name]
    data = {canonical: _canonical(record, vendor) for vendor, canonical in fields.items() if record.fields.get(vendor) is not None}
    if record.object_name == "Opportunity":
        data["status"] = ("won" if record.fields["IsWon"] else "lost") if record.fields["IsClosed"] else "open"
    return data


def _canonical(record: Record, vendor: str) -> Any:
    value = record.fields[vendor]
    match value:
        case datetime():
            return value.strftime("%Y-%m-%dT%H:%M:%S.000000Z")
        case date():
            return value.isoformat()
        case Decimal():
            return float(value)
        case str() if vendor == "LeadSource":
            return LEAD_SOURCES[value]
        case str() if (record.object_name, vendor) in CANONICAL:
            return CANONICAL[record.object_name, vendor][value]
        case _:
            return value
