"""The Cosmos DB adapters at the wire: what they cost, what they make of every answer, and the check before the first message."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from azure.cosmos.aio import CosmosClient

from devtools.emulators.cosmos.server import Cosmos
from devtools.fakes.clock import Clock
from devtools.fakes.metrics import InMemoryMetrics
from devtools.fakes.samples import (
    NOON,
    ORGANIZATION,
    sample_change,
    sample_connection,
    sample_gap,
    sample_id,
    sample_record,
    sample_shard,
)
from devtools.faults.plan import Fault, Kind
from devtools.provision import provision_cosmos
from shared import topology
from shared.errors import ConfigurationError, Conflict, DependencyUnavailable, PipelineError, RateLimited, UnmappableRecord
from shared.gaps.gap import SEEN_EVERY
from shared.shards.record_index import RecordKind
from shared.storage.connection_store import CosmosConnections
from shared.storage.cosmos import RETRY_OPTIONS, CosmosAccount
from shared.storage.gap_store import CosmosGaps
from shared.storage.people_directory import CosmosDirectory
from shared.storage.record_index import PAGE_ITEMS, CosmosRecordIndex
from shared.storage.shard_store import CosmosShardStore
from shared.storage.shard_type_store import CosmosShardTypes

pytestmark = pytest.mark.integration


def requests(cosmos: Cosmos, container: str, database: str = "shardline") -> dict[str, int]:
    return dict(cosmos.operations.containers.get(f"{database}/{container}", {}))


def account_of(connection_string: str, database: str) -> CosmosAccount:
    return CosmosAccount(lambda: CosmosClient.from_connection_string(connection_string, **RETRY_OPTIONS), database=database)


@pytest.fixture
async def own(cosmos: Cosmos, tenant_id: str) -> AsyncIterator[CosmosAccount]:
    """An account whose database no other test has, with the topology's containers."""
    await provision_cosmos(cosmos.connection_string, tenant_id)
    opened = account_of(cosmos.connection_string, tenant_id)
    yield opened
    await opened.close()
    async with CosmosClient.from_connection_string(cosmos.connection_string) as client:
        await client.delete_database(tenant_id)


# --- what it costs. The SDK's first read of a container asks for its key ranges, too, once per worker: hence the reads beforehand.


async def test_a_changed_record_costs_one_read_and_one_patch(cosmos: Cosmos, account: CosmosAccount, tenant_id: str) -> None:
    shards = CosmosShardStore(account)
    await shards.create(sample_shard(tenant_id))
    await shards.read(tenant_id, sample_id(tenant_id))
    cosmos.operations.reset()

    seen = await shards.read(tenant_id, sample_id(tenant_id))
    assert seen is not None
    await shards.change(seen, sample_change("Acme Ltd"))

    assert requests(cosmos, "shards") == {"read": 1, "patch": 1}
    assert sum(cosmos.operations.counts.values()) == 2


async def test_a_new_record_costs_one_read_and_one_create(cosmos: Cosmos, account: CosmosAccount, tenant_id: str) -> None:
    shards = CosmosShardStore(account)
    await shards.read(tenant_id, sample_id(tenant_id, "warm"))
    cosmos.operations.reset()

    assert await shards.read(tenant_id, sample_id(tenant_id)) is None
    await shards.create(sample_shard(tenant_id))

    assert requests(cosmos, "shards") == {"read": 1, "create": 1}


async def test_a_container_is_looked_at_once_per_worker(cosmos: Cosmos, account: CosmosAccount, tenant_id: str) -> None:
    cosmos.operations.reset()

    await asyncio.gather(*[CosmosShardStore(account).read(tenant_id, sample_id(tenant_id, str(number))) for number in range(3)])
    await CosmosShardStore(account).read(tenant_id, sample_id(tenant_id))

    assert requests(cosmos, "shards")["read"] == 4
    assert cosmos.operations.counts["account"] <= 2  # the second is the SDK's own look at the endpoint's health


async def test_a_webhooks_tenant_costs_one_read_and_an_alias_one_more(cosmos: Cosmos, account: CosmosAccount, tenant_id: str) -> None:
    connections = CosmosConnections(account)
    await connections.add(sample_connection(tenant_id, tenant_id), handles=(f"{tenant_id}-key",))
    await connections.find(f"salesforce:{tenant_id}")

    cosmos.operations.reset()
    await connections.find(f"salesforce:{tenant_id}")
    assert requests(cosmos, "connections") == {"read": 1}

    cosmos.operations.reset()
    await connections.find(f"{tenant_id}-key")
    assert requests(cosmos, "connections") == {"read": 2}


