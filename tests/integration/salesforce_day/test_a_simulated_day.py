"""A day of one organization with everything that happens to its records, and everything that goes wrong: afterwards nothing is missing,
nothing is extra, nothing is stale, and whatever is done behind the app's back is found exactly."""

import sys
from collections.abc import Mapping
from datetime import timedelta

import pytest

from devtools.fakes.polled import TENANT
from ingestion.findings import Findings
from ingestion.sources.salesforce import session
from shared import topology
from shared.contracts.ingestion import IngestionEvent
from shared.contracts.rejected import Rejected
from tests.integration.salesforce_day.day import STREAMS, Day
from tests.integration.salesforce_day.oracle import differences, fields_not_as_the_vendor_has_them
from tests.integration.salesforce_day.stated import CHANGES, FAULTS

GRACE = timedelta(minutes=16)


@pytest.fixture(autouse=True)
def waiting_for_a_login_takes_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "LOOKS_AGAIN_SECONDS", 0.001)


async def test_a_sample_of_a_day_leaves_nothing_missing_extra_or_stale() -> None:
    await live_through(seed=1, hours=2)


@pytest.mark.long
@pytest.mark.timeout(600)
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
    assert (connection.status, connection.paused_reason) == ("active", None)
    assert [(gap.stream, gap.reason) for gap in await day.world.pipeline.gaps.open_ones(TENANT, connection.id)] == []
    reasons = {gap.reason for gap in day.world.pipeline.gaps.known.values()}
    assert reasons >= {"deletions-not-retained", *(["acl-unknown"] if day.hours > 12 else [])}, "all of them closed again"
    assert day.before_comparison == [], "what polls, and the comparisons that they ask for, leave to the scheduled one"
    assert differences(day) == []
    assert await fields_not_as_the_vendor_has_them(day) == []
    assert await faults_found(day) == {}
    assert waiting_or_rejected(day) == []


async def faults_found(day: Day) -> dict[str, Findings]:
    """By stream what the app's own comparison finds to be wrong, or not known yet. It gives way to second looks that are due."""
    await day.work()
    found = {stream: await day.world.compare(stream) for stream in STREAMS}
    for stream, findings in found.items():
        live = len(day.org.records(stream))
        assert (findings.vendor_count, findings.stored_count + findings.missing) == (live, live)
    return {stream: findings for stream, findings in found.items() if findings.fault_count or findings.pending}


def waiting_or_rejected(day: Day) -> list[str]:
    """Messages that still wait, and rejected ones, but for notifications of records that were gone by then: these say nothing."""
    left = []
    for envelope in day.transport.waiting:
        if envelope.queue != topology.REJECTED_MESSAGES:
            left.append(f"{envelope.queue}: {envelope.id}")
            continue
        rejected = Rejected.decode(envelope.body)
        is_empty = rejected.queue == topology.INGESTION_EVENTS and IngestionEvent.decode(rejected.body.encode()).source_id.startswith(
            "notif"
        )
        left += [] if is_empty else [f"rejected from {rejected.queue}: {rejected.reason} {rejected.detail}"]
    return left


async def check_what_is_done_behind_its_back(day: Day) -> None:
    """One shard deleted, one field edited, one record added; and one field edited in the store."""
    lost, edited, touched = (day.org.records(name)[3] for name in ("Lead", "Contact", "Opportunity"))
    del day.shards.documents()[TENANT, day.world.id_of("Lead", lost.id)]
    day.org.edit(edited.id, Title="Edited behind the app's back")
    added = day.org.create("Account")
    day.clock.advance(seconds=GRACE.total_seconds())

    found = await faults_found(day)

    assert {stream: (one.missing, one.extra, one.stale, dict(one.named)) for stream, one in found.items()} == {
        "Account": (1, 0, 0, {"missing": (added.id,)}),
        "Contact": (0, 0, 1, {"stale": (edited.id,)}),
        "Lead": (1, 0, 0, {"missing": (lost.id,)}),
    }
    await check_it_is_mended(day)

    stored = day.shards.documents()[TENANT, day.world.id_of("Opportunity", touched.id)]
    day.shards._put(TENANT, {**stored, "structuredData": {**stored["structuredData"], "name": "Written by somebody else"}})

    found = await faults_found(day)

    assert {stream: (one.stale, dict(one.named)) for stream, one in found.items()} == {"Opportunity": (1, {"stale": (touched.id,)})}
    await check_it_is_mended(day)


async def check_it_is_mended(day: Day) -> None:
    """The repair that a comparison put on the queue, and the next comparison."""
    await day.work()
    assert differences(day) == []
    day.clock.advance(seconds=GRACE.total_seconds())
    assert await faults_found(day) == {}
