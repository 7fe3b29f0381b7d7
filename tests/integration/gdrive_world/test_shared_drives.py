"""Shared drives come, go, return, and are called otherwise."""

from devtools.fakes.polled_drive import ADA, BOB, EVE, FINN, PolledDrive
from shared.streams.defaults import streams_of
from tests.integration.gdrive_world.worlds import compared, open_gaps, path_of, settled, statuses, to_the_end


async def test_a_drive_that_is_removed_is_archived_and_one_that_returns_is_there_again(world: PolledDrive) -> None:
    sales = world.drive.create_drive("Sales", by=ADA)
    folder = world.drive.create_folder("Plans", parent=sales.id)
    file = world.drive.create_file("Budget", parent=folder.id)
    await settled(world)
    ids = (sales.id, folder.id, file.id)

    world.drive.add_member(sales.id, EVE, "organizer")
    world.drive.remove_member(sales.id, ADA)
    await to_the_end(world)

    assert set(await statuses(world, *ids)) == {"archived"}
    assert f"drive:{sales.id}" not in streams_of(await world.connection())
    assert await world.search(ADA, "Budget") & {*ids} == set()
    assert (await open_gaps(world), await compared(world)) == (set(), {})

    world.drive.rename(file.id, "Budget of Eve", by=EVE)
    world.drive.add_member(sales.id, BOB, "reader")
    await to_the_end(world)

    assert set(await statuses(world, *ids)) == {"active"}
    assert await world.search(BOB, "Budget") >= {*ids}
    assert await world.search(ADA, "Budget") & {*ids} == set()
    assert (await open_gaps(world), await compared(world)) == (set(), {})


async def test_a_drive_that_is_deleted_is_gone_with_all_that_was_in_it(world: PolledDrive) -> None:
    sales = world.drive.create_drive("Sales", by=ADA)
    file = world.drive.create_file("Budget", parent=sales.id)
    await settled(world)

    world.drive.delete_drive(sales.id)
    await to_the_end(world)

    assert {sales.id, file.id}.isdisjoint(world.active())
    assert f"drive:{sales.id}" not in streams_of(await world.connection())
    assert (await open_gaps(world), await compared(world)) == (set(), {})


async def test_a_new_drive_is_found_read_and_called_by_its_name(world: PolledDrive) -> None:
    await settled(world)

    sales = world.drive.create_drive("Sales", by=BOB)
    folder = world.drive.create_folder("Plans", parent=sales.id)
    for _ in range(2):
        await world.poll()
    assert await path_of(world, folder.id) == "/Sales/Plans"

    world.drive.rename_drive(sales.id, "Trade")
    for _ in range(2):
        await world.poll()

    assert [await path_of(world, one) for one in (sales.id, folder.id)] == ["/Trade", "/Trade/Plans"]
    assert await compared(world) == {}


async def test_a_new_member_finds_what_is_in_the_drive_and_nothing_of_it_was_written(world: PolledDrive) -> None:
    sales = world.drive.create_drive("Sales", by=ADA)
    file = world.drive.create_file("Budget", parent=sales.id)
    await settled(world)
    shard = await world.shard(file.id)

    world.drive.add_member(sales.id, FINN, "reader")
    await world.poll()

    assert file.id in await world.search(FINN, "Budget")
    assert await world.shard(file.id) == shard


async def test_a_drive_whose_reader_is_suspended_is_read_by_another_member(world: PolledDrive) -> None:
    sales = world.drive.create_drive("Sales", by=BOB)
    world.drive.add_member(sales.id, ADA, "reader")
    file = world.drive.create_file("Budget", parent=sales.id)
    own = world.drive.create_file("Notes", by=BOB)
    await settled(world)

    world.drive.suspend(BOB)
    world.google.sessions.end_all()
    for _ in range(3):
        await world.poll()
    world.drive.rename(file.id, "Budget of Ada")
    for _ in range(2):
        await world.poll()

    assert (await world.connection()).status == "active"
    shard = await world.shard(file.id)
    assert shard is not None
    assert (shard.status, shard.structured_data["name"]) == ("active", "Budget of Ada")
    assert await statuses(world, own.id) == ["active"]
    assert (f"user:{BOB}", "not-readable") in await open_gaps(world)

    world.drive.unsuspend(BOB)
    world.drive.rename(own.id, "Notes of Bob")
    await to_the_end(world)
    await world.ask(f"user:{BOB}", "compare")
    await world.run()

    found = await world.shard(own.id)
    assert found is not None
    assert found.structured_data["name"] == "Notes of Bob"
    assert await open_gaps(world) == set()
