"""Timer schedules are checked, and never run by a clock here: ``POST /admin/functions/<name>`` runs a timer by hand.

NCRONTAB has five fields, or six with seconds first (Azure documentation, "Timer trigger: NCRONTAB expressions"). ``hh:mm:ss`` is valid
only on an App Service plan, which is not ours, so it is refused.
"""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("second", 0, 59, ()),
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of week", 0, 6, _DAYS),
)


class ScheduleInvalid(Exception):
    """The real host would put the timer in error."""


def check_schedule(expression: str) -> None:
    """Check an NCRONTAB expression.

    Raises:
        ScheduleInvalid: it says which field is wrong.
    """
    if ":" in expression:
        raise ScheduleInvalid(f"{expression!r}: hh:mm:ss works only on an App Service plan; write an NCRONTAB expression")
    fields = expression.split()
    if len(fields) not in {5, 6}:
        raise ScheduleInvalid(f"{expression!r} has {len(fields)} fields; NCRONTAB has 5, or 6 with seconds first")
    for text, (name, low, high, names) in zip(fields, _FIELDS[-len(fields) :], strict=True):
        for part in text.split(","):
            if not _is_valid(part.lower(), low, high, names):
                raise ScheduleInvalid(f"{expression!r}: {text!r} is not a valid {name} field ({low} to {high})")


def _is_valid(part: str, low: int, high: int, names: tuple[str, ...]) -> bool:
    """One of ``*``, ``n``, ``n-m``, each with an optional ``/step``."""
    span, slash, step = part.partition("/")
    if slash and not (step.isdigit() and int(step) > 0):
        return False
    if span == "*":
        return True
    ends = [_number(end, low, names) for end in span.split("-")]
    return len(ends) <= 2 and all(end is not None and low <= end <= high for end in ends)


def _number(text: str, low: int, names: tuple[str, ...]) -> int | None:
    if text.isdigit():
        return int(text)
    return names.index(text[:3]) + low if text[:3] in names else None
