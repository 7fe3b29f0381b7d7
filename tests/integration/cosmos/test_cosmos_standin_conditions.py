"""Patches with a condition in the Cosmos stand-in, alone and in a batch, as the unmodified `azure-cosmos` client meets them."""

from typing import Any

import pytest
from azure.cosmos.aio import ContainerProxy
from azure.cosmos.exceptions import CosmosAccessConditionFailedError, CosmosBatchOperationError

pytestmark = pytest.mark.integration

T1A = ["t1", "a"]
NOT_NEWER = "FROM c WHERE IS_NULL(c.vectors) OR c.vectors.revision <= 3"
SET_VECTORS = [{"op": "set", "path": "/vectors", "value": {"revision": 3}}]


def shard(**fields: Any) -> dict[str, Any]:
    return {"id": "a", "tenantId": "t1", **fields}


@pytest.mark.parametrize("vectors", [None, {"revision": 2}, {"revision": 3}])
async def test_a_patch_is_done_where_its_condition_holds(shards: ContainerProxy, vectors: Any) -> None:
    await shards.create_item(shard(vectors=vectors))

    patched = await shards.patch_item("a", T1A, SET_VECTORS, filter_predicate=NOT_NEWER)

    assert patched["vectors"] == {"revision": 3}


@pytest.mark.parametrize("fields", [{"vectors": {"revision": 4}}, {"vectors": {"revision": "3"}}, {"vectors": {}}, {}])
async def test_a_patch_is_not_done_where_its_condition_is_false_or_undefined(shards: ContainerProxy, fields: dict[str, Any]) -> None:
    before = await shards.create_item(shard(**fields))

    with pytest.raises(CosmosAccessConditionFailedError) as refused:
        await shards.patch_item("a", T1A, SET_VECTORS, filter_predicate=NOT_NEWER)

    assert (refused.value.status_code, refused.value.sub_status) == (412, 1110)
    assert (await shards.read_item("a", T1A))["_etag"] == before["_etag"]


async def test_a_condition_that_is_false_stops_the_whole_batch(chunks: ContainerProxy) -> None:
    batch: list[Any] = [
        ("upsert", ({"id": "a9", "tenantId": "t1", "shardId": "a", "n": 9},)),
        ("patch", ("a0", [{"op": "incr", "path": "/n", "value": 10}]), {"filter_predicate": "FROM c WHERE c.n > 5"}),
        ("delete", ("a1",)),
    ]

    with pytest.raises(CosmosBatchOperationError) as refused:
        await chunks.execute_item_batch(batch, partition_key=T1A)

    assert refused.value.status_code == 412
    assert refused.value.error_index == 1
    assert [answer["statusCode"] for answer in refused.value.operation_responses] == [424, 412, 424]
    assert refused.value.operation_responses[1]["subStatusCode"] == 1110
    found = [item["n"] async for item in chunks.query_items("SELECT * FROM c", partition_key=T1A)]
    assert found == [0, 1]


async def test_a_condition_in_a_batch_sees_what_came_before_it(chunks: ContainerProxy) -> None:
    batch: list[Any] = [
        ("patch", ("a0", [{"op": "set", "path": "/n", "value": 6}])),
        ("patch", ("a0", [{"op": "incr", "path": "/n", "value": 10}]), {"filter_predicate": "FROM c WHERE c.n > 5"}),
    ]

    answers = await chunks.execute_item_batch(batch, partition_key=T1A)

    assert [answer["statusCode"] for answer in answers] == [200, 200]
    assert (await chunks.read_item("a0", T1A))["n"] == 16
