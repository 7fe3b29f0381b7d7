"""When something was asked, by the clock of whoever answered: to the microsecond where the clocks agree, else to the second."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.dates import A_SECOND, CLOCKS_DIFFER, asked_at

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DATE = {"date": "Sat, 21 Nov 2026 12:00:00 GMT"}


def after(seconds: float) -> datetime:
    """So long after the second that the header names began."""
    return NOON + timedelta(seconds=seconds)


@pytest.mark.parametrize(("since", "now"), [(0.25, 0.5), (-0.25, 0.5), (0.75, 1.5), (-3, 2), (0, 0)])
def test_where_the_clocks_agree_ours_says_when_it_was_asked(since: float, now: float) -> None:
    assert asked_at(DATE, since=after(since), now=after(now)) == after(since)


def test_of_two_reads_within_a_second_the_second_one_is_the_later() -> None:
    assert asked_at(DATE, since=after(0.1), now=after(0.2)) < asked_at(DATE, since=after(0.3), now=after(0.4))


@pytest.mark.parametrize(("since", "now"), [(1, 1.25), (-0.5, -0.25), (600, 601), (-600, -599)])
def test_where_they_do_not_it_is_the_second_the_answer_names(since: float, now: float) -> None:
    assert asked_at(DATE, since=after(since), now=after(now)) == NOON


@pytest.mark.parametrize(
    "date", ["", "yesterday", "Mon, 01 Jan 0001 00:00:00 +2300", "Fri, 31 Dec 9999 23:59:59 -2300", "1, 1 1 1:1:1 +999999"]
)
def test_a_date_that_cannot_be_right_says_nothing(date: str) -> None:
    assert asked_at({"date": date}, since=NOON, now=after(1)) == NOON
    assert asked_at({}, since=NOON, now=after(1)) == NOON


@given(st.floats(-1e6, 1e6), st.floats(0, 60))
def test_it_is_never_later_than_the_end_of_the_second_the_answer_names_nor_a_day_from_ours(since: float, lasted: float) -> None:
    asked = asked_at(DATE, since=after(since), now=after(since + lasted))
    assert asked < NOON + A_SECOND or asked == after(since)
    assert abs(asked - after(since)) < CLOCKS_DIFFER + timedelta(seconds=61)
