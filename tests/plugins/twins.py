"""The two twins of every store port: the fake that unit tests use, and the adapter through the real SDK against a stand-in.

Each has a door at the back: what is really there, which no port shows.
"""

import copy
from typing import Any, Protocol

from azure.storage.blob.aio import BlobServiceClient
from typing_extensions import override

from devtools.fakes.clock import Clock
from devtools.fakes.embedding import InMemoryChunks
from devtools.fakes.metrics import InMemoryMetrics
from devtools.fakes.stores import (
    InMemoryClaims,
    InMemoryConnections,
    InMemoryDirectory,
    InMemoryGaps,
    InMemoryRecordIndex,
    InMemoryShards,
    InMemoryShardTypes,
)
from shared import topology
from shared.access.directory import Directory
from shared.chunks.store import ChunkStore
from shared.connections.connection import Connections
from shared.contracts.claim import ClaimStore
from shared.gaps.gap import Gap, Gaps
from shared.shard_types.ensure import ShardTypeStore
from shared.shards.record_index import RecordIndex
from shared.shards.store import ShardStore
from shared.storage.chunk_store import MANIFEST, CosmosChunkStore
from shared.storage.claim_store import BlobClaimStore
from shared.storage.connection_store import CosmosConnections
from shared.storage.cosmos import CosmosAccount
from shared.storage.gap_store import CosmosGaps
from shared.storage.people_directory import CosmosDirectory
from shared.storage.record_index import CosmosRecordIndex
from shared.storage.shard_store import CosmosShardStore
from shared.storage.shard_type_store import CosmosShardTypes


class Stores(Protocol):
    """All ports of one twin."""

    shards: ShardStore
    connections: Connections
    shard_types: ShardTypeStore
    index: RecordIndex
    directory: Directory

    def gaps(self) -> Gaps:
        """The port as a worker that just started has it."""

    async def stored_shard(self, tenant_id: str, shard_id: str) -> dict[str, Any]:
        """The document, with fields the model does not know."""

    async def put_shard(self, document: dict[str, Any]) -> None:
        """Store a document as another deployment might."""

    async def erase_shard(self, tenant_id: str, shard_id: str) -> None:
        """As when its time to live is over."""

    async def stored_gap(self, gap: Gap) -> Gap:
        """The gap as it was stored."""

    async def put_gap(self, gap: Gap) -> None:
        """Store a gap, whatever was there."""


class InMemoryStores(Stores):
    """The fakes."""

    def __init__(self) -> None:
        self.shards: InMemoryShards = InMemoryShards()
        self.connections = InMemoryConnections()
        self.shard_types = InMemoryShardTypes()
        self.index = InMemoryRecordIndex(self.shards)
        self.directory = InMemoryDirectory(self.shards)
        self._gaps = InMemoryGaps()

    @override
    def gaps(self) -> Gaps:
        return self._gaps

    @override
    async def stored_shard(self, tenant_id: str, shard_id: str) -> dict[str, Any]:
        return copy.deepcopy(self.shards._documents[tenant_id, shard_id])

    @override
    async def put_shard(self, document: dict[str, Any]) -> None:
        self.shards._put(document["tenantId"], document)

    @override
    async def erase_shard(self, tenant_id: str, shard_id: str) -> None:
        del self.shards._documents[tenant_id, shard_id]

    @override
    async def stored_gap(self, gap: Gap) -> Gap:
        return self._gaps.known[gap.id].model_copy(update={"etag": None})

    @override
    async def put_gap(self, gap: Gap) -> None:
        self._gaps.known[gap.id] = gap


