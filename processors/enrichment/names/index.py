"""All names of one tenant's anchors in memory: which of them a text has, letter by letter or nearly.

Exact names are found by walking the text's words and looking up the longest run that is a name (word boundaries for free). Nearly equal
ones are looked for in spans that may be names, blocked: a name is compared only where the span has its key word, or a word with the first
or last four letters of it. What an index answers depends on what it holds, never on the order in which it came.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from processors.enrichment.names.common_words import is_common
from processors.enrichment.names.gazetteer import MOST_WORDS, Gazetteer
from processors.enrichment.names.hit import NameHit
from processors.enrichment.names.near import NearWords
from processors.enrichment.names.normal import Word, key_word
from processors.enrichment.names.rarity import WordCounts, name_rarity
from processors.enrichment.names.similarity import name_similarity
from processors.enrichment.names.spans import spans_in

__all__ = ["NameHit", "NameIndex"]

LEAST_SIMILAR: Final = 0.70
"""Names that are less alike are not the same."""
SIMILAR: Final = 0.90
"""From here on no other place in the same span is tried."""
MOST_OF_A_NAME: Final = 20
"""Anchors that have the very same name: of more, the first by their ids are told."""
MOST_TITLE_WORDS: Final = 64
"""Of a title, the first words are looked at for nearly equal names."""
MOST_NAMES_OF_A_WORD: Final = 200
"""Names with the same key word that are compared with one span; of more, only those are that share another word with it."""
CONTINUED: Final = 0.7
"""How much rarer a name of one word is to be when another capitalised uncommon word goes on: «Morgan» in «Morgan Freeman»."""


class NameIndex:
    """Names by anchor, and anchors by name."""

    def __init__(self) -> None:
        self._anchors: dict[str, tuple[str, tuple[int, ...]]] = {}
        self._names: dict[int, tuple[str, ...]] = {}
        self._having: dict[int, str | frozenset[str]] = {}
        self._gazetteer = Gazetteer()
        self._near = NearWords()
        self._counts: dict[str, WordCounts] = {}
        self._next = 1

    def __len__(self) -> int:
        return len(self._anchors)

    def put(self, anchor_id: str, group: str, names: Iterable[tuple[str, ...]]) -> None:
        """Hold an anchor under these names, and no others.

        Args:
            anchor_id: whose they are.
            group: the kind of anchor, such as its shard type: a word is rare among names of one kind.
            names: normal names (``normal_name``); empty ones are left out, and of long ones the words after the twelfth.
        """
        self.remove(anchor_id)
        kept = tuple(dict.fromkeys(name[:MOST_WORDS] for name in names if name))
        if not kept:
            return
        self._anchors[anchor_id] = (group, tuple(self._hold(name, anchor_id) for name in kept))
        self._counts.setdefault(group, WordCounts()).add({word for name in kept for word in name})

    def remove(self, anchor_id: str) -> None:
        """Hold it no longer; nothing of it is left. Of an anchor that is not held, nothing happens."""
        group, numbers = self._anchors.pop(anchor_id, ("", ()))
        if not numbers:
            return
        counts = self._counts[group]
        counts.remove({word for number in numbers for word in self._names[number]})
        for number in numbers:
            self._let_go(number, anchor_id)

    def rarity(self, group: str, word: str) -> float:
        """How much a word tells in a name of this kind, from 0 to 1, in three steps."""
        return self._counts.get(group, _NO_COUNTS).rarity(word)

    def named_in(self, words: Sequence[Word], *, fuzzy: bool, is_title: bool = False) -> list[NameHit]:
        """Where a text has the name of an anchor; with ``fuzzy`` also where it nearly has, where it has none exactly.

        Args:
            words: those of the text, or of one field of it.
            fuzzy: look for nearly equal names, too.
            is_title: the text is a name itself (a file's, a channel's): all of it is looked at, capitalised or not.
        """
        hits = self.exact(words, is_title=is_title)
        if not fuzzy:
            return hits
        taken = {number for hit in hits if hit.is_whole for number in range(hit.first, hit.last)}
        spans = [(0, min(len(words), MOST_TITLE_WORDS))] if is_title and words else spans_in(words)
        found = self.fuzzy(words, spans, taken)
        exact = {hit.anchor_id for hit in hits}
        return hits + [hit for hit in found if hit.anchor_id not in exact]

    def exact(self, words: Sequence[Word], *, is_title: bool = False) -> list[NameHit]:
        """Where a text has names as they are: the longest at each place, and none inside another."""
        places = self._gazetteer.names_in(words)
        starts, ends = {first for first, _, _ in places}, {last for _, last, _ in places}
        hits = []
        for first, last, number in places:
            name = self._names[number]
            if not words[first].is_capital and (len(name) == 1 or not is_title) and all(map(is_common, name)):
                continue
            is_whole = len(name) > 1 or not (
                (last < len(words) and last not in starts and _goes_on(words[last - 1], words[last], is_title=is_title))
                or (first > 0 and first not in ends and _goes_on(words[first - 1], words[first], is_title=is_title, is_before=True))
            )
            for anchor_id in self._of(number):
                rarity = self._rarity_of(name, self._anchors[anchor_id][0]) * (1.0 if is_whole else CONTINUED)
                hits.append(
                    NameHit.of(words[first:last], first, anchor_id, similarity=1.0, rarity=rarity, is_exact=True, is_whole=is_whole)
                )
        return hits

    def fuzzy(
        self, words: Sequence[Word], spans: Iterable[tuple[int, int]], taken: frozenset[int] | set[int] = frozenset()
    ) -> list[NameHit]:
        """Where spans of a text's words nearly have a name: of each anchor the likest place, the likest anchor first.

        Args:
            words: those of the text.
            spans: first word, and the one after the last.
            taken: words that are in names already, and are looked up no more.
        """
        best: dict[str, NameHit] = {}
        compared: set[tuple[int, int, int]] = set()
        for start, stop in spans:
            shapes: frozenset[str] | None = None
            for place in range(start, stop):
                word = words[place]
                if place in taken or is_common(word.form) or not (keys := self._near.like(word.form, word.bare)):
                    continue
                shapes = shapes or _shapes(words[start:stop])
                for number, key in self._candidates(keys, shapes):
                    for first, last in _windows(self._names[number], key, place, start, stop):
                        if (number, first, last) not in compared:
                            compared.add((number, first, last))
                            if self._compare(number, words, first, last, best) >= SIMILAR:
                                break
        return sorted(best.values(), key=lambda hit: (-hit.similarity, hit.first, hit.anchor_id))

    def of_name(self, name: tuple[str, ...]) -> list[NameHit]:
        """Whose name this is, as a whole, exactly or nearly; the likest first. ``name`` is a normal name, such as a lead's company."""
        name = name[:MOST_WORDS]
        words = [Word(form, start=0, end=0, is_capital=True, bare=form) for form in name]
        best: dict[str, NameHit] = {}
        if (exact := self._gazetteer.number_of(name)) is not None:
            for anchor_id in self._of(exact):
                rarity = self._rarity_of(name, self._anchors[anchor_id][0])
                best[anchor_id] = NameHit.of(words, 0, anchor_id, similarity=1.0, rarity=rarity, is_exact=True, is_whole=True)
        compared, shapes = {exact}, _shapes(words)
        for word in words:
            if not is_common(word.form):
                for number, _ in self._candidates(self._near.like(word.form, word.bare), shapes):
                    if number not in compared:
                        compared.add(number)
                        self._compare(number, words, 0, len(words), best)
        return sorted(best.values(), key=lambda hit: (-hit.similarity, -hit.rarity, hit.anchor_id))

    def _candidates(self, keys: Iterable[str], shapes: frozenset[str]) -> Iterator[tuple[int, str]]:
        """Names with one of these key words, and that key word; without those that cannot be alike, since of the other words that tell them
        apart the span has none, nor one with the same beginning or end."""
        names = self._names
        for key in keys:
            numbers = self._near.names_of(key)
            if len(numbers) > MOST_NAMES_OF_A_WORD:
                sharing = (number for number in numbers if any(word != key and word in shapes for word in names[number]))
                numbers = sorted(sharing, key=names.__getitem__)[:MOST_NAMES_OF_A_WORD]
            for number in numbers:
                name = names[number]
                if len(name) == 1 or _may_be(name, key, shapes):
                    yield number, key

    def _compare(self, number: int, words: Sequence[Word], first: int, last: int, best: dict[str, NameHit]) -> float:
        """Keep the hits of a name at a place, where they are better than those of the same anchors so far; how alike it is there."""
        name = self._names[number]
        window = tuple(word.form for word in words[first:last])
        groups: dict[str, float] = {}
        for anchor_id in self._of(number):
            group = self._anchors[anchor_id][0]
            if group not in groups:
                counts = self._counts[group]
                groups[group] = name_similarity(name, window, counts.rarity)
            similarity = groups[group]
            if similarity >= LEAST_SIMILAR:
                rarity = self._rarity_of(name, group)
                hit = NameHit.of(words[first:last], first, anchor_id, similarity=similarity, rarity=rarity, is_exact=False, is_whole=True)
                if anchor_id not in best or _goodness(hit) > _goodness(best[anchor_id]):
                    best[anchor_id] = hit
        return max(groups.values())

    def _rarity_of(self, name: tuple[str, ...], group: str) -> float:
        return name_rarity(map(self._counts[group].rarity, set(name)))

    def _of(self, number: int) -> list[str]:
        having = self._having[number]
        return [having] if isinstance(having, str) else sorted(having)[:MOST_OF_A_NAME]

    def _hold(self, name: tuple[str, ...], anchor_id: str) -> int:
        number = self._gazetteer.number_of(name)
        if number is not None:
            having = self._having[number]
            self._having[number] = frozenset((having, anchor_id)) if isinstance(having, str) else having | {anchor_id}
            return number
        number = self._next
        self._next += 1
        self._names[number] = name
        self._having[number] = anchor_id
        self._gazetteer.put(name, number)
        if (key := key_word(name)) is not None:
            self._near.put(key, number)
        return number

    def _let_go(self, number: int, anchor_id: str) -> None:
        having = self._having[number]
        left = frozenset() if isinstance(having, str) else having - {anchor_id}
        if left:
            self._having[number] = left if len(left) > 1 else next(iter(left))
            return
        name = self._names.pop(number)
        del self._having[number]
        self._gazetteer.remove(name)
        if (key := key_word(name)) is not None:
            self._near.remove(key, number)


