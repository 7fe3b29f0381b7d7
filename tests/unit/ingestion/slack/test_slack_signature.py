"""Slack's signature: what Slack's own signer signs is let in, everything else is refused, and no header can raise anything else."""

import hmac
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.signature import SignatureVerifier

from ingestion.sources.slack.signature import TOLERANCE, apps_that_signed
from ingestion.sources.source import WebhookRequest
from shared.errors import SignatureMismatch
from tests.unit.ingestion.slack.calls import ANOTHER_APP, ANOTHER_SECRET, APP, NEWER, NOW, OLDER, SECONDS, SECRETS, signed

KEYS = {app: tuple(secret.encode() for secret in secrets) for app, secrets in SECRETS.items()}
BODY = b'{"type":"event_callback"}'
HONEST = signed(BODY)
SIGNATURE = HONEST.headers["x-slack-signature"]


def signers(request: WebhookRequest) -> frozenset[str]:
    return apps_that_signed(request, KEYS, NOW)


def refused(request: WebhookRequest) -> bool:
    with pytest.raises(SignatureMismatch) as raised:
        signers(request)
    return not any(str(part) in str(raised.value) for part in (SIGNATURE, OLDER, NEWER, BODY))


@pytest.mark.parametrize(("secret", "app"), [(NEWER, APP), (OLDER, APP), (ANOTHER_SECRET, ANOTHER_APP)], ids=["newer", "older", "another"])
def test_each_secret_of_each_app_is_known_while_one_is_replaced(secret: str, app: str) -> None:
    assert signers(signed(BODY, secret=secret)) == {app}


def test_a_secret_of_nobody_is_refused() -> None:
    assert refused(signed(BODY, secret="guessed"))


def test_two_apps_with_one_secret_have_both_signed() -> None:
    keys = {"A1": (b"same",), "A2": (b"same", b"other")}

    assert apps_that_signed(signed(BODY, secret="same"), keys, NOW) == {"A1", "A2"}


def test_without_any_secret_everything_is_refused() -> None:
    with pytest.raises(SignatureMismatch):
        apps_that_signed(HONEST, {}, NOW)


@given(body=st.binary(max_size=200), secret=st.sampled_from([OLDER, NEWER]))
def test_whatever_slacks_signer_signs_is_let_in(body: bytes, secret: str) -> None:
    # Slack's signer reads the body as UTF-8; the signature is over the bytes.
    moment = str(SECONDS)
    by_hand = "v0=" + hmac.new(secret.encode(), f"v0:{moment}:".encode() + body, "sha256").hexdigest()

    assert signers(WebhookRequest(body, {"x-slack-request-timestamp": moment, "x-slack-signature": by_hand})) == {APP}


@given(text=st.text(max_size=100))
def test_our_reading_of_the_rule_is_slacks(text: str) -> None:
    request = signed(text.encode())

    assert signers(request) == {APP}
    assert SignatureVerifier(NEWER).generate_signature(timestamp=str(SECONDS), body=text) == request.headers["x-slack-signature"]


@pytest.mark.parametrize("seconds", [-300, -299, -1, 0, 1, 299, 300])
def test_five_minutes_either_way_are_allowed(seconds: int) -> None:
    at = NOW.replace(microsecond=0)

    assert apps_that_signed(signed(BODY, at=SECONDS + seconds), KEYS, at) == {APP}


@pytest.mark.parametrize("seconds", [-86_400, -301, 301, 86_400])
def test_a_call_of_long_ago_or_of_the_future_is_refused_though_it_is_signed(seconds: int) -> None:
    assert timedelta(seconds=300) == TOLERANCE
    assert refused(signed(BODY, at=SECONDS + seconds))


