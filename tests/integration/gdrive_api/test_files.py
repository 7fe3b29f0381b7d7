"""``files.list`` and ``files.get`` of the pretend Google Drive: what is found, what is seen of it, and how late."""

from datetime import timedelta
from typing import Any

import pytest

from devtools.vendors.gdrive.items import DOCUMENT, FOLDER
from tests.integration.gdrive_api.worlds import ADA, BOB, CLEO, DOMAIN, World


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("trashed = false", {"folder", "plan", "note's"}),
        ("trashed = true", {"gone"}),
        ("trashed != false", {"gone"}),
        ("not trashed = true and mimeType != 'application/vnd.google-apps.folder'", {"plan", "note's"}),
        ("mimeType = 'application/vnd.google-apps.folder'", {"folder"}),
        ("'{folder}' in parents", {"plan", "gone"}),
        ("'{folder}' in parents and trashed = false", {"plan"}),
        ("'root' in parents", {"folder", "note's"}),
        ("modifiedTime > '2026-03-02T12:00:30'", {"note's"}),
        ("modifiedTime <= '2026-03-02T12:00:30Z' and trashed = false", {"folder", "plan"}),
        ("name = 'plan' or name contains 'NOTE'", {"plan", "note's"}),
        ("name = 'note\\'s'", {"note's"}),
        ("(name = 'plan' or name = 'gone') and (trashed = true)", {"gone"}),
        ("sharedWithMe", set()),
        ("'me' in owners and createdTime >= '2026-03-02T13:00:30+00:00'", {"note's"}),
    ],
)
async def test_a_query_finds_what_it_says(world: World, q: str, expected: set[str]) -> None:
    folder = world.drive.create_folder("folder", by=ADA)
    world.drive.create_file("plan", parent=folder.id, by=ADA)
    world.drive.trash(world.drive.create_file("gone", parent=folder.id, by=ADA).id)
    world.clock.advance(hours=1)
    world.drive.create_file("note's", by=ADA)

    assert {one["name"] for one in await world.files(ADA, q=q.format(folder=folder.id))} == expected


@pytest.mark.parametrize("q", ["trashed", "trashed = maybe", "name = plan", "'x' in", "and", "(trashed = true", "colour = 'red'", "'x"])
async def test_a_query_that_cannot_be_read_is_refused(world: World, q: str) -> None:
    assert await world.refusal(ADA, lambda client: client.files().list(q=q).execute()) == (400, "invalid")


async def test_what_is_found_comes_in_the_order_that_is_asked_for(world: World) -> None:
    for name in ("file 10", "file 2", "File 1"):
        world.drive.create_file(name, by=ADA)
        world.clock.advance(minutes=1)
    world.drive.create_folder("zoo", by=ADA)

    async def names(order_by: str | None) -> list[str]:
        return [one["name"] for one in await world.files(ADA, orderBy=order_by)]

    assert await names(None) == ["zoo", "File 1", "file 2", "file 10"]
    assert await names("createdTime") == ["file 10", "file 2", "File 1", "zoo"]
    assert await names("name") == ["File 1", "file 10", "file 2", "zoo"]
    assert await names("folder,name_natural desc") == ["zoo", "file 10", "file 2", "File 1"]
    assert await names("modifiedTime desc") == ["zoo", "File 1", "file 2", "file 10"]
    assert await world.refusal(ADA, lambda client: client.files().list(orderBy="colour").execute()) == (400, "invalid")


async def test_a_person_finds_their_own_files_what_was_shared_with_them_and_their_drives(world: World) -> None:
    sales = world.shared_drive()
    in_sales = world.drive.create_file("in sales", parent=sales.id, by=ADA)
    own, shared = world.drive.create_file("own", by=BOB), world.drive.create_file("shared", by=ADA)
    world.drive.share(shared.id, BOB)
    world.drive.create_file("hidden", by=ADA)

    everything = {one["id"] for one in await world.files(BOB)}
    without_drives = {one["id"] for one in await world.files(BOB, includeItemsFromAllDrives=False)}
    of_sales = {one["id"] for one in await world.files(BOB, corpora="drive", driveId=sales.id)}
    of_all = {one["id"] for one in await world.files(BOB, corpora="allDrives")}

    assert everything == of_all == {in_sales.id, own.id, shared.id} == world.drive.visible_to(BOB)
    assert (without_drives, of_sales) == ({own.id, shared.id}, {in_sales.id})


async def test_a_link_lets_somebody_open_what_no_list_shows(world: World) -> None:
    linked, found = (world.drive.create_file(name, by=ADA) for name in ("linked", "found"))
    world.drive.share(linked.id, "anyone")
    world.drive.share(found.id, DOMAIN, is_discoverable=True)

    assert [one["id"] for one in await world.files(BOB)] == [found.id]
    assert (await world.file(BOB, linked.id))["name"] == "linked"


async def test_groups_in_groups_let_their_people_in(world: World) -> None:
    world.drive.create_group("inner@pretend.example", members=[BOB])
    world.drive.create_group("outer@pretend.example", members=["inner@pretend.example"])
    folder = world.drive.create_folder("f", by=ADA)
    inner = world.drive.create_folder("g", parent=folder.id, by=ADA)
    file = world.drive.create_file("a", parent=inner.id, by=ADA)
    world.drive.share(folder.id, "outer@pretend.example")

    assert {one["id"] for one in await world.files(BOB)} == {folder.id, inner.id, file.id}
    world.drive.limit_access(inner.id)
    assert {one["id"] for one in await world.files(BOB)} == {folder.id}


