"""Request units in the Cosmos stand-in: what every answer costs, and what happens when they are used up, as the client meets it."""

import asyncio
import time
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core import MatchConditions
from azure.cosmos import PartitionKey
from azure.cosmos.aio import ContainerProxy, CosmosClient, DatabaseProxy
from azure.cosmos.exceptions import CosmosBatchOperationError, CosmosHttpResponseError

from devtools.emulators.cosmos.server import Cosmos, running_cosmos

pytestmark = pytest.mark.integration

KB = 1024
EMPTY_BYTES = len('{"id":"a","text":""}')


def sized(size_bytes: int) -> dict[str, Any]:
    """An item of this size as compact JSON."""
    return {"id": "a", "text": "x" * (size_bytes - EMPTY_BYTES)}


def charge_of(answer: Any) -> str:
    return str(answer.get_response_headers()["x-ms-request-charge"])


@pytest.fixture
async def items(database: DatabaseProxy) -> ContainerProxy:
    return await database.create_container("items", PartitionKey(path="/id"), default_ttl=-1)


@pytest.mark.parametrize(
    ("kilobytes", "read", "write"),
    [(1, "1.00", "4.95"), (2, "1.04", "6.29"), (4, "1.14", "6.67"), (8, "1.33", "7.04"), (16, "1.67", "9.52"), (64, "3.71", "22.67")],
)
async def test_an_item_costs_what_the_table_says_for_its_size(items: ContainerProxy, kilobytes: int, read: str, write: str) -> None:
    item = sized(kilobytes * KB)

    charges = [
        charge_of(await items.create_item(item)),
        charge_of(await items.upsert_item(item)),
        charge_of(await items.replace_item("a", item)),
        charge_of(await items.read_item("a", "a")),
    ]

    assert charges == [write, write, write, read]


async def test_what_is_not_found_or_not_new_costs_one_unit(cosmos: Cosmos, items: ContainerProxy) -> None:
    created = await items.create_item(sized(16 * KB))
    cosmos.operations.reset()

    with pytest.raises(CosmosHttpResponseError) as missing:
        await items.read_item("b", "b")
    known = await items.read_item("a", "a", etag=created["_etag"], match_condition=MatchConditions.IfModified)

    assert (missing.value.status_code, missing.value.headers["x-ms-request-charge"]) == (404, "1.00")
    assert charge_of(known) == "1.00"
    assert cosmos.operations.charges["read"] == 2.0


async def test_a_batch_costs_the_sum_of_its_parts(items: ContainerProxy) -> None:
    charges: list[str] = []

    answers = await items.execute_item_batch(
        [("create", (sized(KB),)), ("read", ("a",)), ("replace", ("a", sized(8 * KB))), ("delete", ("a",))],
        partition_key="a",
        response_hook=lambda headers, _: charges.append(headers["x-ms-request-charge"]),
    )

    assert [answer["requestCharge"] for answer in answers] == pytest.approx([4.95, 1.0, 7.04, 7.04])
    assert charges == ["20.03"]


async def test_what_a_failed_batch_did_not_do_costs_nothing(items: ContainerProxy) -> None:
    with pytest.raises(CosmosBatchOperationError) as failed:
        await items.execute_item_batch([("create", (sized(KB),)), ("read", ("b",)), ("delete", ("a",))], partition_key="a")

    assert [answer["requestCharge"] for answer in failed.value.operation_responses] == [0, 1, 0]


async def test_every_page_of_a_query_has_a_price(chunks: ContainerProxy) -> None:
    charges: list[str] = []

    pages = chunks.query_items(
        "SELECT * FROM c",
        partition_key=["t1"],
        max_item_count=3,
        response_hook=lambda headers, _: charges.append(headers["x-ms-request-charge"]),
    )
    found = [item["n"] async for item in pages]

    assert found == [0, 1, 2, 3]
    assert charges == ["2.50", "2.50"]


async def test_a_container_whose_units_are_used_up_says_when_to_come_back(clock: SimpleNamespace) -> None:
    async with (
        running_cosmos(units_per_second=10, now=lambda: clock.seconds) as cosmos,
        CosmosClient(cosmos.endpoint, cosmos.key, retry_throttle_total=1) as client,
    ):
        items = await (await client.create_database("d")).create_container("items", PartitionKey(path="/id"))
        for number in range(3):
            await items.create_item({"id": f"{number}"})

        with pytest.raises(CosmosHttpResponseError) as refused:
            await items.read_item("0", "0")
        clock.seconds += 0.5
        found = await items.read_item("0", "0")

    assert (refused.value.status_code, refused.value.sub_status) == (429, 3200)
    assert refused.value.headers["x-ms-retry-after-ms"] == "486"
    assert found["id"] == "0"


async def test_one_container_does_not_use_up_anothers_units(clock: SimpleNamespace) -> None:
    async with (
        running_cosmos(units_per_second=4, now=lambda: clock.seconds) as cosmos,
        CosmosClient(cosmos.endpoint, cosmos.key, retry_throttle_total=1) as client,
    ):
        database = await client.create_database("d")
        busy = await database.create_container("busy", PartitionKey(path="/id"))
        calm = await database.create_container("calm", PartitionKey(path="/id"))
        await busy.create_item({"id": "1"})

        with pytest.raises(CosmosHttpResponseError):
            await busy.create_item({"id": "2"})

        assert (await calm.create_item({"id": "1"}))["id"] == "1"


async def test_the_client_waits_as_long_as_it_is_told_and_loses_nothing() -> None:
    async with running_cosmos(units_per_second=260) as cosmos, CosmosClient(cosmos.endpoint, cosmos.key, retry_throttle_total=50) as client:
        items = await (await client.create_database("d")).create_container("items", PartitionKey(path="/id"))
        began = time.monotonic()
        await asyncio.gather(*(items.create_item({"id": f"{number}"}) for number in range(80)))
        seconds = time.monotonic() - began

        refused = cosmos.operations.statuses[429]
        created = cosmos.operations.counts["create"]

    assert refused > 0
    assert created == 80 + refused
    assert seconds > 0.5  # 396 units, of which 260 are there at once


async def test_without_a_budget_nothing_is_refused(cosmos: Cosmos, items: ContainerProxy) -> None:
    await asyncio.gather(*(items.create_item({"id": f"{number}"}) for number in range(100)))

    assert cosmos.operations.statuses[429] == 0
