"""Patches and batches in the Cosmos stand-in, as the unmodified `azure-cosmos` client meets them."""

from typing import Any

import pytest
from azure.core import MatchConditions
from azure.cosmos.aio import ContainerProxy
from azure.cosmos.exceptions import (
    CosmosBatchOperationError,
    CosmosHttpResponseError,
    CosmosResourceNotFoundError,
)

pytestmark = pytest.mark.integration

T1A = ["t1", "a"]


def shard(**fields: Any) -> dict[str, Any]:
    return {"id": "a", "tenantId": "t1", "n": 1, **fields}


async def collected(pages: Any) -> list[Any]:
    return [row async for row in pages]


async def test_a_patch_changes_what_it_names_and_keeps_the_rest(shards: ContainerProxy) -> None:
    before = await shards.create_item(shard(structuredData={"name": "Acme"}, tags=["x"]))

    patched = await shards.patch_item(
        "a",
        T1A,
        [
            {"op": "incr", "path": "/n", "value": 2},
            {"op": "set", "path": "/structuredData/amount", "value": 5},
            {"op": "add", "path": "/tags/-", "value": "y"},
            {"op": "set", "path": "/ttl", "value": 90},
        ],
        etag=before["_etag"],
        match_condition=MatchConditions.IfNotModified,
    )

    assert patched["n"] == 3
    assert patched["structuredData"] == {"name": "Acme", "amount": 5}
    assert patched["tags"] == ["x", "y"]
    assert patched["_etag"] != before["_etag"]


async def test_a_patch_has_at_most_ten_operations(shards: ContainerProxy) -> None:
    await shards.create_item(shard())
    one = {"op": "incr", "path": "/n", "value": 1}

    assert (await shards.patch_item("a", T1A, [one] * 10))["n"] == 11

    with pytest.raises(CosmosHttpResponseError) as refused:
        await shards.patch_item("a", T1A, [one] * 11)
    assert refused.value.status_code == 400
    assert (await shards.read_item("a", T1A))["n"] == 11


async def test_a_patch_whose_condition_is_false_changes_nothing(shards: ContainerProxy) -> None:
    await shards.create_item(shard())
    operations = [{"op": "remove", "path": "/missing"}]

    with pytest.raises(CosmosHttpResponseError) as refused:
        await shards.patch_item("a", T1A, operations, filter_predicate="FROM c WHERE c.n > 1")

    assert (refused.value.status_code, refused.value.sub_status) == (412, 1110)
    assert (await shards.patch_item("a", T1A, [{"op": "set", "path": "/n", "value": 2}], filter_predicate="FROM c WHERE c.n = 1"))["n"] == 2


async def test_a_patch_of_nothing_is_not_found(shards: ContainerProxy) -> None:
    with pytest.raises(CosmosResourceNotFoundError):
        await shards.patch_item("a", T1A, [{"op": "set", "path": "/n", "value": 2}])


async def test_a_batch_is_done_whole(chunks: ContainerProxy) -> None:
    item = {"id": "new", "tenantId": "t1", "shardId": "a", "n": 0}

    answers = await chunks.execute_item_batch(
        [
            ("create", (item,)),
            ("patch", ("new", [{"op": "incr", "path": "/n", "value": 5}])),
            ("read", ("new",)),
            ("upsert", ({**item, "id": "a0"},)),
            ("delete", ("a1",)),
        ],
        partition_key=["t1", "a"],
    )

    assert [answer["statusCode"] for answer in answers] == [201, 200, 200, 200, 204]
    assert answers[2]["resourceBody"]["n"] == 5
    assert [found["id"] for found in await collected(chunks.query_items("SELECT * FROM c", partition_key=["t1", "a"]))] == ["a0", "new"]


async def test_a_batch_that_fails_in_the_middle_is_not_done_at_all(chunks: ContainerProxy) -> None:
    item = {"id": "new", "tenantId": "t1", "shardId": "a"}

    with pytest.raises(CosmosBatchOperationError) as failed:
        await chunks.execute_item_batch([("create", (item,)), ("create", (item,)), ("delete", ("a0",))], partition_key=["t1", "a"])

    assert failed.value.error_index == 1
    assert [answer["statusCode"] for answer in failed.value.operation_responses] == [424, 409, 424]
    with pytest.raises(CosmosResourceNotFoundError):
        await chunks.read_item("new", ["t1", "a"])
