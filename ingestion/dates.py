"""When something was asked, by the clock of whoever answered: ``Date`` of RFC 9110, section 6.6.1, has no fractions of a second."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

A_SECOND: Final = timedelta(seconds=1)
CLOCKS_DIFFER: Final = timedelta(days=1)
"""A clock that is further from ours is nobody's."""


def asked_at(headers: Mapping[str, str], *, since: datetime, now: datetime) -> datetime:
    """When an answer was asked for, by the clock of whoever gave it. ``since``, ``now``: when it was asked for, and had, by ours.

    Where the two clocks agree, ours says it to the microsecond: of two reads within a second the second one must be the later. Where they
    do not, the second that ``Date`` names begins with it. Without a ``Date`` that can be right, it is ours.
    """
    try:
        moment = parsedate_to_datetime(headers.get("date", ""))
        said = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return since
    do_agree = since < said + A_SECOND and said <= now
    return since if do_agree or abs(said - now) >= CLOCKS_DIFFER else said
