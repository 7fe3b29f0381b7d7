"""Laws of stored vectors: few bytes, and the same direction for every purpose."""

import json
import math
from collections.abc import Sequence
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.storage.chunk_store import LARGEST, whole_numbers

DIMENSIONS = 1536
MOST_BYTES = 12_900

numbers = st.floats(allow_nan=False, allow_infinity=False)
vectors = st.lists(numbers, min_size=1, max_size=40).filter(any)


def made(seed: int, kind: str) -> list[float]:
    random = Random(seed)
    match kind:
        case "spread evenly":
            return [random.uniform(-1, 1) for _ in range(DIMENSIONS)]
        case "normal":
            return [random.gauss(0, 1) for _ in range(DIMENSIONS)]
        case "a few large":  # as the vectors of text-embedding-3-small are
            return [random.gauss(0, 0.15 if number % 256 == 0 else 0.02) for number in range(DIMENSIONS)]
        case _:  # all but one just too small to be seen
            return [1.0, *[0.49 / LARGEST] * (DIMENSIONS - 1)]


MADE_BY_MODELS = ("spread evenly", "normal", "a few large")
KINDS = (*MADE_BY_MODELS, "one large")


@given(st.integers(0, 10**6), st.sampled_from(KINDS))
@settings(deadline=None, max_examples=40)
def test_a_vector_keeps_its_direction(seed: int, kind: str) -> None:
    vector = made(seed, kind)

    assert turned(vector, whole_numbers(vector)) < 1e-6


@given(vectors)
@settings(deadline=None)
def test_no_vector_whatever_is_turned(vector: list[float]) -> None:
    assert turned(vector, whole_numbers(vector)) < 1e-6


@given(st.integers(0, 10**6), st.sampled_from(MADE_BY_MODELS), st.sampled_from(MADE_BY_MODELS), st.floats(0, 1))
@settings(deadline=None, max_examples=40)
def test_a_question_gets_the_same_score_as_without_rounding(seed: int, kind: str, other: str, likeness: float) -> None:
    vector = made(seed, kind)
    question = [likeness * one + (1 - likeness) * another for one, another in zip(vector, made(seed + 1, other), strict=True)]

    score = cosine(whole_numbers(question), whole_numbers(vector))

    assert abs(score - cosine(question, vector)) < 1e-6


@given(st.integers(0, 10**6), st.sampled_from(KINDS))
@settings(deadline=None, max_examples=40)
def test_a_large_vector_takes_few_bytes(seed: int, kind: str) -> None:
    assert size_bytes(whole_numbers(made(seed, kind))) <= MOST_BYTES


def test_no_vector_could_take_more() -> None:
    assert size_bytes(whole_numbers([-1.0] * DIMENSIONS)) == 12_289


@given(vectors)
@settings(deadline=None)
def test_the_largest_number_is_always_the_same_and_a_sign_is_kept(vector: list[float]) -> None:
    whole = whole_numbers(vector)

    assert max(map(abs, whole)) == LARGEST
    assert all(stored == 0 or (stored > 0) is (value > 0) for stored, value in zip(whole, vector, strict=True))


@given(vectors, st.sampled_from([0.25, 0.5, 2.0, 1024.0]))
@settings(deadline=None)
def test_the_length_of_a_vector_does_not_matter(vector: list[float], scale: float) -> None:
    scaled = [value * scale for value in vector]
    if [value / scale for value in scaled] != vector:  # too small or too large to be scaled exactly
        return

    assert whole_numbers(scaled) == whole_numbers(vector)


@pytest.mark.parametrize(
    "vector",
    [[], [0.0, 0.0], [math.inf, 1.0], [1.0, -math.inf], [math.nan, 1.0], [1.0, math.nan], [0.0, math.nan]],
    ids=str,
)
def test_a_vector_without_a_direction_is_refused(vector: list[float]) -> None:
    with pytest.raises(ValueError, match=r"^a vector without a direction$"):
        whole_numbers(vector)


def size_bytes(vector: Sequence[int]) -> int:
    return len(json.dumps(vector, separators=(",", ":")).encode())


def turned(left: Sequence[float], right: Sequence[float]) -> float:
    """One minus the cosine, exact: a difference of floats would hide it."""
    one, another = [Fraction(value) for value in left], [Fraction(value) for value in right]
    product = sum(a * b for a, b in zip(one, another, strict=True))
    return float(1 - product**2 / (sum(a * a for a in one) * sum(b * b for b in another))) / 2 if product > 0 else 2.0


def cosine(left: Sequence[float], right: Sequence[float]) -> float:
    return math.fsum(a * b for a, b in zip(left, right, strict=True)) / (math.hypot(*left) * math.hypot(*right))
