"""Bearer tokens: who is let in, and what each refusal says."""

import base64
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt import PyJWK
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from typing_extensions import override

from devtools.fakes.clock import Clock
from shared.access.keys import Keys
from shared.access.tokens import TokenCheck
from shared.errors import ConfigurationError, TokenRefused

ISSUER = "https://issuer.example"
AUDIENCE = "api://shardline"
NOON = 1_795_262_400  # where the fake clock stands: 2026-11-21T12:00Z
RSA = generate_rsa_key(65537, 2048)
EC = generate_private_key(SECP256R1())
RSA_JWK = {**RSAAlgorithm.to_jwk(RSA.public_key(), as_dict=True), "kid": "rsa-1", "use": "sig", "alg": "RS256"}
EC_JWK = {**ECAlgorithm.to_jwk(EC.public_key(), as_dict=True), "kid": "ec-1", "use": "sig"}
ADA = {"iss": ISSUER, "aud": AUDIENCE, "exp": NOON + 3600, "tid": "acme"}


class PublishedKeys(Keys):
    """Two keys, and how often they were asked for."""

    def __init__(self) -> None:
        self.asked = 0

    @override
    async def key(self, kid: str) -> PyJWK | None:
        self.asked += 1
        return {"rsa-1": PyJWK(RSA_JWK), "ec-1": PyJWK(EC_JWK)}.get(kid)


def token_check(*, keys: Keys | None = None, clock: Clock | None = None) -> TokenCheck:
    return TokenCheck(issuer=ISSUER, audience=AUDIENCE, keys=keys or PublishedKeys(), now=clock or Clock())


def signed(claims: dict[str, Any], *, headers: dict[str, Any] | None = None) -> str:
    return signed_text(json.dumps(claims), headers=headers)


