"""The queues, read from a file in the official emulator's format (`Config.json`).

Values outside the emulator's ranges are taken as they are: the file this project generates holds production's (14 days to
live, an hour of duplicate detection, 5 minutes of lock). A property left out has the emulator's default, which is not Azure's
(Microsoft documentation, "Overview of the Azure Service Bus emulator"): write them all.
What the stand-in does not have (sessions, topics, forwarding) and what it does not know is an error, not a warning.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEFAULTS: Mapping[str, Any] = {
    "LockDuration": "PT1M",
    "MaxDeliveryCount": 3,
    "DefaultMessageTimeToLive": "PT1H",
    "DeadLetteringOnMessageExpiration": False,
    "RequiresDuplicateDetection": False,
    "DuplicateDetectionHistoryTimeWindow": "PT20S",
    "RequiresSession": False,
    "ForwardTo": "",
    "ForwardDeadLetteredMessagesTo": "",
}
_ABSENT = ("RequiresSession", "ForwardTo", "ForwardDeadLetteredMessagesTo")
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")


class ConfigurationError(ValueError):
    """The configuration cannot be used; the text says which queue and property."""


@dataclass(frozen=True, slots=True)
class QueuePolicy:
    """One queue. None means: no limit on deliveries, messages live for ever, no duplicate detection."""

    name: str
    lock_ms: int
    max_delivery_count: int | None
    ttl_ms: int | None
    dead_letter_on_expiration: bool
    duplicate_window_ms: int | None


def read_configuration(source: Mapping[str, Any] | Path) -> list[QueuePolicy]:
    """The queues of a configuration, given as its content or its file. Raises ConfigurationError."""
    content = _load(source) if isinstance(source, Path) else source
    try:
        namespaces = content["UserConfig"]["Namespaces"]
        if len(namespaces) != 1:
            raise ConfigurationError(f"UserConfig.Namespaces holds {len(namespaces)} namespaces; exactly one is possible")
        queues, topics = namespaces[0].get("Queues", []), namespaces[0].get("Topics", [])
    except (KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError("the configuration has no UserConfig.Namespaces[0].Queues") from error
    if topics:
        raise ConfigurationError("topics and subscriptions are not available in this local Service Bus")
    policies = [_policy(queue) for queue in queues]
    names = [policy.name.lower() for policy in policies]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigurationError(f"defined more than once: {', '.join(twice)}")
    return policies


def duration_ms(text: str) -> int:
    """An ISO 8601 duration of days, hours, minutes and seconds in milliseconds. Raises ValueError."""
    match = _DURATION.fullmatch(text)
    if not match or not any(match.groups()):
        raise ValueError(f"{text!r} is not an ISO 8601 duration such as PT30S or P14D")
    days, hours, minutes, seconds = match.groups(default="0")
    return ((int(days) * 24 + int(hours)) * 60 + int(minutes)) * 60_000 + round(float(seconds) * 1000)


def _load(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigurationError(f"{path} is not JSON: {error}") from error


def _policy(queue: Mapping[str, Any]) -> QueuePolicy:
    name = queue.get("Name")
    if not isinstance(name, str) or not name:
        raise ConfigurationError("a queue has no Name")
    properties = {**DEFAULTS, **queue.get("Properties", {})}
    if unknown := sorted(properties.keys() - DEFAULTS.keys()):
        raise ConfigurationError(f"queue {name}: unknown properties {', '.join(unknown)}")
    if asked := [key for key in _ABSENT if properties[key]]:
        raise ConfigurationError(f"queue {name}: {', '.join(asked)} is not available in this local Service Bus")
    max_delivery_count = properties["MaxDeliveryCount"]
    if not isinstance(max_delivery_count, int) or max_delivery_count < 1:
        raise ConfigurationError(f"queue {name}: MaxDeliveryCount is {max_delivery_count!r}, not a number from 1")
    window_ms = _span(name, properties, "DuplicateDetectionHistoryTimeWindow")
    return QueuePolicy(
        name=name,
        lock_ms=_span(name, properties, "LockDuration"),
        max_delivery_count=max_delivery_count,
        ttl_ms=_span(name, properties, "DefaultMessageTimeToLive"),
        dead_letter_on_expiration=_flag(name, properties, "DeadLetteringOnMessageExpiration"),
        duplicate_window_ms=window_ms if _flag(name, properties, "RequiresDuplicateDetection") else None,
    )


def _span(queue: str, properties: Mapping[str, Any], key: str) -> int:
    try:
        span = duration_ms(properties[key])
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"queue {queue}: {key}: {error}") from error
    if span == 0:
        raise ConfigurationError(f"queue {queue}: {key} is zero")
    return span


def _flag(queue: str, properties: Mapping[str, Any], key: str) -> bool:
    value = properties[key]
    if not isinstance(value, bool):
        raise ConfigurationError(f"queue {queue}: {key} is {value!r}, not true or false")
    return value
