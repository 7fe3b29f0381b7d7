"""Continuation tokens of queries in the Cosmos stand-in: what they refuse and what they survive, as the client meets it."""

import base64
import json
from typing import Any

import pytest
from azure.cosmos import PartitionKey
from azure.cosmos.aio import ContainerProxy, DatabaseProxy
from azure.cosmos.exceptions import CosmosHttpResponseError

from devtools.emulators.cosmos.server import Cosmos

pytestmark = pytest.mark.integration

BY_N = "SELECT VALUE c.id FROM c ORDER BY c.n"


@pytest.fixture
async def numbers(database: DatabaseProxy) -> ContainerProxy:
    """Ten items, `n` from 0 to 90 in tens."""
    found = await database.create_container("numbers", PartitionKey(path="/key"))
    for number in range(10):
        await found.create_item({"id": f"{number}", "key": "k", "n": 10 * number})
    return found


async def first_page(container: ContainerProxy, text: str = BY_N, *, key: str = "k") -> tuple[list[str], str]:
    """Three rows, and the token of the rest."""
    pages: Any = container.query_items(text, partition_key=key, max_item_count=3).by_page()
    rows = [row async for row in await anext(pages)]
    return rows, str(pages.continuation_token)


async def rest(container: ContainerProxy, token: str, text: str = BY_N, *, key: str = "k") -> list[str]:
    pages: Any = container.query_items(text, partition_key=key, max_item_count=3).by_page(token)
    return [row async for page in pages async for row in page]


async def refusal(container: ContainerProxy, token: str, text: str = BY_N) -> CosmosHttpResponseError:
    with pytest.raises(CosmosHttpResponseError) as refused:
        await rest(container, token, text)
    return refused.value


def changed(token: str, position: int, value: object) -> str:
    """The token with something else in one of its places."""
    places = json.loads(base64.b64decode(token))
    places[position] = value
    return base64.b64encode(json.dumps(places).encode()).decode()


async def test_a_query_goes_on_where_its_token_says(numbers: ContainerProxy) -> None:
    rows, token = await first_page(numbers)

    assert rows == ["0", "1", "2"]
    assert await rest(numbers, token) == ["3", "4", "5", "6", "7", "8", "9"]


async def test_a_token_can_be_used_twice(numbers: ContainerProxy) -> None:
    _, token = await first_page(numbers)

    assert await rest(numbers, token) == await rest(numbers, token)


@pytest.mark.parametrize("cut", [1, 7, 20])
async def test_a_token_that_was_cut_is_refused(cosmos: Cosmos, numbers: ContainerProxy, cut: int) -> None:
    _, token = await first_page(numbers)
    cosmos.operations.reset()

    refused = await refusal(numbers, token[:-cut])

    assert refused.status_code == 400
    assert cosmos.operations.counts["query"] == 1


@pytest.mark.parametrize(
    ("position", "value"),
    [(1, []), (1, [[1], [2]]), (1, 5), (1, {"a": 1}), (2, "2"), (2, None), (3, [1]), (4, 1.5), (4, True)],
)
async def test_a_token_with_something_else_in_it_is_refused(numbers: ContainerProxy, position: int, value: object) -> None:
    _, token = await first_page(numbers)

    refused = await refusal(numbers, changed(token, position, value))

    assert refused.status_code == 400


async def test_a_token_of_another_query_is_refused(numbers: ContainerProxy) -> None:
    _, token = await first_page(numbers)

    refused = await refusal(numbers, token, "SELECT VALUE c.id FROM c ORDER BY c.n DESC")

    assert refused.status_code == 400
    assert "another query" in str(refused.message)


async def test_a_token_of_the_same_query_on_another_container_is_refused(database: DatabaseProxy, numbers: ContainerProxy) -> None:
    another = await database.create_container("others", PartitionKey(path="/key"))
    _, token = await first_page(numbers)

    assert (await refusal(another, token)).status_code == 400


@pytest.mark.parametrize("text", [BY_N, "SELECT VALUE c.id FROM c", "SELECT VALUE c.id FROM c ORDER BY c.n DESC"])
async def test_what_comes_and_goes_between_pages_neither_hides_nor_repeats_the_others(numbers: ContainerProxy, text: str) -> None:
    rows, token = await first_page(numbers, text)
    left = [f"{number}" for number in range(10) if f"{number}" not in rows]

    await numbers.delete_item(rows[0], "k")
    await numbers.delete_item(rows[2], "k")
    await numbers.create_item({"id": "before", "key": "k", "n": 1 if "DESC" not in text else 89})
    await numbers.create_item({"id": "after", "key": "k", "n": 55})
    found = await rest(numbers, token, text)

    new = {"after", "before"} if "ORDER" not in text else {"after"}
    assert sorted(found) == sorted([*left, *new])
    assert len(set(found)) == len(found)


async def test_an_item_changed_between_pages_is_given_as_it_is_then(numbers: ContainerProxy) -> None:
    text = "SELECT c.id, c.extra FROM c ORDER BY c.n"
    pages: Any = numbers.query_items(text, partition_key="k", max_item_count=5).by_page()
    await anext(pages)
    token = pages.continuation_token

    await numbers.patch_item("7", "k", [{"op": "set", "path": "/extra", "value": "new"}])
    found: Any = await rest(numbers, token, text)

    assert found == [{"id": "5"}, {"id": "6"}, {"id": "7", "extra": "new"}, {"id": "8"}, {"id": "9"}]


async def test_items_of_the_same_value_are_each_given_once(numbers: ContainerProxy) -> None:
    for number in range(10):
        await numbers.patch_item(f"{number}", "k", [{"op": "set", "path": "/n", "value": number // 5}])

    rows, token = await first_page(numbers)

    assert rows + await rest(numbers, token) == [f"{number}" for number in range(10)]


async def test_the_reading_of_all_items_has_tokens_too(numbers: ContainerProxy) -> None:
    pages: Any = numbers.read_all_items(max_item_count=4).by_page()
    first = [item["id"] async for item in await anext(pages)]
    token = pages.continuation_token
    await numbers.delete_item("0", "k")

    again: Any = numbers.read_all_items(max_item_count=4).by_page(token)
    found = [item["id"] async for page in again async for item in page]

    assert first == ["0", "1", "2", "3"]
    assert found == ["4", "5", "6", "7", "8", "9"]
