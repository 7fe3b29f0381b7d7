"""What ``/api/ready`` answers: whether, to everybody; why not, to whoever shows a token of ours."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final, Literal

from processors.readiness.checks import Checks
from shared.access.tokens import TokenCheck
from shared.contracts.message import Wire
from shared.errors import PipelineError, TokenRefused

log = logging.getLogger(__name__)

READY: Final = 200
NOT_READY: Final = 503
TOKEN_SECONDS: Final = 2.0
"""Of checking the caller's token, before the look begins: with it whoever asks still has an answer within ten."""


class ReasonShown(Wire):
    """One of them."""

    check: str
    reason: str


class Readiness(Wire):
    """The answer's body."""

    status: Literal["ready", "not ready"]
    reasons: tuple[ReasonShown, ...] | None = None
    """None: the caller has shown no token that could be checked."""


async def show_readiness(
    authorization: str | None, *, checks: Checks, tokens: Callable[[], TokenCheck], seconds: float = TOKEN_SECONDS
) -> tuple[int, Readiness]:
    """The status, and what to say.

    Args:
        tokens: gives the check of tokens; where it cannot, or cannot read the issuer's keys, nobody is told why.

    Raises:
        TokenRefused: the caller shows a token, and it is none of ours.
    """
    try:
        may_know = authorization is not None and await _is_let_in(authorization, tokens, seconds)
        found = await checks.reasons()
    except asyncio.CancelledError:  # it must not leave: the worker would never answer
        return NOT_READY, Readiness(status="not ready")
    reasons = tuple(ReasonShown(check=reason.check, reason=reason.text) for reason in found) if may_know else None
    return (NOT_READY, Readiness(status="not ready", reasons=reasons)) if found else (READY, Readiness(status="ready", reasons=reasons))


async def _is_let_in(authorization: str, tokens: Callable[[], TokenCheck], seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await tokens().caller(authorization)
    except TokenRefused:
        raise
    except (PipelineError, TimeoutError) as error:  # the settings cannot be read, or the issuer's keys
        log.warning("a token could not be checked", extra={"reason": type(error).__name__})
        return False
    return True
