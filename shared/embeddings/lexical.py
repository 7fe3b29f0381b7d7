"""Vectors that count words: what is left when there is neither an embedding service nor the offline encoder.

Each word, and each four characters of a word with its ends marked, adds or subtracts at one of 512 places; which, its hash says. So
texts are near when they spell things alike. That "the deal is off" means "they cancelled", no such vector knows; it is never used
silently, and never compared with another model's.
"""

import asyncio
import logging
import math
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence

from typing_extensions import override

from shared.embeddings.embedder import Model, Vector
from shared.topology import LEXICAL, Space

log = logging.getLogger(__name__)

_WORD = re.compile(r"\w+|[^\w\s\x00-\x7f]")
_GRAM_CHARACTERS = 4
_SIGN_BIT = 1 << 31


class LexicalModel(Model):
    """The counting of words. It says once, when it is made, what search cannot do now."""

    def __init__(self) -> None:
        log.warning(
            "search is lexical now: it finds texts by how words are spelled, and knows nothing of what they mean",
            extra={"space": LEXICAL.name},
        )

    @property
    @override
    def space(self) -> Space:
        return LEXICAL

    @override
    async def encode(self, texts: Sequence[str]) -> list[Vector]:
        return await asyncio.to_thread(lambda: [lexical_vector(text) for text in texts])


def lexical_vector(text: str) -> list[float]:
    """A vector of length 1, the same on every machine."""
    counts = Counter(_features(text))
    vector = [0.0] * LEXICAL.dimensions
    for feature, count in counts.items():
        # Not hash(): it differs from process to process. A lone surrogate is no reason to fail.
        hashed = zlib.crc32(feature.encode("utf-8", "surrogatepass"))
        weight = 1 + math.log(count)
        vector[hashed % LEXICAL.dimensions] += weight if hashed & _SIGN_BIT else -weight
    length = math.hypot(*vector)
    if not length:
        # No words, or words that cancel each other: vectors are compared by their angle, and nothing has none.
        return [1.0, *vector[1:]]
    return [component / length for component in vector]


def _features(text: str) -> Iterator[str]:
    for word in (match.group() for match in _WORD.finditer(text.lower())):
        yield f"={word}"
        marked = f"<{word}>"
        for start in range(len(marked) - _GRAM_CHARACTERS + 1):
            yield marked[start : start + _GRAM_CHARACTERS]
