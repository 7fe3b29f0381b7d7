"""Two names are as alike as a person would say: slips of the pen are forgiven, another rare word is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.enrichment.names.common_words import is_common
from processors.enrichment.names.normal import normal_name
from processors.enrichment.names.similarity import name_similarity, name_strength

NAMES = st.lists(st.text(alphabet="abcdeé上1 ", min_size=1, max_size=8), max_size=5).map(lambda words: normal_name(" ".join(words)))


def rarity(word: str) -> float:
    return 0.3 if is_common(word) else 1.0


def similarity(one: str, other: str) -> float:
    return name_similarity(normal_name(one), normal_name(other), rarity)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Kestrel Optics", "KESTREL OPTICS, Inc."),
        ("Crème Brûlée SARL", "Creme Brulee"),
        ("Marks & Spencer plc", "Marks and Spencer"),
        ("Coca-Cola Company", "coca cola"),
        ("S.A.P. SE", "SAP"),
    ],
)
def test_names_that_only_look_different_are_equal(one: str, other: str) -> None:
    assert similarity(one, other) == 1.0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Kestrel Optics", "Kestrel Optiks"),
        ("Kestrel Optics", "Optics Kestrel"),
        ("Müller Maschinenbau", "Mueller Maschinenbau"),
        ("ExxonMobil", "Exxon Mobil"),
        ("Airbus", "Airbus Group"),
        ("Kestrel Optics", "Kestrel Optics Holding"),
        ("Harbour", "Harbor"),
    ],
)
def test_a_slip_of_the_pen_is_as_good_as_a_suggestion(one: str, other: str) -> None:
    assert 0.90 < similarity(one, other) < 1.0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Kestrel Optics", "Kestrel Freight"),
        ("Kestrel Optics", "Amber Optics"),
        ("Kestrel Berlin", "Kestrel Zürich"),
        ("Acme renewal 2025", "Acme renewal 2026"),
        ("Evolution Mining", "Evolution Petroleum"),
        ("Global Data Services", "Global Trade Systems"),
        ("上海汽车集团", "北京汽车"),
    ],
)
def test_another_name_is_no_slip(one: str, other: str) -> None:
    assert similarity(one, other) < 0.83


def test_an_acronym_of_three_letters_is_near_and_one_of_two_is_not() -> None:
    assert similarity("IBM", "International Business Machines") == 0.86
    assert similarity("BD", "Becton Dickinson") < 0.5


def test_what_is_not_there_is_like_nothing() -> None:
    assert similarity("", "") == similarity("", "Kestrel") == 0.0


@given(NAMES, NAMES)
def test_it_is_the_same_in_both_directions_and_within_bounds(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    found = name_similarity(one, other, rarity)

    assert found == name_similarity(other, one, rarity)
    assert 0.0 <= found <= 1.0
    assert (found == 1.0) == (one == other != ())


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_more_alike_the_stronger(one: float, other: float) -> None:
    low, high = sorted((name_strength(one), name_strength(other)))

    assert 0.0 <= low <= high <= 1.0
    assert (low, high) == (name_strength(min(one, other)), name_strength(max(one, other)))


def test_what_is_hardly_alike_is_worth_nothing_and_what_is_equal_all() -> None:
    assert (name_strength(0.65), name_strength(1.0)) == (0.0, 1.0)
