"""All there is, page by page: with no request too many, going on from any of its pages, and none that is in the trash."""

import pytest

from devtools.fakes.polled_drive import ADA, BOB, EVE
from ingestion.sources.gdrive.crawl import MOST_RESTARTS
from shared.errors import DependencyUnavailable, StreamUnreadable
from tests.integration.gdrive.conftest import Sales
from tests.integration.gdrive.worlds import ADAS, Workspace


async def test_a_back_fill_asks_for_no_more_pages_than_there_are(sales: Sales) -> None:
    made = set(sales.world.drive.populate_fast(3500, parent=sales.drive.id, by=ADA))
    run = await sales.world.read(sales.stream, "backfill")
    assert run.files.keys() == made
    assert len(run.events) == len(made)
    assert sales.world.google.ledger.counts() == {"files-list": 4}
    assert {call.page_size for call in sales.world.google.ledger.calls} == {1000}


async def test_a_back_fill_of_a_person_gives_what_is_theirs_and_what_guests_brought(world: Workspace) -> None:
    drive = world.drive.create_drive("Sales", by=ADA)
    await world.read("drives")
    world.drive.create_file("in a drive of its own.txt", parent=drive.id, by=ADA)
    world.drive.share(world.drive.create_file("bobs.txt", by=BOB).id, ADA)
    own, guest = world.drive.create_file("own.txt", by=ADA), world.drive.create_file("guest.txt", by=EVE)
    world.drive.share(guest.id, ADA)
    seen = (await world.read(ADAS, "backfill")).files
    assert {key: one.is_home for key, one in seen.items()} == {own.id: True, guest.id: False}


async def test_what_is_in_the_trash_is_not_in_a_back_fill(world: Workspace) -> None:
    folder = world.drive.create_folder("Plans", by=ADA)
    world.drive.create_file("a.txt", parent=folder.id, by=ADA)
    world.drive.trash(folder.id)
    assert (await world.read(ADAS, "backfill")).files == {}


async def test_a_back_fill_of_nothing_comes_to_its_end(sales: Sales) -> None:
    run = await sales.world.read(sales.stream, "backfill")
    assert (len(run.pages), run.events) == (1, [])


@pytest.mark.parametrize("stops_after", [1, 2, 3])
async def test_a_back_fill_goes_on_in_another_worker_from_any_of_its_pages(sales: Sales, stops_after: int) -> None:
    world = sales.world
    world.google.smallest_pages = 10
    made = {world.drive.create_file(f"{number}.txt", parent=sales.drive.id, by=ADA).id for number in range(35)}
    first = await world.read(sales.stream, "backfill", most_pages=stops_after, run="a run")
    rest = await world.read(sales.stream, "backfill", run="a run", poller=world.new_poller(world.http))
    assert first.files.keys().isdisjoint(rest.files)
    assert {*first.files, *rest.files} == made
    assert world.google.ledger.count("files-list") == 4


async def test_a_back_fill_whose_page_token_is_forgotten_begins_anew(sales: Sales) -> None:
    world = sales.world
    world.google.smallest_pages = 10
    made = {world.drive.create_file(f"{number}.txt", parent=sales.drive.id, by=ADA).id for number in range(25)}
    await world.read(sales.stream, "backfill", most_pages=1, run="a run")
    world.google.forget_listings()
    assert (await world.read(sales.stream, "backfill", run="a run")).files.keys() == made


async def test_a_list_that_is_forgotten_again_and_again_is_trouble(sales: Sales) -> None:
    world = sales.world
    world.google.smallest_pages = 1
    for number in range(3):
        world.drive.create_file(f"{number}.txt", parent=sales.drive.id, by=ADA)
    with pytest.raises(DependencyUnavailable, match="page token"):  # noqa: PT012 - which time it is does not matter
        for _ in range(2 * MOST_RESTARTS + 2):
            await world.read(sales.stream, "backfill", most_pages=1, run="a run")
            world.google.forget_listings()


async def test_a_search_that_was_not_complete_is_a_gap_and_asks_for_a_comparison(sales: Sales) -> None:
    world = sales.world
    made = {world.drive.create_file(f"{number}.txt", parent=sales.drive.id, by=ADA).id for number in range(6)}
    world.drive.knobs.incomplete_searches = 1
    run = await world.read(sales.stream, "backfill")
    assert (run.gaps, run.asks) == (["incomplete-search"], {(sales.stream, "compare")})
    assert run.files.keys() < made
    await world.repair(sales.stream)
    assert world.there() == made


async def test_a_back_fill_that_was_asked_for_before_its_drive_went_reads_nothing(sales: Sales) -> None:
    sales.world.drive.delete_drive(sales.drive.id)
    with pytest.raises(Exception, match="notFound"):
        await sales.world.read(sales.stream, "backfill")
    await sales.world.read("drives")
    assert (await sales.world.read(sales.stream, "backfill")).events == []


async def test_the_list_of_drives_has_nothing_to_fill_in(world: Workspace) -> None:
    assert (await world.read("drives", "backfill")).events == []


@pytest.mark.parametrize("stream", ["users", "Account", "drive", ""])
async def test_a_stream_that_is_none_says_which_there_are(world: Workspace, stream: str) -> None:
    with pytest.raises(StreamUnreadable, match="those of Google Drive are drives, groups"):
        await world.read(stream or "nothing")


async def test_a_drive_is_not_read_before_the_drives_were_listed(world: Workspace) -> None:
    state = await world.pipeline.states.read(await world.connection(), "drives", "changes")
    await world.pipeline.states.save(state.model_copy(update={"cursor": None}), at=world.clock())
    with pytest.raises(DependencyUnavailable, match="not listed yet"):
        await world.read("drive:0Aanything")


async def test_of_a_page_folders_come_first_those_made_first_before_others(sales: Sales) -> None:
    world, drive = sales.world, sales.world.drive
    file = drive.create_file("a.txt", parent=sales.drive.id, by=ADA)
    outer = drive.create_folder("Outer", parent=sales.drive.id, by=ADA)
    world.clock.advance(seconds=1)
    inner = drive.create_folder("Inner", parent=outer.id, by=ADA)

    told = [event.source_id for event in (await world.read(sales.stream, "backfill")).events]

    assert [one for one in told if one in (file.id, outer.id, inner.id)] == [outer.id, inner.id, file.id]
