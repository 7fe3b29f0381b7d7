"""A field that the connection's user may not see for a while: what changes in it meanwhile is not lost."""

from devtools.fakes.polled import PolledSalesforce


async def test_what_changed_in_a_hidden_field_is_read_once_it_is_shown_again() -> None:
    async with PolledSalesforce(streams=("Account",)) as world:
        account = world.org.create("Account", Phone="+46 8 1")
        await world.poll()
        world.org.objects.hide_field("Account", "Phone")
        world.org.edit(account.id, Phone="+46 8 2")
        await world.poll()
        assert await phone(world, account.id) == "+46 8 1"

        world.org.objects.show_field("Account", "Phone")
        await world.poll(minutes=60)

        assert await phone(world, account.id) == "+46 8 2"


async def test_a_worker_that_still_knows_the_old_fields_describes_anew() -> None:
    async with PolledSalesforce(streams=("Account",)) as world:
        account = world.org.create("Account", Phone="+46 8 1")
        world.org.objects.hide_field("Account", "Phone")
        await world.poll()
        of_before = world.ports
        world.org.objects.show_field("Account", "Phone")
        world.start_worker()
        await world.poll()
        world.org.edit(account.id, Phone="+46 8 2")

        world.ports = of_before
        await world.poll()

        assert await phone(world, account.id) == "+46 8 2"


async def test_fields_that_stay_as_they_are_ask_for_no_back_fill() -> None:
    async with PolledSalesforce(streams=("Account",)) as world:
        world.org.create("Account")
        world.org.objects.hide_field("Account", "Phone")
        for _ in range(4):
            world.start_worker()
            await world.poll(minutes=61)

        assert world.vendor.ledger.count("query") == 2, "the back-fill, and its comparison"


async def phone(world: PolledSalesforce, record_id: str) -> object:
    shard = await world.shard("Account", record_id)
    assert shard is not None
    return shard.structured_data.get("phone")
