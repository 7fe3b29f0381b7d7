"""What people do in a day about who may see what: files and folders shared, groups, members of drives, and people themselves."""

from collections.abc import Callable
from random import Random
from typing import Final

from devtools.fakes.polled_drive import ADA, BOB, CLEO, DAN, DOMAIN, EVE, FINN, USERS
from devtools.vendors.gdrive.drive import PretendDrive
from devtools.vendors.gdrive.items import Item
from devtools.vendors.gdrive.people import ANYONE

GROUPS: Final = (f"team@{DOMAIN}", f"board@{DOMAIN}")
EVERYONE: Final = f"everyone@{DOMAIN}"
"""A group of groups."""
GRANTEES: Final = (ADA, BOB, CLEO, DAN, FINN, EVE)
FILE_ROLES: Final = ("reader", "commenter", "writer")
MEMBER_ROLES: Final = ("reader", "writer", "fileOrganizer", "organizer")
FEWEST_DRIVES: Final = 3


class Sharers:
    """Each act says whether it could be done."""

    def __init__(self, drive: PretendDrive, rng: Random, living: Callable[[], list[Item]]) -> None:
        self._drive = drive
        self._rng = rng
        self._living = living
        self._lost: dict[str, list[tuple[str, str]]] = {}
        """Drives nobody of ours is in, with who was and as what."""
        self.suspended: list[str] = []
        self.acts: dict[str, Callable[[], bool]] = {
            "file shared with a person": lambda: self._share_file(self._rng.choice(GRANTEES)),
            "file shared with a group": lambda: self._share_file(self._rng.choice((*GROUPS, EVERYONE))),
            "file shared with the domain": lambda: self._share_file(DOMAIN, is_discoverable=True),
            "file shared with anyone, findable": lambda: self._share_file(ANYONE, is_discoverable=True),
            "file shared with whoever has the link": lambda: self._share_file(ANYONE),
            "role changed": self._change_role,
            "folder shared": lambda: self._share(self._one_of_ours(is_folder=True), self._rng.choice((*GRANTEES, *GROUPS, DOMAIN)), True),
            "file unshared": lambda: self._unshare(is_folder=False),
            "folder unshared": lambda: self._unshare(is_folder=True),
            "access limited": lambda: self._limit(is_limited=True),
            "limit lifted": lambda: self._limit(is_limited=False),
            "joined a group": self._join,
            "left a group": self._leave,
            "member added": self._add_member,
            "member removed": self._remove_member,
            "drive created": self._create_drive,
            "drive renamed": self._rename_drive,
            "drive deleted": self._delete_drive,
            "drive lost to us": self._lose_drive,
            "drive returned to us": self._return_drive,
            "outsider's file shared with two of us": self._share_outsiders,
            "outsider's file unshared": self._unshare_outsiders,
            "person suspended": self._suspend,
            "person back": self._unsuspend,
        }

    # Files and folders

    def _share_file(self, grantee: str, *, is_discoverable: bool = False) -> bool:
        return self._share(self._one_of_ours(is_folder=False), grantee, is_discoverable)

    def _share(self, item: Item | None, grantee: str, is_discoverable: bool) -> bool:
        if item is None or grantee == item.owner:
            return False
        open_to_many = grantee in (DOMAIN, ANYONE)
        role = self._rng.choice(FILE_ROLES)
        self._drive.share(item.id, grantee, role, is_discoverable=is_discoverable and open_to_many)
        return True

    def _change_role(self) -> bool:
        for item, grantee in self._shared(is_folder=False):
            known = next(grant for grant in (item.grants or {}).values() if (grant.grantee or ANYONE) == grantee)
            role = self._rng.choice([one for one in FILE_ROLES if one != known.role])
            self._drive.share(item.id, grantee, role, is_discoverable=known.is_discoverable)
            return True
        return False

    def _unshare(self, *, is_folder: bool) -> bool:
        for item, grantee in self._shared(is_folder=is_folder):
            self._drive.unshare(item.id, grantee)
            return True
        return False

    def _limit(self, *, is_limited: bool) -> bool:
        found = [one for one in self._living() if one.is_folder and one.owner in USERS and one.is_limited is not is_limited]
        if not found:
            return False
        self._drive.limit_access(self._rng.choice(found).id, limited=is_limited)
        return True

    def _share_outsiders(self) -> bool:
        found = [one for one in self._living() if one.owner == EVE]
        item = self._rng.choice(found) if found and self._rng.random() < 0.5 else None
        item = item or self._drive.create_file(f"Offer {self._rng.randrange(1000)}.pdf", by=EVE, mime_type="application/pdf")
        for person in self._rng.sample(USERS, 2):
            self._drive.share(item.id, person, self._rng.choice(("reader", "writer")))
        return True

    def _unshare_outsiders(self) -> bool:
        for item, grantee in self._shared(is_folder=None, owner=EVE):
            self._drive.unshare(item.id, grantee)
            return True
        return False

    def _shared(self, *, is_folder: bool | None, owner: str | None = None) -> list[tuple[Item, str]]:
        """One item with one whom it is shared with itself, by chance; or none."""
        found = [
            (item, grant.grantee or ANYONE)
            for item in self._living()
            for grant in (item.grants or {}).values()
            if is_folder in {None, item.is_folder} and (item.owner == owner if owner else item.owner != EVE)
        ]
        return [self._rng.choice(found)] if found else []

    def _one_of_ours(self, *, is_folder: bool) -> Item | None:
        found = [one for one in self._living() if one.is_folder is is_folder and one.owner != EVE]
        return self._rng.choice(found) if found else None

    # Groups, drives and people

    def _join(self) -> bool:
        group, person = self._rng.choice(GROUPS), self._rng.choice((*USERS, FINN))
        if person in self._drive.people.groups[group].members:
            return False
        self._drive.add_to_group(group, person)
        return True

    def _leave(self) -> bool:
        group = self._rng.choice(GROUPS)
        members = self._drive.people.groups[group].members
        if not members:
            return False
        self._drive.remove_from_group(group, self._rng.choice(members))
        return True

    def _add_member(self) -> bool:
        drive_id, grantee = self._one_drive(), self._rng.choice((*USERS, FINN, *GROUPS))
        if drive_id is None:
            return False
        self._drive.add_member(drive_id, grantee, self._rng.choice(MEMBER_ROLES))
        return True

    def _remove_member(self) -> bool:
        drive_id = self._one_drive()
        members = [grantee for grantee, _ in self._members(drive_id)] if drive_id else []
        if drive_id is None or len(members) < 2:
            return False
        self._drive.remove_member(drive_id, self._rng.choice(members))
        return True

    def _create_drive(self) -> bool:
        made = self._drive.create_drive(f"Drive {len(self._drive.drives)}", by=self._rng.choice(USERS))
        folder = self._drive.create_folder("First", parent=made.id)
        self._drive.create_file("first.txt", parent=folder.id)
        return True

    def _rename_drive(self) -> bool:
        drive_id = self._one_drive()
        if drive_id is None:
            return False
        self._drive.rename_drive(drive_id, f"Renamed {self._rng.randrange(1000)}")
        return True

    def _delete_drive(self) -> bool:
        drive_id = self._one_drive()
        if drive_id is None or len(self._drive.drives) <= FEWEST_DRIVES:
            return False
        self._drive.delete_drive(drive_id)
        return True

    def _lose_drive(self) -> bool:
        drive_id = self._one_drive()
        if drive_id is None or len(self._lost) == len(self._drive.drives) - 1:
            return False
        self._lost[drive_id] = self._members(drive_id)
        self._drive.add_member(drive_id, EVE, "organizer")
        for grantee, _ in self._lost[drive_id]:
            if grantee != EVE:
                self._drive.remove_member(drive_id, grantee)
        return True

    def _return_drive(self) -> bool:
        if not self._lost:
            return False
        drive_id = next(iter(self._lost))
        for grantee, role in self._lost.pop(drive_id):
            self._drive.add_member(drive_id, grantee, role)
        return True

    def _suspend(self) -> bool:
        if self.suspended:
            return False
        self.suspended.append(self._rng.choice((BOB, CLEO, DAN)))
        self._drive.suspend(self.suspended[0])
        return True

    def _unsuspend(self) -> bool:
        if not self.suspended:
            return False
        self._drive.unsuspend(self.suspended.pop())
        return True

    def _one_drive(self) -> str | None:
        found = [drive_id for drive_id in self._drive.drives if drive_id not in self._lost]
        return self._rng.choice(found) if found else None

    def _members(self, drive_id: str) -> list[tuple[str, str]]:
        return [(grant.grantee, grant.role) for grant in (self._drive.item(drive_id).grants or {}).values()]
