"""Who comes into channels and who goes: the event says who, and a read, one for each window, who is in it by now."""

from functools import partial

import pytest

from devtools.fakes.pushed_slack import PushedSlack
from devtools.faults.plan import Fault, Kind
from tests.integration.slack_day.oracle import differences
from tests.integration.slack_world.worlds import WINDOW_SECONDS, all_is_well, members, stamp, tell

BY_EVENT, BY_MESSAGE = {"message.channels", "message.groups"}, {"member_joined_channel", "member_left_channel"}


@pytest.mark.parametrize("is_private", [False, True])
@pytest.mark.parametrize("unheard", [set[str](), BY_EVENT, BY_MESSAGE], ids=["both", "by events alone", "by messages alone"])
async def test_whoever_joins_or_leaves_is_in_or_out_once_the_channel_is_read(
    world: PushedSlack, unheard: set[str], *, is_private: bool
) -> None:
    plans = world.create("plans", is_private=is_private)
    world.app.events -= unheard
    await world.settle()

    await world.happen(lambda: world.slack.invite(plans.id, world.bob, by=world.ada))
    assert world.bob in await members(world, plans.id)
    await world.happen(lambda: world.slack.leave(plans.id, world.bob))
    await world.run(seconds=WINDOW_SECONDS)

    assert world.bob not in await members(world, plans.id)
    assert world.service.ledger.counts() == {"conversations.info": 2, "conversations.members": 2}
    assert await differences(world) == []
    assert await all_is_well(world)


async def test_events_of_members_without_a_moment_or_a_type_are_as_good(world: PushedSlack) -> None:
    plans = world.create("plans", is_private=True)
    world.slack.knobs.membership_has_event_ts = world.slack.knobs.membership_has_channel_type = False
    await world.settle()

    await world.happen(lambda: world.slack.join(plans.id, world.bob))
    await world.happen(lambda: world.slack.kick(plans.id, world.bot, by=world.ada))
    await world.run(seconds=WINDOW_SECONDS)
    assert (await world.said(plans.id))["isLost"] is True
    await world.happen(lambda: world.slack.invite(plans.id, world.bot, by=world.ada))
    await world.run(seconds=WINDOW_SECONDS)

    assert await members(world, plans.id) == {world.ada, world.bob, world.bot}
    assert await differences(world) == []


async def test_a_storm_of_comings_and_goings_is_one_read_for_each_window_and_ends_right(world: PushedSlack) -> None:
    plans = world.create("plans")
    people = [world.slack.add_person(world.team_id, f"Person {number}", quietly=True).id for number in range(10)]
    await world.settle()

    for _ in range(30):
        for person in people:
            move = world.slack.leave if person in plans.members else world.slack.join
            await world.happen(partial(move, plans.id, person))
    await world.run(seconds=WINDOW_SECONDS)

    windows = 300 / 30
    assert world.service.ledger.count("conversations.info") <= windows + 2
    assert await differences(world) == []


async def test_a_read_that_does_not_show_what_was_told_is_made_once_more_at_the_end_of_the_window(world: PushedSlack) -> None:
    plans = world.create("plans")
    await world.settle()
    world.clock.advance(seconds=5)
    joined = {"type": "member_joined_channel", "user": world.bob, "channel": plans.id, "channel_type": "C", "event_ts": stamp(world)}

    await tell(world, joined)
    assert world.bob not in await members(world, plans.id)
    world.slack.join(plans.id, world.bob, quietly=True)  # Slack was behind itself
    await world.run(seconds=WINDOW_SECONDS)

    assert world.service.ledger.count("conversations.info") == 2
    assert await members(world, plans.id) == {world.ada, world.bob, world.bot}
    assert await differences(world) == []


async def test_an_answer_without_members_takes_nobody_out(world: PushedSlack) -> None:
    plans = world.create("plans")
    await world.settle()
    late = Fault(at="slack", kind=Kind.MALFORMED, variant="no-rows", operation="conversations.members", calls=1)
    world.service.faults.add(late)

    await world.happen(lambda: world.slack.join(plans.id, world.bob))
    assert await members(world, plans.id) == {world.ada, world.bot}
    await world.run(seconds=WINDOW_SECONDS)

    assert await members(world, plans.id) == {world.ada, world.bob, world.bot}


async def test_newcomers_nobody_told_of_are_asked_for_once_by_each_worker(world: PushedSlack) -> None:
    one, two = world.create("one"), world.create("two")
    await world.settle()
    eve = world.slack.add_person(world.team_id, "Eve", quietly=True)

    await world.happen(lambda: world.slack.join(one.id, eve.id))
    await world.happen(lambda: world.slack.join(two.id, eve.id))
    await world.run(seconds=WINDOW_SECONDS)

    assert await world.shard(eve.id, "User") is not None
    assert [call.user for call in world.service.ledger.of("users.info")] == [eve.id]
    assert await world.search("eve@pretend.example", "one two") == {one.id, two.id}
    assert await differences(world) == []


async def test_messages_people_write_are_none_of_ours(world: PushedSlack) -> None:
    plans = world.create("plans", members=[world.bob])
    await world.settle()
    before = len(world.pipeline.transport.sent)

    written = await world.happen(lambda: world.slack.post(plans.id, world.ada, "good morning"))
    await world.happen(lambda: world.slack.reply(plans.id, written.ts, world.bob, "good morning"))
    await world.happen(lambda: world.slack.edit(plans.id, written.ts, "good evening"))
    await world.happen(lambda: world.slack.delete_message(plans.id, written.ts))
    await world.run(seconds=WINDOW_SECONDS)

    assert len(world.pipeline.transport.sent) == before
    assert len(world.calls) >= 4
