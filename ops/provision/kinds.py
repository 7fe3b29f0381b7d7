"""Kinds of resources: where they are, what of one is compared, what cannot be changed any more, and what is sent.

API versions are those of ``infra/modules``. What is sent for a change is what is stored with our values in it: whatever else somebody has
set stays, tags too. What cannot be changed is sent as it is stored, to the letter: a partition key with another ``version`` than it was
made with, or a vector index without the sizes that Azure has filled in, counts as changed.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

SERVICE_BUS_VERSION: Final = "2024-01-01"
COSMOS_VERSION: Final = "2024-11-15"
STORAGE_VERSION: Final = "2023-05-01"

Stored = Mapping[str, Any]
_DURATION: Final = re.compile(r"P(?=.)(\d+D)?(T.+)?")
_TIME: Final = TypeAdapter(timedelta)
ETAG_PATH: Final = '/"_etag"/?'


@dataclass(frozen=True)
class Kind:
    """One kind."""

    name: str
    api_version: str
    values: Callable[[Stored], Mapping[str, Any]]
    """What is compared, by names for people: of a resource as Resource Manager shows it, and of what is sent."""
    fixed: frozenset[str]
    """Which of these cannot be changed."""
    body: Callable[[str, Mapping[str, Any], Stored | None], dict[str, Any]]
    """What is sent: name, what the topology says, and what is stored, if anything."""
    remedy: str
    """What to do where something fixed is not as it should be."""
    role: str
    """Which of Azure's roles may do this."""
    update: str = "PUT"
    """How what is there is changed."""


def _queue_values(resource: Stored) -> Mapping[str, Any]:
    stored = resource.get("properties") or {}
    return {name: _timed(stored.get(name)) for name in QUEUE_PROPERTIES}


def _timed(value: Any) -> Any:
    """A span of time however it is written: ``P1D`` is ``PT24H``. What cannot be read as one is itself."""
    if not isinstance(value, str) or not _DURATION.fullmatch(value):
        return value
    try:
        return _TIME.validate_python(value)
    except ValidationError:
        return value


def _queue_body(_name: str, wanted: Mapping[str, Any], stored: Stored | None) -> dict[str, Any]:
    kept = {"maxSizeInMegabytes": QUEUE_MEGABYTES} if stored is None else dict(stored.get("properties") or {})
    told = {name: value for name, value in kept.items() if name not in QUEUE_COUNTS}
    return {"properties": {**told, **{name: wanted[name] for name in QUEUE_PROPERTIES}}}


QUEUE_PROPERTIES: Final = (
    "lockDuration",
    "defaultMessageTimeToLive",
    "deadLetteringOnMessageExpiration",
    "duplicateDetectionHistoryTimeWindow",
    "maxDeliveryCount",
    "requiresDuplicateDetection",
    "requiresSession",
)
QUEUE_COUNTS: Final = frozenset({"accessedAt", "countDetails", "createdAt", "messageCount", "sizeInBytes", "updatedAt"})
"""What Resource Manager shows of a queue, and nobody may set."""
QUEUE_MEGABYTES: Final = 5120
"""Of a new queue: the most there is without partitions, as in ``infra/modules/servicebus.bicep``."""

QUEUE: Final = Kind(
    "queue",
    SERVICE_BUS_VERSION,
    _queue_values,
    frozenset({"requiresDuplicateDetection", "requiresSession"}),
    _queue_body,
    "stop both apps, let the queue run empty, delete it (az servicebus queue delete), and run this again",
    "Azure Service Bus Data Owner, or Contributor, on the namespace",
)


