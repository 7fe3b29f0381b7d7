"""Fault plans of a Cosmos stand-in in a process of its own, and a disk that is full indeed."""

import sys
from pathlib import Path
from typing import Any

import pytest
from azure.cosmos import PartitionKey
from azure.cosmos.aio import ContainerProxy, CosmosClient
from azure.cosmos.exceptions import CosmosHttpResponseError

from devtools.emulators.cosmos.key import KEY
from devtools.faults.plan import Fault, Kind, Plan
from devtools.faults.report import Report
from devtools.local.child import Child

pytestmark = pytest.mark.integration

SMALL_BYTES = 20_000
LIMITED = f"import os, resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, ({SMALL_BYTES},) * 2); os.execv(sys.argv[1], sys.argv[1:])"


def standin(data: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "devtools.emulators.cosmos", "--port", "0", "--data", str(data), *options]


async def started(data: Path, *options: str) -> tuple[Child, CosmosClient]:
    child = await Child.start("cosmos", standin(data, *options), ready="ready on", log=data.with_suffix(".log"))
    return child, CosmosClient(child.ready_line.split()[-1], KEY)


async def container(client: CosmosClient) -> ContainerProxy:
    database = await client.create_database_if_not_exists("shardline")
    return await database.create_container_if_not_exists("shards", PartitionKey(path="/id"))


async def test_a_plan_goes_on_after_a_kill_and_tells_what_happened(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    fault = Fault(at="cosmos", kind=Kind.REFUSE, status=449, operation="create", target="shards", calls=3)
    elsewhere = Fault(at="service-bus", kind=Kind.DROP, calls=1)
    Plan(name="three refusals", faults=(elsewhere, fault)).write(path)
    statuses: list[int] = []

    for _ in range(2):
        child, client = await started(tmp_path / "data", "--faults", str(path))
        async with client:
            shards = await container(client)
            statuses += [await created(shards, f"{len(statuses) + number}") for number in range(2)]
        await child.kill()
        await child.stop()

    assert statuses == [449, 449, 449, 201]
    assert Report.read(path).fired == ((elsewhere, 0), (fault, 3))


async def created(shards: ContainerProxy, id_: str) -> int:
    try:
        await shards.create_item({"id": id_})
    except CosmosHttpResponseError as error:
        return error.status_code or 0
    return 201


async def test_a_disk_that_is_full_indeed_refuses_writes_loses_nothing_and_stops_nothing(tmp_path: Path) -> None:
    """The process may not make files longer than a little: to a program that is what a full disk is."""
    child, client = await started_with_little_room(tmp_path)
    async with client:
        shards = await container(client)
        written = await written_until_refused(shards)
        with pytest.raises(CosmosHttpResponseError) as refused:
            await shards.upsert_item(item(0, "y" * 1000))

        assert refused.value.status_code == 503
        assert 0 < len(written) < SMALL_BYTES // 1000
        assert await ids(shards) == written
    await child.stop()
    assert "File too large" in child.log.read_text(encoding="utf-8")

    child, client = await started(tmp_path / "data")
    async with client:
        shards = await container(client)
        assert await ids(shards) == written
        assert (await shards.read_item("0", "0"))["text"] == "x" * 1000
        await shards.create_item(item(99))
    await child.stop()


async def started_with_little_room(folder: Path) -> tuple[Child, CosmosClient]:
    limited = [sys.executable, "-c", LIMITED, *standin(folder / "data")]
    child = await Child.start("cosmos", limited, ready="ready on", log=folder / "limited.log")
    return child, CosmosClient(child.ready_line.split()[-1], KEY)


async def written_until_refused(shards: ContainerProxy) -> list[str]:
    written: list[str] = []
    while await is_stored(shards, item(len(written))):
        written.append(str(len(written)))
    return written


async def is_stored(shards: ContainerProxy, document: dict[str, Any]) -> bool:
    try:
        await shards.create_item(document)
    except CosmosHttpResponseError:
        return False
    return True


def item(number: int, text: str = "x" * 1000) -> dict[str, Any]:
    return {"id": str(number), "text": text}


async def ids(shards: ContainerProxy) -> list[str]:
    return [row["id"] async for row in shards.read_all_items()]