_NO_COUNTS: Final = WordCounts()
_SHAPE: Final = 3


def _shapes(words: Sequence[Word]) -> frozenset[str]:
    """The words of a span, and how they begin and end."""
    shapes = {word.form for word in words}
    shapes.update(f"{form[:_SHAPE]}-" for form in tuple(shapes))
    shapes.update(f"-{word.form[-_SHAPE:]}" for word in words)
    return frozenset(shapes)


def _may_be(name: tuple[str, ...], key: str, shapes: frozenset[str]) -> bool:
    others = [word for word in name if word != key and not is_common(word)]
    return not others or any(word in shapes or f"{word[:_SHAPE]}-" in shapes or f"-{word[-_SHAPE:]}" in shapes for word in others)


def _windows(name: tuple[str, ...], key: str, place: int, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Which words of the span may be the name: as many as it has around its key word; and all of a span that is hardly longer."""
    first = place - name.index(key)
    last = min(first + len(name), stop)
    first = max(first, start)
    yield first, last
    if stop - start <= len(name) + 2 and (first, last) != (start, stop):
        yield start, stop


def _goodness(hit: NameHit) -> tuple[float, float, int, int]:
    return hit.similarity, hit.rarity, -hit.first, -hit.last


def _goes_on(one: Word, next_one: Word, *, is_title: bool, is_before: bool = False) -> bool:
    """Whether the neighbour of a name is rather a part of a longer one: capitalised, uncommon, with nothing but a space between."""
    neighbour = one if is_before else next_one
    return neighbour.is_capital and next_one.start - one.end <= 1 and not is_common(neighbour.form) and not is_title