def _container_values(resource: Stored) -> Mapping[str, Any]:
    stored = (resource.get("properties") or {}).get("resource") or {}
    policy = stored.get("indexingPolicy") or {}
    vectors = (stored.get("vectorEmbeddingPolicy") or {}).get("vectorEmbeddings") or []
    indexes = policy.get("vectorIndexes") or []
    of_vectors = {f"{index.get('path')}/*" for index in indexes}  # Azure leaves them out of the other index by itself
    return {
        "partition key": list((stored.get("partitionKey") or {}).get("paths") or ()),
        "default ttl": stored.get("defaultTtl"),
        "indexing mode": str(policy.get("indexingMode") or "consistent").lower(),
        "automatic indexing": policy.get("automatic", True),
        "indexed paths": sorted(one.get("path", "") for one in policy.get("includedPaths") or ()),
        "excluded paths": sorted({one.get("path", "") for one in policy.get("excludedPaths") or ()} - {ETAG_PATH} - of_vectors),
        "composite indexes": sorted(  # which path comes first in one matters, which of them comes first does not
            [(one.get("path", ""), str(one.get("order") or "ascending").lower()) for one in index]
            for index in policy.get("compositeIndexes") or ()
        ),
        "vector policy": sorted(
            (one.get("path"), str(one.get("dataType")).lower(), one.get("dimensions"), str(one.get("distanceFunction")).lower())
            for one in vectors
        ),
        "vector indexes": sorted((index.get("path"), str(index.get("type")).lower()) for index in indexes),
    }


def _container_body(name: str, wanted: Mapping[str, Any], stored: Stored | None) -> dict[str, Any]:
    said = {
        "id": name,
        "partitionKey": wanted["partitionKey"],
        "indexingPolicy": wanted["indexingPolicy"],
        "defaultTtl": wanted["defaultTtl"],
        "vectorEmbeddingPolicy": wanted["vectorEmbeddingPolicy"],
    }
    kept: Mapping[str, Any] = {} if stored is None else (stored.get("properties") or {}).get("resource") or {}
    merged = {**{key: value for key, value in kept.items() if not key.startswith("_")}, **said}
    merged |= {key: kept[key] for key in ("partitionKey", "vectorEmbeddingPolicy") if kept.get(key)}
    merged["indexingPolicy"] = _indexing_policy(wanted["indexingPolicy"], kept.get("indexingPolicy") or {})
    tags = {"tags": stored["tags"]} if stored is not None and stored.get("tags") else {}
    return {**tags, "properties": {"resource": {key: value for key, value in merged.items() if value is not None}, "options": {}}}


def _indexing_policy(wanted: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    """Ours, with the stored vector indexes, and with what the topology has no word for: spatial indexes, those of full texts."""
    others = {key: value for key, value in kept.items() if key not in INDEXING_OURS}
    return {**others, **wanted, **({"vectorIndexes": kept["vectorIndexes"]} if kept.get("vectorIndexes") else {})}


INDEXING_OURS: Final = frozenset({"indexingMode", "automatic", "includedPaths", "excludedPaths", "compositeIndexes", "vectorIndexes"})
"""Of an indexing policy: what the topology says, also by saying nothing."""

CONTAINER: Final = Kind(
    "container",
    COSMOS_VERSION,
    _container_values,
    frozenset({"partition key", "vector policy", "vector indexes"}),
    _container_body,
    "it can only be made anew: stop both apps, copy what it holds, delete it (az cosmosdb sql container delete), run this again,"
    " and read all of every connection again (python -m ops backfill)",
    "Cosmos DB Operator, or Contributor, on the account",
)


def _nothing(_resource: Stored) -> Mapping[str, Any]:
    return {}


DATABASE: Final = Kind(
    "database",
    COSMOS_VERSION,
    _nothing,
    frozenset(),
    lambda name, _wanted, _stored: {"properties": {"resource": {"id": name}, "options": {}}},
    "",
    CONTAINER.role,
)


def _blob_container_values(resource: Stored) -> Mapping[str, Any]:
    return {"public access": (resource.get("properties") or {}).get("publicAccess") or "None"}


BLOB_CONTAINER: Final = Kind(
    "blob container",
    STORAGE_VERSION,
    _blob_container_values,
    frozenset(),
    lambda _name, _wanted, _stored: {"properties": {"publicAccess": "None"}},
    "",
    "Storage Blob Data Contributor, or Contributor, on the storage account",
    update="PATCH",
)
