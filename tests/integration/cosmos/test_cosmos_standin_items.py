"""Single items in the Cosmos stand-in, as the unmodified `azure-cosmos` client meets them."""

from types import SimpleNamespace
from typing import Any

import pytest
from azure.core import MatchConditions
from azure.cosmos import PartitionKey
from azure.cosmos.aio import ContainerProxy, CosmosClient, DatabaseProxy
from azure.cosmos.exceptions import (
    CosmosAccessConditionFailedError,
    CosmosHttpResponseError,
    CosmosResourceExistsError,
    CosmosResourceNotFoundError,
)

from devtools.emulators.cosmos.key import KEY
from devtools.emulators.cosmos.server import Cosmos

pytestmark = pytest.mark.integration

T1A = ["t1", "a"]


def shard(**fields: Any) -> dict[str, Any]:
    return {"id": "a", "tenantId": "t1", "n": 1, **fields}


async def collected(pages: Any) -> list[Any]:
    return [row async for row in pages]


async def test_an_item_lives_and_dies(shards: ContainerProxy) -> None:
    created = await shards.create_item(shard(text="é☃"))
    replaced = await shards.replace_item("a", shard(n=2))
    upserted = await shards.upsert_item(shard(n=3))
    read = await shards.read_item("a", T1A)

    assert created["text"] == "é☃"
    assert [created["n"], replaced["n"], upserted["n"], read["n"]] == [1, 2, 3, 3]
    assert created["_rid"] == replaced["_rid"] == read["_rid"]
    assert len({created["_etag"], replaced["_etag"], upserted["_etag"]}) == 3
    assert read["_etag"] == upserted["_etag"] == read.get_response_headers()["etag"]

    await shards.delete_item("a", T1A)

    with pytest.raises(CosmosResourceNotFoundError):
        await shards.read_item("a", T1A)
    with pytest.raises(CosmosResourceNotFoundError):
        await shards.delete_item("a", T1A)
    with pytest.raises(CosmosResourceNotFoundError):
        await shards.replace_item("a", shard())


async def test_an_item_is_created_once(shards: ContainerProxy) -> None:
    await shards.create_item(shard())
    await shards.create_item(shard(tenantId="t2"))

    with pytest.raises(CosmosResourceExistsError):
        await shards.create_item(shard())


async def test_an_id_may_hold_spaces_signs_and_any_letter(shards: ContainerProxy) -> None:
    id_ = "a b%c+d é☃ 'q'"
    await shards.create_item(shard(id=id_))

    assert (await shards.read_item(id_, ["t1", id_]))["id"] == id_


async def test_a_whole_document_may_stand_for_its_id(shards: ContainerProxy) -> None:
    document = await shards.create_item(shard())

    assert (await shards.read_item(document, T1A))["id"] == "a"

    await shards.delete_item(document, T1A)

    assert await collected(shards.read_all_items()) == []


async def test_an_older_etag_does_not_write(shards: ContainerProxy) -> None:
    first = await shards.create_item(shard())
    second = await shards.upsert_item(shard(n=2), etag=first["_etag"], match_condition=MatchConditions.IfNotModified)

    for write in (
        shards.upsert_item(shard(n=3), etag=first["_etag"], match_condition=MatchConditions.IfNotModified),
        shards.replace_item("a", shard(n=3), etag=first["_etag"], match_condition=MatchConditions.IfNotModified),
        shards.patch_item(
            "a", T1A, [{"op": "set", "path": "/n", "value": 3}], etag=first["_etag"], match_condition=MatchConditions.IfNotModified
        ),
        shards.delete_item("a", T1A, etag=first["_etag"], match_condition=MatchConditions.IfNotModified),
    ):
        with pytest.raises(CosmosAccessConditionFailedError):
            await write

    assert (await shards.read_item("a", T1A))["_etag"] == second["_etag"]


async def test_a_known_version_is_not_sent_again(cosmos: Cosmos, shards: ContainerProxy) -> None:
    item = await shards.create_item(shard())

    answer = await shards.read_item("a", T1A, etag=item["_etag"], match_condition=MatchConditions.IfModified)

    assert dict(answer) == {}
    assert cosmos.operations.counts["read"] == 1


