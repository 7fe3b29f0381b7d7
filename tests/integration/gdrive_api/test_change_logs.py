"""What the change logs of the pretend Google Drive say, as Google's own client reads them."""

from datetime import timedelta
from typing import Any

import pytest

from tests.integration.gdrive_api.worlds import ADA, BOB, CLEO, EVERYTHING, NOON, World, told


async def test_every_person_and_every_shared_drive_has_a_log_of_its_own(world: World) -> None:
    sales, board = world.shared_drive("Sales"), world.drive.create_drive("Board", by=ADA)
    starts = {log: await world.start(ADA, log) for log in (None, sales.id, board.id)}
    in_sales = world.drive.create_file("a", parent=sales.id, by=ADA)
    own = world.drive.create_file("b", by=ADA)

    found = {log: told((await world.changes(ADA, token, driveId=log))[0]) for log, token in starts.items()}

    assert found == {None: [(in_sales.id, False), (own.id, False)], sales.id: [(in_sales.id, False)], board.id: []}


async def test_a_person_who_leaves_shared_drives_out_reads_of_their_own_files_alone(world: World) -> None:
    sales, token = world.shared_drive(), await world.start(ADA)
    world.drive.create_file("a", parent=sales.id, by=ADA)
    own = world.drive.create_file("b", by=ADA)

    rows, _ = await world.changes(ADA, token, includeItemsFromAllDrives=False)

    assert told(rows) == [(own.id, False)]


async def test_a_members_own_log_may_have_nothing_of_a_shared_drive(world: World) -> None:
    world.drive.knobs.drive_items_in_user_log = False
    sales, token = world.shared_drive(), await world.start(BOB)
    world.drive.create_file("a", parent=sales.id, by=ADA)
    moved = world.drive.create_file("b", by=ADA)
    world.drive.share(moved.id, BOB)
    world.drive.move(moved.id, sales.id)

    rows, _ = await world.changes(BOB, token, includeCorpusRemovals=True)

    assert told(rows) == [(moved.id, True)]
    assert rows[0]["file"]["driveId"] == sales.id


async def test_a_thing_that_changed_often_is_told_once_as_it_is_now_and_at_the_end(world: World) -> None:
    token = await world.start(ADA)
    first, second = (world.drive.create_file(name, by=ADA) for name in ("first", "second"))
    world.drive.rename(first.id, "renamed")
    world.drive.rename(first.id, "renamed again")

    rows, after = await world.changes(ADA, token)

    assert told(rows) == [(second.id, False), (first.id, False)]
    assert (rows[1]["file"]["name"], rows[1]["file"]["version"]) == ("renamed again", "3")
    assert (await world.changes(ADA, after))[0] == []


async def test_what_was_read_and_changes_again_comes_again(world: World) -> None:
    first, second = (world.drive.create_file(name, by=ADA) for name in ("first", "second"))
    token = await world.start(ADA)
    world.drive.rename(first.id, "x")
    _, token = await world.changes(ADA, token)
    world.drive.rename(second.id, "y")
    world.drive.rename(first.id, "z")

    assert told((await world.changes(ADA, token))[0]) == [(second.id, False), (first.id, False)]


async def test_a_deleted_file_and_one_that_was_unshared_are_tombstones_without_a_file(world: World) -> None:
    deleted, unshared = (world.drive.create_file(name, by=ADA) for name in ("deleted", "unshared"))
    for one in (deleted, unshared):
        world.drive.share(one.id, BOB)
    token = await world.start(BOB)
    world.drive.delete(deleted.id)
    world.drive.unshare(unshared.id, BOB)

    rows, _ = await world.changes(BOB, token)

    assert told(rows) == [(deleted.id, True), (unshared.id, True)]
    assert all("file" not in row and row["changeType"] == "file" for row in rows)
    assert (await world.changes(BOB, token, includeRemoved=False))[0] == []


