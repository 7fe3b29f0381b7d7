"""No single character of a signed token can be changed."""

import string
from collections.abc import Mapping
from typing import Any, Final

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from hypothesis import given, settings
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from devtools.fakes.clock import Clock
from shared.access.keys import JwksKeys
from shared.access.tokens import TokenCheck
from shared.errors import TokenRefused

RSA, EC = generate_rsa_key(65537, 2048), generate_private_key(SECP256R1())
CLAIMS: Final = {"iss": "https://issuer.example", "aud": "api", "exp": 1_795_266_000, "tid": "acme", "roles": ["Reader"]}
TOKENS: Final = {
    "RS256": jwt.encode(CLAIMS, RSA, "RS256", headers={"kid": "rsa"}),
    "ES256": jwt.encode(CLAIMS, EC, "ES256", headers={"kid": "ec"}),
}
ALPHABET: Final = string.ascii_letters + string.digits + "-_"


async def published() -> Mapping[str, Any]:
    rsa, point = RSAAlgorithm.to_jwk(RSA.public_key(), as_dict=True), ECAlgorithm.to_jwk(EC.public_key(), as_dict=True)
    return {"keys": [{**rsa, "kid": "rsa"}, {**point, "kid": "ec"}]}


def token_check() -> TokenCheck:
    return TokenCheck(issuer="https://issuer.example", audience="api", keys=JwksKeys(published, now=Clock()), now=Clock())


async def is_let_in(check: TokenCheck, token: str) -> bool:
    try:
        await check.caller(f"Bearer {token}")
    except TokenRefused:
        return False
    return True


@pytest.mark.parametrize("algorithm", TOKENS)
async def test_a_change_at_any_place_is_refused(algorithm: str) -> None:
    check, token = token_check(), TOKENS[algorithm]
    assert await is_let_in(check, token)

    neighbours = [ALPHABET[(ALPHABET.find(letter) + 1) % len(ALPHABET)] for letter in token]
    changed = [token[:place] + letter + token[place + 1 :] for place, letter in enumerate(neighbours)]

    assert [place for place, other in enumerate(changed) if await is_let_in(check, other)] == []


@settings(deadline=None, max_examples=100)
@given(algorithm=st.sampled_from(sorted(TOKENS)), place=st.integers(0, 10_000), letter=st.sampled_from(ALPHABET + ".=%\x00é"))
async def test_any_other_character_at_any_place_is_refused(algorithm: str, place: int, letter: str) -> None:
    token = TOKENS[algorithm]
    place %= len(token)
    changed = token[:place] + letter + token[place + 1 :]

    assert await is_let_in(token_check(), changed) is (changed == token)


@settings(deadline=None, max_examples=100)
@given(authorization=st.text(max_size=200) | st.text(max_size=100).map("Bearer {}".format))
async def test_whatever_stands_in_the_header_it_is_refused_and_nothing_worse(authorization: str) -> None:
    with pytest.raises(TokenRefused):
        await token_check().caller(authorization)
