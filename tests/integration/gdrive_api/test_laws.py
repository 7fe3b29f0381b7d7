"""What holds for any history of the pretend Google Drive: who replays the logs over a first listing ends with what there is."""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from aiohttp.test_utils import make_mocked_request
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from yarl import URL

from devtools.vendors.gdrive.api import changes, files
from devtools.vendors.gdrive.api.asking import Question
from devtools.vendors.gdrive.api.fields import FILES, Selection, selection
from devtools.vendors.gdrive.api.ledger import Call
from devtools.vendors.gdrive.api.resources import Resources
from devtools.vendors.gdrive.api.service import PretendGoogle
from devtools.vendors.gdrive.drive import PretendDrive
from devtools.vendors.gdrive.items import Item
from tests.integration.gdrive_api.worlds import ADA, BOB, CLEO, DOMAIN, Clock, people

GROUPS: Final = (f"one@{DOMAIN}", f"two@{DOMAIN}")
ALL: Final = {"supportsAllDrives": "true", "includeItemsFromAllDrives": "true", "fields": "*"}
GRANTEES: Final = (ADA, BOB, CLEO, *GROUPS, DOMAIN)
Seen = dict[str, tuple[str, str, bool, str | None]]

Step = tuple[int, int, int, int]


def drawn(seed: int, count: int) -> list[Step]:
    """So many things to happen. From a seed: one number at a time, chosen to be small, seldom makes a history in which much happens."""
    rng = Random(seed)
    return [(rng.randrange(14), rng.randrange(60), rng.randrange(60), rng.randrange(60)) for _ in range(count)]


