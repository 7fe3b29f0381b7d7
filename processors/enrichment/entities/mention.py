"""What a recogniser gives: something that a text mentions, in its one form, and where it stands."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

MentionKind = Literal["id", "email", "phone", "money", "date"]


class Found(NamedTuple):
    """What one recogniser found in one text: first character, the one after the last, and the one form of what stands there."""

    start: int
    end: int
    value: str


@dataclass(frozen=True, slots=True)
class Mention:
    """Something that a field mentions."""

    kind: MentionKind
    value: str
    """In its one form: ``salesforce:<18 characters>``, ``gdrive:<id>``, ``slack:<id>``; an address without capitals; a phone number in
    E.164, ``+4930901820``; money as ``EUR 12000.00``, or ``12000.00`` where the currency is not certain; a date as ``YYYY-MM-DD``."""
    field: str
    start: int
    """In characters of the field's text."""
    end: int
    text: str
    """As it stands there: ``field[start:end]``."""


@dataclass(frozen=True, slots=True)
class Mentions:
    """What a shard mentions."""

    found: tuple[Mention, ...] = ()
    """In the order of the fields, and of the places in them. None overlaps another of the same field."""
    is_cut: bool = False
    """Whether there may be more: a text was longer, or mentions were more than are kept."""

    def of(self, kind: MentionKind) -> tuple[Mention, ...]:
        """Those of one kind."""
        return tuple(mention for mention in self.found if mention.kind == kind)
