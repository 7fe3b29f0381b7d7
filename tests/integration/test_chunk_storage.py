"""The chunk store's adapter at the wire: what it costs, what it stores, and what it makes of every answer."""

import json
from typing import Any

import pytest
from azure.cosmos import PartitionKey
from azure.cosmos.aio import CosmosClient

from devtools.emulators.cosmos.server import Cosmos
from devtools.fakes.samples import sample_id, sample_shard, sample_vectors
from devtools.faults.plan import Fault, Kind
from shared import topology
from shared.access.acl import TENANT, user
from shared.chunks.chunk import Chunk
from shared.chunks.store import ChunkChange, Manifest
from shared.embeddings.embedder import Vector
from shared.errors import ConfigurationError, Conflict, DependencyUnavailable, PipelineError, RateLimited, UnmappableRecord
from shared.shards.ids import ShardId
from shared.storage.chunk_store import CosmosChunkStore
from shared.storage.cosmos import RETRY_OPTIONS, CosmosAccount
from shared.storage.shard_store import CosmosShardStore

pytestmark = pytest.mark.integration

SPACE = topology.MINILM
SHARD = ShardId("1" * 32)
EAST: Vector = [1.0, *[0.0] * 383]


def requests(cosmos: Cosmos, container: str = SPACE.container) -> dict[str, int]:
    return dict(cosmos.operations.containers.get(f"shardline/{container}", {}))


def refused(operation: str, **how: Any) -> Fault:
    return Fault(at="cosmos", kind=Kind.REFUSE, operation=operation, target=SPACE.container, **how)


def change(*names: str, before: Manifest | None = None, readers: tuple[str, ...] = (), ttl: int = -1) -> ChunkChange:
    known = before or Manifest()
    return ChunkChange(
        manifest=known.model_copy(update={"revision": known.revision + 1, "chunks": {**known.chunks, **dict.fromkeys(names, "acl")}}),
        generation="g",
        principals=(TENANT, user("anna@acme.example")),
        acl_hash="acl",
        put=[(Chunk(id=name, start=0, end=1, text="t"), EAST) for name in names],
        readers=readers,
        ttl=ttl,
    )


@pytest.fixture
async def chunks(account: CosmosAccount, cosmos: Cosmos, tenant_id: str) -> CosmosChunkStore:
    """The adapter, after the SDK's first look at the container."""
    store = CosmosChunkStore(account, SPACE)
    await store.manifest(tenant_id, SHARD)
    await store.nearest(tenant_id, EAST, principals=[TENANT], most=1)
    cosmos.operations.reset()
    return store


# --- what it costs


async def test_a_new_shards_chunks_cost_one_read_and_one_batch(cosmos: Cosmos, chunks: CosmosChunkStore, tenant_id: str) -> None:
    assert await chunks.manifest(tenant_id, SHARD) is None
    await chunks.write(tenant_id, SHARD, "c_account", change(*(f"c{number}" for number in range(99))))

    assert requests(cosmos) == {"read": 1, "batch": 1}
    assert sum(cosmos.operations.counts.values()) == 2


async def test_a_second_write_needs_no_second_read(cosmos: Cosmos, chunks: CosmosChunkStore, tenant_id: str) -> None:
    first = await chunks.write(tenant_id, SHARD, "c_account", change("a"))
    await chunks.write(tenant_id, SHARD, "c_account", change(before=first, readers=("a",)))

    assert requests(cosmos) == {"batch": 2}


async def test_a_question_costs_one_query(cosmos: Cosmos, chunks: CosmosChunkStore, tenant_id: str) -> None:
    await chunks.write(tenant_id, SHARD, "c_account", change("a", "b"))
    cosmos.operations.reset()

    assert len(await chunks.nearest(tenant_id, EAST, principals=[TENANT], most=10)) == 2

    assert requests(cosmos) == {"query": 1}


