"""Claims: one suite for the two twins."""

import pytest

from shared.contracts.claim import Claim
from shared.errors import ClaimLost
from tests.plugins.twins import Claims

pytest_plugins = ["tests.plugins.stand_ins"]

BODY = b"x" * 300_000


@pytest.fixture
def claim(tenant_id: str) -> Claim:
    """What a message with a large body carries instead."""
    return Claim.of(BODY, tenant_id=tenant_id, message_id="0123456789abcdef0123456789abcdef")


async def test_what_was_put_aside_is_given_back(claims: Claims, claim: Claim) -> None:
    await claims.store.put(claim, BODY)

    assert await claims.store.redeem(claim) == BODY


async def test_putting_the_same_aside_twice_is_harmless(claims: Claims, claim: Claim) -> None:
    await claims.store.put(claim, BODY)
    await claims.store.put(claim, BODY)

    assert await claims.store.redeem(claim) == BODY


async def test_a_body_is_redeemed_as_often_as_its_message_comes(claims: Claims, claim: Claim) -> None:
    await claims.store.put(claim, BODY)

    assert await claims.store.redeem(claim) == await claims.store.redeem(claim)


async def test_a_body_that_is_gone_is_lost(claims: Claims, claim: Claim) -> None:
    await claims.store.put(claim, BODY)
    await claims.replace(claim.blob, None)

    with pytest.raises(ClaimLost, match="is gone"):
        await claims.store.redeem(claim)


async def test_a_body_that_was_altered_is_lost(claims: Claims, claim: Claim) -> None:
    await claims.store.put(claim, BODY)
    await claims.replace(claim.blob, BODY[:-1] + b"y")

    with pytest.raises(ClaimLost, match="not what was put aside"):
        await claims.store.redeem(claim)


async def test_an_empty_body_comes_back_empty(claims: Claims, tenant_id: str) -> None:
    claim = Claim.of(b"", tenant_id=tenant_id, message_id="empty")
    await claims.store.put(claim, b"")

    assert await claims.store.redeem(claim) == b""
