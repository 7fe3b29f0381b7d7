"""A back-fill up to the queue: records a second, memory, requests, and operations of the broker; each size in a process of its own.

The vendor, the broker, the database and the blobs are processes, too. Nothing takes from the queue what is put there, so the pace, which
looks at the age of queues, is set so high that it never holds anything up; it looks all the same.
"""

import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import aiohttp

from benchmarks import bench
from benchmarks.backfilled import SETTINGS, STEP_SECONDS, measured, ratio_of_peaks
from benchmarks.bench import Bench
from benchmarks.measurement import goal, say
from devtools.local.control import Control
from devtools.local.run import SALESFORCE_SECRET
from shared.connections.connection import connection_id

STREAM: Final = "Account"
PAGE_RECORDS: Final = 2000
"""Of the vendor's answers."""
DROPPED: Final = (1, 3)
"""After so many good queries one is not answered."""


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
    """One process reads all there is. Raises as ``measured``."""
    connection = connection_id("salesforce", ours.run.organization_id)
    async with Control(ours.run.salesforce) as control:
        figures, calls = await measured(ours, control, connection=connection, stream=STREAM, records=records, profile=profile)
    return {
        **figures,
        "queries": sum(call["operation"].startswith("query") and call["object_name"] == STREAM for call in calls["calls"]),
        "fewest_queries": -(-records // PAGE_RECORDS),
    }


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


def _goals(rows: Sequence[Mapping[str, Any]], disturbed: Mapping[str, Any]) -> list[dict[str, Any]]:
    small, large = rows[0], rows[-1]
    more = disturbed["queries"] - disturbed["fewest_queries"]
    return [
        *(goal(f"records a second to the queue, {row['records']:,}", row["records_per_second"], at_least=5000) for row in rows),
        goal(
            f"peak memory at {large['records']:,} records ÷ at {small['records']:,}",
            ratio_of_peaks(small, large),
            at_most=1.05,
        ),
        goal("queries ÷ fewest, clean", round(large["queries"] / large["fewest_queries"], 3), at_least=1, at_most=1),
        goal("queries more than fewest, for each answer that was lost", round(more / disturbed["faults"], 3), at_least=1, at_most=1),
        goal("Service Bus operations a back-filled record, to the queue", large["bus_operations_per_record"], at_most=0.05),
    ]
