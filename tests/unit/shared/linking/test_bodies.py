"""What a call may say in its body."""

import json

import pytest

from shared.errors import BadRequest
from shared.linking.asked import Said


@pytest.mark.parametrize("body", [b"", b"  \n", b"{}", b'{"reason": null}', b'{"reason": "  "}'])
def test_nothing_at_all_is_no_reason(body: bytes) -> None:
    assert Said.read(body).reason is None


def test_a_reason_is_kept_without_white_space_around_it() -> None:
    assert Said.read('{"reason": " wir kennen sie – längst "}'.encode()).reason == "wir kennen sie – längst"


def test_a_reason_may_have_a_thousand_characters() -> None:
    assert Said.read(json.dumps({"reason": "ü" * 1_000}).encode()).reason == "ü" * 1_000


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"reason=x", "the body is not JSON"),
        (b"[]", "the body is not a JSON object"),
        (b"null", "the body is not a JSON object"),
        (b'{"reason": "\\ud800"}', "the body is not JSON"),
        (b'{"reason": NaN}', "the body is not JSON"),
        (b"\xff", "the body is not JSON"),
        (b"{" * 5_000, "the body is not JSON"),
        (b'{"reason": 7}', "reason: Input should be a valid string"),
        (json.dumps({"reason": "x" * 1_001}).encode(), "reason: String should have at most 1000 characters"),
        (b'{"because": "x", "why": 1}', "because: there is no such key here; why: there is no such key here"),
        (json.dumps({"k" * 99: 1}).encode(), f"{'k' * 40}: there is no such key here"),
        (b'{"reason": "' + b"x" * 16_384 + b'"}', "the body has more than 16384 bytes"),
    ],
)
def test_anything_else_is_refused_and_named(body: bytes, text: str) -> None:
    with pytest.raises(BadRequest) as error:
        Said.read(body)

    assert str(error.value) == text
