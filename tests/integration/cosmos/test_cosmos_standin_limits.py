"""The limits of batches and patches and the edges of time to live in the Cosmos stand-in, as the client meets them."""

from types import SimpleNamespace
from typing import Any

import pytest
from azure.core import MatchConditions
from azure.cosmos import PartitionKey
from azure.cosmos.aio import ContainerProxy, CosmosClient, DatabaseProxy
from azure.cosmos.exceptions import CosmosAccessConditionFailedError, CosmosBatchOperationError, CosmosHttpResponseError

from devtools.emulators.cosmos.server import Cosmos

pytestmark = pytest.mark.integration

T1A = ["t1", "a"]
LARGE_BODIES = pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")


def chunk(id_: str, **fields: Any) -> dict[str, Any]:
    return {"id": id_, "tenantId": "t1", "shardId": "a", **fields}


async def ids(container: ContainerProxy, key: Any = T1A) -> list[str]:
    return [item["id"] async for item in container.query_items("SELECT * FROM c", partition_key=key)]


# --- batches


async def test_a_batch_has_a_hundred_operations(chunks: ContainerProxy) -> None:
    answers = await chunks.execute_item_batch([("create", (chunk(f"{n}"),)) for n in range(100)], partition_key=T1A)

    assert {answer["statusCode"] for answer in answers} == {201}
    assert len(await ids(chunks)) == 102


@pytest.mark.parametrize("count", [0, 101])
async def test_a_batch_without_operations_or_with_too_many_is_refused_whole(chunks: ContainerProxy, count: int) -> None:
    with pytest.raises(CosmosHttpResponseError, match="1 to 100 operations") as refused:
        await chunks.execute_item_batch([("create", (chunk(f"{n}"),)) for n in range(count)], partition_key=T1A)

    assert refused.value.status_code == 400
    assert await ids(chunks) == ["a0", "a1"]


@LARGE_BODIES
@pytest.mark.parametrize(("size", "is_taken"), [(680_000, True), (720_000, False)])
async def test_a_batch_has_two_mebibytes(chunks: ContainerProxy, size: int, *, is_taken: bool) -> None:
    batch: list[Any] = [("create", (chunk(f"{n}", text="x" * size),)) for n in range(3)]

    if is_taken:
        await chunks.execute_item_batch(batch, partition_key=T1A)
    else:
        with pytest.raises(CosmosHttpResponseError) as refused:
            await chunks.execute_item_batch(batch, partition_key=T1A)
        assert refused.value.status_code == 413

    assert len(await ids(chunks)) == (5 if is_taken else 2)


async def test_a_batch_is_for_one_key_and_all_of_it(chunks: ContainerProxy) -> None:
    with pytest.raises(CosmosHttpResponseError) as refused:
        await chunks.execute_item_batch([("create", (chunk("new"),))], partition_key=["t1"])

    assert (refused.value.status_code, refused.value.sub_status) == (400, 1001)


async def test_an_item_of_another_key_stops_a_batch(chunks: ContainerProxy) -> None:
    batch: list[Any] = [("create", (chunk("new"),)), ("create", ({**chunk("other"), "shardId": "b"},))]

    with pytest.raises(CosmosBatchOperationError) as failed:
        await chunks.execute_item_batch(batch, partition_key=T1A)

    assert [answer["statusCode"] for answer in failed.value.operation_responses] == [424, 400]
    assert failed.value.operation_responses[1]["subStatusCode"] == 1001
    assert await ids(chunks) == ["a0", "a1"]


async def test_an_older_etag_stops_a_batch(chunks: ContainerProxy) -> None:
    old = (await chunks.read_item("a0", T1A))["_etag"]
    await chunks.upsert_item(chunk("a0"))
    batch: list[Any] = [("delete", ("a1",)), ("replace", ("a0", chunk("a0", n=7)), {"if_match_etag": old})]

    with pytest.raises(CosmosBatchOperationError) as failed:
        await chunks.execute_item_batch(batch, partition_key=T1A)

    assert [answer["statusCode"] for answer in failed.value.operation_responses] == [424, 412]
    assert await ids(chunks) == ["a0", "a1"]


