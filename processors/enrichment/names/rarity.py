"""How much a word, and a name, tells: in three steps of how many names of a kind have it, so that one more name rarely changes anything."""

from collections.abc import Iterable
from typing import Final

from processors.enrichment.names.common_words import is_common

FEW: Final = 20
MANY: Final = 200
COMMON: Final = 0.3
"""Of a common word or a number: however few names have it, texts have it anyway."""


def step(count: int) -> float:
    """The rarity of an uncommon word that so many names of a kind have."""
    if count <= FEW:
        return 1.0
    return 0.6 if count <= MANY else COMMON


def name_rarity(rarities: Iterable[float]) -> float:
    """Of a name whose words have these: each word that fits makes a chance meeting less likely."""
    chance = 1.0
    for rarity in rarities:
        chance *= 1.0 - rarity
    return 1.0 - chance


class WordCounts:
    """How many names of one kind have each word. Common words are not counted."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def add(self, words: Iterable[str]) -> None:
        """One more has these."""
        for word in words:
            if not is_common(word):
                self._counts[word] = self._counts.get(word, 0) + 1

    def remove(self, words: Iterable[str]) -> None:
        """One less."""
        for word in words:
            if not is_common(word):
                left = self._counts[word] - 1
                if left:
                    self._counts[word] = left
                else:
                    del self._counts[word]

    def rarity(self, word: str) -> float:
        """From 0 to 1."""
        count = self._counts.get(word)
        if count is None:
            return COMMON if is_common(word) else 1.0
        return 1.0 if count <= FEW else step(count)

    def __len__(self) -> int:
        return len(self._counts)
