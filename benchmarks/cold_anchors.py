"""A cold worker's first look at a tenant, with a snapshot and without: its time, and the requests of Cosmos DB at the wire.

What is stored is invented and put there through the unmodified client. The time is mostly the stand-ins', which a service is not; requests
and processor time are the worker's own.
"""

import asyncio
import json
import os
from collections.abc import Iterable
from typing import Any, Final

from azure.cosmos.aio import CosmosClient

from benchmarks import bench
from benchmarks.bench import Bench
from benchmarks.measurement import ROOT, python, say
from benchmarks.tenant_names import TENANT, rows_of
from devtools.local.run import DATABASE
from shared import topology
from shared.linking.anchor import AnchorRow

AT_ONCE: Final = 16
QUIET_SECONDS: Final = 15
"""The tenant was busy when it was stored, and is not when workers start: a snapshot ends some seconds before the last write."""


async def measure(counts: Iterable[int]) -> list[dict[str, Any]]:
    """One row for each number of anchors, each with stand-ins of its own."""
    return [await _measured(count) for count in counts]


async def _measured(count: int) -> dict[str, Any]:
    async with bench.standing() as ours:
        say(f"linking: {count} anchors are stored")
        await _store(ours, count)
        say(f"linking: cold workers and {count} anchors")
        without = await _begin(ours)
        return {"anchors": count, "without": without, "with": await _begin(ours)}


async def _begin(ours: Bench) -> dict[str, Any]:
    """One worker, and what it asked."""
    cosmos = await ours.cosmos_requests()
    environ = {**os.environ, **ours.run.settings}
    process = await asyncio.create_subprocess_exec(
        *(python(), "-m", "benchmarks.cold_worker", TENANT), cwd=ROOT, env=environ, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError("the worker did not get its anchors")
    asked = bench.since(cosmos, await ours.cosmos_requests())
    return {**json.loads(out), "cosmos_requests": round(sum(asked.values()))}


async def _store(ours: Bench, count: int) -> None:
    client = CosmosClient.from_connection_string(ours.run.cosmos)
    async with client:
        shards = client.get_database_client(DATABASE).get_container_client(topology.SHARDS)
        rows = rows_of(count)

        async def store() -> None:
            for row in rows:
                await shards.upsert_item(_document(row), no_response=True)

        await asyncio.gather(*(store() for _ in range(AT_ONCE)))
        await asyncio.sleep(QUIET_SECONDS)
        await shards.upsert_item(_document(next(rows_of(1))), no_response=True)


def _document(row: AnchorRow) -> dict[str, Any]:
    """As much of a shard as is asked for."""
    records = [dict(zip(("system", "scope", "recordType", "externalId"), record, strict=True)) for record in row.records]
    return {
        "id": row.shard_id,
        "tenantId": TENANT,
        "shardTypeId": row.shard_type_id,
        "status": row.status,
        "structuredData": dict(row.fields),
        "external_relationships": records,
    }