async def test_what_left_a_log_and_can_still_be_read_comes_with_its_file_where_that_is_asked_for(world: World) -> None:
    sales, board = world.shared_drive("Sales"), world.shared_drive("Board")
    file = world.drive.create_file("a", parent=sales.id, by=ADA)
    token = await world.start(BOB, sales.id)
    world.drive.move(file.id, board.id)

    [plain] = (await world.changes(BOB, token, driveId=sales.id))[0]
    [with_file] = (await world.changes(BOB, token, driveId=sales.id, includeCorpusRemovals=True))[0]

    assert (plain["removed"], "file" in plain) == (True, False)
    assert (with_file["removed"], with_file["file"]["driveId"]) == (True, board.id)


async def test_a_move_between_drives_is_a_tombstone_in_one_log_and_the_file_in_the_other(world: World) -> None:
    sales, board = world.shared_drive("Sales"), world.shared_drive("Board")
    folder = world.drive.create_folder("f", parent=sales.id, by=ADA)
    inside = world.drive.create_file("a", parent=folder.id, by=ADA)
    starts = {one.id: await world.start(ADA, one.id) for one in (sales, board)}
    own = await world.start(ADA)
    world.drive.move(folder.id, board.id)

    left, came = [(await world.changes(ADA, starts[one.id], driveId=one.id))[0] for one in (sales, board)]

    assert told(left) == [(folder.id, True), (inside.id, True)]
    assert told(came) == [(folder.id, False), (inside.id, False)]
    assert [row["file"]["driveId"] for row in came] == [board.id, board.id]
    assert told((await world.changes(ADA, own))[0]) == [(folder.id, False), (inside.id, False)]


async def test_what_moves_from_a_my_drive_to_a_shared_drive_belongs_to_nobody_and_leaves_a_tombstone(world: World) -> None:
    sales, file = world.shared_drive(), world.drive.create_file("a", by=ADA)
    token = await world.start(ADA)
    world.drive.move(file.id, sales.id)

    [without] = (await world.changes(ADA, token, includeItemsFromAllDrives=False))[0]
    [with_drives] = (await world.changes(ADA, token))[0]

    assert (without["fileId"], without["removed"]) == (file.id, True)
    assert "owners" not in with_drives["file"]
    assert with_drives["file"]["driveId"] == sales.id


async def test_a_shared_drive_that_is_joined_renamed_and_left_is_a_change_without_a_file(world: World) -> None:
    sales = world.drive.create_drive("Sales", by=ADA)
    world.drive.create_file("a", parent=sales.id, by=ADA)
    token = await world.start(BOB)
    world.drive.add_member(sales.id, BOB, "reader")
    world.drive.rename_drive(sales.id, "Trade")
    joined, token = await world.changes(BOB, token)
    world.drive.remove_member(sales.id, BOB)
    left, token = await world.changes(BOB, token)
    world.drive.add_member(sales.id, BOB, "writer")
    returned, _ = await world.changes(BOB, token)

    assert [(row["changeType"], row["driveId"], row["removed"]) for row in joined + left + returned] == [
        ("drive", sales.id, False),
        ("drive", sales.id, True),
        ("drive", sales.id, False),
    ]
    assert joined[0]["drive"]["name"] == "Trade"
    assert not any("fileId" in row for row in joined + left + returned)
    assert "drive" not in left[0]


async def test_somebody_who_leaves_a_group_leaves_its_drives(world: World) -> None:
    world.drive.create_group("team@pretend.example", members=[BOB])
    sales = world.drive.create_drive("Sales", by=ADA)
    world.drive.add_member(sales.id, "team@pretend.example", "reader")
    token = await world.start(BOB)
    world.drive.remove_from_group("team@pretend.example", BOB)

    rows, _ = await world.changes(BOB, token)

    assert told(rows) == [(sales.id, True)]


@pytest.mark.parametrize("is_told", [True, False])
async def test_what_was_shared_with_a_group_is_told_of_or_not_when_somebody_leaves_it(world: World, is_told: bool) -> None:
    world.drive.knobs.groups_reach_files = is_told
    world.drive.create_group("team@pretend.example", members=[BOB])
    file = world.drive.create_file("a", by=ADA)
    world.drive.share(file.id, "team@pretend.example")
    token = await world.start(BOB)
    world.drive.remove_from_group("team@pretend.example", BOB)

    rows, _ = await world.changes(BOB, token)

    assert told(rows) == ([(file.id, True)] if is_told else [])
    assert await world.files(BOB) == []


