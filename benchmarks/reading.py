"""A back-fill up to the queue: records a second, memory, requests, and operations of the broker; each size in a process of its own.

The vendor, the broker, the database and the blobs are processes, too. Nothing takes from the queue what is put there, so the pace, which
looks at the age of queues, is set so high that it never holds anything up; it looks all the same.
"""

import asyncio
import json
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import aiohttp
from azure.storage.blob.aio import BlobServiceClient

from benchmarks import bench
from benchmarks.bench import Bench
from benchmarks.measurement import ROOT, goal, python, say
from devtools.local.control import Control
from devtools.local.run import SALESFORCE_SECRET
from shared import topology
from shared.connections.connection import connection_id

STREAM: Final = "Account"
PAGE_RECORDS: Final = 2000
"""Of the vendor's answers."""
STEP_SECONDS: Final = 5
"""Of 120 in production: so that a hundred thousand records take several steps, each asked for on the queue."""
SETTINGS: Final = {"SYNC_STEP_SECONDS": str(STEP_SECONDS), "SYNC_PACE_AGE_SECONDS": "100000"}
DROPPED: Final = (1, 3)
"""After so many good queries one is not answered."""
TIMEOUT_SECONDS: Final = 300.0


async def measure(sizes: Sequence[int], *, profile: str | None = None) -> dict[str, Any]:
    """``sizes``: how many records each process reads, the smallest first."""
    rows = []
    for records in sizes:
        async with bench.standing(settings=SETTINGS, has_salesforce=True) as ours:
            say(f"back-fill: {records} records to the queue")
            await _populate(ours, records)
            figures = await _read(ours, records, profile if records == sizes[-1] else None)
            rows.append({**figures, "vendor_alone": await _vendor_alone(ours, records)})
    say(f"back-fill: {sizes[0]} records, {len(DROPPED)} answers lost")
    disturbed = await _disturbed(sizes[0])
    return {
        "page_records": PAGE_RECORDS,
        "step_seconds": STEP_SECONDS,
        "rows": rows,
        "disturbed": disturbed,
        "goals": _goals(rows, disturbed),
    }


async def _populate(ours: Bench, records: int) -> None:
    async with Control(ours.run.salesforce) as control:
        await control.tell("populate", object=STREAM, count=records)


