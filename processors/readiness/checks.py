"""What a worker relies on, looked at all at once and not too often.

However many ask, one look is under way at a time, and what it found is believed for five seconds: whoever calls a thousand times a second
costs a thousand answers and one look. Each check has its time. What does not end by then is told to stop and not waited for: an SDK that
closes a connection slowly must not keep the answer. Until it has ended it is not begun again, so that nothing piles up.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shared.errors import PipelineError, place_of

log = logging.getLogger(__name__)

BELIEVED_FOR: Final = timedelta(seconds=5)
CHECK_SECONDS: Final = 8.0
"""The SDK of Service Bus takes four to say that a queue is not there; whoever asks should wait ten."""

Check = Callable[[], Awaitable[None]]
"""Returns when all is well; raises what is not."""


@dataclass(frozen=True)
class Reason:
    """Why a worker cannot do its work."""

    check: str
    text: str
    """In our own words: no value of a setting, no address, and nothing of a foreign error but its type."""


class Checks:
    """The checks of one worker.

    Args:
        checks: gives them by name; what it raises itself is a reason called ``settings``, and the only one.
    """

    def __init__(self, checks: Callable[[], Mapping[str, Check]], *, now: Callable[[], datetime], seconds: float = CHECK_SECONDS) -> None:
        self._checks = checks
        self._now = now
        self._seconds = seconds
        self._looking: asyncio.Task[tuple[Reason, ...]] | None = None
        self._looked_at: datetime | None = None
        self._found: tuple[Reason, ...] = ()
        self._running: dict[str, asyncio.Task[None]] = {}

    async def reasons(self) -> tuple[Reason, ...]:
        """Why not; empty when all is well."""
        if self._looking is None:
            if self._looked_at is not None and timedelta(0) <= self._now() - self._looked_at < BELIEVED_FOR:
                return self._found
            self._looking = asyncio.create_task(self._look())
        return await asyncio.shield(self._looking)  # whoever goes away must not take the look from the others

    async def _look(self) -> tuple[Reason, ...]:
        try:
            found = await self._reasons()
            if found != self._found:
                log.warning("readiness changed", extra={"reasons": [f"{reason.check}: {reason.text}" for reason in found]})
            self._found, self._looked_at = found, self._now()
            return found
        finally:
            self._looking = None

    async def _reasons(self) -> tuple[Reason, ...]:
        try:
            checks = self._checks()
        except Exception as error:  # settings are read here, and SDKs that cannot read one raise what they like
            return (Reason("settings", _said(error)),)
        unended = {name for name, task in self._running.items() if not task.done()}
        begun = {name: asyncio.ensure_future(_awaited(check)) for name, check in checks.items() if name not in unended}
        if begun:
            await asyncio.wait(begun.values(), timeout=self._seconds)
        reasons = [self._reason(name, begun.get(name)) for name in checks]
        self._running = {name: task for name, task in {**self._running, **begun}.items() if not task.done()}
        return tuple(reason for reason in reasons if reason is not None)

    def _reason(self, name: str, task: asyncio.Task[None] | None) -> Reason | None:
        if task is None:
            return Reason(name, "the check before this one has not ended")
        if not task.done():
            task.add_done_callback(_let_go)
            task.cancel()
            return Reason(name, f"no answer within {self._seconds:g} s")
        if task.cancelled():
            return Reason(name, "the check was cancelled")
        error = task.exception()
        return None if error is None else Reason(name, _said(error))


async def _awaited(check: Check) -> None:
    await check()


def _let_go(task: asyncio.Task[None]) -> None:
    """Nobody waits for it any more; its error was not unseen."""
    if not task.cancelled():
        task.exception()


def _said(error: BaseException) -> str:
    return str(error) if isinstance(error, PipelineError) else f"{type(error).__name__} at {place_of(error)}"
