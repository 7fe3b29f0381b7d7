"""The issuer's keys: remembered, asked for again, and believed while the issuer is silent."""

import asyncio
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from devtools.fakes.clock import Clock
from shared.access.keys import JwksKeys
from shared.errors import ConfigurationError, DependencyUnavailable, PipelineError

POINT = ECAlgorithm.to_jwk(generate_private_key(SECP256R1()).public_key(), as_dict=True)
OTHER_CURVE = ECAlgorithm.to_jwk(generate_private_key(SECP384R1()).public_key(), as_dict=True)
WEAK = RSAAlgorithm.to_jwk(generate_rsa_key(65537, 1024).public_key(), as_dict=True)  # noqa: S505 - it has to be refused


class PublishedSet:
    """What the issuer answers now, and how often it was asked."""

    def __init__(self, *kids: str) -> None:
        self.kids = kids
        self.failure: PipelineError | None = None
        self.document: Any = None
        self.asked = 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def __call__(self) -> Any:
        self.asked += 1
        await self.may_answer.wait()
        if self.failure is not None:
            raise self.failure
        return self.document or {"keys": [{**POINT, "kid": kid} for kid in self.kids]}


async def test_the_set_is_asked_for_once_however_many_tokens_come() -> None:
    published = PublishedSet("one", "two")
    keys = JwksKeys(published, now=Clock())

    found = [await keys.key(kid) for kid in ("one", "two", "one")]

    assert [key.key_id for key in found if key is not None] == ["one", "two", "one"]
    assert published.asked == 1


async def test_callers_at_the_same_time_share_one_fetch() -> None:
    published = PublishedSet("one")
    published.may_answer.clear()
    keys = JwksKeys(published, now=Clock())

    callers = [asyncio.create_task(keys.key("one")) for _ in range(50)]
    await asyncio.sleep(0)
    published.may_answer.set()
    found = await asyncio.gather(*callers)

    assert all(key is not None for key in found)
    assert published.asked == 1


async def test_a_caller_who_goes_away_takes_the_fetch_from_nobody() -> None:
    published = PublishedSet("one")
    published.may_answer.clear()
    keys = JwksKeys(published, now=Clock())
    first, second = asyncio.create_task(keys.key("one")), asyncio.create_task(keys.key("one"))
    await asyncio.sleep(0)

    first.cancel()
    await asyncio.sleep(0)
    published.may_answer.set()

    assert await second is not None
    assert first.cancelled()
    assert published.asked == 1


async def test_a_rotated_key_is_found_at_once_when_the_set_is_half_a_minute_old() -> None:
    published, clock = PublishedSet("old"), Clock()
    keys = JwksKeys(published, now=clock)
    await keys.key("old")

    published.kids = ("old", "new")
    clock.advance(seconds=30)

    assert await keys.key("new") is not None
    assert await keys.key("old") is not None
    assert published.asked == 2


async def test_a_flood_of_forged_names_is_no_flood_of_fetches() -> None:
    published, clock = PublishedSet("one"), Clock()
    keys = JwksKeys(published, now=clock)

    for number in range(3000):  # for five minutes, ten a second
        assert await keys.key(f"forged-{number}") is None
        clock.advance(seconds=0.1)

    assert published.asked == 10
    assert await keys.key("one") is not None


async def test_a_withdrawn_key_is_refused_after_ten_minutes() -> None:
    published, clock = PublishedSet("old", "new"), Clock()
    keys = JwksKeys(published, now=clock)
    await keys.key("old")
    published.kids = ("new",)

    clock.advance(seconds=599)
    assert await keys.key("old") is not None

    clock.advance(seconds=1)
    assert await keys.key("old") is None
    assert await keys.key("new") is not None


@pytest.mark.parametrize("failure", [DependencyUnavailable("503"), ConfigurationError("404")])
async def test_what_was_known_is_believed_while_the_issuer_does_not_answer(failure: PipelineError) -> None:
    published, clock = PublishedSet("one"), Clock()
    keys = JwksKeys(published, now=clock)
    await keys.key("one")

    published.failure = failure
    clock.advance(seconds=3600)

    assert await keys.key("one") is not None
    assert await keys.key("two") is None
    assert published.asked == 2


async def test_after_an_outage_the_new_set_is_taken_over() -> None:
    published, clock = PublishedSet("old"), Clock()
    keys = JwksKeys(published, now=clock)
    await keys.key("old")
    published.failure = DependencyUnavailable("503")
    clock.advance(seconds=3600)
    await keys.key("old")

    published.failure, published.kids = None, ("new",)
    clock.advance(seconds=30)

    assert await keys.key("new") is not None
    assert await keys.key("old") is None


async def test_without_any_key_nobody_is_refused_or_let_in_and_the_issuer_is_asked_again_soon() -> None:
    published, clock = PublishedSet("one"), Clock()
    published.failure = DependencyUnavailable("503")
    keys = JwksKeys(published, now=clock)

    for _ in range(100):
        with pytest.raises(DependencyUnavailable, match=r"^the issuer's keys cannot be read \(DependencyUnavailable\)$"):
            await keys.key("one")
    assert published.asked == 1

    published.failure = None
    clock.advance(seconds=1)
    assert await keys.key("one") is not None


@pytest.mark.parametrize("document", [[], "keys", 1, {"error": "x"}, {"keys": {}}, {"keys": []}, {"keys": [1, None, {}, {"kid": "one"}]}])
async def test_an_answer_without_a_usable_key_counts_as_none(document: object) -> None:
    published, clock = PublishedSet("one"), Clock()
    keys = JwksKeys(published, now=clock)
    await keys.key("one")

    published.document = document
    clock.advance(seconds=600)

    assert await keys.key("one") is not None


@pytest.mark.parametrize(
    "entry",
    [
        {"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA"},
        {"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA", "alg": "RS256"},
        {**POINT, "use": "enc"},
        {**POINT, "use": None},
        {**POINT, "alg": "none"},
        {**POINT, "alg": "HS256"},
        {**POINT, "alg": "RS256"},
        {**POINT, "alg": ["ES256"]},
        {**POINT, "alg": {}, "kty": ["EC"]},
        {**POINT, "crv": "P-1"},
        {**POINT, "x": 1},
        {**POINT, "x": "AAAA"},
        {**POINT, "kid": ["one"]},
        {"kty": "RSA", "n": "!!", "e": "AQAB"},
        {"kty": "RSA", "e": "AQAB"},
        {"kty": "new"},
        OTHER_CURVE,
        WEAK,
    ],
)
async def test_a_key_that_must_not_verify_is_left_out_and_the_others_stay(entry: dict[str, Any]) -> None:
    published = PublishedSet()
    published.document = {"keys": [{"kid": "odd", **entry}, {**POINT, "kid": "one"}]}
    keys = JwksKeys(published, now=Clock())

    assert await keys.key("odd") is None
    assert await keys.key("one") is not None


async def test_that_tokens_can_be_checked_is_known_without_a_token() -> None:
    published, clock = PublishedSet("one"), Clock()
    keys = JwksKeys(published, now=clock)
    published.failure = DependencyUnavailable("503")
    with pytest.raises(DependencyUnavailable):
        await keys.check()

    published.failure = None
    clock.advance(seconds=1)
    for _ in range(100):
        await keys.check()

    assert published.asked == 2


async def test_tokens_can_be_checked_while_the_issuer_is_away() -> None:
    published, clock = PublishedSet("one"), Clock()
    keys = JwksKeys(published, now=clock)
    await keys.check()

    published.failure = DependencyUnavailable("503")
    clock.advance(seconds=3600)

    await keys.check()
