"""One file in two tenants, through two people of one connection, and through two connections of one tenant."""

from devtools.fakes.polled_drive import ADA, BOB, CLEO, EVE, SOURCE, TENANT_ID, PolledDrive
from shared.connections.connection import connection_id
from shared.shards.model import Shard
from tests.integration.gdrive_world.worlds import GRACE_MINUTES, compared, held_by, settled, shard_of, statuses

PARTNER = "partner.example"


async def stored_in(world: PolledDrive, file_id: str, tenant_id: str) -> Shard:
    shard = await world.shard(file_id, tenant_id=tenant_id)
    assert shard is not None
    return shard


async def read_one_after_the_other(world: PolledDrive, streams: list[tuple[str, str | None]], *, is_reversed: bool = False) -> None:
    for stream, connection in streams[::-1] if is_reversed else streams:
        world.clock.advance(seconds=60)
        await world.ask(stream, "changes", connection_id=connection)
        await world.run()


async def test_a_file_shared_between_two_tenants_is_a_shard_of_each_and_neither_sees_the_others(world: PolledDrive) -> None:
    await world.connect(PARTNER, (EVE,), tenant_id="partner")
    file = world.drive.create_file("Offer", by=EVE)
    world.drive.share(file.id, BOB, "reader")
    await settled(world)
    ours, theirs = [await stored_in(world, file.id, tenant) for tenant in (TENANT_ID, "partner")]

    assert ours.id != theirs.id
    assert (held_by(ours), held_by(theirs)) == ({f"user:{BOB}"}, {f"user:{EVE}"})
    assert await world.search(BOB, "Offer", tenant_id=TENANT_ID) >= {file.id}
    assert await world.search(BOB, "Offer", tenant_id="partner") >= {file.id}, "the list of its readers holds in each of them"

    world.drive.unshare(file.id, BOB)
    await world.poll()

    ours, theirs = [await stored_in(world, file.id, tenant) for tenant in (TENANT_ID, "partner")]
    assert (ours.status, theirs.status) == ("archived", "active")
    assert await world.search(BOB, "Offer", tenant_id=TENANT_ID) & {file.id} == set()
    assert await world.search(EVE, "Offer", tenant_id="partner") >= {file.id}


async def test_a_file_two_people_of_one_connection_see_is_one_shard_until_both_have_lost_it(world: PolledDrive) -> None:
    file = world.drive.create_file("Offer", by=EVE)
    for person in (BOB, CLEO):
        world.drive.share(file.id, person)
    await settled(world)
    assert held_by(await shard_of(world, file.id)) == {f"user:{BOB}", f"user:{CLEO}"}

    world.drive.unshare(file.id, BOB)
    await world.poll()
    assert (await statuses(world, file.id), held_by(await shard_of(world, file.id))) == (["active"], {f"user:{CLEO}"})

    world.drive.unshare(file.id, CLEO)
    await world.poll()
    assert await statuses(world, file.id) == ["archived"]
    assert await compared(world) == {}


async def test_a_file_of_one_of_two_people_of_one_connection_is_at_home_with_its_owner(world: PolledDrive) -> None:
    file = world.drive.create_file("Budget", by=ADA)
    world.drive.share(file.id, BOB, "writer")
    await settled(world)
    assert held_by(await shard_of(world, file.id)) == {f"user:{ADA}"}

    world.drive.edit(file.id, description="By Bob", by=BOB)
    await world.poll()
    assert (await shard_of(world, file.id)).structured_data["description"] == "By Bob"

    world.drive.trash(file.id)
    await world.poll()
    assert await statuses(world, file.id) == ["deleted"]


async def test_a_file_seen_through_two_connections_of_one_tenant_is_one_shard_and_each_of_them_is_complete() -> None:
    async with PolledDrive(users=(ADA,)) as world:
        personal = connection_id(SOURCE, BOB)
        await world.connect(BOB, (BOB,))
        shared = world.drive.create_file("Budget", by=ADA)
        world.drive.share(shared.id, BOB)
        outside = world.drive.create_file("Offer", by=EVE)
        for person in (ADA, BOB):
            world.drive.share(outside.id, person)
        await settled(world)

        for number in range(4):
            for file in (shared, outside):
                world.drive.rename(file.id, f"Renamed {number}")
            await read_one_after_the_other(world, [(f"user:{ADA}", None), (f"user:{BOB}", personal)], is_reversed=number % 2 == 1)
            world.clock.advance(seconds=GRACE_MINUTES * 60)
            assert await statuses(world, shared.id, outside.id) == ["active", "active"]
            assert (await world.compare_all(), await world.compare_all(connection_id=personal)) == ({}, {})
            assert await world.search(BOB, "Renamed") >= {shared.id, outside.id}

        world.drive.unshare(shared.id, BOB)
        world.drive.unshare(outside.id, ADA)
        await world.poll()

        assert await statuses(world, shared.id, outside.id) == ["active", "active"]
        assert await world.search(BOB, "Renamed") & {shared.id, outside.id} == {outside.id}
        assert await world.search(ADA, "Renamed") & {shared.id, outside.id} == {shared.id}


async def test_a_shared_drive_read_through_two_connections_of_one_tenant_is_complete_in_both() -> None:
    async with PolledDrive(users=(ADA,)) as world:
        personal = connection_id(SOURCE, BOB)
        await world.connect(BOB, (BOB,))
        sales = world.drive.create_drive("Sales", by=ADA)
        world.drive.add_member(sales.id, BOB, "reader")
        file = world.drive.create_file("Budget", parent=sales.id)
        await settled(world)
        for number in range(4):
            world.drive.rename(file.id, f"Renamed {number}")
            world.drive.rename_drive(sales.id, f"Sales {number}")
            await read_one_after_the_other(world, [("drives", None), ("drives", personal)])
            stream = f"drive:{sales.id}"
            await read_one_after_the_other(world, [(stream, None), (stream, personal)], is_reversed=number % 2 == 1)
            world.clock.advance(seconds=GRACE_MINUTES * 60)

            assert await statuses(world, file.id, sales.id) == ["active", "active"]
            assert (await world.compare_all(), await world.compare_all(connection_id=personal)) == ({}, {})

        world.drive.remove_member(sales.id, BOB)
        for _ in range(4):
            await world.poll(minutes=30)

        assert await statuses(world, file.id, sales.id) == ["active", "active"]
        assert file.id not in await world.search(BOB, "Renamed")
        assert file.id in await world.search(ADA, "Renamed")
