"""A workspace and an organization polled over a real socket: what is stored afterwards, within the vendor's tiers."""

from collections.abc import Callable

import pytest

from devtools.fakes.polled_slack import APP, PolledSlack
from devtools.faults.plan import Fault, Kind
from ingestion.poller import Pace
from shared.access.attendance import Attendance
from shared.contracts.sync import SyncRequested
from shared.gaps.gap import GapReason


async def members(world: PolledSlack, channel_id: str) -> set[str]:
    """Who is stored as being in a channel."""
    shard = await world.shard(channel_id)
    assert shard is not None
    return set(Attendance.of(shard.structured_data["members"]).members)


async def gaps(world: PolledSlack) -> list[GapReason]:
    return [gap.reason for gap in await world.pipeline.gaps.open_ones("acme", world.connection_id)]


async def all_is_well(world: PolledSlack) -> bool:
    """Whether a comparison of everything finds nothing, an hour on, and what there is is stored."""
    world.clock.advance(seconds=3600)
    return await world.compare_all() == {} and await gaps(world) == []


async def test_channels_with_everybody_in_them_and_people_are_stored_after_the_first_poll() -> None:
    async with PolledSlack() as world:
        plans = world.create("plans", members=[world.bob])
        secret = world.create("secret", is_private=True)
        unseen = world.create("unseen", is_private=True, has_bot=False)
        direct = world.slack.open_direct(world.team_id, [world.ada, world.bob, world.bot])

        await world.poll()

        assert await members(world, plans.id) == {world.ada, world.bob, world.bot}
        stored = [await world.shard(one.id) for one in (plans, secret, unseen, direct)]
        assert [shard and shard.structured_data["type"] for shard in stored] == ["public", "private", None, None]
        person = await world.shard(world.ada, "User")
        assert person is not None
        assert (person.structured_data["email"], person.structured_data["userType"]) == ("ada@pretend.example", "member")
        assert await all_is_well(world)
        assert world.service.ledger.errors() == {}


async def test_a_back_fill_a_comparison_and_hints_of_many_channels_stay_within_the_tiers() -> None:
    async with PolledSlack() as world:
        ids = world.slack.populate(users=20, channels=70, members_per_channel=4, bots=(world.bot,), team_id=world.team_id)
        await world.poll()
        await world.run(seconds=3600)
        for channel_id in ids[:30]:
            world.slack.set_topic(channel_id, "another", quietly=True)
        world.clock.advance(seconds=3600)

        found = await world.compare("Channel")
        await world.run(seconds=3600)

        assert (found.missing, found.extra, found.stale) == (0, 0, 30)
        assert world.service.ledger.count("conversations.members") >= 140
        assert world.service.ledger.errors() == {}
        assert await all_is_well(world)


async def test_every_step_may_be_another_workers() -> None:
    async with PolledSlack(pace=Pace(step_seconds=0)) as world:
        ids = world.slack.populate(users=5, channels=60, members_per_channel=2, bots=(world.bot,), team_id=world.team_id)
        world.clock.advance(seconds=60)
        await world.tick()
        while await world.sync() + await world.pipeline.run_all():
            world.start_worker()

        assert all([await world.shard(channel_id) for channel_id in ids])
        assert world.service.ledger.errors() == {}
        assert await all_is_well(world)


async def test_an_organization_is_read_workspace_by_workspace_and_a_shared_channel_is_one() -> None:
    async with PolledSlack(is_org_wide=True) as world:
        here = world.create("here")
        there = world.create("there", team_id=world.other_team_id)
        both = world.create("both")
        world.slack.share(both.id, world.other_team_id)

        await world.poll()

        assert all([await world.shard(one.id) for one in (here, there, both)])
        assert len([shard for shard in world.pipeline.shards.all() if shard.structured_data.get("name") == "both"]) == 1
        assert {call.team for call in world.service.ledger.of("conversations.list")} >= {world.team_id, world.other_team_id}
        assert await all_is_well(world)


async def test_a_workspace_that_was_taken_from_the_app_is_a_gap_and_the_others_are_read() -> None:
    async with PolledSlack(is_org_wide=True) as world:
        there = world.create("there", team_id=world.other_team_id)
        denied = {"status": 400, "variant": "team-access-not-granted", "target": world.team_id}
        world.service.faults.add(Fault(at="slack", kind=Kind.REFUSE, operation="conversations.list", calls=1, **denied))

        await world.poll()

        assert await world.shard(there.id) is not None
        assert "not-readable" in await gaps(world)


