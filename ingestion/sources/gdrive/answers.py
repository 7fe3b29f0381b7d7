"""What Google's APIs say, as ours: one table by the vendor's own reasons, for a status says little. 403 alone stands for four things.

"Resolve errors", Google Drive API guides; an error is ``{error: {code, message, errors: [{domain, reason, message, location?}]}}``. That of
the token endpoint is ``{error, error_description}``. The edge before both answers in HTML.
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
    RequestRefused,
    StreamUnreadable,
    TransientError,
)
from shared.http.statuses import TOO_MANY_REQUESTS, error_of, retry_after_seconds

FORBIDDEN: Final = 403
NOT_FOUND: Final = 404
GONE: Final = 410
_REASON: Final = re.compile(r"[A-Za-z_]{1,80}")


class TokenExpired(TransientError):
    """The access token is not accepted any more. Another may be."""


class TooManyCalls(TransientError):
    """The vendor wants a pause. ``asked_seconds``: how long, where it says so."""

    def __init__(self, text: str, *, asked_seconds: float | None = None, is_daily: bool = False) -> None:
        super().__init__(text)
        self.asked_seconds = asked_seconds
        self.is_daily = is_daily


class PageTokenRejected(PermanentError):
    """A page token is not accepted: where it stood nobody knows any more."""


class NotThere(PermanentError):
    """Deleted, or not to be seen by whoever asks."""


class AccessDenied(StreamUnreadable):
    """Whoever asks may not see this. Others may."""


class PolicyForbids(StreamUnreadable):
    """A policy of the domain does not let us."""


class ScopeMissing(ConfigurationError):
    """The credential does not reach so far."""


class NotDelegated(ScopeMissing):
    """The service account may not act as people of the domain, or not with this scope."""


class UserRefused(StreamUnreadable):
    """Nobody can act as this person: there is no such one, or the account is suspended."""


def _denied(text: str) -> PipelineError:
    return AccessDenied(f"{text}: the person may not see this")


def _policy(text: str) -> PipelineError:
    return PolicyForbids(f"{text}: a policy of the domain does not let programs into Drive: allow this one in the Admin console")


def _scope(text: str) -> PipelineError:
    return ScopeMissing(f"{text}: the credential lacks a scope: delegate or consent to the scopes in docs/sources/google-drive.md")


def _not_enabled(text: str) -> PipelineError:
    return ConfigurationError(f"{text}: enable the Google Drive API, and the Admin SDK API for groups, in the Cloud project")


def _daily(text: str) -> PipelineError:
    return TooManyCalls(text, is_daily=True)


REASONS: Final[Mapping[str, Callable[[str], PipelineError]]] = {
    "userRateLimitExceeded": TooManyCalls,
    "rateLimitExceeded": TooManyCalls,
    "sharingRateLimitExceeded": TooManyCalls,
    "quotaExceeded": TooManyCalls,
    "dailyLimitExceeded": _daily,
    "insufficientFilePermissions": _denied,
    "insufficientParentPermissions": _denied,
    "appNotAuthorizedToFile": _denied,
    "cannotDownloadFile": _denied,
    "cannotExportFile": _denied,
    "exportSizeLimitExceeded": _denied,
    "teamDriveMembershipRequired": _denied,
    "teamDrivesFolderMoveInNotSupported": _denied,
    "forbidden": _denied,
    "domainPolicy": _policy,
    "insufficientPermissions": _scope,
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": _scope,
    "accessNotConfigured": _not_enabled,
    "SERVICE_DISABLED": _not_enabled,
    "authError": TokenExpired,
    "required": RequestRefused,
    "notFound": NotThere,
    "fullSyncRequired": PageTokenRejected,
    "backendError": DependencyUnavailable,
    "internalError": DependencyUnavailable,
    "transientError": DependencyUnavailable,
}
"""The vendor's reason → our error. ``invalid`` is not in it: what it means is in its location."""

STATUSES: Final[Mapping[int, Callable[[str], PipelineError]]] = {
    401: TokenExpired,
    FORBIDDEN: _denied,
    NOT_FOUND: NotThere,
    GONE: PageTokenRejected,
    TOO_MANY_REQUESTS: TooManyCalls,
}
"""For a refusal without a reason that we know, where a status says more than it does of other vendors."""

