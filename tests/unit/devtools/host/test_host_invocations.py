import asyncio
import contextvars
import sys
import threading
from collections.abc import Callable
from typing import Any

import azure.functions as func
import pytest
from azure.functions.meta import Datum
from typing_extensions import override

from devtools.host.context import Context
from devtools.host.exchange import http_datum
from devtools.host.function import HostedFunction, HttpTrigger, Signature, TimerTrigger
from devtools.host.invocations import Call, Failed, Invoker, Succeeded
from devtools.host.traces import Trace

TIMER_DATA = Datum('{"IsPastDue": false}', "json")
TRACE = Trace("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")


def timer(call: Callable[..., Any], *, needs_context: bool = False) -> HostedFunction:
    signature = Signature({"timer": "timerTrigger"}, (), "", needs_context)
    return HostedFunction("tick", call, asyncio.iscoroutinefunction(call), signature, "timer", TimerTrigger("0 * * * * *"))


def http(call: Callable[..., Any]) -> HostedFunction:
    signature = Signature({"req": "httpTrigger"}, (), "http", needs_context=False)
    return HostedFunction("hello", call, asyncio.iscoroutinefunction(call), signature, "req", HttpTrigger("hello", frozenset()))


@pytest.fixture
def invoker() -> Invoker:
    return Invoker("/app", contextvars.copy_context())


async def run_timer(invoker: Invoker, function: HostedFunction) -> Succeeded | Failed:
    return await invoker.invoke(Call(function, TIMER_DATA, TRACE))


async def run_http(invoker: Invoker, call: Callable[..., Any]) -> Succeeded | Failed:
    data = http_datum(method="GET", url="http://x/api/hello", headers={}, query={}, parameters={}, body=b"")
    return await invoker.invoke(Call(http(call), data, TRACE))


async def test_a_function_sees_its_context(invoker: Invoker) -> None:
    seen: list[Context] = []

    async def tick(timer: func.TimerRequest, context: Context) -> None:
        seen.append(context)

    result = await run_timer(invoker, timer(tick, needs_context=True))

    [context] = seen
    assert isinstance(result, Succeeded)
    assert (context.function_name, context.function_directory) == ("tick", "/app")
    assert context.invocation_id == result.invocation_id
    assert context.trace_context.trace_parent == TRACE.parent


async def test_two_functions_that_wait_run_at_the_same_time(invoker: Invoker) -> None:
    barrier = asyncio.Barrier(2)

    async def tick(timer: func.TimerRequest) -> None:
        await barrier.wait()

    results = await asyncio.gather(run_timer(invoker, timer(tick)), run_timer(invoker, timer(tick)))

    assert all(isinstance(result, Succeeded) for result in results)


async def test_a_def_function_runs_in_a_thread_without_a_loop(invoker: Invoker) -> None:
    seen: list[str] = []

    def tick(timer: func.TimerRequest) -> None:
        seen.append(threading.current_thread().name)
        with pytest.raises(RuntimeError):
            asyncio.get_running_loop()

    result = await run_timer(invoker, timer(tick))

    assert isinstance(result, Succeeded)
    assert seen[0].startswith("functions")


async def test_a_context_variable_set_by_one_invocation_is_not_seen_by_the_next(invoker: Invoker) -> None:
    variable: contextvars.ContextVar[int] = contextvars.ContextVar("variable", default=0)
    seen: list[int] = []

    async def tick(timer: func.TimerRequest) -> None:
        seen.append(variable.get())
        variable.set(1)

    await run_timer(invoker, timer(tick))
    await run_timer(invoker, timer(tick))

    assert seen == [0, 0]


async def test_an_exception_fails_the_invocation_with_type_and_text(invoker: Invoker) -> None:
    async def tick(timer: func.TimerRequest) -> None:
        raise ValueError("no such thing")

    result = await run_timer(invoker, timer(tick))

    assert isinstance(result, Failed)
    assert result.error == "ValueError: no such thing"


async def test_an_exception_without_a_text_still_fails_the_invocation(invoker: Invoker) -> None:
    class Mute(Exception):
        @override
        def __str__(self) -> str:
            raise RuntimeError

    async def tick(timer: func.TimerRequest) -> None:
        raise Mute

    result = await run_timer(invoker, timer(tick))

    assert isinstance(result, Failed)
    assert result.error.startswith("Mute")


async def test_a_cancelled_error_is_reported_as_no_answer_ever(invoker: Invoker) -> None:
    async def tick(timer: func.TimerRequest) -> None:
        task = asyncio.create_task(asyncio.sleep(60))
        task.cancel()
        await task

    result = await run_timer(invoker, timer(tick))

    assert isinstance(result, Failed)
    assert "the worker would never answer" in result.error


async def test_an_invocation_that_cancels_itself_is_reported_too(invoker: Invoker) -> None:
    async def tick(timer: func.TimerRequest) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)

    result = await run_timer(invoker, timer(tick))

    assert isinstance(result, Failed)
    assert "the worker would never answer" in result.error


async def test_sys_exit_is_reported_as_the_end_of_the_worker(invoker: Invoker) -> None:
    async def on_the_loop(timer: func.TimerRequest) -> None:
        sys.exit(3)

    def in_a_thread(timer: func.TimerRequest) -> None:
        sys.exit(3)

    results = [await run_timer(invoker, timer(on_the_loop)), await run_timer(invoker, timer(in_a_thread))]

    assert all(isinstance(result, Failed) and "the worker would exit" in result.error for result in results)


async def test_a_timer_that_returns_something_fails(invoker: Invoker) -> None:
    async def tick(timer: func.TimerRequest) -> str:
        return "done"

    result = await run_timer(invoker, timer(tick))

    assert isinstance(result, Failed)
    assert "without a $return binding" in result.error


@pytest.mark.parametrize("answer", [func.HttpResponse("hi"), "hi"])
async def test_http_answers_with_http_response_or_text(invoker: Invoker, answer: Any) -> None:
    async def hello(req: func.HttpRequest) -> Any:
        return answer

    result = await run_http(invoker, hello)

    assert isinstance(result, Succeeded)
    assert result.answer is not None


@pytest.mark.parametrize("answer", [None, b"hi", {"hi": 1}, 7, ("hi", 200)])
async def test_http_fails_on_any_other_answer(invoker: Invoker, answer: Any) -> None:
    async def hello(req: func.HttpRequest) -> Any:
        return answer

    assert isinstance(await run_http(invoker, hello), Failed)
