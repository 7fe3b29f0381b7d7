"""A Google Workspace that is polled: what it had arrives with its folders and people; what moves, is unshared or goes is so here, too."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from devtools.local.drive import Seen
from tests.e2e.model import running_model
from tests.e2e.polled_drive import PolledDrive, polled_drive

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

NOTHING_WRONG = (0, 0, 0)


@dataclass(frozen=True)
class Told:
    """A Workspace, what was seen of it before and after what happened to it, and the ids of what that happened to."""

    drive: PolledDrive
    before: Seen
    after: Seen
    revisions: tuple[Mapping[str, int], Mapping[str, int]]
    ids: Mapping[str, str]

    def finders(self, name: str) -> tuple[str, str]:
        """Who found it, and who does now."""
        return self.before.finders(self.ids[name]), self.after.finders(self.ids[name])

    def paths(self, name: str) -> tuple[str | None, str | None]:
        """Where it was, and where it is."""
        return self.before.stored.path(self.ids[name]), self.after.stored.path(self.ids[name])


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def told(artefact: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Told]:
    """Between two polls a folder moves to another drive, one is unshared, one goes to the bin, and a file is renamed."""
    async with running_model() as model, polled_drive(tmp_path_factory.mktemp("drive"), artefact, model=model) as drive:
        control = drive.control
        _, bob, cleo = drive.people
        drives = await control.drives()
        ids = {name: await control.create("folder", name.title(), parent=drives["Sales"]) for name in ("moving", "harbour")}
        ids |= {"deep": await control.create("folder", "Deep", parent=ids["moving"]), "notes": await control.named("/My Drive/Notes")}
        ids |= {"deepest": await control.create("file", "Deepest", parent=ids["deep"])}
        ids |= {"leases": await control.create("folder", "Leases", parent=ids["harbour"])}
        ids |= {name: await control.create("file", name, parent=ids["leases"]) for name in ("first lease", "second lease")}
        ids |= {"rules": await control.named("/My Drive/Notes/House Rules"), "renamed": await control.create("file", "Old", by=bob)}
        for shared in ("moving", "harbour"):
            await control.tell("share", file_id=ids[shared], grantee=cleo)
        await drive.poll()
        before, revisions = await drive.seen(), await revisions_of(drive)

        await control.tell("move", file_id=ids["moving"], parent=drives["Board"])
        await control.tell("unshare", file_id=ids["harbour"], grantee=cleo)
        await control.tell("trash", file_id=ids["notes"])
        await control.tell("rename", file_id=ids["renamed"], name="New")
        await drive.poll()
        yield Told(drive, before, await drive.seen(), (revisions, await revisions_of(drive)), ids)


async def revisions_of(drive: PolledDrive) -> dict[str, int]:
    return {file_id: shard["revisionNumber"] for file_id, shard in (await drive.shards()).items()}


async def test_all_that_a_workspace_had_is_here_with_its_path_and_found_by_whom_drive_shows_it_and_nobody_else(told: Told) -> None:
    people = await told.drive.people_and_groups()

    assert told.before.faults == []
    assert told.paths("deepest")[0] == "/Sales/Moving/Deep/Deepest"
    assert {email.partition("@")[0]: kind for email, kind in people.items()} == {
        **dict.fromkeys(("ada", "bob", "cleo"), "c_person"),
        "team": "c_group",
    }
    assert await told.drive.given_up() == []


async def test_what_happened_to_it_since_is_so_here_too_and_for_whoever_searches(told: Told) -> None:
    assert told.after.faults == []


async def test_what_is_in_a_folder_follows_it_into_another_drive_and_is_for_those_of_that_drive(told: Told) -> None:
    assert told.paths("deepest") == ("/Sales/Moving/Deep/Deepest", "/Board/Moving/Deep/Deepest")
    assert told.finders("deepest") == ("ada, bob, cleo", "ada, cleo"), "it is shared with cleo still, and bob is no member there"


async def test_who_a_folder_is_shared_with_no_more_finds_nothing_of_it_in_the_next_search_and_its_files_are_not_written(told: Told) -> None:
    before, after = told.revisions

    assert [told.finders(name) for name in ("harbour", "leases", "first lease", "second lease")] == [("ada, bob, cleo", "ada, bob")] * 4
    assert [name for name in ("leases", "first lease", "second lease") if before[told.ids[name]] != after[told.ids[name]]] == []
    assert after[told.ids["harbour"]] == before[told.ids["harbour"]] + 1


async def test_what_is_in_a_folder_goes_to_the_bin_with_it_and_comes_back_with_it(told: Told) -> None:
    drive, names = told.drive, ("notes", "rules")
    binned = await drive.shards()
    await drive.control.tell("restore", file_id=told.ids["notes"])
    await drive.poll()
    restored, seen = await drive.shards(), await drive.seen()

    assert [binned[told.ids[name]]["status"] for name in names] == ["deleted", "deleted"]
    assert told.finders("rules") == ("ada, bob, cleo", "nobody")
    assert [restored[told.ids[name]]["status"] for name in names] == ["active", "active"]
    assert (seen.faults, seen.finders(told.ids["rules"])) == ([], "ada, bob, cleo")


async def test_all_of_it_compared_is_complete_log_by_log(told: Told) -> None:
    completeness = await told.drive.compared()

    compared = {stream["stream"]: stream["comparison"] for stream in completeness["streams"]}
    drives = (await told.drive.control.drives()).values()
    assert sorted(compared) == sorted(
        ["drives", "groups", *(f"user:{email}" for email in told.drive.people), *(f"drive:{drive}" for drive in drives)]
    )
    assert {(found["missing"], found["extra"], found["stale"]) for found in compared.values()} == {NOTHING_WRONG}
    roots = len(told.drive.people) + len(drives)
    assert sum(found["vendorCount"] for found in compared.values()) == len(await told.drive.control.files()) + roots + 1, "and a group"
    assert (completeness["gaps"], completeness["isComplete"]) == ([], True)
