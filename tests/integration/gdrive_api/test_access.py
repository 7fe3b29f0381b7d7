"""Who is let in to what, as the pretend Google Drive's permissions, drives and directory tell it."""

from typing import Any

import pytest

from devtools.vendors.gdrive.api.sessions import GROUPS, MEMBERS, METADATA, READ, USERS
from tests.integration.gdrive_api.worlds import ADA, BOB, CLEO, DOMAIN, World

TEAM = f"team@{DOMAIN}"


async def permissions(world: World, email: str, file_id: str) -> list[dict[str, Any]]:
    asked = {"fileId": file_id, "fields": "*", "supportsAllDrives": True}
    answer = await world.used(email, lambda client: client.permissions().list(**asked).execute())
    found: list[dict[str, Any]] = answer["permissions"]
    return found


async def test_what_is_inherited_in_a_my_drive_is_a_permission_of_the_file_too(world: World) -> None:
    folder = world.drive.create_folder("f", by=ADA)
    file = world.drive.create_file("a", parent=folder.id, by=ADA)
    world.drive.share(folder.id, BOB, "reader")
    world.drive.share(file.id, BOB, "writer")

    bob, ada = await permissions(world, ADA, file.id)

    assert (bob["emailAddress"], bob["role"], ada["role"]) == (BOB, "writer", "owner")
    assert bob["permissionDetails"] == [
        {"permissionType": "file", "role": "writer", "inherited": False},
        {"permissionType": "file", "role": "reader", "inherited": True},
    ]


async def test_what_is_inherited_in_a_shared_drive_says_from_where(world: World) -> None:
    sales = world.shared_drive()
    folder = world.drive.create_folder("f", parent=sales.id, by=ADA)
    file = world.drive.create_file("a", parent=folder.id, by=ADA)
    world.drive.create_group(TEAM, members=[CLEO])
    world.drive.share(folder.id, TEAM, "commenter")

    found = {one["emailAddress"]: one for one in await permissions(world, BOB, file.id)}

    assert found[TEAM]["type"] == "group"
    assert found[TEAM]["permissionDetails"] == [
        {"permissionType": "file", "role": "commenter", "inherited": True, "inheritedFrom": folder.id}
    ]
    assert found[ADA]["permissionDetails"] == [
        {"permissionType": "member", "role": "organizer", "inherited": True, "inheritedFrom": sales.id}
    ]


async def test_the_permissions_of_a_shared_drive_are_its_members(world: World) -> None:
    sales = world.shared_drive()

    assert [(one["emailAddress"], one["role"]) for one in await permissions(world, BOB, sales.id)] == [(ADA, "organizer"), (BOB, "reader")]


async def test_a_domain_and_anyone_are_told_by_their_kind(world: World) -> None:
    file = world.drive.create_file("a", by=ADA)
    world.drive.share(file.id, DOMAIN, "commenter", is_discoverable=True)
    world.drive.share(file.id, "anyone")

    of_domain, anyone, _ = await permissions(world, ADA, file.id)

    assert (of_domain["type"], of_domain["domain"], of_domain["allowFileDiscovery"]) == ("domain", DOMAIN, True)
    assert (anyone["type"], anyone["id"], anyone["allowFileDiscovery"]) == ("anyone", "anyoneWithLink", False)
    assert "emailAddress" not in anyone


async def test_a_limited_folder_keeps_out_whoever_was_let_in_above_it_but_organizers(world: World) -> None:
    sales = world.shared_drive()
    folder = world.drive.create_folder("f", parent=sales.id, by=ADA)
    file = world.drive.create_file("a", parent=folder.id, by=ADA)
    world.drive.limit_access(folder.id)

    assert [one["emailAddress"] for one in await permissions(world, ADA, file.id)] == [ADA]
    assert (await world.file(ADA, folder.id))["inheritedPermissionsDisabled"] is True
    assert await world.files(BOB) == []


async def test_a_person_who_was_deleted_is_marked_where_they_were_let_in(world: World) -> None:
    file = world.drive.create_file("a", by=ADA)
    world.drive.share(file.id, CLEO)
    world.drive.delete_user(CLEO)

    assert [(one["emailAddress"], one["deleted"]) for one in await permissions(world, ADA, file.id)] == [(CLEO, True), (ADA, False)]


async def test_who_can_only_read_a_file_is_not_told_who_else_can(world: World) -> None:
    file = world.drive.create_file("a", by=ADA)
    world.drive.share(file.id, BOB)

    refusal = await world.refusal(BOB, lambda client: client.permissions().list(fileId=file.id).execute())

    assert refusal == (403, "insufficientFilePermissions")


