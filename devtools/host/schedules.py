"""NCRONTAB: when a timer is due, in UTC.

Five fields, or six with seconds first (Azure documentation, "Timer trigger: NCRONTAB expressions"). Surprising for who knows cron: **day of
month and day of week must both match**, so ``0 0 0 13 * 5`` is a Friday the 13th; Sunday is 0 and never 7; ``5/20`` means from 5 to the end
in steps of 20; a range the wrong way round is turned (``fri-mon`` is Monday to Friday); a name may be cut anywhere (``ma`` is March).
``L``, ``W``, ``#`` and ``?`` do not exist. ``hh:mm:ss`` is valid only on an App Service plan, which is not ours, so it is refused; and
``*/0``, which NCrontab reads as ``*``, is refused as well, because nobody means it.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")
_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("second", 0, 59, ()),
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of week", 0, 6, _DAYS),
)
NEVER: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""What stands for no occurrence at all, as of ``0 0 0 30 2 *``."""
_LONGEST_SEARCH_DAYS: Final = 41 * 366
"""The 29th of February falls on a given day of the week at least once in 40 years (1900 and 2100 are no leap years)."""


class ScheduleInvalid(Exception):
    """The real host would put the timer in error."""


@dataclass(frozen=True)
class Schedule:
    """The values each field allows, in order."""

    expression: str
    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    days_of_week: tuple[int, ...]

    def next_after(self, moment: datetime) -> datetime:
        """The first occurrence after the moment, or ``NEVER``."""
        start = moment.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
        earliest = start.time()
        day = start.date()
        for _ in range(_LONGEST_SEARCH_DAYS):
            if self._has(day) and (found := self._first_from(earliest)) is not None:
                return datetime.combine(day, found, UTC)
            day, earliest = day + timedelta(days=1), time()
        return NEVER

    @property
    def is_below_one_minute(self) -> bool:
        """Whether it is due several times in every minute: then Azure keeps no record of its runs.

        As the timer extension has it: an expression with any condition above the seconds counts as slower.
        """
        is_always = (len(self.minutes), len(self.hours), len(self.days), len(self.months), len(self.days_of_week)) == (60, 24, 31, 12, 7)
        return is_always and len(self.seconds) > 1

    def _has(self, day: date) -> bool:
        return day.month in self.months and day.day in self.days and day.isoweekday() % 7 in self.days_of_week

    def _first_from(self, earliest: time) -> time | None:
        for hour in self.hours:
            if hour < earliest.hour:
                continue
            for minute in self.minutes:
                if (hour, minute) < (earliest.hour, earliest.minute):
                    continue
                for second in self.seconds:
                    if (hour, minute, second) >= (earliest.hour, earliest.minute, earliest.second):
                        return time(hour, minute, second)
        return None


def read_schedule(expression: str) -> Schedule:
    """Read an NCRONTAB expression.

    Raises:
        ScheduleInvalid: it says which field is wrong.
    """
    if ":" in expression:
        raise ScheduleInvalid(f"{expression!r}: hh:mm:ss works only on an App Service plan; write an NCRONTAB expression")
    fields = expression.split()
    if len(fields) not in {5, 6}:
        raise ScheduleInvalid(f"{expression!r} has {len(fields)} fields; NCRONTAB has 5, or 6 with seconds first")
    values: list[tuple[int, ...]] = [(0,)] if len(fields) == 5 else []
    for text, (name, low, high, names) in zip(fields, _FIELDS[-len(fields) :], strict=True):
        try:
            values.append(tuple(sorted({value for part in text.lower().split(",") for value in _values(part, low, high, names)})))
        except ValueError:
            raise ScheduleInvalid(f"{expression!r}: {text!r} is not a valid {name} field ({low} to {high})") from None
    return Schedule(expression, *values)


def _values(part: str, low: int, high: int, names: tuple[str, ...]) -> range:
    """Of ``*``, ``n`` or ``n-m``, each with an optional ``/step``.

    Raises:
        ValueError: it is none of these.
    """
    span, slash, step = part.partition("/")
    every = int(step) if slash else 1
    if span == "*":
        first, last = low, high
    else:
        begin, dash, end = span.partition("-")
        first = _number(begin, low, names)
        last = _number(end, low, names) if dash else high if slash else first
        first, last = min(first, last), max(first, last)
    if every < 1 or not low <= first <= last <= high:
        raise ValueError(part)
    return range(first, last + 1, every)


def _number(text: str, low: int, names: tuple[str, ...]) -> int:
    if text.isdecimal():
        return int(text)
    found = [place for place, name in enumerate(names) if text and name.startswith(text)]
    if not found:
        raise ValueError(text)
    return found[0] + low
