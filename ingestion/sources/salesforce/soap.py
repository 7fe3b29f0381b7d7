"""The SOAP of an Outbound Message, read as a stream.

An element is looked up by its namespace, never by its prefix, and a notification is forgotten once it is read, so that memory grows with
the events and not with the document. A document type declaration is refused, and with it every entity attack. Salesforce developer
documentation, "Outbound Messaging" and the outbound message WSDL.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse
from pydantic import JsonValue
from typing_extensions import override

from shared.errors import ContractViolation

ENVELOPE: Final = "http://schemas.xmlsoap.org/soap/envelope/"
OUTBOUND: Final = "http://soap.sforce.com/2005/09/outbound"
INSTANCE: Final = "http://www.w3.org/2001/XMLSchema-instance"

_ABOVE_A_NOTIFICATION: Final = [f"{{{ENVELOPE}}}Envelope", f"{{{ENVELOPE}}}Body", f"{{{OUTBOUND}}}notifications"]

MAX_DEPTH: Final = 16
"""Envelope, Body, notifications, Notification, sObject, field and a compound field's parts are 7."""

MAX_NAME_CHARACTERS: Final = 255
"""Far above any id or object name of the vendor's."""

CHUNK_BYTES: Final = 256 * 1024
"""How much is parsed at once. Expat before 2.6 reads a token from its start again with every chunk (CVE-2023-52425): with the small
chunks of the standard library one comment of 16 MB would keep a processor busy for a quarter of a minute."""

ACKNOWLEDGEMENT: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    f'<soapenv:Envelope xmlns:soapenv="{ENVELOPE}"><soapenv:Body>'
    f'<notificationsResponse xmlns="{OUTBOUND}"><Ack>true</Ack></notificationsResponse>'
    "</soapenv:Body></soapenv:Envelope>"
)


@dataclass(frozen=True)
class Notification:
    """One record of an Outbound Message."""

    id: str
    """04l…: the same on every retry."""
    object_type: str | None
    """None where the notification does not say, which an honest one may when its record is gone."""
    fields: dict[str, JsonValue]
    """The fields it carries, as text; null where the element says nil. A field that is null or not ticked is not there."""


@dataclass(frozen=True)
class OutboundMessage:
    """What one call holds. The session id some messages carry is never read."""

    organization_id: str
    action_id: str
    notifications: tuple[Notification, ...]


def read(body: bytes) -> OutboundMessage:
    """The message in a request's body.

    Raises:
        ContractViolation: for anything that is not an Outbound Message, without quoting it.
    """
    heads: dict[str, str] = {}
    notifications = []
    try:
        for parents, element in _elements(body):
            if [parent.tag for parent in parents] == _ABOVE_A_NOTIFICATION:
                if element.tag == f"{{{OUTBOUND}}}Notification":
                    notifications.append(_notification(element))
                elif element.tag in {f"{{{OUTBOUND}}}OrganizationId", f"{{{OUTBOUND}}}ActionId"}:
                    heads[_local(element.tag)] = (element.text or "").strip()
            if 0 < len(parents) <= len(_ABOVE_A_NOTIFICATION):
                parents[-1].clear()  # clearing is linear over a document; removing one by one is not
    except (ParseError, DefusedXmlException, LookupError, ValueError):
        # LookupError and ValueError: a declared encoding that does not exist or is not supported.
        raise ContractViolation("the body is not XML that may be read") from None
    if not notifications or not heads.get("OrganizationId"):
        raise ContractViolation("the body is not an Outbound Message: no organization or no notification")
    return OutboundMessage(heads["OrganizationId"], heads.get("ActionId", ""), tuple(notifications))


class _Chunks(io.BytesIO):
    """A body that comes in chunks of our size, whatever size the reader asks for."""

    @override
    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(CHUNK_BYTES)


def _elements(body: bytes) -> Iterator[tuple[Sequence[Element], Element]]:
    """Each element at its end, with those it is in, outermost first."""
    parents: list[Element] = []
    for event, element in iterparse(_Chunks(body), events=("start", "end"), forbid_dtd=True):
        if event == "start":
            parents.append(element)
            if len(parents) == 1 and element.tag != _ABOVE_A_NOTIFICATION[0]:
                raise ContractViolation("the body is not a SOAP envelope")
            if len(parents) > MAX_DEPTH:
                raise ContractViolation("the body is nested too deeply")
        else:
            parents.pop()
            yield parents, element


def _notification(element: Element) -> Notification:
    identifier = (element.findtext(f"{{{OUTBOUND}}}Id") or "").strip()
    if not 0 < len(identifier) <= MAX_NAME_CHARACTERS:
        raise ContractViolation("a notification has no id")
    record = element.find(f"{{{OUTBOUND}}}sObject")
    if record is None:
        return Notification(identifier, None, {})
    object_type = record.get(f"{{{INSTANCE}}}type", "").rpartition(":")[2]
    if len(object_type) > MAX_NAME_CHARACTERS:
        raise ContractViolation("a record does not say of which object it is")
    return Notification(identifier, object_type or None, {_local(child.tag): _value(child) for child in record})


def _value(element: Element) -> JsonValue:
    if element.get(f"{{{INSTANCE}}}nil") in {"true", "1"}:
        return None
    if len(element):
        return {_local(child.tag): _value(child) for child in element}
    return element.text or ""


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
