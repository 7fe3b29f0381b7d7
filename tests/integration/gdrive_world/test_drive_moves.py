"""What is moved, trashed and restored, alone and with all that lies in it."""

import pytest

from devtools.fakes.polled_drive import ADA, BOB, CLEO, PolledDrive
from devtools.vendors.gdrive.items import Item
from tests.integration.gdrive_world.worlds import compared, held_by, path_of, settled, shard_of, statuses


def deep(world: PolledDrive, parent: str | None = None) -> list[Item]:
    """A folder with folders and files, four deep."""
    drive = world.drive
    outer = drive.create_folder("Outer", by=ADA, parent=parent)
    inner = drive.create_folder("Inner", parent=outer.id)
    innermost = drive.create_folder("Innermost", parent=inner.id)
    files = [drive.create_file(f"Budget {place.name}", parent=place.id) for place in (outer, inner, innermost)]
    return [outer, inner, innermost, *files]


@pytest.mark.parametrize("reaches_below", [True, False])
async def test_a_deep_folder_goes_to_the_trash_and_comes_back_with_all_that_is_in_it(world: PolledDrive, reaches_below: bool) -> None:
    """Whether the vendor's log names what lies in it or not."""
    world.drive.knobs.trash_reaches_below = reaches_below
    items = deep(world)
    apart = world.drive.create_file("Trashed before", parent=items[1].id)
    world.drive.trash(apart.id)
    await settled(world)

    world.drive.trash(items[0].id)
    for _ in range(2):
        await world.poll()

    assert set(await statuses(world, *(item.id for item in items))) == {"deleted"}
    assert await world.search(ADA, "Budget") & {item.id for item in items} == set()
    assert await compared(world) == {}

    world.drive.restore(items[0].id)
    for _ in range(2):
        await world.poll()

    assert set(await statuses(world, *(item.id for item in items))) == {"active"}
    assert await world.search(ADA, "Budget") >= {item.id for item in items}
    assert apart.id not in world.active()
    assert await compared(world) == {}


async def test_a_folder_is_moved_with_its_subtree_without_one_request_for_each_file(world: PolledDrive) -> None:
    items = deep(world)
    for number in range(30):
        world.drive.create_file(f"Minutes {number}", parent=items[2].id)
    to = world.drive.create_folder("Archive", by=ADA)
    world.drive.share(to.id, BOB)
    await settled(world)
    assert await path_of(world, items[2].id) == "/My Drive/Outer/Inner/Innermost"

    world.drive.move(items[0].id, to.id)
    await world.poll()

    assert await path_of(world, items[2].id) == "/My Drive/Archive/Outer/Inner/Innermost"
    assert await world.search(BOB, "Budget") >= {item.id for item in items}
    assert world.google.ledger.rows("changes") <= 2 * len(items)
    assert world.google.ledger.count("file", "files-list") == 0
    assert await compared(world) == {}


async def test_whoever_saw_a_folder_by_the_folder_it_was_in_finds_nothing_of_it_after_its_move(world: PolledDrive) -> None:
    shared = world.drive.create_folder("Shared", by=ADA)
    world.drive.share(shared.id, BOB)
    items = deep(world, shared.id)
    private = world.drive.create_folder("Private", by=ADA)
    await settled(world)
    assert await world.search(BOB, "Budget") >= {item.id for item in items}

    world.drive.move(items[0].id, private.id)
    await world.poll()

    assert await world.search(BOB, "Budget") & {item.id for item in items} == set()
    assert await compared(world) == {}


ORDERS = [(0, 1), (1, 0)]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("way", ["My Drive to drive", "drive to drive", "drive to My Drive"])
async def test_a_file_that_moves_across_drives_is_one_file_whichever_log_is_seen_first(
    world: PolledDrive, way: str, order: tuple[int, int]
) -> None:
    drive = world.drive
    sales, board = drive.create_drive("Sales", by=ADA), drive.create_drive("Board", by=ADA)
    drive.add_member(board.id, CLEO, "reader")
    root = drive.people.user(ADA).root_id
    places = {"My Drive to drive": (root, board.id), "drive to drive": (sales.id, board.id), "drive to My Drive": (board.id, root)}
    start, end = places[way]
    file = drive.create_file("Budget", parent=start, by=ADA)
    await settled(world)
    streams = [f"user:{ADA}" if place == root else f"drive:{place}" for place in (start, end)]
    assert held_by(await shard_of(world, file.id)) == {streams[0]}

    drive.move(file.id, end, by=ADA)
    for stream in (streams[order[0]], streams[order[1]]):
        world.clock.advance(seconds=60)
        await world.ask(stream, "changes")
        await world.run()
        shard = await shard_of(world, file.id)
        assert shard.status == "active" or stream == streams[0]

    shard = await shard_of(world, file.id)
    assert (shard.status, held_by(shard), shard.structured_data["parentFolderExternalId"]) == ("active", {streams[1]}, end)
    assert (file.id in await world.search(CLEO, "Budget")) is (end == board.id)
    for _ in range(2):
        await world.poll()
    assert await compared(world) == {}
    assert [one.id for one in world.active().values() if one.structured_data["name"] == "Budget"] == [shard.id]


@pytest.mark.parametrize("order", ORDERS)
async def test_a_folder_moves_across_drives_with_all_that_is_in_it(world: PolledDrive, order: tuple[int, int]) -> None:
    drive = world.drive
    sales, board = drive.create_drive("Sales", by=ADA), drive.create_drive("Board", by=ADA)
    items = deep(world, sales.id)
    await settled(world)

    drive.move(items[0].id, board.id)
    streams = [f"drive:{sales.id}", f"drive:{board.id}"]
    for stream in (streams[order[0]], streams[order[1]]):
        world.clock.advance(seconds=60)
        await world.ask(stream, "changes")
        await world.run()

    assert set(await statuses(world, *(item.id for item in items))) == {"active"}
    assert await path_of(world, items[2].id) == "/Board/Outer/Inner/Innermost"
    assert {str(held_by(await shard_of(world, item.id))) for item in items} == {str({streams[1]})}
    await world.poll()
    assert await compared(world) == {}


async def test_what_is_deleted_for_good_is_deleted_with_all_that_is_in_it(world: PolledDrive) -> None:
    items = deep(world)
    await settled(world)

    world.drive.delete(items[0].id)
    await world.poll()

    assert set(await statuses(world, *(item.id for item in items))) == {"deleted"}
    assert await compared(world) == {}


async def test_a_shortcut_is_a_link_to_its_target(world: PolledDrive) -> None:
    folder = world.drive.create_folder("Plans", by=ADA)
    file = world.drive.create_file("Budget", parent=folder.id)
    shortcuts = [world.drive.create_shortcut(one.id, by=ADA, name=f"To {one.name}") for one in (file, folder)]
    await settled(world)

    for target, shortcut in zip((file, folder), shortcuts, strict=True):
        edges = (await shard_of(world, shortcut.id)).internal_relationships
        assert world.id_of(target.id) in {edge["targetShardId"] for edge in edges}
