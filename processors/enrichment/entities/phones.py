"""Phone numbers in a text. A pattern finds what may be one; ``phonenumbers`` says whether it is, and brings it to E.164.

Most rows of digits are none: one without a country code has to look like a number to dial, or to stand behind a word that says so.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Final

from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, is_valid_number, parse

from processors.enrichment.entities.mention import Found

MOST_TRIED: Final = 200
"""Candidates of one text that are asked about."""
_LONGEST: Final = 60
_LONGEST_E164: Final = 16
"""With the plus sign."""
_FEWEST_DIGITS: Final = 7
_MOST_DIGITS: Final = 17
_FEWEST_AT_HOME: Final = 9
"""Characters: an invoice is ``0815-4711``, too."""

_BETWEEN: Final = r"(?:[ .\-/\u00a0\u2011]|\)[ -]?|[ \u00a0]?\()"
_CANDIDATE: Final = re.compile(
    rf"[+(0-9](?<![^\W_][+(0-9])(?<![0-9+][.,:/-][+(0-9])[ (]?[0-9]{{0,15}}(?:{_BETWEEN}[0-9]{{1,12}}){{0,7}}(?![^\W_]|[:,][0-9])"
)
_LOOKS_DIALLED: Final = re.compile(r"\(|0[0-9]*[^0-9]|(?:1[ .\-])?[2-9][0-9]{2}[ .\-\u00a0\u2011][2-9][0-9]{2}[ .\-\u00a0\u2011][0-9]{4}\Z")
"""Begins with an area code in brackets or a zero, and has parts; or has the three parts of a number in North America."""
_SAYS_SO: Final = re.compile(
    r"(?:\b(?:tel|telefon|telephone|phone|fon|mobile|mobil|cell|call|dial|ring|whatsapp|handy))[^\w\n]{0,3}\Z", re.IGNORECASE
)


def phone_number(text: str, country: str) -> str | None:
    """A field that holds a phone number, in E.164; None for what is none. ``country`` is where one without a country code is dialled."""
    return _dialled(text, country) if len(text) <= _LONGEST else None


@lru_cache(maxsize=8_192)
def _dialled(text: str, country: str) -> str | None:
    try:
        number = parse(text, country)
    except NumberParseException:
        return None
    if not is_valid_number(number):
        return None
    said = format_number(number, PhoneNumberFormat.E164)
    return said if len(said) <= _LONGEST_E164 else None  # a German one may be longer, if it is asked for


def phones_in(text: str, country: str) -> Iterator[Found]:
    """Where they stand, in E.164."""
    for found in islice((one for one in _CANDIDATE.finditer(text) if _has_enough(one[0])), MOST_TRIED):
        for start, end in _parts(found):
            value = _number_at(text, start, end, country)
            if value is not None:
                yield Found(start, end, value)
                break


def _has_enough(candidate: str) -> bool:
    return len(candidate) >= _FEWEST_DIGITS and _FEWEST_DIGITS <= sum(map(str.isdigit, candidate)) <= _MOST_DIGITS + _FEWEST_DIGITS


def _parts(found: re.Match[str]) -> Iterator[tuple[int, int]]:
    """All of it; and without what may stand before it or behind it by chance: ``room 12 415-555-0123``."""
    yield found.span()
    blank = found[0].find(" ")
    if blank > 0:
        yield found.start() + blank + 1, found.end()
        yield found.start(), found.start() + found[0].rfind(" ")


def _number_at(text: str, start: int, end: int, country: str) -> str | None:
    said = text[start:end]
    is_abroad = said.startswith("+") or (said.startswith("00") and not said.isdigit())
    looks_dialled = is_abroad or (len(said) > _FEWEST_AT_HOME and _LOOKS_DIALLED.match(said))
    if not looks_dialled and not _SAYS_SO.search(text[max(0, start - 14) : start]):
        return None
    return phone_number(f"+{said[2:]}" if said.startswith("00") and is_abroad else said, country)
