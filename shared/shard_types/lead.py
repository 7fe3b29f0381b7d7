"""``c_lead``: somebody who may become a customer. Field names are those of the product's contacts and accounts."""

from typing import Annotated, Final

from pydantic import Field

from shared.shard_types.shard_type import ShardType, StructuredData
from shared.shard_types.text_template import TextTemplate

STATUSES: Final = ("open", "working", "converted", "not_converted")
LEAD_SOURCES: Final = ("web", "phone_inquiry", "partner_referral", "purchased_list", "other")
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


class LeadData(StructuredData):
    """The fields of a lead. Dates are ``YYYY-MM-DD``, moments ISO 8601 in UTC, ids the vendor's, coordinates degrees."""

    name: Annotated[str, Field(min_length=1)]
    salutation: str | None = None
    first_name: str | None = None
    middle_name: str | None = None
    last_name: str | None = None
    suffix: str | None = None
    title: str | None = None
    company: str | None = None
    status: Annotated[str | None, Field(json_schema_extra={"examples": list(STATUSES)})] = None
    email: str | None = None
    phone: str | None = None
    mobile_phone: str | None = None
    fax: str | None = None
    website: str | None = None
    street: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None
    state_code: str | None = None
    country_code: str | None = None
    geocode_accuracy: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    lead_source: Annotated[str | None, Field(json_schema_extra={"examples": list(LEAD_SOURCES)})] = None
    industry: Annotated[str | None, Field(json_schema_extra={"examples": list(INDUSTRIES)})] = None
    rating: Annotated[str | None, Field(json_schema_extra={"examples": list(RATINGS)})] = None
    annual_revenue: float | None = None
    number_of_employees: int | None = None
    currency: str | None = None
    company_duns_number: str | None = None
    jigsaw: str | None = None
    jigsaw_contact_id: str | None = None
    is_converted: bool | None = None
    converted_date: str | None = None
    converted_account_id: str | None = None
    converted_account_name: str | None = None
    converted_contact_id: str | None = None
    converted_contact_name: str | None = None
    converted_opportunity_id: str | None = None
    converted_opportunity_name: str | None = None
    is_unread_by_owner: bool | None = None
    record_type_id: str | None = None
    record_type_name: str | None = None
    description: str | None = None
    individual_id: str | None = None
    individual_name: str | None = None
    gender_identity: str | None = None
    pronouns: str | None = None
    clean_status: str | None = None
    photo_url: str | None = None
    is_priority_record: bool | None = None
    action_cadence_id: str | None = None
    action_cadence_assignee_id: str | None = None
    action_cadence_state: str | None = None
    active_tracker_count: int | None = None
    first_call_date_time: str | None = None
    first_email_date_time: str | None = None
    do_not_call: bool | None = None
    has_opted_out_of_email: bool | None = None
    has_opted_out_of_fax: bool | None = None
    is_email_bounced: bool | None = None
    email_bounced_reason: str | None = None
    email_bounced_date: str | None = None
    owner_id: str | None = None
    owner_name: str | None = None
    created_by_id: str | None = None
    created_by_name: str | None = None
    last_modified_by_id: str | None = None
    last_modified_by_name: str | None = None
    created_date: str | None = None
    last_modified_date: str | None = None
    last_activity_date: str | None = None
    last_referenced_date: str | None = None
    last_viewed_date: str | None = None


LEAD: Final = ShardType(
    id="c_lead",
    name="Lead",
    description="Somebody who may become a customer.",
    schema_version=1,
    data=LeadData,
    text=TextTemplate(
        noun="Lead",
        title="name",
        facts=(
            ("Company", ("company",)),
            ("Title", ("title",)),
            ("Status", ("status",)),
            ("Rating", ("rating",)),
            ("Industry", ("industry",)),
            ("E-mail", ("email",)),
            ("Phone", ("phone", "mobilePhone")),
            ("Website", ("website",)),
            ("Location", ("city", "state", "country")),
        ),
        passages=("description",),
    ),
)
