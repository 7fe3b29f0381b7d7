"""Query text in tokens, and a cursor over them.

Surprising: there are no reserved words after a dot (`c.value`, `c.order`), so every word is a name here and the parser decides.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from devtools.emulators.cosmos.sql.syntax import QuerySyntaxError

SKIPPED: Final = re.compile(r"(?:\s+|--[^\n]*)*")
TOKEN: Final = re.compile(
    r"""(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+)
      |(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      |(?P<parameter>@\w+)
      |(?P<name>[^\W\d]\w*)
      |(?P<symbol>\?\?|\|\||<=|>=|<>|!=|[-+*/%=<>()\[\]{}.,:?])""",
    re.VERBOSE | re.DOTALL,
)
ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
ESCAPED: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}

Kind = Literal["number", "string", "parameter", "name", "symbol", "end"]


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text and where it stands; `text` of a string is what stands between the quotes, unescaped."""

    kind: Kind
    text: str
    start: int
    end: int

    @property
    def number(self) -> float:
        """What a number means: whole where a double has it exactly, infinite where none can hold it."""
        return int(self.text) if self.text.isdigit() and len(self.text) < 16 else float(self.text)

    def is_word(self, *words: str) -> bool:
        """Whether this is one of these keywords, in any case."""
        return self.kind == "name" and self.text.upper() in words

    def is_symbol(self, *symbols: str) -> bool:
        """Whether this is one of these symbols."""
        return self.kind == "symbol" and self.text in symbols


class Tokens:
    """A cursor that looks at most one token ahead, and two where the grammar needs it."""

    def __init__(self, text: str) -> None:
        self._tokens = list(tokens(text))
        self._position = 0

    @property
    def next(self) -> Token:
        """The token that would be taken."""
        return self._tokens[self._position]

    @property
    def after_next(self) -> Token:
        """The one behind it."""
        return self._tokens[min(self._position + 1, len(self._tokens) - 1)]

    def take(self) -> Token:
        """The next token, consumed."""
        token = self.next
        self._position = min(self._position + 1, len(self._tokens) - 1)
        return token

    def take_word(self, *words: str) -> bool:
        """Consume one of these keywords if it is next."""
        return self.next.is_word(*words) and self.take() is not None

    def take_symbol(self, *symbols: str) -> bool:
        """Consume one of these symbols if it is next."""
        return self.next.is_symbol(*symbols) and self.take() is not None

    def expect(self, wanted: str) -> Token:
        """Consume this keyword or symbol, or refuse the query."""
        if not (self.next.is_word(wanted) or self.next.is_symbol(wanted)):
            raise self.unexpected()
        return self.take()

    def expect_name(self) -> Token:
        """Consume a name, or refuse the query."""
        if self.next.kind != "name":
            raise self.unexpected()
        return self.take()

    def unexpected(self, token: Token | None = None) -> QuerySyntaxError:
        """The refusal for a token that cannot stand here."""
        found = token or self.next
        near = found.text or "end of query"
        return QuerySyntaxError(f"Syntax error, incorrect syntax near '{near}'.", found.start, found.end)


def tokens(text: str) -> Iterable[Token]:
    """Every token of `text`, and one for its end."""
    position = _skip(text, 0)
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            raise QuerySyntaxError(f"Syntax error, invalid token '{text[position]}'.", position, position + 1)
        kind: Kind = match.lastgroup  # type: ignore[assignment]  # the groups of TOKEN are named after the kinds
        yield Token(kind, unquoted(match.group()) if kind == "string" else match.group(), position, match.end())
        position = _skip(text, match.end())
    yield Token("end", "", len(text), len(text))


def unquoted(literal: str) -> str:
    """What a quoted string means."""
    text = ESCAPE.sub(_unescaped, literal[1:-1])
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _unescaped(match: re.Match[str]) -> str:
    escape = match.group(1)
    return chr(int(escape[1:], 16)) if len(escape) == 5 else ESCAPED.get(escape, escape)


def _skip(text: str, position: int) -> int:
    match = SKIPPED.match(text, position)
    return match.end() if match else position
