"""Salesforce's standard objects as shards: field by field against "Object Reference for the Salesforce Platform"."""

from typing import Final

from shared.conversions.conversion import Conversion
from shared.conversions.fields import Choice, Day, DealStatus, FieldKind, Flag, Identifier, Joined, Moment, Number, Text, WholeNumber

SOURCE: Final = "salesforce"

STAGES: Final = {
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
}
OPPORTUNITY_TYPES: Final = {
    "New Customer": "new_business",
    "New Business": "new_business",
    "Existing Business": "existing_business",
    "Existing Customer - Upgrade": "upsell",
    "Existing Customer - Replacement": "existing_business",
    "Existing Customer - Downgrade": "existing_business",
    "Renewal": "renewal",
    "Other": "other",
}
FORECAST_CATEGORIES: Final = {
    "Pipeline": "pipeline",
    "Best Case": "best_case",
    "BestCase": "best_case",
    "Commit": "commit",
    "Forecast": "commit",
    "Closed": "closed",
    "Omitted": "omitted",
}
LEAD_SOURCES: Final = {
    "Web": "web",
    "Phone Inquiry": "phone_inquiry",
    "Partner Referral": "partner_referral",
    "Purchased List": "purchased_list",
    "Other": "other",
}
ACCOUNT_TYPES: Final = {
    "Customer": "customer",
    "Customer - Direct": "customer",
    "Customer - Channel": "customer",
    "Competitor": "competitor",
    "Partner": "partner",
    "Channel Partner / Reseller": "reseller",
    "Technology Partner": "partner",
    "Installation Partner": "partner",
    "Prospect": "prospect",
    "Reseller": "reseller",
    "Other": "other",
}
INDUSTRIES: Final = {
    "Technology": "technology",
    "Banking": "finance",
    "Finance": "finance",
    "Healthcare": "healthcare",
    "Retail": "retail",
    "Manufacturing": "manufacturing",
    "Education": "education",
    "Consulting": "consulting",
    "Energy": "energy",
    "Telecommunications": "telecommunications",
    "Media": "media",
    "Transportation": "transportation",
    "Hospitality": "hospitality",
    "Government": "government",
    "Not For Profit": "nonprofit",
    "Other": "other",
}
RATINGS: Final = {"Hot": "hot", "Warm": "warm", "Cold": "cold"}
OWNERSHIPS: Final = {"Public": "public", "Private": "private", "Subsidiary": "subsidiary", "Other": "other"}


def _reference(field: str) -> Identifier:
    return Identifier(field=field, form="salesforce")


_AUDIT: Final[dict[str, FieldKind]] = {
    "ownerId": _reference("OwnerId"),
    "createdById": _reference("CreatedById"),
    "lastModifiedById": _reference("LastModifiedById"),
    "createdDate": Moment(field="CreatedDate"),
    "lastModifiedDate": Moment(field="LastModifiedDate"),
    "lastActivityDate": Day(field="LastActivityDate"),
}


def _address(canonical: str, vendor: str, parts: tuple[str, ...]) -> dict[str, FieldKind]:
    return {f"{canonical}{part}": Text(field=f"{vendor}{part}") for part in parts}


_STREET_TO_COUNTRY: Final = ("Street", "City", "State", "PostalCode", "Country")
_CODES: Final = ("StateCode", "CountryCode")

OPPORTUNITY: Final = Conversion(
    source=SOURCE,
    record_type="Opportunity",
    shard_type_id="c_opportunity",
    system_type="crm",
    scope="account",
    id_form="salesforce",
    deleted_flag="IsDeleted",
    fields={
        "name": Text(field="Name"),
        "type": Choice(field="Type", labels=OPPORTUNITY_TYPES),
        "stage": Choice(field="StageName", labels=STAGES),
        "isWon": Flag(field="IsWon"),
        "isClosed": Flag(field="IsClosed"),
        "isPrivate": Flag(field="IsPrivate"),
        "amount": Number(field="Amount"),
        "expectedRevenue": Number(field="ExpectedRevenue"),
        "currency": Text(field="CurrencyIsoCode"),
        "probability": Number(field="Probability"),
        "closeDate": Day(field="CloseDate"),
        "lastStageChangeDate": Moment(field="LastStageChangeDate"),
        "fiscalYear": WholeNumber(field="FiscalYear"),
        "fiscalQuarter": WholeNumber(field="FiscalQuarter"),
        "accountId": _reference("AccountId"),
        "contactId": _reference("ContactId"),
        "campaignId": _reference("CampaignId"),
        "forecastCategory": Choice(field="ForecastCategory", labels=FORECAST_CATEGORIES),
        "forecastCategoryName": Text(field="ForecastCategoryName"),
        "leadSource": Choice(field="LeadSource", labels=LEAD_SOURCES),
        "hasOpportunityLineItem": Flag(field="HasOpportunityLineItem"),
        "totalOpportunityQuantity": Number(field="TotalOpportunityQuantity"),
        "description": Text(field="Description"),
        "nextStep": Text(field="NextStep"),
        **_AUDIT,
    },
    derived={"status": DealStatus(closed="isClosed", won="isWon")},
)

