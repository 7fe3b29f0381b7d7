"""People of a partner (Slack Connect): of whom Slack says no more than another team, and who have no rights here but as members."""

from typing import Any

import pytest

from devtools.fakes.pushed_slack import PushedSlack
from devtools.vendors.slack.conversations import Conversation
from devtools.vendors.slack.people import Person
from tests.integration.slack_day.oracle import differences
from tests.integration.slack_world.worlds import WINDOW_SECONDS, all_is_well, stamp, tell

EVE = "eve@globex.example"


async def who(world: PushedSlack, person_id: str) -> tuple[Any, Any, Any]:
    """Type, flag and workspaces of somebody as they are stored."""
    said = world.active("User")[person_id].structured_data
    return said["userType"], said["isExternal"], said["workspaces"]


def partner(world: PushedSlack, *, enterprise_id: str | None = None) -> tuple[Person, Conversation]:
    """Eve of Globex, in a private channel of Ada's; and a public and a private one of our own are there, too."""
    team = world.slack.add_workspace("Globex", enterprise_id=enterprise_id)
    eve = world.slack.add_person(team.id, "Eve", email=EVE, quietly=True)
    plans = world.create("plans shared", is_private=True, members=[world.bob])
    shared = world.slack.share(plans.id, team.id, quietly=True)
    world.slack.join(shared.id, eve.id, quietly=True)
    world.create("plans for all"), world.create("plans of the board", is_private=True)
    return eve, shared


async def test_a_partner_in_a_private_channel_of_ours_finds_that_one_alone_while_they_are_in_it(world: PushedSlack) -> None:
    eve, shared = partner(world)
    await world.settle()

    assert await who(world, eve.id) == ("external", True, "[]")
    assert await who(world, world.bob) == ("member", False, f'["{world.team_id}"]')
    caller = await world.caller(EVE)
    assert not {f"group:slack:{world.account}/{team}" for team in (world.team_id, eve.team_id)} & set(caller.principals)
    assert await world.search(EVE, "plans") == {shared.id}
    assert await differences(world) == []
    assert await all_is_well(world)

    await world.happen(lambda: world.slack.leave(shared.id, eve.id))
    await world.run(seconds=WINDOW_SECONDS)
    assert await world.search(EVE, "plans") == set()


@pytest.mark.parametrize("has_token", [False, True])
async def test_what_an_event_tells_of_a_partner_does_not_make_them_a_member(*, has_token: bool) -> None:
    async with PushedSlack(has_token=has_token) as world:
        eve, _ = partner(world)
        await world.settle()
        eve.title = "Buyer"
        user = eve.written(is_stranger=False, with_email=True)

        assert await tell(world, {"type": "user_change", "user": user, "cache_ts": eve.updated, "event_ts": stamp(world)}) == 200

        assert world.active("User")[eve.id].structured_data["title"] == "Buyer"
        assert await who(world, eve.id) == ("external", True, "[]")
        assert not has_token or await all_is_well(world)


async def test_whoever_is_met_for_the_first_time_in_a_channel_is_external_at_once(world: PushedSlack) -> None:
    _, shared = partner(world)
    await world.settle()
    zoe = world.slack.add_person(shared.guest_team_ids[0], "Zoe", quietly=True)

    await world.happen(lambda: world.slack.join(shared.id, zoe.id))

    assert await who(world, zoe.id) == ("external", True, "[]")
    assert await world.search("zoe@pretend.example", "plans") == {shared.id}


@pytest.mark.parametrize("is_of_a_grid", [False, True])
async def test_of_an_organization_people_of_each_of_its_workspaces_are_members_and_partners_are_not(*, is_of_a_grid: bool) -> None:
    async with PushedSlack(is_org_wide=True) as world:
        other = world.slack.add_enterprise("Another Grid").id if is_of_a_grid else None
        eve, shared = partner(world, enterprise_id=other)
        olga = world.slack.add_person(world.other_team_id, "Olga", quietly=True)
        await world.settle()

        assert await who(world, eve.id) == ("external", True, "[]")
        assert await who(world, olga.id) == ("member", False, f'["{world.other_team_id}"]')
        assert await world.search(EVE, "plans") == {shared.id}
        assert await differences(world) == []
        assert await all_is_well(world)


async def test_of_a_workspace_of_an_organization_those_are_members_who_are_in_it(world: PushedSlack) -> None:
    enterprise = world.slack.add_enterprise("Grid").id
    here, there = (world.slack.add_workspace(name, enterprise_id=enterprise).id for name in ("Here", "There"))
    both, elsewhere = world.slack.add_person(there, "Both", team_ids=[there, here]), world.slack.add_person(there, "Elsewhere")
    connection = await world.connect_another(here, "initech")
    channel = world.slack.share(world.slack.create(here, "plans", both.id, quietly=True).id, there, quietly=True)
    await world.settle()

    await world.happen(lambda: world.slack.join(channel.id, elsewhere.id))

    people = world.active("User", account=connection.account, tenant_id="initech")
    assert {one: people[one].structured_data["userType"] for one in (both.id, elsewhere.id)} == {
        both.id: "member",
        elsewhere.id: "external",
    }
    assert people[elsewhere.id].structured_data["workspaces"] == "[]"
