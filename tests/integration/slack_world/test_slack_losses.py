"""What Slack does not tell, and when we cannot be told or cannot read: it is named, and made good."""

from datetime import timedelta

import pytest

from devtools.fakes.polled_slack import APP
from devtools.fakes.pushed_slack import PushedSlack
from devtools.faults.plan import Fault, Kind
from shared.errors import DependencyUnavailable
from shared.telemetry.names import Metric
from tests.integration.slack_day.oracle import differences
from tests.integration.slack_world.worlds import WINDOW_SECONDS, all_is_well

BOTH_LOST = {("Channel", "events-lost"), ("User", "events-lost")}


async def test_a_minute_over_the_limit_opens_gaps_which_the_timer_closes_once_they_are_ripe(world: PushedSlack) -> None:
    plans = world.create("plans")
    await world.settle()
    world.deliveries.events_per_hour = 0

    await world.happen(lambda: world.slack.rename(plans.id, "projects"))
    await world.happen(lambda: world.slack.set_topic(plans.id, "told to nobody"))

    assert [call.operation for call in world.deliveries.ledger.calls] == ["app_rate_limited"]
    assert await world.gaps() == BOTH_LOST
    assert (await world.said(plans.id))["name"] == "plans"
    world.deliveries.events_per_hour = 30_000
    await world.go_on(minutes=10)
    assert await world.gaps() == BOTH_LOST, "what is so young may be on its way"
    await world.go_on(minutes=90)
    assert await world.gaps() == set()
    assert await differences(world) == []


async def test_while_we_are_away_slack_tries_again_and_the_last_try_says_that_others_are_lost(world: PushedSlack) -> None:
    plans, other = world.create("plans"), world.create("other")
    await world.settle()
    world.is_reachable = False

    await world.happen(lambda: world.slack.rename(other.id, "lost for good"))
    await world.run(seconds=70)
    world.clock.advance(seconds=200)
    await world.happen(lambda: world.slack.rename(plans.id, "projects"))
    await world.run(seconds=110)
    world.is_reachable = True
    await world.run(seconds=6 * 60)

    assert [lost.reason for lost in world.deliveries.lost] == ["retries", "retries"]
    assert (await world.said(plans.id))["name"] == "projects"
    assert (await world.said(other.id))["name"] == "other"
    assert await world.gaps() == BOTH_LOST
    await world.go_on(minutes=90)
    assert await world.gaps() == set()
    assert await differences(world) == []


async def test_a_broker_that_is_away_for_a_moment_loses_nothing(world: PushedSlack) -> None:
    plans = world.create("plans")
    await world.settle()
    world.pipeline.transport.fails_with = DependencyUnavailable("away")

    world.clock.advance(seconds=1)
    world.slack.rename(plans.id, "projects")
    await world.deliveries.deliver_due()
    assert {call.status for call in world.calls} == {503}
    world.pipeline.transport.fails_with = None
    await world.run(seconds=90)

    assert (await world.said(plans.id))["name"] == "projects"
    assert await world.gaps() == set()


async def test_a_disabled_subscription_is_found_by_the_daily_comparison_and_what_it_cost_by_name(world: PushedSlack) -> None:
    plans = world.create("plans")
    await world.settle()
    world.app.is_disabled = True
    await world.happen(lambda: world.slack.rename(plans.id, "projects"))
    assert (await world.said(plans.id))["name"] == "plans"
    assert [lost.reason for lost in world.deliveries.lost] == ["disabled"] * 2

    world.clock.advance(seconds=3600)
    assert (await world.compare("Channel")).named == {"stale": (plans.id,)}
    await world.run()

    assert ("Channel", "events-lost") in await world.gaps()
    assert await differences(world) == []
    world.deliveries.enable(world.app)
    await world.go_on(minutes=90)
    assert await world.gaps() == set()
    await world.happen(lambda: world.slack.rename(plans.id, "told again"))
    assert (await world.said(plans.id))["name"] == "told again"


@pytest.mark.parametrize("is_told", [False, True])
async def test_a_revoked_token_pauses_the_connection_and_once_it_is_mended_everything_is_there(
    world: PushedSlack, *, is_told: bool
) -> None:
    plans = world.create("plans")
    await world.settle()

    await world.happen(lambda: world.slack.revoke_token(APP, world.team_id, quietly=not is_told))
    await world.happen(lambda: world.slack.join(plans.id, world.bob))
    await world.run(seconds=WINDOW_SECONDS)

    paused = await world.connection()
    assert (paused.status, paused.paused_by) == ("paused", "app")
    assert paused.paused_reason is not None
    assert "install the app again" in paused.paused_reason
    assert ("Channel", "events-lost") in await world.gaps()
    await world.happen(lambda: world.slack.rename(plans.id, "projects"))
    assert (await world.said(plans.id))["name"] == "projects", "what is told needs no token"
    world.use_token(world.slack.reinstall(APP, world.team_id).token)
    await world.go_on(minutes=150)

    assert (await world.connection()).status == "active"
    assert await world.gaps() == set()
    assert await differences(world) == []


