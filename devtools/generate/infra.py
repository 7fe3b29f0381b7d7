"""The topology as files: ours, and two in the schema of the official Service Bus emulator's ``Config.json``.

The stand-in reads production's values. The official emulator accepts less (Microsoft's documentation, "Service Bus emulator", quotas and
configuration), so its file is clamped, and each clamp is told. Every property is written, because the emulator's defaults are not Azure's.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from devtools.generate import compose
from shared.topology import TOPOLOGY, Container, Queue

EMULATOR_NAMESPACE = "sbemulatorns"
"""The one name the emulator accepts."""

CLAIMS_OUTLIVE_THEIR_MESSAGE = timedelta(days=30)
"""How long a body is kept after the last message that can name it has expired: time for an operator to look at what was parked."""


@dataclass(frozen=True)
class Limit:
    """What the emulator accepts of one property."""

    least: timedelta | int
    most: timedelta | int


EMULATOR_LIMITS = {
    "LockDuration": Limit(timedelta(seconds=5), timedelta(minutes=5)),
    "DefaultMessageTimeToLive": Limit(timedelta(minutes=5), timedelta(hours=1)),
    "DuplicateDetectionHistoryTimeWindow": Limit(timedelta(seconds=5), timedelta(minutes=5)),
    "MaxDeliveryCount": Limit(1, 10),
}


def files() -> dict[str, str]:
    """Path → text."""
    return {
        "infra/topology.json": _json(_topology()),
        "infra/servicebus-standin.json": _json(_config([_properties(queue) for queue in TOPOLOGY.queues])),
        "infra/servicebus-emulator.json": _json(_config([clamped(_properties(queue)) for queue in TOPOLOGY.queues])),
        compose.PATH: compose.text(),
    }


def clamps() -> Iterator[str]:
    """One sentence per value the emulator does not take."""
    for queue in TOPOLOGY.queues:
        wanted = _properties(queue)
        given = clamped(wanted)
        for name, value in wanted.items():
            if given[name] != value:
                yield f"{queue.name}: {name} {_plain(value)} becomes {_plain(given[name])}"


def clamped(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The nearest values the emulator accepts."""
    given = dict(properties)
    for name, limit in EMULATOR_LIMITS.items():
        given[name] = min(max(given[name], limit.least), limit.most)
    return given


def iso8601(duration: timedelta) -> str:
    """``P14D``, ``PT1H30M``, ``PT5M``; whole seconds."""
    hours, rest = divmod(duration.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    days = f"{duration.days}D" if duration.days else ""
    clock = "".join(f"{count}{unit}" for count, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if count)
    return f"P{days}T{clock}" if clock else f"P{days or 'T0S'}"


def _properties(queue: Queue) -> dict[str, Any]:
    return {
        "DeadLetteringOnMessageExpiration": True,
        "DefaultMessageTimeToLive": queue.time_to_live,
        "DuplicateDetectionHistoryTimeWindow": queue.duplicate_window,
        "ForwardDeadLetteredMessagesTo": "",
        "ForwardTo": "",
        "LockDuration": queue.lock,
        "MaxDeliveryCount": queue.max_delivery_count,
        "RequiresDuplicateDetection": True,
        "RequiresSession": False,
    }


def _config(properties: list[dict[str, Any]]) -> dict[str, Any]:
    queues = [{"Name": queue.name, "Properties": given} for queue, given in zip(TOPOLOGY.queues, properties, strict=True)]
    return {
        "UserConfig": {
            "Namespaces": [{"Name": EMULATOR_NAMESPACE, "Queues": queues, "Topics": []}],
            "Logging": {"Type": "File"},
        }
    }


def _topology() -> dict[str, Any]:
    return {
        "queues": [{"name": queue.name, **_as_resource(_properties(queue))} for queue in TOPOLOGY.queues],
        "containers": [_container(container) for container in TOPOLOGY.containers],
        "blobContainers": list(TOPOLOGY.blob_containers),
        "claimsKeptDays": (max(queue.time_to_live for queue in TOPOLOGY.queues) + CLAIMS_OUTLIVE_THEIR_MESSAGE).days,
    }


def _container(container: Container) -> dict[str, Any]:
    """As Azure Resource Manager writes it: more than one path is a hierarchical key, ``MultiHash``.

    Every container has every property, ``null`` where there is nothing to say: the Bicep compiler knows the file's shape and warns of a
    property that only some have. ``space`` is the name of the space whose vectors it holds, and empty for the others.
    """
    kind = "MultiHash" if len(container.partition_key) > 1 else "Hash"
    return {
        "name": container.name,
        "partitionKey": {"paths": list(container.partition_key), "kind": kind, "version": 2},
        "defaultTtl": container.default_ttl_seconds,
        "indexingPolicy": container.indexing_policy,
        "vectorEmbeddingPolicy": container.vector_policy,
        "space": container.space.name if container.space else "",
    }


def _as_resource(properties: Mapping[str, Any]) -> dict[str, Any]:
    """As Azure Resource Manager spells them; what is not set is left out."""
    return {name[0].lower() + name[1:]: value for name, value in properties.items() if value != ""}


def _plain(value: Any) -> Any:
    return iso8601(value) if isinstance(value, timedelta) else value


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, default=_plain) + "\n"
