"""Names by their words: the longest one at each place of a text, by looking up runs of words."""

from collections.abc import Sequence
from typing import Final

from processors.enrichment.names.normal import Word

MOST_WORDS: Final = 12
"""A name with more is known by its first ones."""
_BITS: Final = 20
_COUNT: Final = (1 << _BITS) - 1


class Gazetteer:
    """Numbers of names by the names' words."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, ...], int] = {}
        self._lengths: dict[str, int] = {}
        """By first word: how many names begin with it, for each length in 20 bits of its own, so that one number says all."""

    def __len__(self) -> int:
        return len(self._numbers)

    def number_of(self, name: tuple[str, ...]) -> int | None:
        """The name's."""
        return self._numbers.get(name)

    def put(self, name: tuple[str, ...], number: int) -> None:
        """Know a name that is not known, by a number from 1 on."""
        self._numbers[name] = number
        self._lengths[name[0]] = self._lengths.get(name[0], 0) + _one(name)

    def remove(self, name: tuple[str, ...]) -> None:
        """Know it no longer."""
        del self._numbers[name]
        left = self._lengths[name[0]] - _one(name)
        if left:
            self._lengths[name[0]] = left
        else:
            del self._lengths[name[0]]

    def names_in(self, words: Sequence[Word]) -> list[tuple[int, int, int]]:
        """First word, the one after the last, and number of each name in a text, from left to right."""
        lengths, found, free = self._lengths, [], 0
        beginnings = lengths.keys()
        places = [place for place, word in enumerate(words) if word[0] in beginnings or word[4] in beginnings]
        for place in places:
            if place < free:
                continue
            form, bare = words[place].form, words[place].bare
            known = lengths.get(form, 0)
            if bare is not form:
                known |= lengths.get(bare, 0)
            if known and (hit := self._longest(words, place, known)) is not None:
                found.append(hit)
                free = hit[1]
        return found

    def _longest(self, words: Sequence[Word], place: int, known: int) -> tuple[int, int, int] | None:
        if known <= _COUNT:  # only names of one word begin so
            word = words[place]
            number = self._numbers.get((word.form,)) or self._numbers.get((word.bare,))
            return None if number is None else (place, place + 1, number)
        for length in range(min((known.bit_length() - 1) // _BITS + 1, len(words) - place), 0, -1):
            if known >> (_BITS * (length - 1)) & _COUNT:
                run = words[place : place + length]
                number = self._numbers.get(tuple([word.form for word in run])) or self._numbers.get(tuple([word.bare for word in run]))
                if number is not None:
                    return place, place + length, number
        return None


def _one(name: Sequence[str]) -> int:
    return 1 << (_BITS * (min(len(name), MOST_WORDS) - 1))
