"""Addresses of people in a text.

Looked for from the ``@`` on to both sides, so that a text without one costs nothing. What only looks like the end of an address is none:
behind a letter with a separate accent, or a character nobody sees, there may be more of it.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from processors.enrichment.entities.mention import Found
from shared.access.acl import without_capitals

_LOCAL_SIGNS: Final = frozenset("_+&'.-")
_NEVER_FIRST: Final = "&'.-"
LONGEST_LOCAL: Final = 64
"""RFC 5321, 4.5.3.1.1."""
_DOMAIN: Final = re.compile(r"[\w.-]{3,253}+")
_LABEL: Final = re.compile(r"[^\W_](?:[^\W_]|-){0,62}(?<!-)")
_LAST_LABEL: Final = re.compile(r"[^\W\d_]{2,24}|xn--[a-z0-9-]{2,59}", re.IGNORECASE)
_FILES: Final = frozenset({"png", "jpg", "jpeg", "gif", "svg", "webp", "pdf", "html", "htm", "css", "js", "json", "xml", "txt", "csv"})
"""``logo@2x.png`` is a picture: none of these is a top-level domain."""
_JOINS: Final = frozenset({"Mn", "Me", "Cs"})
"""Categories of characters that belong to what is next to them: accents, and halves of characters."""
_MOST_UNSEEN: Final = 8
_AUTHORITY: Final = re.compile(r"://[^\s/?#<>]{0,80}\Z")


def emails_in(text: str) -> Iterator[Found]:
    """Where they stand, each in the form people are recognised by."""
    at = text.find("@")
    while at >= 0:
        start, end = _start_of(text, at), _end_of(text, at)
        if start < at and end and not _AUTHORITY.search(text, max(0, start - 90), start):
            yield Found(start, end, without_capitals(text[start:end]))
        at = text.find("@", max(at + 1, end))


def _start_of(text: str, at: int) -> int:
    """The first character of what stands before the ``@``; its own place for nothing that is whole."""
    start = at
    lowest = max(0, at - LONGEST_LOCAL)
    while start > lowest and ((letter := text[start - 1]).isalnum() or letter in _LOCAL_SIGNS):
        start -= 1
    if _goes_on(text, start - 1, -1, "%@_+&'.-"):  # but for the first two: it is too long
        return at
    while start < at and text[start] in _NEVER_FIRST:
        start += 1
    return at if text[at - 1] == "." or ".." in text[start:at] else start


def _end_of(text: str, at: int) -> int:
    """The one after the last character of the domain behind the ``@``; 0 where none stands there."""
    found = _DOMAIN.match(text, at + 1)
    if found is None:
        return 0
    domain = found[0].rstrip(".-_")
    end = at + 1 + len(domain)
    if _goes_on(text, end, 1, "@"):
        return 0
    *labels, last = domain.split(".")
    is_domain = labels and all(_LABEL.fullmatch(label) for label in labels) and _LAST_LABEL.fullmatch(last)
    return end if is_domain and last.lower() not in _FILES else 0


def _goes_on(text: str, at: int, step: int, signs: str) -> bool:
    """Whether what stands here, and behind what nobody sees, makes it only a part of something."""
    for _ in range(_MOST_UNSEEN):
        if not 0 <= at < len(text):
            return False
        letter = text[at]
        if letter.isascii():
            return letter in signs or letter.isalnum()
        category = unicodedata.category(letter)
        if category != "Cf":
            return category in _JOINS or letter.isalnum()
        at += step
    return True
