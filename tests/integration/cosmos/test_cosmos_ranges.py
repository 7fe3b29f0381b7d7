"""Several physical ranges in the Cosmos stand-in: what the client makes of them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from azure.cosmos import PartitionKey
from azure.cosmos.aio import ContainerProxy, CosmosClient, DatabaseProxy
from azure.cosmos.exceptions import CosmosHttpResponseError

from devtools.emulators.cosmos.epk import effective_key
from devtools.emulators.cosmos.ranges import even_ranges, ranges_between
from devtools.emulators.cosmos.server import Cosmos, running_cosmos

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

TENANT = effective_key(("t1",), "MultiHash")
WITHIN_ONE_TENANT = ranges_between([TENANT + "1" * 32, TENANT + "2" * 32])
"""The ranges a large tenant is split into: the first parts of its keys are the same, the rest decides."""


async def collected(pages: Any) -> list[Any]:
    return [row async for row in pages]


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=[even_ranges(3), WITHIN_ONE_TENANT], ids=["even", "within-a-tenant"])
async def divided(request: pytest.FixtureRequest) -> AsyncIterator[Cosmos]:
    async with running_cosmos(ranges=request.param) as running:
        yield running
    assert running.operations.server_errors == 0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(divided: Cosmos) -> AsyncIterator[CosmosClient]:
    async with CosmosClient(divided.endpoint, divided.key) as found:
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def database(client: CosmosClient) -> DatabaseProxy:
    return await client.create_database("d")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chunks(database: DatabaseProxy) -> ContainerProxy:
    """Two tenants with thirty shards each, one chunk each; `n` has nothing to do with where a chunk lies."""
    found = await database.create_container("chunks", PartitionKey(path=["/tenantId", "/shardId"]))
    for n in range(60):
        await found.create_item({"id": f"{n}", "tenantId": f"t{n % 2 + 1}", "shardId": f"s{n}", "n": n})
    return found


async def test_the_client_is_told_of_every_range(chunks: ContainerProxy) -> None:
    assert len(await collected(chunks.read_feed_ranges())) == 3


async def test_an_item_is_found_wherever_it_lies(chunks: ContainerProxy) -> None:
    found = [(await chunks.read_item(f"{n}", [f"t{n % 2 + 1}", f"s{n}"]))["n"] for n in range(60)]

    assert found == list(range(60))


@pytest.mark.parametrize("text", ["SELECT VALUE c.n FROM c", "SELECT VALUE c.n FROM c WHERE c.n >= 0"])
async def test_a_prefix_finds_what_lies_in_every_range(chunks: ContainerProxy, text: str) -> None:
    found = await collected(chunks.query_items(text, partition_key=["t1"], max_item_count=4))

    assert sorted(found) == list(range(0, 60, 2))


async def test_a_prefix_counts_over_all_ranges(chunks: ContainerProxy) -> None:
    assert await collected(chunks.query_items("SELECT VALUE COUNT(1) FROM c", partition_key=["t1"])) == [30]


async def test_each_range_sorts_and_cuts_for_itself(divided: Cosmos, chunks: ContainerProxy) -> None:
    divided.operations.reset()

    found = await collected(chunks.query_items("SELECT TOP 2 VALUE c.n FROM c ORDER BY c.n", partition_key=["t1"]))

    ranges = divided.operations.counts["query"]
    assert ranges in {1, 3}
    assert len(found) == 2 * ranges
    assert found[:2] == sorted(found[:2])
    assert {0, 2} <= set(found)


async def test_what_needs_no_plan_may_cross_partitions(chunks: ContainerProxy) -> None:
    assert sorted(await collected(chunks.query_items("SELECT VALUE c.n FROM c WHERE c.n < 20"))) == list(range(20))


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM c ORDER BY c.n",
        "SELECT TOP 3 * FROM c",
        "SELECT * FROM c OFFSET 1 LIMIT 2",
        "SELECT DISTINCT VALUE c.tenantId FROM c",
        "SELECT VALUE COUNT(1) FROM c",
        "SELECT VALUE AVG(c.n) FROM c",
    ],
)
async def test_what_needs_a_plan_does_not_cross_partitions(divided: Cosmos, chunks: ContainerProxy, text: str) -> None:
    divided.operations.reset()

    with pytest.raises(CosmosHttpResponseError, match="gives no query plans") as refused:
        await collected(chunks.query_items(text))

    assert refused.value.status_code == 400
    assert (divided.operations.counts["query"], divided.operations.counts["plan"]) == (1, 1)


async def test_grouping_is_refused_within_a_range_and_across(chunks: ContainerProxy) -> None:
    scopes: list[dict[str, Any]] = [{}, {"partition_key": ["t1"]}]
    for options in scopes:
        with pytest.raises(CosmosHttpResponseError, match="GROUP BY"):
            await collected(chunks.query_items("SELECT COUNT(1) AS k FROM c GROUP BY c.tenantId", **options))


@pytest.mark.parametrize("divided", [even_ranges(3)], indirect=True)
async def test_the_changes_of_a_prefix_within_one_range_are_its_own_alone(chunks: ContainerProxy) -> None:
    found = await collected(chunks.query_items_change_feed(partition_key=["t1"], start_time="Beginning", max_item_count=3))

    assert [item["n"] for item in found] == list(range(0, 60, 2))


@pytest.mark.parametrize("divided", [WITHIN_ONE_TENANT], indirect=True)
async def test_the_client_itself_asks_for_the_changes_of_whole_ranges_where_a_prefix_lies_in_several(chunks: ContainerProxy) -> None:
    """A defect of the client, which forgets the prefix there: whoever reads the changes of a tenant has to look whose they are.

    Should this fail, it was mended.
    """
    found = await collected(chunks.query_items_change_feed(partition_key=["t1"], start_time="Beginning", max_item_count=3))

    assert sorted(item["n"] for item in found) == list(range(60))