async def test_a_summary_costs_one_patch(cosmos: Cosmos, account: CosmosAccount, tenant_id: str) -> None:
    shards = CosmosShardStore(account)
    await shards.create(sample_shard(tenant_id))
    await shards.read(tenant_id, sample_id(tenant_id))
    cosmos.operations.reset()

    await shards.record_vectors(tenant_id, sample_id(tenant_id), sample_vectors(revision=1))

    assert requests(cosmos, "shards") == {"patch": 1}
    assert sum(cosmos.operations.counts.values()) == 1


# --- what is stored


async def test_items_are_of_one_partition_and_their_vectors_are_whole_numbers(
    account: CosmosAccount, chunks: CosmosChunkStore, tenant_id: str
) -> None:
    await chunks.write(tenant_id, SHARD, "c_account", change("a", ttl=7_776_000))
    container = await account.container(SPACE.container)

    manifest = await container.read_item("manifest", partition_key=[tenant_id, SHARD])
    item = await container.read_item("a", partition_key=[tenant_id, SHARD])

    assert (manifest["kind"], manifest["ttl"], manifest["chunks"]) == ("manifest", 7_776_000, {"a": "acl"})
    assert (item["kind"], item["embedding"][:2], len(item["embedding"])) == ("chunk", [999_999, 0], 384)
    assert "ttl" not in item
    assert "." not in json.dumps(item["embedding"])


# --- what every answer becomes

ANSWERS = [
    # status, sub-status, how often the SDK asks, ours; from "HTTP Status Codes for Azure Cosmos DB"
    (401, None, 1, ConfigurationError),
    (403, None, 1, ConfigurationError),
    (408, None, 1, DependencyUnavailable),
    (409, None, 1, Conflict),
    (410, None, 1, DependencyUnavailable),
    (412, None, 1, Conflict),
    (413, None, 1, UnmappableRecord),
    (429, 3200, 4, RateLimited),
    (449, None, 1, DependencyUnavailable),
    (500, None, 1, DependencyUnavailable),
    (503, None, 2, DependencyUnavailable),
]


@pytest.mark.parametrize(("status", "substatus", "asked", "ours"), ANSWERS, ids=[str(status) for status, *_ in ANSWERS])
async def test_an_answer_to_a_batch_becomes_ours_and_nothing_is_written(
    cosmos: Cosmos,
    chunks: CosmosChunkStore,
    tenant_id: str,
    *,
    status: int,
    substatus: int | None,
    asked: int,
    ours: type[PipelineError],
) -> None:
    cosmos.faults.add(refused("batch", status=status, substatus=substatus, calls=asked))

    with pytest.raises(ours, match=f"^write chunks: answered {status}$") as raised:
        await chunks.write(tenant_id, SHARD, "c_account", change("a"))

    assert type(raised.value) is ours
    assert requests(cosmos) == {"batch": asked}
    assert await chunks.manifest(tenant_id, SHARD) is None
    assert await chunks.nearest(tenant_id, EAST, principals=[TENANT], most=1) == []


async def test_a_batch_that_is_throttled_says_when_to_come_back(cosmos: Cosmos, chunks: CosmosChunkStore, tenant_id: str) -> None:
    cosmos.faults.add(refused("batch", status=429, retry_after_seconds=0.12, calls=4))

    with pytest.raises(RateLimited) as raised:
        await chunks.write(tenant_id, SHARD, "c_account", change("a"))

    assert raised.value.retry_after_seconds == 0.12


async def test_a_first_write_that_lost_is_refused_by_its_manifest(chunks: CosmosChunkStore, tenant_id: str) -> None:
    await chunks.write(tenant_id, SHARD, "c_account", change("a"))

    with pytest.raises(Conflict, match=r"^write chunks: answered 409$"):
        await chunks.write(tenant_id, SHARD, "c_account", change("b"))


async def test_a_later_write_that_lost_is_refused_by_its_manifest(chunks: CosmosChunkStore, tenant_id: str) -> None:
    seen = await chunks.write(tenant_id, SHARD, "c_account", change("a"))
    await chunks.write(tenant_id, SHARD, "c_account", change("b", before=seen))

    with pytest.raises(Conflict, match=r"^write chunks: answered 412$"):
        await chunks.write(tenant_id, SHARD, "c_account", change("c", before=seen, readers=("gone",)))


