"""What people do in a day with what lies in Drive: every kind of change, counted."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from random import Random
from typing import Final

from devtools.fakes.clock import Clock
from devtools.fakes.polled_drive import ADA, BOB, CLEO, DAN, EVE, FINN, USERS
from devtools.vendors.gdrive.drive import PretendDrive
from devtools.vendors.gdrive.items import DOCUMENT, SHORTCUT, WRITER, Item
from tests.integration.gdrive_day.sharers import EVERYONE, GROUPS, Sharers

COMES_AFTER: Final = {
    "restored": "trashed",
    "deep folder restored": "deep folder trashed",
    "trash emptied": "trashed",
    "limit lifted": "access limited",
    "file unshared": "file shared with a person",
    "folder unshared": "folder shared",
    "role changed": "file shared with a person",
    "left a group": "joined a group",
    "drive returned to us": "drive lost to us",
    "drive deleted": "drive created",
    "person back": "person suspended",
    "outsider's file unshared": "outsider's file shared with two of us",
    "moved from a drive to a drive": "moved from a My Drive to a drive",
}
KINDS: Final = ("text/plain", "application/pdf", DOCUMENT)


class Actor:
    """Acts in Drive. ``counts`` says what was done."""

    def __init__(self, drive: PretendDrive, clock: Clock, rng: Random) -> None:
        self.drive = drive
        self.counts: Counter[str] = Counter()
        self.sharers = Sharers(drive, rng, self.living)
        self._clock = clock
        self._rng = rng
        self._numbered = 0
        self._acts: dict[str, Callable[[], bool]] = {
            "file created": self._create_file,
            "folder created": self._create_folder,
            "shortcut created": self._create_shortcut,
            "file edited": lambda: self._edit(self._one(is_folder=False)),
            "upload says when it was modified": self._edit_of_long_ago,
            "renamed": lambda: self._rename(self._one(is_folder=False)),
            "folder renamed": lambda: self._rename(self._one(is_folder=True)),
            "moved within a drive": self._move_within,
            "folder moved with a subtree": self._move_subtree,
            "moved from a My Drive to a drive": lambda: self._move_across(from_drive=False, to_drive=True),
            "moved from a drive to a drive": lambda: self._move_across(from_drive=True, to_drive=True),
            "moved from a drive to a My Drive": lambda: self._move_across(from_drive=True, to_drive=False),
            "folder moved across drives": self._move_folder_across,
            "trashed": lambda: self._trash(self._one(is_folder=False)),
            "restored": lambda: self._restore(is_folder=False),
            "deep folder trashed": lambda: self._trash(self._deep()),
            "deep folder restored": lambda: self._restore(is_folder=True),
            "deleted for good": lambda: self._delete(self._one(is_folder=False)),
            "folder deleted for good": lambda: self._delete(self._deep()),
            "trash emptied": lambda: bool(drive.empty_trash()),
            "outsider's file edited": lambda: self._edit(self._one(is_folder=False, owner=EVE)),
            **self.sharers.acts,
        }

    def populate(self) -> None:
        """What is there before the app is connected."""
        drive = self.drive
        drive.create_group(GROUPS[0], members=[BOB, CLEO, FINN])
        drive.create_group(GROUPS[1], members=[ADA])
        drive.create_group(EVERYONE, members=[*GROUPS])
        parents: list[str] = []
        for person in (*USERS, EVE):
            outer = drive.create_folder(f"Folder of {person.partition('@')[0]}", by=person)
            inner = drive.create_folder("Inner", parent=outer.id)
            parents += [drive.people.user(person).root_id, outer.id, inner.id, drive.create_folder("Innermost", parent=inner.id).id]
            drive.share(outer.id, self._rng.choice([one for one in USERS if one != person]), "writer")
        for name, member in (("Sales", GROUPS[0]), ("Board", BOB), ("Plant", DAN)):
            made = drive.create_drive(name, by=ADA)
            drive.add_member(made.id, member, "writer")
            outer = drive.create_folder("Outer", parent=made.id)
            parents += [made.id, outer.id, drive.create_folder("Inner", parent=outer.id).id]
        for parent in parents:
            for _ in range(2):
                self._make(parent)
        for kind in self.sharers.acts:
            if kind.startswith(("file shared", "folder shared", "outsider's file shared")):
                self.sharers.acts[kind]()

    def act(self, kind: str) -> bool:
        """Do it, if it can be done now; it is then counted."""
        is_done = self._acts[kind]()
        self.counts[kind] += is_done
        return is_done

    def hurry(self, wanted: Mapping[str, int]) -> bool:
        """Do what was not done as often as wanted, and what has to come before it. Returns whether there was anything."""
        unmet = [kind for kind, least in wanted.items() if self.counts[kind] < least]
        for kind in unmet:
            if kind in COMES_AFTER:
                self.act(COMES_AFTER[kind])
            self.act(kind)
        return bool(unmet)

    def tidy_up(self) -> None:
        """Everybody can sign in."""
        while self.sharers.suspended:
            self.act("person back")

    def living(self) -> list[Item]:
        """All that is in no trash, roots left out."""
        return [item for item in self.drive.tree.items.values() if not item.is_root and not self.drive.is_trashed(item)]

    # One of each

    def _create_file(self) -> bool:
        self._make(self._folder().id)
        return True

    def _make(self, parent: str) -> None:
        name = f"{self._rng.choice(('Budget', 'Offer', 'Minutes'))} {self._number()}.txt"
        self.drive.create_file(name, parent=parent, mime_type=self._rng.choice(KINDS), description=f"About {self._number()}")

    def _create_folder(self) -> bool:
        self.drive.create_folder(f"Folder {self._number()}", parent=self._folder().id)
        return True

    def _create_shortcut(self) -> bool:
        target = self._one(is_folder=self._rng.random() < 0.3)
        if target is None or target.mime_type == SHORTCUT:
            return False
        self.drive.create_shortcut(target.id, parent=self._folder().id)
        return True

    def _edit(self, item: Item | None) -> bool:
        if item is None:
            return False
        if self._rng.random() < 0.5:
            self.drive.edit(item.id, description=f"Edited {self._number()}")
        else:
            self.drive.edit(item.id, content=f"Words {self._number()}".encode())
        return True

    def _edit_of_long_ago(self) -> bool:
        item = self._one(is_folder=False)
        if item is None:
            return False
        at = self._clock() - timedelta(days=self._rng.randint(1, 700))
        self.drive.edit(item.id, description=f"Edited {self._number()}", modified_time=at)
        return True

    def _rename(self, item: Item | None) -> bool:
        if item is None:
            return False
        self.drive.rename(item.id, f"{'Folder' if item.is_folder else 'Renamed'} {self._number()}")
        return True

    def _move_within(self) -> bool:
        item, to = self._one(is_folder=False), self._folder()
        return item is not None and item.drive_id == to.drive_id and self._moved(item, to)

    def _move_subtree(self) -> bool:
        item, to = self._deep(), self._folder()
        return item is not None and item.drive_id == to.drive_id and self._moved(item, to)

    def _move_across(self, *, from_drive: bool, to_drive: bool) -> bool:
        item, to = self._one(is_folder=False), self._folder()
        fits = item is not None and (item.drive_id is not None) is from_drive and (to.drive_id is not None) is to_drive
        return item is not None and fits and item.drive_id != to.drive_id and self._moved(item, to)

    def _move_folder_across(self) -> bool:
        item, to = self._deep(), self._folder()
        return item is not None and item.drive_id != to.drive_id and self._moved(item, to)

    def _moved(self, item: Item, to: Item) -> bool:
        owner = item.owner if item.drive_id is None else self.drive.tree.root_of(to).owner
        may_write = to.drive_id is not None or owner is None or self.drive.view(owner).rank(to) >= WRITER
        if to.drive_id is not None and any(one.is_limited for one in (item, *self.drive.below(item.id))):
            return False  # who reads a drive for us, and is no organizer there, would not see it
        if item is to or item.parent_id == to.id or item in self.drive.tree.above(to) or not may_write:
            return False
        self.drive.move(item.id, to.id)
        return True

    def _trash(self, item: Item | None) -> bool:
        if item is None:
            return False
        self.drive.trash(item.id)
        return True

    def _restore(self, *, is_folder: bool) -> bool:
        found = [one for one in self.drive.tree.items.values() if one.is_trashed and one.is_folder is is_folder]
        if not found:
            return False
        self.drive.restore(self._rng.choice(found).id)
        return True

    def _delete(self, item: Item | None) -> bool:
        if item is None:
            return False
        self.drive.delete(item.id)
        return True

    # What they share

    def _one(self, *, is_folder: bool, owner: str | None = None) -> Item | None:
        """By chance; often what somebody has just touched."""
        found = [one for one in self.living() if one.is_folder is is_folder and (owner is None or one.owner == owner)]
        if found and self._rng.random() < 0.3:
            found = sorted(found, key=lambda item: item.modified_at)[-6:]
        return self._rng.choice(found) if found else None

    def _deep(self) -> Item | None:
        """A folder with something in it, and no more than a quarter of everything."""
        most = len(self.drive.tree.items) // 4
        found = [one for one in self.living() if one.is_folder and 1 <= len(self.drive.below(one.id)) <= most]
        return self._rng.choice(found) if found else None

    def _folder(self) -> Item:
        """A folder or a root to put something in."""
        roots = [item for item in self.drive.tree.items.values() if item.is_root and item.owner != FINN]
        folders = [one for one in self.living() if one.is_folder]
        return self._rng.choice(roots if self._rng.random() < 0.25 or not folders else folders)

    def _number(self) -> int:
        self._numbered += 1
        return self._numbered
