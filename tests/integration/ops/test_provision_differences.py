"""What ``ops provision`` calls a difference, what it sends for one, and that afterwards there is none."""

import asyncio
import random
from collections.abc import AsyncIterator
from copy import deepcopy
from typing import Any, Final

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devtools.emulators.resource_manager.server import PretendResourceManager, running_resource_manager
from ops.provision.kinds import CONTAINER
from ops.provision.resource_manager import ResourceManager
from ops.refusals import Refused
from shared.http.client import http_client
from shared.topology import CONTAINERS, QUEUES
from tests.integration.ops.operators import SUBSCRIPTION, Operator

pytestmark = pytest.mark.integration

CHUNKS: Final = "shard-chunks-text-embedding-3-small-1536"
ARM: Final = "https://management.azure.com"


@pytest.fixture
async def operator() -> AsyncIterator[Operator]:
    """With everything in place, and nothing asked yet."""
    running = running_resource_manager(SUBSCRIPTION, "acme", service_bus="acme-bus", cosmos="acme-cosmos", storage="acmeblobs")
    async with running as azure, http_client() as http:
        made = Operator(azure, http)
        await made.types("--yes")
        azure.asked.clear()
        yield made


def containers(azure: PretendResourceManager) -> dict[str, dict[str, Any]]:
    return azure.databases["acme-cosmos"]["shardline"]


QUEUE_DIFFERENCES: Final[dict[str, st.SearchStrategy[Any]]] = {
    "lockDuration": st.sampled_from(["PT1M", "PT4M59S"]),
    "defaultMessageTimeToLive": st.sampled_from(["P1D", "P10675199DT2H48M5.4775807S"]),
    "maxDeliveryCount": st.integers(1, 2000),
    "deadLetteringOnMessageExpiration": st.booleans(),
    "duplicateDetectionHistoryTimeWindow": st.sampled_from(["PT10M", "P0DT1H0M0S"]),
}
POLICY_DIFFERENCES: Final[dict[str, st.SearchStrategy[Any]]] = {
    "indexingMode": st.sampled_from(["none", "consistent"]),
    "automatic": st.booleans(),
    "includedPaths": st.just([{"path": "/x/?"}, {"path": "/*"}]),
    "excludedPaths": st.just([{"path": "/y/*"}]),
    "compositeIndexes": st.just([[{"path": "/x", "order": "ascending"}, {"path": "/id", "order": "descending"}]]),
}
SPOILED: Final[st.SearchStrategy[list[tuple[str, str, dict[str, Any]]]]] = st.lists(
    st.one_of(
        st.tuples(
            st.just("queue"), st.sampled_from([queue.name for queue in QUEUES]), st.fixed_dictionaries({}, optional=QUEUE_DIFFERENCES)
        ),
        st.tuples(
            st.just("container"),
            st.sampled_from([*(one.name for one in CONTAINERS), CHUNKS]),
            st.fixed_dictionaries({}, optional={**POLICY_DIFFERENCES, "defaultTtl": st.sampled_from([None, -1, 60])}),
        ),
        st.tuples(st.just("gone"), st.sampled_from([*(queue.name for queue in QUEUES), "gaps", CHUNKS]), st.just({})),
    ),
    max_size=4,
)


@settings(max_examples=12, deadline=None)
@given(spoiled=SPOILED, seed=st.integers(0, 3))
def test_whatever_differed_afterwards_nothing_does(spoiled: list[tuple[str, str, dict[str, Any]]], seed: int) -> None:
    async def scene() -> None:
        running = running_resource_manager(SUBSCRIPTION, "acme", service_bus="acme-bus", cosmos="acme-cosmos", storage="acmeblobs")
        async with running as azure, http_client() as http:
            operator = Operator(azure, http)
            azure.page_size, azure.lasts = 50, 1
            await operator.types("--yes")
            for kind, name, differences in random.Random(seed).sample(spoiled, len(spoiled)):
                _spoil(azure, kind, name, differences)
            assert await operator.types("--yes") == 0
            azure.asked.clear()
            assert await operator.types("--yes") == 0
            assert azure.changes() == []

    asyncio.run(scene())


def _spoil(azure: PretendResourceManager, kind: str, name: str, differences: dict[str, Any]) -> None:
    if kind == "gone":
        azure.queues["acme-bus"].pop(name, None)
        containers(azure).pop(name, None)
    elif kind == "queue" and name in azure.queues["acme-bus"]:
        azure.queues["acme-bus"][name] |= differences
    elif kind == "container" and name in containers(azure):
        of_policy = {key: value for key, value in differences.items() if key in POLICY_DIFFERENCES}
        containers(azure)[name]["indexingPolicy"] |= deepcopy(of_policy)
        containers(azure)[name] |= {key: value for key, value in differences.items() if key not in POLICY_DIFFERENCES}


