"""Channels that get another id: the same channel, with its identity, history, links and readers."""

from devtools.fakes.pushed_slack import PushedSlack
from shared.shards.model import Shard
from tests.integration.slack_day.oracle import differences
from tests.integration.slack_world.worlds import WINDOW_SECONDS, all_is_well, stamp, tell


async def shard_of(world: PushedSlack, channel_id: str) -> Shard:
    shard = await world.shard(channel_id)
    assert shard is not None
    return shard


async def test_another_id_keeps_identity_and_history_and_is_what_the_channel_goes_by(world: PushedSlack) -> None:
    plans = world.create("plans", is_private=True, members=[world.bob])
    await world.settle()
    old, before = plans.id, await shard_of(world, plans.id)

    await world.happen(lambda: world.slack.change_id(plans.id))
    await world.run(seconds=WINDOW_SECONDS)

    after = await shard_of(world, plans.id)
    assert plans.id != old
    assert (after.id, after.created_at) == (before.id, before.created_at)
    assert after.revision_number > before.revision_number
    assert (await shard_of(world, old)).id == before.id
    assert {edge.external_id for edge in after.external_relationships} == {plans.id}
    assert after.structured_data["externalId"] == plans.id
    assert await world.search("bob@pretend.example", "plans") == {plans.id}
    assert await differences(world) == []
    assert await all_is_well(world)


async def test_what_happens_under_either_id_is_of_the_one_channel_in_whatever_order_it_is_told(world: PushedSlack) -> None:
    plans = world.create("plans")
    await world.settle()
    world.deliveries.is_held = True
    old = plans.id

    await world.happen(lambda: world.slack.rename(plans.id, "under the old id"))
    await world.happen(lambda: world.slack.change_id(plans.id))
    await world.happen(lambda: world.slack.set_topic(plans.id, "under the new one"))
    queue = world.deliveries._queue
    queue[:] = sorted((at, -number, -number, parcel) for at, _, number, parcel in queue)
    world.deliveries.is_held = False
    await world.run(seconds=WINDOW_SECONDS)

    assert (await shard_of(world, old)).id == (await shard_of(world, plans.id)).id
    assert await differences(world) == []
    assert await all_is_well(world)


async def test_ids_that_change_again_and_again_lead_to_one_channel(world: PushedSlack) -> None:
    plans = world.create("plans")
    await world.settle()
    first, before = plans.id, await shard_of(world, plans.id)
    told = []
    for _ in range(3):
        world.clock.advance(seconds=60)
        was = plans.id
        world.slack.change_id(plans.id, quietly=True)
        told.append({"type": "channel_id_changed", "old_channel_id": was, "new_channel_id": plans.id, "event_ts": stamp(world)})

    for event in (told[1], told[2], told[0]):
        await tell(world, event)
    await world.run(seconds=WINDOW_SECONDS)

    assert (await shard_of(world, plans.id)).id == before.id
    assert (await shard_of(world, first)).id == before.id
    assert await differences(world) == []
    assert await all_is_well(world)


async def test_a_new_id_that_nobody_told_of_is_found_by_the_comparison_as_another_channel_and_the_old_one_is_gone(
    world: PushedSlack,
) -> None:
    plans = world.create("plans")
    await world.settle()
    old = plans.id
    world.slack.change_id(plans.id, quietly=True)
    world.clock.advance(seconds=3600)

    found = await world.compare("Channel")
    await world.run()

    assert found.named == {"missing": (plans.id,), "extra": (old,)}
    assert await differences(world) == []


async def test_a_private_channel_shared_with_a_partner_keeps_its_identity_under_its_new_id(world: PushedSlack) -> None:
    partner = world.slack.add_workspace("Partner")
    eve = world.slack.add_person(partner.id, "Eve", quietly=True)
    plans = world.create("plans", is_private=True)
    await world.settle()
    old, before = plans.id, await shard_of(world, plans.id)

    shared = await world.happen(lambda: world.slack.share(plans.id, partner.id))
    await world.happen(lambda: world.slack.join(shared.id, eve.id))
    await world.run(seconds=WINDOW_SECONDS)

    after = await shard_of(world, shared.id)
    assert shared.id != old
    assert (after.id, after.structured_data["isExternallyShared"]) == (before.id, True)
    assert await world.search("eve@pretend.example", "plans") == {shared.id}
    assert await differences(world) == []
    await world.happen(lambda: world.slack.unshare(shared.id, partner.id))
    await world.run(seconds=WINDOW_SECONDS)
    said = (await shard_of(world, shared.id)).structured_data
    assert (said["isExternallyShared"], said.get("externalTeams")) == (False, None)
    assert await world.search("eve@pretend.example", "plans") == set()
