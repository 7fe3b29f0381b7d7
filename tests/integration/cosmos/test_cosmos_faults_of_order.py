"""Rows in another order, moved clocks and the seed that decides what is met, as the unmodified `azure-cosmos` client sees them."""

from typing import Any

import pytest
from azure.cosmos import PartitionKey
from azure.cosmos.aio import ContainerProxy, CosmosClient, DatabaseProxy
from azure.cosmos.exceptions import CosmosHttpResponseError, CosmosResourceNotFoundError

from devtools.emulators.cosmos.misbehaviour import ABILITIES
from devtools.emulators.cosmos.server import Cosmos, running_cosmos
from devtools.faults.injector import Injector
from devtools.faults.plan import Fault, Kind

pytestmark = pytest.mark.integration

T1A = ["t1", "a"]


def shard(**fields: Any) -> dict[str, Any]:
    return {"id": "a", "tenantId": "t1", "n": 1, **fields}


def armed(cosmos: Cosmos, kind: Kind, *, operation: str = "*", target: str = "shards", calls: int = 1, **how: Any) -> Fault:
    fault = Fault(at="cosmos", kind=kind, operation=operation, target=target, calls=calls, **how)
    cosmos.faults.add(fault)
    return fault


async def test_rows_that_have_no_order_come_in_another(cosmos: Cosmos, chunks: ContainerProxy) -> None:
    fault = armed(cosmos, Kind.REORDER, target="chunks", calls=2)

    queried = await numbers(chunks.query_items("SELECT VALUE c.n FROM c", partition_key=["t1"]))
    listed = [row["n"] async for row in chunks.read_all_items()]

    assert queried != [0, 1, 2, 3]
    assert sorted(queried) == [0, 1, 2, 3]
    assert listed != [0, 1, 2, 3, 4, 5, 6, 7]
    assert sorted(listed) == [0, 1, 2, 3, 4, 5, 6, 7]
    assert cosmos.faults.fired[fault] == 2


async def test_pages_in_another_order_hold_every_row_once(cosmos: Cosmos, chunks: ContainerProxy) -> None:
    fault = armed(cosmos, Kind.REORDER, target="chunks", calls=99)

    pages = chunks.query_items("SELECT VALUE c.n FROM c", partition_key=["t1"], max_item_count=3).by_page()
    found = [sorted(await numbers(page)) async for page in pages]

    assert found == [[0, 1, 2], [3]]
    assert cosmos.faults.fired[fault] == 1


async def test_what_has_an_order_or_a_single_row_keeps_it(cosmos: Cosmos, chunks: ContainerProxy) -> None:
    fault = armed(cosmos, Kind.REORDER, target="chunks")

    ordered = await numbers(chunks.query_items("SELECT VALUE c.n FROM c ORDER BY c.n DESC", partition_key=["t1"]))
    counted = await numbers(chunks.query_items("SELECT VALUE COUNT(1) FROM c", partition_key=["t1"]))
    single = await numbers(chunks.query_items("SELECT VALUE c.n FROM c WHERE c.n = 2", partition_key=["t1"]))

    assert (ordered, counted, single) == ([3, 2, 1, 0], [4], [2])
    assert cosmos.faults.fired[fault] == 0


async def test_a_change_feed_keeps_the_order_of_each_key_alone(cosmos: Cosmos, chunks: ContainerProxy) -> None:
    fault = armed(cosmos, Kind.REORDER, target="chunks", operation="feed")

    changes = [row["n"] async for row in chunks.query_items_change_feed(start_time="Beginning")]

    assert changes != [0, 1, 2, 3, 4, 5, 6, 7]
    assert sorted(changes) == [0, 1, 2, 3, 4, 5, 6, 7]
    assert all(changes.index(first) < changes.index(first + 1) for first in (0, 2, 4, 6))
    assert cosmos.faults.fired[fault] == 1


@pytest.mark.parametrize(("seconds", "stamp"), [(3600.0, 1_800_003_600), (-3600.0, 1_799_996_400)])
async def test_a_clock_that_was_moved_stamps_what_is_written_from_then_on(
    cosmos: Cosmos, shards: ContainerProxy, *, seconds: float, stamp: int
) -> None:
    before = await shards.create_item(shard())
    fault = armed(cosmos, Kind.CLOCK_MOVED, operation="upsert", seconds=seconds)

    after = await shards.upsert_item(shard(n=2))
    later = await shards.upsert_item(shard(n=3))

    assert (before["_ts"], after["_ts"], later["_ts"]) == (1_800_000_000, stamp, stamp)
    assert cosmos.faults.fired[fault] == 1


async def test_what_has_time_left_expires_when_the_clock_is_moved_and_is_back_when_it_is_moved_back(
    cosmos: Cosmos, shards: ContainerProxy
) -> None:
    await shards.create_item(shard(ttl=60))
    armed(cosmos, Kind.CLOCK_MOVED, operation="read", seconds=61.0)
    with pytest.raises(CosmosResourceNotFoundError):
        await shards.read_item("a", T1A)

    armed(cosmos, Kind.CLOCK_MOVED, operation="read", seconds=-2.0)
    assert (await shards.read_item("a", T1A))["n"] == 1


async def test_the_same_seed_meets_the_same_calls() -> None:
    fault = Fault(at="cosmos", kind=Kind.REFUSE, status=449, operation="upsert", share=0.5)

    first, second, other = [await outcomes(Injector("cosmos", ABILITIES, faults=[fault], seed=seed)) for seed in (7, 7, 8)]

    assert first == second != other
    assert set(first) == {200, 449}


async def numbers(rows: Any) -> list[int]:
    return [row async for row in rows]


async def outcomes(faults: Injector) -> list[int]:
    """What twenty upserts came to."""
    async with running_cosmos(faults=faults) as cosmos, CosmosClient.from_connection_string(cosmos.connection_string) as client:
        database: DatabaseProxy = await client.create_database("shardline")
        shards = await database.create_container("shards", PartitionKey(path=["/tenantId", "/id"]))
        return [await outcome(shards) for _ in range(20)]


async def outcome(shards: ContainerProxy) -> int:
    try:
        await shards.upsert_item(shard())
    except CosmosHttpResponseError as error:
        return error.status_code or 0
    return 200
