"""Shared drives: they appear, are renamed and vanish, files go between them, and an access that is lost is no deletion."""

from devtools.fakes.polled_drive import ADA, BOB, CLEO, DOMAIN, EVE
from ingestion.sources.gdrive.logs import known_drives
from tests.integration.gdrive.conftest import Sales
from tests.integration.gdrive.worlds import ADAS, BOBS, Workspace, of_drive, payload_of

TEAM = f"team@{DOMAIN}"


async def test_a_drive_that_appears_is_a_stream_from_then_on(world: Workspace) -> None:
    drive = world.drive.create_drive("Sales", by=ADA)
    assert ("drives", "changes") in (await world.read(ADAS)).asks
    streams = (await world.read("drives")).pages[-1].streams
    assert streams == ("drives", ADAS, BOBS, of_drive(drive.id))
    assert (await world.cursor("drives"))["drives"] == {
        drive.id: {"reader": ADA, "name": "Sales", "createdTime": "2026-11-21T12:00:00.000Z"}
    }


async def test_looking_for_drives_is_one_request_for_each_person(sales: Sales) -> None:
    await sales.world.read("drives")
    assert sales.world.counts() == {"drives": 2}


async def test_many_drives_are_listed_in_pages(world: Workspace) -> None:
    world.google.smallest_pages = 2
    made = {world.drive.create_drive(f"Drive {number}", by=ADA).id for number in range(5)}
    run = await world.read("drives")
    assert {stream for stream in run.pages[-1].streams or () if stream.startswith("drive:")} == set(map(of_drive, made))
    assert world.google.ledger.by_user("drives") == {ADA: 3, BOB: 1}


async def test_the_first_person_who_lists_a_drive_reads_it_and_goes_on_reading_it(world: Workspace) -> None:
    drive = world.drive.create_drive("Sales", by=BOB)
    await world.read("drives")
    world.drive.add_member(drive.id, ADA, "reader")
    await world.read("drives")
    assert known_drives(await world.cursor("drives"))[drive.id].reader == BOB


async def test_when_the_reader_of_a_drive_leaves_another_member_reads_on(sales: Sales) -> None:
    world = sales.world
    world.drive.add_member(sales.drive.id, BOB, "organizer")
    file = world.drive.create_file("a.txt", parent=sales.drive.id, by=BOB)
    world.drive.remove_member(sales.drive.id, ADA)
    closed = await world.read(sales.stream)
    assert (closed.gaps, closed.asks, closed.gone) == (["not-readable"], {("drives", "changes")}, [])
    looked = await world.read("drives")
    assert looked.asks == {(sales.stream, "changes")}
    assert sales.stream in (looked.pages[-1].streams or ())
    assert (await world.read(sales.stream)).files.keys() == {file.id}  # the token stayed where it was


async def test_what_is_in_a_drive_is_told_by_the_drive_alone(sales: Sales) -> None:
    file = sales.world.drive.create_file("a.txt", parent=sales.drive.id, by=ADA)
    assert (await sales.world.read(ADAS)).files == {}
    seen = (await sales.world.read(sales.stream)).files[file.id]
    assert (seen.is_home, seen.coverage, payload_of(seen)["permissions"]) == (True, "complete", [])


async def test_somebody_let_in_to_a_file_of_a_drive_is_asked_for_and_nobody_else(sales: Sales) -> None:
    world = sales.world
    file, other = (world.drive.create_file(name, parent=sales.drive.id, by=ADA) for name in ("a.txt", "b.txt"))
    world.drive.share(file.id, EVE, "reader")
    seen = (await world.read(sales.stream)).files
    asked = [call.file_id for call in world.google.ledger.of("permissions")]
    assert asked == [file.id, sales.drive.id]
    assert {one["emailAddress"] for one in payload_of(seen[file.id])["permissions"]} == {ADA, EVE}
    assert payload_of(seen[other.id])["permissions"] == []


async def test_a_member_who_may_not_know_the_readers_leaves_a_gap_and_says_nothing_of_them(sales: Sales) -> None:
    file = sales.world.drive.create_file("a.txt", parent=sales.drive.id, by=ADA)
    sales.world.drive.share(file.id, EVE, "reader")
    sales.world.fails("refuse", "permissions", status=403, variant="insufficient-file-permissions")
    run = await sales.world.read(sales.stream)
    assert run.gaps == ["acl-unknown"]
    assert "permissions" not in run.files[file.id].coverage


# The drive itself


async def test_a_drive_is_told_as_its_root_folder_with_its_members() -> None:
    async with Workspace() as world:
        world.drive.create_group(TEAM, members=[BOB])
        drive = world.drive.create_drive("Sales", by=ADA)
        world.drive.add_member(drive.id, TEAM, "reader")
        await world.read("drives")
        (root,) = (await world.read(of_drive(drive.id))).events
        told = payload_of(root)
        assert {name: told[name] for name in ("id", "driveId", "name", "createdTime")} == {
            "id": drive.id,
            "driveId": drive.id,
            "name": "Sales",
            "createdTime": "2026-11-21T12:00:00.000Z",
        }
        assert {(one["type"], one["emailAddress"], one["role"]) for one in told["permissions"]} == {
            ("user", ADA, "organizer"),
            ("group", TEAM, "reader"),
        }
        assert (root.is_home, root.vendor_version, root.coverage) == (True, None, "complete")