ACCOUNT: Final = Conversion(
    source=SOURCE,
    record_type="Account",
    shard_type_id="c_account",
    system_type="crm",
    scope="account",
    id_form="salesforce",
    deleted_flag="IsDeleted",
    fields={
        "name": Text(field="Name"),
        "accountNumber": Text(field="AccountNumber"),
        "type": Choice(field="Type", labels=ACCOUNT_TYPES),
        "industry": Choice(field="Industry", labels=INDUSTRIES),
        "rating": Choice(field="Rating", labels=RATINGS),
        "ownership": Choice(field="Ownership", labels=OWNERSHIPS),
        "annualRevenue": Number(field="AnnualRevenue"),
        "numberOfEmployees": WholeNumber(field="NumberOfEmployees"),
        "tickerSymbol": Text(field="TickerSymbol"),
        "yearStarted": Text(field="YearStarted"),
        "phone": Text(field="Phone"),
        "fax": Text(field="Fax"),
        "website": Text(field="Website"),
        "site": Text(field="Site"),
        "sic": Text(field="Sic"),
        "sicDesc": Text(field="SicDesc"),
        "naicsCode": Text(field="NaicsCode"),
        "dunsNumber": Text(field="DunsNumber"),
        **_address("billing", "Billing", (*_STREET_TO_COUNTRY, *_CODES, "GeocodeAccuracy")),
        "billingLatitude": Number(field="BillingLatitude"),
        "billingLongitude": Number(field="BillingLongitude"),
        **_address("shipping", "Shipping", (*_STREET_TO_COUNTRY, *_CODES, "GeocodeAccuracy")),
        "shippingLatitude": Number(field="ShippingLatitude"),
        "shippingLongitude": Number(field="ShippingLongitude"),
        "parentId": _reference("ParentId"),
        "recordTypeId": _reference("RecordTypeId"),
        "isPersonAccount": Flag(field="IsPersonAccount"),
        "description": Text(field="Description"),
        **_AUDIT,
    },
)

CONTACT: Final = Conversion(
    source=SOURCE,
    record_type="Contact",
    shard_type_id="c_contact",
    system_type="crm",
    scope="account",
    id_form="salesforce",
    deleted_flag="IsDeleted",
    fields={
        "name": Text(field="Name"),
        "salutation": Text(field="Salutation"),
        "firstName": Text(field="FirstName"),
        "middleName": Text(field="MiddleName"),
        "lastName": Text(field="LastName"),
        "suffix": Text(field="Suffix"),
        "accountId": _reference("AccountId"),
        "email": Text(field="Email"),
        "phone": Text(field="Phone"),
        "mobilePhone": Text(field="MobilePhone"),
        "homePhone": Text(field="HomePhone"),
        "otherPhone": Text(field="OtherPhone"),
        "fax": Text(field="Fax"),
        "assistantName": Text(field="AssistantName"),
        "assistantPhone": Text(field="AssistantPhone"),
        **_address("mailing", "Mailing", (*_STREET_TO_COUNTRY, *_CODES)),
        **_address("other", "Other", _STREET_TO_COUNTRY),
        "reportsToId": _reference("ReportsToId"),
        "recordTypeId": _reference("RecordTypeId"),
        "title": Text(field="Title"),
        "department": Text(field="Department"),
        "description": Text(field="Description"),
        "birthdate": Day(field="Birthdate"),
        "leadSource": Choice(field="LeadSource", labels=LEAD_SOURCES),
        "hasOptedOutOfEmail": Flag(field="HasOptedOutOfEmail"),
        "isEmailBounced": Flag(field="IsEmailBounced"),
        "emailBouncedReason": Text(field="EmailBouncedReason"),
        "emailBouncedDate": Moment(field="EmailBouncedDate"),
        **_AUDIT,
    },
    derived={"name": Joined(parts=("firstName", "middleName", "lastName", "suffix"), needs=("lastName",))},
)

SALESFORCE: Final = (ACCOUNT, CONTACT, OPPORTUNITY)