async def test_an_app_that_is_uninstalled_pauses_and_nothing_is_deleted(world: PushedSlack) -> None:
    public, private = world.create("public"), world.create("private", is_private=True)
    await world.settle()

    await world.happen(lambda: world.slack.uninstall(APP, world.team_id))

    assert (await world.connection()).status == "paused"
    assert await world.gaps() == BOTH_LOST
    assert set(world.active()) == {public.id, private.id}
    world.use_token(world.slack.reinstall(APP, world.team_id).token)
    world.slack.join(private.id, world.bot, quietly=True)
    await world.go_on(minutes=150)
    assert (await world.connection()).status == "active"
    assert await world.gaps() == set()
    assert await differences(world) == []


async def test_a_private_channel_that_flickers_is_lost_and_is_found_again(world: PushedSlack) -> None:
    plans = world.create("plans", is_private=True)
    await world.settle()
    gone = Fault(at="slack", kind=Kind.REFUSE, status=400, variant="channel-not-found", operation="conversations.info", calls=1)
    world.service.faults.add(gone)

    await world.happen(lambda: world.slack.join(plans.id, world.bob))
    assert plans.id not in world.active()
    await world.run(seconds=WINDOW_SECONDS)

    world.clock.advance(seconds=3600)
    await world.compare("Channel")
    await world.run()
    assert await differences(world) == []


async def test_a_read_that_is_refused_for_good_is_a_gap_which_a_comparison_closes(world: PushedSlack) -> None:
    plans = world.create("plans")
    await world.settle()
    broken = Fault(at="slack", kind=Kind.REFUSE, status=400, variant="invalid-limit", operation="conversations.info", calls=30)
    world.service.faults.add(broken)

    await world.happen(lambda: world.slack.join(plans.id, world.bob))
    await world.run(seconds=3 * 3600)
    world.service.faults._armed.clear()

    assert ("Channel", "not-read") in await world.gaps()
    await world.go_on(minutes=120)
    assert await world.gaps() == set()
    assert await differences(world) == []


async def test_a_pause_of_the_vendor_is_kept_and_no_failure(world: PushedSlack) -> None:
    plans = world.create("plans")
    await world.settle()
    busy = Fault(at="slack", kind=Kind.REFUSE, status=429, operation="conversations.info", calls=1, retry_after_seconds=20)
    world.service.faults.add(busy)

    await world.happen(lambda: world.slack.join(plans.id, world.bob))
    since = world.clock()
    await world.run(seconds=WINDOW_SECONDS)

    refused, read, *_ = world.service.ledger.of("conversations.info")
    assert read.at - refused.at >= timedelta(seconds=20)
    assert world.clock() >= since
    assert world.pipeline.metrics.total(Metric.SOURCE_REQUESTS, operation="conversations.info", outcome="TooManyCalls") == 1
    assert await differences(world) == []


async def test_a_method_that_is_let_through_once_a_minute_is_named_and_everything_is_read_in_the_end(world: PushedSlack) -> None:
    channels = [world.create(f"channel-{number}") for number in range(4)]
    await world.settle()
    world.app.limited_methods.add("conversations.info")

    for channel in channels:
        world.slack.join(channel.id, world.bob)
    await world.run(seconds=900)

    calls = world.service.ledger.of("conversations.info")
    assert len(calls) <= 12
    notes = {check.stream: check.detail or "" for check in await world.poller.check(await world.connection())}
    assert "conversations.info be called once a minute only" in notes["Channel"]
    assert await differences(world) == []
    assert await all_is_well(world)


async def test_what_is_read_in_bulk_gives_way_to_what_was_told(world: PushedSlack) -> None:
    ids = world.slack.populate(users=5, channels=90, members_per_channel=3, bots=(world.bot,), team_id=world.team_id)
    await world.settle()
    world.clock.advance(seconds=3600)

    await world.ask("Channel", "compare")
    await world.sync()
    world.slack.join(ids[0], world.slack.add_person(world.team_id, "Eve").id)
    told_at = world.clock()
    await world.run(seconds=30)

    read = [call for call in world.service.ledger.of("conversations.info") if call.channel == ids[0]]
    assert read[0].at - told_at <= timedelta(seconds=10)
    await world.run(seconds=3600)
    assert (await world.state("Channel", "compare")).is_running is False
    assert world.service.ledger.errors() == {}
