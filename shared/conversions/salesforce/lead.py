"""Lead → ``c_lead``. A converted one stays as it was then, and names what became of it."""

from typing import Final

from shared.conversions.conversion import Conversion
from shared.conversions.derivations import Joined
from shared.conversions.fields import Choice, Day, Flag, Number, Text, WholeNumber
from shared.conversions.salesforce.labels import INDUSTRIES, LEAD_SOURCES, RATINGS
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

STATUSES: Final = {
    "Open - Not Contacted": "open",
    "Working - Contacted": "working",
    "Closed - Converted": "converted",
    "Closed - Not Converted": "not_converted",
}

LEAD: Final = Conversion(
    source=SOURCE,
    record_type="Lead",
    shard_type_id="c_lead",
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
        "title": Text(field="Title"),
        "company": Text(field="Company"),
        "status": Choice(field="Status", labels=STATUSES),
        "email": Text(field="Email"),
        "phone": Text(field="Phone"),
        "mobilePhone": Text(field="MobilePhone"),
        "fax": Text(field="Fax"),
        "website": Text(field="Website"),
        **address("", ""),
        "leadSource": Choice(field="LeadSource", labels=LEAD_SOURCES),
        "industry": Choice(field="Industry", labels=INDUSTRIES),
        "rating": Choice(field="Rating", labels=RATINGS),
        "annualRevenue": Number(field="AnnualRevenue"),
        "numberOfEmployees": WholeNumber(field="NumberOfEmployees"),
        "currency": Text(field="CurrencyIsoCode"),
        "companyDunsNumber": Text(field="CompanyDunsNumber"),
        "jigsaw": Text(field="Jigsaw"),
        "jigsawContactId": Text(field="JigsawContactId"),
        "isConverted": Flag(field="IsConverted"),
        "convertedDate": Day(field="ConvertedDate"),
        **referred("convertedAccount", "ConvertedAccount"),
        **referred("convertedContact", "ConvertedContact"),
        **referred("convertedOpportunity", "ConvertedOpportunity"),
        "isUnreadByOwner": Flag(field="IsUnreadByOwner"),
        **referred("recordType", "RecordType"),
        "description": Text(field="Description"),
        **PERSONAL,
        **REACHED,
        **AUDIT,
        **VIEWED,
    },
    derived={"name": Joined(parts=("firstName", "middleName", "lastName", "suffix"), needs=("lastName",))},
    belongs=names_of(
        "convertedAccount",
        "convertedContact",
        "convertedOpportunity",
        "recordType",
        "individual",
        "owner",
        "createdBy",
        "lastModifiedBy",
    ),
)
