"""``docs/benchmarks.md`` says what ``benchmarks/results`` holds, and each result says how it was made."""

import json

import pytest

from benchmarks import page
from benchmarks.measurement import RESULTS


def test_the_page_is_made_from_the_results() -> None:
    assert page.PAGE.read_text(encoding="utf-8") == page.rendered()


@pytest.mark.parametrize("name", ["cold-import", "pipeline"])
def test_a_result_says_from_what_and_how_it_was_made(name: str) -> None:
    result = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))

    assert sorted(result) == ["command", "commit", "date", "figures", "machine"]
    assert result["command"].startswith(f"python -m benchmarks {name}")


def test_the_import_of_the_app_is_within_its_budget_and_loads_nothing_heavy() -> None:
    figures = json.loads((RESULTS / "cold-import.json").read_text(encoding="utf-8"))["figures"]

    assert figures["ratio_of_medians"] <= figures["goal_ratio"]
    assert figures["heavy_modules_loaded"] == []
