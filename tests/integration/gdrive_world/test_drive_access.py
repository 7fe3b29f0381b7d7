"""Who may see what changes, and nothing else: the next search shows it."""

import pytest

from devtools.fakes.polled_drive import ADA, BOB, CLEO, DAN, DOMAIN, EVE, FINN, PolledDrive
from devtools.vendors.gdrive.items import Item
from devtools.vendors.gdrive.people import ANYONE
from tests.integration.gdrive_world.worlds import compared, settled, shard_of

TEAM = f"team@{DOMAIN}"
EVERYONE = f"everyone@{DOMAIN}"


async def finds(world: PolledDrive, person: str, item: Item) -> bool:
    """Whether somebody finds it in the next search."""
    return item.id in await world.search(person, item.name)


async def test_a_change_of_permissions_alone_is_seen_by_the_version_and_not_by_the_time_of_the_content(world: PolledDrive) -> None:
    file = world.drive.create_file("Budget", by=ADA)
    await settled(world)
    before = await shard_of(world, file.id)

    world.drive.share(file.id, BOB)
    await world.poll()

    after = await shard_of(world, file.id)
    assert after.structured_data["lastModified"] == before.structured_data["lastModified"]
    assert after.normalization is not None
    assert before.normalization is not None
    assert str(after.normalization.vendor_version) > str(before.normalization.vendor_version)
    assert await finds(world, BOB, file)
    assert not await finds(world, CLEO, file)


async def test_who_is_no_longer_let_in_to_a_file_finds_nothing_of_it(world: PolledDrive) -> None:
    file = world.drive.create_file("Budget", by=ADA)
    world.drive.share(file.id, BOB)
    await settled(world)
    assert await finds(world, BOB, file)

    world.drive.unshare(file.id, BOB)
    await world.poll()

    assert not await finds(world, BOB, file)
    assert await finds(world, ADA, file)


@pytest.mark.parametrize("reaches_below", [True, False])
async def test_who_is_no_longer_let_in_to_a_folder_finds_nothing_below_it_and_one_shard_was_written_for_it(
    world: PolledDrive, reaches_below: bool
) -> None:
    world.drive.knobs.sharing_reaches_below = reaches_below
    folder = world.drive.create_folder("Plans", by=ADA)
    inner = world.drive.create_folder("Inner", parent=folder.id)
    files = [world.drive.create_file(f"Budget {number}", parent=inner.id) for number in range(5)]
    world.drive.share(folder.id, BOB)
    await settled(world)
    assert await world.search(BOB, "Budget") >= {file.id for file in files}
    acls = [(await shard_of(world, file.id)).acl for file in files]
    revisions = [(await shard_of(world, file.id)).revision_number for file in files]

    world.drive.unshare(folder.id, BOB)
    await world.poll()

    assert await world.search(BOB, "Budget") & {folder.id, inner.id, *(file.id for file in files)} == set()
    assert [(await shard_of(world, file.id)).acl for file in files] == acls
    if not reaches_below:
        assert [(await shard_of(world, file.id)).revision_number for file in files] == revisions


@pytest.mark.parametrize("through", [TEAM, EVERYONE])
async def test_who_left_a_group_finds_nothing_of_it_once_the_groups_are_read(world: PolledDrive, through: str) -> None:
    drive = world.drive
    drive.create_group(TEAM, members=[BOB, CLEO])
    drive.create_group(EVERYONE, members=[TEAM])
    file, folder = drive.create_file("Budget", by=ADA), drive.create_folder("Plans", by=ADA)
    below = drive.create_file("Minutes", parent=folder.id)
    for item in (file, folder):
        drive.share(item.id, through)
    await settled(world)
    assert await world.search(BOB, "Budget") >= {file.id, folder.id, below.id}

    drive.remove_from_group(TEAM, BOB)
    await world.poll(minutes=61)

    assert await world.search(BOB, "Budget") & {file.id, folder.id, below.id} == set()
    assert await world.search(CLEO, "Budget") >= {file.id, folder.id, below.id}


async def test_who_joins_a_group_finds_what_outsiders_share_with_it_and_who_leaves_it_does_not_once_they_were_compared(
    world: PolledDrive,
) -> None:
    world.drive.create_group(TEAM, members=[BOB, DAN])
    file = world.drive.create_file("Offer", by=EVE)
    world.drive.share(file.id, TEAM)
    await settled(world)
    assert [await finds(world, person, file) for person in (BOB, CLEO)] == [True, False]

    world.drive.remove_from_group(TEAM, BOB)
    world.drive.add_to_group(TEAM, CLEO)
    for minutes in (61, 25):
        await world.poll(minutes=minutes)

    assert [await finds(world, person, file) for person in (BOB, CLEO, DAN)] == [False, True, True]


async def test_who_is_no_longer_a_member_of_a_drive_finds_nothing_of_it(world: PolledDrive) -> None:
    sales = world.drive.create_drive("Sales", by=ADA)
    folder = world.drive.create_folder("Plans", parent=sales.id)
    file = world.drive.create_file("Budget", parent=folder.id)
    world.drive.add_member(sales.id, BOB, "reader")
    await settled(world)
    assert await finds(world, BOB, file)

    world.drive.remove_member(sales.id, BOB)
    await world.poll()

    assert await world.search(BOB, "Budget") & {sales.id, folder.id, file.id} == set()
    assert await finds(world, ADA, file)


