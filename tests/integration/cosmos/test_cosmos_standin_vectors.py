"""Vector search in the Cosmos stand-in, as the unmodified `azure-cosmos` client asks for it."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from azure.cosmos import CosmosClient as SynchronousClient
from azure.cosmos import PartitionKey
from azure.cosmos.aio import ContainerProxy, CosmosClient, DatabaseProxy
from azure.cosmos.exceptions import CosmosHttpResponseError

from devtools.emulators.cosmos.server import Cosmos, running_cosmos

pytestmark = pytest.mark.integration

EMBEDDING = {"path": "/embedding", "dataType": "float32", "dimensions": 3, "distanceFunction": "cosine"}
POLICIES: dict[str, Any] = {
    "indexing_policy": {
        "indexingMode": "consistent",
        "automatic": True,
        "includedPaths": [{"path": "/*"}],
        "excludedPaths": [{"path": "/embedding/*"}, {"path": '/"_etag"/?'}],
        "vectorIndexes": [{"path": "/embedding", "type": "quantizedFlat"}],
    },
    "vector_embedding_policy": {"vectorEmbeddings": [EMBEDDING]},
    "default_ttl": -1,
}
KEY = PartitionKey(path=["/tenantId", "/shardId"])
SEARCH = (
    'SELECT TOP @most c.shardId, c.id, c.generation, c["start"], c["end"], VectorDistance(c.embedding, @vector) AS score '
    'FROM c WHERE c.tenantId = @tenant AND c.kind = "chunk" '
    "AND EXISTS(SELECT VALUE p FROM p IN c.principals WHERE ARRAY_CONTAINS(@caller, p)) "
    "ORDER BY VectorDistance(c.embedding, @vector)"
)
CHUNKS: list[tuple[str, str, str, list[int] | None, list[str]]] = [
    ("t1", "a", "0", [9999, 0, 0], ["ann"]),
    ("t1", "a", "1", [9999, 9999, 0], ["ann", "everyone"]),
    ("t1", "b", "0", [0, 9999, 0], ["everyone"]),
    ("t1", "b", "1", [9999, 1, 0], ["bob"]),
    ("t1", "c", "0", [-9999, 0, 0], ["everyone"]),
    ("t1", "c", "1", None, ["everyone"]),
    ("t2", "a", "0", [9999, 0, 0], ["ann"]),
]


def asked(*, caller: list[str], most: int = 10, tenant: str = "t1", vector: Any = (1, 0, 0)) -> list[dict[str, Any]]:
    values = {"@most": most, "@vector": list(vector), "@tenant": tenant, "@caller": caller}
    return [{"name": name, "value": value} for name, value in values.items()]


def hits(rows: list[dict[str, Any]]) -> list[str]:
    return [row["shardId"] + row["id"] for row in rows]


async def collected(pages: Any) -> list[Any]:
    return [row async for row in pages]


@pytest.fixture
async def passages(database: DatabaseProxy) -> ContainerProxy:
    """Two tenants, four shards, and a manifest in one of them."""
    container: ContainerProxy = await database.create_container("passages", KEY, **POLICIES)
    for tenant, shard, id_, vector, principals in CHUNKS:
        content = {"tenantId": tenant, "shardId": shard, "id": id_, "kind": "chunk", "generation": "g", "start": 0, "end": 5}
        await container.create_item({**content, "principals": principals, **({} if vector is None else {"embedding": vector})})
    await container.create_item({"tenantId": "t1", "shardId": "a", "id": "manifest", "kind": "manifest", "principals": ["ann"]})
    return container


async def test_the_nearest_a_caller_may_see_are_found_in_a_whole_tenant(cosmos: Cosmos, passages: ContainerProxy) -> None:
    before = cosmos.operations.counts["query"]

    found = await collected(passages.query_items(SEARCH, parameters=asked(caller=["ann", "everyone"]), partition_key=["t1"]))

    assert found[0] == {"shardId": "a", "id": "0", "generation": "g", "start": 0, "end": 5, "score": 1.0}
    assert hits(found) == ["a0", "a1", "b0", "c0", "c1"]
    assert [row.get("score") for row in found] == [1.0, pytest.approx(0.5**0.5), 0.0, -1.0, None]
    assert cosmos.operations.counts["query"] == before + 1
    assert cosmos.operations.counts["plan"] == 0


async def test_a_caller_sees_only_what_is_theirs(passages: ContainerProxy) -> None:
    found = await collected(passages.query_items(SEARCH, parameters=asked(caller=["bob"]), partition_key=["t1"]))

    assert hits(found) == ["b1"]


async def test_the_nearest_come_in_pages_that_go_on_where_they_ended(passages: ContainerProxy) -> None:
    def pages(token: str | None) -> Any:
        parameters = asked(caller=["ann", "everyone"], most=4)
        return passages.query_items(SEARCH, parameters=parameters, partition_key=["t1"], max_item_count=3).by_page(token)

    first = pages(None)
    assert hits(await collected(await anext(first))) == ["a0", "a1", "b0"]
    await passages.delete_item("0", ["t1", "a"])

    second = pages(first.continuation_token)
    assert hits(await collected(await anext(second))) == ["c0"]
    assert second.continuation_token is None


async def test_a_changed_vector_is_found_at_its_new_place(passages: ContainerProxy) -> None:
    parameters = asked(caller=["ann", "everyone"], most=1)
    assert hits(await collected(passages.query_items(SEARCH, parameters=parameters, partition_key=["t1"]))) == ["a0"]

    await passages.patch_item("0", ["t1", "a"], [{"op": "set", "path": "/embedding", "value": [0, 0, 9999]}])
    await passages.patch_item("0", ["t1", "c"], [{"op": "set", "path": "/embedding/0", "value": 9999}])

    assert hits(await collected(passages.query_items(SEARCH, parameters=parameters, partition_key=["t1"]))) == ["c0"]


async def test_all_tenants_are_searched_for_a_number_of_hits_only(passages: ContainerProxy) -> None:
    order = "FROM c ORDER BY VectorDistance(c.embedding, [1, 0, 0])"

    found = await collected(passages.query_items(" ".join(("SELECT TOP 2 VALUE c.tenantId", order))))

    assert found == ["t1", "t2"]
    with pytest.raises(CosmosHttpResponseError, match="needs TOP or LIMIT") as refused:
        await collected(passages.query_items(" ".join(("SELECT *", order))))
    assert refused.value.status_code == 400


@pytest.mark.parametrize("text", ["VectorDistance(c.embedding, [1, 0])", "VectorDistance(c.other, [1, 0, 0])"])
async def test_a_vector_that_does_not_fit_is_refused(passages: ContainerProxy, text: str) -> None:
    with pytest.raises(CosmosHttpResponseError, match="VectorDistance") as refused:
        await collected(passages.query_items(" ".join(("SELECT TOP 1 * FROM c ORDER BY", text)), partition_key=["t1"]))

    assert refused.value.status_code == 400


async def test_databases_and_containers_have_no_vectors(database: DatabaseProxy) -> None:
    with pytest.raises(CosmosHttpResponseError, match="needs a container"):
        await collected(database.query_containers("SELECT VectorDistance(c.v, [1]) FROM c"))


async def test_the_synchronous_client_finds_the_same(cosmos: Cosmos, passages: ContainerProxy) -> None:
    def found() -> list[dict[str, Any]]:
        with SynchronousClient.from_connection_string(cosmos.connection_string) as client:
            container = client.get_database_client("shardline").get_container_client(passages.id)
            return list(container.query_items(SEARCH, parameters=asked(caller=["everyone"]), partition_key=["t1"]))

    assert hits(await asyncio.to_thread(found)) == ["a1", "b0", "c0", "c1"]


async def test_a_vector_policy_stays_as_it_was_made(database: DatabaseProxy, passages: ContainerProxy) -> None:
    other = {"vectorEmbeddings": [{**EMBEDDING, "dimensions": 4}]}
    indexing = {**POLICIES["indexing_policy"], "vectorIndexes": [{"path": "/embedding", "type": "diskANN"}]}

    await database.replace_container(passages, KEY, **{**POLICIES, "default_ttl": 60})
    for changed in ({"vector_embedding_policy": other}, {"vector_embedding_policy": None}, {"indexing_policy": indexing}):
        with pytest.raises(CosmosHttpResponseError) as refused:
            await database.replace_container(passages, KEY, **{**POLICIES, **changed})
        assert refused.value.status_code == 400

    assert (await passages.read())["vectorEmbeddingPolicy"] == {"vectorEmbeddings": [EMBEDDING]}


async def test_vectors_are_found_again_after_a_restart(tmp_path: Path) -> None:
    async with running_cosmos(data=tmp_path) as cosmos, CosmosClient.from_connection_string(cosmos.connection_string) as client:
        database = await client.create_database("shardline")
        container = await database.create_container("passages", KEY, **POLICIES)
        await container.create_item({"tenantId": "t1", "shardId": "a", "id": "0", "embedding": [0, 2, 0]})

    async with running_cosmos(data=tmp_path) as cosmos, CosmosClient.from_connection_string(cosmos.connection_string) as client:
        container = client.get_database_client("shardline").get_container_client("passages")
        text = "SELECT TOP 1 VALUE VectorDistance(c.embedding, [0, 1, 0]) FROM c ORDER BY VectorDistance(c.embedding, [0, 1, 0])"

        assert await collected(container.query_items(text, partition_key=["t1"])) == [1.0]
