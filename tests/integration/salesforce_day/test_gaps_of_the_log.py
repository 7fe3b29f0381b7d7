"""A deletion log that is shorter than we were away: a gap, the comparison that it asks for, and the gap's end."""

from datetime import timedelta

from devtools.fakes.polled import TENANT, PolledSalesforce
from shared.contracts.ingestion import IngestionEvent
from shared.gaps.gap import Gap


async def test_a_gap_is_closed_by_the_comparison_it_asks_for() -> None:
    async with PolledSalesforce(streams=("Account",)) as world:
        world.org.create("Account")
        gone = world.org.create("Account")
        await world.poll()
        world.clock.advance(seconds=3600)
        world.org.hard_delete(gone.id)
        world.clock.advance(seconds=3600)
        world.org.purge_deletion_log(world.clock() - timedelta(minutes=1))

        await world.poll()
        opened = await open_gaps(world)
        for _ in range(14):
            await world.poll()

        assert [gap.reason for gap in opened] == ["deletions-not-retained"]
        assert await open_gaps(world) == []
        shard = await world.shard("Account", gone.id)
        assert shard is not None
        assert shard.status == "deleted"


async def test_children_of_an_account_that_is_gone_for_good_are_found_by_the_comparison_its_deletion_asks_for() -> None:
    async with PolledSalesforce(streams=("Account", "Contact")) as world:
        account = world.org.create("Account")
        contact = world.org.create("Contact", AccountId=account.id)
        await world.poll()
        world.org.edit(contact.id, Title="Seen a moment before")
        await world.poll()
        world.org.hard_delete(account.id)

        for _ in range(6):
            await world.poll()

        shard = await world.shard("Contact", contact.id)
        assert shard is not None
        assert shard.status == "deleted"


async def test_what_a_push_brought_and_was_deleted_before_the_first_look_is_found_by_the_comparison_after_the_back_fill() -> None:
    async with PolledSalesforce(streams=("Account",)) as world:
        pushed = IngestionEvent(
            tenant_id=TENANT,
            source="salesforce",
            source_id="001000000000001AAA",
            event_type="update",
            observed_at=world.clock(),
            payload={"Id": "001000000000001AAA", "Name": "Deleted since"},
            connection_id=world.connection_id,
            record_type="Account",
            coverage=("Id", "Name"),
        )
        await world.pipeline.publisher.publish(pushed)
        await world.run()
        world.clock.advance(seconds=3600)

        for _ in range(6):
            await world.poll()

        shard = await world.shard("Account", pushed.source_id)
        assert shard is not None
        assert shard.status == "deleted"


async def open_gaps(world: PolledSalesforce) -> list[Gap]:
    return await world.pipeline.gaps.open_ones(TENANT, world.connection_id)