async def test_one_permission_can_be_asked_for(world: World) -> None:
    file, bob = world.drive.create_file("a", by=ADA), world.drive.people.user(BOB)
    world.drive.share(file.id, BOB)

    found = await world.used(ADA, lambda client: client.permissions().get(fileId=file.id, permissionId=bob.id).execute())
    refusal = await world.refusal(ADA, lambda client: client.permissions().get(fileId=file.id, permissionId="1").execute())

    assert found == {"kind": "drive#permission", "id": bob.id, "type": "user", "role": "reader"}
    assert refusal == (404, "notFound")


async def test_an_administrator_finds_drives_they_are_no_member_of(world: World) -> None:
    hers, his = world.drive.create_drive("Hers", by=ADA), world.drive.create_drive("His", by=BOB)

    def names(email: str, **said: Any) -> Any:
        return world.used(email, lambda client: [one["name"] for one in client.drives().list(**said).execute()["drives"]])

    members = {"fileId": his.id, "useDomainAdminAccess": True, "supportsAllDrives": True}
    assert (await names(ADA), await names(BOB)) == (["Hers"], ["His"])
    assert await names(ADA, useDomainAdminAccess=True) == ["Hers", "His"]
    assert len((await world.used(ADA, lambda client: client.permissions().list(**members).execute()))["permissions"]) == 1
    assert await world.refusal(BOB, lambda client: client.drives().list(useDomainAdminAccess=True).execute()) == (403, "forbidden")
    assert await world.refusal(BOB, lambda client: client.drives().get(driveId=hers.id).execute()) == (404, "notFound")
    assert (await world.used(ADA, lambda client: client.drives().get(driveId=hers.id, fields="name,createdTime").execute())) == {
        "name": "Hers",
        "createdTime": "2026-03-02T12:00:30.000Z",
    }


async def test_the_directory_tells_an_administrator_of_people_groups_and_members(world: World) -> None:
    world.drive.create_group("inner@pretend.example", members=[BOB, CLEO])
    world.drive.create_group(TEAM, "The Team", members=["inner@pretend.example", ADA])
    world.drive.create_user("guest@elsewhere.example")

    def asked(client: Any) -> list[Any]:
        return [
            [one["primaryEmail"] for one in client.users().list(domain=DOMAIN).execute()["users"]],
            [one["email"] for one in client.groups().list(domain=DOMAIN).execute()["groups"]],
            [one["email"] for one in client.groups().list(userKey=BOB).execute()["groups"]],
            [(one["email"], one["type"]) for one in client.members().list(groupKey=TEAM).execute()["members"]],
            [one["email"] for one in client.members().list(groupKey=TEAM, includeDerivedMembership=True).execute()["members"]],
        ]

    assert await world.used(ADA, asked, api="directory") == [
        [ADA, BOB, CLEO],
        ["inner@pretend.example", TEAM],
        ["inner@pretend.example"],
        [("inner@pretend.example", "GROUP"), (ADA, "USER")],
        [ADA, BOB, CLEO],
    ]


async def test_the_directory_has_pages(world: World) -> None:
    world.drive.create_group(TEAM, members=[ADA, BOB, CLEO])

    def asked(client: Any) -> list[list[str]]:
        pages, request = [], client.members().list(groupKey=TEAM, maxResults=2)
        while request is not None:
            answer = request.execute()
            pages.append([one["email"] for one in answer["members"]])
            request = client.members().list_next(request, answer)
        return pages

    assert await world.used(ADA, asked, api="directory") == [[ADA, BOB], [CLEO]]


async def test_the_directory_is_for_administrators_who_know_what_to_ask_for(world: World) -> None:
    def groups(client: Any) -> Any:
        return client.groups().list(domain=DOMAIN).execute()

    assert await world.refusal(BOB, groups, api="directory") == (403, "forbidden")
    assert await world.refusal(ADA, groups, api="directory", scopes=[USERS, MEMBERS]) == (403, "insufficientPermissions")
    assert await world.refusal(ADA, lambda client: client.users().list().execute(), api="directory") == (400, "badRequest")
    assert await world.refusal(ADA, lambda client: client.members().list(groupKey="x").execute(), api="directory") == (404, "notFound")


@pytest.mark.parametrize(
    ("use", "enough"),
    [
        (lambda client: client.files().list().execute(), METADATA),
        (lambda client: client.changes().getStartPageToken().execute(), METADATA),
        (lambda client: client.drives().list().execute(), READ),
    ],
)
async def test_a_token_is_good_for_what_it_was_given_for(world: World, use: Any, enough: str) -> None:
    assert await world.used(ADA, use, scopes=[enough])
    assert await world.refusal(ADA, use, scopes=[GROUPS]) == (403, "insufficientPermissions")


async def test_somebody_can_ask_who_they_are(world: World) -> None:
    world.drive.create_file("a", by=BOB, content=b"12345")

    found = await world.used(BOB, lambda client: client.about().get(fields="user(emailAddress,me),storageQuota/usage").execute())

    assert found == {"user": {"emailAddress": BOB, "me": True}, "storageQuota": {"usage": "5"}}
    assert (await world.call("/drive/v3/about")).status_code == 400
