"""Charges, counts, faults and the process of the Cosmos stand-in, as the unmodified `azure-cosmos` client meets them."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from azure.core import MatchConditions
from azure.cosmos import PartitionKey
from azure.cosmos.aio import ContainerProxy, CosmosClient
from azure.cosmos.exceptions import (
    CosmosHttpResponseError,
    CosmosResourceExistsError,
)

from devtools.emulators.cosmos.key import KEY
from devtools.emulators.cosmos.server import Cosmos
from devtools.faults.plan import Fault, Kind

pytestmark = pytest.mark.integration

T1A = ["t1", "a"]


def shard(**fields: Any) -> dict[str, Any]:
    return {"id": "a", "tenantId": "t1", "n": 1, **fields}


async def collected(pages: Any) -> list[Any]:
    return [row async for row in pages]


async def test_every_answer_says_what_it_cost(shards: ContainerProxy) -> None:
    created = await shards.create_item(shard())
    read = await shards.read_item("a", T1A)
    charges: list[str] = []
    await collected(
        shards.query_items(
            "SELECT * FROM c", partition_key=T1A, response_hook=lambda headers, _: charges.append(headers["x-ms-request-charge"])
        ),
    )

    assert created.get_response_headers()["x-ms-request-charge"] == "4.95"
    assert read.get_response_headers()["x-ms-request-charge"] == "1.00"
    assert charges == ["2.35"]


async def test_requests_are_counted_at_the_wire(cosmos: Cosmos, shards: ContainerProxy) -> None:
    await shards.create_item(shard())
    await shards.read_item("a", T1A)  # the client reads the key ranges of a container once, with its first read
    async with aiohttp.ClientSession(cosmos.endpoint) as session:
        await (await session.post("/_operations/reset")).read()

        await shards.read_item("a", T1A)
        await shards.patch_item("a", T1A, [{"op": "incr", "path": "/n", "value": 1}])

        async with session.get("/_operations") as answer:
            found = await answer.json()

    assert found["containers"] == {"shardline/shards": {"read": 1, "patch": 1}}
    assert found["charge"] == 5.95
    assert found["server_errors"] == 0


async def test_a_throttled_call_is_repeated_by_the_client(cosmos: Cosmos, shards: ContainerProxy) -> None:
    cosmos.faults.add(Fault(at="cosmos", kind=Kind.REFUSE, status=429, retry_after_seconds=0.001, calls=2, operation="create"))

    await shards.create_item(shard())

    assert cosmos.operations.statuses[429] == 2
    assert cosmos.operations.counts["create"] == 3


async def test_a_fault_meets_only_what_it_names(cosmos: Cosmos, shards: ContainerProxy, chunks: ContainerProxy) -> None:
    async with aiohttp.ClientSession(cosmos.endpoint) as session:
        fault = {"at": "cosmos", "kind": "refuse", "status": 449, "operation": "upsert", "target": "shards", "calls": 1}
        async with session.post("/_faults", json=fault) as answer:
            assert answer.status == 204
    await chunks.upsert_item({"id": "a0", "tenantId": "t1", "shardId": "a"})
    await shards.create_item(shard())

    with pytest.raises(CosmosHttpResponseError) as refused:
        await shards.upsert_item(shard(n=2))

    assert refused.value.status_code == 449
    assert (await shards.upsert_item(shard(n=2)))["n"] == 2


async def test_an_answer_can_be_lost_after_the_work_was_done(cosmos: Cosmos, shards: ContainerProxy) -> None:
    cosmos.faults.add(Fault(at="cosmos", kind=Kind.REFUSE, status=408, applied=True, operation="create", calls=1))

    with pytest.raises(CosmosHttpResponseError):
        await shards.create_item(shard())

    with pytest.raises(CosmosResourceExistsError):
        await shards.create_item(shard())


async def test_everything_answered_before_a_kill_is_there_after_it(tmp_path: Path) -> None:
    first, endpoint = started(tmp_path)
    written: dict[str, dict[str, Any]] = {}
    try:
        async with CosmosClient(endpoint, KEY, retry_total=0) as client:
            database = await client.create_database("d")
            container = await database.create_container("c", PartitionKey(path="/id"), default_ttl=-1)
            writers = [asyncio.create_task(writing(container, number, written)) for number in range(4)]
            while len(written) < 50 or "7" not in written:
                await asyncio.sleep(0.001)
            first.kill()
            for writer in writers:
                writer.cancel()
            await asyncio.gather(*writers, return_exceptions=True)
    finally:
        first.kill()
        first.communicate()

    second, endpoint = started(tmp_path)
    try:
        async with CosmosClient(endpoint, KEY) as client:
            container = client.get_database_client("d").get_container_client("c")
            found = {item["id"]: item for item in await collected(container.read_all_items())}
            changed = await container.upsert_item({"id": "7"}, etag=written["7"]["_etag"], match_condition=MatchConditions.IfNotModified)
    finally:
        second.terminate()
        _, errors = second.communicate()

    assert {id_: found.get(id_) for id_ in written} == written
    assert len(found) <= len(written) + len(writers)  # and at most what was on its way when the process was killed
    assert changed["_rid"] == written["7"]["_rid"]
    assert (second.returncode, errors) == (0, "")


async def writing(container: ContainerProxy, number: int, written: dict[str, dict[str, Any]]) -> None:
    """Every fourth number from this one, for ever; ``written`` is what was acknowledged."""
    while True:
        written[str(number)] = dict(await container.create_item({"id": str(number), "n": number}))
        number += 4


async def test_a_port_in_use_is_told_in_one_line(cosmos: Cosmos) -> None:
    found = subprocess.run(
        [sys.executable, "-m", "devtools.emulators.cosmos", "--port", str(cosmos.port)], capture_output=True, text=True, check=False
    )

    assert found.returncode == 1
    assert found.stderr == f"cosmos: port {cosmos.port} is in use; stop what listens there, or choose another with --port\n"


def started(data: Path) -> tuple[subprocess.Popen[str], str]:
    """A stand-in of its own process, and its endpoint."""
    process = subprocess.Popen(
        [sys.executable, "-m", "devtools.emulators.cosmos", "--port", "0", "--data", str(data)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("cosmos: ready on http://127.0.0.1:")
    return process, line.split()[-1]
