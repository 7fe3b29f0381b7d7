"""Who is told what of a worker's readiness."""

import asyncio

import pytest

from devtools.fakes.clock import Clock
from processors.readiness.api import TOKEN_SECONDS, Readiness, show_readiness
from processors.readiness.checks import CHECK_SECONDS, Checks
from shared.access.tokens import TokenCheck
from shared.errors import ConfigurationError, DependencyUnavailable, TokenRefused
from tests.unit.shared.hosting.calls import Ports, token


async def well() -> None:
    """A check."""


async def away() -> None:
    raise DependencyUnavailable("read the properties of container shards: no answer")


async def never() -> None:
    await asyncio.Event().wait()


READY = Checks(lambda: {"cosmos": well}, now=Clock())
AWAY = Checks(lambda: {"cosmos": away}, now=Clock())
BEARER = f"Bearer {token()}"


async def shown(checks: Checks, authorization: str | None, ports: Ports | None = None) -> tuple[int, object]:
    given = ports or Ports()
    status, body = await show_readiness(authorization, checks=checks, tokens=lambda: given.tokens)
    return status, body.model_dump(mode="json", by_alias=True, exclude_none=True)


async def test_whoever_shows_no_token_is_told_whether_and_nothing_else() -> None:
    assert await shown(READY, None) == (200, {"status": "ready"})
    assert await shown(AWAY, None) == (503, {"status": "not ready"})


async def test_whoever_shows_a_token_is_told_why() -> None:
    why = {"check": "cosmos", "reason": "read the properties of container shards: no answer"}

    assert await shown(AWAY, BEARER) == (503, {"status": "not ready", "reasons": [why]})
    assert await shown(READY, BEARER) == (200, {"status": "ready", "reasons": []})


@pytest.mark.parametrize("authorization", ["Bearer forged.token.here", "Basic YTpi", f"Bearer {token(exp=1)}"])
async def test_a_token_that_is_none_of_ours_is_refused_before_anything_is_looked_at(authorization: str) -> None:
    unlooked = Checks(lambda: pytest.fail("it was looked at"), now=Clock())

    with pytest.raises(TokenRefused):
        await shown(unlooked, authorization)


async def test_while_tokens_cannot_be_checked_nobody_is_told_why() -> None:
    ports = Ports()
    ports.keys.is_away = True

    assert await shown(AWAY, BEARER, ports) == (503, {"status": "not ready"})


async def test_with_settings_that_cannot_be_read_it_is_not_ready_and_nobody_is_told_why() -> None:
    def unreadable() -> TokenCheck:
        raise ConfigurationError("settings: AUTH_ISSUER: missing")

    status, body = await show_readiness(BEARER, checks=Checks(unreadable, now=Clock()), tokens=unreadable)  # type: ignore[arg-type]  # it only raises

    assert (status, body) == (503, Readiness(status="not ready"))


async def test_an_issuer_that_is_slow_keeps_nobody() -> None:
    class Slow(Ports):
        def __init__(self) -> None:
            super().__init__()
            self.keys.key = lambda kid: never()  # type: ignore[method-assign]  # it never answers

    ports = Slow()

    status, body = await show_readiness(BEARER, checks=READY, tokens=lambda: ports.tokens, seconds=0.01)

    assert (status, body) == (200, Readiness(status="ready"))


def test_whoever_waits_ten_seconds_is_answered_though_all_are_slow() -> None:
    assert TOKEN_SECONDS + CHECK_SECONDS <= 10


async def test_a_call_that_is_cancelled_is_answered_not_ready() -> None:
    asking = asyncio.create_task(show_readiness(None, checks=Checks(lambda: {"cosmos": never}, now=Clock()), tokens=lambda: Ports().tokens))
    await asyncio.sleep(0)

    asking.cancel()

    assert await asking == (503, Readiness(status="not ready"))
