"""How a change gets a version and into the logs: of everybody who could see the thing before, or can see it since."""

import copy
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from devtools.vendors.gdrive.items import Item
from devtools.vendors.gdrive.knobs import Knobs
from devtools.vendors.gdrive.logs import DRIVE, Logs, mine
from devtools.vendors.gdrive.people import People
from devtools.vendors.gdrive.tree import Tree
from devtools.vendors.gdrive.view import View


class Recorder:
    """``listeners`` are called with the names of the logs that have something new."""

    def __init__(self, tree: Tree, people: People, knobs: Knobs, now: Callable[[], datetime]) -> None:
        self.logs = Logs()
        self.listeners: list[Callable[[set[str]], None]] = []
        self._tree = tree
        self._people = people
        self._knobs = knobs
        self._now = now
        self._unindexed: dict[str, list[tuple[datetime, Item | None]]] = {}

    def view(self, email: str) -> View:
        """For one question."""
        return View(self._tree.items, self._people, email, self._now())

    def views(self) -> list[View]:
        """Of everybody there is."""
        return [self.view(user.email) for user in self._people.active()]

    @contextmanager
    def changing(self, items: Iterable[Item], *, new: bool = False) -> Iterator[None]:
        """What happens inside is one change of each of them: of its version, and of the logs."""
        affected = list(items)
        views = [] if new else self.views()
        before = [set() if new else self._logs_of(item, views) for item in affected]
        self._remember(affected, is_new=new)
        yield
        views = self.views()
        for item, names in zip(affected, before, strict=True):
            item.version += 0 if new else 1
            after = self._logs_of(item, views) if item.id in self._tree.items else set()
            self.add(names | after, item.id)

    def add(self, names: set[str], key: str) -> None:
        """An entry in several logs."""
        self.logs.add(names, key, self._now())
        for listener in self.listeners:
            listener(names)

    @contextmanager
    def changing_access(self, drive_ids: Iterable[str]) -> Iterator[None]:
        """What happens inside may let people in to shared drives, or out: whoever it is true of finds the drive in their log."""
        drives = list(drive_ids)
        before = [self._ranks(drive_id) for drive_id in drives]
        yield
        for drive_id, ranks in zip(drives, before, strict=True):
            after = self._ranks(drive_id)
            changed = {email for email in {*ranks, *after} if ranks.get(email) != after.get(email)}
            if changed:
                self.add(changed | {drive_id}, DRIVE + drive_id)

    def members(self, drive_id: str) -> set[str]:
        return set(self._ranks(drive_id))

    def indexed(self) -> Iterator[Item]:
        """Everything as ``files.list`` knows it, roots left out."""
        since = self._now() - self._knobs.index_lag
        behind: dict[str, Item | None] = {}
        for item_id, versions in self._unindexed.items():
            recent = [item for at, item in versions if at > since]
            if recent:
                behind[item_id] = recent[0]
        for item in self._tree.items.values():
            if item.id in behind:
                old = behind.pop(item.id)
                if old is not None:
                    yield old
            elif item.parent_id is not None:
                yield item
        yield from (old for old in behind.values() if old is not None)

    def _ranks(self, drive_id: str) -> dict[str, int]:
        root = self._tree.items.get(drive_id)
        if root is None:
            return {}
        ranks = {view.email: view.rank(root) for view in self.views()}
        return {email: rank for email, rank in ranks.items() if rank}

    def _logs_of(self, item: Item, views: list[View]) -> set[str]:
        names = {item.drive_id} if item.drive_id else set()
        for view in views:
            if not view.is_listed(item):
                continue
            if item.drive_id is None:
                names |= {view.email, mine(view.email)}
            elif self._knobs.drive_items_in_user_log or not view.is_member(item.drive_id):
                names.add(view.email)
        return names

    def _remember(self, affected: list[Item], *, is_new: bool) -> None:
        if not self._knobs.index_lag:
            self._unindexed.clear()
            return
        for item in affected:
            self._unindexed.setdefault(item.id, []).append((self._now(), None if is_new else copy.copy(item)))
