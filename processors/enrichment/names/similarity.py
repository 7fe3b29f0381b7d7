"""How alike two names are, from 0 to 1, and what that is worth as evidence.

Words that are written nearly the same are matched one to one, each weighing as much as it is rare (a soft TF-IDF with Jaro-Winkler); beside
that, letters are compared over the whole name. The same is done of the rare words alone, since «Group» behind one of two names is no great
difference. The better of these views counts, and what cannot be explained by a slip of the pen costs: a rare word on either side that the
other lacks, and other digits. The constants were chosen on training halves (docs/linking-quality.md).
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import sqrt
from typing import Final

from rapidfuzz import fuzz
from rapidfuzz.distance import JaroWinkler

from processors.enrichment.names.common_words import EMPTY

LEAST_ALIKE: Final = 0.82
"""Jaro-Winkler from which two words may be the same one."""
RARE: Final = 0.6
"""From here on a word tells one name from another."""
JOINED: Final = 0.98
"""The same letters, with other spaces between them."""
ACRONYM: Final = 0.86
NEARLY_JOINED: Final = 0.97
LEAST_JOINED: Final = 6
EMPTY_ON_ONE_SIDE: Final = 0.95
"""Words that one of the names has and the other has not, and that say nothing: ``Group``, a class of shares."""
MORE_ON_ONE_SIDE: Final = 0.88
"""Other common words that one of the names has and the other has not."""
MORE_ON_BOTH_SIDES: Final = 0.82
RARE_ON_BOTH_SIDES: Final = 0.85
OTHER_DIGITS: Final = 0.80
OTHER_BEGINNING: Final = 0.95
"""Slips of the pen are seldom in the first letter of a name of one word."""
MOST: Final = 0.99
"""Of names that are not equal."""
STRENGTHS: Final = ((0.65, 0.0), (0.78, 0.45), (0.84, 0.78), (0.90, 0.93), (1.0, 1.0))
"""Similarity and strength; between them straight lines."""
_ACRONYM_LETTERS: Final = 3

Rarity = Callable[[str], float]
"""How much a word tells of whose name it is in: more than 0, at most 1."""


def name_similarity(one: tuple[str, ...], other: tuple[str, ...], rarity: Rarity) -> float:
    """How alike two normal names are. 1 only for equal ones, the same in both directions, 0 with an empty one."""
    if one == other:
        return 1.0 if one else 0.0
    if not one or not other:
        return 0.0
    first, second = (one, other) if one < other else (other, one)
    joined = "".join(first), "".join(second)
    if joined[0] == joined[1]:
        return JOINED
    if len(first) != len(second) and (is_acronym(first, second) or is_acronym(second, first)):
        return ACRONYM
    weights = {word: rarity(word) for word in (*first, *second)}
    score = _alike(first, second, weights)
    rare = tuple([word for word in first if weights[word] >= RARE]), tuple([word for word in second if weights[word] >= RARE])
    if score < EMPTY_ON_ONE_SIDE and all(rare) and rare != (first, second):
        ours, theirs = ([word for word in side if weights[word] < RARE] for side in (first, second))
        more = [word for word in ours if word not in theirs], [word for word in theirs if word not in ours]
        factor = MORE_ON_BOTH_SIDES if all(more) else MORE_ON_ONE_SIDE if set(more[0] + more[1]) - EMPTY else EMPTY_ON_ONE_SIDE
        core = 1.0 if rare[0] == rare[1] else _alike(*rare, weights)
        score = max(score, factor * core)
    if not (joined[0].isalpha() and joined[1].isalpha()) and _digits(first) != _digits(second):
        score *= OTHER_DIGITS
    return min(score, MOST)


def name_strength(similarity: float) -> float:
    """What a similarity is worth as evidence, from 0 to 1: so that, with the weight of ``fuzzy-name`` (.80), it is about how many of the
    names that are so alike, and ahead of all others, were the same in the training halves."""
    for (low, worth), (high, more) in pairwise(STRENGTHS):
        if similarity < high:
            return max(0.0, worth + (more - worth) * (similarity - low) / (high - low))
    return 1.0


def is_acronym(short: Sequence[str], long: Sequence[str]) -> bool:
    """Whether one is a single word made of the other's first letters, three or more."""
    return len(short) == 1 and len(long) == len(short[0]) >= _ACRONYM_LETTERS and short[0] == "".join(word[0] for word in long)


def _alike(one: tuple[str, ...], other: tuple[str, ...], weights: dict[str, float]) -> float:
    matched, ours, theirs = _matched(one, other)
    shared = weight = more = 0.0
    for a, b, alike in matched:
        shared += weights[a] * weights[b] * alike
    for word in one:
        weight += weights[word] ** 2
    for word in other:
        more += weights[word] ** 2
    spaced, joined = (" ".join(one), " ".join(other)), ("".join(one), "".join(other))
    letters = fuzz.ratio(*spaced)
    if len(one) > 1 or len(other) > 1:
        letters = max(letters, fuzz.ratio(" ".join(sorted(one)), " ".join(sorted(other))))
    score = 0.5 * shared / sqrt(weight * more) + 0.005 * letters
    if len(joined[0]) >= LEAST_JOINED <= len(joined[1]):
        score = max(score, NEARLY_JOINED * fuzz.ratio(*joined) / 100)
    if ours and theirs and max([weights[word] for word in ours]) >= RARE <= max([weights[word] for word in theirs]):
        score *= RARE_ON_BOTH_SIDES
    return score * OTHER_BEGINNING if len(one) == len(other) == 1 and one[0][0] != other[0][0] else score


def _matched(one: Sequence[str], other: Sequence[str]) -> tuple[list[tuple[str, str, float]], list[str], list[str]]:
    """Pairs of words that may be the same, with how alike they are, the likest first; and those of each side that are in no pair."""
    ours, theirs = list(one), list(other)
    matched = []
    for word in one:
        if word in theirs:
            ours.remove(word)
            theirs.remove(word)
            matched.append((word, word, 1.0))
    if ours and theirs:
        near = [(-JaroWinkler.similarity(a, b, score_cutoff=LEAST_ALIKE), a, b) for a in ours for b in theirs]
        for unlike, a, b in sorted(near):
            if unlike and a in ours and b in theirs:
                ours.remove(a)
                theirs.remove(b)
                matched.append((a, b, -unlike))
    return matched, ours, theirs


def _digits(words: Sequence[str]) -> list[str]:
    return sorted("".join(sign for sign in word if sign.isdigit()) for word in words if any(map(str.isdigit, word)))
