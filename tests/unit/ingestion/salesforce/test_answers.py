"""What Salesforce answers, as our errors: every code, codes nobody knows, statuses without a code, and pages for people."""

import json
from datetime import UTC, datetime

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.sources.salesforce.answers import (
    CODES,
    LOGIN_FAULTS,
    AllowanceUsedUp,
    FieldUnknown,
    NotRetained,
    QueryTooSlow,
    SessionExpired,
    TooManyIds,
    answer_from,
    login_fault,
    usage_in,
)
from shared.errors import (
    ConfigurationError,
    Conflict,
    DependencyUnavailable,
    PipelineError,
    RateLimited,
    RequestRefused,
    StreamUnreadable,
    TransientError,
)

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PAGE = b"<!DOCTYPE html><html><body>We are down for maintenance.</body></html>"
HTML = {"content-type": "text/html; charset=UTF-8"}


def refused(status: int, code: str) -> httpx2.Response:
    """As the API refuses."""
    return httpx2.Response(status, json=[{"message": "Ann Example may not", "errorCode": code}])


def read(response: httpx2.Response) -> None:
    """As a client reads."""
    answer_from(response, what="Salesforce query", since=NOON, now=NOON)


TABLE: list[tuple[int, str, type[PipelineError]]] = [
    (401, "INVALID_SESSION_ID", SessionExpired),
    (401, "INVALID_AUTH_HEADER", SessionExpired),
    (403, "REQUEST_LIMIT_EXCEEDED", AllowanceUsedUp),
    (400, "QUERY_TIMEOUT", QueryTooSlow),
    (400, "OPERATION_TOO_LARGE", QueryTooSlow),
    (400, "INVALID_QUERY_LOCATOR", QueryTooSlow),
    (400, "INVALID_FIELD", FieldUnknown),
    (400, "INVALID_TYPE", StreamUnreadable),
    (404, "NOT_FOUND", StreamUnreadable),
    (403, "INSUFFICIENT_ACCESS", StreamUnreadable),
    (403, "INSUFFICIENT_ACCESS_OR_READONLY", StreamUnreadable),
    (403, "API_DISABLED_FOR_ORG", ConfigurationError),
    (403, "API_CURRENTLY_DISABLED", ConfigurationError),
    (403, "ORG_LOCKED", ConfigurationError),
    (400, "INVALID_REPLICATION_DATE", NotRetained),
    (400, "EXCEEDED_ID_LIMIT", TooManyIds),
    (400, "MALFORMED_QUERY", RequestRefused),
    (503, "SERVER_UNAVAILABLE", DependencyUnavailable),
    (400, "UNABLE_TO_LOCK_ROW", DependencyUnavailable),
    (500, "UNKNOWN_EXCEPTION", DependencyUnavailable),
]


@pytest.mark.parametrize(("status", "code", "error"), TABLE)
def test_a_code_says_what_to_do_whatever_the_status(status: int, code: str, error: type[PipelineError]) -> None:
    with pytest.raises(error):
        read(refused(status, code))
    with pytest.raises(error):
        read(refused(418, code))


def test_every_code_of_the_table_is_tested_above() -> None:
    assert {code for _, code, _ in TABLE} == set(CODES)


def test_a_code_that_nobody_knows_is_a_refusal() -> None:
    with pytest.raises(RequestRefused, match="SOMETHING_NEW"):
        read(refused(500, "SOMETHING_NEW"))


@pytest.mark.parametrize("code", ["", "lower_case", "WITH SPACE", "Ann Example", "X" * 200, None, 7, ["NOT_FOUND"]])
def test_what_is_no_code_counts_for_nothing(code: object) -> None:
    with pytest.raises(DependencyUnavailable, match="answered 500"):
        read(httpx2.Response(500, json=[{"errorCode": code}]))


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (301, ConfigurationError),
        (302, DependencyUnavailable),
        (304, DependencyUnavailable),
        (400, RequestRefused),
        (401, ConfigurationError),
        (404, ConfigurationError),
        (409, Conflict),
        (414, RequestRefused),
        (429, RateLimited),
        (431, RequestRefused),
        (500, DependencyUnavailable),
        (503, DependencyUnavailable),
    ],
)
def test_without_a_code_the_status_decides(status: int, error: type[PipelineError]) -> None:
    with pytest.raises(error):
        read(httpx2.Response(status))


@pytest.mark.parametrize("status", [200, 403, 404, 500, 502, 503])
def test_a_page_for_people_is_maintenance_whatever_the_status(status: int) -> None:
    with pytest.raises(DependencyUnavailable):
        read(httpx2.Response(status, content=PAGE, headers=HTML))


