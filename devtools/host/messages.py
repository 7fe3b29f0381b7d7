"""A received message as the Service Bus extension hands it to the worker: the body, and the trigger metadata beside it.

Names, types and what is missing follow the extension (Azure SDK for .NET, ServiceBusTriggerBindingStrategy): numbers and times travel as
JSON, nulls are left out, ``EnqueuedTimeUtc`` and ``ExpiresAtUtc`` have **no** offset (so Python sees naive datetimes), and the delivery
count is 1 at the first delivery although the broker's header, and the Python SDK, say 0.
"""

import base64
import json
import uuid
from datetime import datetime
from typing import Any

from azure.functions.meta import Datum
from azure.servicebus import ServiceBusReceivedMessage

_NEVER = "9999-12-31T23:59:59.9999999"  # .NET's largest time stands for a message that does not expire
_EMPTY_OBJECTS = ("MessageReceiver", "MessageSession", "MessageActions", "SessionActions", "ReceiveActions", "Client")


def body_of(message: ServiceBusReceivedMessage) -> bytes:
    """All data sections, joined."""
    body: Any = message.body
    return body if isinstance(body, bytes) else b"".join(bytes(part) for part in body)


def metadata_of(message: ServiceBusReceivedMessage) -> dict[str, Datum]:
    texts = {
        "MessageId": message.message_id,
        "CorrelationId": message.correlation_id,
        "Subject": message.subject,
        "Label": message.subject,
        "ContentType": message.content_type,
        "SessionId": message.session_id,
        "PartitionKey": message.partition_key,
        "ReplyTo": message.reply_to,
        "ReplyToSessionId": message.reply_to_session_id,
        "To": message.to,
        "DeadLetterSource": message.dead_letter_source,
        "LockToken": message.lock_token,
    }
    properties = application_properties(message)
    values: dict[str, Any] = {
        "DeliveryCount": (message.delivery_count or 0) + 1,
        "SequenceNumber": message.sequence_number,
        "ApplicationProperties": properties,
        "UserProperties": properties,
        **_times("EnqueuedTime", message.enqueued_time_utc),
        **_times("ExpiresAt", message.expires_at_utc),
        **{name: {} for name in _EMPTY_OBJECTS},
    }
    metadata = {name: Datum(str(text), "string") for name, text in texts.items() if text is not None}
    return metadata | {name: Datum(json.dumps(value), "json") for name, value in values.items() if value is not None}


def application_properties(message: ServiceBusReceivedMessage) -> dict[str, Any]:
    """The sender's properties with text for names and strings, which the SDK hands over as bytes."""
    return {_text(name): _plain(value) for name, value in (message.application_properties or {}).items()}


def hand_made_metadata() -> dict[str, Datum]:
    """For a message that no queue holds (``POST /admin/functions/<name>``)."""
    values: dict[str, Any] = {"DeliveryCount": 1, "SequenceNumber": 0, "ApplicationProperties": {}, "UserProperties": {}}
    return {name: Datum(json.dumps(value), "json") for name, value in values.items()} | {"MessageId": Datum(uuid.uuid4().hex, "string")}


def _times(name: str, moment: datetime | None) -> dict[str, str | None]:
    if moment is None:
        return {name: None, f"{name}Utc": _NEVER if name == "ExpiresAt" else None}
    return {name: moment.isoformat(), f"{name}Utc": moment.replace(tzinfo=None).isoformat()}


def _text(value: str | bytes) -> str:
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else value


def _plain(value: Any) -> Any:
    """As .NET would serialise it. The SDK does not tell binary from text; bytes that are no text become base64, as .NET writes binary."""
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return base64.b64encode(value).decode("ascii")
    return value if isinstance(value, str | int | float | bool | None) else str(value)
