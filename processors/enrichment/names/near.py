"""Key words of names, found by words that are written nearly the same: one slip of the pen leaves the first letters or the last ones."""

from collections.abc import Collection
from typing import Final, TypeVar

from rapidfuzz import process
from rapidfuzz.distance import OSA

LEAST_LETTERS: Final = 6
"""Shorter words are found only as they are: too many are near each other."""
_END_LETTERS: Final = 4
_LONG: Final = 9
"""From so many letters on two slips of the pen are allowed, else one."""
_MOST_WORDS: Final = 8
"""That are looked up for one word of a text."""
_MOST_LETTERS: Final = 64
"""Longer ones are no words of names."""
_Value = TypeVar("_Value", int, str)


class NearWords:
    """Key words, and the numbers of the names they are of."""

    def __init__(self) -> None:
        self._names: dict[str, int | set[int]] = {}
        self._ends: dict[str, str | set[str]] = {}

    def __len__(self) -> int:
        return len(self._names)

    def put(self, key: str, number: int) -> None:
        """A name has this key word."""
        if key not in self._names:
            self._names[key] = number
            for end in _ends(key, len(key)):
                _put(self._ends, end, key)
        else:
            _put(self._names, key, number)

    def remove(self, key: str, number: int) -> None:
        """It has no longer."""
        _remove(self._names, key, number)
        if key not in self._names:
            for end in _ends(key, len(key)):
                _remove(self._ends, end, key)

    def like(self, word: str, bare: str) -> list[str]:
        """Key words that this may be: the word itself, or as it is without a possessive; if neither is one, the likest ones."""
        names = self._names
        found = [one for one in ((word,) if bare == word else (word, bare)) if one in names]
        if found or not LEAST_LETTERS <= len(word) <= _MOST_LETTERS:
            return found
        slips = 1 + (len(word) >= _LONG)
        near: set[str] = set()
        for length in range(max(LEAST_LETTERS, len(word) - slips), len(word) + slips + 1):
            for end in _ends(word, length):
                others = self._ends.get(end)
                if isinstance(others, str):
                    near.add(others)
                elif others is not None:
                    near |= others
        if not near:
            return found
        alike = process.extract(word, near, scorer=OSA.distance, score_cutoff=slips, limit=None)
        return [other for _, other in sorted((distance, other) for other, distance, _ in alike)[:_MOST_WORDS]]

    def names_of(self, key: str) -> Collection[int]:
        """The numbers of names with this key word."""
        numbers = self._names.get(key)
        if numbers is None:
            return ()
        return (numbers,) if isinstance(numbers, int) else numbers


def _ends(word: str, length: int) -> tuple[str, ...]:
    """By which a word of this length is found that begins or ends like this one."""
    return (f"{length}p:{word[:_END_LETTERS]}", f"{length}s:{word[-_END_LETTERS:]}") if length >= LEAST_LETTERS else ()


def _put(sets: dict[str, _Value | set[_Value]], key: str, value: _Value) -> None:
    """A key that has one value has it bare: most have, and a set takes ten times the memory."""
    held = sets.get(key)
    if held is None:
        sets[key] = value
    elif isinstance(held, set):
        held.add(value)
    else:
        sets[key] = {held, value}


def _remove(sets: dict[str, _Value | set[_Value]], key: str, value: _Value) -> None:
    held = sets[key]
    if not isinstance(held, set):
        del sets[key]
        return
    held.remove(value)
    if len(held) == 1:
        sets[key] = held.pop()