MOMENTS = {
    "missing": None,
    "empty": "",
    "a word": "now",
    "with a sign": f"+{SECONDS}",
    "negative": f"-{SECONDS}",
    "a fraction": f"{SECONDS}.0",
    "in scientific notation": "1.7e9",
    "infinite": "inf",
    "not a number": "nan",
    "hexadecimal": hex(SECONDS),
    "with a space": f" {SECONDS}",
    "with a line after it": f"{SECONDS}\n",
    "with underscores": f"{SECONDS:_}",
    "in Arabic digits": "".join(chr(0x660 + int(digit)) for digit in str(SECONDS)),
    "in full-width digits": "".join(chr(0xFF10 + int(digit)) for digit in str(SECONDS)),
    "superscript": "²" * 10,
    "a million digits": "9" * 1_000_000,
    "thirteen digits": f"{SECONDS}000",
    "half of a surrogate pair": "\ud83d",
    "two of them": f"{SECONDS}, {SECONDS}",
}
SIGNATURES = {
    "missing": None,
    "empty": "",
    "the version alone": "v0=",
    "another version": SIGNATURE.replace("v0=", "v1="),
    "no version": SIGNATURE.removeprefix("v0="),
    "in capitals": SIGNATURE.upper(),
    "digits in capitals": "v0=" + SIGNATURE[3:].upper(),
    "one digit less": SIGNATURE[:-1],
    "one digit more": SIGNATURE + "0",
    "with a space": SIGNATURE + " ",
    "twisted": SIGNATURE[:-2] + SIGNATURE[-1] + SIGNATURE[-2],
    "reversed": "v0=" + SIGNATURE[:2:-1],
    "no hexadecimal": "v0=" + "g" * 64,
    "not ASCII": "v0=" + "é" * 64,
    "an emoji": "🦊" * 67,
    "full-width": "".join(chr(ord(sign) + 0xFEE0) for sign in SIGNATURE),
    "half of a surrogate pair": "v0=\ud83d",
    "with a zero byte": SIGNATURE + "\0",
    "a megabyte": "v0=" + "0" * 1_000_000,
    "two of them": f"{SIGNATURE},{SIGNATURE}",
}


def with_header(name: str, value: str | None) -> WebhookRequest:
    headers = {key: held for key, held in {**HONEST.headers, name: value}.items() if held is not None}
    return WebhookRequest(BODY, headers)


@pytest.mark.parametrize("name", MOMENTS)
def test_a_moment_that_is_none_is_refused(name: str) -> None:
    assert refused(with_header("x-slack-request-timestamp", MOMENTS[name]))


@pytest.mark.parametrize("name", [name for name, moment in MOMENTS.items() if moment is not None and "surrogate" not in name])
def test_a_moment_that_is_none_is_refused_though_it_is_signed(name: str) -> None:
    moment = MOMENTS[name] or ""
    shown = "v0=" + hmac.new(NEWER.encode(), f"v0:{moment}:".encode() + BODY, "sha256").hexdigest()

    assert refused(WebhookRequest(BODY, {"x-slack-request-timestamp": moment, "x-slack-signature": shown}))


@pytest.mark.parametrize("name", SIGNATURES)
def test_a_signature_that_is_none_is_refused(name: str) -> None:
    assert refused(with_header("x-slack-signature", SIGNATURES[name]))


def test_a_body_with_one_byte_changed_is_refused() -> None:
    assert refused(WebhookRequest(BODY + b" ", HONEST.headers))
    assert refused(WebhookRequest(b"", HONEST.headers))


def test_a_moment_that_was_changed_is_refused() -> None:
    assert refused(with_header("x-slack-request-timestamp", str(SECONDS + 1)))
    assert refused(with_header("x-slack-request-timestamp", f"0{SECONDS}"))


@given(moment=st.text(max_size=30) | st.integers().map(str), shown=st.text(max_size=80))
def test_no_header_raises_anything_but_that_the_signature_is_wrong(moment: str, shown: str) -> None:
    with pytest.raises(SignatureMismatch):
        signers(WebhookRequest(BODY, {"x-slack-request-timestamp": moment, "x-slack-signature": shown}))


@pytest.mark.parametrize("secret", [OLDER, NEWER, ANOTHER_SECRET, "guessed"])
def test_every_secret_is_compared_whichever_fits(secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    request, compared, compare = signed(BODY, secret=secret), [], hmac.compare_digest

    def counting(shown: bytes, wanted: bytes) -> bool:
        compared.append(wanted)
        return compare(shown, wanted)

    monkeypatch.setattr(hmac, "compare_digest", counting)
    try:
        signers(request)
    except SignatureMismatch:
        assert secret == "guessed"

    assert len(set(compared)) == 3
