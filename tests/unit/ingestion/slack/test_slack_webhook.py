"""Slack's webhook as a whole: who calls, what is answered, and that nothing Slack could send is an error."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.sources.slack.events import HANDLED, IGNORED
from ingestion.sources.source import Caller, HeardEvent, Lost, WebhookRequest, WebhookResponse
from shared.errors import ContractViolation, SignatureMismatch
from tests.unit.ingestion.slack.calls import (
    ANOTHER_APP,
    ANOTHER_SECRET,
    APP,
    ENTERPRISE,
    EVENTS,
    NEWER,
    NOW,
    OLDER,
    RECORDED,
    SECONDS,
    TEAM,
    around,
    authorization,
    call,
    connection,
    heard,
    signed,
    slack,
)

RENAME = {"type": "channel_rename", "channel": {"id": "C0DEALS", "name": "deals"}, "event_ts": "1772452806.000300"}
CHALLENGE = {"token": "deprecated", "challenge": "a-challenge-0123456789abcdefghijklmnopqrstuvwxyz", "type": "url_verification"}
EVERYTHING = (Lost("Channel", "events-lost"), Lost("User", "events-lost"))


# Who calls


def test_a_caller_is_found_by_app_and_account() -> None:
    said = around(RENAME, authorizations=[authorization(enterprise=ENTERPRISE)], context_team_id="T0ROADS")

    assert slack().verify(call(said)) == Caller((f"slack:{APP}:{TEAM}",), (f"slack:{APP}:T0ROADS",))


@pytest.mark.parametrize("secret", [OLDER, NEWER])
def test_either_secret_lets_in_while_one_is_replaced(secret: str) -> None:
    assert slack().verify(signed(json.dumps(around(RENAME)).encode(), secret=secret)).handles == (f"slack:{APP}:{TEAM}",)


def test_one_app_does_not_speak_for_another() -> None:
    with pytest.raises(SignatureMismatch):
        slack().verify(signed(json.dumps(around(RENAME)).encode(), secret=ANOTHER_SECRET))


def test_the_same_workspace_under_another_app_is_another_caller() -> None:
    body = json.dumps(around(RENAME, api_app_id=ANOTHER_APP)).encode()

    assert slack().verify(signed(body, secret=ANOTHER_SECRET)).handles == (f"slack:{ANOTHER_APP}:{TEAM}",)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff" * 100, b"[]", json.dumps(CHALLENGE).encode()])
def test_nothing_is_read_of_what_is_not_signed(body: bytes) -> None:
    with pytest.raises(SignatureMismatch):
        slack().verify(WebhookRequest(body, {"content-type": "application/json"}))
    with pytest.raises(SignatureMismatch):
        slack().verify(signed(body, secret="guessed"))


@pytest.mark.parametrize("body", [b"", b"{", b"\xff" * 100, b"[]", b'{"type":"event_callback"}'])
def test_what_is_signed_and_not_slacks_violates_the_contract(body: bytes) -> None:
    with pytest.raises(ContractViolation):
        slack().verify(signed(body))


def test_a_workspace_that_nobody_has_connected_does_not_stop_the_others() -> None:
    assert slack().unknown.status == 200


def test_no_secret_is_shown() -> None:
    assert not any(secret in repr(slack()) for secret in (OLDER, NEWER, ANOTHER_SECRET))


# The challenge


def test_a_challenge_is_answered_as_text_once_it_is_known_to_be_slacks() -> None:
    assert slack().verify(call(CHALLENGE)) == Caller((), (), WebhookResponse(200, CHALLENGE["challenge"], "text/plain; charset=utf-8"))


def test_the_challenge_of_any_app_is_answered_and_of_one_for_another_is_not() -> None:
    body = json.dumps(CHALLENGE).encode()
    assert slack().verify(signed(body, secret=ANOTHER_SECRET)).answer is not None

    with pytest.raises(SignatureMismatch):
        slack().verify(call({**CHALLENGE, "api_app_id": ANOTHER_APP}))


HOSTILE = [None, "", 7, True, ["x"], {"x": "x"}, "x" * 1025, "x" * 900_000, "two words", "a\nb", "<b>é</b>", "\ud83d", "\u202e", "\0"]


@pytest.mark.parametrize("challenge", HOSTILE, ids=lambda value: repr(value)[:12])
def test_a_hostile_challenge_is_not_answered(challenge: Any) -> None:
    with pytest.raises(ContractViolation) as raised:
        slack().verify(call({**CHALLENGE, "challenge": challenge}))

    assert "words" not in str(raised.value)


# What was lost


def test_lost_minutes_are_a_gap_in_everything() -> None:
    request = call({"type": "app_rate_limited", "token": "t", "team_id": TEAM, "minute_rate_limited": SECONDS, "api_app_id": APP})
    said = slack().heard(request, connection(), NOW)

    assert slack().verify(request).handles == (f"slack:{APP}:{TEAM}", f"slack:{APP}:in:{TEAM}"), "the organization's, where it has it"
    assert (tuple(said.lost), said.events) == (EVERYTHING, (HeardEvent("app_rate_limited", "handled"),))
    assert said.correlation_id


def retried(number: str, reason: str) -> Any:
    return heard(RENAME, headers={"x-slack-retry-num": number, "x-slack-retry-reason": reason})


@pytest.mark.parametrize("reason", ["http_timeout", "http_error", "connection_failed", "ssl_error"])
def test_after_the_last_retry_others_may_have_been_lost(reason: str) -> None:
    said = retried("3", reason)

    assert said.lost == EVERYTHING
    assert [one.event.source_id for one in said.told] == ["C0DEALS"]


@pytest.mark.parametrize("number", ["1", "2"])
def test_a_retry_is_treated_like_any_other_call(number: str) -> None:
    assert retried(number, "http_timeout") == heard(RENAME)


@pytest.mark.parametrize(
    ("number", "reason"),
    [("3", ""), ("3", "unknown_error"), ("3", "too_many_redirects"), ("", "http_error"), ("x" * 10_000, "http_error"), ("٣", "http_error")],
)
def test_headers_of_a_retry_may_hold_anything(number: str, reason: str) -> None:
    assert retried(number, reason) == heard(RENAME)


def test_what_was_lost_is_said_once() -> None:
    said = heard({"type": "team_access_granted"}, headers={"x-slack-retry-num": "3", "x-slack-retry-reason": "http_error"})

    assert said.lost == EVERYTHING


# Under which id


def test_a_call_goes_by_its_event_id_and_one_without_by_its_body() -> None:
    assert heard(RENAME).correlation_id == "Ev0ONE"
    assert [one.event.correlation_id for one in heard(RENAME).told] == ["Ev0ONE"]
    nameless = [heard(RENAME, event_id=none).correlation_id for none in (None, 7, "", "a b", "x" * 100)]
    assert len(set(nameless)) == 5
    assert all(len(one or "") == 32 for one in nameless)


# Nothing that could be sent is an error


def outcome(said: dict[str, Any]) -> str:
    """How a call ends: what it is counted as."""
    app = said.get("api_app_id")
    webhook = slack({app if isinstance(app, str) else APP: (NEWER,)})
    request = call(said)
    caller = webhook.verify(request)
    if caller.answer is not None:
        return "answered"
    results = {tuple(webhook.heard(request, connection(has_token=has_token), NOW).events) for has_token in (True, False)}
    [[event]] = results
    assert event.name in HANDLED | IGNORED | {"other"}
    return event.treatment


RECORDINGS = sorted(RECORDED.glob("*/*.json"))
LACKING = {f"message.{subtype}" for subtype in ("channel_leave", "group_join", "group_leave", "group_purpose")}
"""Recorded as another interface of Slack's had them: without the channel they are of."""


