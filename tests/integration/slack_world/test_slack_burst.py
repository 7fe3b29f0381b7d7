"""A burst: hundreds of events in a second, some of them twice, and a broker that goes away in the middle.

What is true of it: a record is read once in a window, the last change of every channel is stored, and every call that was answered with 200
has a message that stands for it.
"""

import sys
from collections import Counter
from datetime import datetime
from random import Random

import pytest

from devtools.fakes.polled_slack import WINDOW, PolledSlack
from devtools.fakes.pushed_slack import PushedSlack
from devtools.vendors.slack.stories import change_something
from ingestion.coalescing import window_end
from ingestion.sources.slack.budget import LONGEST_WAIT
from shared.errors import DependencyUnavailable
from shared.telemetry.names import Metric
from tests.integration.salesforce_day.hazards import Hazards, PerilousShards
from tests.integration.slack_day.accounts import unaccounted
from tests.integration.slack_day.oracle import differences

CHANNELS = 50
A_SECOND = 500
AT_ONCE = 25
STEPS = A_SECOND // AT_ONCE
TWICE = 0.1


async def test_a_second_of_a_burst_is_one_read_for_each_channel_and_window_and_nothing_is_lost() -> None:
    async with PushedSlack(shards=PerilousShards(Hazards(Random(1)))) as world:
        await flood(world, seconds=1, away=range(8, 14))


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_a_minute_of_a_burst_is_one_read_for_each_channel_and_window_and_nothing_is_lost() -> None:
    async with PushedSlack(shards=PerilousShards(Hazards(Random(1)))) as world:
        await flood(world, seconds=60, away=range(27 * STEPS, 33 * STEPS))


async def flood(world: PushedSlack, *, seconds: int, away: range) -> None:
    """``away``: the twentieths of seconds in which the broker is away."""
    channel_ids = world.slack.populate(users=30, channels=CHANNELS, members_per_channel=8, bots=(world.bot,), team_id=world.team_id)
    await world.settle()
    world.deliveries.mishaps.duplicate_share = TWICE
    world.deliveries.events_per_hour = 10_000_000  # or Slack would tell of no more
    world.clock.advance(seconds=600)
    asked = world.service.ledger.calls
    asked.clear()
    changes: Counter[str] = Counter()

    for step in range(seconds * STEPS):
        world.pipeline.transport.fails_with = DependencyUnavailable("the broker is away") if step in away else None
        for _ in range(AT_ONCE):
            changes[change_something(world.slack, channel_ids)] += 1
        world.clock.advance(seconds=AT_ONCE / A_SECOND)
        await world.deliveries.deliver_due()
        if step % STEPS == 0 and step not in away:
            await world.sync()
            await world.pipeline.run_all()
    world.pipeline.transport.fails_with = None
    await world.run(seconds=900)

    tell(world, changes)
    assert changes.total() == seconds * A_SECOND
    assert world.deliveries.waiting == 0
    assert [lost.reason for lost in world.deliveries.lost] == []
    assert Counter(call.status for call in world.calls).keys() == {200, 503}
    assert await differences(world) == []
    assert await unaccounted(world) == []
    assert read_again_in_one_window(world) == []
    assert world.service.ledger.errors() == {}


def tell(world: PushedSlack, changes: Counter[str]) -> None:
    """What the burst came to, by a thousand events that were answered with 200."""
    answered = sum(call.status == 200 for call in world.calls)
    counts = world.service.ledger.counts()
    sent = Counter(envelope.queue for envelope in world.pipeline.transport.sent)
    sys.stderr.write(f"\n{changes.total()} changes {dict(changes)}\n{len(world.calls)} calls, {answered} answered with 200\n")
    for name, count in (*counts.items(), *sent.items()):
        sys.stderr.write(f"{name:36} {count:8} {1000 * count / answered:8.1f} per 1,000 events\n")
    heard = world.pipeline.metrics.total(Metric.WEBHOOK_HEARD)
    sys.stderr.write(f"{heard} events counted, {world.pipeline.transport.duplicates_dropped} messages were known to the broker\n")


def read_again_in_one_window(world: PolledSlack) -> list[tuple[str, datetime]]:
    """Channels, and when each was read although it had been in that window. A read that waited for its turn at Slack is of the window in
    which it asked for it."""
    found = []
    last: dict[str, datetime] = {}
    for call in world.service.ledger.of("conversations.info"):
        asked_in, made_in = window_end(call.at - LONGEST_WAIT, WINDOW), window_end(call.at, WINDOW)
        before = last.get(call.channel)
        if before is not None and made_in <= before:
            found.append((call.channel, call.at))
        last[call.channel] = asked_in if before is None or asked_in > before else made_in
    return found
