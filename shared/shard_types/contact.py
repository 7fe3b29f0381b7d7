"""``c_contact``: a person at a company. Field names are those of the product's core shard types."""

from typing import Annotated, Final

from pydantic import Field

from shared.shard_types.shard_type import ShardType, StructuredData
from shared.shard_types.text_template import TextTemplate

LEAD_SOURCES: Final = ("web", "phone_inquiry", "partner_referral", "purchased_list", "other")


class ContactData(StructuredData):
    """The fields of a person. Dates are ``YYYY-MM-DD``, moments ISO 8601 in UTC, ids the vendor's."""

    name: Annotated[str, Field(min_length=1)]
    salutation: str | None = None
    first_name: str | None = None
    middle_name: str | None = None
    last_name: str | None = None
    suffix: str | None = None
    account_id: str | None = None
    email: str | None = None
    phone: str | None = None
    mobile_phone: str | None = None
    home_phone: str | None = None
    other_phone: str | None = None
    fax: str | None = None
    assistant_name: str | None = None
    assistant_phone: str | None = None
    mailing_street: str | None = None
    mailing_city: str | None = None
    mailing_state: str | None = None
    mailing_postal_code: str | None = None
    mailing_country: str | None = None
    mailing_state_code: str | None = None
    mailing_country_code: str | None = None
    other_street: str | None = None
    other_city: str | None = None
    other_state: str | None = None
    other_postal_code: str | None = None
    other_country: str | None = None
    owner_id: str | None = None
    reports_to_id: str | None = None
    record_type_id: str | None = None
    title: str | None = None
    department: str | None = None
    description: str | None = None
    birthdate: str | None = None
    lead_source: Annotated[str | None, Field(json_schema_extra={"examples": list(LEAD_SOURCES)})] = None
    has_opted_out_of_email: bool | None = None
    is_email_bounced: bool | None = None
    email_bounced_reason: str | None = None
    email_bounced_date: str | None = None
    created_by_id: str | None = None
    last_modified_by_id: str | None = None
    created_date: str | None = None
    last_modified_date: str | None = None
    last_activity_date: str | None = None
    account_name: str | None = None
    mailing_geocode_accuracy: str | None = None
    mailing_latitude: float | None = None
    mailing_longitude: float | None = None
    other_state_code: str | None = None
    other_country_code: str | None = None
    other_geocode_accuracy: str | None = None
    other_latitude: float | None = None
    other_longitude: float | None = None
    reports_to_name: str | None = None
    record_type_name: str | None = None
    title_type: str | None = None
    department_group: str | None = None
    buyer_attributes: str | None = None
    contact_source: str | None = None
    jigsaw: str | None = None
    jigsaw_contact_id: str | None = None
    is_person_account: bool | None = None
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
    has_opted_out_of_fax: bool | None = None
    owner_name: str | None = None
    created_by_name: str | None = None
    last_modified_by_name: str | None = None
    last_referenced_date: str | None = None
    last_viewed_date: str | None = None


CONTACT: Final = ShardType(
    id="c_contact",
    name="Contact",
    description="A person at a company one does business with.",
    schema_version=1,
    data=ContactData,
    text=TextTemplate(
        noun="Contact",
        title="name",
        facts=(
            ("Title", ("title",)),
            ("Department", ("department",)),
            ("E-mail", ("email",)),
            ("Phone", ("phone", "mobilePhone")),
            ("Location", ("mailingCity", "mailingState", "mailingCountry")),
        ),
        passages=("description",),
    ),
)
