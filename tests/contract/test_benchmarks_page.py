"""``docs/benchmarks.md`` says what ``benchmarks/results`` holds, and each result says how it was made and what was asked of it."""

import json
from typing import Any

import pytest

from benchmarks import page
from benchmarks.measurement import RESULTS, goal

NAMES = (
    "cold-import",
    "pipeline",
    "embedding",
    "retrieval",
    "linking",
    "linking-quality",
    "stand-ins",
    "first-run",
    "backfill",
    "crawl",
    "webhook",
)


def result(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return read


def test_the_page_is_made_from_the_results() -> None:
    assert page.PAGE.read_text(encoding="utf-8") == page.rendered()


def test_there_is_a_result_for_every_section() -> None:
    assert tuple(page.SECTIONS) == NAMES
    assert {path.stem for path in RESULTS.iterdir()} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_result_says_from_what_and_how_it_was_made(name: str) -> None:
    assert sorted(result(name)) == ["command", "commit", "date", "figures", "machine"]
    assert result(name)["command"].startswith(f"python -m benchmarks {name}")


@pytest.mark.parametrize("name", NAMES)
def test_no_goal_is_called_reached_that_is_missed(name: str) -> None:
    for line in result(name)["figures"]["goals"]:
        bounds = {bound: line[bound] for bound in ("at_least", "at_most", "hope")}

        assert goal(line["measure"], line["value"], **bounds) == line


@pytest.mark.parametrize(
    ("value", "bounds", "is_met"),
    [
        (8, {"at_least": 8, "at_most": 8}, True),
        (8.01, {"at_least": 8, "at_most": 8}, False),
        (0.9, {"at_least": 0.9}, True),
        (0.89, {"at_least": 0.9}, False),
        (5.5, {"at_most": 7, "hope": 5}, True),
        (7.1, {"at_most": 7, "hope": 5}, False),
    ],
)
def test_a_goal_is_reached_within_its_bounds(value: float, bounds: dict[str, float], is_met: bool) -> None:
    assert goal("a figure", value, **bounds)["is_met"] is is_met


@pytest.mark.parametrize(
    ("value", "bounds", "said"),
    [
        (8_000, {"at_least": 8_000}, "reached"),
        (6_000, {"at_least": 8_000}, "**missed** by 2000, 25.0 %"),
        (1.43, {"at_most": 1.3}, "**missed** by 0.13, 10.0 %"),
        (8.01, {"at_least": 8, "at_most": 8}, "**missed** by 0.01, 0.1 %"),
        (7.9, {"at_least": 8, "at_most": 8}, "**missed** by 0.1, 1.2 %"),
        (3, {"at_most": 0}, "**missed** by 3"),
    ],
)
def test_the_page_says_by_how_much_a_goal_is_missed(value: float, bounds: dict[str, float], said: str) -> None:
    assert page.verdict(goal("a figure", value, **bounds)) == said


def test_the_import_of_the_app_is_within_its_budget_and_loads_nothing_heavy() -> None:
    assert all(line["is_met"] for line in result("cold-import")["figures"]["goals"])


def test_nothing_is_embedded_twice_and_every_record_goes_through_four_queues() -> None:
    goals = [*result("pipeline")["figures"]["goals"], *result("embedding")["figures"]["goals"]]

    missed = [line["measure"] for line in goals if not line["is_met"]]

    assert not [measure for measure in missed if measure.startswith(("messages a new record", "Service Bus", "bytes embedded twice"))]


def test_a_back_fill_asks_the_vendor_no_more_than_it_must_and_the_broker_little() -> None:
    goals = result("backfill")["figures"]["goals"]

    counted = [line for line in goals if line["measure"].startswith(("queries", "Service Bus operations"))]

    assert len(counted) == 3
    assert all(line["is_met"] for line in counted)


def test_a_crawl_asks_for_no_page_more_than_it_must_and_the_broker_for_little() -> None:
    goals = result("crawl")["figures"]["goals"]

    counted = [line for line in goals if line["measure"].startswith(("pages of a crawl", "pages more", "Service Bus operations"))]

    assert len(counted) == 3
    assert all(line["is_met"] for line in counted)


def test_linking_by_names_is_right_and_better_than_the_usual_measure_of_strings() -> None:
    quality = [line for line in result("linking-quality")["figures"]["goals"] if line["measure"].startswith("linking by names")]

    assert len(quality) == 6
    assert all(line["is_met"] for line in quality)