async def test_a_chunk_that_is_gone_inside_a_batch_is_a_conflict(chunks: CosmosChunkStore, tenant_id: str) -> None:
    seen = await chunks.write(tenant_id, SHARD, "c_account", change("a"))

    with pytest.raises(Conflict, match="something is gone that the manifest tells of"):
        await chunks.write(tenant_id, SHARD, "c_account", change(before=seen, readers=("a", "gone")))


async def test_a_batch_whose_answer_was_lost_is_written_once(cosmos: Cosmos, chunks: CosmosChunkStore, tenant_id: str) -> None:
    cosmos.faults.add(refused("batch", status=408, applied=True, calls=1))

    with pytest.raises(DependencyUnavailable):
        await chunks.write(tenant_id, SHARD, "c_account", change("a"))
    with pytest.raises(Conflict):
        await chunks.write(tenant_id, SHARD, "c_account", change("a"))

    manifest = await chunks.manifest(tenant_id, SHARD)
    assert manifest is not None
    assert manifest.chunks == {"a": "acl"}


@pytest.mark.parametrize(
    ("status", "substatus", "asked", "ours"),
    [
        (429, 3200, 16, RateLimited),  # the SDK makes each of its four tries of a query four times
        (410, None, 1, DependencyUnavailable),
    ],
)
async def test_a_question_that_is_not_answered_is_for_later(
    cosmos: Cosmos, chunks: CosmosChunkStore, tenant_id: str, *, status: int, substatus: int | None, asked: int, ours: type[PipelineError]
) -> None:
    cosmos.faults.add(refused("query", status=status, substatus=substatus, calls=asked))

    with pytest.raises(ours, match=f"^search chunks: answered {status}$"):
        await chunks.nearest(tenant_id, EAST, principals=[TENANT], most=1)


async def test_a_missing_container_is_not_a_missing_manifest(cosmos: Cosmos, tenant_id: str) -> None:
    async with CosmosClient.from_connection_string(cosmos.connection_string) as client:
        await client.create_database(tenant_id)
    empty = CosmosAccount(lambda: CosmosClient.from_connection_string(cosmos.connection_string, **RETRY_OPTIONS), database=tenant_id)
    chunks = CosmosChunkStore(empty, SPACE)

    with pytest.raises(ConfigurationError, match="container shard-chunks-all-minilm-l6-v2-384"):
        await chunks.manifest(tenant_id, SHARD)
    with pytest.raises(ConfigurationError, match="container shard-chunks-all-minilm-l6-v2-384"):
        await chunks.write(tenant_id, SHARD, "c_account", change("a"))
    with pytest.raises(ConfigurationError, match="container shard-chunks-all-minilm-l6-v2-384"):
        await chunks.nearest(tenant_id, EAST, principals=[TENANT], most=1)
    await empty.close()


async def test_a_container_dropped_under_a_running_worker_is_for_a_person(cosmos: Cosmos, tenant_id: str) -> None:
    """Its 404 must not be taken for a chunk that is gone, which would come back for ever."""
    container = topology.chunk_container(SPACE)
    async with CosmosClient.from_connection_string(cosmos.connection_string) as client:
        database = await client.create_database(tenant_id)
        handle = await database.create_container(
            container.name,
            PartitionKey(list(container.partition_key)),
            vector_embedding_policy=container.vector_policy,
        )
        own = CosmosAccount(lambda: CosmosClient.from_connection_string(cosmos.connection_string, **RETRY_OPTIONS), database=tenant_id)
        chunks = CosmosChunkStore(own, SPACE)
        await chunks.write(tenant_id, SHARD, "c_account", change("a"))
        await database.delete_container(handle)

        with pytest.raises(ConfigurationError):
            await chunks.write(tenant_id, SHARD, "c_account", change("b", before=Manifest(etag='"x"')))

        await own.close()
        await client.delete_database(tenant_id)
