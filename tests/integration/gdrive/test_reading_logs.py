"""What changes in people's own Drives: each change is an event of the next poll, of whoever is the file's home."""

from itertools import pairwise

import pytest

from devtools.fakes.polled_drive import ADA, BOB, EVE, FINN
from tests.integration.gdrive.worlds import ADAS, BOBS, Workspace, payload_of


async def test_the_token_is_kept_before_the_back_fill_is_asked_for() -> None:
    async with Workspace() as world:
        first = await world.read(ADAS, most_pages=1)
        kept = await world.cursor(ADAS)
        late = world.drive.create_file("late.txt", by=ADA)
        second = await world.read(ADAS)
        assert (first.asks, first.events, kept["isNew"]) == (set(), [], True)
        assert second.asks == {(ADAS, "backfill")}
        assert (await world.read(ADAS)).files.keys() == {late.id}  # made before the back-fill began, and in the log


async def test_a_quiet_poll_is_one_request(world: Workspace) -> None:
    run = await world.read(ADAS)
    assert (run.events, len(run.pages), world.counts()) == ([], 1, {"changes": 1})


async def test_a_poll_says_until_when_it_knows_everything(world: Workspace) -> None:
    assert (await world.read(ADAS)).pages[-1].covered_until == world.clock()


async def test_the_first_look_tells_the_root_and_its_owner() -> None:
    async with Workspace() as world:
        run = await world.read(ADAS)
        person, root = run.events[0], run.events[-1]
        assert (root.source_id, root.is_home, root.coverage) == (world.drive.people.user(ADA).root_id, True, "complete")
        assert person.record_type in {"User", "File"}


async def test_many_changes_come_in_pages_and_the_cursor_moves_with_each(world: Workspace) -> None:
    world.google.smallest_pages = 4
    made = {world.drive.create_file(f"{number}.txt", by=ADA).id for number in range(10)}
    run = await world.read(ADAS)
    assert run.files.keys() == made
    assert len(run.pages) == 3
    assert all(one.cursor["token"] != other.cursor["token"] for one, other in pairwise(run.pages))


async def test_a_page_that_is_read_again_gives_the_same_events(world: Workspace) -> None:
    world.drive.create_file("a.txt", by=ADA)
    before = await world.pipeline.states.read(await world.connection(), ADAS, "changes")
    one = await world.read(ADAS, run="a run")
    again = await world.pipeline.states.read(await world.connection(), ADAS, "changes")
    await world.pipeline.states.save(again.model_copy(update={"cursor": before.cursor}), at=world.clock())
    other = await world.read(ADAS, run="a run")
    assert [event.id for event in one.events] == [event.id for event in other.events]


async def test_an_owner_is_told_once_in_a_run(world: Workspace) -> None:
    world.google.smallest_pages = 2
    for number in range(6):
        world.drive.create_file(f"{number}.txt", by=ADA)
    people = [event for event in (await world.read(ADAS)).events if event.record_type == "User"]
    assert [(one.source_id, one.stream, payload_of(one)["emailAddress"]) for one in people] == [
        (world.drive.people.user(ADA).id, None, ADA)
    ]


# Whose a file is


async def test_of_two_people_who_are_read_only_the_owner_tells_a_file(world: Workspace) -> None:
    file = world.drive.create_file("plan.txt", by=ADA)
    world.drive.share(file.id, BOB)
    adas, bobs = await world.read(ADAS), await world.read(BOBS)
    assert adas.files[file.id].is_home
    assert (bobs.files, bobs.gone) == ({}, [])


@pytest.mark.parametrize("owner", [FINN, EVE])
async def test_a_file_of_somebody_who_is_not_read_is_held_by_everybody_who_sees_it(world: Workspace, owner: str) -> None:
    file = world.drive.create_file("offer.txt", by=owner)
    world.drive.share(file.id, ADA)
    world.drive.share(file.id, BOB)
    adas, bobs = await world.read(ADAS), await world.read(BOBS)
    assert not adas.files[file.id].is_home
    assert not bobs.files[file.id].is_home
    assert world.kept[file.id].holders == {ADAS, BOBS}


async def test_a_guest_who_may_not_know_the_readers_says_nothing_of_them(world: Workspace) -> None:
    file = world.drive.create_file("offer.txt", by=EVE)
    world.drive.share(file.id, ADA, "reader")
    seen = (await world.read(ADAS)).files[file.id]
    assert "permissions" not in seen.coverage
    assert {"name", "owners.0.emailAddress", "trashed"} <= set(seen.coverage)
    world.drive.share(file.id, ADA, "writer")
    seen = (await world.read(ADAS)).files[file.id]
    assert "permissions" in seen.coverage
    assert "parents.0" not in seen.coverage  # the folder it lies in is Eve's own


