"""A workspace that nobody gave us a bot token of: there is what events say, and no more."""

from collections.abc import AsyncIterator
from functools import partial

import pytest

from devtools.fakes.pushed_slack import PushedSlack
from processors.enrichment.relinking import LATER
from shared.access.attendance import Attendance

ADA, BOB = "ada@pretend.example", "bob@pretend.example"


@pytest.fixture
async def told() -> AsyncIterator[PushedSlack]:
    """Nothing is ever read."""
    async with PushedSlack(has_token=False) as world:
        yield world
        await world.run(seconds=LATER.total_seconds())
        assert world.service.ledger.calls == []
        assert world.pipeline.transport.waiting == []


async def attendance(world: PushedSlack, channel_id: str) -> Attendance:
    return Attendance.of((await world.said(channel_id)).get("members"))


async def test_names_topics_and_members_are_stored_as_far_as_events_go(told: PushedSlack) -> None:
    plans = await told.happen(lambda: told.slack.create(told.team_id, "plans", told.ada))
    await told.happen(lambda: told.slack.join(plans.id, told.bot))
    await told.happen(lambda: told.slack.set_topic(plans.id, "next year"))
    await told.happen(lambda: told.slack.join(plans.id, told.bob))
    await told.happen(lambda: told.slack.leave(plans.id, told.ada))
    await told.happen(lambda: told.slack.rename(plans.id, "projects"))

    said = await told.said(plans.id)
    assert (said["name"], said["topic"], said["type"]) == ("projects", "next year", "public")
    known = await attendance(told, plans.id)
    assert (known.is_whole, known.says(told.bob), known.says(told.ada)) == (False, True, False)
    assert await told.gaps() == set()


async def test_a_private_channel_is_for_admins_alone_while_nobody_in_it_is_known_and_that_is_a_gap(told: PushedSlack) -> None:
    plans = told.create("plans", is_private=True)
    await told.happen(lambda: told.slack.change_person(told.bob, title="Partner"))

    await told.happen(lambda: told.slack.rename(plans.id, "projects"))

    assert ("Channel", "acl-unknown") in await told.gaps()
    assert await told.may_read(BOB) == set()
    assert await told.may_read(ADA, is_admin=True) == {plans.id}
    await told.happen(lambda: told.slack.join(plans.id, told.bob))
    assert await told.search(BOB, "projects") == {plans.id}


async def test_people_are_told_as_a_whole(told: PushedSlack) -> None:
    plans = await told.happen(lambda: told.slack.create(told.team_id, "plans", told.ada))
    await told.happen(lambda: told.slack.add_person(told.team_id, "Eve"))

    assert await told.search("eve@pretend.example", "plans") == {plans.id}


async def test_a_channel_made_private_leaves_whoever_is_known_to_be_in_it(told: PushedSlack) -> None:
    plans = await told.happen(lambda: told.slack.create(told.team_id, "plans", told.ada))
    await told.happen(lambda: told.slack.join(plans.id, told.bot))
    for person in (told.ada, told.bob):
        await told.happen(partial(told.slack.change_person, person, title="Partner"))
    assert await told.search(BOB, "plans") == {plans.id}

    await told.happen(lambda: told.slack.convert_to_private(plans.id))

    assert await told.search(BOB, "plans") == set()
    assert await told.search(ADA, "plans") == {plans.id}
