"""Rows that more than one of Salesforce's objects has."""

from typing import Final

from shared.conversions.fields import Day, FieldKind, Flag, Identifier, Moment, Number, Text, WholeNumber

SOURCE: Final = "salesforce"
USER_PREFIX: Final = "005"
"""How the ids of users begin. A queue that owns a record has another prefix, ``00G``."""


def reference(field: str) -> Identifier:
    """An id of another record."""
    return Identifier(field=field, form="salesforce")


def referred(canonical: str, vendor: str) -> dict[str, FieldKind]:
    """The id of another record and, where a query may read it along, that record's name: ``ownerId``, ``ownerName``."""
    return {f"{canonical}Id": reference(f"{vendor}Id"), f"{canonical}Name": Text(field=f"{vendor}.Name")}


def names_of(*canonical: str) -> dict[str, str]:
    """Which id each of these names belongs to."""
    return {f"{one}Name": f"{one}Id" for one in canonical}


SAVED: Final[dict[str, FieldKind]] = {
    **referred("createdBy", "CreatedBy"),
    **referred("lastModifiedBy", "LastModifiedBy"),
    "createdDate": Moment(field="CreatedDate"),
    "lastModifiedDate": Moment(field="LastModifiedDate"),
}
"""Who saved the record, and when."""
AUDIT: Final[dict[str, FieldKind]] = {**referred("owner", "Owner"), **SAVED, "lastActivityDate": Day(field="LastActivityDate")}
"""The same, of a record that somebody owns."""
VIEWED: Final[dict[str, FieldKind]] = {
    "lastReferencedDate": Moment(field="LastReferencedDate"),
    "lastViewedDate": Moment(field="LastViewedDate"),
}
"""By the user whose credentials read it."""
NAME_PARTS: Final[dict[str, FieldKind]] = {
    "salutation": Text(field="Salutation"),
    "firstName": Text(field="FirstName"),
    "middleName": Text(field="MiddleName"),
    "lastName": Text(field="LastName"),
    "suffix": Text(field="Suffix"),
}
REACHED: Final[dict[str, FieldKind]] = {
    "doNotCall": Flag(field="DoNotCall"),
    "hasOptedOutOfEmail": Flag(field="HasOptedOutOfEmail"),
    "hasOptedOutOfFax": Flag(field="HasOptedOutOfFax"),
    "isEmailBounced": Flag(field="IsEmailBounced"),
    "emailBouncedReason": Text(field="EmailBouncedReason"),
    "emailBouncedDate": Moment(field="EmailBouncedDate"),
}
"""How a person outside may be reached, and whether mail arrives."""
PERSONAL: Final[dict[str, FieldKind]] = {
    **referred("individual", "Individual"),
    "genderIdentity": Text(field="GenderIdentity"),
    "pronouns": Text(field="Pronouns"),
    "cleanStatus": Text(field="CleanStatus"),
    "photoUrl": Text(field="PhotoUrl"),
    "isPriorityRecord": Flag(field="IsPriorityRecord"),
    "actionCadenceId": reference("ActionCadenceId"),
    "actionCadenceAssigneeId": reference("ActionCadenceAssigneeId"),
    "actionCadenceState": Text(field="ActionCadenceState"),
    "activeTrackerCount": WholeNumber(field="ActiveTrackerCount"),
    "firstCallDateTime": Moment(field="FirstCallDateTime"),
    "firstEmailDateTime": Moment(field="FirstEmailDateTime"),
}
"""What Contact and Lead say of a person beyond name and address."""


def address(canonical: str, vendor: str) -> dict[str, FieldKind]:
    """An address in its parts. The compound field of all parts says nothing more, and cannot be asked for everywhere. The codes exist where
    state and country picklists are on."""
    return {
        **{
            _named(canonical, part): Text(field=f"{vendor}{part}")
            for part in ("Street", "City", "State", "PostalCode", "Country", "StateCode", "CountryCode", "GeocodeAccuracy")
        },
        _named(canonical, "Latitude"): Number(field=f"{vendor}Latitude"),
        _named(canonical, "Longitude"): Number(field=f"{vendor}Longitude"),
    }


def _named(canonical: str, part: str) -> str:
    return f"{canonical}{part}" if canonical else f"{part[0].lower()}{part[1:]}"
