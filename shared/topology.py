"""Queues, containers and their policies: the one list.

Standard library only, because bindings name queues from here at import time. ``infra/`` and the stand-ins' files are generated from
this module (``scripts/generate``), so nothing else states a queue's or a container's values.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Literal

SYNC_INBOUND: Final = "sync-inbound"
SYNC_INBOUND_BULK: Final = "sync-inbound-bulk"
INGESTION_EVENTS: Final = "ingestion-events"
INGESTION_EVENTS_BULK: Final = "ingestion-events-bulk"
SHARD_EMISSION: Final = "shard-emission"
ENRICHMENT_JOBS: Final = "enrichment-jobs"
EMBEDDING_JOBS: Final = "embedding-jobs"
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
    Queue(SYNC_INBOUND, "read what changed in one stream of a connection"),
    Queue(SYNC_INBOUND_BULK, "crawl or compare one stream of a connection, a step at a time"),
    Queue(INGESTION_EVENTS, "a vendor record was seen"),
    Queue(INGESTION_EVENTS_BULK, "vendor records were seen by a back-fill"),
    Queue(SHARD_EMISSION, "a shard's own content changed"),
    Queue(ENRICHMENT_JOBS, "a shard has its links; look at what it needs next"),
    Queue(EMBEDDING_JOBS, "(re)make a shard's vectors, or only their access list"),
    Queue(REJECTED_MESSAGES, "parked by us: reason, queue, original body or its reference"),
)

SHARDS: Final = "shards"
CONNECTIONS: Final = "connections"
GAPS: Final = "gaps"
SHARD_TYPES: Final = "shard-types"
SUGGESTED_LINKS: Final = "suggested-links"
LINKING_POLICIES: Final = "linking-policies"

CLAIMS: Final = "claims"
"""The blob container that holds payloads too large for a message, each under its tenant's prefix."""
ANCHORS: Final = "anchors"
"""The blob container that holds, for each tenant, what its shards are linked by."""


@dataclass(frozen=True)
class Space:
    """Where vectors can be compared with each other: those of one model and one number of dimensions."""

    model: str
    dimensions: int
    quality: Literal["semantic", "lexical"] = "semantic"
    """``lexical``: vectors count words and know nothing of meaning. Said wherever such a vector is seen."""

    @property
    def name(self) -> str:
        return f"{self.model}-{self.dimensions}"

    @property
    def container(self) -> str:
        """The container of this space's chunks: a container's vector policy is fixed at its creation."""
        return f"shard-chunks-{self.name}"


MINILM: Final = Space("all-minilm-l6-v2", 384)
LEXICAL: Final = Space("lexical", 512, "lexical")
SPACES: Final = (Space("text-embedding-3-small", 1536), MINILM, LEXICAL)
"""The spaces there are containers for. A deployment uses one; the second and third are those of the offline encoder."""


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
    included_paths: tuple[str, ...] = ()
    """What is queried all the same, below what is excluded: the more exact path counts."""
    sorted_by: tuple[tuple[str, Literal["ascending", "descending"]], ...] = ()
    """The paths of an ORDER BY of more than one: Azure Cosmos DB refuses it without a composite index of exactly these."""
    space: Space | None = None
    """Whose vectors its items hold, at ``/embedding``."""

    @property
    def indexing_policy(self) -> dict[str, Any]:
        excluded = [*self.excluded_paths, *(["/embedding/*"] if self.space else []), '/"_etag"/?']
        policy: dict[str, Any] = {
            "indexingMode": "consistent",
            "automatic": True,
            "includedPaths": [{"path": path} for path in ("/*", *self.included_paths)],
            "excludedPaths": [{"path": path} for path in excluded],
        }
        if self.sorted_by:
            policy["compositeIndexes"] = [[{"path": path, "order": order} for path, order in self.sorted_by]]
        if self.space:
            # A flat index holds at most 505 dimensions (Azure Cosmos DB, "Vector indexing policies").
            policy["vectorIndexes"] = [{"path": "/embedding", "type": "quantizedFlat"}]
        return policy

    @property
    def vector_policy(self) -> dict[str, Any] | None:
        """The vector embedding policy, where there is one. It cannot be changed afterwards."""
        if self.space is None:
            return None
        vector = {"path": "/embedding", "dataType": "float32", "dimensions": self.space.dimensions, "distanceFunction": "cosine"}
        return {"vectorEmbeddings": [vector]}


CONTAINERS: Final = (
    Container(
        SHARDS,
        "shards and their aliases",
        ("/tenantId", "/id"),
        default_ttl_seconds=-1,
        excluded_paths=(
            "/linking/*",
            "/linkDecisions/*",
            "/unstructuredData/*",
            "/vectors/*",
            "/normalization/*",
            "/processing/*",
            "/mlFields/*",
            "/metadata/*",
        ),
        included_paths=("/metadata/audience/members/[]/?", "/linking/keys/[]/?"),
    ),
    Container(CONNECTIONS, "who is connected, and the handles vendors use for them", ("/id",)),
    Container(GAPS, "what is not known to be complete", ("/tenantId",)),
    Container(SHARD_TYPES, "the shard types this deployment knows", ("/id",)),
    Container(
        SUGGESTED_LINKS,
        "links that wait for a person, and what people decided",
        ("/tenantId",),
        default_ttl_seconds=-1,
        excluded_paths=("/evidence/*", "/penalties/*"),
        sorted_by=(("/confidence", "descending"), ("/id", "ascending")),
    ),
    Container(LINKING_POLICIES, "how a tenant's shards are linked, where it is not as at first", ("/id",)),
)
"""What every deployment has."""


def chunk_container(space: Space) -> Container:
    """Where a space's chunks are, one partition a shard."""
    return Container(
        space.container,
        f"passages of shards with their vectors of {space.model}, and for each shard the manifest of them",
        ("/tenantId", "/shardId"),
        default_ttl_seconds=-1,
        excluded_paths=("/chunks/*",),
        space=space,
    )


@dataclass(frozen=True)
class Topology:
    """All of it, for generators and for the comparison at start."""

    queues: tuple[Queue, ...] = field(default=QUEUES)
    containers: tuple[Container, ...] = field(default=(*CONTAINERS, *(chunk_container(space) for space in SPACES)))
    blob_containers: tuple[str, ...] = (CLAIMS, ANCHORS)


TOPOLOGY: Final = Topology()
