"""User → ``c_person``: who works in the organization, owns records, and may read them.

A user cannot be deleted, only made inactive, and nobody owns one.
"""

from typing import Final

from shared.conversions.conversion import Conversion
from shared.conversions.derivations import Joined
from shared.conversions.fields import Email, Flag, Text
from shared.conversions.salesforce.rows import SAVED, SOURCE, address, names_of, referred

USER: Final = Conversion(
    source=SOURCE,
    record_type="User",
    shard_type_id="c_person",
    system_type="crm",
    scope="account",
    id_form="salesforce",
    readers="self",
    fields={
        "name": Text(field="Name"),
        "firstName": Text(field="FirstName"),
        "middleName": Text(field="MiddleName"),
        "lastName": Text(field="LastName"),
        "suffix": Text(field="Suffix"),
        "email": Email(field="Email"),
        "username": Text(field="Username"),
        "alias": Text(field="Alias"),
        "title": Text(field="Title"),
        "department": Text(field="Department"),
        "division": Text(field="Division"),
        "companyName": Text(field="CompanyName"),
        "employeeNumber": Text(field="EmployeeNumber"),
        "phone": Text(field="Phone"),
        "mobilePhone": Text(field="MobilePhone"),
        "fax": Text(field="Fax"),
        **address("", ""),
        "isActive": Flag(field="IsActive"),
        "userType": Text(field="UserType"),
        **referred("manager", "Manager"),
        "timeZone": Text(field="TimeZoneSidKey"),
        "language": Text(field="LanguageLocaleKey"),
        "locale": Text(field="LocaleSidKey"),
        "photoUrl": Text(field="FullPhotoUrl"),
        **SAVED,
    },
    derived={"name": Joined(parts=("firstName", "middleName", "lastName", "suffix"), needs=("lastName",))},
    belongs=names_of("manager", "createdBy", "lastModifiedBy"),
)
