"""Every place where a tenant's data can be, by the topology's own names; and what is reached by no command.

A test compares these lists with ``shared/topology.py``: a container, a blob container or a queue that nobody decided about here turns it
red.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from shared import topology
from shared.contracts.claim import tenant_prefix
from shared.contracts.rejected import UNKNOWN_TENANT

APART: Final = timedelta(minutes=11)
"""Between the two looks that find nothing. Longer than a function may run (10 minutes, ``host.json``), and longer than a worker remembers a
connection and may run on with it (1 + 10), a policy or a person (1), or that a shard is there (10): what any of them still had in hand when
the connections were closed is written by then. What a worker does for a message counts for nothing here: the message is seen until that is
done, for its lock is renewed for longer than a function may run; and what is put off is seen, and cancelled, as far ahead as it may be."""


@dataclass(frozen=True)
class ItemPlace:
    """Items of one Cosmos DB container."""

    container: str
    partition: tuple[str, ...]
    """The fields of its partition key."""
    where: str = "c.tenantId = @tenant"
    """Whose an item is. Says the tenant even where the partition key does: defence in depth, and one emulator ignores half of a key."""
    called: str = ""

    @property
    def name(self) -> str:
        """What it is called in a report and an export."""
        return self.called or self.container

    @property
    def is_within_tenant(self) -> bool:
        """Whether the partition key begins with the tenant."""
        return self.partition[0] == "tenantId"


HANDLES: Final = ItemPlace(topology.CONNECTIONS, ("id",), "ARRAY_CONTAINS(@connections, c.aliasOf)", "connections-handles")
"""Aliases say no tenant: they are those of its connections. So they go before the connections do, and are found again after a kill."""
CONNECTIONS: Final = ItemPlace(topology.CONNECTIONS, ("id",))

ITEMS: Final = (
    ItemPlace(topology.SHARDS, ("tenantId", "id")),
    ItemPlace(topology.SUGGESTED_LINKS, ("tenantId",)),
    *(ItemPlace(space.container, ("tenantId", "shardId")) for space in topology.SPACES),
    ItemPlace(topology.GAPS, ("tenantId",)),
    ItemPlace(topology.LINKING_POLICIES, ("id",), "(c.tenantId = @tenant OR c.id = @tenant)"),
)
"""In the order they are erased. Shards first: every stage after normalization ignores a message whose shard is gone. ``shards`` holds
aliases, placeholders, people, groups and ``integration.state`` as well: all have the tenant in their key."""

NOBODYS: Final = {topology.SHARD_TYPES: "what types there are, and which migrations were made: the deployment's, and no tenant's"}
"""Containers without any tenant's data."""


@dataclass(frozen=True)
class BlobPlace:
    """Blobs of one container."""

    container: str
    is_of_nobody: bool = False
    """Under the prefix of those whose tenant could not be read: whose it is, each blob's content says."""

    @property
    def name(self) -> str:
        """What it is called in a report and an export."""
        return f"{self.container}-of-unknown" if self.is_of_nobody else self.container

    def prefix(self, tenant_id: str) -> str:
        """What the names of the blobs begin with."""
        return f"{tenant_prefix(UNKNOWN_TENANT if self.is_of_nobody else tenant_id)}/"


BLOBS: Final = (BlobPlace(topology.CLAIMS), BlobPlace(topology.CLAIMS, is_of_nobody=True), BlobPlace(topology.ANCHORS))
"""``claims`` of unknown: a rejected message too large for the queue, of which nobody could say whose it was, is put aside there."""

QUEUES: Final = (
    topology.SYNC_INBOUND,
    topology.SYNC_INBOUND_BULK,
    topology.INGESTION_EVENTS,
    topology.INGESTION_EVENTS_BULK,
    topology.SHARD_EMISSION,
    topology.ENRICHMENT_JOBS,
    topology.EMBEDDING_JOBS,
    topology.REJECTED_MESSAGES,
)
"""In the order of the pipeline. Of each: what waits, what is scheduled (up to 24 hours ahead), what is dead-lettered."""

KNOWN_CONTAINERS: Final = frozenset({topology.CONNECTIONS, *(place.container for place in ITEMS), *NOBODYS})
KNOWN_BLOB_CONTAINERS: Final = frozenset(place.container for place in BLOBS)

NOT_REACHED: Final = (
    ("backups of Cosmos DB", "as long as the account's backup policy keeps them: 7 or 30 days; a restored account is erased again"),
    ("deleted blobs", "not at all in the storage account of infra/; elsewhere as long as the account is set to keep them"),
    ("deleted secrets", "as long as the vault keeps them: 90 days, unless they are purged"),
    ("logs and metrics (Application Insights, Log Analytics)", "as long as the workspace keeps them: ids, no bodies"),
    (
        "the memory of workers: what shards are linked by",
        "until they stop, or hold so much of others that it is pushed out; restart both apps",
    ),
    ("the vendors: Salesforce, Google, Slack", "theirs; revoke the app's access there"),
    ("secrets that are settings of the app", "until whoever deploys removes them; the report names them"),
)
"""What no command of ours can erase, and how long it stays."""
