"""One place in a text where an anchor is named."""

from collections.abc import Sequence
from typing import NamedTuple, Self

from processors.enrichment.names.normal import Word


class NameHit(NamedTuple):
    """An anchor that a text names."""

    anchor_id: str
    similarity: float
    """Of the text's words and the name, from 0 to 1; 1 where they are equal."""
    is_exact: bool
    rarity: float
    """How little chance is in it that a text has this name, from 0 to 1."""
    start: int
    """Where it stands: ``text[start:end]``."""
    end: int
    text: str
    """The words as they were compared."""
    first: int
    """The first of those words, by number."""
    last: int
    """The word after the last."""
    is_whole: bool
    """False for a name of one word that stands in what is likely a longer name."""

    @classmethod
    def of(
        cls, words: Sequence[Word], first: int, anchor_id: str, *, similarity: float, rarity: float, is_exact: bool, is_whole: bool
    ) -> Self:
        """The hit that these words are, the first of which has this number in the text."""
        text = " ".join(word.form for word in words)
        return cls(anchor_id, similarity, is_exact, rarity, words[0].start, words[-1].end, text, first, first + len(words), is_whole)