async def test_ten_thousand_sightings_of_one_gap_are_a_read_a_minute(cosmos: Cosmos, account: CosmosAccount, tenant_id: str) -> None:
    gaps = CosmosGaps(account, metrics=InMemoryMetrics())
    await gaps.open(sample_gap(tenant_id))
    await gaps.open(sample_gap(f"{tenant_id}-other"))
    cosmos.operations.reset()

    for _ in range(10_000):
        await gaps.open(sample_gap(tenant_id))
    assert requests(cosmos, "gaps") == {}

    await gaps.open(sample_gap(tenant_id, at=NOON + SEEN_EVERY))
    assert requests(cosmos, "gaps") == {"read": 1, "replace": 1}


async def test_who_asks_again_within_a_minute_is_not_looked_up_again(cosmos: Cosmos, account: CosmosAccount, tenant_id: str) -> None:
    clock = Clock()
    directory = CosmosDirectory(account, now=clock)
    await directory.principals_of(tenant_id, "jane@acme.example")
    cosmos.operations.reset()

    for _ in range(100):
        await directory.principals_of(tenant_id, "jane@acme.example")
    assert requests(cosmos, "shards") == {}

    await directory.principals_of(tenant_id, "john@acme.example")
    assert requests(cosmos, "shards") == {"query": 1}
    clock.advance(seconds=60)
    await directory.principals_of(tenant_id, "jane@acme.example")
    assert requests(cosmos, "shards") == {"query": 2}


async def test_records_are_fetched_as_they_are_asked_for(cosmos: Cosmos, account: CosmosAccount, tenant_id: str) -> None:
    shards = await account.container("shards")
    shard = sample_shard(tenant_id).model_copy(update={"external_relationships": (sample_record("A"),)}).document()
    for number in range(PAGE_ITEMS + 1):
        await shards.create_item({**shard, "id": f"shard-{number}"})
    index, kind = CosmosRecordIndex(account), RecordKind(tenant_id, "salesforce", ORGANIZATION, "Account")
    await index.count(kind)
    cosmos.operations.reset()

    records = index.between(kind, after=None, up_to=None)
    for _ in range(PAGE_ITEMS):
        await anext(records)
    assert requests(cosmos, "shards") == {"query": 1}

    await anext(records)
    assert requests(cosmos, "shards") == {"query": 2}


# --- what is missing


async def test_a_missing_container_is_not_a_missing_item(cosmos: Cosmos, tenant_id: str) -> None:
    async with CosmosClient.from_connection_string(cosmos.connection_string) as client:
        await client.create_database(tenant_id)
    empty = account_of(cosmos.connection_string, tenant_id)

    with pytest.raises(ConfigurationError, match="container shards"):
        await CosmosShardStore(empty).read(tenant_id, sample_id(tenant_id))
    with pytest.raises(ConfigurationError, match="container shards"):
        await CosmosShardStore(empty).create(sample_shard(tenant_id))
    with pytest.raises(ConfigurationError, match="container connections"):
        await CosmosConnections(empty).find("salesforce:1")
    with pytest.raises(ConfigurationError, match="container gaps"):
        await CosmosGaps(empty, metrics=InMemoryMetrics()).open(sample_gap(tenant_id))
    with pytest.raises(ConfigurationError, match="container shard-types"):
        await CosmosShardTypes(empty).read("c_account")
    await empty.close()


async def test_a_missing_database_is_not_a_missing_item(cosmos: Cosmos) -> None:
    nowhere = account_of(cosmos.connection_string, "nowhere")

    with pytest.raises(ConfigurationError):
        await CosmosConnections(nowhere).find("salesforce:1")
    await nowhere.close()


async def test_a_container_dropped_under_a_running_worker_is_not_a_missing_item(cosmos: Cosmos, own: CosmosAccount, tenant_id: str) -> None:
    connections = CosmosConnections(own)
    assert await connections.find("salesforce:1") is None
    async with CosmosClient.from_connection_string(cosmos.connection_string) as client:
        await client.get_database_client(tenant_id).delete_container("connections")

    with pytest.raises(ConfigurationError):
        await connections.find("salesforce:1")

    await provision_cosmos(cosmos.connection_string, tenant_id)
    assert await connections.find("salesforce:1") is None


async def test_a_replica_that_is_behind_does_not_mean_that_nobody_is_connected(cosmos: Cosmos, account: CosmosAccount) -> None:
    connections = CosmosConnections(account)
    await connections.find("salesforce:1")
    # The SDK asks twice.
    cosmos.faults.add(Fault(at="cosmos", kind=Kind.REFUSE, status=404, substatus=1002, calls=2, operation="read", target="connections"))

    with pytest.raises(DependencyUnavailable):
        await connections.find("salesforce:1")