async def test_a_token_revoked_in_the_middle_of_a_back_fill_pauses_and_loses_nothing() -> None:
    async with PolledSlack() as world:
        ids = world.slack.populate(users=5, channels=60, members_per_channel=3, bots=(world.bot,), team_id=world.team_id)
        fault = Fault(
            at="slack", kind=Kind.REFUSE, operation="conversations.members", status=400, variant="token-revoked", calls=1, after=45
        )
        world.service.faults.add(fault)
        await world.poll()
        paused = await world.connection()
        stored = [channel_id for channel_id in ids if await world.shard(channel_id)]

        assert (paused.status, paused.paused_by) == ("paused", "app")
        assert paused.paused_reason is not None
        assert "install the app again" in paused.paused_reason
        assert 0 < len(stored) < len(ids)

        world.slack.revoke_token(APP, world.team_id)
        await world.poll()
        assert (await world.connection()).status == "paused"
        world.use_token(world.slack.reinstall(APP, world.team_id).token)
        for _ in range(3):
            await world.poll()
            await world.run(seconds=3600)

        assert (await world.connection()).status == "active"
        assert all([await world.shard(channel_id) for channel_id in ids])
        assert await all_is_well(world)


async def test_a_new_token_in_the_middle_of_a_read_is_taken_without_a_pause() -> None:
    async with PolledSlack() as world:
        plans = world.create("plans")
        await world.poll()
        world.use_token(world.slack.reinstall(APP, world.team_id).token)
        world.slack.rename(plans.id, "projects", quietly=True)
        world.clock.advance(seconds=3600)

        found = await world.compare("Channel")

        assert (found.stale, (await world.connection()).status) == (1, "active")


async def test_a_private_channel_that_the_app_was_taken_out_of_is_lost_and_a_public_one_that_is_gone_is_deleted() -> None:
    async with PolledSlack() as world:
        public, private = world.create("public"), world.create("private", is_private=True)
        await world.poll()
        world.slack.delete(public.id, quietly=True)
        world.slack.kick(private.id, world.bot, by=world.ada, quietly=True)
        world.clock.advance(seconds=3600)

        found = await world.compare("Channel")
        await world.run()

        assert found.named == {"extra": tuple(sorted([public.id, private.id]))}
        gone, lost = await world.shard(public.id), await world.shard(private.id)
        assert gone is not None
        assert lost is not None
        assert (gone.status, lost.status, lost.structured_data["isLost"]) == ("deleted", "archived", True)
        world.clock.advance(seconds=3600)
        assert (await world.compare("Channel")).fault_count == 0

        world.slack.join(private.id, world.bot, quietly=True)
        world.clock.advance(seconds=3600)
        await world.compare("Channel")
        await world.run()
        seen_again = await world.shard(private.id)
        assert seen_again is not None
        assert not seen_again.structured_data["isLost"]
        assert await all_is_well(world)


async def test_a_channel_that_was_heard_of_is_read_with_whoever_is_new_in_it_and_once_for_all_that_was_heard() -> None:
    async with PolledSlack() as world:
        plans = world.create("plans")
        await world.poll()
        world.clock.advance(seconds=60)
        eve = world.slack.add_person(world.team_id, "Eve", quietly=True)
        world.slack.join(plans.id, eve.id, quietly=True)
        world.service.ledger.clear()
        hints = [
            SyncRequested.of_record(plans.id, tenant_id="acme", connection_id=world.connection_id, stream="Channel", heard_at=world.clock())
            for _ in range(2)
        ]
        await world.pipeline.publisher.publish(*hints)

        await world.run()

        assert eve.id in await members(world, plans.id)
        assert await world.shard(eve.id, "User") is not None
        assert world.service.ledger.counts() == {"conversations.info": 1, "conversations.members": 1, "users.info": 1}
        assert await all_is_well(world)


async def test_a_stranger_in_a_shared_channel_is_stored_and_no_comparison_takes_them_for_superfluous() -> None:
    async with PolledSlack() as world:
        partner = world.slack.add_workspace("Partner")
        stranger = world.slack.add_person(partner.id, "Eve")
        plans = world.create("plans")
        world.slack.share(plans.id, partner.id)
        world.slack.join(plans.id, stranger.id, quietly=True)

        await world.poll()

        person = await world.shard(stranger.id, "User")
        assert person is not None
        assert person.structured_data["userType"] == "external"
        assert await all_is_well(world)


def serve_little(world: PolledSlack) -> None:
    world.slack.knobs.short_pages, world.slack.knobs.empty_pages = 3, 4


TROUBLES: dict[str, Callable[[PolledSlack], None]] = {
    "the vendor answers with a page for people": lambda world: world.service.faults.add(
        Fault(at="slack", kind=Kind.REFUSE, operation="conversations.list", status=503, variant="error-page", calls=2)
    ),
    "the connection breaks": lambda world: world.service.faults.add(Fault(at="slack", kind=Kind.DROP, operation="users.list", calls=2)),
    "a method is called once a minute only": lambda world: world.app.limited_methods.add("users.list"),
    "pages are short, and some are empty": serve_little,
}


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_whatever_the_trouble_everything_is_there_in_the_end(trouble: str) -> None:
    async with PolledSlack() as world:
        channels = [world.create(f"channel-{number}", members=[world.bob], is_private=number % 2 == 1) for number in range(9)]
        TROUBLES[trouble](world)

        for _ in range(3):
            await world.poll()
            await world.run(seconds=7200)

        assert all([await world.shard(channel.id) for channel in channels])
        assert all([await world.shard(one, "User") for one in (world.ada, world.bob)])
        assert await all_is_well(world)
