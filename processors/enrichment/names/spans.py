"""Which words of a text may be a name that nobody has written exactly."""

from collections.abc import Sequence
from typing import Final

from processors.enrichment.names.common_words import is_common
from processors.enrichment.names.normal import Word

MOST_SPANS: Final = 64
MOST_WORDS: Final = 12
_INSIDE: Final = frozenset(("and", "de", "der", "des", "di", "du", "la", "of", "the", "und", "van", "von", "y"))
"""Words in lower case that stand inside names."""


def spans_in(words: Sequence[Word]) -> list[tuple[int, int]]:
    """Runs of capitalised words that have nothing but one sign between them, as first word and the one after the last; those of common
    words alone are left out. At most 64, of at most 12 words each."""
    spans: list[tuple[int, int]] = []
    count, place = len(words), 0
    for start in [number for number, word in enumerate(words) if word.is_capital]:
        if start < place:
            continue
        if len(spans) == MOST_SPANS:
            break
        place = start + 1
        while place < count and place - start < MOST_WORDS and words[place].start - words[place - 1].end <= 1:
            if words[place].is_capital:
                place += 1
            elif words[place].form in _INSIDE and place + 1 < count and words[place + 1].is_capital:
                place += 2
            else:
                break
        if not all(is_common(words[number].form) for number in range(start, place)):
            spans.append((start, place))
    return spans
