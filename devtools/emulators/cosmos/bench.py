"""`python -m devtools.emulators.cosmos.bench`: point reads and upserts per second through `azure-cosmos`, and what they cost both sides.

The client is this process, the stand-in one of its own, over loopback: they share the machine's cores. Documents have 1 KB. What is
surprising: the client takes several times the stand-in's processor time, so these figures say more about it.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import aiohttp
from azure.cosmos import PartitionKey
from azure.cosmos.aio import ContainerProxy, CosmosClient

from devtools.emulators.cosmos.server import KEY
from devtools.local.children import Child
from devtools.local.tables import table

ITEMS: Final = 200
ITEM_BYTES: Final = 1024
CONCURRENCIES: Final = (1, 16)


@dataclass(frozen=True)
class Figure:
    """One kind of call at one concurrency; the costs are milliseconds of processor time per call."""

    operation: str
    concurrency: int
    per_second: float
    client_ms: float
    stand_in_ms: float


async def measure(*, seconds: float, data: Path | None = None) -> list[Figure]:
    """Upserts, then point reads, each at every concurrency for so long. With `data` everything is written to disk, too."""
    with tempfile.TemporaryDirectory(prefix="shardline-benchmark-") as folder:
        kept = [] if data is None else ["--data", str(data)]
        command = [sys.executable, "-m", "devtools.emulators.cosmos", "--port", "0", *kept]
        child = await Child.start("cosmos", command, ready="ready on", log=Path(folder) / "cosmos.log")
        try:
            return await _measured(child.ready_line.split()[-1], seconds)
        finally:
            await child.stop()


async def _measured(endpoint: str, seconds: float) -> list[Figure]:
    async with CosmosClient(endpoint, KEY) as client, aiohttp.ClientSession(endpoint) as outside:
        database = await client.create_database_if_not_exists("bench")
        items = await database.create_container_if_not_exists("items", PartitionKey(path=["/tenantId", "/id"]))
        for number in range(ITEMS):
            await items.upsert_item(_item(number))
        calls = (("upsert", partial(_upsert, items)), ("point read", partial(_read, items)))
        return [await _figure(outside, name, call, concurrency, seconds) for name, call in calls for concurrency in CONCURRENCIES]


async def _figure(
    outside: aiohttp.ClientSession, operation: str, call: Callable[[int], Awaitable[Any]], concurrency: int, seconds: float
) -> Figure:
    ours, theirs, began = time.process_time(), await _processor_seconds(outside), time.perf_counter()
    counts = await asyncio.gather(*(_calling(call, began + seconds, first) for first in range(concurrency)))
    took, calls = time.perf_counter() - began, sum(counts)
    ours, theirs = time.process_time() - ours, await _processor_seconds(outside) - theirs
    return Figure(operation, concurrency, round(calls / took), round(1000 * ours / calls, 2), round(1000 * theirs / calls, 2))


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


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m devtools.emulators.cosmos.bench", description="How fast the Cosmos DB stand-in is.")
    parser.add_argument("--seconds", type=float, default=5.0, help="for each figure (default: 5)")
    parser.add_argument("--data", type=Path, help="the folder to keep everything in (default: in memory)")
    parser.add_argument("--json", action="store_true", help="for machines")
    options = parser.parse_args()
    figures = asyncio.run(measure(seconds=options.seconds, data=options.data))
    if options.json:
        sys.stdout.write(json.dumps([asdict(figure) for figure in figures], indent=2) + "\n")
    else:
        rows = [tuple(asdict(figure).values()) for figure in figures]
        sys.stdout.write(table(("operation", "at once", "per second", "client ms", "stand-in ms"), rows) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
