"""Invocations with retries, a time limit, and what a fault plan has in store for them."""

import asyncio
import contextvars
import sys
from collections.abc import Callable
from typing import Any

import azure.functions as func
import pytest

from devtools.faults.injector import Injector
from devtools.faults.plan import Fault
from devtools.host.context import Context, RetryContext
from devtools.host.faults import ABILITIES, PlannedMishaps
from devtools.host.function import HostedFunction, Signature, TimerTrigger
from devtools.host.invocations import Call, Failed, Invoker, Succeeded
from devtools.host.retries import FOR_EVER, RetryPolicy
from devtools.host.runs import Runner
from devtools.host.timers import timer_datum
from devtools.host.traces import Trace


class Bench:
    """A runner whose sleeps are noted and not slept."""

    def __init__(self, *faults: Fault, timeout_seconds: float | None = None) -> None:
        self.slept: list[float] = []
        self.restarts: list[str] = []
        mishaps = PlannedMishaps(Injector("host", ABILITIES, faults=faults))
        invoker = Invoker("/app", contextvars.copy_context())
        self.runner = Runner(invoker, restart=self.restarts.append, timeout_seconds=timeout_seconds, mishaps=mishaps, sleep=self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)

    async def unanswered(self, call: Call, operation: str) -> None:
        """Run it, and see that nothing comes back before the worker is restarted."""
        task = asyncio.create_task(self.runner.run(call, operation))
        async with asyncio.timeout(5):
            while not self.restarts:
                await asyncio.sleep(0.005)
        assert not task.done()
        task.cancel()


def call_of(function: Callable[..., Any], retry: RetryPolicy | None = None) -> Call:
    signature = Signature({"timer": "timerTrigger"}, (), "", needs_context=True)
    hosted = HostedFunction("tick", function, asyncio.iscoroutinefunction(function), signature, "timer", TimerTrigger("0 * * * * *"), retry)
    return Call(hosted, timer_datum(), Trace("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))


def fault(kind: str, operation: str = "timer", **more: Any) -> Fault:
    return Fault.model_validate({"at": "host", "kind": kind, "operation": operation, "target": "tick", "calls": 1, **more})


class Function:
    """Fails as often as it is told, and remembers its tries."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.tries: list[RetryContext] = []

    async def __call__(self, timer: func.TimerRequest, context: Context) -> None:
        self.tries.append(context.retry_context)
        await asyncio.sleep(0)
        if len(self.tries) <= self.failures:
            raise ValueError(f"try {len(self.tries)}")

    def call(self, retry: RetryPolicy | None = None) -> Call:
        async def function(timer: func.TimerRequest, context: Context) -> None:
            await self(timer, context)

        return call_of(function, retry)


async def test_without_a_retry_policy_a_failure_is_final() -> None:
    bench, function = Bench(), Function(failures=1)

    result = await bench.runner.run_with_retries(function.call(), "timer")

    assert isinstance(result, Failed)
    assert (len(function.tries), bench.slept) == (1, [])


async def test_a_retry_policy_repeats_until_it_succeeds_and_tells_the_function_which_try_it_is() -> None:
    bench, function = Bench(), Function(failures=2)

    result = await bench.runner.run_with_retries(function.call(RetryPolicy(5, 2.0, 60.0)), "timer")

    assert isinstance(result, Succeeded)
    assert bench.slept == [2.0, 4.0]
    assert [(each.retry_count, each.max_retry_count) for each in function.tries] == [(0, 5), (1, 5), (2, 5)]
    assert [each.exception and each.exception.message for each in function.tries] == [None, "ValueError: try 1", "ValueError: try 2"]


async def test_a_retry_policy_ends_after_its_last_repetition_unless_it_has_no_end() -> None:
    bounded, endless = Function(failures=100), Function(failures=100)

    results = [
        await Bench().runner.run_with_retries(bounded.call(RetryPolicy(3, 1.0, 1.0)), "changes"),
        await Bench().runner.run_with_retries(endless.call(RetryPolicy(FOR_EVER, 1.0, 1.0)), "changes"),
    ]

    assert [type(result) for result in results] == [Failed, Succeeded]
    assert (len(bounded.tries), len(endless.tries)) == (4, 101)


async def test_a_function_that_runs_longer_than_function_timeout_ends_the_worker() -> None:
    bench = Bench(timeout_seconds=0.05)

    async def slow(timer: func.TimerRequest, context: Context) -> None:
        await asyncio.sleep(60)

    await bench.unanswered(call_of(slow), "timer")

    assert bench.restarts == ["function tick has run longer than functionTimeout (0.05 s)"]


async def test_a_function_that_exits_ends_the_worker() -> None:
    bench = Bench()

    async def leaving(timer: func.TimerRequest, context: Context) -> None:
        sys.exit(3)

    await bench.unanswered(call_of(leaving), "timer")

    assert bench.restarts == [
        "function tick has ended the worker (the worker would exit, and every running invocation with it (SystemExit: 3))"
    ]


@pytest.mark.parametrize("operation", ["http", "message", "timer", "changes"])
async def test_a_delayed_invocation_starts_later(operation: str) -> None:
    bench, function = Bench(fault("delay", operation, seconds=30)), Function()

    result = await bench.runner.run(function.call(), operation)

    assert isinstance(result, Succeeded)
    assert (bench.slept, len(function.tries)) == ([30.0], 1)


@pytest.mark.parametrize("operation", ["message", "timer", "changes"])
async def test_a_duplicate_is_given_to_the_function_twice_and_the_second_result_counts(operation: str) -> None:
    bench, function = Bench(fault("duplicate", operation)), Function(failures=1)

    result = await bench.runner.run(function.call(), operation)

    assert isinstance(result, Succeeded)
    assert len(function.tries) == 2


async def test_a_duplicate_at_once_runs_beside_the_first() -> None:
    bench, barrier = Bench(fault("duplicate", "message", variant="at-once")), asyncio.Barrier(2)

    async def meeting(timer: func.TimerRequest, context: Context) -> None:
        await barrier.wait()

    result = await asyncio.wait_for(bench.runner.run(call_of(meeting), "message"), 5)

    assert isinstance(result, Succeeded)


@pytest.mark.parametrize(("is_applied", "tries"), [(False, 0), (True, 1)])
async def test_a_function_that_is_never_answered_ends_the_worker_after_function_timeout(is_applied: bool, tries: int) -> None:
    bench, function = Bench(fault("timeout", "message", applied=is_applied), timeout_seconds=600), Function()

    await bench.unanswered(function.call(), "message")

    assert len(function.tries) == tries
    assert bench.restarts == ["function tick was never answered within functionTimeout (600 s)"]
    assert 590 < bench.slept[0] <= 600


async def test_without_function_timeout_an_unanswered_function_is_waited_for_for_ever() -> None:
    bench = Bench(fault("timeout"))

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(bench.runner.run(Function().call(), "timer"), 0.05)

    assert bench.restarts == []


async def test_a_run_by_hand_meets_no_fault() -> None:
    bench, function = Bench(fault("duplicate", "*")), Function()

    await bench.runner.run(function.call())

    assert len(function.tries) == 1
