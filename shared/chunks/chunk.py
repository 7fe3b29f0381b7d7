"""A chunk: a passage of a shard's text that is small enough for one vector, and how a text is cut into them.

A paragraph stands alone, so that editing one touches no other's vectors. One that is too long is cut at the ends of sentences, else at
white space, else anywhere. Positions are characters of the text.

A passage is embedded bare, without the title of its record: with one in front, the retrieval benchmark's paraphrases fall from an MRR of
.90 to .73 (docs/decisions/0016). The title is in the first passage, where a question that holds it finds it.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from pydantic import Field

from shared.contracts.canonical import digest
from shared.contracts.message import Identifier, Wire

CUTTING: Final = 1
"""The version of the rules below. A change makes every chunk anew."""

PASSAGE_BYTES: Final = 640
"""A passage stays under 256 tokens, which is all that MiniLM reads: a token of its vocabulary is three bytes or more of the texts we have.
Larger models would take more, but a passage is also what a person is shown."""

MOST_PARAGRAPHS: Final = 2_000
"""What follows these is cut by length alone, so that a text of nothing but short lines makes no more chunks than a manifest can name."""

_PARAGRAPHS_END = re.compile(r"\n[^\S\n]*\n\s*")
_SENTENCE_ENDS = re.compile(r"(?<=[.!?…])\s+|(?<=[。\uff01\uff1f])\s*|\n")  # Chinese and Japanese write no space after a full-width mark
_SPACE = re.compile(r"\s+")


class Chunk(Wire):
    """One passage."""

    id: Identifier
    """Derived from what is embedded: the same passage keeps its vector whatever changes around it."""
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    text: str
    """The passage, as it is embedded."""


def chunks_of(text: str, *, generation: str) -> tuple[Chunk, ...]:
    """Cut a text.

    Args:
        text: white space outside the chunks is all that is left out.
        generation: part of the ids, because chunks made in another way are other chunks.
    """
    seen: dict[str, int] = {}
    found = []
    for start, end in _spans(text):
        passage = text[start:end]
        number = seen[passage] = seen.get(passage, -1) + 1
        found.append(Chunk(id=digest(generation, passage, number), start=start, end=end, text=passage))
    return tuple(found)


def _spans(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    gaps = islice(_PARAGRAPHS_END.finditer(text), MOST_PARAGRAPHS)
    for end, next_start in [*((gap.start(), gap.end()) for gap in gaps), (len(text), len(text))]:
        yield from _pieces(text, start, end)
        start = next_start


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A paragraph, in pieces that are not too long and do not begin or end with white space."""
    end = start + len(text[start:end].rstrip())  # what follows a paragraph on its last line must not decide where it is cut
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
    encoded = text.encode(errors="replace")  # half a character counts as one: with nothing in its place no cut would get past it
    return text if len(encoded) <= most_bytes else encoded[:most_bytes].decode(errors="ignore")