def by_hand(header: dict[str, Any], payload: str, *, signature: bytes = b"signature") -> str:
    """A token that no library would make."""
    parts = (json.dumps(header).encode(), payload.encode(), signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def signed_text(payload: str, *, headers: dict[str, Any] | None = None) -> str:
    """A well signed token, also with a payload that no library would write."""
    return jwt.api_jws.encode(payload.encode(), RSA, "RS256", headers={"kid": "rsa-1"} if headers is None else headers)


async def refusal(authorization: str | None, *, keys: Keys | None = None) -> str:
    with pytest.raises(TokenRefused) as refused:
        await token_check(keys=keys).caller(authorization)
    return str(refused.value)


async def refusal_of(changed: dict[str, Any]) -> str:
    """What is said of a token that differs in these claims; those that are None are left out."""
    return await refusal("Bearer " + signed({name: value for name, value in (ADA | changed).items() if value is not None}))


async def test_a_good_token_lets_in() -> None:
    caller = await token_check().caller("Bearer " + signed(ADA))

    assert caller.tenant_id == "acme"


async def test_elliptic_curves_sign_as_well() -> None:
    caller = await token_check().caller("Bearer " + jwt.encode(ADA, EC, "ES256", headers={"kid": "ec-1"}))

    assert caller.tenant_id == "acme"


@pytest.mark.parametrize("form", ["Bearer {}", "bearer {}", "BEARER {}", "bEaReR    {}", "  Bearer {}  "])
async def test_the_scheme_may_be_written_in_any_case_and_with_more_spaces(form: str) -> None:
    caller = await token_check().caller(form.format(signed(ADA)))

    assert caller.tenant_id == "acme"


async def test_one_of_several_audiences_is_enough() -> None:
    caller = await token_check().caller("Bearer " + signed(ADA | {"aud": ["api://other", AUDIENCE]}))

    assert caller.tenant_id == "acme"


@pytest.mark.parametrize("authorization", [None, ""])
async def test_a_call_without_a_header_is_refused(authorization: str | None) -> None:
    assert await refusal(authorization) == "the call has no Authorization header"


@pytest.mark.parametrize("authorization", ["Basic YWRhOnNlY3JldA==", "Bearer{}", "Token {}", "Bearer\t{}", "{}", "   ", "Basic Bearer {}"])
async def test_another_scheme_is_refused(authorization: str) -> None:
    assert await refusal(authorization.format(signed(ADA))) == "the Authorization header is not a bearer token's"


@pytest.mark.parametrize(
    "authorization",
    ["Bearer", "Bearer ", "Bearer x", "Bearer a.b", "Bearer {}.{}", "Bearer {}, Bearer {}", "Bearer {} {}", "Bearer {}=", "Bearer é.b.c"],
)
async def test_what_is_not_one_compact_token_is_refused(authorization: str) -> None:
    token, keys = signed(ADA), PublishedKeys()

    assert await refusal(authorization.format(token, token), keys=keys) == "the token cannot be read"
    assert keys.asked == 0


@pytest.mark.parametrize("header", ["[]", "1", "null", "{", '{"alg":"RS256","kid":1}', '{"alg":"RS256","kid":"rsa-1","crit":["x"],"x":1}'])
async def test_an_unreadable_header_is_refused(header: str) -> None:
    encoded = base64.urlsafe_b64encode(header.encode()).rstrip(b"=").decode()

    assert await refusal(f"Bearer {encoded}.e30.c2ln") == "the token cannot be read"


@pytest.mark.parametrize("payload", ["[]", "1", "null", "{", "[" * 5000, '{"exp":' + "9" * 5000 + "}"])
async def test_an_unreadable_payload_is_refused_however_well_signed(payload: str) -> None:
    assert await refusal("Bearer " + signed_text(payload)) == "the token cannot be read"


async def test_a_detached_payload_is_refused() -> None:
    token = jwt.api_jws.encode(json.dumps(ADA).encode(), RSA, "RS256", headers={"kid": "rsa-1", "b64": False})

    assert await refusal(f"Bearer {token}") == "the token cannot be read"


async def test_an_oversized_token_is_refused_before_anything_is_done_with_it() -> None:
    keys = PublishedKeys()

    assert await refusal("Bearer " + signed(ADA | {"filler": "x" * 16_384}), keys=keys) == "the token is too long"
    assert keys.asked == 0


async def test_a_token_as_long_as_the_largest_real_ones_is_read() -> None:
    groups = [f"{number:08}-0000-0000-0000-000000000000" for number in range(200)]

    caller = await token_check().caller("Bearer " + signed(ADA | {"groups": groups}))

    assert caller.tenant_id == "acme"


@pytest.mark.parametrize("algorithm", ["none", "None", "", "HS256", "RS512", "EdDSA", None, 1, ["RS256"]])
async def test_only_the_listed_algorithms_are_allowed(algorithm: object) -> None:
    keys = PublishedKeys()

    assert await refusal("Bearer " + by_hand({"alg": algorithm, "kid": "rsa-1"}, json.dumps(ADA)), keys=keys) == (
        "the token's algorithm is not allowed"
    )
    assert keys.asked == 0


async def test_a_token_signed_with_our_published_key_as_a_shared_secret_is_refused() -> None:
    pem = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    algorithm = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    unsigned = by_hand({"alg": "HS256", "kid": "rsa-1"}, json.dumps(ADA)).rpartition(".")[0]
    signature = base64.urlsafe_b64encode(algorithm.sign(unsigned.encode(), pem)).rstrip(b"=").decode()

    assert await refusal(f"Bearer {unsigned}.{signature}") == "the token's algorithm is not allowed"


async def test_an_algorithm_that_is_not_its_keys_is_refused() -> None:
    assert await refusal("Bearer " + by_hand({"alg": "RS256", "kid": "ec-1"}, json.dumps(ADA))) == "the token's algorithm is not its key's"


@pytest.mark.parametrize("headers", [{}, {"kid": ""}])
async def test_a_token_that_names_no_key_is_refused(headers: dict[str, Any]) -> None:
    assert await refusal("Bearer " + signed(ADA, headers=headers)) == "the token names no key"


@pytest.mark.parametrize("kid", ["rsa-2", "RSA-1", "../rsa-1", "rsa-1\x00"])
async def test_a_key_that_the_issuer_does_not_publish_is_refused(kid: str) -> None:
    assert await refusal("Bearer " + signed(ADA, headers={"kid": kid})) == "the token's key is unknown"


async def test_a_strangers_key_under_a_known_name_is_refused_even_when_the_token_brings_it_along() -> None:
    stranger = generate_rsa_key(65537, 2048)
    brought = RSAAlgorithm.to_jwk(stranger.public_key(), as_dict=True)
    token = jwt.encode(ADA, stranger, "RS256", headers={"kid": "rsa-1", "jwk": brought, "jku": "https://stranger.example/jwks"})

    assert await refusal(f"Bearer {token}") == "the token's signature is wrong"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"iss": "https://other.example"}, "the token's issuer is not ours"),
        ({"iss": ISSUER + "/"}, "the token's issuer is not ours"),
        ({"iss": [ISSUER]}, "the token's issuer is not ours"),
        ({"iss": None}, "the token names no issuer or no audience"),
        ({"aud": "api://other"}, "the token's audience is not us"),
        ({"aud": "api://shardline-too"}, "the token's audience is not us"),
        ({"aud": ["api://other", 1]}, "the token's audience is not us"),
        ({"aud": {AUDIENCE: True}}, "the token's audience is not us"),
        ({"aud": None}, "the token names no issuer or no audience"),
        ({"aud": ""}, "the token names no issuer or no audience"),
        ({"exp": None}, "the token has no expiry"),
        ({"exp": NOON - 60}, "the token has expired"),
        ({"exp": str(NOON + 3600)}, "the token's exp is not a time"),
        ({"exp": True}, "the token's exp is not a time"),
        ({"exp": -1}, "the token's exp is not a time"),
        ({"exp": float("inf")}, "the token's exp is not a time"),
        ({"exp": float("nan")}, "the token's exp is not a time"),
        ({"exp": 10**400}, "the token's exp is not a time"),
        ({"nbf": NOON + 61}, "the token is not yet valid"),
        ({"nbf": "soon"}, "the token's nbf is not a time"),
        ({"iat": NOON + 61}, "the token is not yet valid"),
        ({"iat": [NOON]}, "the token's iat is not a time"),
        ({"tid": None}, "the token names no tenant"),
        ({"tid": ""}, "the token names no tenant"),
        ({"tid": 7}, "the token names no tenant"),
        ({"tid": ["acme"]}, "the token names no tenant"),
        ({"tid": "x" * 513}, "the token names no tenant"),
        ({"tid": "\ud800"}, "the token names no tenant"),
        ({"tid": "unknown"}, "the token names no tenant"),
    ],
)
async def test_each_claim_that_is_wrong_is_refused_by_name(changed: dict[str, Any], said: str) -> None:
    assert await refusal_of(changed) == said


