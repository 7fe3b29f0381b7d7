"""An organization of two workspaces in which the app is installed as a whole."""

from collections.abc import AsyncIterator

import pytest

from devtools.fakes.polled_slack import APP
from devtools.fakes.pushed_slack import PushedSlack
from ingestion.sources.slack.envelope import handle_of, handle_within
from tests.integration.slack_day.oracle import differences
from tests.integration.slack_world.worlds import WINDOW_SECONDS, all_is_well, members

OTHER = "olga@pretend.example"


@pytest.fixture
async def grid() -> AsyncIterator[PushedSlack]:
    """Ada and Bob are in the first workspace, Olga is in the other one."""
    async with PushedSlack(is_org_wide=True) as world:
        world.slack.add_person(world.other_team_id, "Olga", quietly=True)
        yield world


async def test_what_happens_in_either_workspace_is_told_and_found_by_its_own_members(grid: PushedSlack) -> None:
    here, there = grid.create("plans here"), grid.create("plans there", team_id=grid.other_team_id)
    await grid.settle()
    assert await grid.search("bob@pretend.example", "plans") == {here.id}
    assert await grid.search(OTHER, "plans") == {there.id}

    await grid.happen(lambda: grid.slack.rename(here.id, "projects-here"))
    await grid.happen(lambda: grid.slack.rename(there.id, "projects-there"))
    await grid.happen(lambda: grid.slack.convert_to_private(there.id))
    await grid.run(seconds=WINDOW_SECONDS)

    assert [(await grid.said(one.id))["name"] for one in (here, there)] == ["projects-here", "projects-there"]
    assert await grid.search(OTHER, "projects") == set()
    assert await differences(grid) == []
    assert await all_is_well(grid)


@pytest.mark.parametrize("has_team", [False, True])
async def test_authorizations_with_or_without_a_workspace_are_the_organizations(grid: PushedSlack, *, has_team: bool) -> None:
    grid.slack.knobs.org_authorizations_have_team = has_team
    plans = grid.create("plans")
    await grid.settle()

    await grid.happen(lambda: grid.slack.rename(plans.id, "projects"))

    assert {call.status for call in grid.calls} == {200}
    assert (await grid.said(plans.id))["name"] == "projects"


async def test_a_channel_of_both_workspaces_is_one_and_found_by_the_members_of_both(grid: PushedSlack) -> None:
    plans = grid.create("plans")
    await grid.settle()
    assert await grid.search(OTHER, "plans") == set()

    await grid.happen(lambda: grid.slack.share(plans.id, grid.other_team_id))
    await grid.run(seconds=WINDOW_SECONDS)

    assert len([one for one in grid.active().values() if one.structured_data["name"] == "plans"]) == 1
    assert await grid.search(OTHER, "plans") == {plans.id}
    assert await grid.search("bob@pretend.example", "plans") == {plans.id}
    assert await all_is_well(grid)
    await grid.happen(lambda: grid.slack.unshare(plans.id, grid.other_team_id))
    await grid.run(seconds=WINDOW_SECONDS)
    assert await grid.search(OTHER, "plans") == set()
    assert await grid.search("bob@pretend.example", "plans") == {plans.id}


async def test_a_workspace_that_is_granted_is_read_and_one_that_is_revoked_is_a_gap(grid: PushedSlack) -> None:
    third = grid.slack.add_workspace("Third", enterprise_id=grid.account)
    tom = grid.slack.add_person(third.id, "Tom", quietly=True)
    plans = grid.slack.create(third.id, "plans", tom.id, quietly=True)
    await grid.settle()
    assert await grid.shard(plans.id) is None

    await grid.happen(lambda: grid.slack.grant_team(APP, grid.account, third.id))
    assert ("Channel", "events-lost") in await grid.gaps()
    await grid.go_on(minutes=90)

    assert await members(grid, plans.id) == {tom.id}
    assert await grid.gaps() == set()
    assert await differences(grid) == []
    await grid.happen(lambda: grid.slack.revoke_team(APP, grid.account, third.id))
    assert ("Channel", "events-lost") in await grid.gaps()


async def test_people_of_a_grid_are_full_members_of_the_workspaces_they_are_in(grid: PushedSlack) -> None:
    there = grid.create("plans", team_id=grid.other_team_id)
    await grid.settle()
    assert await grid.search("bob@pretend.example", "plans") == set()

    await grid.happen(lambda: grid.slack.change_person(grid.bob, team_ids=[grid.team_id, grid.other_team_id]))

    assert await grid.search("bob@pretend.example", "plans") == {there.id}


async def test_what_a_workspace_that_nobody_has_connected_is_told_is_not_the_organizations(grid: PushedSlack) -> None:
    third = grid.slack.add_workspace("Third", enterprise_id=grid.account)
    tom = grid.slack.add_person(third.id, "Tom", quietly=True)
    await grid.settle()
    before = len(grid.calls)
    bot = grid.slack.install(APP, team_id=third.id).bot_user_id

    secret = await grid.happen(lambda: grid.slack.create(third.id, "tom alone knows", tom.id, is_private=True, members=[tom.id]))
    await grid.happen(lambda: grid.slack.invite(secret.id, bot, by=tom.id))
    await grid.happen(lambda: grid.slack.uninstall(APP, third.id))

    calls = grid.calls[before:]
    assert {call.status for call in calls} == {200}
    assert any(b"app_uninstalled" in call.request.body for call in calls)
    assert await grid.shard(secret.id) is None
    connection = await grid.pipeline.connections.find(f"slack:{grid.account}")
    assert connection is not None
    assert connection.status == "active"
    assert await grid.gaps() == set()


async def test_minutes_that_are_lost_in_a_workspace_of_an_organization_are_the_organizations_gap(grid: PushedSlack) -> None:
    plans = grid.create("plans", team_id=grid.other_team_id)
    await grid.settle()
    connection = await grid.pipeline.connections.find(f"slack:{grid.account}")
    assert connection is not None
    handles = (handle_of(APP, grid.account), handle_within(APP, grid.other_team_id))  # as `connections add` stores them
    await grid.pipeline.connections.add(connection, handles=handles)
    grid.deliveries.events_per_hour = 0

    await grid.happen(lambda: grid.slack.rename(plans.id, "projects"))

    assert [call.operation for call in grid.deliveries.ledger.calls] == ["app_rate_limited"]
    assert await grid.gaps() == {("Channel", "events-lost"), ("User", "events-lost")}
