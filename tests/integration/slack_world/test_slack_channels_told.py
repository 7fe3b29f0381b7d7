"""What happens to channels, told by Slack: stored as soon as it is told, without a read where the event says all of it."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from devtools.fakes.pushed_slack import PushedSlack
from tests.integration.slack_day.oracle import differences
from tests.integration.slack_world.worlds import WINDOW_SECONDS, all_is_well, members, stamp, tell, told

BY_EVENT = {"message.channels", "message.groups"}
"""Taken off: an app that hears of no messages."""
BY_MESSAGE = {"channel_rename", "group_rename", "channel_archive", "group_archive", "channel_unarchive", "group_unarchive"}


async def test_a_new_channel_is_stored_at_once_and_read_with_whoever_is_in_it(world: PushedSlack) -> None:
    await world.settle()

    made = await world.happen(lambda: world.slack.create(world.team_id, "plans", world.ada, members=[world.bob]))

    said = await world.said(made.id)
    assert (said["name"], said["type"], said["creatorId"]) == ("plans", "public", world.ada)
    assert await members(world, made.id) == {world.ada, world.bob}
    await world.run(seconds=WINDOW_SECONDS)
    assert world.service.ledger.count("conversations.info") == 2  # at once, and at the end of the window for those who were invited
    assert await differences(world) == []
    assert await all_is_well(world)


@pytest.mark.parametrize("is_private", [False, True])
@pytest.mark.parametrize("unheard", [set[str](), BY_EVENT, BY_MESSAGE], ids=["both", "by its event alone", "by a message alone"])
async def test_a_name_and_an_archive_are_told_without_a_read(world: PushedSlack, unheard: set[str], *, is_private: bool) -> None:
    plans = world.create("plans", is_private=is_private)
    world.app.events -= unheard
    await world.settle()

    await world.happen(lambda: world.slack.rename(plans.id, "projects"))
    assert (await world.said(plans.id))["name"] == "projects"
    await world.happen(lambda: world.slack.archive(plans.id))
    assert (await world.said(plans.id))["isArchived"] is True
    world.clock.advance(seconds=WINDOW_SECONDS)
    await world.happen(lambda: world.slack.unarchive(plans.id))
    assert (await world.said(plans.id))["isArchived"] is False

    await world.run(seconds=WINDOW_SECONDS)
    assert world.service.ledger.calls == []
    assert await differences(world) == []


@pytest.mark.parametrize("is_private", [False, True])
@pytest.mark.parametrize("has_own_subtypes", [False, True])
async def test_a_topic_and_a_purpose_are_told_by_messages(world: PushedSlack, *, is_private: bool, has_own_subtypes: bool) -> None:
    plans = world.create("plans", is_private=is_private)
    world.slack.knobs.group_subtypes = has_own_subtypes
    await world.settle()

    await world.happen(lambda: world.slack.set_topic(plans.id, "next year"))
    await world.happen(lambda: world.slack.set_purpose(plans.id, "what we want"))

    said = await world.said(plans.id)
    assert (said["topic"], said["purpose"], said["description"]) == ("next year", "what we want", "what we want")
    assert world.service.ledger.calls == []
    await world.happen(lambda: world.slack.set_topic(plans.id, ""))
    assert (await world.said(plans.id)).get("topic") is None
    assert await differences(world) == []


@pytest.mark.parametrize("is_private", [False, True])
async def test_a_deleted_channel_is_found_no_more(world: PushedSlack, *, is_private: bool) -> None:
    plans = world.create("plans", is_private=is_private)
    await world.settle()
    assert await world.search("ada@pretend.example", "plans") == {plans.id}

    await world.happen(lambda: world.slack.delete(plans.id))

    shard = await world.shard(plans.id)
    assert shard is not None
    assert shard.status == "deleted"
    assert await world.search("ada@pretend.example", "plans") == set()
    assert await differences(world) == []


FORMS: dict[str, Callable[[str], Any]] = {
    "an id": lambda channel_id: channel_id,
    "an object": lambda channel_id: {"id": channel_id, "name": "plans"},
}


@pytest.mark.parametrize("form", FORMS)
async def test_an_event_may_name_its_channel_by_an_id_or_an_object(world: PushedSlack, form: str) -> None:
    plans = world.create("plans")
    await world.settle()
    world.clock.advance(seconds=60)

    archived = {"type": "channel_archive", "channel": FORMS[form](plans.id), "user": world.ada, "event_ts": stamp(world)}

    assert await tell(world, archived) == 200
    assert (await world.said(plans.id))["isArchived"] is True


async def test_names_that_arrive_in_another_order_end_with_the_last_one(world: PushedSlack) -> None:
    plans = world.create("plans")
    await world.settle()
    world.deliveries.is_held = True
    for name in ("first", "second", "third"):
        await world.happen(partial(world.slack.rename, plans.id, name))
    world.deliveries._queue.sort(key=lambda waiting: waiting[2], reverse=True)
    world.deliveries._queue[:] = [(at, -number, -number, parcel) for at, _, number, parcel in world.deliveries._queue]
    world.deliveries.is_held = False

    await world.run(seconds=0)

    assert [call.attempt for call in world.deliveries.ledger.of("channel_rename")] == [0, 0, 0]
    assert (await world.said(plans.id))["name"] == "third"
    assert await differences(world) == []


async def test_an_event_that_comes_again_under_another_id_is_no_second_message_and_writes_nothing(world: PushedSlack) -> None:
    plans = world.create("plans")
    await world.settle()
    world.clock.advance(seconds=60)
    renamed = {"type": "channel_rename", "channel": {"id": plans.id, "name": "projects"}, "event_ts": stamp(world)}

    await tell(world, renamed, event_id="Ev0ONE")
    shard, before = await world.shard(plans.id), told(world)
    assert shard is not None
    await tell(world, renamed, event_id="Ev0TWO")
    assert told(world) == before
    world.clock.advance(seconds=7200)  # the broker does not remember it any more
    await tell(world, renamed, event_id="Ev0THREE")

    stored = await world.shard(plans.id)
    assert told(world) == before + 1
    assert stored is not None
    assert (stored.etag, stored.revision_number) == (shard.etag, shard.revision_number)


async def test_a_channel_the_app_is_not_in_is_told_of_as_far_as_slack_does_and_the_comparison_finds_the_rest(world: PushedSlack) -> None:
    plans = world.create("plans", has_bot=False)
    await world.settle()

    await world.happen(lambda: world.slack.rename(plans.id, "projects"))
    await world.happen(lambda: world.slack.set_topic(plans.id, "told to nobody"))

    said = await world.said(plans.id)
    assert (said["name"], said.get("topic")) == ("projects", None)
    world.clock.advance(seconds=3600)
    found = await world.compare("Channel")
    await world.run()
    assert found.named == {"stale": (plans.id,)}
    assert await differences(world) == []


async def test_talks_between_persons_are_never_stored(world: PushedSlack) -> None:
    await world.settle()
    before = told(world)

    two = await world.happen(lambda: world.slack.open_direct(world.team_id, [world.ada, world.bot]))
    several = await world.happen(lambda: world.slack.open_direct(world.team_id, [world.ada, world.bob, world.bot]))
    await world.happen(lambda: world.slack.post(two.id, world.ada, "between us"))
    await world.happen(lambda: world.slack.post(several.id, world.ada, "between us"))
    await world.happen(lambda: world.slack.rename(several.id, "still between us"))

    await world.run(seconds=WINDOW_SECONDS)
    assert told(world) == before
    assert [await world.shard(one.id) for one in (two, several)] == [None, None]