async def test_a_deleted_shared_drive_is_told_of_in_the_members_logs_and_its_own_is_not_there(world: World) -> None:
    sales = world.shared_drive()
    world.drive.create_file("a", parent=sales.id, by=ADA)
    own, of_drive = await world.start(BOB), await world.start(BOB, sales.id)
    world.drive.delete_drive(sales.id)

    rows, _ = await world.changes(BOB, own)
    refusal = await world.refusal(BOB, lambda client: client.changes().list(pageToken=of_drive, driveId=sales.id, **EVERYTHING).execute())

    assert [(row["changeType"], row["driveId"], row["removed"]) for row in rows] == [("drive", sales.id, True)]
    assert refusal == (404, "notFound")


async def test_who_saw_a_single_file_of_a_deleted_drive_is_told_of_the_file(world: World) -> None:
    sales = world.shared_drive()
    file = world.drive.create_file("a", parent=sales.id, by=ADA)
    world.drive.share(file.id, CLEO)
    token = await world.start(CLEO)
    world.drive.delete_drive(sales.id)

    assert told((await world.changes(CLEO, token))[0]) == [(file.id, True)]


async def test_a_trashed_folder_takes_what_is_in_it_along_not_explicitly(world: World) -> None:
    folder = world.drive.create_folder("f", by=ADA)
    inner = world.drive.create_folder("g", parent=folder.id, by=ADA)
    file = world.drive.create_file("a", parent=inner.id, by=ADA)
    token = await world.start(ADA)
    world.clock.advance(minutes=1)
    world.drive.trash(folder.id)
    trashed, token = await world.changes(ADA, token)
    world.drive.restore(folder.id)
    restored, _ = await world.changes(ADA, token)

    def shown(rows: list[dict[str, Any]]) -> list[tuple[str, bool, bool, str]]:
        files = [row["file"] for row in rows]
        return [(one["id"], one["trashed"], one["explicitlyTrashed"], one["version"]) for one in files]

    assert shown(trashed) == [(folder.id, True, True, "2"), (inner.id, True, False, "2"), (file.id, True, False, "2")]
    assert shown(restored) == [(one.id, False, False, "3") for one in (folder, inner, file)]
    assert {row["file"]["modifiedTime"] for row in trashed + restored} == {"2026-03-02T12:00:30.000Z"}


@pytest.mark.parametrize("below", [True, False])
async def test_what_lies_in_a_folder_that_is_trashed_or_shared_is_told_of_or_stays_silent(world: World, below: bool) -> None:
    world.drive.knobs.trash_reaches_below = world.drive.knobs.sharing_reaches_below = below
    folder = world.drive.create_folder("f", by=ADA)
    file = world.drive.create_file("a", parent=folder.id, by=ADA)
    token = await world.start(ADA)
    world.drive.share(folder.id, BOB)
    shared, token = await world.changes(ADA, token)
    world.drive.trash(folder.id)
    trashed, _ = await world.changes(ADA, token)

    expected = [(folder.id, False), (file.id, False)] if below else [(folder.id, False)]
    assert (told(shared), told(trashed)) == (expected, expected)
    assert (await world.file(ADA, file.id))["trashed"] is True
    assert (await world.file(BOB, file.id))["version"] == ("3" if below else "1")


@pytest.mark.parametrize("below", [True, False])
async def test_of_a_folder_that_is_moved_only_it_is_told_unless_it_is_said_otherwise(world: World, below: bool) -> None:
    world.drive.knobs.moves_reach_below = below
    target, folder = (world.drive.create_folder(name, by=ADA) for name in ("target", "folder"))
    file = world.drive.create_file("a", parent=folder.id, by=ADA)
    world.drive.share(target.id, BOB)
    tokens = {email: await world.start(email) for email in (ADA, BOB)}
    world.drive.move(folder.id, target.id)

    found = {email: told((await world.changes(email, token))[0]) for email, token in tokens.items()}

    expected = [(folder.id, False), (file.id, False)] if below else [(folder.id, False)]
    assert found == {ADA: expected, BOB: expected}
    assert (await world.file(BOB, file.id))["parents"] == [folder.id]


