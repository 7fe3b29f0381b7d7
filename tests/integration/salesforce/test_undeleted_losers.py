"""A record that lost a merge and was undeleted afterwards: it is there again, by itself, and nothing is missing."""

import pytest

from devtools.fakes.polled import PolledSalesforce
from devtools.vendors.salesforce.records import Record
from tests.integration.salesforce.worlds import OVERLAP_MINUTES, said_of, settled, shard_of, truth


async def right(world: PolledSalesforce, *records: Record) -> bool:
    """Whether a comparison finds nothing, and each record has a live shard of its own."""
    found = await truth(world)
    shards = [await shard_of(world, record) for record in records]
    own = [world.id_of(record.object_name, record.id) for record in records]
    is_own = [shard.id for shard in shards] == own and {shard.status for shard in shards} == {"active"}
    return is_own and (found.missing, found.extra, found.stale, found.pending) == (0, 0, 0, 0)


@pytest.mark.parametrize("object_name", ["Account", "Contact", "Lead"])
@pytest.mark.parametrize("minutes", [5, OVERLAP_MINUTES], ids=["at once", "when the merge is not read again"])
async def test_an_undeleted_loser_is_there_again_and_so_is_the_one_that_won(
    everything: PolledSalesforce, object_name: str, minutes: float
) -> None:
    org = everything.org
    winner, loser = org.create(object_name), org.create(object_name)
    await settled(everything)
    org.merge(winner.id, [loser.id])
    await everything.poll()
    assert (await shard_of(everything, loser)).id == everything.id_of(object_name, winner.id)

    org.undelete(loser.id)
    await everything.poll(minutes=minutes)
    await everything.poll(minutes=30)

    assert await right(everything, winner, loser)
    assert await said_of(everything, loser) == org.record(loser.id).fields["Name"]


async def test_a_loser_that_is_undeleted_and_edited_and_merged_again_ends_where_the_vendor_has_it(everything: PolledSalesforce) -> None:
    org = everything.org
    first, second, loser = org.create("Account"), org.create("Account"), org.create("Account")
    await settled(everything)
    org.merge(first.id, [loser.id])
    await everything.poll()
    org.undelete(loser.id)
    org.edit(loser.id, Name="There again")
    await everything.poll()
    assert await said_of(everything, loser) == "There again"

    org.merge(second.id, [loser.id])
    await everything.poll()
    await everything.poll(minutes=30)

    assert await right(everything, first, second)
    assert (await shard_of(everything, loser)).id == everything.id_of("Account", second.id)


async def test_children_of_an_undeleted_loser_stay_the_winners_until_they_are_given_back(everything: PolledSalesforce) -> None:
    org = everything.org
    winner, loser = org.create("Account"), org.create("Account")
    stays, goes_back = (org.create("Contact", AccountId=loser.id) for _ in range(2))
    await settled(everything)
    org.merge(winner.id, [loser.id])
    await everything.poll()

    org.undelete(loser.id)
    org.edit(goes_back.id, AccountId=loser.id)
    await everything.poll()
    await everything.poll(minutes=30)

    for child, parent in ((stays, winner), (goes_back, loser)):
        edges = {edge["targetShardId"] for edge in (await shard_of(everything, child)).internal_relationships}
        others = {winner.id, loser.id} - {parent.id}
        assert everything.id_of("Account", parent.id) in edges
        assert edges.isdisjoint(everything.id_of("Account", other) for other in others)


async def test_a_loser_that_is_undeleted_and_deleted_is_gone_by_itself(everything: PolledSalesforce) -> None:
    org = everything.org
    winner, loser = org.create("Lead"), org.create("Lead")
    await settled(everything)
    org.merge(winner.id, [loser.id])
    await everything.poll()
    org.undelete(loser.id)
    everything.clock.advance(seconds=5)
    org.delete(loser.id)

    await everything.poll(minutes=30)

    stored = await shard_of(everything, loser)
    assert (stored.id, stored.status) == (everything.id_of("Lead", loser.id), "deleted")
    assert await right(everything, winner)
