"""Stale entity tags, repeated writes and full disks, as the unmodified `azure-cosmos` client meets them."""

from typing import Any

import pytest
from azure.core import MatchConditions
from azure.cosmos.aio import ContainerProxy
from azure.cosmos.exceptions import (
    CosmosAccessConditionFailedError,
    CosmosBatchOperationError,
    CosmosHttpResponseError,
    CosmosResourceExistsError,
    CosmosResourceNotFoundError,
)

from devtools.emulators.cosmos.server import Cosmos
from devtools.faults.plan import Fault, Kind

pytestmark = pytest.mark.integration

T1A = ["t1", "a"]
INCREASED = [{"op": "incr", "path": "/n", "value": 1}]
IS_ONE = "FROM c WHERE c.n = 1"


def shard(**fields: Any) -> dict[str, Any]:
    return {"id": "a", "tenantId": "t1", "n": 1, **fields}


def armed(cosmos: Cosmos, kind: Kind, *, operation: str = "*", target: str = "shards", calls: int = 1, **how: Any) -> Fault:
    fault = Fault(at="cosmos", kind=kind, operation=operation, target=target, calls=calls, **how)
    cosmos.faults.add(fault)
    return fault


def only(etag: str) -> dict[str, Any]:
    return {"etag": etag, "match_condition": MatchConditions.IfNotModified}


@pytest.mark.parametrize("operation", ["upsert", "replace", "patch", "delete"])
async def test_a_conditional_write_finds_that_somebody_was_quicker_and_can_try_again(
    cosmos: Cosmos, shards: ContainerProxy, operation: str
) -> None:
    seen = await shards.create_item(shard())
    fault = armed(cosmos, Kind.STALE_ETAG)

    with pytest.raises(CosmosAccessConditionFailedError):
        await written(shards, operation, seen["_etag"])

    again = await shards.read_item("a", T1A)
    assert again["n"] == 1
    assert again["_etag"] != seen["_etag"]
    await written(shards, operation, again["_etag"])
    assert cosmos.faults.fired[fault] == 1


async def written(shards: ContainerProxy, operation: str, etag: str) -> None:
    match operation:
        case "create":
            await shards.create_item(shard(id="b"))
        case "upsert":
            await shards.upsert_item(shard(n=2), **only(etag))
        case "replace":
            await shards.replace_item("a", shard(n=2), **only(etag))
        case "patch":
            await shards.patch_item("a", T1A, INCREASED, **only(etag))
        case "delete":
            await shards.delete_item("a", T1A, **only(etag))


async def test_a_patch_with_a_condition_is_told_that_it_does_not_hold_and_can_try_again(cosmos: Cosmos, shards: ContainerProxy) -> None:
    seen = await shards.create_item(shard())
    fault = armed(cosmos, Kind.STALE_ETAG)

    with pytest.raises(CosmosAccessConditionFailedError) as refused:
        await shards.patch_item("a", T1A, INCREASED, filter_predicate=IS_ONE)

    assert refused.value.sub_status == 1110
    assert (await shards.read_item("a", T1A))["_etag"] != seen["_etag"]
    assert (await shards.patch_item("a", T1A, INCREASED, filter_predicate=IS_ONE))["n"] == 2
    assert cosmos.faults.fired[fault] == 1


async def test_a_batch_stops_at_the_item_that_somebody_else_has_written(cosmos: Cosmos, chunks: ContainerProxy) -> None:
    seen = await chunks.read_item("a0", ["t1", "a"])
    item = {"id": "a0", "tenantId": "t1", "shardId": "a", "n": 100}
    batch: list[Any] = [("delete", ("a1",)), ("replace", ("a0", item), {"if_match_etag": seen["_etag"]})]
    fault = armed(cosmos, Kind.STALE_ETAG, target="chunks")

    with pytest.raises(CosmosBatchOperationError) as refused:
        await chunks.execute_item_batch(batch, partition_key=["t1", "a"])

    assert [answer["statusCode"] for answer in refused.value.operation_responses] == [424, 412]
    assert (await chunks.read_item("a1", ["t1", "a"]))["n"] == 1
    assert (await chunks.read_item("a0", ["t1", "a"]))["n"] == 0
    assert cosmos.faults.fired[fault] == 1


