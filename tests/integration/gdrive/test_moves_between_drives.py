"""A file that goes from one Drive to another is one file, and is there, whichever log is read first, or twice."""

from itertools import permutations

import pytest

from devtools.fakes.polled_drive import ADA, BOB
from devtools.vendors.gdrive.drive import SharedDrive
from devtools.vendors.gdrive.items import Item
from tests.integration.gdrive.worlds import ADAS, BOBS, Workspace, of_drive


class Moving:
    """Two shared drives and two people, and a folder with a file in it."""

    def __init__(self, world: Workspace, drives: list[SharedDrive]) -> None:
        self.world = world
        self.places = {"mine": world.drive.people.user(ADA).root_id, "one": drives[0].id, "other": drives[1].id}
        self.streams = {"mine": ADAS, "one": of_drive(drives[0].id), "other": of_drive(drives[1].id)}

    def make(self, place: str) -> tuple[Item, Item]:
        """The folder and the file."""
        folder = self.world.drive.create_folder("Plans", parent=self.places[place], by=ADA)
        return folder, self.world.drive.create_file("a.txt", parent=folder.id, by=ADA)


async def begun(world: Workspace) -> Moving:
    """Everything is read."""
    drives = [world.drive.create_drive(name, by=ADA) for name in ("One", "Other")]
    for drive in drives:
        world.drive.add_member(drive.id, BOB, "organizer")
    await world.read("drives")
    moving = Moving(world, drives)
    await world.begin(*moving.streams.values(), BOBS)
    return moving


@pytest.mark.parametrize(("source", "target"), list(permutations(["mine", "one", "other"], 2)))
@pytest.mark.parametrize("is_target_first", [True, False])
@pytest.mark.parametrize("is_in_user_log", [True, False])
async def test_a_folder_that_goes_to_another_drive_is_one_folder_whichever_log_is_read_first(
    source: str,
    target: str,
    is_target_first: bool,
    is_in_user_log: bool,
) -> None:
    async with Workspace() as world:
        world.drive.knobs.drive_items_in_user_log = is_in_user_log
        moving = await begun(world)
        folder, file = moving.make(source)
        await world.read(moving.streams[source])
        assert world.there() == {folder.id, file.id}
        world.drive.move(folder.id, moving.places[target], by=ADA)
        order = (target, source) if is_target_first else (source, target)
        for place in order:
            await world.read(moving.streams[place])
        await world.read(BOBS)
        assert world.there() == {folder.id, file.id}
        assert [world.kept[key].holders for key in (folder.id, file.id)] == [{moving.streams[target]}] * 2
        await world.read(moving.streams[source])
        assert world.there() == {folder.id, file.id}


async def test_a_file_that_goes_to_a_drive_nobody_is_a_member_of_departs() -> None:
    async with Workspace() as world:
        moving = await begun(world)
        folder, file = moving.make("one")
        await world.read(moving.streams["one"])
        hidden = world.drive.create_drive("Hidden", by="eve@partner.example")
        world.drive.move(folder.id, hidden.id, by=ADA)
        assert set((await world.read(moving.streams["one"])).gone) == {folder.id, file.id}
        assert world.there() == set()
