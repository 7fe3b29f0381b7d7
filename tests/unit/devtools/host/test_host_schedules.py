from datetime import UTC, datetime

import pytest

from devtools.host.schedules import NEVER, ScheduleInvalid, read_schedule

SUNDAY = datetime(2026, 11, 22, 3, 30, 15, 500_000, tzinfo=UTC)


@pytest.mark.parametrize("schedule", ["0 */5 * * * *", "*/10 * * * *", "0 0 2 * * *", "0 30 9-17 * Jan-Jun mon,WED", "0 0 0 1 1 0"])
def test_five_or_six_ncrontab_fields_are_valid(schedule: str) -> None:
    assert read_schedule(schedule).expression == schedule


@pytest.mark.parametrize(
    ("schedule", "reason"),
    [
        ("* * * *", "has 4 fields"),
        ("0 0 0 0 * * *", "has 7 fields"),
        ("60 * * * * *", "not a valid second field"),
        ("0 0 24 * * *", "not a valid hour field"),
        ("0 0 0 0 * *", "not a valid day field"),
        ("0 0 0 * 13 *", "not a valid month field"),
        ("0 0 0 * * someday", "not a valid day of week field"),
        ("0 0 0 * * 7", "not a valid day of week field"),
        ("0 0 0 ? * 1", "not a valid day field"),
        ("0 0 0 L * *", "not a valid day field"),
        ("0 */0 * * * *", "not a valid minute field"),
        ("0 1-2-3 * * * *", "not a valid minute field"),
        ("0 1,,2 * * * *", "not a valid minute field"),
        ("00:05:00", "only on an App Service plan"),
    ],
)
def test_anything_else_is_invalid_with_the_field_named(schedule: str, reason: str) -> None:
    with pytest.raises(ScheduleInvalid, match=reason):
        read_schedule(schedule)


@pytest.mark.parametrize(
    ("schedule", "following"),
    [
        ("* * * * * *", ["2026-11-22T03:30:16", "2026-11-22T03:30:17"]),
        ("*/5 * * * *", ["2026-11-22T03:35:00", "2026-11-22T03:40:00"]),
        ("0 */5 * * * *", ["2026-11-22T03:35:00", "2026-11-22T03:40:00"]),
        ("15 30 3 * * *", ["2026-11-23T03:30:15", "2026-11-24T03:30:15"]),
        ("10,50 30 3-4 * * *", ["2026-11-22T03:30:50", "2026-11-22T04:30:10", "2026-11-22T04:30:50", "2026-11-23T03:30:10"]),
        ("0 5/20 * * * *", ["2026-11-22T03:45:00", "2026-11-22T04:05:00", "2026-11-22T04:25:00"]),
        ("0 0 9-17/4 * * Mon", ["2026-11-23T09:00:00", "2026-11-23T13:00:00", "2026-11-23T17:00:00", "2026-11-30T09:00:00"]),
        ("0 0 0 1 ja,March *", ["2027-01-01T00:00:00", "2027-03-01T00:00:00", "2028-01-01T00:00:00"]),
        ("0 0 0 29 2 *", ["2028-02-29T00:00:00", "2032-02-29T00:00:00"]),
        ("0 0 12 31 * *", ["2026-12-31T12:00:00", "2027-01-31T12:00:00", "2027-03-31T12:00:00"]),
    ],
)
def test_occurrences_of_lists_ranges_steps_and_names_follow_each_other_in_utc(schedule: str, following: list[str]) -> None:
    found, moment = [], SUNDAY
    for _ in following:
        moment = read_schedule(schedule).next_after(moment)
        found.append(moment.isoformat())

    assert found == [f"{text}+00:00" for text in following]


def test_day_of_month_and_day_of_week_must_both_match() -> None:
    friday_the_13th = read_schedule("0 0 0 13 * 5")

    assert friday_the_13th.next_after(SUNDAY) == datetime(2027, 8, 13, tzinfo=UTC)


def test_a_range_the_wrong_way_round_is_turned_as_ncrontab_does() -> None:
    assert read_schedule("0 0 0 * * fri-mon").days_of_week == (1, 2, 3, 4, 5)


def test_a_day_that_never_comes_is_never_due() -> None:
    assert read_schedule("0 0 0 30 2 *").next_after(SUNDAY) == NEVER


@pytest.mark.parametrize(
    ("schedule", "below"),
    [
        ("* * * * * *", True),
        ("*/5 * * * * *", True),
        ("10,20,45 * * * * *", True),
        ("0 * * * * *", False),
        ("30 * * * * *", False),
        ("* 1-5 * * * *", False),
        ("* * 12 * * Mon", False),
    ],
)
def test_only_several_times_in_every_minute_is_below_one_minute(schedule: str, below: bool) -> None:
    assert read_schedule(schedule).is_below_one_minute is below
