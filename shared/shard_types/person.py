"""``c_person``: somebody who works here, as a source knows them: who owns records, and who may read what they own."""

from typing import Annotated, Final

from pydantic import Field

from shared.shard_types.shard_type import ShardType, StructuredData
from shared.shard_types.text_template import TextTemplate


class PersonData(StructuredData):
    """The fields of a person. Moments are ISO 8601 in UTC, ids the vendor's, coordinates degrees."""

    name: Annotated[str, Field(min_length=1)]
    first_name: str | None = None
    middle_name: str | None = None
    last_name: str | None = None
    suffix: str | None = None
    email: str | None = None
    """Without capitals."""
    username: str | None = None
    alias: str | None = None
    title: str | None = None
    department: str | None = None
    division: str | None = None
    company_name: str | None = None
    employee_number: str | None = None
    phone: str | None = None
    mobile_phone: str | None = None
    fax: str | None = None
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
    is_active: bool | None = None
    is_bot: bool | None = None
    is_guest: bool | None = None
    is_external: bool | None = None
    """Somebody of another organization."""
    user_type: str | None = None
    workspaces: str | None = None
    """JSON: a list of ids, of the teams they are a full member of."""
    manager_id: str | None = None
    manager_name: str | None = None
    time_zone: str | None = None
    language: str | None = None
    locale: str | None = None
    photo_url: str | None = None
    created_by_id: str | None = None
    created_by_name: str | None = None
    last_modified_by_id: str | None = None
    last_modified_by_name: str | None = None
    created_date: str | None = None
    last_modified_date: str | None = None


PERSON: Final = ShardType(
    id="c_person",
    name="Person",
    description="Somebody who works here, as a source knows them.",
    schema_version=1,
    data=PersonData,
    text=TextTemplate(
        noun="Person",
        title="name",
        facts=(
            ("Title", ("title",)),
            ("Department", ("department", "division")),
            ("Company", ("companyName",)),
            ("Location", ("city", "state", "country")),
        ),
        passages=(),
    ),
)
