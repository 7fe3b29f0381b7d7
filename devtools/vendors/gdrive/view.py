"""Drive as one person sees it at one moment: who may do what follows from the grants on a file and on every folder above it.

A view remembers the folders it has looked at, so a hundred thousand files cost a hundred thousand looks, not a walk to the root for each.
It is for one question, and stale after the next change.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from devtools.vendors.gdrive.items import ORGANIZER, OWNER, RANKS, WRITER, Grant, Item
from devtools.vendors.gdrive.people import People


@dataclass(frozen=True, slots=True)
class Source:
    """One grant that lets somebody in to an item, and where it lies."""

    item_id: str
    grant: Grant
    is_inherited: bool


class View:
    def __init__(self, items: Mapping[str, Item], people: People, email: str, now: datetime) -> None:
        self.email = email
        self._items = items
        self._ids = people.permission_ids(email)
        self._now = now
        self._ranks: dict[str, tuple[int, int]] = {}
        self._trashed: dict[str, bool] = {}
        self._last: tuple[Item | None, tuple[int, int]] = None, (0, 0)

    def rank(self, item: Item) -> int:
        """What they may do there at most (``items.RANKS``); 0: they cannot see it."""
        return self._both(item)[0]

    def is_listed(self, item: Item) -> bool:
        """Whether lists show it to them: not what they could open by a link only."""
        return self._both(item)[1] > 0

    def is_member(self, drive_id: str | None) -> bool:
        """Of a shared drive."""
        root = self._items.get(drive_id or "")
        return root is not None and root.drive_id is not None and self.is_open(root.id)

    def is_open(self, folder_id: str) -> bool:
        """Whether they can see a folder."""
        return self._of_folder(folder_id)[0] > 0

    def is_trashed(self, item: Item) -> bool:
        """Itself, or by a folder above it."""
        if item.is_trashed or item.parent_id is None:
            return item.is_trashed
        known = self._trashed.get(item.parent_id)
        if known is None:
            parent = self._items.get(item.parent_id)
            known = self._trashed[item.parent_id] = parent is not None and self.is_trashed(parent)
        return known

    def _both(self, item: Item) -> tuple[int, int]:
        """What they may do there, and what of that lists know. The last answer is kept: one file is asked about several times in a row."""
        if self._last[0] is item:
            return self._last[1]
        rank = listed = OWNER if item.owner == self.email else 0
        for permission_id, grant in (item.grants or {}).items():
            if permission_id in self._ids and not is_over(grant, self._now):
                rank = max(rank, RANKS[grant.role])
                listed = max(listed, RANKS[grant.role] if grant.is_listed else 0)
        if item.parent_id is not None:
            above, listed_above = self._of_folder(item.parent_id)
            rank, listed = max(rank, _passed_on(above, item)), max(listed, _passed_on(listed_above, item))
        self._last = item, (rank, listed)
        return rank, listed

    def _of_folder(self, folder_id: str) -> tuple[int, int]:
        known = self._ranks.get(folder_id)
        if known is None:
            folder = self._items.get(folder_id)
            known = self._ranks[folder_id] = (0, 0) if folder is None else self._both(folder)
        return known


def _passed_on(rank: int, item: Item) -> int:
    """What somebody may do in a folder, for what lies in it. Whoever owns a folder writes in it; organizers get through a limit."""
    if item.is_limited and rank < ORGANIZER:
        return 0
    return WRITER if rank == OWNER else rank


def is_over(grant: Grant, now: datetime) -> bool:
    return grant.expires_at is not None and grant.expires_at <= now


def sources(items: Mapping[str, Item], item: Item, people: People, now: datetime) -> dict[str, list[Source]]:
    """Every grant that lets anybody in, by permission id; those of the item itself first, then upwards."""
    found: dict[str, list[Source]] = {}
    at: Item | None = item
    is_limited = is_just_limited = False
    while at is not None:
        grants = dict(at.grants or {})
        if at.owner is not None:
            role = "owner" if at is item else "writer"
            grants.setdefault(people.permission_id(at.owner), Grant("user", at.owner, role, at.owner, at.created_at))
        for permission_id, grant in grants.items():
            kept = not is_limited or RANKS[grant.role] >= ORGANIZER or (is_just_limited and at.owner == grant.grantee)
            if kept and not is_over(grant, now):
                found.setdefault(permission_id, []).append(Source(at.id, grant, at is not item))
        is_just_limited = at.is_limited and not is_limited
        is_limited = is_limited or at.is_limited
        at = items.get(at.parent_id or "")
    return found
