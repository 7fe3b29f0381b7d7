"""Each of Slack's words, and what it means to us."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from ingestion.sources.slack.answers import (
    ERRORS,
    AccessDenied,
    CursorRejected,
    NotThere,
    TokenRefused,
    TooManyCalls,
    answer_from,
    cursor_in,
)
from shared.errors import ConfigurationError, DependencyUnavailable, PipelineError, RequestRefused, StreamUnreadable

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


WORDS: list[tuple[tuple[str, ...], type[PipelineError]]] = [
    (("not_authed", "invalid_auth", "account_inactive", "token_revoked", "token_expired", "not_allowed_token_type"), TokenRefused),
    (("accesslimited", "enterprise_is_restricted"), ConfigurationError),
    (
        ("no_permission", "fetch_members_failed", "access_denied", "ekm_access_denied", "team_access_not_granted", "team_not_found"),
        AccessDenied,
    ),
    (("channel_not_found", "not_in_channel", "user_not_found", "users_not_found", "user_not_visible"), NotThere),
    (("invalid_cursor",), CursorRejected),
    (("ratelimited", "rate_limited"), TooManyCalls),
    (("internal_error", "fatal_error", "service_unavailable", "request_timeout"), DependencyUnavailable),
    (("org_login_required", "team_added_to_org"), DependencyUnavailable),
    (("invalid_arguments", "unknown_method", "an_error_nobody_knows"), RequestRefused),
]


def response(body: Any, status: int = 200, **headers: str) -> httpx2.Response:
    return httpx2.Response(status, json=body, headers={name.replace("_", "-"): value for name, value in headers.items()})


def refusal(answer: httpx2.Response) -> PipelineError:
    with pytest.raises(PipelineError) as raised:
        answer_from(answer, what="Slack users.info", since=NOON, now=NOON)
    return raised.value


def test_a_good_answer_holds_its_body_its_moment_and_what_the_token_may_do() -> None:
    good = response({"ok": True, "user": {"id": "U1"}}, date="Sun, 22 Nov 2026 12:00:05 GMT", x_oauth_scopes="users:read,channels:read, ")

    answer = answer_from(good, what="Slack users.info", since=NOON, now=NOON + timedelta(milliseconds=300))

    assert answer.body["user"] == {"id": "U1"}
    assert answer.at == NOON + timedelta(seconds=5), "by the vendor's clock"
    assert answer.scopes == frozenset({"users:read", "channels:read"})


def test_a_warning_is_no_error() -> None:
    said = {"ok": True, "warning": "superfluous_charset", "response_metadata": {"warnings": ["superfluous_charset"], "next_cursor": ""}}

    answer = answer_from(response(said), what="Slack users.list", since=NOON, now=NOON)

    assert cursor_in(answer.body) is None
    assert answer.scopes is None


@pytest.mark.parametrize(("words", "error"), WORDS)
def test_each_word_is_one_of_our_errors_and_stands_in_its_text(words: tuple[str, ...], error: type[PipelineError]) -> None:
    for word in words:
        found = refusal(response({"ok": False, "error": word}))
        assert type(found) is error, word
        assert word in str(found)


def test_no_word_of_the_table_is_untested() -> None:
    assert set(ERRORS) <= {word for words, _ in WORDS for word in words}


def test_a_missing_scope_is_named() -> None:
    found = refusal(response({"ok": False, "error": "missing_scope", "needed": "groups:read", "provided": "channels:read"}))

    assert isinstance(found, StreamUnreadable)
    assert "(groups:read)" in str(found)


def test_nothing_the_vendor_says_beyond_its_words_gets_into_a_text() -> None:
    texts = [
        str(refusal(response({"ok": False, "error": said, "needed": said})))
        for said in ("Bearer xoxb-1", "missing scope of <Ada>", 7, None)
    ] + [str(refusal(response({"ok": False, "error": "missing_scope", "needed": "Ada <ada@acme.example>"})))]

    assert not any("xoxb" in text or "ada" in text.lower() for text in texts)


@pytest.mark.parametrize(("header", "seconds"), [({"retry_after": "30"}, 30), ({}, None)])
@pytest.mark.parametrize("status", [200, 429])
def test_too_many_calls_say_how_long_to_wait(status: int, header: dict[str, str], seconds: float | None) -> None:
    found = refusal(response({"ok": False, "error": "ratelimited"}, status, **header))

    assert isinstance(found, TooManyCalls)
    assert found.asked_seconds == seconds


def test_a_429_without_a_body_of_slacks_is_too_many_calls_as_well() -> None:
    found = refusal(httpx2.Response(429, text="slow down", headers={"retry-after": "7"}))

    assert isinstance(found, TooManyCalls)
    assert found.asked_seconds == 7


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(503, text="<html>maintenance</html>", headers={"content-type": "text/html"}),
        httpx2.Response(200, text="<html>log in</html>", headers={"content-type": "text/html"}),
        httpx2.Response(500, json={"ok": False, "error": "internal_error"}),
        httpx2.Response(502, text=""),
        httpx2.Response(500, json={"ok": False, "error": "an_error_nobody_knows"}),
        httpx2.Response(200, json=["ok"]),
        httpx2.Response(200, json={"channels": []}),
        httpx2.Response(200, text="{"),
    ],
)
def test_what_cannot_be_read_and_what_is_out_of_order_is_for_later(answer: httpx2.Response) -> None:
    assert isinstance(refusal(answer), DependencyUnavailable)
