"""What Google answers, as our errors: every reason, reasons nobody knows, statuses without one, and pages for people."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.sources.gdrive.answers import (
    LOGIN_FAULTS,
    REASONS,
    AccessDenied,
    NotDelegated,
    NotThere,
    PageTokenRejected,
    PolicyForbids,
    ScopeMissing,
    TokenExpired,
    TooManyCalls,
    UserRefused,
    answer_from,
    login_fault,
)
from shared.errors import ConfigurationError, DependencyUnavailable, PipelineError, RateLimited, RequestRefused, TransientError

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PAGE = b"<!DOCTYPE html><html><body>We're sorry.</body></html>"
HTML = {"content-type": "text/html; charset=UTF-8"}


def refused(status: int, reason: str, location: str | None = None, headers: dict[str, str] | None = None) -> httpx2.Response:
    """As the API refuses."""
    fault: dict[str, Any] = {"domain": "global", "reason": reason, "message": "Ann Example may not"}
    if location is not None:
        fault |= {"location": location, "locationType": "parameter"}
    body = {"error": {"code": status, "message": "Ann Example may not", "errors": [fault]}}
    return httpx2.Response(status, json=body, headers=headers)


def error_of(response: httpx2.Response) -> PipelineError:
    """As a client reads."""
    with pytest.raises(PipelineError) as raised:
        answer_from(response, what="Google Drive changes", since=NOON, now=NOON)
    return raised.value


TABLE: list[tuple[int, str, type[PipelineError]]] = [
    (403, "userRateLimitExceeded", TooManyCalls),
    (403, "rateLimitExceeded", TooManyCalls),
    (429, "rateLimitExceeded", TooManyCalls),
    (403, "sharingRateLimitExceeded", TooManyCalls),
    (403, "quotaExceeded", TooManyCalls),
    (403, "dailyLimitExceeded", TooManyCalls),
    (403, "insufficientFilePermissions", AccessDenied),
    (403, "insufficientParentPermissions", AccessDenied),
    (403, "appNotAuthorizedToFile", AccessDenied),
    (403, "cannotDownloadFile", AccessDenied),
    (403, "cannotExportFile", AccessDenied),
    (403, "exportSizeLimitExceeded", AccessDenied),
    (403, "teamDriveMembershipRequired", AccessDenied),
    (403, "teamDrivesFolderMoveInNotSupported", AccessDenied),
    (403, "forbidden", AccessDenied),
    (403, "domainPolicy", PolicyForbids),
    (403, "insufficientPermissions", ScopeMissing),
    (403, "ACCESS_TOKEN_SCOPE_INSUFFICIENT", ScopeMissing),
    (403, "accessNotConfigured", ConfigurationError),
    (403, "SERVICE_DISABLED", ConfigurationError),
    (401, "authError", TokenExpired),
    (400, "required", RequestRefused),
    (404, "notFound", NotThere),
    (410, "fullSyncRequired", PageTokenRejected),
    (400, "backendError", DependencyUnavailable),
    (400, "internalError", DependencyUnavailable),
    (400, "transientError", DependencyUnavailable),
]


@pytest.mark.parametrize(("status", "reason", "error"), TABLE)
def test_a_reason_says_what_to_do(status: int, reason: str, error: type[PipelineError]) -> None:
    assert type(error_of(refused(status, reason))) is error


def test_the_table_of_reasons_is_this_one() -> None:
    assert {reason for _, reason, _ in TABLE} == set(REASONS)


def test_a_reason_of_the_newer_kind_of_error_counts_too() -> None:
    body = {"error": {"code": 403, "status": "PERMISSION_DENIED", "details": [{"reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]}}
    assert isinstance(error_of(httpx2.Response(403, json=body)), ScopeMissing)


@pytest.mark.parametrize("status", [400, 403, 404, 410])
@pytest.mark.parametrize("reason", ["invalid", "notFound", "anything"])
def test_a_refusal_of_the_page_token_is_that_whatever_the_status(status: int, reason: str) -> None:
    assert isinstance(error_of(refused(status, reason, "pageToken")), PageTokenRejected)


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, RequestRefused), (401, TokenExpired), (403, AccessDenied), (404, NotThere), (410, PageTokenRejected), (429, TooManyCalls)],
)
def test_a_reason_that_nobody_knows_is_as_its_status_says(status: int, error: type[PipelineError]) -> None:
    assert isinstance(error_of(refused(status, "somethingNew")), error)
    assert isinstance(error_of(httpx2.Response(status, json={"error": "odd"})), error)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_trouble_of_the_vendors_is_for_later_whatever_the_reason(status: int) -> None:
    for response in (refused(status, "insufficientPermissions"), refused(status, "invalid", "pageToken"), httpx2.Response(status)):
        assert isinstance(error_of(response), DependencyUnavailable)


def test_trouble_that_says_until_when_is_until_then() -> None:
    error = error_of(refused(503, "backendError", headers={"retry-after": "30"}))
    assert isinstance(error, RateLimited)
    assert error.retry_after_seconds == 30


@pytest.mark.parametrize(("headers", "seconds"), [({}, None), ({"retry-after": "12"}, 12.0)])
def test_a_rate_that_is_exceeded_says_for_how_long_where_the_vendor_does(headers: dict[str, str], seconds: float | None) -> None:
    error = error_of(refused(429, "rateLimitExceeded", headers=headers))
    assert isinstance(error, TooManyCalls)
    assert (error.asked_seconds, error.is_daily) == (seconds, False)


@pytest.mark.parametrize("status", [200, 403, 404, 429, 502])
def test_a_page_for_people_is_maintenance(status: int) -> None:
    assert isinstance(error_of(httpx2.Response(status, content=PAGE, headers=HTML)), DependencyUnavailable)


@pytest.mark.parametrize("body", [b"", b"[]", b'"text"', b'{"files": [', b"\xff"])
def test_a_good_answer_that_is_no_object_is_none(body: bytes) -> None:
    assert isinstance(error_of(httpx2.Response(200, content=body)), DependencyUnavailable)


ODD = st.none() | st.text() | st.integers()
FAULTS = st.lists(ODD | st.dictionaries(st.text(max_size=6), ODD), max_size=3)


@given(st.integers(201, 599), ODD | st.dictionaries(st.sampled_from(["errors", "details", "status", "code"]), ODD | FAULTS))
def test_whatever_is_answered_is_an_error_of_ours(status: int, error: object) -> None:
    answered = httpx2.Response(status, content=json.dumps({"error": error}).encode())
    assert "Google Drive changes" in str(error_of(answered))


def test_an_error_holds_nothing_of_what_was_answered_but_reasons_of_the_table() -> None:
    assert "Ann" not in str(error_of(refused(403, "insufficientFilePermissions")))
    assert "AnnExample" not in str(error_of(refused(403, "AnnExample")))


# Logging in


def login(status: int, error: str, description: str = "", *, kind: str = "service-account") -> PipelineError | None:
    """As the token endpoint answers."""
    return login_fault(httpx2.Response(status, json={"error": error, "error_description": description}), kind=kind)


@pytest.mark.parametrize(("kind", "code"), [(kind, code) for kind, known in LOGIN_FAULTS.items() for code in known])
def test_a_refused_login_says_what_to_do_and_with_which_word_it_was_refused(kind: str, code: str) -> None:
    fault = login(400, code, kind=kind)
    assert isinstance(fault, ConfigurationError)
    assert str(fault).endswith(f"({code})")


@pytest.mark.parametrize("code", ["unauthorized_client", "access_denied", "invalid_scope"])
def test_what_was_not_delegated_is_told_apart(code: str) -> None:
    assert isinstance(login(401, code), NotDelegated)
    assert not isinstance(login(401, code, kind="refresh-token"), NotDelegated)


@pytest.mark.parametrize("said", ["Invalid email or User ID", "Account is suspended", "Account has been deleted"])
def test_a_refusal_of_a_person_is_no_refusal_of_the_key(said: str) -> None:
    assert isinstance(login(400, "invalid_grant", said), UserRefused)
    assert isinstance(login(400, "invalid_grant", "Invalid JWT Signature."), ConfigurationError)


def test_a_login_that_went_well_has_no_fault() -> None:
    assert login_fault(httpx2.Response(200, json={"access_token": "x"}), kind="service-account") is None


@pytest.mark.parametrize("response", [httpx2.Response(503, json={"error": "x"}), httpx2.Response(400, content=PAGE), httpx2.Response(429)])
def test_a_login_that_got_no_answer_is_for_later(response: httpx2.Response) -> None:
    assert isinstance(login_fault(response, kind="service-account"), TransientError)


def test_an_error_of_a_login_holds_no_word_that_nobody_knows() -> None:
    assert "Ann" not in str(login(400, "Ann Example", "Ann Example"))
