"""The pretend vendor behind the tiny source: a card index. It stands for what a network call would reach, and is no part of the source.

Cards have numbers and are never renumbered. Every save takes the next revision, throwing a card away too.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import JsonValue


class NotLetIn(Exception):
    """Whoever asks may not."""


class Busy(Exception):
    """Too many questions."""

    def __init__(self, seconds: float) -> None:
        super().__init__("busy")
        self.seconds = seconds


class Closed(Exception):
    """Nobody answers."""


@dataclass(frozen=True)
class Card:
    """One card, as it is now."""

    number: int
    revision: int
    saved_at: datetime
    name: str
    phone: str | None = None
    is_thrown_away: bool = False

    def document(self) -> dict[str, JsonValue]:
        """As the vendor writes it."""
        return {
            "number": self.number,
            "revision": self.revision,
            "savedAt": self.saved_at.isoformat(),
            "name": self.name,
            "phone": self.phone,
            "thrownAway": self.is_thrown_away,
        }


class CardIndex:
    """All cards. ``trouble`` is what every question is answered with while set."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.revision = 0
        self.most = 100
        self.trouble: Exception | None = None
        self._cards: dict[int, Card] = {}

    def put(self, name: str, phone: str | None = None) -> int:
        """A new card. Returns its number."""
        number = len(self._cards) + 1
        self._save(Card(number, 0, self.now(), name, phone))
        return number

    def change(self, number: int, *, name: str | None = None, is_thrown_away: bool = False) -> None:
        """Write on a card, throw it away, or take it out of the bin."""
        card = self._cards[number]
        self._save(replace(card, name=name or card.name, is_thrown_away=is_thrown_away))

    def changed_after(self, revision: int) -> tuple[Sequence[Card], bool]:
        """The next cards saved since, those thrown away too, and whether these are all."""
        return self._some(sorted((card for card in self._cards.values() if card.revision > revision), key=lambda card: card.revision))

    def above(self, number: int) -> tuple[Sequence[Card], bool]:
        """The next cards by number, and whether these are all."""
        return self._some([card for card in self._cards.values() if card.number > number and not card.is_thrown_away])

    def look_up(self, numbers: Sequence[int]) -> Sequence[Card]:
        """These cards, as far as they are there."""
        self.ask()
        found = (self._cards.get(number) for number in numbers)
        return [card for card in found if card is not None and not card.is_thrown_away]

    def count(self) -> int:
        """How many there are."""
        self.ask()
        return len(self.living())

    def living(self) -> set[int]:
        """The numbers of those there are."""
        return {card.number for card in self._cards.values() if not card.is_thrown_away}

    def ask(self) -> None:
        """What every question begins with."""
        if self.trouble is not None:
            raise self.trouble

    def _some(self, cards: Sequence[Card]) -> tuple[Sequence[Card], bool]:
        self.ask()
        return cards[: self.most], len(cards) <= self.most

    def _save(self, card: Card) -> None:
        self.revision += 1
        self._cards[card.number] = replace(card, revision=self.revision, saved_at=self.now())