async def test_what_azure_has_filled_in_of_vectors_is_sent_back_to_the_letter(operator: Operator) -> None:
    chunks = containers(operator.azure)[CHUNKS]
    chunks["indexingPolicy"]["vectorIndexes"][0] |= {"quantizationByteSize": 96}
    chunks["vectorEmbeddingPolicy"]["vectorEmbeddings"][0]["distanceFunction"] = "Cosine"
    before = deepcopy(chunks)
    chunks["defaultTtl"] = 60

    assert await operator.types("--yes") == 0

    assert containers(operator.azure)[CHUNKS] == before


async def test_indexes_that_the_topology_has_no_word_for_stay(operator: Operator) -> None:
    gaps = containers(operator.azure)["gaps"]
    gaps["indexingPolicy"]["spatialIndexes"] = [{"path": "/place/*", "types": ["Point"]}]
    gaps["defaultTtl"] = 60

    assert await operator.types("--yes") == 0

    assert containers(operator.azure)["gaps"]["indexingPolicy"]["spatialIndexes"] == [{"path": "/place/*", "types": ["Point"]}]


def test_the_tags_of_a_container_are_sent_back() -> None:
    wanted = {"partitionKey": {"paths": ["/id"]}, "indexingPolicy": {}, "defaultTtl": None, "vectorEmbeddingPolicy": None}
    stored = {"tags": {"costs": "42"}, "properties": {"resource": {"id": "gaps", "partitionKey": {"paths": ["/id"]}}}}

    assert CONTAINER.body("gaps", wanted, stored)["tags"] == {"costs": "42"}
    assert "tags" not in CONTAINER.body("gaps", wanted, None)


async def test_a_container_that_indexes_nothing_by_itself_is_not_the_same(operator: Operator) -> None:
    containers(operator.azure)["gaps"]["indexingPolicy"]["automatic"] = False

    assert await operator.types("--yes") == 0

    assert containers(operator.azure)["gaps"]["indexingPolicy"]["automatic"] is True


async def test_composite_indexes_in_another_order_are_the_same(operator: Operator) -> None:
    both = [[{"path": path}, {"path": "/id", "order": "descending"}] for path in ("/a", "/b")]
    values = [
        CONTAINER.values({"properties": {"resource": {"indexingPolicy": {"compositeIndexes": listed}}}})["composite indexes"]
        for listed in (both, both[::-1], [one[::-1] for one in both])
    ]

    assert values[0] == values[1] != values[2]


async def test_what_is_accepted_without_saying_where_to_ask_has_some_seconds_to_be_there(operator: Operator) -> None:
    del containers(operator.azure)["gaps"]
    operator.azure.tells_where, operator.azure.lasts = False, 12

    assert await operator.types("--yes") == 0

    assert "gaps" in containers(operator.azure)
    assert 5.0 in operator.waits


async def test_what_is_accepted_and_never_there_is_told(operator: Operator) -> None:
    del containers(operator.azure)["gaps"]
    operator.azure.tells_where, operator.azure.lasts = False, 10_000

    with pytest.raises(Refused, match="not as it was asked for, though nothing was refused: container gaps"):
        await operator.types("--yes")


async def test_nobody_is_waited_for_longer_than_a_quarter_of_an_hour_and_it_is_said(
    operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    operator.azure.busy, operator.azure.retry_after = 1, 3600

    assert await operator.types("--yes") == 0

    assert max(operator.waits) == 900.0
    assert "waiting for Azure Resource Manager, 900 s" in capsys.readouterr().err


@pytest.mark.parametrize(("where", "is_ours"), [(f"{ARM}:443", True), ("https://MANAGEMENT.azure.com", True), (f"{ARM}:444", False)])
async def test_an_address_of_resource_manager_is_known_however_it_is_written(where: str, is_ours: bool) -> None:
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.host)
        return httpx2.Response(200, json={"value": [{"name": "x"}]} | ({"nextLink": f"{where}/page/2"} if len(asked) == 1 else {}))

    async def token() -> str:
        return "of-somebody"

    async with http_client(transport=httpx2.MockTransport(answer)) as client:
        listed = ResourceManager(ARM, client, token, asyncio.sleep).listed("/queues", "2024-01-01", what="list")
        if is_ours:
            assert len([one async for one in listed]) == len(asked) == 2
        else:
            with pytest.raises(Refused, match="not Resource Manager's"):
                _ = [one async for one in listed]
            assert len(asked) == 1
