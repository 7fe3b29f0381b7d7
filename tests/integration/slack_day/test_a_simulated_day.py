"""A day of a workspace with everything that happens in it, and everything that goes wrong: afterwards nothing is missing, extra or stale,
everybody finds what Slack shows them, and whatever is done behind the app's back is found exactly."""

import sys
from collections.abc import Mapping
from datetime import timedelta

import pytest

from devtools.fakes.polled_slack import TENANT_ID
from ingestion.findings import Findings
from shared import topology
from shared.contracts.rejected import Rejected
from tests.integration.slack_day.accounts import unaccounted
from tests.integration.slack_day.day import Day
from tests.integration.slack_day.oracle import channels, differences
from tests.integration.slack_day.stated import CHANGES, FAULTS

GRACE = timedelta(minutes=16)


async def test_a_sample_of_a_day_leaves_nothing_missing_extra_or_stale() -> None:
    await live_through(seed=1, hours=0.5)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_24_hours_leave_nothing_missing_extra_or_stale(seed: int) -> None:
    await live_through(seed=seed, hours=24)


async def test_a_sample_of_a_day_of_which_everything_is_told_ends_right_without_any_comparison() -> None:
    await live_through_what_is_told(seed=1, hours=0.5)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_24_hours_of_which_everything_is_told_end_right_without_any_comparison(seed: int) -> None:
    await live_through_what_is_told(seed=seed, hours=24)


async def live_through_what_is_told(*, seed: int, hours: float) -> None:
    """Nothing is polled or compared. Of one thing no event tells: that somebody of another organization is in no channel any more."""
    async with Day(seed, hours=hours, is_all_told=True) as day:
        await day.run()
        check_counts("kinds of change", day.actor.counts, day.wanted(CHANGES))
        check_counts("kinds of fault", day.faults.counts, day.wanted(FAULTS))
        assert [lost.reason for lost in day.world.deliveries.lost] == []
        assert [one for one in await differences(day.world) if not one.endswith("nobody here")] == []
        assert waiting_or_rejected(day) == []
        assert await unaccounted(day.world) == []


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
    calls = day.world.service.ledger
    sys.stderr.write(
        f"{len(calls.calls)} requests {dict(calls.counts())}, {len(day.transport.sent)} messages, {len(day.world.calls)} calls\n"
    )
    assert (connection.status, connection.paused_reason) == ("active", None)
    assert await differences(day.world) == []
    assert await faults_found(day) == {}
    assert [(gap.stream, gap.reason) for gap in await day.world.pipeline.gaps.open_ones(TENANT_ID, connection.id)] == []
    assert waiting_or_rejected(day) == []
    assert await unaccounted(day.world) == []


async def faults_found(day: Day) -> dict[str, Findings]:
    """By stream what the app's own comparison finds to be wrong, or not known yet; and that it counts what is there."""
    found = await day.world.compare_all()
    state = await day.world.state("Channel", "compare")
    report = Findings.model_validate(state.report)
    assert (report.vendor_count, report.stored_count + report.missing) == (len(channels(day.world)),) * 2
    return found


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
    """A topic, a member, a new channel and one that is gone, told by nobody; and in the store a shard edited and one deleted."""
    topic, member, gone, edited, lost = sorted(channels(day.world).values(), key=lambda one: one.id)[:5]
    person = next(one for one in day.slack.people_of(day.world.team_id) if not one.deleted and one.id not in member.members)
    day.slack.set_topic(topic.id, "Behind the app's back", quietly=True)
    day.slack.join(member.id, person.id, quietly=True)
    made = day.slack.create(day.world.team_id, "made behind its back", day.world.ada, quietly=True)
    day.slack.delete(gone.id, quietly=True)
    active, documents = day.world.active(), day.shards.documents()
    document = documents[TENANT_ID, active[edited.id].id]
    day.shards._put(TENANT_ID, {**document, "structuredData": {**document["structuredData"], "name": "Written by somebody else"}})
    del documents[TENANT_ID, active[lost.id].id]
    day.clock.advance(seconds=GRACE.total_seconds())

    found = await faults_found(day)

    assert {stream: dict(one.named) for stream, one in found.items()} == {
        "Channel": {
            "missing": tuple(sorted([made.id, lost.id])),
            "extra": (gone.id,),
            "stale": tuple(sorted([topic.id, member.id, edited.id])),
        }
    }
    await day.work()
    day.clock.advance(seconds=60)
    await day.work()
    assert await differences(day.world) == []
    day.clock.advance(seconds=GRACE.total_seconds())
    assert await faults_found(day) == {}
