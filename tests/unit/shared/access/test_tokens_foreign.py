"""Tokens and key sets of another library (joserfc): it reads ours, and we read its."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import ECKey, KeySet, RSAKey

from devtools.fakes.clock import Clock
from devtools.issuer.signing_keys import jwks_of, rotate
from devtools.issuer.tokens import token
from shared.access.keys import JwksKeys
from shared.access.tokens import TokenCheck
from shared.errors import TokenRefused

ISSUER, AUDIENCE = "https://issuer.example", "api://shardline"
NOON = 1_795_262_400  # where the fake clock stands: 2026-11-21T12:00Z
ADA = {"iss": ISSUER, "aud": AUDIENCE, "exp": NOON + 3600, "tid": "acme", "email": "ada@example.com", "email_verified": True}
RSA = RSAKey.generate_key(2048, {"kid": "rsa-1", "use": "sig"})
PSS = RSAKey.generate_key(2048, {"kid": "pss-1", "use": "sig", "alg": "PS256"})
EC = ECKey.generate_key("P-256", {"kid": "ec-1", "use": "sig", "alg": "ES256"})


def token_check() -> TokenCheck:
    async def published() -> Mapping[str, Any]:
        return dict(KeySet([RSA, PSS, EC]).as_dict(private=False))

    return TokenCheck(issuer=ISSUER, audience=AUDIENCE, keys=JwksKeys(published, now=Clock()), now=Clock())


@pytest.mark.parametrize(("algorithm", "key"), [("RS256", RSA), ("PS256", PSS), ("ES256", EC)])
async def test_its_tokens_are_accepted_through_its_key_set(algorithm: str, key: RSAKey | ECKey) -> None:
    foreign = jwt.encode({"alg": algorithm, "kid": key.kid}, ADA, key, algorithms=[algorithm])

    caller = await token_check().caller(f"Bearer {foreign}")

    assert caller.tenant_id == "acme"
    assert caller.principals == {"tenant", "user:ada@example.com", "domain:example.com"}


async def test_its_tokens_by_a_key_that_is_not_published_are_refused() -> None:
    stranger = RSAKey.generate_key(2048)

    with pytest.raises(TokenRefused, match=r"^the token's signature is wrong$"):
        await token_check().caller("Bearer " + jwt.encode({"alg": "RS256", "kid": "rsa-1"}, ADA, stranger, algorithms=["RS256"]))


def test_our_issuers_tokens_are_accepted_by_it_before_and_after_a_rotation(tmp_path: Path) -> None:
    before = token(tmp_path, issuer=ISSUER, audience=AUDIENCE, tenant_id="acme", email="ada@example.com", admin=True, now=Clock())
    rotate(tmp_path)
    after = token(tmp_path, issuer=ISSUER, audience=AUDIENCE, tenant_id="acme", now=Clock())
    key_set = KeySet.import_key_set(jwks_of(tmp_path))  # type: ignore[arg-type]  # its own narrow words for a JSON document

    assert jwt.decode(before, key_set, algorithms=["RS256"]).claims == {
        **ADA,
        "sub": "ada@example.com",
        "iat": NOON,
        "nbf": NOON,
        "roles": ["Shardline.Admin"],
    }
    assert jwt.decode(after, key_set, algorithms=["RS256"]).claims["sub"] == "nobody"
    assert jwt.decode(after, key_set, algorithms=["RS256"]).header["kid"] != jwt.decode(before, key_set, algorithms=["RS256"]).header["kid"]


def test_our_issuers_key_names_are_the_thumbprints_it_computes(tmp_path: Path) -> None:
    [published] = jwks_of(tmp_path)["keys"]

    assert published["kid"] == RSAKey.import_key(published).thumbprint()


def test_it_refuses_a_token_of_another_folder(tmp_path: Path) -> None:
    stranger = token(tmp_path / "stranger", issuer=ISSUER, audience=AUDIENCE, tenant_id="acme", now=Clock())
    own = dict(jwks_of(tmp_path / "own")["keys"][0])
    own["kid"] = jwks_of(tmp_path / "stranger")["keys"][0]["kid"]

    with pytest.raises(BadSignatureError):
        jwt.decode(stranger, RSAKey.import_key(own), algorithms=["RS256"])