async def test_a_grant_that_is_over_lets_nobody_in(world: World) -> None:
    file = world.drive.create_file("a", by=ADA)
    world.drive.share(file.id, BOB, expires_at=world.clock() + timedelta(hours=1))
    before = await world.files(BOB)
    world.clock.advance(hours=1)

    assert ([one["id"] for one in before], await world.files(BOB)) == ([file.id], [])


async def test_what_somebody_cannot_see_is_not_there(world: World) -> None:
    sales = world.shared_drive()
    hidden, in_sales = world.drive.create_file("a", by=ADA), world.drive.create_file("b", parent=sales.id, by=ADA)

    async def refusal(email: str, file_id: str, **said: Any) -> tuple[int, str]:
        return await world.refusal(email, lambda client: client.files().get(fileId=file_id, **said).execute())

    assert await refusal(BOB, hidden.id) == await refusal(BOB, "nowhere") == (404, "notFound")
    assert await refusal(BOB, in_sales.id) == (404, "notFound")
    assert await refusal(CLEO, in_sales.id, supportsAllDrives=True) == (404, "notFound")
    assert (await world.file(BOB, in_sales.id))["driveId"] == sales.id


async def test_where_to_look_has_to_go_together(world: World) -> None:
    sales = world.shared_drive()

    async def refusal(email: str = ADA, **said: Any) -> tuple[int, str]:
        return await world.refusal(email, lambda client: client.files().list(**said).execute())

    assert await refusal(includeItemsFromAllDrives=True) == (403, "supportsTeamDrivesRequired")
    assert await refusal(corpora="drive") == (400, "invalid")
    assert await refusal(corpora="moon") == (400, "invalid")
    assert await refusal(corpora="allDrives", supportsAllDrives=True) == (403, "teamDrivesParameterRequired")
    everything = {"supportsAllDrives": True, "includeItemsFromAllDrives": True}
    assert await refusal(CLEO, corpora="drive", driveId=sales.id, **everything) == (404, "notFound")
    assert await refusal(pageSize=0) == (400, "invalidParameter")


async def test_a_listing_may_be_incomplete_and_says_so(world: World) -> None:
    world.drive.knobs.incomplete_searches = 1
    for number in range(6):
        world.drive.create_file(str(number), by=ADA)

    first, second = [await world.used(ADA, lambda client: client.files().list().execute()) for _ in range(2)]

    assert (first["incompleteSearch"], len(first["files"])) == (True, 4)
    assert (second["incompleteSearch"], len(second["files"])) == (False, 6)


async def test_the_index_is_late_and_the_log_is_not(world: World) -> None:
    world.drive.knobs.index_lag = timedelta(seconds=30)
    renamed, deleted = (world.drive.create_file(name, by=ADA) for name in ("old name", "deleted"))
    world.clock.advance(minutes=1)
    token = await world.start(ADA)
    world.drive.rename(renamed.id, "new name")
    world.drive.delete(deleted.id)
    made = world.drive.create_file("made", by=ADA)

    late = {one["id"]: one["name"] for one in await world.files(ADA)}
    rows, _ = await world.changes(ADA, token)
    world.clock.advance(seconds=30)
    later = {one["id"]: one["name"] for one in await world.files(ADA)}

    assert late == {renamed.id: "old name", deleted.id: "deleted"}
    assert [row["fileId"] for row in rows] == [renamed.id, deleted.id, made.id]
    assert later == {renamed.id: "new name", made.id: "made"}


async def test_what_is_deleted_while_somebody_pages_is_left_out_and_nothing_else(world: World) -> None:
    made = [world.drive.create_file(str(number), by=ADA).id for number in range(6)]

    def read(client: Any) -> list[str]:
        first = client.files().list(pageSize=2).execute()
        world.drive.delete(made[3])
        rest = client.files().list(pageSize=10, pageToken=first["nextPageToken"]).execute()
        return [one["id"] for one in first["files"] + rest["files"]]

    assert await world.used(ADA, read) == [one for one in made if one != made[3]]


async def test_many_files_are_made_at_once_and_listed_by_the_thousand(world: World) -> None:
    sales, token = world.shared_drive(), await world.start(ADA)
    ids = world.drive.populate_fast(3_500, parent=sales.id)
    said = {"corpora": "drive", "driveId": sales.id, "fields": "nextPageToken,files(id,name,parents,mimeType)"}

    found = await world.files(BOB, **said)

    assert len(ids) == len({one["id"] for one in found}) == 3_500
    assert world.google.ledger.counts()["files-list"] == 4
    assert sum(one["mimeType"] == FOLDER for one in found) == 70
    assert (await world.changes(ADA, token))[0] == []


async def test_many_files_that_are_made_at_once_are_in_no_log_unless_that_is_said(world: World) -> None:
    token = await world.start(BOB)
    silent, logged = (world.drive.populate_fast(10, by=BOB, logged=logged) for logged in (False, True))

    assert [row["fileId"] for row in (await world.changes(BOB, token))[0]] == logged
    assert len(await world.files(BOB)) == len(silent) + len(logged)


async def test_a_shortcut_names_what_it_leads_to(world: World) -> None:
    document = world.drive.create_file("a", by=ADA, mime_type=DOCUMENT)
    shortcut = world.drive.create_shortcut(document.id, by=ADA)

    found = await world.file(ADA, shortcut.id)

    assert found["shortcutDetails"] == {"targetId": document.id, "targetMimeType": DOCUMENT}
    assert found["mimeType"] == "application/vnd.google-apps.shortcut"
    assert "size" not in found
