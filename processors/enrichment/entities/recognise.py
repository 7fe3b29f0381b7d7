"""One pass of all recognisers over the fields of a shard. Bounded and pure; what one recogniser took, the next ones do not see.

They go from the exact to the vague: links and ids, addresses, dates, money, phone numbers. Texts are anybody's: whatever they hold, this
takes time in proportion to their length and raises nothing.
"""

import re
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Final

from processors.enrichment.entities.dates import dates_in
from processors.enrichment.entities.emails import emails_in
from processors.enrichment.entities.fields import PHONES
from processors.enrichment.entities.mention import Found, Mention, MentionKind, Mentions
from processors.enrichment.entities.money import money_in
from processors.enrichment.entities.native_ids import bare_ids, linked_id, marked_ids
from processors.enrichment.entities.phones import phone_number, phones_in
from processors.enrichment.entities.urls import urls_in

LONGEST_TEXT: Final = 20_000
"""Characters of a field that are looked at."""
MOST_OF_A_KIND: Final = 200
_SIGHT: Final = 64
"""Characters beyond that are seen, and not looked at: whether what stands at the end is whole."""
_TAKEN: Final = "\x00"
"""Stands for what is taken: no recogniser reads it, and none reads across it."""
_DIGIT: Final = re.compile("[0-9]")


def recognise(fields: Mapping[str, str], *, default_country: str) -> Mentions:
    """What these fields mention. ``default_country`` (ISO 3166) is where phone numbers without a country code are dialled."""
    found: list[Mention] = []
    counts: dict[MentionKind, int] = {}
    is_cut = False
    for field, text in fields.items():
        is_cut = is_cut or len(text) > LONGEST_TEXT
        for kind, one in _read(field, text[: LONGEST_TEXT + _SIGHT], default_country):
            counts[kind] = counts.get(kind, 0) + 1
            if one.end > LONGEST_TEXT or counts[kind] > MOST_OF_A_KIND:
                is_cut = True
            else:
                found.append(Mention(kind, one.value, field, one.start, one.end, text[one.start : one.end]))
    return Mentions(tuple(found), is_cut=is_cut)


def _read(field: str, text: str, country: str) -> list[tuple[MentionKind, Found]]:
    if field in PHONES and (number := phone_number(text, country)) is not None:
        return [("phone", Found(0, len(text), number))]
    reading = _Reading(text)
    reading.take("id", marked_ids(text))
    urls = urls_in(reading.left)
    reading.take("id", (Found(start, end, led) for start, end in urls if (led := linked_id(text[start:end])) is not None))
    reading.take("email", emails_in(reading.left))
    reading.blank(urls)
    if _DIGIT.search(reading.left):
        reading.take("id", bare_ids(reading.left))
        reading.take("date", dates_in(reading.left))
        reading.take("money", money_in(reading.left))
        reading.take("phone", phones_in(reading.left, country))
    return sorted(reading.found, key=lambda taken: taken[1].start)


class _Reading:
    """A text, and what was found in it so far."""

    def __init__(self, text: str) -> None:
        self.left = text
        self.found: list[tuple[MentionKind, Found]] = []

    def take(self, kind: MentionKind, some: Iterable[Found]) -> None:
        """Keep these, one more than are kept at most; nobody else finds anything there."""
        taken = list(islice(some, MOST_OF_A_KIND + 1))
        self.found += [(kind, one) for one in taken]
        self.blank([(one.start, one.end) for one in taken])

    def blank(self, spans: list[tuple[int, int]]) -> None:
        """Take these places, in order, out of what is left."""
        if not spans:
            return
        parts, done = [], 0
        for start, end in spans:
            parts += [self.left[done:start], _TAKEN * (end - start)]
            done = end
        self.left = "".join((*parts, self.left[done:]))