class CosmosStores(Stores):
    """The adapters."""

    def __init__(self, account: CosmosAccount) -> None:
        self._account = account
        self.shards = CosmosShardStore(account)
        self.connections = CosmosConnections(account)
        self.shard_types = CosmosShardTypes(account)
        self.index = CosmosRecordIndex(account)
        self.directory = CosmosDirectory(account, now=Clock())

    @override
    def gaps(self) -> Gaps:
        return CosmosGaps(self._account, metrics=InMemoryMetrics())

    @override
    async def stored_shard(self, tenant_id: str, shard_id: str) -> dict[str, Any]:
        container = await self._account.container(topology.SHARDS)
        return dict(await container.read_item(shard_id, partition_key=[tenant_id, shard_id]))

    @override
    async def put_shard(self, document: dict[str, Any]) -> None:
        await (await self._account.container(topology.SHARDS)).upsert_item(document)

    @override
    async def erase_shard(self, tenant_id: str, shard_id: str) -> None:
        await (await self._account.container(topology.SHARDS)).delete_item(shard_id, partition_key=[tenant_id, shard_id])

    @override
    async def stored_gap(self, gap: Gap) -> Gap:
        container = await self._account.container(topology.GAPS)
        return Gap.model_validate(await container.read_item(gap.id, partition_key=gap.tenant_id))

    @override
    async def put_gap(self, gap: Gap) -> None:
        await (await self._account.container(topology.GAPS)).upsert_item(gap.model_dump(mode="json", by_alias=True))


class Claims(Protocol):
    """The claim store of one twin."""

    store: ClaimStore

    async def replace(self, blob: str, body: bytes | None) -> None:
        """Put something else there, or nothing."""


class InMemoryClaimTwin(Claims):
    """The fake."""

    def __init__(self) -> None:
        self.store: InMemoryClaims = InMemoryClaims()

    @override
    async def replace(self, blob: str, body: bytes | None) -> None:
        self.store.blobs.pop(blob)
        if body is not None:
            self.store.blobs[blob] = body


class BlobClaimTwin(Claims):
    """The adapter."""

    def __init__(self, store: BlobClaimStore, client: BlobServiceClient) -> None:
        self.store = store
        self._client = client

    @override
    async def replace(self, blob: str, body: bytes | None) -> None:
        container = self._client.get_container_client(topology.CLAIMS)
        await container.delete_blob(blob)
        if body is not None:
            await container.upload_blob(blob, body)


class Chunks(Protocol):
    """The chunk store of one twin."""

    store: ChunkStore

    async def stored(self, tenant_id: str, shard_id: str) -> dict[str, dict[str, Any]]:
        """The chunks of a shard as they are stored, by id."""

    async def put(self, tenant_id: str, shard_id: str, chunk: dict[str, Any]) -> None:
        """Store a chunk as another deployment might."""

    async def erase_manifest(self, tenant_id: str, shard_id: str) -> None:
        """As when its time to live is over."""


class InMemoryChunkTwin(Chunks):
    """The fake."""

    def __init__(self) -> None:
        self.store: InMemoryChunks = InMemoryChunks()

    @override
    async def stored(self, tenant_id: str, shard_id: str) -> dict[str, dict[str, Any]]:
        return self.store.of(tenant_id, shard_id)

    @override
    async def put(self, tenant_id: str, shard_id: str, chunk: dict[str, Any]) -> None:
        self.store.items.setdefault((tenant_id, shard_id), {})[chunk["id"]] = chunk

    @override
    async def erase_manifest(self, tenant_id: str, shard_id: str) -> None:
        del self.store._manifests[tenant_id, shard_id]


class CosmosChunkTwin(Chunks):
    """The adapter."""

    def __init__(self, account: CosmosAccount, space: topology.Space) -> None:
        self._account = account
        self._name = space.container
        self.store = CosmosChunkStore(account, space)

    @override
    async def stored(self, tenant_id: str, shard_id: str) -> dict[str, dict[str, Any]]:
        container = await self._account.container(self._name)
        items = container.query_items('SELECT * FROM c WHERE c.kind = "chunk"', partition_key=[tenant_id, shard_id])
        return {item["id"]: dict(item) async for item in items}

    @override
    async def put(self, tenant_id: str, shard_id: str, chunk: dict[str, Any]) -> None:
        container = await self._account.container(self._name)
        await container.upsert_item({**chunk, "tenantId": tenant_id, "shardId": shard_id, "kind": "chunk"})

    @override
    async def erase_manifest(self, tenant_id: str, shard_id: str) -> None:
        await (await self._account.container(self._name)).delete_item(MANIFEST, partition_key=[tenant_id, shard_id])
