"""Linking by names is better than the usual measure of strings, and what is linked without asking is right (docs/linking-quality.md)."""

from collections.abc import Callable
from typing import Any

import pytest

from benchmarks import linking_data
from benchmarks.linking_quality import PRECISION, RECALL, measure_companies, measure_people, sample_companies, sample_people
from benchmarks.linking_scores import Answer, best_threshold, figures


def asked_of(name: str) -> None:
    if linking_data.files(name) is None:
        pytest.skip("the data linking is measured with is not installed")


def test_people_are_linked_right_in_a_sample() -> None:
    asked_of("people")

    found = sample_people(250)

    assert (found.precision >= PRECISION, found.recall >= RECALL) == (True, True), found


def test_companies_are_linked_right_in_a_sample() -> None:
    asked_of("companies")

    found = sample_companies(150)

    assert (found.precision >= PRECISION, found.recall >= RECALL) == (True, True), found


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("measure", [measure_people, measure_companies])
def test_all_of_both_sets_is_linked_right_and_better_than_by_the_usual_measure(measure: Callable[[], dict[str, Any]]) -> None:
    asked_of("people" if measure is measure_people else "companies")

    measured = measure()

    assert measured["ours"]["f1"] > measured["wratio"]["f1"]
    assert measured["automatic"]["precision"] >= PRECISION
    assert measured["automatic"]["recall"] >= RECALL


def test_nobody_is_in_both_halves_and_both_are_about_as_large() -> None:
    halves = [linking_data.is_training(f"rec-{number}") for number in range(1_000)]

    assert 450 < sum(halves) < 550
    assert halves == [linking_data.is_training(f"rec-{number}") for number in range(1_000)]


ANSWERS = [
    Answer("a", 0.95, is_right=True, lead=0.5),
    Answer("b", 0.90, is_right=False, lead=0.01),
    Answer("c", 0.85, is_right=True, lead=0.2),
    Answer("d", 0.0, is_right=False, lead=0.0),
]


def test_a_wrong_link_costs_precision_and_recall() -> None:
    found = figures(ANSWERS, 0.80)

    assert (found.linked, found.right, found.recall) == (3, 2, 0.5)
    assert found.precision == pytest.approx(2 / 3)
    assert found.f1 == pytest.approx(4 / 7)


def test_what_is_hardly_ahead_is_not_linked() -> None:
    assert figures(ANSWERS, 0.80, margin=0.05)[:2] == (1.0, 0.5)


def test_the_best_threshold_has_the_highest_f1() -> None:
    threshold = best_threshold(ANSWERS)

    assert threshold == 0.85
    assert all(figures(ANSWERS, other).f1 <= figures(ANSWERS, threshold).f1 for other in (0.0, 0.86, 0.90, 0.95, 1.0))
