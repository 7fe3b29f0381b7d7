"""The SOAP body of an Outbound Message, byte for byte as Salesforce sends it, and the shapes a receiver must also bear.

Surprising, each of them true of the vendor:
- an empty field is left out, not sent as nil, so a receiver cannot tell "empty" from "not ticked";
- Id is always carried and comes first, the ticked fields follow in ASCII order;
- a number is a Java double: 50000.0 up to ten million, 1.25E7 from there (Salesforce help 000221617); an integer field such as
  NumberOfEmployees has no ``.0``;
- a record deleted between notification and sending is still notified, "the notification contains no data" (Salesforce help,
  "Considerations for Outbound Messages"): here an sObject element without a single field;
- prefixes are a convention: only the namespaces count.

Lacks: compound, multi-picklist, base64 and time fields; child records.
"""

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from html import escape
from random import Random

from devtools.vendors.salesforce.ids import random_id, short_id
from devtools.vendors.salesforce.implications import Filled
from devtools.vendors.salesforce.records import ObjectName, Record

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
OUTBOUND = "http://soap.sforce.com/2005/09/outbound"
SOBJECT = "urn:sobject.enterprise.soap.sforce.com"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
XSD = "http://www.w3.org/2001/XMLSchema"

API_VERSION = "67.0"
NOTIFICATIONS_PER_MESSAGE = 100  # Salesforce help, "Considerations for Outbound Messages"

_Line = tuple[int, str]  # depth, markup

_CARRIAGE_RETURN = "\r"  # written as a reference: a parser would turn a bare one into a line feed
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, 2.2; left out

_AUDIT = ("CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp", "OwnerId", "IsDeleted")

USUALLY_TICKED: Mapping[ObjectName, tuple[str, ...]] = {
    "Account": (
        *("Name", "Type", "Phone", "Website", "Industry", "AnnualRevenue", "NumberOfEmployees", "Rating", "AccountNumber", "Description"),
        *("BillingStreet", "BillingCity", "BillingState", "BillingPostalCode", "BillingCountry", "ParentId", *_AUDIT),
    ),
    "Contact": (
        *("Salutation", "FirstName", "LastName", "Name", "Email", "Phone", "MobilePhone", "Title", "Department", "AccountId", "LeadSource"),
        *(
            "MailingStreet",
            "MailingCity",
            "MailingState",
            "MailingPostalCode",
            "MailingCountry",
            "Birthdate",
            "HasOptedOutOfEmail",
            *_AUDIT,
        ),
    ),
    "Opportunity": (
        *("Name", "StageName", "Amount", "Probability", "ExpectedRevenue", "CloseDate", "Type", "NextStep", "LeadSource", "AccountId"),
        *("IsClosed", "IsWon", "ForecastCategoryName", "FiscalYear", "FiscalQuarter", "Description", "IsPrivate", *_AUDIT),
    ),
}


@dataclass(frozen=True, slots=True)
class Action:
    """An Outbound Message action as an administrator sets it up: one object, the ticked fields, one endpoint.

    ``session_id`` is None unless the action sends one; a receiver must neither store nor log it.
    """

    id: str
    object_name: ObjectName
    fields: tuple[str, ...]
    endpoint_url: str
    session_id: str | None = None


def new_action(object_name: ObjectName, endpoint_url: str, rng: Random, fields: Sequence[str] | None = None) -> Action:
    """An action with a new id; without ``fields`` the usually ticked ones."""
    ticked = USUALLY_TICKED[object_name] if fields is None else tuple(fields)
    return Action(random_id("OutboundMessageAction", rng), object_name, ticked, endpoint_url)


@dataclass(frozen=True, slots=True)
class Notification:
    """One notification and the record as it is now; None when the record is gone."""

    id: str
    record: Record | None


@dataclass(frozen=True, slots=True)
class Form:
    """How the same message is written. The defaults are what Salesforce writes; every other choice is legal XML of equal meaning,
    but for ``nil_fields``: ticked fields that are written as ``xsi:nil="true"`` when empty, where the vendor leaves them out."""

    soap_prefix: str = "soapenv"
    outbound_prefix: str = ""  # empty: the default namespace
    sobject_prefix: str = "sf"
    xsi_prefix: str = "xsi"
    pretty: bool = True
    ids_of_15: bool = False
    nil_fields: AbstractSet[str] = frozenset()


AS_SALESFORCE_WRITES = Form()


