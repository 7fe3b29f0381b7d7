"""Refused, dropped, late and withheld answers of the Cosmos stand-in, as the unmodified `azure-cosmos` client meets them.

The numbers of requests are those of `azure-cosmos` 4.17.1: what it repeats by itself, and what it leaves to its caller.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import ServiceRequestError, ServiceResponseError
from azure.cosmos.aio import ContainerProxy, CosmosClient
from azure.cosmos.exceptions import (
    CosmosAccessConditionFailedError,
    CosmosHttpResponseError,
    CosmosResourceExistsError,
    CosmosResourceNotFoundError,
)

from devtools.emulators.cosmos.server import Cosmos
from devtools.faults.plan import Fault, Kind

pytestmark = pytest.mark.integration

T1A = ["t1", "a"]


def shard(**fields: Any) -> dict[str, Any]:
    return {"id": "a", "tenantId": "t1", "n": 1, **fields}


def armed(cosmos: Cosmos, kind: Kind, operation: str, *, calls: int = 1, **how: Any) -> Fault:
    """A fault that meets these calls on the shards from now on; everything is counted anew."""
    fault = Fault(at="cosmos", kind=kind, operation=operation, target="shards", calls=calls, **how)
    cosmos.faults.add(fault)
    cosmos.operations.reset()
    return fault


@pytest.fixture
async def stored(shards: ContainerProxy) -> dict[str, Any]:
    """A shard that is there, after the client's first look at the container."""
    return dict(await shards.create_item(shard()))


@pytest.fixture
async def impatient(cosmos: Cosmos, stored: dict[str, Any]) -> AsyncIterator[ContainerProxy]:
    """The same container through a client that waits one second for an answer."""
    async with CosmosClient.from_connection_string(cosmos.connection_string, read_timeout=1) as client:
        found = client.get_database_client("shardline").get_container_client("shards")
        await found.read_item("a", T1A)
        yield found


@pytest.mark.parametrize(
    ("status", "substatus", "writes", "reads"),
    [
        (400, None, 1, 1),
        (401, None, 1, 1),
        (403, None, 1, 1),
        (404, None, 1, 1),
        (404, 1002, 2, 2),
        (408, None, 1, 2),
        (409, None, 1, 1),
        (410, 1002, 1, 1),
        (412, None, 1, 1),
        (413, None, 1, 1),
        (429, None, 10, 10),
        (449, None, 1, 1),
        (500, None, 1, 2),
        (503, None, 2, 2),
    ],
)
async def test_a_refusal_reaches_the_caller_after_as_many_requests_as_the_client_makes(
    cosmos: Cosmos, shards: ContainerProxy, stored: dict[str, Any], *, status: int, substatus: int | None, writes: int, reads: int
) -> None:
    how: dict[str, Any] = {"status": status, "substatus": substatus, "retry_after_seconds": 0.001}
    writing, reading = armed(cosmos, Kind.REFUSE, "replace", calls=99, **how), armed(cosmos, Kind.REFUSE, "read", calls=99, **how)

    write, read = await asyncio.gather(shards.replace_item("a", shard(n=2)), shards.read_item("a", T1A), return_exceptions=True)

    assert isinstance(write, CosmosHttpResponseError)
    assert isinstance(read, CosmosHttpResponseError)
    assert (write.status_code, read.status_code) == (status, status)
    assert (cosmos.operations.counts["replace"], cosmos.operations.counts["read"]) == (writes, reads)
    assert (cosmos.faults.fired[writing], cosmos.faults.fired[reading]) == (writes, reads)
    assert await rows(shards) == [stored]


async def test_being_throttled_has_its_sub_status_and_says_when_to_come_back(
    cosmos: Cosmos, shards: ContainerProxy, stored: dict[str, Any]
) -> None:
    armed(cosmos, Kind.REFUSE, "upsert", calls=10, status=429, retry_after_seconds=0.02)

    with pytest.raises(CosmosHttpResponseError) as refused:
        await shards.upsert_item(shard(n=2))

    assert (refused.value.status_code, refused.value.sub_status) == (429, 3200)
    assert refused.value.headers["x-ms-retry-after-ms"] == "20"
    assert (await shards.upsert_item(shard(n=2)))["n"] == 2


async def test_a_refusal_whose_answer_alone_was_lost_was_carried_out(
    cosmos: Cosmos, shards: ContainerProxy, stored: dict[str, Any]
) -> None:
    fault = armed(cosmos, Kind.REFUSE, "upsert", status=408, applied=True)

    with pytest.raises(CosmosHttpResponseError) as refused:
        await shards.upsert_item(shard(n=2))

    assert refused.value.status_code == 408
    assert (await shards.read_item("a", T1A))["n"] == 2
    assert cosmos.faults.fired[fault] == 1


@pytest.mark.parametrize("operation", ["read", "create", "upsert", "replace", "patch", "delete", "query", "batch"])
async def test_a_connection_that_ends_without_an_answer_is_not_even_noticed(
    cosmos: Cosmos, shards: ContainerProxy, stored: dict[str, Any], operation: str
) -> None:
    fault = armed(cosmos, Kind.DROP, operation)

    await called(shards, operation, stored)

    assert cosmos.faults.fired[fault] == 1
    assert cosmos.operations.counts[operation] == 2
    assert cosmos.operations.statuses[0] == 1