async def test_who_reads_a_drive_for_us_and_is_removed_finds_nothing_of_it_and_another_one_reads_it(world: PolledDrive) -> None:
    sales = world.drive.create_drive("Sales", by=ADA)
    file = world.drive.create_file("Budget", parent=sales.id)
    world.drive.add_member(sales.id, BOB, "organizer")
    await settled(world)

    world.drive.remove_member(sales.id, ADA)
    for _ in range(2):
        await world.poll()
    world.drive.rename(file.id, "Budget of Bob")
    await world.poll()

    assert not await finds(world, ADA, file)
    assert await finds(world, BOB, file)
    assert (await shard_of(world, file.id)).structured_data["name"] == "Budget of Bob"


@pytest.mark.parametrize(("lost", "keeps"), [(BOB, CLEO), (CLEO, BOB)])
async def test_of_two_whom_an_outsider_let_in_the_one_who_is_let_out_finds_nothing(world: PolledDrive, lost: str, keeps: str) -> None:
    file = world.drive.create_file("Offer", by=EVE)
    world.drive.share(file.id, BOB, "writer")
    world.drive.share(file.id, CLEO, "reader")
    await settled(world)
    assert await finds(world, lost, file)

    world.drive.unshare(file.id, lost)
    await world.poll()

    assert not await finds(world, lost, file)
    assert await finds(world, keeps, file)


async def test_an_outsiders_file_that_only_a_link_opens_still_is_let_go_of(world: PolledDrive) -> None:
    file = world.drive.create_file("Offer", by=EVE)
    world.drive.share(file.id, BOB)
    await settled(world)

    world.drive.share(file.id, ANYONE)
    world.drive.unshare(file.id, BOB)
    await world.poll()

    assert not await finds(world, BOB, file)
    assert await compared(world) == {}


async def test_a_role_that_was_taken_back_shows_no_more_who_else_may_see_an_outsiders_file(world: PolledDrive) -> None:
    file = world.drive.create_file("Offer", by=EVE)
    for person in (BOB, FINN):
        world.drive.share(file.id, person, "writer")
    await settled(world)
    assert await finds(world, FINN, file)

    world.drive.share(file.id, BOB, "reader")
    world.drive.unshare(file.id, FINN)
    await world.poll()

    assert not await finds(world, FINN, file)
    assert await finds(world, BOB, file)


async def test_a_file_in_a_folder_its_owner_cannot_see_is_found_by_those_who_can_see_the_folder(world: PolledDrive) -> None:
    folder = world.drive.create_folder("Plans", by=ADA)
    world.drive.share(folder.id, BOB, "writer")
    world.drive.share(folder.id, CLEO, "reader")
    file = world.drive.create_file("Budget", by=BOB, parent=folder.id)
    await settled(world)

    world.drive.unshare(folder.id, BOB)
    await world.poll()

    assert [await finds(world, person, file) for person in (ADA, BOB, CLEO, DAN)] == [True, True, True, False]


async def test_whose_folder_it_is_finds_what_others_put_in_it_though_the_folder_above_is_closed_to_them(world: PolledDrive) -> None:
    above = world.drive.create_folder("Plans", by=ADA)
    world.drive.share(above.id, BOB, "writer")
    folder = world.drive.create_folder("Of Bob", by=BOB, parent=above.id)
    file = world.drive.create_file("Budget", by=ADA, parent=folder.id)
    await settled(world)
    assert await finds(world, BOB, file)

    world.drive.unshare(above.id, BOB)
    await world.poll()

    assert [await finds(world, person, file) for person in (ADA, BOB, CLEO)] == [True, True, False]


async def test_limited_access_cuts_off_whoever_was_let_in_further_up(world: PolledDrive) -> None:
    folder = world.drive.create_folder("Plans", by=ADA)
    inner = world.drive.create_folder("Board only", parent=folder.id)
    file = world.drive.create_file("Budget", parent=inner.id)
    world.drive.share(folder.id, BOB)
    world.drive.share(inner.id, CLEO)
    await settled(world)
    assert await finds(world, BOB, file)

    world.drive.limit_access(inner.id)
    await world.poll()
    assert [await finds(world, person, file) for person in (ADA, BOB, CLEO)] == [True, False, True]

    world.drive.limit_access(inner.id, limited=False)
    await world.poll()
    assert await finds(world, BOB, file)


async def test_everybody_of_the_domain_finds_what_is_findable_and_nobody_what_a_link_opens(world: PolledDrive) -> None:
    listed, linked = (world.drive.create_file(name, by=ADA) for name in ("Handbook", "Secret handbook"))
    world.drive.share(listed.id, DOMAIN, is_discoverable=True)
    world.drive.share(linked.id, DOMAIN)
    world.drive.share(linked.id, ANYONE)
    await settled(world)

    assert await world.search(FINN, "Handbook") == {listed.id}


async def test_somebody_who_is_let_in_to_one_file_of_a_drive_finds_it_and_nothing_else_of_the_drive(world: PolledDrive) -> None:
    sales = world.drive.create_drive("Sales", by=ADA)
    file, other = (world.drive.create_file(name, parent=sales.id) for name in ("Budget", "Minutes"))
    world.drive.share(file.id, CLEO)
    await settled(world)
    assert await world.search(CLEO, "Budget") & {file.id, other.id, sales.id} == {file.id}

    world.drive.unshare(file.id, CLEO)
    await world.poll()

    assert await world.search(CLEO, "Budget") & {file.id, other.id, sales.id} == set()
