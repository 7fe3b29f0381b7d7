"""The objects of an organization and their fields, as describe knows them: standard ones, and those somebody defines.

Both can change while somebody reads: fields are added, removed and hidden, objects hidden. What is hidden looks as if it were not there,
as for a user without permission. Lacks: state and country picklists (``BillingStateCode``), person accounts, fields of other products.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from devtools.vendors.salesforce.fields import Field
from devtools.vendors.salesforce.ids import PREFIXES

_AUDIT: Final = "CreatedDate:datetime CreatedById>User LastModifiedDate:datetime LastModifiedById>User SystemModstamp:datetime"
_OWNED: Final = f"IsDeleted:boolean OwnerId>User {_AUDIT}"


def _address(kind: str) -> str:
    parts = f"{kind}Street:textarea:255 {kind}City:string:40 {kind}State:string:80 {kind}PostalCode:string:20 {kind}Country:string:80"
    return f"{parts} {kind}Latitude:double {kind}Longitude:double {kind}GeocodeAccuracy:picklist:40 {kind}Address:address"


_STANDARD: Final[Mapping[str, str]] = {
    "Account": f"""
        MasterRecordId>Account Name:string:255 Type:picklist ParentId>Account {_address("Billing")} {_address("Shipping")} Phone:phone
        Fax:phone AccountNumber:string:40 Website:url Sic:string:20 Industry:picklist AnnualRevenue:currency NumberOfEmployees:int
        Ownership:picklist TickerSymbol:string:20 Description:textarea Rating:picklist Site:string:80 LastActivityDate:date {_OWNED}""",
    "Contact": f"""
        MasterRecordId>Contact AccountId>>Account LastName:string:80 FirstName:string:40 Salutation:picklist:40 Name:string:121
        {_address("Mailing")} {_address("Other")} Phone:phone Fax:phone MobilePhone:phone HomePhone:phone ReportsToId>Contact Email:email
        Title:string:128 Department:string:80 AssistantName:string:40 LeadSource:picklist Birthdate:date Description:textarea
        HasOptedOutOfEmail:boolean EmailBouncedReason:string:255 EmailBouncedDate:datetime IsEmailBounced:boolean LastActivityDate:date
        {_OWNED}""",
    "Opportunity": f"""
        AccountId>>Account IsPrivate:boolean Name:string:120 Description:textarea StageName:picklist Amount:currency Probability:percent
        ExpectedRevenue:currency TotalOpportunityQuantity:double CloseDate:date Type:picklist NextStep:string:255 LeadSource:picklist
        IsClosed:boolean IsWon:boolean ForecastCategory:picklist:40 ForecastCategoryName:picklist CampaignId:string:18
        HasOpportunityLineItem:boolean Pricebook2Id:string:18 ContactId>Contact FiscalYear:int FiscalQuarter:int LastActivityDate:date
        LastStageChangeDate:datetime {_OWNED}""",
    "Lead": f"""
        MasterRecordId>Lead LastName:string:80 FirstName:string:40 Salutation:picklist:40 Name:string:121 Title:string:128
        Company:string:255 Street:textarea:255 City:string:40 State:string:80 PostalCode:string:20 Country:string:80 Phone:phone
        MobilePhone:phone Email:email Website:url Description:textarea LeadSource:picklist Status:picklist Industry:picklist
        Rating:picklist AnnualRevenue:currency NumberOfEmployees:int IsConverted:boolean ConvertedDate:date ConvertedAccountId>Account
        ConvertedContactId>Contact ConvertedOpportunityId>Opportunity IsUnreadByOwner:boolean LastActivityDate:date {_OWNED}""",
    "User": f"""
        Username:string:80 LastName:string:80 FirstName:string:40 Name:string:121 Email:email Title:string:80 Department:string:80
        Phone:phone IsActive:boolean UserType:picklist:40 Alias:string:8 EmployeeNumber:string:20 FederationIdentifier:string:512
        TimeZoneSidKey:picklist:40 LocaleSidKey:picklist:40 ManagerId>User {_AUDIT}""",
}

_MERGEABLE: Final = frozenset({"Account", "Contact", "Lead"})
_CHILDREN: Final = {"Opportunity": "Opportunities"}
_NEVER_EMPTY: Final = frozenset({"Id", "IsDeleted", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp"})


@dataclass(slots=True)
class ObjectType:
    """One object. ``fields`` by name, hidden ones included; ``changed_at`` is when its description last changed."""

    name: str
    key_prefix: str
    fields: dict[str, Field]
    changed_at: datetime
    replicateable: bool = True
    undeletable: bool = True
    hidden: bool = False
    hidden_fields: set[str] = field(default_factory=set)
    _by_lower: dict[str, Field] | None = None

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    @property
    def mergeable(self) -> bool:
        return self.name in _MERGEABLE

    @property
    def seen_fields(self) -> list[Field]:
        """Those that are not hidden, in their order."""
        return [known for known in self.fields.values() if known.name not in self.hidden_fields]

    def field_named(self, name: str) -> Field | None:
        """In any case of letters, as SOQL allows; None for one that is not there or hidden."""
        if self._by_lower is None:
            self._by_lower = {known.name.lower(): known for known in self.seen_fields}
        return self._by_lower.get(name.lower())

    def reference_named(self, relationship_name: str) -> Field | None:
        """The field behind ``Owner``, ``Account`` …"""
        wanted = relationship_name.lower()
        return next((known for known in self.seen_fields if (known.relationship_name or "").lower() == wanted), None)

    def forget_names(self) -> None:
        """Its fields have changed."""
        self._by_lower = None


class Objects:
    """All objects of one organization. ``now`` is asked when a description changes."""

    def __init__(self, now: Callable[[], datetime], since: datetime) -> None:
        self._now = now
        self._types: dict[str, ObjectType] = {}
        for name, written in _STANDARD.items():
            self._types[name.lower()] = _object_type(name, PREFIXES[name], map(Field.of, written.split()), since)
        self._types["user"].undeletable = False

    def __iter__(self) -> Any:
        return iter(self._types.values())

    def __getitem__(self, name: str) -> ObjectType:
        """Hidden or not; raises KeyError for one that is not there."""
        return self._types[name.lower()]

    def seen(self, name: str) -> ObjectType | None:
        """As a user sees it: None for what is not there or hidden."""
        found = self._types.get(name.lower())
        return None if found is None or found.hidden else found

    def define(self, name: str, fields: Iterable[str | Field], *, replicateable: bool = True) -> ObjectType:
        """A new custom object with the usual fields besides these (``Field.of`` says how they are written)."""
        given = [one if isinstance(one, Field) else Field.of(one) for one in fields]
        usual = [Field.of(word) for word in f"Name:string:80 {_OWNED}".split()]
        number = sum(known.custom for known in self)
        made = _object_type(name, f"a{number:02d}", [*usual, *given], self._now())
        made.replicateable = replicateable
        self._types[name.lower()] = made
        return made

    def add_field(self, object_name: str, added: str | Field) -> Field:
        """``Field.of`` says how one is written."""
        found = added if isinstance(added, Field) else Field.of(added)
        self[object_name].fields[found.name] = found
        self._changed(object_name)
        return found

    def remove_field(self, object_name: str, name: str) -> None:
        """Raises KeyError: it has none of that name."""
        del self[object_name].fields[name]
        self._changed(object_name)

    def hide_field(self, object_name: str, name: str) -> None:
        """Take away the permission to see it."""
        self[object_name].hidden_fields.add(name)
        self._changed(object_name)

    def show_field(self, object_name: str, name: str) -> None:
        self[object_name].hidden_fields.discard(name)
        self._changed(object_name)

    def hide(self, object_name: str) -> None:
        """Take away the permission to see the whole object."""
        self[object_name].hidden = True
        self._changed(object_name)

    def show(self, object_name: str) -> None:
        self[object_name].hidden = False
        self._changed(object_name)

    def children_of(self, name: str) -> list[tuple[ObjectType, Field]]:
        """Every reference to the object, hidden ones included."""
        return [(known, reference) for known in self for reference in known.fields.values() if reference.reference_to == name]

    def _changed(self, object_name: str) -> None:
        self[object_name].changed_at = self._now()
        self[object_name].forget_names()


def child_relationships(objects: Objects, name: str) -> list[dict[str, Any]]:
    """As describe says them."""
    return [
        {
            "childSObject": child.name,
            "field": reference.name,
            "relationshipName": _CHILDREN.get(child.name, f"{child.name.removesuffix('__c')}s") if reference.cascade_delete else None,
            "cascadeDelete": reference.cascade_delete,
            "restrictedDelete": False,
            "deprecatedAndHidden": False,
        }
        for child, reference in objects.children_of(name)
        if not child.hidden and reference.name not in child.hidden_fields
    ]


def _object_type(name: str, key_prefix: str, fields: Iterable[Field], changed_at: datetime) -> ObjectType:
    all_of_them = [Field("Id", "id", 18, nillable=False, updateable=False), *fields]
    known = {one.name: one for one in all_of_them}
    for one in list(known.values()):
        if one.name in _NEVER_EMPTY and one.nillable:
            known[one.name] = Field(
                one.name, one.type, one.length, one.reference_to, one.relationship_name, nillable=False, updateable=False
            )
    return ObjectType(name, key_prefix, known, changed_at)
