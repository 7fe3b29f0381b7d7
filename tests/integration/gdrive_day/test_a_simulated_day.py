"""A day of a Workspace with everything that happens in its drives, and everything that goes wrong: afterwards nothing is missing, extra or
stale, everybody finds what Drive shows them, and whatever is done behind the app's back is found exactly."""

import sys
from collections.abc import Mapping
from datetime import timedelta

import pytest

from devtools.fakes.polled_drive import TENANT_ID
from devtools.vendors.gdrive.items import Item
from ingestion.findings import Findings
from shared import topology
from shared.contracts.rejected import Rejected
from shared.streams.defaults import streams_of
from tests.integration.gdrive_day.day import Day
from tests.integration.gdrive_day.oracle import differences, drives, holders
from tests.integration.gdrive_day.stated import CHANGES, FAULTS

GRACE = timedelta(minutes=16)


async def test_a_sample_of_a_day_leaves_nothing_missing_extra_or_stale() -> None:
    await live_through(seed=1, hours=0.5)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_24_hours_leave_nothing_missing_extra_or_stale(seed: int) -> None:
    await live_through(seed=seed, hours=24)


async def live_through(*, seed: int, hours: float) -> None:
    """The day, what is true after it, and what is done behind the app's back."""
    async with Day(seed, hours=hours) as day:
        await day.run()
        check_counts("kinds of change", day.actor.counts, day.wanted(CHANGES))
        check_counts("kinds of fault", day.faults.counts, day.wanted(FAULTS))
        await check_all_is_well(day)
        await check_what_is_done_behind_its_back(day)


def check_counts(title: str, counts: Mapping[str, int], wanted: Mapping[str, int]) -> None:
    sys.stderr.write(f"\n{title:40}  happened  at least\n")
    sys.stderr.writelines(f"{kind:40} {counts.get(kind, 0):9} {least:9}\n" for kind, least in wanted.items())
    assert {kind: counts.get(kind, 0) for kind, least in wanted.items() if counts.get(kind, 0) < least} == {}


async def check_all_is_well(day: Day) -> None:
    connection = await day.world.connection()
    ledger = day.google.ledger
    sys.stderr.write(f"{len(ledger.calls)} requests {dict(ledger.counts())}, {len(day.transport.sent)} messages\n")
    assert (connection.status, connection.paused_reason) == ("active", None)
    own = ("drives", *(f"user:{person}" for person in day.world.users), "groups")
    assert set(streams_of(connection)) == {*own, *(f"drive:{drive_id}" for drive_id in drives(day.world))}
    assert await differences(day.world) == []
    assert await faults_found(day) == {}
    assert [(gap.stream, gap.reason) for gap in await day.world.pipeline.gaps.open_ones(TENANT_ID, connection.id)] == []
    assert waiting_or_rejected(day) == []


async def faults_found(day: Day) -> dict[str, Findings]:
    """By stream what the app's own comparison finds to be wrong, or not known yet; and that it counts what is there."""
    expected = holders(day.world)
    found = {}
    for stream in streams_of(await day.world.connection()):
        if stream in ("drives", "groups"):
            continue
        found[stream] = findings = await day.world.compare(stream)
        count = 1 + sum(stream in streams for streams in expected.values())
        assert (stream, findings.vendor_count, findings.stored_count + findings.missing) == (stream, count, count)
    found["groups"] = await day.world.compare("groups")
    return {stream: findings for stream, findings in found.items() if findings.fault_count or findings.pending}


def waiting_or_rejected(day: Day) -> list[str]:
    """Messages that still wait, and rejected ones."""
    left = []
    for envelope in day.transport.waiting:
        if envelope.queue != topology.REJECTED_MESSAGES:
            left.append(f"{envelope.queue}: {envelope.id}")
            continue
        rejected = Rejected.decode(envelope.body)
        left.append(f"rejected from {rejected.queue}: {rejected.reason} {rejected.detail}")
    return left


async def check_what_is_done_behind_its_back(day: Day) -> None:
    """One shard deleted, one file edited, one added, of three streams; and one field edited in the store."""
    lost, edited, touched = files_of_three_streams(day)
    streams = [stream_of(item) for item in (lost, edited, touched)]
    del day.shards.documents()[TENANT_ID, day.world.id_of(lost.id)]
    edited.description, edited.version = "Edited behind the app's back", edited.version + 1
    added = day.drive._new("Added behind the app's back", "text/plain", touched.parent_id, None)
    day.drive.tree.add([added])
    day.clock.advance(seconds=GRACE.total_seconds())

    found = await faults_found(day)

    assert {stream: (one.missing, one.extra, one.stale, dict(one.named)) for stream, one in found.items()} == {
        streams[0]: (1, 0, 0, {"missing": (lost.id,)}),
        streams[1]: (0, 0, 1, {"stale": (edited.id,)}),
        stream_of(added): (1, 0, 0, {"missing": (added.id,)}),
    }
    await check_it_is_mended(day)

    stored = day.shards.documents()[TENANT_ID, day.world.id_of(touched.id)]
    day.shards._put(TENANT_ID, {**stored, "structuredData": {**stored["structuredData"], "name": "Written by somebody else"}})

    found = await faults_found(day)

    assert {stream: (one.stale, dict(one.named)) for stream, one in found.items()} == {streams[2]: (1, {"stale": (touched.id,)})}
    await check_it_is_mended(day)


def files_of_three_streams(day: Day) -> list[Item]:
    """Files that are at home in three streams."""
    found: dict[str, Item] = {}
    for file_id, streams in sorted(holders(day.world).items()):
        item = day.drive.item(file_id)
        if streams == {stream_of(item)} and not item.is_folder:
            found.setdefault(stream_of(item), item)
    return [found[stream] for stream in sorted(found)][:3]


def stream_of(item: Item) -> str:
    """Where it is at home."""
    return f"drive:{item.drive_id}" if item.drive_id else f"user:{item.owner}"


async def check_it_is_mended(day: Day) -> None:
    """The repair that a comparison put on the queue, and the next comparison."""
    await day.work()
    day.clock.advance(seconds=10)
    await day.work()
    assert await differences(day.world) == []
    day.clock.advance(seconds=GRACE.total_seconds())
    assert await faults_found(day) == {}
