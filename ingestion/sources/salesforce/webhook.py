"""Salesforce's Outbound Messages, received.

They carry no signature. What is checked is the secret key in the path, before a byte is parsed, and then that the organization in the body
is the one connected under this key. Salesforce tries an unacknowledged message again for 24 hours and then drops it, so ``Ack true`` is
said only after every notification is on the queue. Fields carry their value at send time, so between two messages of one version the later
received is the later content.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from pydantic import JsonValue

from ingestion.sources.salesforce import soap
from ingestion.sources.salesforce.versions import VERSION_FIELD, vendor_version
from ingestion.sources.source import Caller, Heard, Told, WebhookRequest, WebhookResponse
from shared.connections.connection import Connection
from shared.contracts.ingestion import IngestionEvent
from shared.conversions.identifiers import salesforce_id
from shared.errors import ContractViolation, SignatureMismatch

MIN_KEY_CHARACTERS: Final = 32
MAX_KEY_CHARACTERS: Final = 256


def key_handle(key: str) -> str:
    """The handle a connection is stored under for a path key. Only the key's hash is ever stored."""
    return f"salesforce-key:{hashlib.sha256(key.encode()).hexdigest()}"


@dataclass(frozen=True)
class SalesforceWebhook:
    """Outbound Messages under ``/api/webhooks/salesforce/{key}``."""

    limit_bytes: int
    source: str = "salesforce"
    content_types: frozenset[str] = frozenset({"text/xml", "application/soap+xml", "application/xml"})
    acknowledged: WebhookResponse = field(default=WebhookResponse(200, soap.ACKNOWLEDGEMENT, "text/xml; charset=utf-8"))

    unknown: WebhookResponse = field(default=WebhookResponse(401))
    """Who has another's key, or none of ours, is told so (docs/decisions/0010)."""

    def verify(self, request: WebhookRequest) -> Caller:
        """The handle of the path's key; the key itself is compared nowhere, so no comparison can leak it by its time.

        Raises:
            SignatureMismatch: when the path holds nothing that could be a key.
        """
        key = request.route.get("key", "")
        if not MIN_KEY_CHARACTERS <= len(key) <= MAX_KEY_CHARACTERS:
            raise SignatureMismatch("no key in the path")
        return Caller((key_handle(key),))

    def heard(self, request: WebhookRequest, connection: Connection, received_at: datetime) -> Heard:
        """One event per notification.

        Raises:
            ContractViolation: when the body is not an Outbound Message.
            SignatureMismatch: when it is of another organization, or of an action the connection does not list.
        """
        message = soap.read(request.body)
        if not hmac.compare_digest(_organization(message.organization_id), connection.account.encode()):
            raise SignatureMismatch("the key is not this organization's")
        listed = {_long(action_id) for action_id in connection.action_ids}
        if listed and _long(message.action_id) not in listed - {None}:
            raise SignatureMismatch("the connection does not list this action")
        correlation_id = hashlib.sha256(request.body).hexdigest()[:32]
        # A microsecond apart, so that two notifications of one record in one message keep their order.
        moments = (received_at + timedelta(microseconds=place) for place in range(len(message.notifications)))
        events = [_event(*seen, connection, correlation_id) for seen in zip(message.notifications, moments, strict=True)]
        return Heard(told=[Told(event) for event in events], correlation_id=correlation_id)


def _event(notification: soap.Notification, received_at: datetime, connection: Connection, correlation_id: str) -> IngestionEvent:
    # The notification's id is part of the payload and so of the event's id: a retry is the same event, but an edit undone within the
    # second of its version is not, though version and fields are equal.
    attributes: dict[str, JsonValue] = {"type": notification.object_type, "notificationId": notification.id}
    return IngestionEvent(
        tenant_id=connection.tenant_id,
        correlation_id=correlation_id,
        source="salesforce",
        # Without an id the record cannot be told from others: normalization parks it under its notification, and the rest goes on.
        source_id=_long(notification.fields.get("Id")) or f"notification {notification.id}",
        event_type="update",
        observed_at=received_at,
        payload={**notification.fields, "attributes": attributes},
        connection_id=connection.id,
        record_type=notification.object_type,
        vendor_version=vendor_version(notification.fields.get(VERSION_FIELD)),
        coverage=tuple(sorted(notification.fields)),
    )


def _organization(text: str) -> bytes:
    organization_id = _long(text)
    if organization_id is None:
        raise ContractViolation("the organization id is not one")
    return organization_id.encode()


def _long(text: JsonValue) -> str | None:
    """The 18-character form of an id that may have 15; None when it is no id."""
    try:
        return salesforce_id(str(text))
    except ValueError:
        return None