async def test_a_refusal_holds_nothing_of_the_token() -> None:
    with pytest.raises(TokenRefused) as refused:
        await token_check().caller("Bearer " + signed(ADA | {"iss": "https://secret.example"}))

    assert refused.value.args == ("the token's issuer is not ours",)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


async def test_a_token_is_good_for_a_minute_longer_than_it_says_and_no_more() -> None:
    clock, token = Clock(), "Bearer " + signed(ADA | {"exp": NOON + 10})
    check = token_check(clock=clock)

    clock.advance(seconds=69)
    assert (await check.caller(token)).tenant_id == "acme"

    clock.advance(seconds=1)
    with pytest.raises(TokenRefused, match=r"^the token has expired$"):
        await check.caller(token)


@pytest.mark.parametrize("name", ["nbf", "iat"])
async def test_a_token_is_good_a_minute_before_it_begins(name: str) -> None:
    caller = await token_check().caller("Bearer " + signed(ADA | {name: NOON + 60}))

    assert caller.tenant_id == "acme"


@pytest.mark.parametrize(("issuer", "audience"), [("", AUDIENCE), (ISSUER, "")])
def test_a_check_without_an_issuer_or_an_audience_is_not_made(issuer: str, audience: str) -> None:
    with pytest.raises(ConfigurationError):
        TokenCheck(issuer=issuer, audience=audience, keys=PublishedKeys(), now=Clock())