law = settings(max_examples=15, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
"""A seed cannot be made simpler step by step, and to try takes minutes."""
steps = st.builds(drawn, st.integers(0, 1_000_000), st.integers(0, 40))


def asked(google: PretendGoogle, email: str, **said: str) -> Question:
    """A question without a connection."""
    request = make_mocked_request("GET", str(URL("/").with_query(said)))
    view, call = google.drive.view(email), Call("GET", "", google.now())
    return Question(google, request, {}, google.drive.people.user(email), call, view, Resources(google.drive, view))


@dataclass
class History:
    """Things that happen, each chosen by three numbers among whatever there is by then."""

    drive: PretendDrive
    clock: Clock

    def happen(self, what: int, first: int, second: int, third: int) -> None:
        self.clock.advance(seconds=1)
        folders = [item for item in self.drive.tree.items.values() if item.is_folder]
        things = [item for item in self.drive.tree.items.values() if not item.is_root]
        by = (ADA, BOB, CLEO)[third % 3]
        if what < 3:
            self._make(what, folders[first % len(folders)], f"{second}", by)
        elif what < 6:
            self._join(what, second, third)
        elif what == 6 and self.drive.drives:
            self._of_a_drive(sorted(self.drive.drives)[first % len(self.drive.drives)], second, third)
        elif things:
            self._change(what, things[first % len(things)], folders[second % len(folders)], GRANTEES[third % len(GRANTEES)])

    def _make(self, what: int, folder: Item, name: str, by: str) -> None:
        if what == 0:
            self.drive.create_folder(name, parent=folder.id, by=by)
        else:
            self.drive.create_file(name, parent=folder.id, by=by)

    def _join(self, what: int, second: int, third: int) -> None:
        if what == 3:
            self.drive.create_drive(f"Drive {second}", by=(ADA, BOB, CLEO)[third % 3])
        elif what == 4:
            self.drive.add_to_group(GROUPS[second % 2], (ADA, BOB, CLEO, GROUPS[0])[third % 4])
        else:
            self.drive.remove_from_group(GROUPS[second % 2], (ADA, BOB, CLEO, GROUPS[0])[third % 4])

    def _of_a_drive(self, drive_id: str, second: int, third: int) -> None:
        grantee = GRANTEES[third % (len(GRANTEES) - 1)]
        match second % 5:
            case 0 | 1:
                self.drive.add_member(drive_id, grantee, ("reader", "writer", "organizer")[second % 3])
            case 2:
                self.drive.remove_member(drive_id, grantee)
            case 3:
                self.drive.rename_drive(drive_id, f"Drive {second}")
            case 4:
                self.drive.delete_drive(drive_id)

    def _change(self, what: int, item: Item, folder: Item, grantee: str) -> None:
        match what:
            case 7:
                self.drive.edit(item.id)
            case 8:
                self.drive.trash(item.id)
            case 9:
                self.drive.restore(item.id)
            case 10 if folder is not item and item not in self.drive.tree.above(folder):
                self.drive.move(item.id, folder.id, by=ADA)
            case 11:
                self.drive.share(item.id, grantee, is_discoverable=True)
            case 12 if self.drive.people.permission_id(grantee) in (item.grants or {}):
                self.drive.unshare(item.id, grantee)
            case 13:
                self.drive.delete(item.id)


def seen_by(google: PretendGoogle, email: str, drive_id: str | None = None) -> Seen:
    answer = files.list_files(asked(google, email, pageSize="1000", **ALL)).body
    return {one["id"]: as_seen(one) for one in answer["files"] if drive_id in {None, one.get("driveId")}}


def as_seen(file: dict[str, Any]) -> tuple[str, str, bool, str | None]:
    return file["name"], file["version"], file["trashed"], file.get("driveId")


@dataclass
class Reader:
    """Lists once, and then follows the logs: their own, and that of every shared drive they are told of."""

    google: PretendGoogle
    email: str
    page_size: int
    seen: Seen = field(default_factory=dict)
    tokens: dict[str | None, str] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)

    def begin(self) -> None:
        self._follow(None)
        for drive_id in self.google.drive.drives_of(self.email):
            self._follow(drive_id)
        self.seen = seen_by(self.google, self.email)

    def read(self, most_pages: int = 1000) -> None:
        for log in list(self.tokens):
            for _ in range(most_pages):
                if log not in self.tokens or (log and log not in self.google.drive.drives_of(self.email)) or not self._page(log):
                    break

    def _follow(self, log: str | None) -> None:
        said = {"driveId": log} if log else {}
        answer = changes.start_page_token(asked(self.google, self.email, supportsAllDrives="true", **said)).body
        self.tokens[log] = answer["startPageToken"]

    def _page(self, log: str | None) -> bool:
        """Whether there is another."""
        said = {**ALL, "pageSize": str(self.page_size), "pageToken": self.tokens[log], **({"driveId": log} if log else {})}
        body = changes.list_changes(asked(self.google, self.email, **said)).body
        assert len(body["changes"]) <= self.page_size
        for row in body["changes"]:
            self._apply(row, log)
        self.tokens[log] = body.get("nextPageToken") or body["newStartPageToken"]
        return "nextPageToken" in body

    def _apply(self, row: dict[str, Any], log: str | None) -> None:
        if row["changeType"] == "drive":
            self._of_drive(row["driveId"], is_gone=row["removed"])
        elif not row["removed"]:
            self.seen[row["fileId"]] = as_seen(row["file"])
            version = int(row["file"]["version"])
            assert version >= self.versions.get(row["fileId"], 0)
            self.versions[row["fileId"]] = version
        elif log is None or self.seen.get(row["fileId"], ("", "", False, log))[3] == log:
            self.seen.pop(row["fileId"], None)

    def _of_drive(self, drive_id: str, *, is_gone: bool) -> None:
        """Who is let in to a drive, or out, lists it: the logs say nothing of what is in it."""
        if is_gone:
            self.tokens.pop(drive_id, None)
        elif drive_id not in self.tokens:
            self._follow(drive_id)
        self.seen = {key: one for key, one in self.seen.items() if one[3] != drive_id} | seen_by(self.google, self.email, drive_id)


