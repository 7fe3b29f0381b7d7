"""What a checked token says of its bearer: the tenant, and the principals that access lists may name."""

from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from jwt import PyJWK
from jwt.algorithms import ECAlgorithm
from typing_extensions import override

from devtools.fakes.clock import Clock
from shared.access.keys import Keys
from shared.access.tokens import Caller, ClaimNames, TokenCheck

NOON = 1_795_262_400  # where the fake clock stands: 2026-11-21T12:00Z
EC = generate_private_key(SECP256R1())
STANDARD = {"iss": "https://issuer.example", "aud": "api://shardline", "exp": NOON + 3600}
ADA = {"tid": "acme", "email": "ada@example.com", "email_verified": True}


class OneKey(Keys):
    """The same key under every name."""

    @override
    async def key(self, kid: str) -> PyJWK:
        return PyJWK(ECAlgorithm.to_jwk(EC.public_key(), as_dict=True))


async def who(claims: dict[str, Any], *, names: ClaimNames | None = None) -> Caller:
    check = TokenCheck(issuer="https://issuer.example", audience="api://shardline", keys=OneKey(), claims=names, now=Clock())
    return await check.caller("Bearer " + jwt.encode(STANDARD | claims, EC, "ES256", headers={"kid": "ec-1"}))


async def principals_of(changed: dict[str, Any]) -> list[str]:
    caller = await who(ADA | changed)
    return sorted(caller.principals)


async def test_a_good_token_says_the_tenant_and_who_it_is() -> None:
    caller = await who(ADA)

    assert caller.tenant_id == "acme"
    assert caller.principals == {"tenant", "user:ada@example.com", "domain:example.com"}
    assert caller.email == "ada@example.com"


async def test_the_verified_address_is_in_lower_case_as_directories_hold_it() -> None:
    assert (await who(ADA | {"email": "Ada@Example.COM"})).email == "ada@example.com"


async def test_an_address_that_is_not_verified_is_no_address() -> None:
    assert (await who(ADA | {"email_verified": False})).email is None


@pytest.mark.parametrize(
    "changed",
    [
        {"email_verified": False},
        {"email_verified": 0},
        {"email_verified": "false"},
        {"email_verified": "yes"},
        {"email_verified": None},
        {"email_verified": [True]},
        {"email_verified": False, "xms_edov": True},
        {"email_verified": True, "xms_edov": False},
        {"email_verified": True, "xms_edov": None},
        {"email": None, "preferred_username": "ada@example.com", "upn": "ada@example.com"},
    ],
)
async def test_an_address_nobody_vouches_for_is_worth_nothing(changed: dict[str, Any]) -> None:
    assert await principals_of(changed) == ["tenant"]


async def test_an_address_without_a_word_on_whether_it_is_verified_is_worth_nothing() -> None:
    claims = {name: value for name, value in ADA.items() if name != "email_verified"}

    caller = await who(claims)

    assert caller.principals == {"tenant"}


@pytest.mark.parametrize("verified", [True, 1, "1", "true"])
async def test_entras_word_for_a_verified_address_counts(verified: object) -> None:
    claims = {name: value for name, value in ADA.items() if name != "email_verified"}

    caller = await who(claims | {"xms_edov": verified})

    assert caller.principals == {"tenant", "user:ada@example.com", "domain:example.com"}


@pytest.mark.parametrize(
    "email",
    [
        *("", "ada", "@example.com", "ada@", "ada@b@example.com", "a:b@example.com", "ada lovelace@example.com", " ada@example.com"),
        *("ada@example.com\n", "ada@exa:mple.com", "ada@straße.de", "ada@\u212aelvin.example", "x" * 65 + "@example.com"),
        *("ada@" + "x" * 256, 7, True, ["ada@example.com"], {"ada@example.com": True}),
    ],
)
async def test_what_is_no_address_is_ignored(email: object) -> None:
    assert await principals_of({"email": email}) == ["tenant"]


async def test_case_does_not_matter_in_an_address() -> None:
    assert await principals_of({"email": "Ada@Example.COM"}) == ["domain:example.com", "tenant", "user:ada@example.com"]


async def test_the_admin_role_makes_an_admin_also_without_an_address() -> None:
    assert await principals_of({"email": None, "roles": ["Reader", "Shardline.Admin"]}) == ["admins", "tenant"]


@pytest.mark.parametrize(
    "roles", [[], ["shardline.admin"], "Shardline.Admin", "Not Shardline.Admin at all", {"Shardline.Admin": 1}, [["Shardline.Admin"]]]
)
async def test_another_role_makes_no_admin(roles: object) -> None:
    assert "admins" not in await principals_of({"roles": roles})


async def test_no_claim_but_the_roles_makes_an_admin() -> None:
    assert await principals_of({"email": "admins", "groups": ["admins"], "principals": ["admins"], "scp": "admins"}) == ["tenant"]


async def test_an_issuer_may_name_its_claims_otherwise() -> None:
    names = ClaimNames(tenant="org", email="mail", verified=("mail_ok",), roles="can", admin_role="boss")

    caller = await who({"org": "acme", "mail": "b@example.com", "mail_ok": True, "can": ["boss"]}, names=names)

    assert caller.tenant_id == "acme"
    assert caller.principals == {"tenant", "admins", "user:b@example.com", "domain:example.com"}


@pytest.mark.parametrize(
    ("claims", "subject"),
    [
        ({"oid": "object-1", "sub": "pairwise-1"}, "object-1"),
        ({"sub": "pairwise-1"}, "pairwise-1"),
        ({"oid": "", "sub": "pairwise-1"}, "pairwise-1"),
        ({"oid": 7, "sub": ["pairwise-1"]}, None),
        ({"sub": "x" * 256}, None),
        ({"sub": "two\nlines"}, None),
        ({}, None),
    ],
)
async def test_the_issuers_name_for_who_calls_is_kept_and_gives_no_right(claims: dict[str, Any], subject: str | None) -> None:
    caller = await who({"tid": "acme"} | claims)

    assert caller.subject == subject
    assert caller.principals == {"tenant"}


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        (ADA | {"sub": "subject-1"}, "ada@example.com"),
        (ADA | {"email_verified": False, "sub": "subject-1"}, "subject-1"),
        ({"tid": "acme"}, "somebody of the tenant"),
    ],
)
async def test_what_is_written_down_of_a_caller_is_the_verified_address_or_else_the_issuers_name(claims: dict[str, Any], name: str) -> None:
    assert (await who(claims)).name == name
