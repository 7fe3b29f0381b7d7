"""The change feed of the Cosmos stand-in, as the unmodified `azure-cosmos` client meets it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from azure.cosmos import PartitionKey
from azure.cosmos.aio import ContainerProxy, CosmosClient, DatabaseProxy
from azure.cosmos.exceptions import CosmosHttpResponseError

from devtools.emulators.cosmos.ranges import even_ranges
from devtools.emulators.cosmos.server import Cosmos, running_cosmos

pytestmark = pytest.mark.integration

T1A = ["t1", "a"]
OLD_STYLE = pytest.mark.filterwarnings(
    "ignore:'partition_key_range_id':DeprecationWarning", "ignore:'is_start_from_beginning':DeprecationWarning"
)


def chunk(id_: str, **fields: Any) -> dict[str, Any]:
    return {"id": id_, "tenantId": "t1", "shardId": "a", **fields}


async def changes(container: ContainerProxy, **options: Any) -> list[str]:
    return [f"{item['shardId']}{item['id']}" async for item in container.query_items_change_feed(**options)]


async def feed(container: ContainerProxy, **options: Any) -> tuple[list[list[str]], str]:
    """The ids of every page, and where the next reader goes on: the pager has no token of an end without items, the last answer has."""
    pages: Any = container.query_items_change_feed(**options).by_page()
    found = [[item["id"] async for item in page] async for page in pages]
    return found, container.client_connection.last_response_headers["etag"]


async def rest(container: ContainerProxy, token: str, **options: Any) -> Sequence[str]:
    found, _ = await feed(container, continuation=token, **options)
    return [id_ for page in found for id_ in page]


async def test_every_item_comes_once_in_the_order_of_its_last_write(chunks: ContainerProxy) -> None:
    await chunks.patch_item("a0", T1A, [{"op": "set", "path": "/n", "value": 100}])
    await chunks.upsert_item(chunk("a9", n=0))
    await chunks.patch_item("a0", T1A, [{"op": "set", "path": "/n", "value": 200}])

    found = [item async for item in chunks.query_items_change_feed(start_time="Beginning")]

    assert [item["n"] for item in found] == [1, 2, 3, 4, 5, 6, 7, 0, 200]
    assert [item["_lsn"] for item in found] == [2, 3, 4, 5, 6, 7, 8, 10, 11]


async def test_what_was_deleted_or_has_expired_never_comes(clock: SimpleNamespace, shards: ContainerProxy) -> None:
    for number in range(3):
        await shards.create_item({"id": f"{number}", "tenantId": "t1"} | ({"ttl": 5} if number == 1 else {}))
    await shards.delete_item("0", ["t1", "0"])
    clock.seconds += 5

    found = [item["id"] async for item in shards.query_items_change_feed(start_time="Beginning")]

    assert found == ["2"]


async def test_a_reader_from_now_on_hears_of_what_comes_later(chunks: ContainerProxy) -> None:
    before, token = await feed(chunks, start_time="Now")
    await chunks.create_item(chunk("new"))

    assert before == []
    assert await rest(chunks, token) == ["new"]


async def test_now_is_where_a_reader_starts_who_says_nothing(chunks: ContainerProxy) -> None:
    assert await changes(chunks) == []


async def test_a_reader_from_a_time_on_gets_page_for_page_what_was_written_since_then(
    clock: SimpleNamespace, chunks: ContainerProxy
) -> None:
    clock.seconds += 60
    for number in range(3):
        await chunks.create_item(chunk(f"new{number}"))
    start = datetime.fromtimestamp(clock.seconds, UTC)
    clock.seconds += 60
    await chunks.create_item(chunk("newer"))

    found, _ = await feed(chunks, start_time=start, max_item_count=2)

    assert found == [["new0", "new1"], ["new2", "newer"]]


async def test_the_client_itself_cannot_go_on_with_a_token_of_a_reader_from_a_time_on(
    clock: SimpleNamespace, chunks: ContainerProxy
) -> None:
    """A defect of the client: it writes milliseconds into its token and reads them as seconds. Should this fail, it was mended."""
    _, token = await feed(chunks, start_time=datetime.fromtimestamp(clock.seconds, UTC))

    with pytest.raises(ValueError, match="out of range"):
        await rest(chunks, token)


async def test_a_token_goes_on_where_a_reader_stopped(chunks: ContainerProxy) -> None:
    pages: Any = chunks.query_items_change_feed(start_time="Beginning", max_item_count=3).by_page()
    first = [item["n"] async for item in await anext(pages)]
    token = pages.continuation_token

    await chunks.delete_item("b0", ["t1", "b"])
    await chunks.patch_item("a0", T1A, [{"op": "set", "path": "/n", "value": 100}])
    later = [item["n"] async for item in chunks.query_items_change_feed(continuation=token)]

    assert first == [0, 1, 2]
    assert later == [3, 4, 5, 6, 7, 100]


async def test_a_reader_is_told_that_nothing_is_new_and_asks_no_further(cosmos: Cosmos, chunks: ContainerProxy) -> None:
    _, token = await feed(chunks, start_time="Beginning")
    cosmos.operations.reset()

    assert await rest(chunks, token) == []

    assert cosmos.operations.counts["feed"] == 1
    assert cosmos.operations.statuses[304] == 1
    assert cosmos.operations.charge == 1.0


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (["t1", "a"], ["aa0", "aa1"]),
        (["t1"], ["aa0", "aa1", "bb0", "bb1"]),
        (["t9"], []),
    ],
)
async def test_the_feed_of_a_key_or_of_a_prefix_has_its_items_alone(chunks: ContainerProxy, key: list[str], expected: list[str]) -> None:
    assert await changes(chunks, partition_key=key, start_time="Beginning") == expected


async def test_a_feed_of_one_key_goes_on_with_its_token(chunks: ContainerProxy) -> None:
    _, token = await feed(chunks, partition_key=T1A, start_time="Beginning")
    await chunks.create_item(chunk("elsewhere") | {"shardId": "b"})
    await chunks.create_item(chunk("here"))

    assert await rest(chunks, token) == ["here"]


async def test_a_page_is_never_cut_within_one_batch(database: DatabaseProxy) -> None:
    container = await database.create_container("c", PartitionKey(path="/key"))
    for batch in ("a", "b"):
        await container.execute_item_batch([("create", ({"id": f"{batch}{n}", "key": "k"},)) for n in range(5)], partition_key="k")

    found, _ = await feed(container, start_time="Beginning", max_item_count=2)

    assert found == [["a0", "a1", "a2", "a3", "a4"], ["b0", "b1", "b2", "b3", "b4"]]


async def test_a_page_has_at_most_four_megabytes(database: DatabaseProxy) -> None:
    container = await database.create_container("c", PartitionKey(path="/id"))
    for number in range(9):
        await container.create_item({"id": f"{number}", "text": "x" * 900_000})

    found, _ = await feed(container, start_time="Beginning", max_item_count=-1)

    assert found == [["0", "1", "2", "3"], ["4", "5", "6", "7"], ["8"]]


async def test_a_page_costs_what_one_item_of_its_size_would(cosmos: Cosmos, shards: ContainerProxy) -> None:
    for number in range(4):
        await shards.create_item({"id": f"{number}", "tenantId": "t1", "text": "x" * (4 * 1024 - 36)})
    cosmos.operations.reset()

    [item async for item in shards.query_items_change_feed(start_time="Beginning")]

    assert cosmos.operations.charges["feed"] == pytest.approx(1.67 + 1.0, abs=0.01)


async def test_feed_ranges_of_several_ranges_share_the_items_among_them() -> None:
    async with running_cosmos(ranges=even_ranges(3)) as cosmos, CosmosClient(cosmos.endpoint, cosmos.key) as client:
        database = await client.create_database("d")
        container = await database.create_container("c", PartitionKey(path=["/tenantId", "/shardId"]))
        for number in range(30):
            await container.create_item({"id": f"{number}", "tenantId": f"t{number % 10}", "shardId": f"s{number}"})
        ranges = [one async for one in container.read_feed_ranges()]

        parts = [
            [f"{item['id']}" async for item in container.query_items_change_feed(feed_range=one, start_time="Beginning")] for one in ranges
        ]
        whole, token = await feed(container, start_time="Beginning", max_item_count=4)
        for number in (30, 31, 32, 33):
            await container.create_item({"id": f"{number}", "tenantId": f"t{number}", "shardId": "s"})
        later = await rest(container, token)

    everything = {f"{number}" for number in range(30)}
    assert len(parts) == 3
    assert all(part == sorted(part, key=int) for part in parts)
    assert sorted(id_ for part in parts for id_ in part) == sorted(everything)
    assert sorted(id_ for page in whole for id_ in page) == sorted(everything)
    assert sorted(later) == ["30", "31", "32", "33"]
    assert cosmos.operations.server_errors == 0


@OLD_STYLE
async def test_a_range_may_be_read_by_its_number_with_a_plain_token(chunks: ContainerProxy) -> None:
    pages = chunks.query_items_change_feed(partition_key_range_id="0", is_start_from_beginning=True).by_page()
    first = [item["n"] async for page in pages async for item in page]
    await chunks.create_item(chunk("new"))

    later = [item["id"] async for item in chunks.query_items_change_feed(partition_key_range_id="0", continuation='"8"')]

    assert first == [0, 1, 2, 3, 4, 5, 6, 7]
    assert later == ["new"]


async def test_deletes_and_all_versions_are_refused(chunks: ContainerProxy) -> None:
    with pytest.raises(CosmosHttpResponseError, match="latest version") as refused:
        await changes(chunks, mode="AllVersionsAndDeletes")

    assert refused.value.status_code == 400


@OLD_STYLE
async def test_a_token_that_cannot_be_read_is_refused(cosmos: Cosmos, chunks: ContainerProxy) -> None:
    with pytest.raises(CosmosHttpResponseError, match="cannot be read") as refused:
        await changes(chunks, partition_key_range_id="0", continuation='"99999999999999999999"')

    assert refused.value.status_code == 400
    assert cosmos.operations.counts["feed"] == 1


async def test_the_token_of_a_container_that_was_made_anew_is_worth_nothing(
    client: CosmosClient, cosmos: Cosmos, database: DatabaseProxy, chunks: ContainerProxy
) -> None:
    _, token = await feed(chunks, start_time="Beginning")
    await database.delete_container("chunks")
    await database.create_container("chunks", PartitionKey(path=["/tenantId", "/shardId"]))

    async with CosmosClient(cosmos.endpoint, cosmos.key) as another:
        anew = another.get_database_client("shardline").get_container_client("chunks")
        with pytest.raises(ValueError, match="Mismatch collection rid"):
            await rest(anew, token)


async def test_a_token_outlives_a_restart(tmp_path: Path) -> None:
    async with running_cosmos(data=tmp_path) as cosmos, CosmosClient(cosmos.endpoint, cosmos.key) as client:
        container = await (await client.create_database("d")).create_container("c", PartitionKey(path="/id"))
        for number in range(4):
            await container.create_item({"id": f"{number}"})
        pages: Any = container.query_items_change_feed(start_time="Beginning", max_item_count=2).by_page()
        first = [item["id"] async for item in await anext(pages)]
        await container.delete_item("3", "3")
        token = pages.continuation_token

    async with running_cosmos(data=tmp_path) as cosmos, CosmosClient(cosmos.endpoint, cosmos.key) as client:
        container = client.get_database_client("d").get_container_client("c")
        await container.create_item({"id": "4"})
        after = await rest(container, token)

    assert first == ["0", "1"]
    assert after == ["2", "4"]


async def test_a_token_outlives_a_restart_with_other_ranges(tmp_path: Path) -> None:
    async with running_cosmos(data=tmp_path) as cosmos, CosmosClient(cosmos.endpoint, cosmos.key) as client:
        container = await (await client.create_database("d")).create_container("c", PartitionKey(path="/id"))
        for number in range(10):
            await container.create_item({"id": f"{number}"})
        _, token = await feed(container, start_time="Beginning")

    async with running_cosmos(data=tmp_path, ranges=even_ranges(3)) as cosmos, CosmosClient(cosmos.endpoint, cosmos.key) as client:
        container = client.get_database_client("d").get_container_client("c")
        for number in range(10, 20):
            await container.create_item({"id": f"{number}"})
        after = await rest(container, token)

    assert sorted(after) == [f"{number}" for number in range(10, 20)]
