"""The words of a query."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from devtools.vendors.salesforce.soql.tree import Literal, SoqlError

_PATTERN: Final = re.compile(
    r"""\s*(?:
        (?P<string>'(?:[^'\\]|\\.)*')
      | (?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
      | (?P<date>\d{4}-\d\d-\d\d)
      | (?P<number>[+-]?\d+(?:\.\d+)?)
      | (?P<name>[A-Za-z]\w*(?:\.[A-Za-z]\w*)*)
      | (?P<sign><=|>=|!=|<>|[=<>(),])
    )""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_ESCAPE: Final = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_ESCAPED: Final = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "'": "'", '"': '"', "\\": "\\"}
_KEPT: Final = frozenset("_%")
"""``LIKE`` takes these after a backslash for themselves, so the backslash stays."""


@dataclass(frozen=True, slots=True)
class Token:
    """``kind``: name, sign, literal, end. ``text`` as it was written."""

    kind: str
    text: str
    value: Literal = None

    def is_word(self, *words: str) -> bool:
        """Whether it is one of these words, in any case of letters."""
        return self.kind == "name" and self.text.upper() in words


def tokens_of(text: str) -> Iterator[Token]:
    """The tokens, ``end`` last.

    Raises:
        SoqlError: MALFORMED_QUERY, something is no token at all.
    """
    position, end = 0, len(text.rstrip())
    while position < end:
        found = _PATTERN.match(text, position)
        if found is None:
            raise SoqlError("MALFORMED_QUERY", f"unexpected character or unterminated string at position {position}")
        position = found.end()
        yield _token(str(found.lastgroup), found[str(found.lastgroup)])
    yield Token("end", "<EOF>")


def _token(kind: str, text: str) -> Token:
    try:
        match kind:
            case "string":
                return Token("literal", text, _ESCAPE.sub(_unescaped, text[1:-1]))
            case "datetime":
                return Token("literal", text, datetime.fromisoformat(text))
            case "date":
                return Token("literal", text, date.fromisoformat(text))
            case "number":
                return Token("literal", text, Decimal(text))
            case _:
                return Token(kind, "!=" if text == "<>" else text)
    except ValueError as error:
        raise SoqlError("MALFORMED_QUERY", f"'{text}' is no such date or string") from error


def _unescaped(found: re.Match[str]) -> str:
    letter = found[1]
    if letter in _KEPT:
        return f"\\{letter}"
    if len(letter) > 1:
        return chr(int(letter[1:], 16))
    if letter not in _ESCAPED:
        raise SoqlError("MALFORMED_QUERY", f"Invalid escape sequence: '\\{letter}'")
    return _ESCAPED[letter]
