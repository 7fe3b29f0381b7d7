"""Days in a text, in forms that mean one day only.

``03/04/2026`` is April here and March there: it is not taken. ``25/12/2026`` and ``12.03.2026`` are: no month is the 25th, and whoever
writes full stops writes the day first. Names of months are English and German.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from processors.enrichment.entities.mention import Found

_MONTHS: Final = (
    ("january", "jan", "januar", "jänner"),
    ("february", "feb", "februar"),
    ("march", "mar", "märz", "mär", "maerz"),
    ("april", "apr"),
    ("may", "mai"),
    ("june", "jun", "juni"),
    ("july", "jul", "juli"),
    ("august", "aug"),
    ("september", "sep", "sept"),
    ("october", "oct", "oktober", "okt"),
    ("november", "nov"),
    ("december", "dec", "dezember", "dez"),
)
_MONTH: Final = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names}
_FARTHEST: Final = 32
"""Characters before a year that a day and a month may take."""
_SEPARATE: Final = frozenset(" \u00a0./-")

_YEAR: Final = re.compile(r"[12](?<![0-9][12])(?:9|0|1)[0-9]{2}(?![0-9])")
_FROM_THE_YEAR: Final = re.compile(r"[0-9]{4}([-/.])([0-9]{1,2})\1([0-9]{1,2})(?![0-9]|[./-][0-9])")
_ENDS_IN_NUMBERS: Final = re.compile(r"(?<![0-9])(?<![0-9][./-])([0-9]{1,2})([./-])([0-9]{1,2})\2\Z")
_ENDS_IN_A_MONTH: Final = re.compile(r"(?<![0-9])([0-9]{1,2})(?:st|nd|rd|th|\.)?(?: of)?[ \u00a0-]{1,2}([^\W\d_]{3,9})\.?,?[ \u00a0-]\Z")
_ENDS_IN_A_DAY: Final = re.compile(r"(?<![^\W_])([^\W\d_]{3,9})\.?[ \u00a0]([0-9]{1,2})(?:st|nd|rd|th)?,?[ \u00a0]\Z")


def dates_in(text: str) -> Iterator[Found]:
    """Where they stand, as ``YYYY-MM-DD``. None that no calendar has."""
    done = 0
    for year in _YEAR.finditer(text):
        found = _from(text, year) or _up_to(text, year, done)
        if found is not None and found.start >= done:
            done = found.end
            yield found


def _from(text: str, year: re.Match[str]) -> Found | None:
    before = text[max(0, year.start() - 2) : year.start()]
    found = _FROM_THE_YEAR.match(text, year.start())
    if found is None or (before[-1:] in ("-", "/", ".") and before[:1].isdigit()):
        return None
    return _found(found.start(), found.end(), year[0], found[2], found[3])


def _up_to(text: str, year: re.Match[str], done: int) -> Found | None:
    start = max(done, year.start() - _FARTHEST)
    before = text[start : year.start()]
    if before[-1:] not in _SEPARATE:  # most years stand by themselves
        return None
    if before[-1] in "./-" and (numbers := _ENDS_IN_NUMBERS.search(before)) is not None:
        return _in_numbers(text, year, start + numbers.start(), numbers)
    if (named := _ENDS_IN_A_MONTH.search(before)) is not None:
        return _found(start + named.start(), year.end(), year[0], _MONTH.get(named[2].lower()), named[1])
    if (named := _ENDS_IN_A_DAY.search(before)) is not None:
        return _found(start + named.start(), year.end(), year[0], _MONTH.get(named[1].lower()), named[2])
    return None


def _in_numbers(text: str, year: re.Match[str], start: int, numbers: re.Match[str]) -> Found | None:
    first, sign, second = numbers.groups()
    if text[year.end() : year.end() + 1] == sign and text[year.end() + 1 : year.end() + 2].isdigit():
        return None  # more numbers follow: no date
    day, month = (first, second) if sign == "." or int(second) <= len(_MONTHS) else (second, first)
    is_certain = sign == "." or first == second or int(day) > len(_MONTHS)
    return _found(start, year.end(), year[0], month, day) if is_certain else None


def _found(start: int, end: int, year: str, month: str | int | None, day: str) -> Found | None:
    try:
        return Found(start, end, date(int(year), int(month or 0), int(day)).isoformat())
    except ValueError:  # the 30th of February, or a month nobody knows
        return None