def a_world() -> tuple[PretendGoogle, History]:
    clock = Clock()
    drive = people(PretendDrive(DOMAIN, Random(4), clock))
    for group in GROUPS:
        drive.create_group(group)
    drive.knobs.moves_reach_below = drive.knobs.groups_reach_files = True
    return PretendGoogle(drive, now=clock), History(drive, clock)


async def replayed(before: Iterable[Step], after: Iterable[Step], page_size: int, pause: int) -> None:
    google, history = a_world()
    for step in before:
        history.happen(*step)
    readers = [Reader(google, email, page_size) for email in (ADA, BOB, CLEO)]
    for reader in readers:
        reader.begin()
    for number, step in enumerate(after):
        history.happen(*step)
        if number % pause == 0:
            readers[number % 3].read(most_pages=1)
    for reader in readers:
        reader.read()
        reader.read()
        assert reader.seen == seen_by(google, reader.email)


@given(before=steps, after=steps, page_size=st.integers(1, 5), pause=st.integers(1, 6))
@law
def test_who_replays_the_logs_over_a_listing_ends_with_what_there_is(before: Any, after: Any, page_size: int, pause: int) -> None:
    asyncio.run(replayed(before, after, page_size, pause))


async def in_pages(history_steps: Iterable[Step], page_size: int) -> None:
    google, history = a_world()
    for step in history_steps:
        history.happen(*step)
    for email in (ADA, BOB, CLEO):
        found: list[str] = []
        token = None
        while True:
            said = {"pageSize": str(page_size), **ALL, **({"pageToken": token} if token else {})}
            body = files.list_files(asked(google, email, **said)).body
            found += [one["id"] for one in body["files"]]
            token = body.get("nextPageToken")
            if token is None:
                break
        assert len(found) == len(set(found))
        assert set(found) == google.drive.visible_to(email)


@given(history_steps=steps, page_size=st.integers(1, 4))
@law
def test_pages_of_any_size_are_the_whole_listing_without_repetition(history_steps: Any, page_size: int) -> None:
    asyncio.run(in_pages(history_steps, page_size))


async def silent(history_steps: Iterable[Step], step: Step) -> None:
    google, history = a_world()
    for one in history_steps:
        history.happen(*one)
    drive = google.drive
    number, versions = drive.recorder.logs.number, {item.id: item.version for item in drive.tree.items.values()}
    history.happen(*step)
    told = {
        entry.key
        for log in (*drive.people.users, *drive.drives)
        for entry in drive.recorder.logs.read(log, number, 10_000, drive.now()).entries
    }
    assert {key for key, version in versions.items() if key in drive.tree.items and drive.item(key).version != version} <= told


@given(history_steps=steps, step=steps.filter(bool))
@law
def test_no_version_moves_without_an_entry_in_somebodys_log(history_steps: Any, step: Any) -> None:
    asyncio.run(silent(history_steps, step[0]))


NAMES = st.sampled_from(["id", "name", "owners/emailAddress", "owners(me,displayName)", "capabilities/canEdit", "permissions(role)", "*"])


@given(wanted=st.lists(NAMES, min_size=1, max_size=4), more=st.lists(NAMES, max_size=2))
def test_what_was_selected_is_selected_again_unchanged_and_more_is_never_less(wanted: list[str], more: list[str]) -> None:
    owner = {"me": True, "displayName": "Ada", "emailAddress": ADA, "kind": "drive#user"}
    file = {
        "id": "1",
        "name": "a",
        "owners": [owner],
        "capabilities": {"canEdit": True, "canShare": True},
        "permissions": [{"role": "owner"}],
    }
    answer = {"kind": "drive#fileList", "files": [file, {**file, "owners": []}]}

    def chosen(names: list[str]) -> Selection:
        return selection(f"files({','.join(names)})", "", FILES)

    once = chosen(wanted).apply(answer)
    assert chosen(wanted).apply(once) == once
    assert size(chosen([*wanted, *more]).apply(answer)) >= size(once)


def size(value: Any) -> int:
    return len(json.dumps(value))
