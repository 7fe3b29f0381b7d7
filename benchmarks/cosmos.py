"""How fast the Cosmos DB stand-in is through the unmodified client: point reads and upserts of 1 KB, one at a time and sixteen at once.

The client is this process, with its asynchronous face, which the app has, too; the stand-in is another. What is surprising: the client
takes several times the stand-in's processor time, so the rates say more about it.
"""

import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import aiohttp
from azure.cosmos import PartitionKey
from azure.cosmos.aio import ContainerProxy, CosmosClient

from benchmarks.measurement import python
from devtools.emulators.cosmos.key import KEY
from devtools.local.child import Child

ITEMS: Final = 200
ITEM_BYTES: Final = 1024
CONCURRENCIES: Final = (1, 16)


@dataclass(frozen=True)
class Figure:
    """One kind of call at one concurrency; the costs are microseconds of processor time a call."""

    operation: str
    at_once: int
    per_second: float
    client_processor_us: float
    stand_in_processor_us: float


async def measure(*, seconds: float, keeps_journal: bool) -> list[Figure]:
    """Upserts, then point reads, each at every concurrency for so long, of a stand-in that is started for it."""
    with tempfile.TemporaryDirectory(prefix="shardline-benchmark-") as folder:
        kept = ["--data", str(Path(folder) / "data")] if keeps_journal else []
        command = [python(), "-m", "devtools.emulators.cosmos", "--port", "0", *kept]
        child = await Child.start("cosmos", command, ready="ready on", log=Path(folder) / "cosmos.log")
        try:
            return await _measured(child.ready_line.split()[-1], seconds)
        finally:
            await child.stop()


async def _measured(endpoint: str, seconds: float) -> list[Figure]:
    async with CosmosClient(endpoint, KEY) as client, aiohttp.ClientSession(endpoint) as outside:
        database = await client.create_database_if_not_exists("bench")
        items = await database.create_container_if_not_exists("items", PartitionKey(path=["/tenantId", "/id"]))
        for first in range(0, ITEMS, max(CONCURRENCIES)):  # so many at once: their connections are open before anything is timed
            await asyncio.gather(*(_upsert(items, number) for number in range(first, min(first + max(CONCURRENCIES), ITEMS))))
        calls = (("upsert", partial(_upsert, items)), ("point read", partial(_read, items)))
        return [await _figure(outside, name, call, at_once, seconds) for name, call in calls for at_once in CONCURRENCIES]


async def _figure(
    outside: aiohttp.ClientSession, operation: str, call: Callable[[int], Awaitable[Any]], at_once: int, seconds: float
) -> Figure:
    ours, theirs, began = time.process_time(), await _processor_seconds(outside), time.perf_counter()
    counts = await asyncio.gather(*(_calling(call, began + seconds, first) for first in range(at_once)))
    took, calls = time.perf_counter() - began, sum(counts)
    ours, theirs = time.process_time() - ours, await _processor_seconds(outside) - theirs
    return Figure(operation, at_once, round(calls / took), round(1e6 * ours / calls, 1), round(1e6 * theirs / calls, 1))


async def _calling(call: Callable[[int], Awaitable[Any]], until: float, first: int) -> int:
    count = 0
    while time.perf_counter() < until:
        await call((first + 17 * count) % ITEMS)
        count += 1
    return count


async def _processor_seconds(outside: aiohttp.ClientSession) -> float:
    async with outside.get("/_operations") as answer:
        return float((await answer.json())["processor_seconds"])


async def _upsert(items: ContainerProxy, number: int) -> None:
    await items.upsert_item(_item(number))


async def _read(items: ContainerProxy, number: int) -> None:
    await items.read_item(str(number), ["t", str(number)])


def _item(number: int) -> dict[str, Any]:
    fields = {"id": str(number), "tenantId": "t", "text": ""}
    return {**fields, "text": "x" * (ITEM_BYTES - len(json.dumps(fields, separators=(",", ":"))))}