async def test_the_key_must_fit_the_item_and_be_whole(shards: ContainerProxy) -> None:
    await shards.create_item(shard())

    with pytest.raises(CosmosHttpResponseError) as partial:
        await shards.read_item("a", ["t1"])
    with pytest.raises(CosmosResourceNotFoundError):
        await shards.read_item("a", ["t2", "a"])
    with pytest.raises(CosmosHttpResponseError) as other:
        await shards.patch_item("a", T1A, [{"op": "set", "path": "/tenantId", "value": "t2"}])

    assert (partial.value.status_code, partial.value.sub_status) == (400, 1001)
    assert other.value.status_code == 400


async def test_an_item_without_its_key_is_kept_under_undefined(database: DatabaseProxy) -> None:
    container = await database.create_container("c", PartitionKey(path="/owner"))

    await container.create_item({"id": "1"})
    await container.create_item({"id": "1", "owner": None})

    assert await collected(container.query_items("SELECT VALUE COUNT(1) FROM c")) == [2]
    assert "owner" in await container.read_item("1", None)


async def test_little_is_sent_back_when_little_is_wanted(shards: ContainerProxy) -> None:
    answer = await shards.upsert_item(shard(), no_response=True)

    assert dict(answer) == {}
    assert answer.get_response_headers()["etag"] == (await shards.read_item("a", T1A))["_etag"]


@pytest.mark.filterwarnings("ignore:Sending a large body directly:ResourceWarning")  # the client's HTTP library, from 1 MiB on
async def test_an_item_of_two_mebibytes_is_the_largest(shards: ContainerProxy) -> None:
    room = 2 * 1024 * 1024 - len('{"id":"a","tenantId":"t1","text":""}')

    await shards.create_item({"id": "a", "tenantId": "t1", "text": "x" * room})

    with pytest.raises(CosmosHttpResponseError) as refused:
        await shards.upsert_item({"id": "a", "tenantId": "t1", "text": "x" * (room + 1)})
    assert refused.value.status_code == 413


@pytest.mark.parametrize("ttl", [0, -2, 1.5, "60", None])
async def test_a_time_to_live_is_a_positive_number_or_minus_one(shards: ContainerProxy, ttl: object) -> None:
    with pytest.raises(CosmosHttpResponseError) as refused:
        await shards.create_item(shard(ttl=ttl))

    assert refused.value.status_code == 400


async def test_an_item_ends_when_its_time_is_over(clock: SimpleNamespace, shards: ContainerProxy) -> None:
    await shards.create_item(shard(ttl=60))
    await shards.create_item(shard(id="b"))

    clock.seconds += 60

    with pytest.raises(CosmosResourceNotFoundError):
        await shards.read_item("a", T1A)
    assert [item["id"] for item in await collected(shards.query_items("SELECT * FROM c", partition_key=["t1"]))] == ["b"]
    assert (await shards.create_item(shard(n=9)))["n"] == 9


async def test_a_ttl_means_nothing_on_a_container_without_one(clock: SimpleNamespace, database: DatabaseProxy) -> None:
    container = await database.create_container("c", PartitionKey(path="/id"))
    await container.create_item({"id": "a", "ttl": 1})

    clock.seconds += 100

    assert (await container.read_item("a", "a"))["ttl"] == 1


async def test_all_items_of_one_key_can_be_deleted(chunks: ContainerProxy) -> None:
    await chunks.delete_all_items_by_partition_key(["t1", "a"])

    assert [item["n"] for item in await collected(chunks.read_all_items())] == [2, 3, 4, 5, 6, 7]


async def test_a_container_made_anew_is_found_by_a_client_that_knew_the_old(
    cosmos: Cosmos, database: DatabaseProxy, shards: ContainerProxy
) -> None:
    await shards.create_item(shard())
    async with CosmosClient(cosmos.endpoint, KEY) as other:
        again = other.get_database_client("shardline")
        await again.delete_container("shards")
        await again.create_container("shards", PartitionKey(path=["/tenantId", "/id"]))

    await shards.create_item(shard(n=5))

    assert (await shards.read_item("a", T1A))["n"] == 5
