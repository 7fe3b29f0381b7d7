"""``conversations.list``, ``.info``, ``.members`` and ``users.conversations`` of the pretend Slack, asked by Slack's own SDK."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from tests.integration.slack_api.worlds import World, pretending, refused


async def listed(world: World, **said: Any) -> list[str]:
    """The names on every page."""
    return [one["name"] async for page in await world.client.conversations_list(**said) for one in page["channels"]]


async def test_public_channels_are_listed_and_private_ones_where_the_bot_is(world: World) -> None:
    for name, is_private, with_bot in (("a", False, False), ("b", False, True), ("c", True, False), ("d", True, True)):
        world.channel(name, is_private=is_private, with_bot=with_bot)
    world.world.open_direct(world.team.id, [world.bot.bot_user_id, world.ada.id])
    world.world.open_direct(world.team.id, [world.ada.id, world.bob.id, world.bot.bot_user_id])

    assert sorted(await listed(world)) == ["a", "b"]
    assert sorted(await listed(world, types="public_channel,private_channel")) == ["a", "b", "d"]
    mine = await world.client.users_conversations(types="public_channel,private_channel,mpim,im")
    several = "mpdm-ada.long--bob.stone--shardline-1"
    assert sorted(one.get("name") or one["user"] for one in mine["channels"]) == sorted(["b", "d", several, world.ada.id])
    assert [(one["is_mpim"], one["is_group"]) for one in mine["channels"] if one.get("name") == several] == [(True, True)]
    assert (await world.client.users_conversations(user=world.bob.id))["channels"] == []


async def test_a_channel_says_everything_that_slack_says(world: World) -> None:
    made = world.channel("sales")
    world.world.invite(made.id, world.bob.id, by=world.ada.id)
    world.clock.advance(minutes=1)
    world.world.set_topic(made.id, "targets", by=world.bob.id)
    world.world.rename(made.id, "trade")

    channel = (await world.client.conversations_info(channel=made.id, include_num_members=True, include_locale=True))["channel"]

    assert channel == {
        "id": made.id,
        "name": "trade",
        "name_normalized": "trade",
        "previous_names": ["sales"],
        "creator": world.ada.id,
        "is_channel": True,
        "is_group": False,
        "is_im": False,
        "is_mpim": False,
        "is_private": False,
        "is_member": True,
        "is_archived": False,
        "is_general": False,
        "is_shared": False,
        "is_org_shared": False,
        "is_ext_shared": False,
        "is_pending_ext_shared": False,
        "unlinked": 0,
        "context_team_id": world.team.id,
        "shared_team_ids": [world.team.id],
        "internal_team_ids": [world.team.id],
        "connected_team_ids": [],
        "pending_connected_team_ids": [],
        "pending_shared": [],
        "conversation_host_id": world.team.id,
        "parent_conversation": None,
        "num_members": 3,
        "locale": "en-GB",
        "created": 1772452830,
        "updated": 1772452890000,
        "topic": {"value": "targets", "creator": world.bob.id, "last_set": 1772452890},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }


async def test_settings_move_updated_and_members_do_not(world: World) -> None:
    made = world.channel()

    async def updated() -> int:
        return int((await world.client.conversations_info(channel=made.id))["channel"]["updated"])

    began = await updated()
    world.clock.advance(minutes=1)
    world.world.join(made.id, world.bob.id)
    world.world.post(made.id, world.bob.id, "hello")
    assert await updated() == began
    world.world.archive(made.id)
    assert await updated() == began + 60_000
    assert await listed(world, exclude_archived=True) == []


async def test_what_the_bot_cannot_see_is_not_there(world: World) -> None:
    private = world.channel("secret", is_private=True, with_bot=False)
    gone = world.channel("gone")
    world.world.delete(gone.id)

    for channel in (private.id, gone.id, "C0NOTHERE00", ""):
        assert (await refused(world.client.conversations_info(channel=channel)))[0] == "channel_not_found"
        assert (await refused(world.client.conversations_members(channel=channel)))[0] == "channel_not_found"
    world.world.invite(private.id, world.bot.bot_user_id, by=world.ada.id)
    assert (await world.client.conversations_info(channel=private.id))["channel"]["is_private"] is True


async def test_a_channel_whose_id_was_changed_is_not_found_under_the_old_one_unless_a_knob_says_so(world: World) -> None:
    made = world.channel(is_private=True)
    old, new = made.id, world.world.change_id(made.id).id

    assert (await refused(world.client.conversations_info(channel=old)))[0] == "channel_not_found"
    world.world.knobs.old_ids_answer = True
    assert (await world.client.conversations_info(channel=old))["channel"]["id"] == new
    assert (await refused(world.client.conversations_info(channel="C0NEVER0000")))[0] == "channel_not_found"


async def test_pages_may_be_short_or_empty_and_go_on_all_the_same(world: World) -> None:
    made = set(world.world.populate(channels=30, members_per_channel=3))
    world.world.knobs.short_pages, world.world.knobs.empty_pages = 7, 2

    pages = [page["channels"] async for page in await world.client.conversations_list(limit=20)]

    assert [len(page) for page in pages] == [0, 0, 7, 7, 7, 7, 2]
    assert {one["id"] for page in pages for one in page} == made
    assert world.slack.ledger.rows("conversations.list") == 30


async def test_what_is_gone_between_two_pages_moves_nothing_else(world: World) -> None:
    made = world.world.populate(channels=10, members_per_channel=1)
    first = await world.client.conversations_list(limit=4)
    world.world.delete(made[0])
    second = await world.client.conversations_list(limit=10, cursor=first["response_metadata"]["next_cursor"])

    assert [one["id"] for one in second["channels"]] == sorted(made)[4:]
    assert second["response_metadata"] == {"next_cursor": ""}


async def test_a_cursor_is_good_for_its_method_alone(world: World) -> None:
    world.world.populate(channels=5, members_per_channel=2)
    cursor = (await world.client.conversations_list(limit=2))["response_metadata"]["next_cursor"]

    assert (await refused(world.client.users_list(cursor=cursor)))[0] == "invalid_cursor"
    for wrong in ("nonsense", "!", cursor[:-5]):
        assert (await refused(world.client.conversations_list(cursor=wrong)))[0] == "invalid_cursor"
    for limit in (-1, 1000, "many"):
        assert (await world.asked("conversations.list", limit=limit))["error"] == "invalid_limit"
    assert (await refused(world.client.conversations_list(types="public")))[0] == "invalid_types"


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(members=some.integers(1, 40), limit=some.integers(1, 50), short=some.none() | some.integers(1, 9), empty=some.integers(0, 3))
async def test_the_pages_of_a_list_are_the_list(members: int, limit: int, short: int | None, empty: int) -> None:
    async with pretending() as world:
        people = world.world.populate(users=members, channels=1, members_per_channel=members + 3)
        world.slack.limits.clear()
        world.world.knobs.short_pages, world.world.knobs.empty_pages = short, empty

        pages = [page["members"] async for page in await world.client.conversations_members(channel=people[0], limit=limit)]

    assert [one for page in pages for one in page] == sorted(world.world.channel(people[0]).members)
    assert all(len(page) <= limit for page in pages)
