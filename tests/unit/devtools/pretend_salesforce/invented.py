"""What the tests of the pretend Salesforce share: an organization, an action, and ways to read a message body."""

from datetime import UTC, datetime
from random import Random
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

from devtools.vendors.salesforce.outbound_message import Action
from devtools.vendors.salesforce.records import ObjectName, PretendOrg

NOON = datetime(2026, 3, 2, 12, 0, 0, 999_999, tzinfo=UTC)
ORGANIZATION = "00D000000000062EAA"
URL = "http://127.0.0.1:7071/api/webhooks/salesforce/key"
OUT = "{http://soap.sforce.com/2005/09/outbound}"
SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
SF = "{urn:sobject.enterprise.soap.sforce.com}"
XSI = "{http://www.w3.org/2001/XMLSchema-instance}"


def an_org(seed: int = 1) -> PretendOrg:
    return PretendOrg(ORGANIZATION, Random(seed), lambda: NOON)


def an_action(object_name: ObjectName = "Opportunity", *fields: str) -> Action:
    return Action("04kRi0000061wbCIAQ", object_name, fields, URL)


def notifications_of(body: bytes) -> list[Element]:
    return list(fromstring(body).iter(f"{OUT}Notification"))


def fields_of(body: bytes) -> list[tuple[str, str | None]]:
    """Names without namespace and texts of the first notification's fields, in document order."""
    s_object = next(fromstring(body).iter(f"{OUT}sObject"))
    return [(element.tag.removeprefix(SF), element.text) for element in s_object]
