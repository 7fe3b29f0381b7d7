"""What Salesforce's REST API says, as ours: one table by its own error codes, for a status says little.

"Status Codes and Error Responses" of the REST API Developer Guide. A body is a list of faults; that of the login service is an object; the
edge before both answers in HTML. A missing object and a missing right look the same.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import httpx2

from ingestion.dates import asked_at
from shared.errors import (
    ConfigurationError,
    DependencyUnavailable,
    PermanentError,
    PipelineError,
    RateLimited,
    RequestRefused,
    StreamUnreadable,
    TransientError,
)
from shared.http.statuses import error_of

LIMIT_PAUSE_SECONDS: Final = 900.0
"""The daily allowance is a window that rolls: some of it is free again every minute. Nothing says when."""
TOO_LONG: Final = frozenset({414, 431})

_USAGE: Final = re.compile(r"api-usage=([0-9]{1,12})/([0-9]{1,12})")
_CODE: Final = re.compile(r"[A-Z][A-Z_]{0,79}")


class SessionExpired(TransientError):
    """The access token is not accepted any more. Another may be."""


class AllowanceUsedUp(RateLimited):
    """The vendor refuses any more, whoever asks."""


class QueryTooSlow(TransientError):
    """The query took too long. A smaller one may not."""


class FieldUnknown(TransientError):
    """A field is not there, or may not be read: the object was changed since it was described."""


class NotRetained(PermanentError):
    """The log does not reach back as far as it was asked."""


class TooManyIds(PermanentError):
    """More changed than one answer may list."""


def _limited(text: str) -> PipelineError:
    return AllowanceUsedUp(text, retry_after_seconds=LIMIT_PAUSE_SECONDS)


def _unreadable(text: str) -> PipelineError:
    return StreamUnreadable(f"{text}: there is no such object, or this user may not read it")


def _closed(text: str) -> PipelineError:
    return ConfigurationError(f"{text}: no program is let in: enable API access for the organization and the user's profile")


CODES: Final[Mapping[str, Callable[[str], PipelineError]]] = {
    "INVALID_SESSION_ID": SessionExpired,
    "INVALID_AUTH_HEADER": SessionExpired,
    "REQUEST_LIMIT_EXCEEDED": _limited,
    "QUERY_TIMEOUT": QueryTooSlow,
    "OPERATION_TOO_LARGE": QueryTooSlow,
    "INVALID_FIELD": FieldUnknown,
    "INVALID_TYPE": _unreadable,
    "NOT_FOUND": _unreadable,
    "INSUFFICIENT_ACCESS": _unreadable,
    "INSUFFICIENT_ACCESS_OR_READONLY": _unreadable,
    "API_DISABLED_FOR_ORG": _closed,
    "API_CURRENTLY_DISABLED": _closed,
    "ORG_LOCKED": _closed,
    "INVALID_REPLICATION_DATE": NotRetained,
    "EXCEEDED_ID_LIMIT": TooManyIds,
    "MALFORMED_QUERY": RequestRefused,
    "INVALID_QUERY_LOCATOR": QueryTooSlow,
    "SERVER_UNAVAILABLE": DependencyUnavailable,
    "UNABLE_TO_LOCK_ROW": DependencyUnavailable,
    "UNKNOWN_EXCEPTION": DependencyUnavailable,
}
"""The vendor's error code → our error. A query locator that is not known any more is asked for anew, as a query that was too slow is."""

LOGIN_FAULTS: Final[Mapping[str, str]] = {
    "invalid_grant": "Salesforce does not let this user in: approve the connected app for the user, or activate the user again",
    "invalid_client_id": "the consumer key is not known: compare it with the connected app's",
    "invalid_client": "the consumer key and its secret or certificate do not belong together: renew the secret",
    "inactive_user": "the user is inactive: activate it, or name another",
    "inactive_org": "the organization is closed or locked",
    "unsupported_grant_type": "the connected app does not allow this way to log in: enable it",
    "unauthorized_client": "the connected app may not log in for this user: pre-authorize its profile or permission set",
    "invalid_app_access": "the user may not use the connected app: assign its permission set",
}
"""What a login refused with these words asks of a person. Other words are taken for a refusal as well."""
LOGIN_TROUBLES: Final = frozenset({"unknown_error", "server_error", "temporarily_unavailable"})
"""With these words the vendor speaks of itself, whatever the status."""


@dataclass(frozen=True)
class Answer:
    """A good answer."""

    body: dict[str, Any]
    at: datetime
    """When it was asked for, by the vendor's clock: ``dates.asked_at``."""
    usage: tuple[int, int] | None
    """How many calls of the daily allowance are used, of how many, where it is said."""


def answer_from(response: httpx2.Response, *, what: str, since: datetime, now: datetime) -> Answer:
    """The JSON object an answer holds. ``since``: when it was asked for.

    Raises:
        PipelineError: as ``CODES`` says; for an answer without a code as its status says; a page for people is maintenance.
    """
    faults = _faults(response)
    if faults:
        raise made_of(faults[0], f"{what}: {faults[0]}")
    if response.status_code in TOO_LONG:
        raise RequestRefused(f"{what}: the query is too long for an address")
    refusal = error_of(response.status_code, response.headers, what)
    if refusal is not None:
        is_page = "html" in response.headers.get("content-type", "")
        raise DependencyUnavailable(f"{what}: a page for people, status {response.status_code}") if is_page else refusal
    body = _json(response)
    if not isinstance(body, dict):
        raise DependencyUnavailable(f"{what}: the answer is not a JSON object")
    return Answer(body, asked_at(response.headers, since=since, now=now), usage_in(response.headers))


def made_of(code: str, text: str) -> PipelineError:
    """The error an error code stands for. One that the table does not know is a refusal: our request is wrong."""
    return CODES.get(code, RequestRefused)(text)


def login_fault(response: httpx2.Response) -> PipelineError | None:
    """Why a login was refused, in words a person can act on; None when it was not."""
    if response.status_code == httpx2.codes.OK:
        return None
    body = _json(response)
    code = body.get("error") if isinstance(body, dict) else None
    if not isinstance(code, str):
        return error_of(response.status_code, response.headers, "log in") or DependencyUnavailable("log in: no answer that can be read")
    if response.status_code >= httpx2.codes.INTERNAL_SERVER_ERROR or code in LOGIN_TROUBLES:
        return DependencyUnavailable(f"log in: {response.status_code}")
    advice = LOGIN_FAULTS.get(code, "Salesforce refused the login")
    return ConfigurationError(f"{advice} ({code if code in LOGIN_FAULTS else 'an error of another kind'})")


def usage_in(headers: Mapping[str, str]) -> tuple[int, int] | None:
    """Calls used and allowed, from ``Sforce-Limit-Info``. A gauge: of two answers the later one counts, be it lower."""
    said = _USAGE.search(headers.get("sforce-limit-info", ""))
    return (int(said[1]), int(said[2])) if said else None


def objects_in(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; none, where it is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _faults(response: httpx2.Response) -> list[str]:
    if response.status_code < httpx2.codes.BAD_REQUEST:
        return []
    codes = [fault.get("errorCode") for fault in objects_in(_json(response))]
    return [code for code in codes if isinstance(code, str) and _CODE.fullmatch(code)]


def _json(response: httpx2.Response) -> Any:
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None