def render(organization_id: str, action: Action, notifications: Sequence[Notification], form: Form = AS_SALESFORCE_WRITES) -> bytes:
    """The body of one message, UTF-8. A foreign organization or a repeated Notification is rendered when given.

    Raises ValueError for no or more than 100 notifications, or a record that is not of the action's object.
    """
    if not 1 <= len(notifications) <= NOTIFICATIONS_PER_MESSAGE:
        raise ValueError(f"a message carries 1 to {NOTIFICATIONS_PER_MESSAGE} notifications, not {len(notifications)}")
    strangers = {n.record.object_name for n in notifications if n.record} - {action.object_name}
    if strangers:
        raise ValueError(f"action {action.id} is for {action.object_name}, not {', '.join(sorted(strangers))}")
    lines = [
        *_head(organization_id, action, form),
        *(line for notification in notifications for line in _notification(notification, action, form)),
        *_foot(form),
    ]
    newline, indent = ("\n", " ") if form.pretty else ("", "")
    text = newline.join(['<?xml version="1.0" encoding="UTF-8"?>', *(indent * depth + markup for depth, markup in lines)])
    return text.encode()


def _head(organization_id: str, action: Action, form: Form) -> list[_Line]:
    soap, xsi, tag = form.soap_prefix, form.xsi_prefix, _outbound_tags(form)
    default = f":{form.outbound_prefix}" if form.outbound_prefix else ""
    session = f'<{tag}SessionId {xsi}:nil="true"/>' if action.session_id is None else _leaf(f"{tag}SessionId", action.session_id)
    address = f"https://pretend-{organization_id[:15].lower()}.my.salesforce.com/services/Soap"
    return [
        (0, f'<{soap}:Envelope xmlns:{soap}="{SOAP}" xmlns:xsd="{XSD}" xmlns:{xsi}="{XSI}">'),
        (1, f"<{soap}:Body>"),
        (2, f'<{tag}notifications xmlns{default}="{OUTBOUND}">'),
        (3, _leaf(f"{tag}OrganizationId", _id(organization_id, form))),
        (3, _leaf(f"{tag}ActionId", _id(action.id, form))),
        (3, session),
        (3, _leaf(f"{tag}EnterpriseUrl", f"{address}/c/{API_VERSION}/{organization_id[:15]}")),
        (3, _leaf(f"{tag}PartnerUrl", f"{address}/u/{API_VERSION}/{organization_id[:15]}")),
    ]


def _foot(form: Form) -> list[_Line]:
    return [(2, f"</{_outbound_tags(form)}notifications>"), (1, f"</{form.soap_prefix}:Body>"), (0, f"</{form.soap_prefix}:Envelope>")]


def _notification(notification: Notification, action: Action, form: Form) -> list[_Line]:
    tag, sf = _outbound_tags(form), form.sobject_prefix
    opening = f'{tag}sObject {form.xsi_prefix}:type="{sf}:{action.object_name}" xmlns:{sf}="{SOBJECT}"'
    id_line = (4, _leaf(f"{tag}Id", _id(notification.id, form)))
    if notification.record is None:
        s_object: list[_Line] = [(4, f"<{opening}/>")]
    else:
        s_object = [(4, f"<{opening}>"), *_fields(notification.record, action, form), (4, f"</{tag}sObject>")]
    return [(3, f"<{tag}Notification>"), id_line, *s_object, (3, f"</{tag}Notification>")]


def _fields(record: Record, action: Action, form: Form) -> list[_Line]:
    lines: list[_Line] = []
    for name in ("Id", *sorted(set(action.fields) - {"Id"})):
        value = record.fields.get(name)
        tag = f"{form.sobject_prefix}:{name}"
        if value is not None and value != "":
            text = _id(value, form) if name.endswith("Id") and isinstance(value, str) else text_of(value)
            lines.append((5, _leaf(tag, text)))
        elif name in form.nil_fields:
            lines.append((5, f'<{tag} {form.xsi_prefix}:nil="true"/>'))
    return lines


def _outbound_tags(form: Form) -> str:
    return f"{form.outbound_prefix}:" if form.outbound_prefix else ""


def _leaf(tag: str, text: str) -> str:
    return f"<{tag}>{escape(_FORBIDDEN.sub('', text), quote=False).replace(_CARRIAGE_RETURN, '&#13;')}</{tag}>"


def _id(long: str, form: Form) -> str:
    return short_id(long) if form.ids_of_15 else long


def text_of(value: Filled) -> str:
    """A value as SOAP text. Raises ValueError for a time without a zone."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float() | Decimal():
            return _double(float(value))
        case datetime():
            if value.tzinfo is None:
                raise ValueError("a time needs its zone")
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03}Z"
        case date():
            return value.isoformat()
        case str():
            return value


def _double(number: float) -> str:
    """As Java's ``Double.toString``: ``0.5``, ``50000.0``, and outside 0.001 to 10,000,000 ``1.2345678E7``."""
    if number == 0 or 1e-3 <= abs(number) < 1e7:
        return repr(number)
    mantissa, exponent = f"{Decimal(repr(number)).normalize():e}".split("e")
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}E{int(exponent)}"