# --- patches


@pytest.mark.parametrize("path", ["/id", "/tenantId", "/shardId", "/_etag", "/_ts", "/_rid"])
@pytest.mark.parametrize("op", ["set", "add", "replace", "remove", "incr", "move"])
async def test_the_id_the_key_and_the_stamps_of_an_item_cannot_be_patched(chunks: ContainerProxy, path: str, op: str) -> None:
    rest: dict[str, Any] = {"move": {"from": "/n"}, "remove": {}}.get(op, {"value": 1})
    operation = {"op": op, "path": path, **rest}

    with pytest.raises(CosmosHttpResponseError) as refused:
        await chunks.patch_item("a0", T1A, [operation])

    assert refused.value.status_code == 400


async def test_a_patch_is_done_whole_or_not_at_all(chunks: ContainerProxy) -> None:
    with pytest.raises(CosmosHttpResponseError):
        await chunks.patch_item("a0", T1A, [{"op": "set", "path": "/n", "value": 9}, {"op": "remove", "path": "/missing"}])

    assert (await chunks.read_item("a0", T1A))["n"] == 0


async def test_a_patch_in_a_batch_has_at_most_ten_operations(chunks: ContainerProxy) -> None:
    many = [{"op": "incr", "path": "/n", "value": 1}] * 11

    with pytest.raises(CosmosBatchOperationError) as failed:
        await chunks.execute_item_batch([("patch", ("a0", many))], partition_key=T1A)

    assert failed.value.operation_responses[0]["statusCode"] == 400


@pytest.mark.parametrize("condition", ["WHERE c.n =", "SELECT * FROM c", "FROM c WHERE c.n = @n", "FROM c WHERE MISSING(c.n)"])
async def test_a_condition_that_is_not_understood_is_refused_and_not_just_false(chunks: ContainerProxy, condition: str) -> None:
    with pytest.raises(CosmosHttpResponseError) as refused:
        await chunks.patch_item("a0", T1A, [{"op": "incr", "path": "/n", "value": 1}], filter_predicate=condition)

    assert refused.value.status_code == 400


async def test_an_older_etag_and_a_false_condition_are_told_apart(chunks: ContainerProxy) -> None:
    old = (await chunks.read_item("a0", T1A))["_etag"]
    await chunks.upsert_item(chunk("a0", n=1))
    operations = [{"op": "incr", "path": "/n", "value": 1}]

    with pytest.raises(CosmosAccessConditionFailedError) as stale:
        await chunks.patch_item("a0", T1A, operations, etag=old, match_condition=MatchConditions.IfNotModified)
    with pytest.raises(CosmosAccessConditionFailedError) as unmet:
        await chunks.patch_item("a0", T1A, operations, filter_predicate="FROM c WHERE c.n = 2")

    assert (stale.value.status_code, stale.value.sub_status or None) == (412, None)
    assert (unmet.value.status_code, unmet.value.sub_status) == (412, 1110)


# --- time to live


@pytest.fixture
async def fleeting(database: DatabaseProxy) -> ContainerProxy:
    """Items live for ten seconds where they say nothing."""
    return await database.create_container("fleeting", PartitionKey(path="/key"), default_ttl=10)


async def test_an_item_may_live_shorter_or_longer_than_its_container_says(clock: SimpleNamespace, fleeting: ContainerProxy) -> None:
    for id_, fields in {"default": {}, "short": {"ttl": 5}, "long": {"ttl": 20}, "for-ever": {"ttl": -1}}.items():
        await fleeting.create_item({"id": id_, "key": "k", **fields})

    seen = []
    for _ in range(5):
        seen.append(await ids(fleeting, "k"))
        clock.seconds += 5

    assert seen == [
        ["default", "short", "long", "for-ever"],
        ["default", "long", "for-ever"],
        ["long", "for-ever"],
        ["long", "for-ever"],
        ["for-ever"],
    ]


