"""Queues, containers and their policies: the one list.

Standard library only, because bindings name queues from here at import time. ``infra/`` and the stand-ins' files are generated from
this module (``scripts/generate``), so nothing else states a queue's or a container's values.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

INGESTION_EVENTS: Final = "ingestion-events"
INGESTION_EVENTS_BULK: Final = "ingestion-events-bulk"
SHARD_EMISSION: Final = "shard-emission"
REJECTED_MESSAGES: Final = "rejected-messages"


@dataclass(frozen=True)
class Queue:
    """One Service Bus queue with production's values."""

    name: str
    says: str
    """What a message on it means, for people."""
    lock: timedelta = timedelta(minutes=5)
    time_to_live: timedelta = timedelta(days=14)
    duplicate_window: timedelta = timedelta(hours=1)
    max_delivery_count: int = 10


QUEUES: Final = (
    Queue(INGESTION_EVENTS, "a vendor record was seen"),
    Queue(INGESTION_EVENTS_BULK, "vendor records were seen by a back-fill"),
    Queue(SHARD_EMISSION, "a shard's own content changed"),
    Queue(REJECTED_MESSAGES, "parked by us: reason, queue, original body or its reference"),
)

SHARDS: Final = "shards"
CONNECTIONS: Final = "connections"
GAPS: Final = "gaps"
SHARD_TYPES: Final = "shard-types"

CLAIMS: Final = "claims"
"""The blob container that holds payloads too large for a message, each under its tenant's prefix."""


@dataclass(frozen=True)
class Container:
    """One Cosmos DB container."""

    name: str
    holds: str
    partition_key: tuple[str, ...]
    default_ttl_seconds: int | None = None
    """-1: items may carry a ttl, none by default. None: off."""
    excluded_paths: tuple[str, ...] = ()
    """What is never queried and must cost no write: Azure Cosmos DB, "Indexing policies"."""

    @property
    def indexing_policy(self) -> dict[str, Any]:
        excluded = [*self.excluded_paths, '/"_etag"/?']
        return {
            "indexingMode": "consistent",
            "automatic": True,
            "includedPaths": [{"path": "/*"}],
            "excludedPaths": [{"path": path} for path in excluded],
        }


CONTAINERS: Final = (
    Container(
        SHARDS,
        "shards and their aliases",
        ("/tenantId", "/id"),
        default_ttl_seconds=-1,
        excluded_paths=("/unstructuredData/*", "/vectors/*", "/normalization/*", "/processing/*", "/mlFields/*", "/metadata/*"),
    ),
    Container(CONNECTIONS, "who is connected, and the handles vendors use for them", ("/id",)),
    Container(GAPS, "what is not known to be complete", ("/tenantId",)),
    Container(SHARD_TYPES, "the shard types this deployment knows", ("/id",)),
)


@dataclass(frozen=True)
class Topology:
    """All of it, for generators and for the comparison at start."""

    queues: tuple[Queue, ...] = field(default=QUEUES)
    containers: tuple[Container, ...] = field(default=CONTAINERS)
    blob_containers: tuple[str, ...] = (CLAIMS,)


TOPOLOGY: Final = Topology()
