"""Queries in the Cosmos stand-in, as the unmodified `azure-cosmos` client meets them."""

from typing import Any

import pytest
from azure.cosmos import PartitionKey
from azure.cosmos.aio import ContainerProxy, DatabaseProxy
from azure.cosmos.exceptions import (
    CosmosHttpResponseError,
)

from devtools.emulators.cosmos.server import Cosmos

pytestmark = pytest.mark.integration


async def collected(pages: Any) -> list[Any]:
    return [row async for row in pages]


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        ("SELECT VALUE c.n FROM c", ["t1", "a"], [0, 1]),
        ("SELECT VALUE c.n FROM c", ["t1"], [0, 1, 2, 3]),
        ("SELECT VALUE c.n FROM c", None, [0, 1, 2, 3, 4, 5, 6, 7]),
        ("SELECT VALUE c.n FROM c WHERE c.tenantId = @tenant AND c.n > 1", ["t1"], [2, 3]),
        ("SELECT VALUE c.n FROM c ORDER BY c.n DESC", ["t2"], [7, 6, 5, 4]),
        ("SELECT TOP 2 VALUE c.n FROM c ORDER BY c.n DESC", None, [7, 6]),
        ("SELECT VALUE c.n FROM c ORDER BY c.n OFFSET 2 LIMIT 2", None, [2, 3]),
        ("SELECT VALUE COUNT(1) FROM c", ["t1"], [4]),
        ("SELECT VALUE SUM(c.n) FROM c", None, [28]),
        ("SELECT DISTINCT VALUE c.tenantId FROM c", None, ["t1", "t2"]),
        ("SELECT VALUE c.n FROM c WHERE c.id IN ('a0', 'b1')", ["t2"], [4, 7]),
        ("SELECT VALUE c.n FROM c", ["t9"], []),
    ],
)
async def test_a_query_reaches_what_its_key_allows(chunks: ContainerProxy, text: str, key: list[str] | None, expected: list[Any]) -> None:
    options: dict[str, Any] = {} if key is None else {"partition_key": key}

    found = await collected(chunks.query_items(text, parameters=[{"name": "@tenant", "value": "t1"}], **options))

    assert found == expected


async def test_pages_go_on_where_they_ended(chunks: ContainerProxy) -> None:
    def pages(token: str | None) -> Any:
        text = "SELECT VALUE c.n FROM c ORDER BY c.n DESC"
        return chunks.query_items(text, partition_key=["t1", "a"], max_item_count=1).by_page(token)

    first = pages(None)
    assert await collected(await anext(first)) == [1]

    second = pages(first.continuation_token)
    assert await collected(await anext(second)) == [0]
    assert second.continuation_token is None


async def test_a_long_answer_comes_in_pages_of_a_hundred(cosmos: Cosmos, database: DatabaseProxy) -> None:
    container = await database.create_container("c", PartitionKey(path="/key"))
    for start in range(0, 250, 50):
        operations = [("create", ({"id": str(number), "key": "k", "n": number},)) for number in range(start, start + 50)]
        await container.execute_item_batch(operations, partition_key="k")

    found = await collected(container.query_items("SELECT VALUE c.n FROM c", partition_key="k"))

    assert found == list(range(250))
    assert cosmos.operations.counts["query"] == 3


async def test_a_continuation_that_cannot_be_read_is_refused_and_not_retried(cosmos: Cosmos, chunks: ContainerProxy) -> None:
    with pytest.raises(CosmosHttpResponseError) as refused:
        await anext(chunks.query_items("SELECT * FROM c", partition_key=["t1", "a"]).by_page("nonsense"))

    assert refused.value.status_code == 400
    assert cosmos.operations.counts["query"] == 1


@pytest.mark.parametrize("text", ["SELECT * FROM", "SELECT c.n FROM c GROUP BY c.n", "SELECT * FROM c WHERE c.n = @missing"])
async def test_a_query_that_is_not_understood_is_refused(chunks: ContainerProxy, text: str) -> None:
    with pytest.raises(CosmosHttpResponseError) as refused:
        await collected(chunks.query_items(text, partition_key=["t1", "a"]))

    assert refused.value.status_code == 400


async def test_many_items_are_read_in_one_call(chunks: ContainerProxy) -> None:
    found = await chunks.read_items([("a0", ["t1", "a"]), ("b1", ["t2", "b"]), ("zz", ["t1", "a"])])

    assert sorted(item["n"] for item in found) == [0, 7]
