"""Account → ``c_account``: a company or, where the organization has person accounts, a person who is a customer."""

from typing import Final

from shared.conversions.conversion import Conversion
from shared.conversions.fields import Choice, Day, FieldKind, Flag, Moment, Number, Text, WholeNumber
from shared.conversions.salesforce.labels import INDUSTRIES, LEAD_SOURCES, RATINGS
from shared.conversions.salesforce.rows import AUDIT, NAME_PARTS, SOURCE, USER_PREFIX, VIEWED, address, names_of, reference, referred

TYPES: Final = {
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
OWNERSHIPS: Final = {"Public": "public", "Private": "private", "Subsidiary": "subsidiary", "Other": "other"}

PERSON: Final[dict[str, FieldKind]] = {
    **NAME_PARTS,
    "personContactId": reference("PersonContactId"),
    "personEmail": Text(field="PersonEmail"),
    "personTitle": Text(field="PersonTitle"),
    "personDepartment": Text(field="PersonDepartment"),
    "personMobilePhone": Text(field="PersonMobilePhone"),
    "personHomePhone": Text(field="PersonHomePhone"),
    "personOtherPhone": Text(field="PersonOtherPhone"),
    "personAssistantName": Text(field="PersonAssistantName"),
    "personAssistantPhone": Text(field="PersonAssistantPhone"),
    "personBirthdate": Day(field="PersonBirthdate"),
    "personLeadSource": Choice(field="PersonLeadSource", labels=LEAD_SOURCES),
    "personDoNotCall": Flag(field="PersonDoNotCall"),
    "personHasOptedOutOfEmail": Flag(field="PersonHasOptedOutOfEmail"),
    "personHasOptedOutOfFax": Flag(field="PersonHasOptedOutOfFax"),
    "personEmailBouncedReason": Text(field="PersonEmailBouncedReason"),
    "personEmailBouncedDate": Moment(field="PersonEmailBouncedDate"),
    **address("personMailing", "PersonMailing"),
    **address("personOther", "PersonOther"),
}
"""What only a person account has."""

ACCOUNT: Final = Conversion(
    source=SOURCE,
    record_type="Account",
    shard_type_id="c_account",
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
        "accountNumber": Text(field="AccountNumber"),
        "type": Choice(field="Type", labels=TYPES),
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
        "photoUrl": Text(field="PhotoUrl"),
        "sic": Text(field="Sic"),
        "sicDesc": Text(field="SicDesc"),
        "naicsCode": Text(field="NaicsCode"),
        "naicsDesc": Text(field="NaicsDesc"),
        "dunsNumber": Text(field="DunsNumber"),
        "tradestyle": Text(field="Tradestyle"),
        "jigsaw": Text(field="Jigsaw"),
        "jigsawCompanyId": Text(field="JigsawCompanyId"),
        "cleanStatus": Text(field="CleanStatus"),
        **address("billing", "Billing"),
        **address("shipping", "Shipping"),
        **referred("parent", "Parent"),
        **referred("recordType", "RecordType"),
        **referred("operatingHours", "OperatingHours"),
        "channelProgramName": Text(field="ChannelProgramName"),
        "channelProgramLevelName": Text(field="ChannelProgramLevelName"),
        "isPersonAccount": Flag(field="IsPersonAccount"),
        "isCustomerPortal": Flag(field="IsCustomerPortal"),
        "isPartner": Flag(field="IsPartner"),
        "isBuyer": Flag(field="IsBuyer"),
        "isPriorityRecord": Flag(field="IsPriorityRecord"),
        "description": Text(field="Description"),
        **PERSON,
        **AUDIT,
        **VIEWED,
    },
    belongs=names_of("parent", "recordType", "operatingHours", "owner", "createdBy", "lastModifiedBy"),
)
