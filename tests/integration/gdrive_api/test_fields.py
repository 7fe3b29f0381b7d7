"""Which parts of an answer the pretend Google Drive gives: by default, and as ``fields`` asks for."""

import json
from typing import Any

import pytest

from devtools.vendors.gdrive.items import DOCUMENT
from tests.integration.gdrive_api.worlds import ADA, BOB, World


async def test_without_fields_four_of_a_file_are_answered(world: World) -> None:
    file = world.drive.create_file("a", by=ADA)
    token = await world.start(ADA)
    world.drive.rename(file.id, "b")
    expected = {"kind": "drive#file", "id": file.id, "name": "b", "mimeType": "text/plain"}

    def asked(client: Any) -> tuple[Any, Any, Any, Any]:
        listed, got = client.files().list().execute(), client.files().get(fileId=file.id).execute()
        [row] = client.changes().list(pageToken=token).execute()["changes"]
        return listed, got, row["file"], client.permissions().list(fileId=file.id).execute()

    listed, got, changed, permitted = await world.used(ADA, asked)

    assert listed == {"kind": "drive#fileList", "incompleteSearch": False, "files": [expected]}
    assert got == changed == expected
    [permission] = permitted["permissions"]
    assert set(permission) == {"kind", "id", "type", "role"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("files/id", {"files": [{"id": "ID"}]}),
        ("files(id, name)", {"files": [{"id": "ID", "name": "a"}]}),
        (
            "files(id,owners/emailAddress),incompleteSearch",
            {"incompleteSearch": False, "files": [{"id": "ID", "owners": [{"emailAddress": ADA}]}]},
        ),
        ("files(owners(me,displayName),id)", {"files": [{"id": "ID", "owners": [{"me": True, "displayName": "Ada"}]}]}),
        ("files(capabilities/canDownload),files(name)", {"files": [{"name": "a", "capabilities": {"canDownload": True}}]}),
        ("kind,nextPageToken", {"kind": "drive#fileList"}),
        ("files(permissions(role),trashedTime)", {"files": [{"permissions": [{"role": "owner"}]}]}),
        ("", {}),
    ],
)
async def test_the_parts_that_are_asked_for_are_answered_and_no_others(world: World, fields: str, expected: Any) -> None:
    file = world.drive.create_file("a", by=ADA)

    found = (await world.call("/drive/v3/files", params={"fields": fields})).text

    assert json.loads(found.replace(file.id, "ID")) == expected


async def test_a_star_is_everything(world: World) -> None:
    file = world.drive.create_file("a", by=ADA, mime_type=DOCUMENT)

    everything = await world.used(ADA, lambda client: client.files().get(fileId=file.id, fields="*").execute())
    listed = await world.used(ADA, lambda client: client.files().list(fields="files/*").execute())

    assert listed["files"] == [everything]
    assert {"version", "owners", "capabilities", "exportLinks", "webViewLink"} <= set(everything)


@pytest.mark.parametrize(
    ("fields", "named"), [("items", "items"), ("files(id,owner)", "owner"), ("files(id", "files(id"), ("files/id/x", "x"), ("a,,b", "a,,b")]
)
async def test_what_there_is_not_is_refused_by_name(world: World, fields: str, named: str) -> None:
    answer = await world.call("/drive/v3/files", params={"fields": fields})

    assert answer.status_code == 400
    [error] = answer.json()["error"]["errors"]
    assert (error["reason"], error["location"], error["message"]) == ("invalidParameter", "fields", f"Invalid field selection {named}")


async def test_a_file_of_a_my_drive_has_an_owner_and_one_of_a_shared_drive_has_none(world: World) -> None:
    sales = world.shared_drive()
    own, of_drive = world.drive.create_file("a", by=ADA), world.drive.create_file("b", parent=sales.id, by=ADA)
    world.drive.share(of_drive.id, BOB, "writer")

    mine, shared = await world.file(ADA, own.id), await world.file(ADA, of_drive.id)

    assert (mine["ownedByMe"], mine["owners"][0]["emailAddress"], mine["shared"]) == (True, ADA, False)
    assert "driveId" not in mine
    assert (shared["driveId"], shared["hasAugmentedPermissions"]) == (sales.id, True)
    assert not {"owners", "ownedByMe", "shared", "permissions", "permissionIds"} & set(shared)


async def test_checksums_and_revisions_are_of_files_with_bytes_of_their_own(world: World) -> None:
    blob, native = world.drive.create_file("a.tar.gz", by=ADA, content=b"hello"), world.drive.create_file("b", by=ADA, mime_type=DOCUMENT)
    folder = world.drive.create_folder("c", by=ADA)
    of_bytes = {"md5Checksum", "sha1Checksum", "sha256Checksum", "headRevisionId", "webContentLink"}

    found = [await world.file(ADA, one.id) for one in (blob, native, folder)]

    assert found[0]["md5Checksum"] == "5d41402abc4b2a76b9719d911017c592"
    assert [of_bytes & set(one) for one in found] == [of_bytes, set(), set()]
    assert [one.get("size") for one in found] == ["5", "1024", None]


async def test_permissions_and_what_lies_above_are_for_those_who_may_know(world: World) -> None:
    folder = world.drive.create_folder("f", by=ADA)
    file = world.drive.create_file("a", parent=folder.id, by=ADA)
    world.drive.share(file.id, BOB, "reader")

    own, reader = await world.file(ADA, file.id), await world.file(BOB, file.id)

    assert own["parents"] == [folder.id]
    assert len(own["permissions"]) == len(own["permissionIds"]) == 2
    assert not {"parents", "permissions", "permissionIds"} & set(reader)
    assert (reader["sharingUser"]["emailAddress"], reader["sharedWithMeTime"]) == (ADA, "2026-03-02T12:00:30.000Z")
    assert reader["capabilities"]["canShare"] is False


async def test_who_trashed_it_and_when_is_told_in_shared_drives_alone(world: World) -> None:
    sales = world.shared_drive()
    own, folder = world.drive.create_file("a", by=ADA), world.drive.create_folder("b", parent=sales.id, by=ADA)
    inside = world.drive.create_file("c", parent=folder.id, by=ADA)
    for one in (own, folder):
        world.drive.trash(one.id)

    found = [await world.file(ADA, one.id) for one in (own, folder, inside)]

    assert [one["trashed"] for one in found] == [True, True, True]
    assert [one.get("trashedTime") for one in found] == [None, "2026-03-02T12:00:30.000Z", "2026-03-02T12:00:30.000Z"]
    assert [one.get("trashingUser", {}).get("emailAddress") for one in found] == [None, ADA, None]
