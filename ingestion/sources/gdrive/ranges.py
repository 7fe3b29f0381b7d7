"""Ranges of times of creation, and how wide the next one is to be: as many files as are wanted fit into it, as far as that can be known.

How many files lie in a range nobody says: it shows when they are listed. One with too many is cut, and that the rest of it is full is not
tried out once more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from ingestion.sources.gdrive.crawl import LIVING, PAGE_FILES
from ingestion.sources.gdrive.logs import File

WANTED_FILES: Final = 3 * PAGE_FILES
"""In a range."""
MOST_FILES: Final = 10 * PAGE_FILES
"""A range that has more is cut."""
STEP: Final = 8
"""By how much a range gets wider or narrower at most, from one to the next."""
CUT: Final = 4
"""A range that is cut keeps one part of so many."""
WORTH_A_CUT: Final = timedelta(days=1)
"""Nearer to a moment that is only likely to be the first one, a range is not cut."""
NARROWEST: Final = timedelta(milliseconds=1)
"""As fine as the vendor's times are."""
EARLIEST: Final = datetime(2006, 1, 1, tzinfo=UTC)
"""Hardly anything in Drive is older, but for times that somebody wrote there."""


@dataclass(frozen=True)
class Range:
    """The files of one range, by id, and when they were asked for."""

    files: dict[str, File]
    at: datetime


@dataclass(frozen=True)
class _Crowd:
    """From where the last range ended until there are so many files at least."""

    until: datetime
    count: int


@dataclass
class Ranges:
    """What a worker remembers of one log."""

    wanted_files: int = WANTED_FILES
    most_files: int = MOST_FILES
    last: Range | None = None
    root: File | None = None
    _width: timedelta | None = None
    _crowd: _Crowd | None = None

    def taken(self) -> Range | None:
        """The last range, which is not kept any longer."""
        last, self.last = self.last, None
        return last

    def end_after(self, start: datetime | None, now: datetime) -> datetime | None:
        """Where the next range ends. None: it does not, for what lies ahead of now belongs to the last one."""
        if start is None or self._width is None or now - start <= self._width:
            return None
        return max(_whole(start + self._width), start + NARROWEST)

    def cut(
        self, start: datetime | None, end: datetime | None, seen: Sequence[datetime], *, now: datetime, anchor: datetime | None
    ) -> datetime:
        """An earlier end for a range with too many files, of which these were seen. ``anchor``: about when the first was made."""
        last = end or max([now, *seen])
        self._crowd = _Crowd(last, len(seen))
        return cut(start, end, seen, last=last, anchor=anchor)

    def read(self, start: datetime | None, end: datetime | None, seen: Sequence[datetime], *, now: datetime) -> None:
        """Take note of what a whole range held."""
        first = start or min(seen, default=None)
        self._width = None if first is None else next_width(first, end or now, len(seen), wanted=self.wanted_files)
        crowd, self._crowd = self._crowd, None
        if crowd is not None and end is not None and end < crowd.until and crowd.count - len(seen) > self.wanted_files:
            self._crowd = _Crowd(crowd.until, crowd.count - len(seen))
            narrow = (crowd.until - end) / (CUT if seen else 2)
            self._width = narrow if self._width is None else min(self._width, narrow)


def is_within(moment: datetime | None, start: datetime | None, end: datetime | None) -> bool:
    """Whether a range has it: its end belongs to it, and its start does not. What has no time is in the first one."""
    if moment is None:
        return start is None
    return (start is None or moment > start) and (end is None or moment <= end)


def is_narrowest(start: datetime | None, end: datetime | None) -> bool:
    """Whether it cannot be cut."""
    return start is not None and end is not None and end - start <= NARROWEST


def query_of(start: datetime | None, end: datetime | None) -> str:
    """Living files that were made after a moment, and not after another."""
    after = [] if start is None else [f"createdTime > '{written(start)}'"]
    until = [] if end is None else [f"createdTime <= '{written(end)}'"]
    return " and ".join([LIVING, *after, *until])


def written(moment: datetime) -> str:
    """As the vendor writes moments."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def cut(start: datetime | None, end: datetime | None, seen: Sequence[datetime], *, last: datetime, anchor: datetime | None) -> datetime:
    """A moment after the start and before the end. ``last``: the end, or what stands for it."""
    first = start or next((known for known in (anchor, EARLIEST) if known is not None and last - known > WORTH_A_CUT), min([last, *seen]))
    earlier = _whole(first + (last - first) / CUT)
    if start is not None:
        earlier = max(earlier, start + NARROWEST)
    return earlier if end is None or earlier < end else end - NARROWEST


def next_width(start: datetime, end: datetime, count: int, *, wanted: int) -> timedelta | None:
    """How wide the next range is to be, after one from here to there with so many files. None: nothing is known."""
    return (end - start) * min(max(wanted / max(count, 1), 1 / STEP), STEP) if end > start else None


def _whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