@pytest.mark.parametrize("path", RECORDINGS or [None], ids=lambda path: path.stem if path is not None else "none")
def test_every_recorded_call_is_handled_ignored_or_counted(path: Path | None) -> None:
    if path is None:
        pytest.skip("recorded payloads are not here")
    said = json.loads(path.read_text())
    ended = outcome(said if "type" in said and path.parent.name != "inner_events" else around(said))

    assert ended in ({"unrecognised"} if path.stem in LACKING else {"answered", "handled", "ignored"})


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(["C0DEALS", "D0WILE", "group_left"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
HONEST = [around(json.loads(path.read_text())["event"]) for path in sorted(EVENTS.iterdir())]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in it, its own first."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inside for place in places(item, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], junk: Any) -> Any:
    if not path:
        return junk
    copy = value.copy()
    copy[path[0]] = replaced(copy[path[0]], path[1:], junk)
    return copy


@given(data=st.data())
def test_a_call_with_anything_anywhere_is_heard_or_refused_for_its_envelope_alone(data: st.DataObject) -> None:
    said: Any = data.draw(st.sampled_from(HONEST))
    path: tuple[Any, ...] = ()
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(places(said)))
        said = replaced(said, path, data.draw(JUNK))
    request = call(said)
    try:
        slack().verify(request)
        result = slack().heard(request, connection(has_token=data.draw(st.booleans())), NOW)
    except (SignatureMismatch, ContractViolation):
        is_outside = not isinstance(said, dict) or said.get("api_app_id", APP) != APP or said.get("type") != "event_callback"
        assert (
            is_outside or not isinstance(said.get("event"), dict) or "NaN" in request.body.decode() or "Infinity" in request.body.decode()
        )
        return
    for told in result.told:
        assert told.event.encode()
        assert told.event.id
    assert len(result.events) == 1


@given(body=st.binary(max_size=300))
def test_any_bytes_that_are_signed_violate_the_contract_and_nothing_else(body: bytes) -> None:
    request = signed(body)
    try:
        slack().verify(request)
    except (SignatureMismatch, ContractViolation):
        return
    pytest.fail("no call of Slack's looks like this")