async def test_every_write_gives_an_item_its_time_again(clock: SimpleNamespace, fleeting: ContainerProxy) -> None:
    for id_ in ("written", "left"):
        await fleeting.create_item({"id": id_, "key": "k"})
    clock.seconds += 9
    await fleeting.patch_item("written", "k", [{"op": "set", "path": "/n", "value": 1}])
    clock.seconds += 9

    assert await ids(fleeting, "k") == ["written"]


async def test_an_expired_item_is_gone_for_every_call_and_its_id_is_free(clock: SimpleNamespace, fleeting: ContainerProxy) -> None:
    first = await fleeting.create_item({"id": "1", "key": "k"})
    clock.seconds += 10

    for call in (
        fleeting.read_item("1", "k"),
        fleeting.replace_item("1", {"id": "1", "key": "k"}),
        fleeting.patch_item("1", "k", [{"op": "set", "path": "/n", "value": 1}]),
        fleeting.delete_item("1", "k"),
    ):
        with pytest.raises(CosmosHttpResponseError) as refused:
            await call
        assert refused.value.status_code == 404
    with pytest.raises(CosmosBatchOperationError) as failed:
        await fleeting.execute_item_batch([("read", ("1",))], partition_key="k")
    second = await fleeting.create_item({"id": "1", "key": "k"})

    assert failed.value.operation_responses[0]["statusCode"] == 404
    assert second["_rid"] != first["_rid"]


async def test_another_default_is_for_items_that_are_there_already(
    clock: SimpleNamespace, database: DatabaseProxy, fleeting: ContainerProxy
) -> None:
    for id_, fields in {"default": {}, "own": {"ttl": 5}}.items():
        await fleeting.create_item({"id": id_, "key": "k", **fields})

    await database.replace_container("fleeting", PartitionKey(path="/key"))
    clock.seconds += 100
    without = await ids(fleeting, "k")
    await database.replace_container("fleeting", PartitionKey(path="/key"), default_ttl=200)

    assert without == ["default", "own"]
    assert await ids(fleeting, "k") == ["default"]


async def test_what_has_expired_does_not_come_back_with_another_default(
    clock: SimpleNamespace, database: DatabaseProxy, fleeting: ContainerProxy
) -> None:
    await fleeting.create_item({"id": "1", "key": "k"})
    clock.seconds += 10

    await database.replace_container("fleeting", PartitionKey(path="/key"), default_ttl=1000)

    assert await ids(fleeting, "k") == []


@pytest.mark.parametrize("ttl", [0, -2, 1.5, "10", True, 2**31])
async def test_a_patch_cannot_give_an_item_a_ttl_that_is_none(fleeting: ContainerProxy, ttl: object) -> None:
    await fleeting.create_item({"id": "1", "key": "k"})

    with pytest.raises(CosmosHttpResponseError) as refused:
        await fleeting.patch_item("1", "k", [{"op": "set", "path": "/ttl", "value": ttl}])

    assert refused.value.status_code == 400


@pytest.mark.parametrize("ttl", [0, -2])
async def test_a_container_cannot_have_a_default_that_is_none(database: DatabaseProxy, ttl: int) -> None:
    with pytest.raises(CosmosHttpResponseError) as refused:
        await database.create_container("c", PartitionKey(path="/key"), default_ttl=ttl)

    assert refused.value.status_code == 400


async def test_databases_and_containers_are_not_sorted_by_a_query(client: CosmosClient, cosmos: Cosmos) -> None:
    with pytest.raises(CosmosHttpResponseError, match="neither sorted nor cut") as refused:
        [one async for one in client.query_databases("SELECT * FROM c ORDER BY c.id")]

    assert refused.value.status_code == 400
    assert cosmos.operations.statuses[400] == 1
