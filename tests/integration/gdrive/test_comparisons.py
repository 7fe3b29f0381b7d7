"""All there is against all that is kept: by ranges of times of creation, each file once, and one question for what is not in a range."""

from collections import Counter
from datetime import timedelta

import pytest

from devtools.fakes.polled_drive import ADA, BOB, EVE
from ingestion.sources.gdrive.ranges import MOST_FILES
from ingestion.sources.source import Versions
from shared.errors import DependencyUnavailable
from tests.integration.gdrive.conftest import Sales
from tests.integration.gdrive.worlds import ADAS, BOBS, Workspace, payload_of


async def ranges(world: Workspace, stream: str) -> list[Versions]:
    """Every range of a stream."""
    found: list[Versions] = []
    after: str | None = None
    while not found or after is not None:
        found.append(await world.poller.versions(await world.connection(), stream, after=after))
        after = found[-1].up_to
    return found


async def test_a_small_log_is_one_range_and_one_page(sales: Sales) -> None:
    made = [sales.world.drive.create_file(f"{number}.txt", parent=sales.drive.id, by=ADA) for number in range(3)]
    (only,) = await ranges(sales.world, sales.stream)
    assert set(only.by_key) == {sales.drive.id, *(file.id for file in made)}
    assert only.up_to is None
    assert sales.world.google.ledger.counts() == {"files-list": 1}


async def test_the_shards_of_a_log_are_those_it_holds_in_the_order_of_their_creation(sales: Sales) -> None:
    kind = sales.world.poller.record_kind(await sales.world.connection(), sales.stream)
    assert (kind.scope, kind.record_type, kind.range_field) == (f"pretend.example/{sales.stream}", "File", "createdDate")


async def test_versions_and_times_are_those_of_the_events(world: Workspace) -> None:
    file = world.drive.create_file("a.txt", by=ADA)
    seen = (await world.read(ADAS)).files[file.id]
    (only,) = await ranges(world, ADAS)
    assert only.by_key[file.id].vendor_version == seen.vendor_version
    assert only.by_key[file.id].changed_at == world.clock()


async def test_a_time_of_change_that_somebody_wrote_into_the_future_is_not_believed(world: Workspace) -> None:
    file = world.drive.create_file("a.txt", by=ADA, modified_time=world.clock() + timedelta(days=900))
    (only,) = await ranges(world, ADAS)
    assert only.by_key[file.id].changed_at is None


@pytest.mark.long
async def test_many_files_are_ranges_each_file_in_one_and_the_requests_are_few(sales: Sales) -> None:
    world = sales.world
    made = world.drive.populate_fast(25_000, parent=sales.drive.id, by=ADA)
    told = await ranges(world, sales.stream)
    assert Counter(key for one in told for key in one.by_key) == Counter([*made, sales.drive.id])
    assert all(len(one.by_key) <= MOST_FILES for one in told)
    assert [one.up_to for one in told] == [*sorted(str(one.up_to) for one in told[:-1]), None]
    # 25 pages of files; the rest is for the first range, whose width nobody knows, and for pages that are not full.
    assert world.google.ledger.count("files-list") <= 25 + 2 * MOST_FILES // 1000 + len(told)


async def test_files_from_before_and_after_all_times_are_in_a_range(world: Workspace) -> None:
    old = world.drive.create_file("old.txt", by=ADA, created_time=world.clock().replace(year=1980))
    new = world.drive.create_file("new.txt", by=ADA, created_time=world.clock().replace(year=2050))
    assert {old.id, new.id} <= {key for one in await ranges(world, ADAS) for key in one.by_key}


async def test_guests_of_another_log_are_not_in_the_range(world: Workspace) -> None:
    shared = world.drive.create_file("a.txt", by=BOB)
    world.drive.share(shared.id, ADA)
    guest = world.drive.create_file("b.txt", by=EVE)
    world.drive.share(guest.id, ADA)
    (adas,), (bobs,) = await ranges(world, ADAS), await ranges(world, BOBS)
    assert shared.id not in adas.by_key
    assert shared.id in bobs.by_key
    assert guest.id in adas.by_key


async def test_a_search_that_was_not_complete_proves_nothing(sales: Sales) -> None:
    sales.world.drive.knobs.incomplete_searches = 1
    with pytest.raises(DependencyUnavailable, match="not complete"):
        await ranges(sales.world, sales.stream)


# Repair


async def test_what_was_deleted_edited_and_added_behind_its_back_is_found(sales: Sales) -> None:
    world = sales.world
    deleted, edited, kept = (world.drive.create_file(f"{name}.txt", parent=sales.drive.id, by=ADA) for name in "abc")
    await world.read(sales.stream)
    added = world.drive.create_file("d.txt", parent=sales.drive.id, by=ADA)
    world.drive.delete(deleted.id)
    world.drive.rename(edited.id, "e.txt")
    world.google.ledger.clear()
    run = await world.repair(sales.stream)
    assert (set(run.files), run.gone) == ({edited.id, added.id}, [deleted.id])
    assert world.there() == {edited.id, kept.id, added.id}
    assert world.name(edited.id) == "e.txt"
    assert world.counts() == {"files-list": 1, "file": 1}  # only what is not in the list is asked for by its id


async def test_a_file_that_the_list_does_not_know_yet_stays(sales: Sales) -> None:
    world = sales.world
    file = world.drive.create_file("a.txt", parent=sales.drive.id, by=ADA)
    await world.read(sales.stream)
    world.drive.knobs.index_lag = timedelta(minutes=5)
    late = world.drive.create_file("b.txt", parent=sales.drive.id, by=ADA)
    await world.read(sales.stream)
    run = await world.repair(sales.stream)
    assert run.gone == []
    assert world.there() == {file.id, late.id}


async def test_what_went_to_the_trash_unseen_is_told_as_trashed(sales: Sales) -> None:
    world = sales.world
    file = world.drive.create_file("a.txt", parent=sales.drive.id, by=ADA)
    await world.read(sales.stream)
    world.drive.trash(file.id)
    run = await world.repair(sales.stream)
    assert payload_of(run.files[file.id])["trashed"] is True


async def test_a_file_that_went_to_another_drive_departs_from_this_one(world: Workspace) -> None:
    file = world.drive.create_file("a.txt", by=ADA)
    await world.read(ADAS)
    drive = world.drive.create_drive("Sales", by=ADA)
    await world.read("drives")
    world.drive.move(file.id, drive.id, by=ADA)
    assert (await world.repair(ADAS)).gone == [file.id]


async def test_permissions_are_asked_for_where_they_are_needed_alone(sales: Sales) -> None:
    world = sales.world
    file = world.drive.create_file("a.txt", parent=sales.drive.id, by=ADA)
    world.drive.share(file.id, EVE, "reader")
    await ranges(world, sales.stream)
    assert world.counts() == {"files-list": 1}
    run = await world.repair(sales.stream)
    assert EVE in {one["emailAddress"] for one in payload_of(run.files[file.id])["permissions"]}


async def test_after_reading_a_comparison_finds_nothing(sales: Sales) -> None:
    world = sales.world
    for number in range(5):
        world.drive.create_file(f"{number}.txt", parent=sales.drive.id, by=ADA)
        world.drive.create_file(f"{number}.txt", by=ADA)
    for stream in (ADAS, BOBS, sales.stream):
        await world.read(stream)
    world.counts()
    assert [(await world.repair(stream)).events for stream in (ADAS, BOBS, sales.stream)] == [[], [], []]
    assert world.counts() == {"files-list": 3, "file": 2}  # the roots of two My Drives
