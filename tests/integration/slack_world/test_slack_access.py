"""Who finds a channel, from the moment Slack tells of it: private ones, guests, bots, and people who come and go."""

from devtools.fakes.pushed_slack import PushedSlack
from tests.integration.slack_day.oracle import differences
from tests.integration.slack_world.worlds import WINDOW_SECONDS, all_is_well, members

ADA, BOB = "ada@pretend.example", "bob@pretend.example"


async def test_a_channel_made_private_is_out_of_a_strangers_next_search_without_any_read(world: PushedSlack) -> None:
    plans = world.create("plans")
    await world.settle()
    assert await world.search(BOB, "plans") == {plans.id}
    world.service.limits.per_minute["conversations.info"] = 0  # nothing can be read

    await world.happen(lambda: world.slack.convert_to_private(plans.id))

    assert await world.search(BOB, "plans") == set()
    assert await world.search(ADA, "plans") == {plans.id}
    assert (await world.said(plans.id))["type"] == "private"


async def test_a_private_channel_made_public_is_found_by_all_members_and_by_no_guest(world: PushedSlack) -> None:
    plans = world.create("plans", is_private=True)
    world.slack.add_person(world.team_id, "Gus", is_restricted=True, quietly=True)
    await world.settle()
    assert await world.search(BOB, "plans") == set()

    await world.happen(lambda: world.slack.convert_to_public(plans.id))
    await world.run(seconds=WINDOW_SECONDS)

    assert await world.search(BOB, "plans") == {plans.id}
    assert await world.search("gus@pretend.example", "plans") == set()
    assert await differences(world) == []


async def test_conversions_are_told_each_time_however_often_they_are_heard(world: PushedSlack) -> None:
    plans = world.create("plans")
    await world.settle()

    for _ in range(6):
        await world.happen(lambda: world.slack.convert_to_private(plans.id))
        assert await world.search(BOB, "plans") == set()
        await world.happen(lambda: world.slack.convert_to_public(plans.id))
        assert await world.search(BOB, "plans") == {plans.id}

    await world.run(seconds=WINDOW_SECONDS)
    assert await differences(world) == []


async def test_a_private_channel_the_app_is_taken_out_of_is_for_admins_until_it_is_let_in_again(world: PushedSlack) -> None:
    plans = world.create("plans", is_private=True, members=[world.bob])
    await world.settle()

    await world.happen(lambda: world.slack.kick(plans.id, world.bot, by=world.ada))

    lost = await world.shard(plans.id)
    assert lost is not None
    assert (lost.status, lost.structured_data["isLost"]) == ("archived", True)
    assert await world.search(BOB, "plans") == set()
    world.slack.rename(plans.id, "projects")
    world.slack.kick(plans.id, world.bob, by=world.ada)
    await world.happen(lambda: world.slack.invite(plans.id, world.bot, by=world.ada))
    await world.run(seconds=WINDOW_SECONDS)

    assert await members(world, plans.id) == {world.ada, world.bot}
    assert await world.search(ADA, "projects") == {plans.id}
    assert await world.search(BOB, "projects") == set()
    assert await differences(world) == []
    assert await all_is_well(world)


async def test_a_public_channel_the_app_leaves_is_read_on(world: PushedSlack) -> None:
    plans = world.create("plans")
    await world.settle()

    await world.happen(lambda: world.slack.leave(plans.id, world.bot))
    await world.run(seconds=WINDOW_SECONDS)

    assert await world.search(BOB, "plans") == {plans.id}
    assert await differences(world) == []


async def test_whoever_is_deactivated_finds_nothing_any_more_and_the_comparison_takes_them_off_their_channels(world: PushedSlack) -> None:
    plans = world.create("plans", is_private=True, members=[world.bob])
    await world.settle()
    assert await world.search(BOB, "plans") == {plans.id}

    await world.happen(lambda: world.slack.deactivate(world.bob))

    assert await world.search(BOB, "plans") == set()
    person = await world.shard(world.bob, "User")
    assert person is not None
    assert (person.status, person.structured_data["isActive"], person.structured_data["email"]) == ("active", False, BOB)
    world.clock.advance(seconds=3600)
    assert (await world.compare("Channel")).named == {"stale": (plans.id,)}
    await world.run()
    assert await differences(world) == []
    assert await all_is_well(world)


async def test_a_new_person_and_a_changed_one_are_told_as_a_whole(world: PushedSlack) -> None:
    plans = world.create("plans")
    await world.settle()

    eve = await world.happen(lambda: world.slack.add_person(world.team_id, "Eve"))
    assert await world.search("eve@pretend.example", "plans") == {plans.id}
    await world.happen(lambda: world.slack.change_person(eve.id, email="eva@pretend.example", title="Partner"))

    assert await world.search("eve@pretend.example", "plans") == set()
    assert await world.search("eva@pretend.example", "plans") == {plans.id}
    assert world.service.ledger.calls == []
    assert await differences(world) == []


async def test_a_member_who_becomes_a_guest_keeps_the_channels_they_are_in(world: PushedSlack) -> None:
    mine, other = world.create("plans of mine", members=[world.bob]), world.create("plans of others")
    await world.settle()
    assert await world.search(BOB, "plans") == {mine.id, other.id}

    await world.happen(lambda: world.slack.change_person(world.bob, is_restricted=True))

    assert await world.search(BOB, "plans") == {mine.id}
    await world.happen(lambda: world.slack.change_person(world.bob, is_restricted=False))
    assert await world.search(BOB, "plans") == {mine.id, other.id}


async def test_a_deactivated_guest_is_a_guest_still_when_they_are_back(world: PushedSlack) -> None:
    plans = world.create("plans")
    gus = world.slack.add_person(world.team_id, "Gus", is_restricted=True, quietly=True)
    await world.settle()

    await world.happen(lambda: world.slack.deactivate(gus.id))
    assert await all_is_well(world)
    await world.happen(lambda: world.slack.restore(gus.id))

    assert plans.id not in await world.search("gus@pretend.example", "plans")
    assert await differences(world) == []
    assert await all_is_well(world)


async def test_bots_are_marked_and_find_nothing(world: PushedSlack) -> None:
    plans = world.create("plans")
    await world.settle()

    robot = await world.happen(lambda: world.slack.add_person(world.team_id, "Robot", is_bot=True, email="robot@pretend.example"))

    person = await world.shard(robot.id, "User")
    assert person is not None
    assert (person.structured_data["isBot"], person.structured_data["userType"]) == (True, "bot")
    assert await world.search("robot@pretend.example", "plans") == set()
    assert plans.id in world.active()


async def test_without_the_scope_for_addresses_an_address_that_is_known_stays(world: PushedSlack) -> None:
    plans = world.create("plans")
    await world.settle()
    world.installation.scopes.remove("users:read.email")

    await world.happen(lambda: world.slack.change_person(world.bob, title="Partner"))

    person = await world.shard(world.bob, "User")
    assert person is not None
    assert (person.structured_data["title"], person.structured_data["email"]) == ("Partner", BOB)
    assert await world.search(BOB, "plans") == {plans.id}