_KEY: Final = "add a new key of the service account under the connection's secret, and look whether the account is still there"
_CONSENT: Final = "the consent has ended: connect the account again; of an app that is still in testing it ends after seven days"
_CLIENT: Final = "the client and its secret do not belong together: renew the secret"
_DELEGATE: Final = (
    "the service account may not act as people of the domain: add its client id with the scopes of docs/sources/google-drive.md in the"
    " Admin console under API controls, domain-wide delegation"
)
LOGIN_FAULTS: Final[Mapping[str, Mapping[str, str]]] = {
    "service-account": {"invalid_grant": _KEY, "invalid_client": _KEY, "unauthorized_client": _DELEGATE, "access_denied": _DELEGATE},
    "refresh-token": {"invalid_grant": _CONSENT, "invalid_client": _CLIENT, "unauthorized_client": _CLIENT},
}
"""What a login refused with these words asks of a person, by the kind of credential. Other words are taken for a refusal as well."""
_NOT_DELEGATED: Final = frozenset({"unauthorized_client", "access_denied", "invalid_scope"})
_OF_A_PERSON: Final = ("invalid email", "user id", "suspended", "deleted", "disabled")
"""How a description goes on that is about the person, and not about the key."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer."""

    body: dict[str, Any]
    at: datetime
    """When it was asked for, by the vendor's clock: ``dates.asked_at``."""


def answer_from(response: httpx2.Response, *, what: str, since: datetime, now: datetime) -> Answer:
    """The JSON object an answer holds. ``since``: when it was asked for.

    Raises:
        PipelineError: as ``REASONS`` says; for an answer without a reason as its status says; a page for people is maintenance.
    """
    if response.status_code != httpx2.codes.OK:
        raise _refusal(response, what)
    body = _json(response)
    if not isinstance(body, dict):
        raise DependencyUnavailable(f"{what}: the answer is not a JSON object")
    return Answer(body, asked_at(response.headers, since=since, now=now))


def login_fault(response: httpx2.Response, *, kind: str) -> PipelineError | None:
    """Why a login was refused, in words a person can act on; None when it was not. ``kind``: of the credential."""
    if response.status_code == httpx2.codes.OK:
        return None
    body = _json(response)
    code = body.get("error") if isinstance(body, dict) else None
    if not isinstance(code, str) or response.status_code >= httpx2.codes.INTERNAL_SERVER_ERROR:
        found = error_of(response.status_code, response.headers, "log in")
        return found if isinstance(found, TransientError) else DependencyUnavailable(f"log in: {response.status_code}")
    described = str(body.get("error_description", "")).lower() if isinstance(body, dict) else ""
    if kind == "service-account" and code == "invalid_grant" and any(word in described for word in _OF_A_PERSON):
        return UserRefused("nobody can act as this person: the account is suspended, or is no more; take it out of the connection's users")
    advice = LOGIN_FAULTS.get(kind, {}).get(code)
    text = "Google refused the login (an error of another kind)" if advice is None else f"{advice} ({code})"
    if kind == "service-account" and code in _NOT_DELEGATED:
        return NotDelegated(f"{_DELEGATE} ({code})")
    return ConfigurationError(text)


def objects_in(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; none, where it is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def text_in(body: Mapping[str, Any], name: str) -> str | None:
    """A text that is not empty; None, where there is none."""
    value = body.get(name)
    return value if isinstance(value, str) and value else None


def _refusal(response: httpx2.Response, what: str) -> PipelineError:
    status, body = response.status_code, _json(response)
    if not isinstance(body, dict) and "html" in response.headers.get("content-type", ""):
        return DependencyUnavailable(f"{what}: a page for people, status {status}")
    reason, location = _fault_in(body)
    if location == "pageToken" and status < httpx2.codes.INTERNAL_SERVER_ERROR:
        return PageTokenRejected(f"{what}: the page token is not accepted")
    made = _made(status, reason, what)
    if isinstance(made, TooManyCalls):
        made.asked_seconds = retry_after_seconds(response.headers)
    return made or error_of(status, response.headers, what) or DependencyUnavailable(f"{what}: answered {status}")


def _made(status: int, reason: str, what: str) -> PipelineError | None:
    if status < httpx2.codes.INTERNAL_SERVER_ERROR:
        if reason in REASONS:
            return REASONS[reason](f"{what}: {reason}")
        if status in STATUSES:
            return STATUSES[status](f"{what}: answered {status}")
    return None


def _fault_in(body: Any) -> tuple[str, str]:
    """Reason and location; empty, where they are not said."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return "", ""
    for fault in (*objects_in(error.get("errors")), *objects_in(error.get("details"))):
        reason, location = fault.get("reason"), fault.get("location")
        if isinstance(reason, str) and _REASON.fullmatch(reason):
            return reason, location if isinstance(location, str) else ""
    return "", ""


def _json(response: httpx2.Response) -> Any:
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None
