"""A crawl of a Google Drive up to the queue: files a second, memory, requests, and operations of the broker; each size in a process of its
own.

Google Drive, broker, database and blobs are processes, too. The crawl is the one that follows a stream's first look: the token of its
change log is taken and stored, the root is told, and the back-fill is asked for on the queue.
"""

import json
import re
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp

from benchmarks import bench
from benchmarks.backfilled import SETTINGS, STEP_SECONDS, measured, ratio_of_peaks
from benchmarks.bench import Bench
from benchmarks.measurement import goal, say
from devtools.local.drive_control import DriveControl
from devtools.local.workspace import people_of
from ingestion.sources.gdrive.crawl import LIVING, PAGE_FILES
from ingestion.sources.gdrive.fields import file_fields
from ingestion.sources.gdrive.logs import drive_stream
from shared.connections.connection import connection_id
from shared.streams.defaults import user_stream

DRIVE: Final = "Archive"
SHARED, OWN = "shared drive", "My Drive"
DROPPED: Final = (1, 3)
"""After so many good pages one is not answered."""
_FOLLOWING: Final = re.compile(rb'"nextPageToken": ?"([^"]+)"')


async def measure(*, files: int) -> dict[str, Any]:
    """``files``: how many the larger crawl has, a tenth of them the smaller, and that of somebody's own files."""
    rows = []
    for where, count in ((SHARED, files // 10), (SHARED, files), (OWN, files // 10)):
        async with bench.standing(settings=SETTINGS, has_gdrive=True) as ours, DriveControl(ours.run.gdrive) as control:
            say(f"crawl: {count} files of a {where} to the queue")
            what = await _populate(ours, control, where, count)
            figures = await _crawled(ours, control, what)
            rows.append({"where": where, **figures, "records": count, "vendor_alone": await _vendor_alone(ours, control, what)})
    say(f"crawl: {files // 10} files, {len(DROPPED)} answers lost")
    disturbed = await _disturbed(files // 10)
    return {
        "page_files": PAGE_FILES,
        "step_seconds": STEP_SECONDS,
        "rows": rows,
        "disturbed": disturbed,
        "goals": _goals(rows, disturbed),
    }


@dataclass(frozen=True)
class Crawled:
    """What is crawled: a stream with so many events, and who reads it, of so many files. ``drive_id`` of a shared drive."""

    stream: str
    reader: str
    events: int
    listed: int
    drive_id: str | None = None


async def _populate(ours: Bench, control: DriveControl, where: str, count: int) -> Crawled:
    _, member, owner = people_of(ours.run)
    if where == OWN:
        there = len([file for file in (await control.files()).values() if file.owner == owner])
        await control.tell("populate-fast", count=count - there, by=owner)
        return Crawled(user_stream(owner), owner, events=count + 1, listed=len(await control.seen_by(owner)))  # and who owns them
    drive_id = str((await control.tell("create-drive", name=DRIVE, by=member))["id"])
    await control.tell("populate-fast", count=count, parent=drive_id)
    return Crawled(drive_stream(drive_id), member, events=count, listed=count, drive_id=drive_id)


async def _crawled(ours: Bench, control: DriveControl, what: Crawled) -> dict[str, Any]:
    connection = connection_id("gdrive", ours.run.domain)
    figures, calls = await measured(ours, control, connection=connection, stream=what.stream, records=what.events)
    pages = [call for call in calls["calls"] if call["operation"] == "files-list" and call["user"] == what.reader]
    return {**figures, "pages": len(pages), "fewest_pages": -(-what.listed // PAGE_FILES)}


async def _vendor_alone(ours: Bench, control: DriveControl, what: Crawled) -> dict[str, float]:
    """The same pages once more, thrown away: how fast could a reader be that does nothing?"""
    token = (await control.tell("token", email=what.reader))["access_token"]
    params = {
        "q": LIVING,
        "pageSize": str(PAGE_FILES),
        "fields": f"nextPageToken,incompleteSearch,files({file_fields()})",
        "includeItemsFromAllDrives": "true",
        "supportsAllDrives": "true",
        **({"corpora": "drive", "driveId": what.drive_id} if what.drive_id else {"corpora": "user"}),
    }
    used, began = ours.processor_seconds(), time.perf_counter()
    async with aiohttp.ClientSession(ours.run.gdrive, headers={"Authorization": f"Bearer {token}"}) as http:
        following: dict[str, str] | None = {}
        while following is not None:
            async with http.get("/drive/v3/files", params={**params, **following}) as answer:
                found = _FOLLOWING.search(await answer.read())
            following = None if found is None else {"pageToken": found[1].decode()}
    seconds = time.perf_counter() - began
    used = bench.since(used, ours.processor_seconds())
    spent = used.get("gdrive", 0.0)
    return {"records_per_second": round(what.listed / seconds), "processor_us": round(1e6 * spent / what.listed, 1)}


async def _disturbed(count: int) -> dict[str, Any]:
    """The requests of a crawl of which some answers are lost: their message comes back after some seconds each."""
    faults = [{"at": "gdrive", "kind": "drop", "operation": "files-list", "calls": 1, "after": after} for after in DROPPED]
    with tempfile.TemporaryDirectory(prefix="shardline-benchmark-") as folder:
        plan = Path(folder) / "plan.json"
        plan.write_text(json.dumps({"name": "answers lost", "seed": 1, "faults": faults}), encoding="utf-8")
        async with bench.standing(settings=SETTINGS, faults=plan, has_gdrive=True) as ours, DriveControl(ours.run.gdrive) as control:
            figures = await _crawled(ours, control, await _populate(ours, control, SHARED, count))
    names = ("records", "steps", "pages", "fewest_pages", "requests", "messages")
    return {"faults": len(faults), **{name: figures[name] for name in names}}


def _goals(rows: Sequence[Mapping[str, Any]], disturbed: Mapping[str, Any]) -> list[dict[str, Any]]:
    small, large, own = rows
    more = disturbed["pages"] - disturbed["fewest_pages"]
    return [
        *(goal(f"files a second to the queue, {row['records']:,}", row["records_per_second"], at_least=5000) for row in (small, large)),
        goal(f"files a second to the queue, {own['records']:,} of somebody's own", own["records_per_second"], at_least=5000),
        goal(f"peak memory at {large['records']:,} files ÷ at {small['records']:,}", ratio_of_peaks(small, large), at_most=1.05),
        goal("pages of a crawl ÷ fewest, clean", round(large["pages"] / large["fewest_pages"], 3), at_least=1, at_most=1),
        goal("pages more than fewest, for each answer that was lost", round(more / disturbed["faults"], 3), at_least=1, at_most=1),
        goal("Service Bus operations a crawled file, to the queue", large["bus_operations_per_record"], at_most=0.05),
    ]
