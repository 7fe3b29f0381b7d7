"""Change logs: one entry for each thing, at the place of its last change. An earlier one is gone, whoever was to read it.

Every person has two: of what is theirs alone, and of that with what lies in shared drives. Every shared drive has one. All count with the
same numbers, so one position is good for both logs of a person. An entry has no state: whoever reads it looks at what there is by then.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

DRIVE: Final = "drive:"
"""How the key of a change of a shared drive begins; any other is the id of a file."""
_KEPT: Final = 1024


@dataclass(frozen=True, slots=True)
class Entry:
    number: int
    at: datetime
    key: str


@dataclass(frozen=True, slots=True)
class Read:
    """A page of a log. ``position`` is where the next begins."""

    entries: list[Entry]
    position: int
    has_more: bool


@dataclass(slots=True)
class _Log:
    order: list[Entry] = field(default_factory=list)
    latest: dict[str, int] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        self.order.append(entry)
        self.latest[entry.key] = entry.number
        if len(self.order) > 2 * len(self.latest) + _KEPT:
            self.order = [one for one in self.order if self.latest[one.key] == one.number]


class Logs:
    """By name: an email with ``mine`` or without, or the id of a shared drive."""

    def __init__(self) -> None:
        self.number = 0
        """Of the last entry in any of them."""
        self._logs: dict[str, _Log] = {}

    def add(self, names: set[str], key: str, at: datetime) -> None:
        """One change, in several logs."""
        self.number += 1
        for name in names:
            self._logs.setdefault(name, _Log()).add(Entry(self.number, at, key))

    def end(self, name: str, until: datetime) -> int:
        """The position behind everything that can be read by then."""
        order = self._order(name)
        for index in range(len(order) - 1, -1, -1):
            if order[index].at <= until:
                return self.number if index == len(order) - 1 else order[index + 1].number - 1
        return order[0].number - 1 if order else self.number

    def read(self, name: str, position: int, limit: int, until: datetime) -> Read:
        """What comes after a position and was written by then, so many at most."""
        order, log = self._order(name), self._logs.get(name, _Log())
        end = self.end(name, until)
        entries: list[Entry] = []
        for index in range(bisect_right(order, position, key=lambda entry: entry.number), len(order)):
            entry = order[index]
            if entry.number > end:
                break
            if log.latest[entry.key] != entry.number:
                continue
            if len(entries) == limit:
                return Read(entries, entries[-1].number, has_more=True)
            entries.append(entry)
        return Read(entries, max(end, position), has_more=False)

    def _order(self, name: str) -> list[Entry]:
        log = self._logs.get(name)
        return log.order if log else []


def mine(email: str) -> str:
    """The log of what is somebody's own or was shared with them, without shared drives."""
    return f"mine:{email}"
