"""What happens before the first message: containers compared, shard types ensured, three tries, and nothing afterwards."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from azure.cosmos import PartitionKey
from azure.cosmos.aio import CosmosClient, DatabaseProxy

from devtools.emulators.cosmos.server import Cosmos, running_cosmos
from devtools.faults.plan import Fault, Kind
from devtools.provision import provision_cosmos
from shared import topology
from shared.errors import ConfigurationError, TransientError
from shared.hosting.readiness import Readiness
from shared.shard_types.registry import SHARD_TYPES
from shared.storage.cosmos import RETRY_OPTIONS, CosmosAccount
from shared.storage.shard_type_store import CosmosShardTypes

pytestmark = pytest.mark.integration

CHUNKS = topology.chunk_container(topology.MINILM)
CONTAINERS = (*topology.CONTAINERS, CHUNKS)
"""What a deployment with this space relies on."""
CHUNKS_KEY = PartitionKey(["/tenantId", "/shardId"])


@pytest.fixture
async def store() -> AsyncIterator[Cosmos]:
    """A stand-in of its own: faults must not reach other tests."""
    async with running_cosmos() as running:
        await provision_cosmos(running.connection_string, "shardline")
        yield running
    assert running.operations.server_errors == 0


@pytest.fixture
async def database(store: Cosmos) -> AsyncIterator[DatabaseProxy]:
    async with CosmosClient.from_connection_string(store.connection_string) as client:
        yield client.get_database_client("shardline")


@pytest.fixture
async def account(store: Cosmos) -> AsyncIterator[CosmosAccount]:
    opened = CosmosAccount(lambda: CosmosClient.from_connection_string(store.connection_string, **RETRY_OPTIONS), database="shardline")
    yield opened
    await opened.close()


@pytest.fixture
def ready(account: CosmosAccount) -> Readiness:
    return Readiness(account, CosmosShardTypes(account), containers=CONTAINERS)


async def test_a_provisioned_store_is_ready_and_has_the_shard_types(ready: Readiness, account: CosmosAccount) -> None:
    await ready()

    stored = [await CosmosShardTypes(account).read(shard_type.id) for shard_type in SHARD_TYPES]
    assert [document["id"] for document in stored if document] == [known.id for known in SHARD_TYPES]


async def test_once_ready_nothing_is_asked_any_more(ready: Readiness, store: Cosmos) -> None:
    await ready()
    store.operations.reset()

    for _ in range(1000):
        await ready()

    assert not store.operations.counts


async def test_many_messages_at_once_share_one_attempt(ready: Readiness, store: Cosmos) -> None:
    store.operations.reset()

    await asyncio.gather(*[ready() for _ in range(16)])

    assert store.operations.counts["container"] == len(CONTAINERS)
    assert store.operations.counts["read"] == len(SHARD_TYPES)


async def test_one_message_that_is_cancelled_does_not_stop_the_others(ready: Readiness) -> None:
    first, second = asyncio.create_task(ready()), asyncio.create_task(ready())
    await asyncio.sleep(0)

    first.cancel()

    await second
    assert first.cancelled()


async def test_two_passing_faults_are_outlived(ready: Readiness, store: Cosmos) -> None:
    store.faults.add(Fault(at="cosmos", kind=Kind.REFUSE, status=449, calls=2, operation="read", target="shard-types"))

    await ready()


async def test_after_three_tries_it_is_left_for_later_and_tried_anew(ready: Readiness, store: Cosmos) -> None:
    store.faults.add(Fault(at="cosmos", kind=Kind.REFUSE, status=449, calls=3, operation="read", target="shard-types"))

    with pytest.raises(TransientError):
        await asyncio.gather(*[ready() for _ in range(4)])

    await ready()


async def test_a_missing_container_is_named(ready: Readiness, database: DatabaseProxy) -> None:
    await database.delete_container("gaps")

    with pytest.raises(ConfigurationError, match="container gaps"):
        await ready()


@pytest.mark.parametrize("key", [PartitionKey("/tenantId"), PartitionKey(["/id", "/tenantId"])], ids=["not-hierarchical", "wrong-order"])
async def test_a_wrong_partition_key_is_named(ready: Readiness, database: DatabaseProxy, key: PartitionKey) -> None:
    await database.delete_container("shards")
    await database.create_container("shards", key, default_ttl=-1)

    with pytest.raises(ConfigurationError, match=r"container shards has the partition key .* and not \('/tenantId', '/id'\)"):
        await ready()


@pytest.mark.parametrize("ttl", [None, 60])
async def test_a_wrong_time_to_live_is_named(ready: Readiness, database: DatabaseProxy, ttl: int | None) -> None:
    await database.replace_container("shards", PartitionKey(["/tenantId", "/id"]), default_ttl=ttl)

    with pytest.raises(ConfigurationError, match=f"container shards has the default ttl {ttl} and not -1"):
        await ready()


async def test_a_container_that_expires_what_must_stay_is_named(ready: Readiness, database: DatabaseProxy) -> None:
    await database.replace_container("connections", PartitionKey("/id"), default_ttl=3600)

    with pytest.raises(ConfigurationError, match="container connections has the default ttl 3600 and not None"):
        await ready()


async def test_the_missing_container_of_the_active_space_is_named(ready: Readiness, database: DatabaseProxy) -> None:
    await database.delete_container(CHUNKS.name)

    with pytest.raises(ConfigurationError, match="container shard-chunks-all-minilm-l6-v2-384"):
        await ready()


async def test_a_space_that_is_not_the_active_one_needs_no_container(ready: Readiness, database: DatabaseProxy) -> None:
    for space in topology.SPACES:
        if space != topology.MINILM:
            await database.delete_container(space.container)

    await ready()


@pytest.mark.parametrize(
    "change",
    [{"dimensions": 385}, {"path": "/vector"}, {"distanceFunction": "euclidean"}, {"dataType": "int8"}, None],
    ids=["dimensions", "path", "distance", "data-type", "none"],
)
async def test_vectors_that_could_not_be_compared_are_named(
    ready: Readiness, database: DatabaseProxy, change: dict[str, int | str] | None
) -> None:
    assert CHUNKS.vector_policy is not None
    [wanted] = CHUNKS.vector_policy["vectorEmbeddings"]
    policy = None if change is None else {"vectorEmbeddings": [{**wanted, **change}]}
    await database.delete_container(CHUNKS.name)
    await database.create_container(CHUNKS.name, CHUNKS_KEY, default_ttl=-1, vector_embedding_policy=policy)

    with pytest.raises(ConfigurationError, match=r"container shard-chunks-all-minilm-l6-v2-384 has no vector policy .*384"):
        await ready()


async def test_it_is_ready_as_soon_as_somebody_has_put_it_right(ready: Readiness, store: Cosmos, database: DatabaseProxy) -> None:
    await database.delete_container("connections")
    with pytest.raises(ConfigurationError):
        await ready()

    await provision_cosmos(store.connection_string, "shardline")

    await ready()