async def test_a_permission_moves_the_version_and_not_the_time_of_modification(world: World) -> None:
    file = world.drive.create_file("a", by=ADA)
    token = await world.start(ADA)
    world.clock.advance(hours=1)
    world.drive.share(file.id, BOB, "writer")

    [row] = (await world.changes(ADA, token))[0]

    assert (row["file"]["version"], row["file"]["modifiedTime"]) == ("2", "2026-03-02T12:00:30.000Z")
    assert row["time"] == "2026-03-02T13:00:30.000Z"
    assert [(one["emailAddress"], one["role"]) for one in row["file"]["permissions"]] == [(BOB, "writer"), (ADA, "owner")]


async def test_neither_a_move_nor_a_restore_moves_the_time_of_modification_but_an_edit_does(world: World) -> None:
    folder, file = world.drive.create_folder("f", by=ADA), world.drive.create_file("a", by=ADA)
    world.clock.advance(hours=1)
    world.drive.move(file.id, folder.id)
    world.drive.trash(file.id)
    world.drive.restore(file.id)
    unmoved = (await world.file(ADA, file.id))["modifiedTime"]
    world.drive.edit(file.id, content=b"new", by=ADA)

    assert (unmoved, (await world.file(ADA, file.id))["modifiedTime"]) == ("2026-03-02T12:00:30.000Z", "2026-03-02T13:00:30.000Z")


async def test_an_upload_may_say_when_it_was_modified(world: World) -> None:
    file = world.drive.create_file("a", by=ADA, modified_time=NOON - timedelta(days=900))

    assert (await world.file(ADA, file.id))["modifiedTime"] == "2023-09-14T12:00:30.000Z"


async def test_pages_have_as_many_rows_as_were_asked_for_and_the_last_has_the_token_to_go_on_from(world: World) -> None:
    token = await world.start(ADA)
    made = [world.drive.create_file(str(number), by=ADA).id for number in range(7)]

    rows, _ = await world.changes(ADA, token, pageSize=3)

    assert [row["fileId"] for row in rows] == made
    assert [(call.page_size, call.rows) for call in world.google.ledger.of("changes")] == [(3, 3), (3, 3), (3, 1)]


async def test_what_was_written_just_now_is_not_in_the_log_yet_and_not_passed_over(world: World) -> None:
    world.drive.knobs.log_lag = timedelta(seconds=30)
    token = await world.start(ADA)
    first = world.drive.create_file("a", by=ADA)
    world.clock.advance(seconds=20)
    world.drive.create_file("b", by=ADA)
    late_start = await world.start(ADA)
    nothing, token = await world.changes(ADA, token)
    world.clock.advance(seconds=15)
    one, token = await world.changes(ADA, token)
    world.clock.advance(seconds=15)
    other, _ = await world.changes(ADA, token)

    assert (nothing, [row["fileId"] for row in one], len(other)) == ([], [first.id], 1)
    assert len((await world.changes(ADA, late_start))[0]) == 2


async def test_what_is_not_in_ones_own_my_drive_can_be_left_out(world: World) -> None:
    token = await world.start(BOB)
    shared = world.drive.create_file("a", by=ADA)
    world.drive.share(shared.id, BOB)
    own = world.drive.create_file("b", by=BOB)

    rows, _ = await world.changes(BOB, token, restrictToMyDrive=True)

    assert told(rows) == [(own.id, False)]


async def test_somebody_who_sees_nothing_is_told_nothing(world: World) -> None:
    token = await world.start(CLEO)
    sales = world.shared_drive()
    world.drive.create_file("a", parent=sales.id, by=ADA)
    world.drive.create_file("b", by=ADA)

    assert (await world.changes(CLEO, token))[0] == []