@pytest.mark.parametrize(
    ("operation", "refusal"),
    [
        ("create", CosmosResourceExistsError),
        ("replace", CosmosAccessConditionFailedError),
        ("delete", CosmosResourceNotFoundError),
    ],
)
async def test_a_write_whose_answer_is_lost_with_its_connection_is_repeated_and_meets_itself(
    cosmos: Cosmos, shards: ContainerProxy, stored: dict[str, Any], *, operation: str, refusal: type[CosmosHttpResponseError]
) -> None:
    fault = armed(cosmos, Kind.DROP, operation, applied=True)

    with pytest.raises(refusal):
        await called(shards, operation, stored)

    assert cosmos.faults.fired[fault] == 1
    assert cosmos.operations.counts[operation] == 2


async def test_a_connection_that_ends_every_time_is_given_up(cosmos: Cosmos, shards: ContainerProxy, stored: dict[str, Any]) -> None:
    async with CosmosClient.from_connection_string(cosmos.connection_string, retry_backoff_factor=0.01) as client:
        fault = armed(cosmos, Kind.DROP, "upsert", calls=99)

        with pytest.raises((ServiceRequestError, ServiceResponseError)):
            await client.get_database_client("shardline").get_container_client("shards").upsert_item(shard(n=2))

    assert cosmos.faults.fired[fault] == cosmos.operations.counts["upsert"] > 1
    assert (await shards.read_item("a", T1A))["n"] == 1


async def test_an_answer_that_does_not_come_is_waited_for_and_asked_for_again(
    cosmos: Cosmos, impatient: ContainerProxy, stored: dict[str, Any]
) -> None:
    operations = ["read", "replace", "query"]
    faults = [armed(cosmos, Kind.TIMEOUT, operation) for operation in operations]
    began = asyncio.get_running_loop().time()

    await asyncio.gather(*(called(impatient, operation, stored) for operation in operations))

    assert asyncio.get_running_loop().time() - began >= 1
    assert [cosmos.faults.fired[fault] for fault in faults] == [1, 1, 1]
    assert [cosmos.operations.counts[operation] for operation in operations] == [2, 2, 2]


async def test_a_write_whose_answer_does_not_come_is_repeated_and_meets_itself(
    cosmos: Cosmos, impatient: ContainerProxy, stored: dict[str, Any]
) -> None:
    fault = armed(cosmos, Kind.TIMEOUT, "replace", applied=True)

    with pytest.raises(CosmosAccessConditionFailedError):
        await called(impatient, "replace", stored)

    assert cosmos.faults.fired[fault] == 1
    assert (await impatient.read_item("a", T1A))["n"] == 2


async def test_a_late_answer_is_the_right_one_and_holds_nobody_up(cosmos: Cosmos, shards: ContainerProxy, stored: dict[str, Any]) -> None:
    fault = armed(cosmos, Kind.DELAY, "upsert", seconds=0.8)
    began = asyncio.get_running_loop().time()

    late = asyncio.ensure_future(shards.upsert_item(shard(n=2)))
    while cosmos.operations.counts["upsert"] == 0:
        await asyncio.sleep(0.001)
    read = await shards.read_item("a", T1A)

    assert not late.done()
    assert read["n"] == 2
    assert dict(await late) == dict(read)
    assert asyncio.get_running_loop().time() - began >= 0.8
    assert (cosmos.faults.fired[fault], cosmos.operations.counts["upsert"]) == (1, 1)


async def test_a_fault_finds_its_container_also_by_resource_id(cosmos: Cosmos, shards: ContainerProxy, stored: dict[str, Any]) -> None:
    fault = armed(cosmos, Kind.REFUSE, "read", status=449)

    with pytest.raises(CosmosHttpResponseError) as refused:
        await shards.read_item(stored, T1A)  # a document instead of an id: the client asks by resource ids

    assert refused.value.status_code == 449
    assert cosmos.faults.fired[fault] == 1


async def called(shards: ContainerProxy, operation: str, stored: dict[str, Any]) -> None:
    """One call of the client, which as a write changes the shard and names the version it relies on."""
    changed, only = {**stored, "n": 2}, {"etag": stored["_etag"], "match_condition": MatchConditions.IfNotModified}
    match operation:
        case "read":
            await shards.read_item("a", T1A)
        case "create":
            await shards.create_item(shard(id="b"))
        case "upsert":
            await shards.upsert_item(changed)
        case "replace":
            await shards.replace_item("a", changed, **only)
        case "patch":
            await shards.patch_item("a", T1A, [{"op": "set", "path": "/n", "value": 2}])
        case "delete":
            await shards.delete_item("a", T1A)
        case "query":
            assert len(await rows(shards)) == 1
        case "batch":
            await shards.execute_item_batch([("upsert", (changed,))], partition_key=T1A)


async def rows(shards: ContainerProxy) -> list[dict[str, Any]]:
    return [row async for row in shards.query_items("SELECT * FROM c", partition_key=T1A)]
