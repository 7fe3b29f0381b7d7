"""``c_account``: a company.

Field names and known values are those of the product's core shard types; a value outside them is kept as it is.
"""

from typing import Annotated, Final

from pydantic import Field

from shared.shard_types.shard_type import ShardType, StructuredData
from shared.shard_types.text_template import TextTemplate

TYPES: Final = ("customer", "competitor", "partner", "prospect", "reseller", "other")
INDUSTRIES: Final = (
    "technology",
    "finance",
    "healthcare",
    "retail",
    "manufacturing",
    "education",
    "consulting",
    "energy",
    "telecommunications",
    "media",
    "real_estate",
    "transportation",
    "hospitality",
    "government",
    "nonprofit",
    "other",
)
RATINGS: Final = ("hot", "warm", "cold")
OWNERSHIPS: Final = ("public", "private", "subsidiary", "other")
LEAD_SOURCES: Final = ("web", "phone_inquiry", "partner_referral", "purchased_list", "other")


class AccountData(StructuredData):
    """The fields of a company. Moments are ISO 8601 in UTC, ids the vendor's, coordinates degrees."""

    name: Annotated[str, Field(min_length=1)]
    account_number: str | None = None
    type: Annotated[str | None, Field(json_schema_extra={"examples": list(TYPES)})] = None
    industry: Annotated[str | None, Field(json_schema_extra={"examples": list(INDUSTRIES)})] = None
    rating: Annotated[str | None, Field(json_schema_extra={"examples": list(RATINGS)})] = None
    ownership: Annotated[str | None, Field(json_schema_extra={"examples": list(OWNERSHIPS)})] = None
    annual_revenue: float | None = None
    number_of_employees: int | None = None
    ticker_symbol: str | None = None
    year_started: str | None = None
    phone: str | None = None
    fax: str | None = None
    website: str | None = None
    site: str | None = None
    sic: str | None = None
    sic_desc: str | None = None
    naics_code: str | None = None
    duns_number: str | None = None
    billing_street: str | None = None
    billing_city: str | None = None
    billing_state: str | None = None
    billing_postal_code: str | None = None
    billing_country: str | None = None
    billing_state_code: str | None = None
    billing_country_code: str | None = None
    billing_latitude: float | None = None
    billing_longitude: float | None = None
    billing_geocode_accuracy: str | None = None
    shipping_street: str | None = None
    shipping_city: str | None = None
    shipping_state: str | None = None
    shipping_postal_code: str | None = None
    shipping_country: str | None = None
    shipping_state_code: str | None = None
    shipping_country_code: str | None = None
    shipping_latitude: float | None = None
    shipping_longitude: float | None = None
    shipping_geocode_accuracy: str | None = None
    parent_id: str | None = None
    owner_id: str | None = None
    record_type_id: str | None = None
    created_by_id: str | None = None
    last_modified_by_id: str | None = None
    created_date: str | None = None
    last_modified_date: str | None = None
    last_activity_date: str | None = None
    is_person_account: bool | None = None
    description: str | None = None
    photo_url: str | None = None
    naics_desc: str | None = None
    tradestyle: str | None = None
    jigsaw: str | None = None
    jigsaw_company_id: str | None = None
    clean_status: str | None = None
    parent_name: str | None = None
    record_type_name: str | None = None
    operating_hours_id: str | None = None
    operating_hours_name: str | None = None
    channel_program_name: str | None = None
    channel_program_level_name: str | None = None
    is_customer_portal: bool | None = None
    is_partner: bool | None = None
    is_buyer: bool | None = None
    is_priority_record: bool | None = None
    salutation: str | None = None
    first_name: str | None = None
    middle_name: str | None = None
    last_name: str | None = None
    suffix: str | None = None
    person_contact_id: str | None = None
    person_email: str | None = None
    person_title: str | None = None
    person_department: str | None = None
    person_mobile_phone: str | None = None
    person_home_phone: str | None = None
    person_other_phone: str | None = None
    person_assistant_name: str | None = None
    person_assistant_phone: str | None = None
    person_birthdate: str | None = None
    person_lead_source: Annotated[str | None, Field(json_schema_extra={"examples": list(LEAD_SOURCES)})] = None
    person_do_not_call: bool | None = None
    person_has_opted_out_of_email: bool | None = None
    person_has_opted_out_of_fax: bool | None = None
    person_email_bounced_reason: str | None = None
    person_email_bounced_date: str | None = None
    person_mailing_street: str | None = None
    person_mailing_city: str | None = None
    person_mailing_state: str | None = None
    person_mailing_postal_code: str | None = None
    person_mailing_country: str | None = None
    person_mailing_state_code: str | None = None
    person_mailing_country_code: str | None = None
    person_mailing_geocode_accuracy: str | None = None
    person_mailing_latitude: float | None = None
    person_mailing_longitude: float | None = None
    person_other_street: str | None = None
    person_other_city: str | None = None
    person_other_state: str | None = None
    person_other_postal_code: str | None = None
    person_other_country: str | None = None
    person_other_state_code: str | None = None
    person_other_country_code: str | None = None
    person_other_geocode_accuracy: str | None = None
    person_other_latitude: float | None = None
    person_other_longitude: float | None = None
    owner_name: str | None = None
    created_by_name: str | None = None
    last_modified_by_name: str | None = None
    last_referenced_date: str | None = None
    last_viewed_date: str | None = None


ACCOUNT: Final = ShardType(
    id="c_account",
    name="Account",
    description="A company one does business with.",
    schema_version=1,
    data=AccountData,
    text=TextTemplate(
        noun="Account",
        title="name",
        facts=(
            ("Type", ("type",)),
            ("Industry", ("industry", "sicDesc")),
            ("Website", ("website",)),
            ("Location", ("billingCity", "billingState", "billingCountry")),
            ("Employees", ("numberOfEmployees",)),
            ("Annual revenue", ("annualRevenue",)),
            ("Ticker symbol", ("tickerSymbol",)),
            ("Rating", ("rating",)),
        ),
        passages=("description",),
    ),
)
