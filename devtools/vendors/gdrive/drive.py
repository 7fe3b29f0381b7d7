"""A pretend Google Drive in memory: people, drives and files, everything that happens to them, and the logs of it.

People of several domains live in one, so a file can be shared between them. What it lacks: comments, revisions, labels, approvals, the
thirty days after which the trash empties itself, limits (depth, members, storage), and whether somebody may do what they do: ``by`` is
believed. Roots of drives are items, too, but in no list and no log, as at the vendor.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from random import Random

from devtools.vendors.gdrive import ids, populations
from devtools.vendors.gdrive.items import FOLDER, NATIVE, NATIVE_BYTES, SHORTCUT, Item
from devtools.vendors.gdrive.knobs import Knobs
from devtools.vendors.gdrive.logs import DRIVE
from devtools.vendors.gdrive.people import Group, User
from devtools.vendors.gdrive.sharing import Sharing


@dataclass(slots=True, eq=False)
class SharedDrive:
    """``id`` is that of its root folder, too."""

    id: str
    name: str
    created_at: datetime


class PretendDrive(Sharing):
    """``domain`` is whose it is; its people may be of others, too. Every operation takes ``by``, an email, and has its default.

    Raises:
        KeyError: an id or an email that there is not.
        ValueError: what cannot be done, like moving a folder into itself.
    """

    def __init__(self, domain: str, rng: Random, now: Callable[[], datetime]) -> None:
        super().__init__(Knobs(), now)
        self.domain = domain
        self.rng = rng
        self.drives: dict[str, SharedDrive] = {}

    def create_user(self, email: str, name: str | None = None, *, is_admin: bool = False) -> User:
        if email in self.people.users:
            raise ValueError(f"{email} is there already")
        user = User(self.people.new_id(self.rng), email, name or _name_of(email), ids.root_id(self.rng), is_admin)
        self.people.users[email] = user
        self.tree.add([self._root(user.root_id, "My Drive", email)])
        return user

    def create_group(self, email: str, name: str | None = None, *, members: Iterable[str] = ()) -> Group:
        group = Group(self.people.new_id(self.rng), email, name or _name_of(email))
        self.people.groups[email] = group
        for member in members:
            self.add_to_group(email, member)
        return group

    def create_drive(self, name: str, *, by: str) -> SharedDrive:
        """A shared drive. Whoever makes it is its organizer."""
        drive = SharedDrive(ids.root_id(self.rng), name, self.now())
        root = self._root(drive.id, "Drive", by)
        root.owner, root.drive_id = None, drive.id
        self.drives[drive.id] = drive
        self.tree.add([root])
        self.add_member(drive.id, by, "organizer", by=by)
        return drive

    def rename_drive(self, drive_id: str, name: str) -> None:
        self.drives[drive_id].name = name
        self.recorder.add(self.recorder.members(drive_id) | {drive_id}, DRIVE + drive_id)

    def delete_drive(self, drive_id: str) -> None:
        """With all that is in it. Its members are told of the drive and nothing of what was in it; who saw single files in it, of those."""
        members, gone = self.recorder.members(drive_id), self.tree.below(drive_id)
        guests = [view for view in self.recorder.views() if view.email not in members]
        seen = {item.id: {view.email for view in guests if view.is_listed(item)} for item in gone}
        for item in reversed(gone):
            self.tree.remove(item)
        self.tree.remove(self.tree.item(drive_id))
        del self.drives[drive_id]
        for item_id, emails in seen.items():
            if emails:
                self.recorder.add(emails, item_id)
        self.recorder.add(members | {drive_id}, DRIVE + drive_id)

    def create_file(
        self,
        name: str,
        *,
        parent: str | None = None,
        by: str | None = None,
        mime_type: str = "text/plain",
        content: bytes | None = None,
        size: int | None = None,
        description: str | None = None,
        created_time: datetime | None = None,
        modified_time: datetime | None = None,
    ) -> Item:
        """``content`` is what can be downloaded or exported; without it some is invented, which ``size`` may be more than."""
        made = self._new(name, mime_type, parent, by)
        made.content, made.description = content, description
        made.size = size if size is not None else len(made.bytes())
        if made.is_native and size is None:
            made.size = NATIVE_BYTES
        made.created_at, made.modified_at = created_time or made.created_at, modified_time or made.modified_at
        return self._add(made)

    def create_folder(self, name: str, *, parent: str | None = None, by: str | None = None) -> Item:
        return self._add(self._new(name, FOLDER, parent, by))

    def create_shortcut(self, target_id: str, *, parent: str | None = None, by: str | None = None, name: str | None = None) -> Item:
        made = self._new(name or self.item(target_id).name, SHORTCUT, parent, by)
        made.target_id = target_id
        return self._add(made)

    def edit(
        self,
        file_id: str,
        *,
        content: bytes | None = None,
        description: str | None = None,
        modified_time: datetime | None = None,
        by: str | None = None,
    ) -> Item:
        """New content, or the same once more, where nothing is said. ``modified_time`` is what an upload may say of itself."""
        item = self.item(file_id)
        with self.recorder.changing([item]):
            if description is not None:
                item.description = description
            if content is not None:
                item.content, item.size = content, item.size if item.mime_type.startswith(NATIVE) else len(content)
            if description is None:
                item.revision += 1
            self._modified(item, by, modified_time)
        return item

    def rename(self, file_id: str, name: str, *, by: str | None = None) -> Item:
        item = self.item(file_id)
        with self.recorder.changing([item]):
            item.name = name
            self._modified(item, by, None)
        return item

    def move(self, file_id: str, parent: str, *, by: str | None = None) -> Item:
        """Into another folder or drive. In a shared drive nobody owns what lies there; who takes it out of one owns it then."""
        item, folder = self.item(file_id), self.item(parent)
        if item.is_root or not folder.is_folder or folder is item or item in self.tree.above(folder):
            raise ValueError(f"{file_id} cannot be moved to {parent}")
        is_elsewhere = item.drive_id != folder.drive_id
        below = self.tree.below(item.id)
        with self.recorder.changing([item, *(below if is_elsewhere or self.knobs.moves_reach_below else [])]):
            if is_elsewhere:
                owner = None if folder.drive_id else by or self.tree.root_of(folder).owner
                for one in (item, *below):
                    one.drive_id, one.owner = folder.drive_id, owner
            self.tree.put(item, parent)
        return item

    def trash(self, file_id: str, *, by: str | None = None) -> Item:
        """With all that is in it, which is not trashed explicitly."""
        item = self.item(file_id)
        with self.recorder.changing(self._reached(item, below=self.knobs.trash_reaches_below)):
            item.is_trashed, item.trashed_at, item.trashed_by = True, self.now(), by or self.acting(item)
        return item

    def restore(self, file_id: str, *, by: str | None = None) -> Item:
        """What lies in a folder that is trashed stays trashed with it."""
        item = self.item(file_id)
        with self.recorder.changing(self._reached(item, below=self.knobs.trash_reaches_below)):
            item.is_trashed, item.trashed_at, item.trashed_by = False, None, None
        return item

    def delete(self, file_id: str, *, by: str | None = None) -> None:
        """For good, with all that is in it."""
        item = self.item(file_id)
        if item.is_root:
            raise ValueError("a root folder cannot be deleted")
        gone = [item, *self.tree.below(item.id)]
        with self.recorder.changing(gone):
            for one in reversed(gone):
                self.tree.remove(one)

    def empty_trash(self) -> list[str]:
        """What was trashed explicitly goes for good. Its ids."""
        trashed = [item.id for item in self.tree.items.values() if item.is_trashed]
        for item_id in trashed:
            if item_id in self.tree.items:
                self.delete(item_id)
        return trashed

    def populate_fast(self, count: int, *, parent: str | None = None, by: str | None = None, logged: bool = False) -> list[str]:
        """So many files and folders at once (``populations.py``): their ids. They are in no log, unless it is said."""
        pattern = self._new("", FOLDER, parent, by)
        made = populations.many(count, pattern, self.rng)
        self.tree.add(made)
        if logged:
            with self.recorder.changing(made, new=True):
                pass
        return [item.id for item in made]

    def _root(self, root_id: str, name: str, by: str) -> Item:
        now = self.now()
        return Item(root_id, name, FOLDER, None, None, by, now, now, by)

    def _new(self, name: str, mime_type: str, parent: str | None, by: str | None) -> Item:
        folder = self.item(parent) if parent else self.item(self.people.user(by or self._first()).root_id)
        if not folder.is_folder:
            raise ValueError(f"{folder.id} is not a folder")
        maker, now = by or self.acting(folder), self.now()
        owner = None if folder.drive_id else maker
        return Item(ids.file_id(self.rng), name, mime_type, folder.id, folder.drive_id, owner, now, now, maker)

    def _add(self, item: Item) -> Item:
        with self.recorder.changing([item], new=True):
            self.tree.add([item])
        return item

    def _modified(self, item: Item, by: str | None, at: datetime | None) -> None:
        item.modified_at, item.modified_by = at or self.now(), by or self.acting(item)

    def _first(self) -> str:
        return next(iter(self.people.users))


def _name_of(email: str) -> str:
    return email.partition("@")[0].replace(".", " ").title()
