"""Sums of money in a text: a number with a currency next to it.

A sign that several currencies share (``$``, ``¥``, ``kr``) leaves the currency open. A number that may be read in two ways is not taken:
``1.250 Mio`` is one million and a bit here, and more than a thousand of them there.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from processors.enrichment.entities.mention import Found

_OPEN: Final = ""
_CODES: Final = (
    *("EUR", "USD", "GBP", "CHF", "SEK", "NOK", "DKK", "ISK", "PLN", "CZK", "HUF", "RON", "BGN", "UAH", "JPY", "CNY", "INR", "KRW"),
    *("AUD", "CAD", "NZD", "SGD", "HKD", "TWD", "THB", "IDR", "BRL", "MXN", "ZAR", "ILS", "AED", "SAR"),
)
"""ISO 4217, without those that are words or other things' names (``ALL``, ``TRY``, ``PHP``)."""
_WRITTEN: Final = {
    "EUR": ("€", "euro", "euros", "Euro", "Euros"),
    "USD": ("US$",),
    "CAD": ("C$", "CA$"),
    "AUD": ("A$", "AU$"),
    "NZD": ("NZ$",),
    "HKD": ("HK$",),
    "SGD": ("S$",),
    "BRL": ("R$",),
    "GBP": ("£",),
    "INR": ("₹",),
    "RUB": ("₽",),
    "TRY": ("₺",),
    "UAH": ("₴",),
    "KRW": ("₩",),
    "ILS": ("₪",),
    "PLN": ("zł",),
    "CZK": ("Kč",),
    _OPEN: ("$", "¥", "kr", "Kr", "dollars", "Dollar"),
}
_CURRENCIES: Final = {**{code: code for code in _CODES}, **{sign: code for code, signs in _WRITTEN.items() for sign in signs}}
_TIMES: Final = {
    **dict.fromkeys(("k", "K", "thousand", "tausend", "Tausend", "Tsd"), 1_000),
    **dict.fromkeys(("m", "M", "mn", "mln", "mio", "Mio", "million", "millions", "Million", "Millionen"), 1_000_000),
    **dict.fromkeys(("bn", "B", "mrd", "Mrd", "billion", "Milliarde", "Milliarden"), 1_000_000_000),
}

_SIGNS: Final = "$€£¥₹₽₺₴₩₪"
_BLANKS: Final = " \u00a0\u2009\u202f"
_POINTS: Final = ".,'\u2019"
_NUMBER: Final = re.compile(
    rf"[0-9](?<![0-9][0-9])(?<![0-9][{_POINTS}][0-9])[0-9]{{0,14}}(?:[{_POINTS}{_BLANKS}][0-9]{{3}}(?![0-9])){{0,4}}"
    rf"(?:[.,][0-9]{{1,4}})?(?![0-9]|[{_POINTS}][0-9])"
)
_BEFORE: Final = re.compile(rf"(?<![^\W\d_])([^\W\d_]{{0,2}}[{_SIGNS}]|[^\W\d_]{{2,5}})\.?[{_BLANKS}]?\Z")
_FARTHEST: Final = 10
"""Characters before a number that ``_BEFORE`` may need."""
_BEHIND: Final = re.compile(rf"[{_BLANKS}]?([^\W\d_]{{1,10}}(?![^\W\d_])|)([{_SIGNS}]?)\.?")
_MARGINS: Final = frozenset(_BLANKS + ".")
_ENDS: Final = frozenset(sign[-1] for sign in _CURRENCIES)
_BEGINNINGS: Final = frozenset(sign[0] for sign in (*_CURRENCIES, *_TIMES))
_NEXT_NUMBER: Final = re.compile(rf"[{_BLANKS}]?[0-9]")
_CENT: Final = Decimal("0.01")
_DECIMALS: Final = 2
_GROUP: Final = 3
_MOST: Final = Decimal(10) ** 15


def money_in(text: str) -> Iterator[Found]:
    """Where it stands, as ``EUR 12000.00``, or ``12000.00`` where the currency is not certain."""
    done = 0
    for number in _NUMBER.finditer(text):
        if not _may_be_money(text, *number.span()):
            continue
        first = max(done, number.start() - _FARTHEST)
        before = _BEFORE.search(text[first : number.start()])
        named = _CURRENCIES.get(before[1]) if before is not None else None
        times, end = _times(text, number.end())
        if before is not None and named is not None:
            start = first + before.start()
        else:
            start = number.start()
            named, end = _currency(text, end)
        if named is None or _is_within_a_word(text, start, end):
            continue
        if (value := _sum_of(number[0], times)) is not None:
            done = end
            yield Found(start, end, f"{named} {value}".strip())


def _may_be_money(text: str, start: int, end: int) -> bool:
    """Whether it is worth while to look closely: most numbers are no money."""
    before = text[start - 1 : start]
    if before in _MARGINS:  # a blank, or a full stop and a blank
        before = text[max(0, start - 3) : start - 1].rstrip(".")[-1:]
    behind = text[end : end + 1]
    if behind in _MARGINS:
        behind = text[end + 1 : end + 2]
    return before in _ENDS or behind in _BEGINNINGS


def _times(text: str, start: int) -> tuple[int, int]:
    """The multiplier that stands here, and where it ends; 1 where none does."""
    behind = _BEHIND.match(text, start)
    times = _TIMES.get(behind[1]) if behind is not None else None
    if behind is None or times is None:
        return 1, start
    return times, behind.end(1) if behind[2] or not behind[0].endswith(".") else behind.end()


def _currency(text: str, start: int) -> tuple[str | None, int]:
    """The currency that stands here, and where it ends. None where the next number may be meant by it."""
    behind = _BEHIND.match(text, start)
    named = _CURRENCIES.get(behind[1] + behind[2]) if behind is not None else None
    if behind is None or named is None or _NEXT_NUMBER.match(text, behind.end(2)):
        return None, start
    return named, behind.end(2)


def _is_within_a_word(text: str, start: int, end: int) -> bool:
    return (start > 0 and text[start - 1].isalnum()) or (text[end : end + 1].isalnum() and text[end - 1].isalnum())


def _sum_of(number: str, times: int) -> str | None:
    """A number with its multiplier, in hundredths; None where it may mean two things, or is none."""
    signs = [" " if sign in _BLANKS else sign for sign in number if not sign.isdigit()]
    groups = "".join(letter if letter.isdigit() else " " for letter in number).split()
    has_cents = bool(signs) and len(groups[-1]) != _GROUP
    whole, cents = (groups[:-1], groups[-1]) if has_cents else (groups, "")
    between = signs[:-1] if has_cents else signs
    if len(set(between)) > 1 or (has_cents and signs[-1] in between) or (len(cents) > _DECIMALS and times == 1):
        return None
    if between and (len(whole[0]) > _GROUP or whole[0].startswith("0")):
        return None
    if times > 1 and len(signs) == 1 and not has_cents and signs[0] in ".,":
        return None
    value = Decimal(f"{''.join(whole)}.{cents or 0}") * times
    return str(value.quantize(_CENT)) if value < _MOST else None