async def test_a_stale_entity_tag_meets_no_write_that_does_not_rely_on_one(cosmos: Cosmos, shards: ContainerProxy) -> None:
    seen = await shards.create_item(shard())
    fault = armed(cosmos, Kind.STALE_ETAG)

    await shards.upsert_item(shard(n=2))
    await shards.patch_item("a", T1A, INCREASED)
    with pytest.raises(CosmosAccessConditionFailedError):  # somebody else was quicker indeed
        await shards.replace_item("a", shard(n=9), **only(seen["_etag"]))
    with pytest.raises(CosmosAccessConditionFailedError):
        await shards.patch_item("a", T1A, INCREASED, filter_predicate=IS_ONE)

    assert cosmos.faults.fired[fault] == 0


@pytest.mark.parametrize(
    ("operation", "refusal"),
    [
        ("create", CosmosResourceExistsError),
        ("replace", CosmosAccessConditionFailedError),
        ("delete", CosmosResourceNotFoundError),
    ],
)
async def test_a_write_that_was_carried_out_twice_is_answered_as_the_second_time(
    cosmos: Cosmos, shards: ContainerProxy, *, operation: str, refusal: type[CosmosHttpResponseError]
) -> None:
    seen = await shards.create_item(shard())
    fault = armed(cosmos, Kind.DUPLICATE, operation=operation)

    with pytest.raises(refusal):
        await written(shards, operation, seen["_etag"])

    found = {item["id"]: item["n"] async for item in shards.read_all_items()}
    assert found == {"create": {"a": 1, "b": 1}, "replace": {"a": 2}, "delete": {}}[operation]
    assert cosmos.faults.fired[fault] == 1


async def test_what_is_not_safe_to_repeat_shows_when_it_is(cosmos: Cosmos, shards: ContainerProxy) -> None:
    await shards.create_item(shard())
    fault = armed(cosmos, Kind.DUPLICATE, operation="patch")

    assert (await shards.patch_item("a", T1A, INCREASED))["n"] == 3
    assert cosmos.faults.fired[fault] == 1


async def test_only_a_write_that_went_well_happens_twice(cosmos: Cosmos, shards: ContainerProxy) -> None:
    await shards.create_item(shard())
    fault = armed(cosmos, Kind.DUPLICATE)

    await shards.read_item("a", T1A)
    with pytest.raises(CosmosResourceExistsError):
        await shards.create_item(shard())

    assert cosmos.faults.fired[fault] == 0


async def test_on_a_full_disk_nothing_is_written_and_reading_goes_on(cosmos: Cosmos, shards: ContainerProxy) -> None:
    before = await shards.create_item(shard())
    fault = armed(cosmos, Kind.DISK_FULL, calls=2)  # the client tries a second time

    with pytest.raises(CosmosHttpResponseError) as refused:
        await shards.upsert_item(shard(n=2))

    assert refused.value.status_code == 503
    assert dict(await shards.read_item("a", T1A)) == dict(before)
    assert (await shards.upsert_item(shard(n=3)))["n"] == 3
    assert cosmos.faults.fired[fault] == 2


async def test_on_a_full_disk_a_batch_is_not_written_by_halves(cosmos: Cosmos, chunks: ContainerProxy) -> None:
    batch: list[Any] = [("delete", ("a0",)), ("delete", ("a1",))]
    fault = armed(cosmos, Kind.DISK_FULL, target="chunks", calls=2)

    with pytest.raises(CosmosHttpResponseError) as refused:
        await chunks.execute_item_batch(batch, partition_key=["t1", "a"])

    assert refused.value.status_code == 503
    assert [item["id"] async for item in chunks.query_items("SELECT * FROM c", partition_key=["t1", "a"])] == ["a0", "a1"]
    assert cosmos.faults.fired[fault] == 2


async def test_what_never_reaches_the_disk_does_not_find_it_full(cosmos: Cosmos, shards: ContainerProxy) -> None:
    fault = armed(cosmos, Kind.DISK_FULL)

    with pytest.raises(CosmosResourceNotFoundError):
        await shards.delete_item("a", T1A)

    assert cosmos.faults.fired[fault] == 0
