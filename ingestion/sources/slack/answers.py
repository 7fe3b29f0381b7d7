"""What Slack's Web API says, as ours: one table by its own words, for the status is nearly always 200.

"Using the Slack Web API": an answer is ``{ok: true, …}`` or ``{ok: false, error: "a_word"}``; too many calls are 429 with ``Retry-After``.
``warning`` and ``response_metadata.warnings`` are no errors. The edge before it answers in HTML.
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

RATE_LIMITED: Final = "ratelimited"
MISSING_SCOPE: Final = "missing_scope"
_WORD: Final = re.compile(r"[a-z][a-z0-9_]{0,79}")
_SCOPES: Final = re.compile(r"[a-z][a-z0-9_.:, ]{0,199}")


class TokenRefused(ConfigurationError):
    """The token is not accepted. Another one may be stored by now. ``said``: what was asked, and the vendor's word."""

    def __init__(self, said: str, advice: str) -> None:
        super().__init__(f"{said}: {advice}")
        self.said = said


class TooManyCalls(TransientError):
    """The vendor wants a pause. ``asked_seconds``: how long, where it says so."""

    def __init__(self, text: str, *, asked_seconds: float | None = None) -> None:
        super().__init__(text)
        self.asked_seconds = asked_seconds


class NotThere(PermanentError):
    """Deleted, or not to be seen by the app."""


class AccessDenied(StreamUnreadable):
    """A rule of the account does not let the app see this."""


class CursorRejected(PermanentError):
    """A page's cursor is not accepted any more: the list is to be read anew."""


def _token(text: str) -> PipelineError:
    advice = "Slack does not accept the bot token: install the app again, and store its token under the connection's secret"
    return TokenRefused(text, advice)


def _kind_of_token(text: str) -> PipelineError:
    return TokenRefused(text, "the secret holds a token of another kind: store the app's bot token, which begins with xoxb")


def _closed(text: str) -> PipelineError:
    return ConfigurationError(f"{text}: the account lets no program in from here: look at its rules for apps and networks")


def _denied(text: str) -> PipelineError:
    return AccessDenied(f"{text}: a rule of the account does not let the app see this")


def _team(text: str) -> PipelineError:
    return AccessDenied(f"{text}: the app was not given this workspace: an administrator of the organization adds it to the app")


ERRORS: Final[Mapping[str, Callable[[str], PipelineError]]] = {
    "not_authed": _token,
    "invalid_auth": _token,
    "account_inactive": _token,
    "token_revoked": _token,
    "token_expired": _token,
    "not_allowed_token_type": _kind_of_token,
    "accesslimited": _closed,
    "enterprise_is_restricted": _closed,
    "no_permission": _denied,
    "access_denied": _denied,
    "ekm_access_denied": _denied,
    "fetch_members_failed": _denied,
    "team_access_not_granted": _team,
    "team_not_found": _team,
    "channel_not_found": NotThere,
    "not_in_channel": NotThere,
    "user_not_found": NotThere,
    "users_not_found": NotThere,
    "user_not_visible": NotThere,
    "invalid_cursor": CursorRejected,
    RATE_LIMITED: TooManyCalls,
    "rate_limited": TooManyCalls,
    "internal_error": DependencyUnavailable,
    "fatal_error": DependencyUnavailable,
    "service_unavailable": DependencyUnavailable,
    "request_timeout": DependencyUnavailable,
    "org_login_required": DependencyUnavailable,
    "team_added_to_org": DependencyUnavailable,
}
"""The vendor's word → our error. A word the table does not know is a refusal: our request is wrong. The last two are said while a workspace
moves into an organization, and end by themselves; ``fetch_members_failed`` is said of one channel, which must not hold up the others.
``missing_scope`` is not in it: what it means is beside it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer."""

    body: dict[str, Any]
    at: datetime
    """When it was asked for, by the vendor's clock: ``dates.asked_at``."""
    scopes: frozenset[str] | None
    """What the token may do; None, where it is not said."""


def answer_from(response: httpx2.Response, *, what: str, since: datetime, now: datetime) -> Answer:
    """The JSON object a good answer holds. ``since``: when it was asked for.

    Raises:
        PipelineError: as ``ERRORS`` says; for an answer without a word of its own as its status says.
    """
    body = _json(response)
    if response.status_code == TOO_MANY_REQUESTS:
        raise TooManyCalls(f"{what}: {RATE_LIMITED}", asked_seconds=retry_after_seconds(response.headers))
    if not isinstance(body, dict) or "ok" not in body:
        raise _without_words(response, what)
    if body["ok"] is not True:
        raise _refusal(response, body, what)
    said = response.headers.get("x-oauth-scopes")
    scopes = None if said is None else frozenset(scope.strip() for scope in said.split(",") if scope.strip())
    return Answer(body, asked_at(response.headers, since=since, now=now), scopes)


def objects_in(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; none, where it is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def text_in(body: Mapping[str, Any], name: str) -> str | None:
    """A text that is not empty; None, where there is none."""
    value = body.get(name)
    return value if isinstance(value, str) and value else None


def cursor_in(body: Mapping[str, Any]) -> str | None:
    """Where a list goes on; None: it does not. A page with fewer rows than asked for, or none, is not its end."""
    metadata = body.get("response_metadata")
    return text_in(metadata, "next_cursor") if isinstance(metadata, dict) else None


def _refusal(response: httpx2.Response, body: Mapping[str, Any], what: str) -> PipelineError:
    said = body.get("error")
    word = said if isinstance(said, str) and _WORD.fullmatch(said) else "an error of another kind"
    if word == MISSING_SCOPE:
        needed = body.get("needed")
        scope = needed if isinstance(needed, str) and _SCOPES.fullmatch(needed) else "one that is not said"
        return StreamUnreadable(f"{what}: the app lacks a scope ({scope}): add it to the app's bot token scopes, and install the app again")
    made = ERRORS.get(word, RequestRefused)(f"{what}: {word}")
    if isinstance(made, TooManyCalls):
        made.asked_seconds = retry_after_seconds(response.headers)
    if isinstance(made, RequestRefused) and response.status_code >= httpx2.codes.INTERNAL_SERVER_ERROR:
        return DependencyUnavailable(f"{what}: answered {response.status_code}")
    return made


def _without_words(response: httpx2.Response, what: str) -> PipelineError:
    if "html" in response.headers.get("content-type", ""):
        return DependencyUnavailable(f"{what}: a page for people, status {response.status_code}")
    return error_of(response.status_code, response.headers, what) or DependencyUnavailable(f"{what}: no answer that can be read")


def _json(response: httpx2.Response) -> Any:
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None
