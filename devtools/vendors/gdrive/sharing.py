"""Who is let in to what: members of shared drives, people and groups with whom a file is shared, and who belongs to a group."""

from collections.abc import Callable
from datetime import datetime

from devtools.vendors.gdrive.items import ORGANIZER, RANKS, Grant, Item
from devtools.vendors.gdrive.knobs import Knobs
from devtools.vendors.gdrive.people import ANYONE, People
from devtools.vendors.gdrive.recording import Recorder
from devtools.vendors.gdrive.tree import Tree
from devtools.vendors.gdrive.view import View


class Sharing:
    """The half of ``PretendDrive`` that is about access, with what both stand on."""

    def __init__(self, knobs: Knobs, now: Callable[[], datetime]) -> None:
        self.now = now
        self.knobs = knobs
        self.people = People()
        self.tree = Tree()
        self.recorder = Recorder(self.tree, self.people, knobs, now)
        self.item = self.tree.item
        self.children = self.tree.children
        self.below = self.tree.below
        self.path = self.tree.path

    def view(self, email: str) -> View:
        """Drive as somebody sees it now."""
        return self.recorder.view(email)

    def is_trashed(self, item: Item) -> bool:
        """Itself, or by a folder above it."""
        return item.is_trashed or any(folder.is_trashed for folder in self.tree.above(item))

    def visible_to(self, email: str) -> set[str]:
        """Ids of everything that lists show to somebody, trashed files included."""
        view = self.view(email)
        return {item.id for item in self.tree.items.values() if not item.is_root and view.is_listed(item)}

    def drives_of(self, email: str) -> list[str]:
        """Ids of the shared drives somebody is a member of."""
        view = self.view(email)
        roots = [item for item in self.tree.items.values() if item.is_root and item.drive_id]
        return [root.id for root in roots if view.rank(root)]

    def acting(self, item: Item) -> str:
        """Who does it, where nobody is named: whoever owns it, or the first organizer of its drive."""
        if item.owner:
            return item.owner
        grants = (self.tree.root_of(item).grants or {}).values()
        users = [grant for grant in grants if grant.kind == "user"]
        return next((grant.grantee for grant in users if RANKS[grant.role] == ORGANIZER), item.modified_by)

    def share(
        self,
        file_id: str,
        grantee: str,
        role: str = "reader",
        *,
        by: str | None = None,
        is_discoverable: bool = False,
        expires_at: datetime | None = None,
    ) -> Grant:
        """With a person or a group (an email), a domain, or ``anyone``. Shared with them already: with this role from now on."""
        item = self.item(file_id)
        if role not in RANKS or role == "owner":
            raise ValueError(f"nobody is let in as {role}")
        if item.is_root:
            raise ValueError("a root folder cannot be shared; a shared drive has members")
        permission_id = self.people.permission_id(grantee)
        kind = self.people.kind_of(grantee)
        named = "" if kind == ANYONE else grantee
        grant = Grant(kind, named, role, by or self.acting(item), self.now(), is_discoverable, expires_at)
        with self.recorder.changing(self._reached(item, below=self.knobs.sharing_reaches_below)):
            item.grants = {**(item.grants or {}), permission_id: grant}
        return grant

    def unshare(self, file_id: str, grantee: str, *, by: str | None = None) -> None:
        """Raises KeyError: it was not shared with them itself."""
        item = self.item(file_id)
        permission_id = self.people.permission_id(grantee)
        kept = dict(item.grants or {})
        del kept[permission_id]
        with self.recorder.changing(self._reached(item, below=self.knobs.sharing_reaches_below)):
            item.grants = kept or None

    def limit_access(self, folder_id: str, *, limited: bool = True, by: str | None = None) -> None:
        """Who was let in further up is let in here no more, or again."""
        item = self.item(folder_id)
        with self.recorder.changing(self._reached(item, below=self.knobs.sharing_reaches_below)):
            item.is_limited = limited

    def add_member(self, drive_id: str, grantee: str, role: str = "fileOrganizer", *, by: str | None = None) -> None:
        """Of a shared drive, or with another role from now on. Nothing in the drive has changed by it."""
        root = self.item(drive_id)
        kind, permission_id = self.people.kind_of(grantee), self.people.permission_id(grantee)
        with self.recorder.changing_access([drive_id]):
            grant = Grant(kind, grantee, role, by or self.acting(root), self.now())
            root.grants = {**(root.grants or {}), permission_id: grant}

    def remove_member(self, drive_id: str, grantee: str, *, by: str | None = None) -> None:
        root = self.item(drive_id)
        permission_id = self.people.permission_id(grantee)
        with self.recorder.changing_access([drive_id]):
            root.grants = {key: grant for key, grant in (root.grants or {}).items() if key != permission_id}

    def add_to_group(self, group: str, member: str) -> None:
        self._change_group(group, lambda members: [*members, member])

    def remove_from_group(self, group: str, member: str) -> None:
        self._change_group(group, lambda members: [one for one in members if one != member])

    def suspend(self, email: str) -> None:
        """They cannot sign in, nor can anybody in their name."""
        self.people.user(email).is_suspended = True

    def unsuspend(self, email: str) -> None:
        self.people.user(email).is_suspended = False

    def delete_user(self, email: str) -> None:
        """What was shared with them says ``deleted``; what they own stays."""
        self.people.user(email).is_deleted = True

    def _change_group(self, group: str, change: Callable[[list[str]], list[str]]) -> None:
        one = self.people.groups[group]
        drives = [item.id for item in self.tree.items.values() if item.is_root and item.drive_id]
        seen = {user.email: self.visible_to(user.email) for user in self.people.active()} if self.knobs.groups_reach_files else {}
        with self.recorder.changing_access(drives):
            one.members = change(one.members)
        for email, before in seen.items():
            after = self.visible_to(email)
            for item_id in sorted(before ^ after):
                item = self.item(item_id)
                self.recorder.add({email} if item.drive_id else {email, f"mine:{email}"}, item_id)

    def _reached(self, item: Item, *, below: bool) -> list[Item]:
        return [item, *self.tree.below(item.id)] if below and item.is_folder else [item]
