"""One channel of two organizations, each connected by its own tenant: one call tells of it, and both end right, each with its own view."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from devtools.fakes.pushed_slack import PushedSlack
from devtools.vendors.slack.conversations import Conversation
from shared.access.attendance import Attendance
from shared.connections.connection import Connection
from shared.shards.model import Shard
from tests.integration.slack_day.oracle import differences
from tests.integration.slack_world.worlds import WINDOW_SECONDS

GLOBEX = "globex"


@dataclass
class Two:
    """Acme, whose channel it is, and Globex, which is its guest."""

    world: PushedSlack
    guest: Connection
    eve: str
    plans: Conversation

    async def theirs(self) -> Shard:
        """What Globex has of it."""
        shard = await self.world.shard_of(self.guest, self.plans.id)
        assert shard is not None
        return shard

    async def said_by_both(self, name: str) -> tuple[Any, Any]:
        """A field as Acme has it, and as Globex has it."""
        return (await self.world.said(self.plans.id)).get(name), (await self.theirs()).structured_data.get(name)

    async def windows(self) -> None:
        """Whatever is to be read at the end of a window is read."""
        await self.world.run(seconds=2 * WINDOW_SECONDS)


@pytest.fixture
async def two() -> AsyncIterator[Two]:
    """A public channel shared by Ada with Globex, with Eve of Globex in it, and the app in it for both."""
    async with PushedSlack() as world:
        slack = world.slack
        team = slack.add_workspace("Globex")
        eve = slack.add_person(team.id, "Eve", email="eve@globex.example", quietly=True)
        guest = await world.connect_another(team.id, GLOBEX)
        plans = world.create("plans", members=[world.bob])
        slack.share(plans.id, team.id, quietly=True)
        slack.join(plans.id, eve.id, quietly=True)
        slack.join(plans.id, slack.installation(world.app.app_id, team.id).bot_user_id, quietly=True)
        await world.settle()
        yield Two(world, guest, eve.id, plans)


async def test_each_tenant_has_its_own_of_the_channel_and_of_nothing_else(two: Two) -> None:
    ours = two.world.create("ours alone")
    await two.world.go_on(minutes=1)
    await two.world.happen(lambda: two.world.slack.rename(ours.id, "still ours alone"))

    assert set(two.world.active(account=two.guest.account, tenant_id=GLOBEX)) == {two.plans.id}
    assert set(two.world.active()) >= {two.plans.id, ours.id}
    assert (await two.theirs()).tenant_id == GLOBEX
    assert await two.world.search("eve@globex.example", "plans ours", tenant_id=GLOBEX, account=two.guest.account) == {two.plans.id}
    assert await two.world.search("bob@pretend.example", "plans ours", tenant_id=GLOBEX, account=two.guest.account) == {two.plans.id}


@pytest.mark.parametrize("who", ["ada", "eve"])
async def test_a_change_by_either_side_is_told_once_and_ends_right_on_both_sides(two: Two, who: str) -> None:
    by = two.world.ada if who == "ada" else two.eve

    await two.world.happen(lambda: two.world.slack.rename(two.plans.id, "projects", by=by))
    await two.windows()
    await two.world.happen(lambda: two.world.slack.set_topic(two.plans.id, "next year", by=by))
    await two.windows()
    newcomer = two.world.slack.add_person(two.guest.account if who == "eve" else two.world.team_id, "New", quietly=True)
    await two.world.happen(lambda: two.world.slack.join(two.plans.id, newcomer.id))
    await two.windows()

    assert len(two.world.deliveries.ledger.of("channel_rename")) == 1
    assert await two.said_by_both("name") == ("projects", "projects")
    assert await two.said_by_both("topic") == ("next year", "next year")
    ours, theirs = await two.said_by_both("members")
    assert set(Attendance.of(ours).members) == set(Attendance.of(theirs).members) == set(two.plans.members)
    assert await differences(two.world) == []


async def test_without_the_apps_own_token_whoever_is_named_in_the_call_is_told_and_the_others_compare(two: Two) -> None:
    two.world.app.app_scopes.clear()

    await two.world.happen(lambda: two.world.slack.rename(two.plans.id, "by eve", by=two.eve))
    await two.windows()
    assert await two.said_by_both("name") == ("by eve", "by eve")

    await two.world.happen(lambda: two.world.slack.rename(two.plans.id, "by ada", by=two.world.ada))
    await two.windows()
    assert await two.said_by_both("name") == ("by ada", "by eve")
    await two.world.go_on(minutes=25 * 60)
    assert await two.said_by_both("name") == ("by ada", "by ada")


async def test_a_channel_that_is_parted_ends_right_on_both_sides(two: Two) -> None:
    old, before = two.plans.id, await two.theirs()

    left = await two.world.happen(lambda: two.world.slack.unshare(two.plans.id, two.guest.account))
    await two.windows()

    assert left is not None
    kept = await two.world.shard_of(two.guest, left.id)
    ours = await two.world.said(old)
    assert (ours["isExternallyShared"], ours.get("externalTeams")) == (False, None)
    assert two.eve not in Attendance.of(ours["members"]).members
    assert await two.world.search("eve@globex.example", "plans") == set()
    assert kept is not None
    assert kept.id == before.id, "the guest keeps the channel under another id"


async def test_the_tokens_of_one_tenant_are_used_for_nobody_else(two: Two) -> None:
    await two.world.happen(lambda: two.world.slack.join(two.plans.id, two.world.slack.add_person(two.world.team_id, "New").id))
    await two.windows()

    told = [(shard.tenant_id, shard.structured_data.get("teamExternalId")) for shard in two.world.pipeline.shards.all()]
    seen = {one for one in told if one[1] is not None}
    assert seen == {("acme", two.world.team_id), (GLOBEX, two.guest.account)}
