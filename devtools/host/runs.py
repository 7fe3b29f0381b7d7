"""Runs invocations as the host does: with its time limit, and with what a fault plan has in store for them.

``functionTimeout`` is the end of the worker, as in Azure: the process is replaced by a fresh one, and the invocations beside it are lost
with it. The same happens when a function leaves with ``SystemExit``. What they were given comes again: messages after their locks,
changes from the last checkpoint; a timer's run is lost, or past due where it is monitored.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from devtools.host.context import LastFailure, RetryContext
from devtools.host.invocations import Call, Failed, Invoker, Succeeded
from devtools.host.mishaps import AT_ONCE, INVOCATION_KINDS, OPERATIONS, Mishap, Mishaps, NoMishaps

Result = Succeeded | Failed
_BY_HAND: Final = ""


class Runner:
    """``restart`` ends this process and starts it again; it does not return, except in tests. No ``timeout_seconds`` means no limit."""

    def __init__(
        self,
        invoker: Invoker,
        *,
        restart: Callable[[str], None],
        timeout_seconds: float | None = None,
        mishaps: Mishaps | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._invoker = invoker
        self._restart = restart
        self._timeout_seconds = timeout_seconds
        self._sleep = sleep
        self.mishaps = mishaps or NoMishaps()

    async def run(self, call: Call, operation: str = _BY_HAND) -> Result:
        """The result of one invocation, or of the last where a fault makes several of it. Never returns when the worker ends."""
        kinds = INVOCATION_KINDS & OPERATIONS.get(operation, frozenset())
        mishap = self.mishaps.strike(operation, call.function.name, *kinds) if kinds else None
        match mishap and mishap.kind:
            case "delay":
                await self._sleep(_seconds(mishap))
            case "duplicate":
                return await self._twice(call, mishap)
            case "timeout":
                await self._unanswered(call, mishap)
        return await self._once(call)

    async def run_with_retries(self, call: Call, operation: str) -> Result:
        """The same until it succeeds or the function's retry policy is exhausted; the last result."""
        policy = call.function.retry
        retry = RetryContext(max_retry_count=policy.most if policy else 0)
        while True:
            result = await self.run(replace(call, retry=retry), operation)
            if isinstance(result, Succeeded) or policy is None or retry.retry_count == policy.most:
                return result
            retry = RetryContext(retry.retry_count + 1, policy.most, LastFailure(result.error))
            await self._sleep(policy.delay_seconds(retry.retry_count))

    async def _once(self, call: Call) -> Result:
        task = asyncio.ensure_future(self._invoker.invoke(call))
        done, _ = await asyncio.wait({task}, timeout=self._timeout_seconds)
        if not done:
            await self._end_worker(f"function {call.function.name} has run longer than functionTimeout ({self._timeout_seconds:g} s)")
        if isinstance(result := task.result(), Failed) and result.has_ended_worker:
            await self._end_worker(f"function {call.function.name} has ended the worker ({result.error})")
        return result

    async def _twice(self, call: Call, mishap: Mishap | None) -> Result:
        if mishap and mishap.variant == AT_ONCE:
            _, second = await asyncio.gather(self._once(call), self._once(call))
            return second
        await self._once(call)
        return await self._once(call)

    async def _unanswered(self, call: Call, mishap: Mishap | None) -> None:
        """The worker says nothing; with ``applied`` the function has done its work."""
        started = time.monotonic()
        if mishap and mishap.applied:
            await self._invoker.invoke(call)
        if self._timeout_seconds is not None:
            await self._sleep(max(0.0, self._timeout_seconds - (time.monotonic() - started)))
            await self._end_worker(f"function {call.function.name} was never answered within functionTimeout ({self._timeout_seconds:g} s)")
        await asyncio.Event().wait()

    async def _end_worker(self, reason: str) -> None:
        self._restart(reason)
        await asyncio.Event().wait()  # nobody is left to answer


def _seconds(mishap: Mishap | None) -> float:
    return (mishap.seconds if mishap else None) or 0.0
