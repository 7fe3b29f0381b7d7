"""A chunk: a passage of a shard's text that is small enough for one vector, and how a text is cut into them.

A paragraph stands alone, so that editing one touches no other's vectors. One that is too long is cut at the ends of sentences, else at
white space, else anywhere. Positions are characters of the text.
"""

import re
from collections.abc import Iterator
from typing import Final

from pydantic import Field

from shared.contracts.canonical import digest
from shared.contracts.message import Identifier, Wire

CUTTING: Final = 1
"""The version of the rules below. A change makes every chunk anew."""

PASSAGE_BYTES: Final = 640
CONTEXT_BYTES: Final = 128
"""A passage and its context stay under 256 tokens, which is all that MiniLM reads: a token of its vocabulary is three bytes or more of the
texts we have. Larger models would take more, but a passage is also what a person is shown."""

_PARAGRAPHS_END = re.compile(r"\n[^\S\n]*\n\s*")
_SENTENCE_ENDS = re.compile(r"(?<=[.!?…。!?])\s+|\n")
_SPACE = re.compile(r"\s+")


class Chunk(Wire):
    """One passage."""

    id: Identifier
    """Derived from what is embedded: the same passage keeps its vector whatever changes around it."""
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    text: str
    """What is embedded: the passage, below the title of its record."""


def chunks_of(text: str, *, context: str, generation: str) -> tuple[Chunk, ...]:
    """Cut a text.

    Args:
        text: white space outside the chunks is all that is left out.
        context: the record's title; it goes before every passage that does not hold it.
        generation: part of the ids, because chunks made in another way are other chunks.
    """
    title = _shortened(context, CONTEXT_BYTES)
    seen: dict[str, int] = {}
    found = []
    for start, end in _spans(text):
        passage = text[start:end]
        embedded = passage if not title or title in passage else f"{title}\n{passage}"
        number = seen[embedded] = seen.get(embedded, -1) + 1
        found.append(Chunk(id=digest(generation, embedded, number), start=start, end=end, text=embedded))
    return tuple(found)


def _spans(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for end, next_start in [*((gap.start(), gap.end()) for gap in _PARAGRAPHS_END.finditer(text)), (len(text), len(text))]:
        yield from _pieces(text, start, end)
        start = next_start


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A paragraph, in pieces that are not too long and do not begin or end with white space."""
    while start < end:
        leading = _SPACE.match(text, start, end)
        start = leading.end() if leading else start
        limit = _reach(text, start, end)
        cut = end if limit == end else _cut(text, start, limit)
        piece = text[start:cut].rstrip()
        if piece:
            yield start, start + len(piece)
        start = cut


def _reach(text: str, start: int, end: int) -> int:
    """How far ``PASSAGE_BYTES`` go."""
    piece = text[start : min(end, start + PASSAGE_BYTES)]
    return start + len(_shortened(piece, PASSAGE_BYTES))


def _cut(text: str, start: int, limit: int) -> int:
    """Where to cut: after the last sentence that fits, unless that would leave less than half of a passage."""
    half = start + (limit - start) // 2
    for ends in (_SENTENCE_ENDS, _SPACE):
        last = max((found.end() for found in ends.finditer(text, half, limit)), default=None)
        if last is not None:
            return last
    return limit


def _shortened(text: str, most_bytes: int) -> str:
    encoded = text.encode(errors="surrogatepass")
    return text if len(encoded) <= most_bytes else encoded[:most_bytes].decode(errors="ignore")
