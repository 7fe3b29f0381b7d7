"""Days: forms that mean one day only, and days there are."""

import pytest

from processors.enrichment.entities.dates import dates_in


def found_in(text: str) -> list[tuple[str, str]]:
    return [(text[one.start : one.end], one.value) for one in dates_in(text)]


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-12",
        "2026/3/12",
        "2026.03.12",
        "12 March 2026",
        "12 mar 2026",
        "12th of March, 2026",
        "12-Mar-2026",
        "March 12, 2026",
        "MARCH 12th 2026",
        "Mar. 12, 2026",
        "12.03.2026",
        "12.3.2026",
        "12. März 2026",
    ],
)
def test_a_day_is_brought_to_one_form(text: str) -> None:
    assert found_in(text) == [(text, "2026-03-12")]


def test_a_day_with_slashes_is_taken_only_where_it_means_one_day() -> None:
    assert found_in("03/04/2026") == []
    assert found_in("03-04-2026") == []
    assert found_in("25/12/2026") == [("25/12/2026", "2026-12-25")]
    assert found_in("12/25/2026") == [("12/25/2026", "2026-12-25")]
    assert found_in("5/5/2026") == [("5/5/2026", "2026-05-05")]


@pytest.mark.parametrize("text", ["30 Feb 2026", "31.02.2026", "2026-13-01", "2026-02-29", "12 Foo 2026", "25/13/2026", "0 May 2026"])
def test_a_day_that_no_calendar_has_is_none(text: str) -> None:
    assert found_in(text) == []


@pytest.mark.parametrize(
    "text", ["1.12.03.2026", "12.03.2026.5", "112.03.2026", "2026-03-12-01", "1-2026-03-12", "May 2026", "12 March 3026", "٢٠٢٦-٠٣-١٢"]
)
def test_other_numbers_are_no_days(text: str) -> None:
    assert found_in(text) == []


def test_a_day_in_a_files_name_and_in_a_moment_counts() -> None:
    assert found_in("offer_2026-03-12.pdf") == [("2026-03-12", "2026-03-12")]
    assert found_in("2026-03-12T10:00:00Z") == [("2026-03-12", "2026-03-12")]
    assert found_in("12 March 2026-03-13") == [("2026-03-13", "2026-03-13")]
