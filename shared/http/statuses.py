"""What an HTTP answer says, as our errors: one table by status.

The table follows RFC 9110 and, where the RFC leaves it open, what "Azure OpenAI Service REST API: common errors" and the vendors' pages
mean by it. It is for addresses that we configured: there 404 says that the configuration is wrong, not that a record is gone. An adapter
that asks for single records answers its own 404 before it looks here.

Unlike the table of Cosmos DB, 400 is no bug here but a refusal: a vendor's rules about content change without us.
"""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from shared.errors import ConfigurationError, Conflict, DependencyUnavailable, PipelineError, RateLimited, RequestRefused

DEFAULT_RETRY_AFTER_SECONDS: Final = 1.0

LONGEST_RETRY_AFTER_SECONDS: Final = 3600.0
"""Azure OpenAI has been seen to ask for 86,400 seconds while its quota was free again in minutes, so a longer wait is cut to this."""

FIRST_REFUSAL: Final = 300
FIRST_OF_THE_CLIENT: Final = 400
FIRST_OF_THE_SERVER: Final = 500
TOO_MANY_REQUESTS: Final = 429

STATUSES: Final[Mapping[int, Callable[[str], PipelineError]]] = {
    # Redirects are not followed: one would carry the credential to another host. A lasting one is a wrong address, another is maintenance.
    301: ConfigurationError,
    308: ConfigurationError,
    400: RequestRefused,
    401: ConfigurationError,
    402: ConfigurationError,
    403: ConfigurationError,
    404: ConfigurationError,
    405: ConfigurationError,  # an API answers the method it documents; what does not is not the API
    407: ConfigurationError,
    408: DependencyUnavailable,
    409: Conflict,
    410: ConfigurationError,  # the deployment, or the version of the API, was retired
    412: Conflict,
    413: RequestRefused,
    421: DependencyUnavailable,
    422: RequestRefused,
    423: Conflict,
    424: DependencyUnavailable,
    425: DependencyUnavailable,
    TOO_MANY_REQUESTS: lambda text: RateLimited(text, retry_after_seconds=DEFAULT_RETRY_AFTER_SECONDS),
}
"""Where a status says more than its class."""


def error_of(status: int, headers: Mapping[str, str], what: str) -> PipelineError | None:
    """The error an answer is, or None for 2xx. ``headers`` have lower-case names, or do not mind.

    ``what`` names the operation; nothing of the answer but its status gets into the text.
    """
    if 200 <= status < FIRST_REFUSAL:  # noqa: PLR2004 - the class of success
        return None
    made = STATUSES.get(status, _of_its_class(status))(f"{what}: answered {status}")
    asked_seconds = retry_after_seconds(headers)
    if asked_seconds is not None and (status == TOO_MANY_REQUESTS or isinstance(made, DependencyUnavailable)):
        return RateLimited(str(made), retry_after_seconds=asked_seconds)
    return made


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """When to come back, if the answer says it readably: at most LONGEST_RETRY_AFTER_SECONDS.

    Azure's services say it in milliseconds too, under two names, and those are the finer ones.
    """
    for name in ("retry-after-ms", "x-ms-retry-after-ms"):
        milliseconds = _number(headers.get(name))
        if milliseconds is not None:
            return _bounded(milliseconds / 1000)
    said = headers.get("retry-after")
    seconds = _number(said)
    if seconds is None:
        seconds = _seconds_until(said, headers.get("date"))
    return None if seconds is None else _bounded(seconds)


def _of_its_class(status: int) -> Callable[[str], PipelineError]:
    return RequestRefused if FIRST_OF_THE_CLIENT <= status < FIRST_OF_THE_SERVER else DependencyUnavailable


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER_SECONDS)


def _number(said: str | None) -> float | None:
    try:
        number = float(said or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _seconds_until(said: str | None, answered_at: str | None) -> float | None:
    """From the answer's own date, so that neither their clock nor ours need be right."""
    until, since = _moment(said), _moment(answered_at)
    return (until - since).total_seconds() if until and since else None


def _moment(said: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(said or "")
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
