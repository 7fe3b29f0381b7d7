"""``users.*``, ``usergroups.*`` and ``team.info`` of the pretend Slack."""

from tests.integration.slack_api.worlds import World, refused


async def test_everybody_is_listed_those_who_are_gone_and_bots_included(world: World) -> None:
    world.world.deactivate(world.cleo.id)

    found = {one["id"]: one async for page in await world.client.users_list(limit=2) for one in page["members"]}

    assert set(found) == {world.ada.id, world.bob.id, world.cleo.id, world.bot.bot_user_id}
    assert (found[world.cleo.id]["deleted"], found[world.bot.bot_user_id]["is_bot"]) == (True, True)
    assert found[world.ada.id]["profile"]["email"] == "ada.long@pretend.example"
    assert found[world.ada.id]["profile"]["first_name"] == "Ada"
    assert "is_restricted" not in found[world.cleo.id]


async def test_an_email_needs_its_scope(world: World) -> None:
    world.bot.scopes.discard("users:read.email")

    assert "email" not in (await world.client.users_info(user=world.ada.id))["user"]["profile"]
    assert (await refused(world.client.users_lookupByEmail(email="ada.long@pretend.example")))[0] == "missing_scope"


async def test_guests_say_so(world: World) -> None:
    guest = world.world.add_person(world.team.id, "Gus", is_restricted=True, is_ultra_restricted=True)

    user = (await world.client.users_info(user=guest.id))["user"]

    assert (user["is_restricted"], user["is_ultra_restricted"], user["is_admin"]) == (True, True, False)


async def test_somebody_of_another_workspace_is_seen_only_from_a_channel_they_share(world: World) -> None:
    other = world.world.add_workspace("Partner")
    zoe = world.world.add_person(other.id, "Zoe")

    assert (await refused(world.client.users_info(user=zoe.id)))[0] == "user_not_found"
    shared = world.world.share(world.channel().id, other.id)
    world.world.join(shared.id, zoe.id)
    user = (await world.client.users_info(user=zoe.id))["user"]

    assert (user["is_stranger"], user["team_id"]) == (False, other.id)
    assert "is_stranger" not in (await world.client.users_info(user=world.ada.id))["user"]
    assert (await world.client.team_info(team=other.id))["team"]["name"] == "Partner"
    assert (await refused(world.client.team_info(team="T0NOWHERE00")))[0] == "team_not_found"
    assert (await refused(world.client.users_info(user="U0NOBODY000")))[0] == "user_not_found"


async def test_a_stranger_is_who_is_only_in_channels_that_the_app_does_not_see(world: World) -> None:
    other = world.world.add_workspace("Partner")
    zoe = world.world.add_person(other.id, "Zoe")
    hidden = world.world.create(world.team.id, "board", world.ada.id, is_private=True)
    shared = world.world.share(hidden.id, other.id)
    world.world.join(shared.id, zoe.id)

    assert (await world.client.users_info(user=zoe.id))["user"]["is_stranger"] is True
    world.world.join(shared.id, world.bot.bot_user_id)
    assert (await world.client.users_info(user=zoe.id))["user"]["is_stranger"] is False


async def test_people_are_found_by_email_while_they_are_there(world: World) -> None:
    assert (await world.client.users_lookupByEmail(email="bob.stone@pretend.example"))["user"]["id"] == world.bob.id
    world.world.deactivate(world.bob.id)
    assert (await refused(world.client.users_lookupByEmail(email="bob.stone@pretend.example")))[0] == "users_not_found"


async def test_groups_of_people_say_who_is_in_them(world: World) -> None:
    group = world.world.add_group(world.team.id, "sales", [world.ada.id], by=world.ada.id)
    world.world.set_group(group.id, [world.ada.id, world.bob.id])

    told = (await world.client.usergroups_list(include_users=True))["usergroups"]

    assert [(one["handle"], one["user_count"], one["users"]) for one in told] == [("sales", 2, [world.ada.id, world.bob.id])]
    assert (await world.client.usergroups_users_list(usergroup=group.id))["users"] == [world.ada.id, world.bob.id]
    assert (await refused(world.client.usergroups_users_list(usergroup="S0NONE")))[0] == "no_such_subteam"