# Access that is lost, and deletion


async def test_a_file_that_is_not_shared_any_more_departs_from_whoever_lost_it_and_stays_with_the_others(world: Workspace) -> None:
    file = world.drive.create_file("offer.txt", by=EVE)
    for person in (ADA, BOB):
        world.drive.share(file.id, person)
    await world.read(ADAS)
    await world.read(BOBS)
    world.drive.unshare(file.id, BOB)
    assert (await world.read(BOBS)).gone == [file.id]
    assert (await world.read(ADAS)).gone == []
    assert world.kept[file.id].holders == {ADAS}


async def test_a_file_of_somebody_else_that_only_a_link_opens_any_more_departs(world: Workspace) -> None:
    file = world.drive.create_file("offer.txt", by=EVE)
    world.drive.share(file.id, ADA)
    world.drive.share(file.id, "anyone")
    await world.read(ADAS)
    world.drive.unshare(file.id, ADA)
    assert (await world.read(ADAS)).gone == [file.id]
    assert (await world.repair(ADAS)).events == []


async def test_a_file_that_is_deleted_departs(world: Workspace) -> None:
    file = world.drive.create_file("a.txt", by=ADA)
    await world.read(ADAS)
    world.drive.delete(file.id)
    assert (await world.read(ADAS)).gone == [file.id]
    assert not world.kept[file.id].is_there


async def test_a_departure_has_no_payload_and_names_its_stream(world: Workspace) -> None:
    file = world.drive.create_file("a.txt", by=ADA)
    await world.read(ADAS)
    world.drive.delete(file.id)
    (gone,) = (await world.read(ADAS)).events
    assert (gone.event_type, gone.payload, gone.stream, gone.vendor_version, gone.observed_at) == (
        "delete",
        None,
        ADAS,
        None,
        world.clock(),
    )


async def test_a_folder_in_the_trash_takes_what_is_in_it_along_and_gives_it_back(world: Workspace) -> None:
    folder = world.drive.create_folder("Plans", by=ADA)
    inner = world.drive.create_folder("Old", parent=folder.id, by=ADA)
    file = world.drive.create_file("a.txt", parent=inner.id, by=ADA)
    await world.read(ADAS)
    world.drive.trash(folder.id)
    trashed = (await world.read(ADAS)).files
    assert {key for key, one in trashed.items() if payload_of(one)["trashed"]} == {folder.id, inner.id, file.id}
    assert world.there() == set()
    world.drive.restore(folder.id)
    await world.read(ADAS)
    assert world.there() == {folder.id, inner.id, file.id}


async def test_sharing_alone_is_a_new_version_of_the_file_and_no_later_modification(world: Workspace) -> None:
    file = world.drive.create_file("a.txt", by=ADA)
    before = (await world.read(ADAS)).files[file.id]
    world.clock.advance(seconds=600)
    world.drive.share(file.id, BOB, "reader")
    after = (await world.read(ADAS)).files[file.id]
    assert payload_of(before)["modifiedTime"] == payload_of(after)["modifiedTime"]
    assert str(before.vendor_version) < str(after.vendor_version)
    assert BOB in {one.get("emailAddress") for one in payload_of(after)["permissions"]}


async def test_a_folder_that_moves_is_one_event(world: Workspace) -> None:
    folder, target = world.drive.create_folder("Plans", by=ADA), world.drive.create_folder("Archive", by=ADA)
    for number in range(20):
        world.drive.create_file(f"{number}.txt", parent=folder.id, by=ADA)
    await world.read(ADAS)
    world.counts()
    world.drive.move(folder.id, target.id)
    moved = (await world.read(ADAS)).files
    assert {key: payload_of(one)["parents"] for key, one in moved.items()} == {folder.id: [target.id]}
    assert world.counts() == {"changes": 1}


async def test_a_shortcut_names_its_target(world: Workspace) -> None:
    file = world.drive.create_file("a.txt", by=ADA)
    shortcut = world.drive.create_shortcut(file.id, by=ADA)
    seen = payload_of((await world.read(ADAS)).files[shortcut.id])
    assert seen["shortcutDetails"] == {"targetId": file.id, "targetMimeType": "text/plain"}


async def test_versions_sort_as_text_as_they_do_as_numbers(world: Workspace) -> None:
    file = world.drive.create_file("a.txt", by=ADA)
    seen = []
    for number in range(12):
        seen.append(str((await world.read(ADAS)).files[file.id].vendor_version))
        world.drive.rename(file.id, f"{number}.txt")
    assert seen == sorted(seen)
    assert {len(version) for version in seen} == {20}
