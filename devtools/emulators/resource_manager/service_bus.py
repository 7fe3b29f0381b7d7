"""Queues as ``Microsoft.ServiceBus`` keeps them: every property has a value, and three are fixed when a queue is made."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from devtools.emulators.resource_manager.refusals import bad_request

FOREVER: Final = "P10675199DT2H48M5.4775807S"
DEFAULTS: Final[Mapping[str, Any]] = {
    "lockDuration": "PT1M",
    "maxMessageSizeInKilobytes": 256,
    "maxSizeInMegabytes": 1024,
    "requiresDuplicateDetection": False,
    "requiresSession": False,
    "defaultMessageTimeToLive": FOREVER,
    "deadLetteringOnMessageExpiration": False,
    "enableBatchedOperations": True,
    "duplicateDetectionHistoryTimeWindow": "PT10M",
    "maxDeliveryCount": 10,
    "status": "Active",
    "autoDeleteOnIdle": FOREVER,
    "enablePartitioning": False,
    "enableExpress": False,
}
FIXED: Final = ("requiresDuplicateDetection", "requiresSession", "enablePartitioning")
COUNTS: Final[Mapping[str, Any]] = {
    "countDetails": {
        "activeMessageCount": 0,
        "deadLetterMessageCount": 0,
        "scheduledMessageCount": 0,
        "transferMessageCount": 0,
        "transferDeadLetterMessageCount": 0,
    },
    "sizeInBytes": 0,
    "messageCount": 0,
    "createdAt": "2026-11-21T12:00:00Z",
    "updatedAt": "2026-11-21T12:00:00Z",
    "accessedAt": "0001-01-01T00:00:00Z",
}
LONGEST: Final = {"lockDuration": timedelta(minutes=5), "duplicateDetectionHistoryTimeWindow": timedelta(days=7)}
"""Of the Standard and Premium tiers ("Service Bus quotas")."""
_TIME: Final = TypeAdapter(timedelta)


def stored_queue(sent: Mapping[str, Any], before: Mapping[str, Any] | None) -> dict[str, Any]:
    """The properties after a PUT. What it does not say is the default for a new queue, and stays for one that is there.

    Raises:
        RefusedError: 400.
    """
    told = {name: value for name, value in (sent.get("properties") or {}).items() if value is not None}
    if unsettable := sorted(set(told) - set(DEFAULTS)):
        raise bad_request(f"The request's properties {', '.join(unsettable)} are read-only or unknown.")
    made = {**DEFAULTS, **{name: value for name, value in (before or {}).items() if name in DEFAULTS}, **told}
    for name, longest in LONGEST.items():
        if _seconds(made[name]) > longest.total_seconds():
            raise bad_request(f"SubCode=40000. The supplied {name} exceeds the allowed maximum of '{longest}'.")
    for name in FIXED if before is not None else ():
        if made[name] != (before or {})[name]:
            said = name[0].upper() + name[1:]
            raise bad_request(f"SubCode=40000. The value for the '{said}' property of an existing Queue cannot be changed.")
    return {**COUNTS, **made}


def _seconds(value: str) -> float:
    try:
        return _TIME.validate_python(value).total_seconds()
    except ValidationError:
        raise bad_request(f"SubCode=40000. '{value}' is no time as ISO 8601 has it.") from None
