"""Page tokens of the pretend Google Drive: opaque, bound to what they came from, and refused on command."""

from datetime import timedelta

import pytest

from tests.integration.gdrive_api.worlds import ADA, BOB, EVERYTHING, World


@pytest.mark.parametrize(("status", "reason"), [(400, "invalid"), (404, "notFound"), (410, "fullSyncRequired")])
async def test_a_token_of_a_log_is_rejected_on_command_and_a_new_one_is_good(world: World, status: int, reason: str) -> None:
    token = await world.start(ADA)
    world.google.reject_tokens(status=status)

    refusal = await world.refusal(ADA, lambda client: client.changes().list(pageToken=token).execute())

    assert refusal == (status, reason)
    assert (await world.changes(ADA, await world.start(ADA)))[0] == []


async def test_a_rejected_token_is_named_as_the_place_of_the_error(world: World) -> None:
    token = await world.start(ADA)
    world.google.reject_tokens(ADA)

    answer = await world.call("/drive/v3/changes", params={"pageToken": token})

    assert answer.json() == {
        "error": {
            "code": 400,
            "message": "Invalid Value",
            "errors": [
                {"message": "Invalid Value", "domain": "global", "reason": "invalid", "location": "pageToken", "locationType": "parameter"}
            ],
        }
    }


async def test_the_tokens_of_one_log_can_be_rejected_alone(world: World) -> None:
    sales = world.shared_drive()
    own, of_drive = await world.start(ADA), await world.start(ADA, sales.id)
    world.google.reject_tokens(sales.id)

    refusal = await world.refusal(ADA, lambda client: client.changes().list(pageToken=of_drive, driveId=sales.id, **EVERYTHING).execute())

    assert refusal == (400, "invalid")
    assert (await world.changes(ADA, own))[0] == []


async def test_a_token_of_one_log_is_refused_by_another(world: World) -> None:
    sales = world.shared_drive()
    own, of_drive, of_bob = await world.start(ADA), await world.start(ADA, sales.id), await world.start(BOB)

    assert await world.refusal(ADA, lambda client: client.changes().list(pageToken=of_drive).execute()) == (400, "invalid")
    assert await world.refusal(ADA, lambda client: client.changes().list(pageToken=of_bob).execute()) == (400, "invalid")
    assert await world.refusal(
        ADA, lambda client: client.changes().list(pageToken=own, driveId=sales.id, supportsAllDrives=True).execute()
    ) == (400, "invalid")


@pytest.mark.parametrize("token", ["nonsense", "~!!~nonsense", "12345"])
async def test_what_is_no_token_is_refused(world: World, token: str) -> None:
    assert await world.refusal(ADA, lambda client: client.changes().list(pageToken=token).execute()) == (400, "invalid")
    assert await world.refusal(ADA, lambda client: client.files().list(pageToken=token).execute()) == (400, "invalid")


async def test_a_token_of_a_listing_is_good_for_its_question_alone(world: World) -> None:
    for number in range(4):
        world.drive.create_file(str(number), by=ADA)
    first = await world.used(ADA, lambda client: client.files().list(pageSize=2, q="trashed = false").execute())
    token = first["nextPageToken"]

    other_question = await world.refusal(ADA, lambda client: client.files().list(pageToken=token, q="trashed = true").execute())
    other_person = await world.refusal(BOB, lambda client: client.files().list(pageToken=token, q="trashed = false").execute())
    second = await world.used(ADA, lambda client: client.files().list(pageToken=token, pageSize=100, q="trashed = false").execute())

    assert (other_question, other_person) == ((400, "invalid"), (400, "invalid"))
    assert token.startswith("~!!~")
    assert len(second["files"]) == 2
    assert "nextPageToken" not in second


async def test_a_token_of_a_listing_ends_after_some_hours_and_on_command(world: World) -> None:
    for number in range(4):
        world.drive.create_file(str(number), by=ADA)

    async def token() -> str:
        answer = await world.used(ADA, lambda client: client.files().list(pageSize=2).execute())
        return str(answer["nextPageToken"])

    old = await token()
    world.clock.advance(hours=3)
    assert await world.refusal(ADA, lambda client: client.files().list(pageToken=old).execute()) == (400, "invalid")

    old = await token()
    world.google.forget_listings()
    assert await world.refusal(ADA, lambda client: client.files().list(pageToken=old).execute()) == (400, "invalid")

    world.google.listings.lifetime = timedelta(days=1)
    old = await token()
    world.clock.advance(hours=23)
    assert len((await world.used(ADA, lambda client: client.files().list(pageToken=old).execute()))["files"]) == 2


async def test_other_lists_have_pages_and_tokens_too(world: World) -> None:
    for number in range(12):
        world.drive.create_drive(f"Drive {number}", by=ADA)
    file = world.drive.create_file("a", by=ADA)
    for number in range(150):
        world.drive.create_user(f"guest{number}@elsewhere.example")
        world.drive.share(file.id, f"guest{number}@elsewhere.example")

    drives = await world.used(ADA, lambda client: client.drives().list().execute())
    rest = await world.used(ADA, lambda client: client.drives().list(pageToken=drives["nextPageToken"]).execute())
    first = await world.used(ADA, lambda client: client.permissions().list(fileId=file.id, pageSize=1000).execute())
    token = first["nextPageToken"]
    second = await world.used(ADA, lambda client: client.permissions().list(fileId=file.id, pageSize=100, pageToken=token).execute())

    assert (len(drives["drives"]), len(rest["drives"])) == (10, 2)
    assert (len(first["permissions"]), len(second["permissions"])) == (100, 51)