# --- what every answer becomes

ANSWERS = [
    # status, sub-status, how often the SDK asks, ours; from "HTTP Status Codes for Azure Cosmos DB"
    (401, None, 1, ConfigurationError),
    (403, None, 1, ConfigurationError),
    (404, 1003, 1, ConfigurationError),
    (404, 1002, 2, DependencyUnavailable),
    (408, None, 1, DependencyUnavailable),
    (409, None, 1, Conflict),
    (410, None, 1, DependencyUnavailable),
    (410, 1002, 1, DependencyUnavailable),
    (412, None, 1, Conflict),
    (413, None, 1, UnmappableRecord),
    (429, 3200, 4, RateLimited),
    (449, None, 1, DependencyUnavailable),
    (500, None, 1, DependencyUnavailable),
    (502, None, 1, DependencyUnavailable),
    (503, None, 2, DependencyUnavailable),
    (507, None, 1, DependencyUnavailable),
]


@pytest.mark.parametrize(("status", "substatus", "asked", "ours"), ANSWERS, ids=[f"{status}-{sub or 0}" for status, sub, _, _ in ANSWERS])
async def test_an_answer_to_a_write_becomes_ours(
    cosmos: Cosmos,
    account: CosmosAccount,
    tenant_id: str,
    *,
    status: int,
    substatus: int | None,
    asked: int,
    ours: type[PipelineError],
) -> None:
    await account.container(topology.SHARDS)
    cosmos.operations.reset()
    cosmos.faults.add(
        Fault(at="cosmos", kind=Kind.REFUSE, status=status, substatus=substatus, calls=asked, operation="create", target="shards")
    )

    with pytest.raises(ours, match=f"answered {status}"):
        await CosmosShardStore(account).create(sample_shard(tenant_id))

    assert requests(cosmos, "shards")["create"] == asked
    await CosmosShardStore(account).create(sample_shard(tenant_id))


async def test_being_throttled_says_when_to_come_back(cosmos: Cosmos, account: CosmosAccount, tenant_id: str) -> None:
    await account.container(topology.SHARDS)
    cosmos.faults.add(
        Fault(at="cosmos", kind=Kind.REFUSE, status=429, retry_after_seconds=0.12, calls=4, operation="read", target="shards")
    )

    with pytest.raises(RateLimited) as raised:
        await CosmosShardStore(account).read(tenant_id, sample_id(tenant_id))

    assert raised.value.retry_after_seconds == 0.12


async def test_a_short_outage_is_not_even_noticed(cosmos: Cosmos, account: CosmosAccount, tenant_id: str) -> None:
    await account.container(topology.SHARDS)
    cosmos.faults.add(Fault(at="cosmos", kind=Kind.REFUSE, status=503, calls=1, operation="read", target="shards"))

    assert await CosmosShardStore(account).read(tenant_id, sample_id(tenant_id)) is None


async def test_a_patch_whose_answer_was_lost_is_a_conflict_and_is_not_applied_twice(
    cosmos: Cosmos, account: CosmosAccount, tenant_id: str
) -> None:
    shards = CosmosShardStore(account)
    await shards.create(sample_shard(tenant_id))
    seen = await shards.read(tenant_id, sample_id(tenant_id))
    assert seen is not None
    cosmos.faults.add(Fault(at="cosmos", kind=Kind.REFUSE, status=503, applied=True, calls=1, operation="patch", target="shards"))

    with pytest.raises(Conflict):  # the SDK tried again, and the state is not the one that was read any more
        await shards.change(seen, sample_change("Acme Ltd"))

    after = await shards.read(tenant_id, sample_id(tenant_id))
    assert after is not None
    assert after.structured_data == {"name": "Acme Ltd"}


async def test_of_those_who_store_a_connection_anew_at_once_nobody_overwrites_what_he_did_not_see(
    account: CosmosAccount, tenant_id: str
) -> None:
    connections = CosmosConnections(account)
    await connections.add(sample_connection(tenant_id, tenant_id))

    ends = await asyncio.gather(
        *[connections.add(sample_connection(tenant_id, tenant_id, status="paused")) for _ in range(6)], return_exceptions=True
    )

    assert ends.count(None) >= 1
    assert {type(end) for end in ends if end is not None} == {Conflict}


async def test_a_wrong_key_is_for_a_person(cosmos: Cosmos) -> None:
    wrong = account_of(f"AccountEndpoint={cosmos.endpoint};AccountKey=d3Jvbmc=;", "shardline")

    with pytest.raises(ConfigurationError, match="open the Cosmos DB account: answered 401"):
        await wrong.container(topology.SHARDS)
    await wrong.close()