async def _read(ours: Bench, records: int, profile: str | None = None) -> dict[str, Any]:
    """One process reads all there is.

    Raises:
        RuntimeError: it did not end well, or not every record is on the queue.
    """
    async with Control(ours.run.salesforce) as control:
        await control.tell("forget-calls")
        bus, cosmos, used = await ours.bus_operations(), await ours.cosmos_requests(), ours.processor_seconds()
        figures = await _reader(ours, profile)
        bus, cosmos = bench.since(bus, await ours.bus_operations()), bench.since(cosmos, await ours.cosmos_requests())
        used, calls = bench.since(used, ours.processor_seconds()), await control.ledger()
    if figures["records"] != records:
        raise RuntimeError(f"{figures['records']} of {records} records were read")
    batches = ours.enqueued()[topology.INGESTION_EVENTS_BULK] - 1  # that of the users
    blobs, blob_bytes = await _claims(ours)  # the users' batch is no claim
    operations = sum(count for name, count in bus.items() if name != "send")
    return {
        **figures,
        "records_per_second": round(records / figures["seconds"]),
        "reader_processor_us": round(1e6 * figures["processor_seconds"] / records, 1),
        "stand_ins_processor_us": {name: round(1e6 * seconds / records, 1) for name, seconds in used.items()},
        "megabytes_added": round(figures["megabytes_peak"] - figures["megabytes_before"], 1),
        "requests": calls["counts"],
        "queries": sum(call["operation"].startswith("query") and call["object_name"] == STREAM for call in calls["calls"]),
        "fewest_queries": -(-records // PAGE_RECORDS),
        "messages": batches,
        "bus_operations": bus,
        "bus_operations_per_record": round(operations / records, 4),
        "blobs": blobs,
        "blobs_per_record": round(blobs / records, 4),
        "bytes_per_record": round(blob_bytes / records),
        "cosmos_requests_per_record": round(sum(cosmos.values()) / records, 4),
    }


async def _reader(ours: Bench, profile: str | None) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        *(python(), "-m", "benchmarks.reader", connection_id("salesforce", ours.run.organization_id), STREAM),
        *([profile] if profile else []),
        cwd=ROOT,
        env={**os.environ, **ours.run.settings, **SETTINGS},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            printed, _ = await process.communicate()
    finally:
        with suppress(ProcessLookupError):
            process.kill()
    if process.returncode:
        raise RuntimeError(f"the reader ended with {process.returncode}")
    figures: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return figures


async def _vendor_alone(ours: Bench, records: int) -> dict[str, float]:
    """The vendor gets the run's queries once more, and what it answers is thrown away: how fast could a reader be that does nothing?"""
    async with Control(ours.run.salesforce) as control:
        queries = [
            call["soql"] for call in (await control.ledger())["calls"] if call["operation"] == "query" and call["object_name"] == STREAM
        ]
    form = {"grant_type": "client_credentials", "client_id": ours.run.salesforce_client_id, "client_secret": SALESFORCE_SECRET}
    async with aiohttp.ClientSession(ours.run.salesforce) as http:
        async with http.post("/services/oauth2/token", data=form) as answer:
            token = (await answer.json())["access_token"]
        used, began = ours.processor_seconds(), time.perf_counter()
        headers = {"Authorization": f"Bearer {token}", "Sforce-Query-Options": f"batchSize={PAGE_RECORDS}"}
        for query in queries:
            async with http.get("/services/data/v66.0/query", params={"q": query}, headers=headers) as answer:
                await answer.read()
        seconds = time.perf_counter() - began
    used = bench.since(used, ours.processor_seconds())
    return {"records_per_second": round(records / seconds), "processor_us": round(1e6 * used.get("salesforce", 0.0) / records, 1)}


async def _disturbed(records: int) -> dict[str, Any]:
    """The requests of a run of which some answers are lost: their message comes back after some seconds each."""
    faults = [{"at": "salesforce", "kind": "drop", "operation": "query", "target": STREAM, "calls": 1, "after": after} for after in DROPPED]
    with tempfile.TemporaryDirectory(prefix="shardline-benchmark-") as folder:
        plan = Path(folder) / "plan.json"
        plan.write_text(json.dumps({"name": "answers lost", "seed": 1, "faults": faults}), encoding="utf-8")
        async with bench.standing(settings=SETTINGS, faults=plan, has_salesforce=True) as ours:
            await _populate(ours, records)
            figures = await _read(ours, records)
    names = ("records", "steps", "queries", "fewest_queries", "requests", "messages")
    return {"faults": len(faults), **{name: figures[name] for name in names}}


async def _claims(ours: Bench) -> tuple[int, int]:
    """How many bodies wait in blobs, and their bytes."""
    count = size = 0
    async with BlobServiceClient.from_connection_string(ours.run.blob) as blobs:
        async for blob in blobs.get_container_client(topology.CLAIMS).list_blobs():
            count, size = count + 1, size + int(blob.size)
    return count, size


def _goals(rows: Sequence[Mapping[str, Any]], disturbed: Mapping[str, Any]) -> list[dict[str, Any]]:
    small, large = rows[0], rows[-1]
    more = disturbed["queries"] - disturbed["fewest_queries"]
    return [
        *(goal(f"records a second to the queue, {row['records']:,}", row["records_per_second"], at_least=5000) for row in rows),
        goal(
            f"peak memory at {large['records']:,} records ÷ at {small['records']:,}",
            round(large["megabytes_peak"] / small["megabytes_peak"], 3),
            at_most=1.05,
        ),
        goal("queries ÷ fewest, clean", round(large["queries"] / large["fewest_queries"], 3), at_least=1, at_most=1),
        goal("queries more than fewest, for each answer that was lost", round(more / disturbed["faults"], 3), at_least=1, at_most=1),
        goal("Service Bus operations a back-filled record, to the queue", large["bus_operations_per_record"], at_most=0.05),
    ]
