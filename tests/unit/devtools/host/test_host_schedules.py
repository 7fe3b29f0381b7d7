import pytest

from devtools.host.schedules import ScheduleInvalid, check_schedule


@pytest.mark.parametrize("schedule", ["0 */5 * * * *", "*/10 * * * *", "0 0 2 * * *", "0 30 9-17 * Jan-Jun mon,WED", "0 0 0 1 1 0"])
def test_five_or_six_ncrontab_fields_are_valid(schedule: str) -> None:
    check_schedule(schedule)


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
        ("0 */0 * * * *", "not a valid minute field"),
        ("0 1-2-3 * * * *", "not a valid minute field"),
        ("00:05:00", "only on an App Service plan"),
    ],
)
def test_anything_else_is_invalid_with_the_field_named(schedule: str, reason: str) -> None:
    with pytest.raises(ScheduleInvalid, match=reason):
        check_schedule(schedule)
