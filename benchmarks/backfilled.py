"""One stream back-filled by a process of its own (``benchmarks/reader.py``), and what is read off beside it, whatever the source."""

import asyncio
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from azure.storage.blob.aio import BlobServiceClient

from benchmarks import bench
from benchmarks.bench import Bench
from benchmarks.measurement import ROOT, python
from devtools.local.control import VendorControl
from shared import topology

STEP_SECONDS: Final = 5
"""Of 120 in production: so that a hundred thousand records take several steps, each asked for on the queue."""
SETTINGS: Final = {"SYNC_STEP_SECONDS": str(STEP_SECONDS), "SYNC_PACE_AGE_SECONDS": "100000"}
"""The pace looks at the age of queues that nobody takes from, and never holds up."""
TIMEOUT_SECONDS: Final = 300.0


async def measured(
    ours: Bench, control: VendorControl, *, connection: str, stream: str, records: int, profile: str | None = None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """One process reads all there is: the figures, and what was asked of the vendor meanwhile.

    Raises:
        RuntimeError: it did not end well, or not every record is on the queue.
    """
    await control.tell("forget-calls")
    bus, cosmos, used = await ours.bus_operations(), await ours.cosmos_requests(), ours.processor_seconds()
    figures = await _read(ours, connection, stream, profile)
    bus, cosmos = bench.since(bus, await ours.bus_operations()), bench.since(cosmos, await ours.cosmos_requests())
    used, calls = bench.since(used, ours.processor_seconds()), await control.ledger()
    if figures["records"] != records:
        raise RuntimeError(f"{figures['records']} of {records} records were read")
    batches = ours.enqueued()[topology.INGESTION_EVENTS_BULK] - 1  # that of what the process is warmed with
    blobs, blob_bytes = await _claims(ours)  # the batch before is no claim
    operations = sum(count for name, count in bus.items() if name != "send")
    return {
        **figures,
        "records_per_second": round(records / figures["seconds"]),
        "reader_processor_us": round(1e6 * figures["processor_seconds"] / records, 1),
        "stand_ins_processor_us": {name: round(1e6 * seconds / records, 1) for name, seconds in used.items()},
        "megabytes_added": round(figures["megabytes_peak"] - figures["megabytes_before"], 1),
        "requests": calls["counts"],
        "messages": batches,
        "bus_operations": bus,
        "bus_operations_per_record": round(operations / records, 4),
        "blobs": blobs,
        "blobs_per_record": round(blobs / records, 4),
        "bytes_per_record": round(blob_bytes / records),
        "cosmos_requests_per_record": round(sum(cosmos.values()) / records, 4),
    }, calls


def ratio_of_peaks(small: Mapping[str, Any], large: Mapping[str, Any]) -> float:
    """The most memory the one process ever had ÷ the other's."""
    return round(float(large["megabytes_peak"]) / float(small["megabytes_peak"]), 3)


async def _read(ours: Bench, connection: str, stream: str, profile: str | None) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        *(python(), "-m", "benchmarks.reader", connection, stream),
        *([profile] if profile else []),
        cwd=ROOT,
        env={**os.environ, **ours.children.settings, **SETTINGS},
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


async def _claims(ours: Bench) -> tuple[int, int]:
    """How many bodies wait in blobs, and their bytes."""
    count = size = 0
    async with BlobServiceClient.from_connection_string(ours.run.blob) as blobs:
        async for blob in blobs.get_container_client(topology.CLAIMS).list_blobs():
            count, size = count + 1, size + int(blob.size)
    return count, size
