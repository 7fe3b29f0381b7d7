"""Contact → ``c_contact``."""

from typing import Final

from shared.conversions.conversion import Conversion
from shared.conversions.derivations import Joined
from shared.conversions.fields import Choice, Day, Flag, Text
from shared.conversions.salesforce.labels import LEAD_SOURCES
from shared.conversions.salesforce.rows import (
    AUDIT,
    NAME_PARTS,
    PERSONAL,
    REACHED,
    SOURCE,
    USER_PREFIX,
    VIEWED,
    address,
    names_of,
    referred,
)

CONTACT: Final = Conversion(
    source=SOURCE,
    record_type="Contact",
    shard_type_id="c_contact",
    system_type="crm",
    scope="account",
    id_form="salesforce",
    readers="owner",
    owner_field="ownerId",
    owner_prefix=USER_PREFIX,
    deleted_flag="IsDeleted",
    merged_into="MasterRecordId",
    fields={
        "name": Text(field="Name"),
        **NAME_PARTS,
        **referred("account", "Account"),
        "email": Text(field="Email"),
        "phone": Text(field="Phone"),
        "mobilePhone": Text(field="MobilePhone"),
        "homePhone": Text(field="HomePhone"),
        "otherPhone": Text(field="OtherPhone"),
        "fax": Text(field="Fax"),
        "assistantName": Text(field="AssistantName"),
        "assistantPhone": Text(field="AssistantPhone"),
        **address("mailing", "Mailing"),
        **address("other", "Other"),
        **referred("reportsTo", "ReportsTo"),
        **referred("recordType", "RecordType"),
        "title": Text(field="Title"),
        "titleType": Text(field="TitleType"),
        "department": Text(field="Department"),
        "departmentGroup": Text(field="DepartmentGroup"),
        "buyerAttributes": Text(field="BuyerAttributes"),
        "description": Text(field="Description"),
        "birthdate": Day(field="Birthdate"),
        "leadSource": Choice(field="LeadSource", labels=LEAD_SOURCES),
        "contactSource": Text(field="ContactSource"),
        "jigsaw": Text(field="Jigsaw"),
        "jigsawContactId": Text(field="JigsawContactId"),
        "isPersonAccount": Flag(field="IsPersonAccount"),
        **PERSONAL,
        **REACHED,
        **AUDIT,
        **VIEWED,
    },
    derived={"name": Joined(parts=("firstName", "middleName", "lastName", "suffix"), needs=("lastName",))},
    belongs=names_of("account", "reportsTo", "recordType", "individual", "owner", "createdBy", "lastModifiedBy"),
)
