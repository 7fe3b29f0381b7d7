"""Addresses of the web in a text: where they stand, and what they say when nothing in them is escaped."""

import re
from typing import Final
from urllib.parse import unquote

LONGEST: Final = 2_048
"""What is beyond in one address is not looked at: no vendor's link to a record is that long."""
_ENDS: Final = r"\s<>\"'`{}|\\^\[\]\x00-\x1f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\u3001\u3002\uff0c\uff09\ufeff\ud800-\udfff"
"""What no address holds: blanks, quotes, mark-up, what nobody sees, halves of characters."""
_URL: Final = re.compile(rf"(?:[hH][tT][tT][pP][sS]?://|slack://|d(?<![\w.@/%-]d)(?:rive|ocs)\.google\.com/)[^{_ENDS}]{{1,{LONGEST}}}+")
_TRAILING: Final = ".,;:!?)*_~"
"""What stands behind an address rather than in it: no link to a record ends so."""


def urls_in(text: str) -> list[tuple[int, int]]:
    """Where they stand. Those of Google's editors are written without ``https://``, too."""
    if "://" not in text and ".google.com/" not in text:
        return []
    return [(found.start(), found.start() + len(found[0].rstrip(_TRAILING))) for found in _URL.finditer(text)]


def unescaped(url: str) -> str:
    """Without percent signs. Twice: a link in another link's parameter is escaped once more."""
    for _ in range(2):
        if "%" in url:
            url = unquote(url)
    return url