def test_a_wait_that_is_asked_for_is_no_allowance_that_is_used_up() -> None:
    """Else five seconds for one worker would be a quarter of an hour for all."""
    with pytest.raises(RateLimited) as raised:
        read(httpx2.Response(503, headers={"retry-after": "5"}))
    assert raised.value.retry_after_seconds == 5
    assert not isinstance(raised.value, AllowanceUsedUp)


def test_an_allowance_that_is_used_up_pauses_for_a_quarter_of_an_hour() -> None:
    with pytest.raises(AllowanceUsedUp) as raised:
        read(refused(403, "REQUEST_LIMIT_EXCEEDED"))
    assert raised.value.retry_after_seconds == 900


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"7", b'"text"', b'{"records": [', b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_object_is_no_answer(body: bytes) -> None:
    with pytest.raises(DependencyUnavailable):
        read(httpx2.Response(200, content=body))


def test_a_good_answer_has_its_body_its_time_and_the_gauge() -> None:
    headers = {"date": "Sat, 21 Nov 2026 11:59:58 GMT", "sforce-limit-info": "api-usage=18/15000"}
    answer = answer_from(httpx2.Response(200, json={"done": True}, headers=headers), what="query", since=NOON, now=NOON)
    assert (answer.body, answer.at, answer.usage) == ({"done": True}, datetime(2026, 11, 21, 11, 59, 58, tzinfo=UTC), (18, 15_000))


@pytest.mark.parametrize(
    ("said", "usage"),
    [
        ("api-usage=18/15000", (18, 15_000)),
        ("api-usage=18/15000; per-app-api-usage=3/250(appName=sample)", (18, 15_000)),
        ("per-app-api-usage=3/250(appName=sample); api-usage=18/15000", (3, 250)),
        ("api-usage=x/15000", None),
        (f"api-usage={'9' * 5000}/15000", None),
        ("", None),
    ],
)
def test_the_gauge_is_read_from_its_header(said: str, usage: tuple[int, int] | None) -> None:
    assert usage_in({"sforce-limit-info": said}) == usage


SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
NAMES = st.sampled_from(["errorCode", "message", "error", "records"])
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner), max_leaves=6)
BODIES = st.binary(max_size=40) | VALUES.map(lambda value: json.dumps(value).encode())
HEADERS = st.dictionaries(
    st.sampled_from(["date", "sforce-limit-info", "content-type", "retry-after", "retry-after-ms"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=30)
    | st.dates().map(lambda day: f"{day:%a, %d %b %Y} 00:00:00 -0100"),
)


@given(status=st.integers(200, 599), body=BODIES, headers=HEADERS)
def test_no_answer_raises_anything_but_an_error_of_ours(status: int, body: bytes, headers: dict[str, str]) -> None:
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    response = httpx2.Response(status, content=body, headers=encoded)
    for reads in (read, login_fault):
        try:
            said = reads(response)
        except PipelineError:
            continue
        assert said is None or isinstance(said, PipelineError)


@given(st.text(), st.text())
def test_nothing_that_was_answered_is_in_an_error(message: str, code: str) -> None:
    secret = "Ann-Example-4711"
    body = [{"message": f"{message}{secret}", "errorCode": f"{code}{secret}"}]
    with pytest.raises(PipelineError) as raised:
        read(httpx2.Response(400, json=body))
    assert secret not in str(raised.value)


# Logging in


@pytest.mark.parametrize("error", sorted(LOGIN_FAULTS))
def test_every_refusal_of_a_login_gives_its_own_advice(error: str) -> None:
    fault = login_fault(httpx2.Response(400, json={"error": error, "error_description": "user ann@example.com"}))
    assert isinstance(fault, ConfigurationError)
    assert str(fault) == f"{LOGIN_FAULTS[error]} ({error})"
    assert len(set(LOGIN_FAULTS.values())) == len(LOGIN_FAULTS)


def test_a_refusal_of_a_login_in_other_words_is_one_and_its_words_are_not_repeated() -> None:
    fault = login_fault(httpx2.Response(400, json={"error": "ann@example.com", "error_description": "x"}))
    assert isinstance(fault, ConfigurationError)
    assert "ann" not in str(fault)


@pytest.mark.parametrize(
    "response",
    [
        httpx2.Response(500, json={"error": "invalid_grant"}),
        httpx2.Response(400, json={"error": "unknown_error", "error_description": "retry your request"}),
        httpx2.Response(503, content=PAGE, headers=HTML),
        httpx2.Response(502),
        httpx2.Response(429, headers={"retry-after": "3"}),
    ],
)
def test_trouble_of_the_login_service_is_no_refusal(response: httpx2.Response) -> None:
    assert isinstance(login_fault(response), TransientError)


def test_a_login_that_is_granted_is_no_fault() -> None:
    assert login_fault(httpx2.Response(200, json={"access_token": "x"})) is None