async def test_a_drive_is_told_again_when_its_members_are_others_and_only_then(sales: Sales) -> None:
    assert (await sales.world.read(sales.stream)).events == []
    sales.world.drive.add_member(sales.drive.id, BOB, "reader")
    (root,) = (await sales.world.read(sales.stream)).events
    assert {one["emailAddress"] for one in payload_of(root)["permissions"]} == {ADA, BOB}
    assert (await sales.world.read(sales.stream)).events == []


async def test_a_drive_that_is_renamed_is_told_at_once(sales: Sales) -> None:
    world = sales.world
    world.drive.rename_drive(sales.drive.id, "Trade")
    assert ("drives", "changes") in (await world.read(ADAS)).asks
    assert (await world.read("drives")).asks == {(sales.stream, "changes")}
    (root,) = (await world.read(sales.stream)).events
    assert payload_of(root)["name"] == "Trade"


# Gone, and back


async def test_a_drive_that_is_deleted_is_no_stream_any_more_and_a_comparison_of_it_takes_all_of_it_off(sales: Sales) -> None:
    world = sales.world
    file = world.drive.create_file("a.txt", parent=sales.drive.id, by=ADA)
    await world.read(sales.stream)
    world.drive.delete_drive(sales.drive.id)
    looked = await world.read("drives")
    assert looked.pages[-1].streams == ("drives", ADAS, BOBS)
    world.counts()
    assert set((await world.repair(sales.stream)).gone) == {file.id, sales.drive.id}
    assert world.counts() == {}
    assert not world.kept[file.id].is_there


async def test_a_drive_that_nobody_lists_is_asked_for_before_it_is_left_out(sales: Sales) -> None:
    world = sales.world
    world.drive.create_file("a.txt", parent=sales.drive.id, by=ADA)
    world.drive.delete_drive(sales.drive.id)
    await world.read("drives")
    assert [call.drive_id for call in world.google.ledger.of("drives")] == ["", "", sales.drive.id]


async def test_a_drive_that_a_list_leaves_out_and_that_is_there_stays(sales: Sales) -> None:
    world = sales.world
    real = world.drive.drives_of
    world.drive.drives_of = lambda email: []  # type: ignore[method-assign] # a list that comes late
    looked = await world.read("drives")
    world.drive.drives_of = real  # type: ignore[method-assign] # as it was
    assert sales.stream in (looked.pages[-1].streams or ())
    assert world.google.ledger.count("drives") == 3


async def test_a_drive_that_nobody_can_say_anything_of_stays(sales: Sales) -> None:
    world = sales.world
    world.drive.suspend(ADA)
    world.google.sessions.end_all()
    looked = await world.read("drives", poller=world.new_poller(world.http))
    assert sales.stream in (looked.pages[-1].streams or ())


async def test_a_drive_that_comes_back_is_read_on_from_its_token_and_told_anew(sales: Sales) -> None:
    world = sales.world
    world.drive.add_member(sales.drive.id, CLEO, "organizer")
    file = world.drive.create_file("a.txt", parent=sales.drive.id, by=ADA)
    await world.read(sales.stream)
    world.drive.remove_member(sales.drive.id, ADA)
    await world.read("drives")
    await world.repair(sales.stream)
    assert not world.kept[file.id].is_there
    late = world.drive.create_file("b.txt", parent=sales.drive.id, by=CLEO)
    world.drive.add_member(sales.drive.id, ADA, "reader")
    assert sales.stream in ((await world.read("drives")).pages[-1].streams or ())
    assert late.id in (await world.read(sales.stream)).files
    await world.repair(sales.stream)
    assert world.there() == {file.id, late.id}
    assert world.kept[sales.drive.id].holders == {sales.stream}


async def test_a_look_at_the_drives_that_breaks_off_goes_on_where_it_was(sales: Sales) -> None:
    await sales.world.read("drives", most_pages=1)
    await sales.world.read("drives", poller=sales.world.new_poller(sales.world.http))
    assert sales.world.google.ledger.by_user("drives") == {ADA: 1, BOB: 1}


async def test_who_joins_and_who_leaves_the_connection_joins_and_leaves_the_streams(world: Workspace) -> None:
    connection = await world.connection()
    await world.pipeline.connections.replace(connection.model_copy(update={"users": (BOB, CLEO)}))
    assert (await world.read("drives")).pages[-1].streams == ("drives", BOBS, f"user:{CLEO}")
    world.drive.create_file("a.txt", by=ADA)
    assert (await world.read(ADAS)).events == []  # asked for before she left
    assert (await world.repair(ADAS)).gone == [world.drive.people.user(ADA).root_id]


async def test_a_file_of_a_drive_that_nobody_is_a_member_of_is_held_by_whoever_sees_it(world: Workspace) -> None:
    theirs = world.drive.create_drive("Partner", by=EVE)
    file = world.drive.create_file("a.txt", parent=theirs.id, by=EVE)
    world.drive.share(file.id, ADA, "reader")
    seen = (await world.read(ADAS)).files[file.id]
    assert (seen.is_home, "permissions" in seen.coverage) == (False, False)
    assert world.google.ledger.count("permissions") == 0
    assert (await world.read("drives")).pages[-1].streams == ("drives", ADAS, BOBS)
