import asyncio
import contextvars
import json
import logging
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import azure.functions as func
import pytest
from azure.functions.meta import Datum

from devtools.host.context import Context, in_host_half
from devtools.host.function import HostedFunction, Signature, TimerTrigger
from devtools.host.invocations import Call, Failed, Invoker, Succeeded
from devtools.host.logs import JsonLines
from devtools.host.traces import new_trace

log = logging.getLogger("the app")


@pytest.fixture
def printed() -> Iterator[StringIO]:
    stream = StringIO()
    handler = JsonLines(stream)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def lines_of_the_app(printed: StringIO) -> list[dict[str, Any]]:
    return [line for line in map(json.loads, printed.getvalue().splitlines()) if line["logger"] == "the app"]


async def run(call: Callable[..., Any], *, needs_context: bool = False) -> Succeeded | Failed:
    signature = Signature({"timer": "timerTrigger"}, (), "", needs_context)
    function = HostedFunction("tick", call, asyncio.iscoroutinefunction(call), signature, "timer", TimerTrigger("0 * * * * *"))
    return await Invoker("/app", contextvars.copy_context()).invoke(Call(function, Datum("{}", "json"), new_trace()))


async def test_lines_of_the_function_carry_its_invocation(printed: StringIO) -> None:
    async def on_the_loop(timer: func.TimerRequest) -> None:
        log.info("here %s", 1, extra={"shard": "s-1", "count": 2})

    def in_the_pool(timer: func.TimerRequest) -> None:
        log.warning("there")

    results = [await run(on_the_loop), await run(in_the_pool)]

    first, second = lines_of_the_app(printed)
    assert first["time"].endswith("+00:00")
    assert {name: first[name] for name in ("level", "message", "function", "shard", "count")} == {
        "level": "INFO",
        "message": "here 1",
        "function": "tick",
        "shard": "s-1",
        "count": 2,
    }
    assert [first["invocationId"], second["invocationId"]] == [result.invocation_id for result in results]


async def test_lines_that_azure_drops_are_marked(printed: StringIO) -> None:
    background: list[asyncio.Task[None]] = []

    async def later() -> None:
        await asyncio.sleep(0.01)
        log.info("after the return")

    async def tick(timer: func.TimerRequest) -> None:
        background.append(asyncio.create_task(later()))
        await asyncio.to_thread(log.info, "in a thread of its own")

    log.info("at import")
    await run(tick)
    await background[0]

    lines = lines_of_the_app(printed)
    assert [line["message"] for line in lines] == ["at import", "in a thread of its own", "after the return"]
    assert all(line["dropped_in_azure"] is True and "invocationId" not in line for line in lines)


async def test_a_thread_that_sets_its_invocation_id_keeps_its_lines(printed: StringIO) -> None:
    async def tick(timer: func.TimerRequest, context: Context) -> None:
        def work() -> None:
            context.thread_local_storage.invocation_id = context.invocation_id
            log.info("in a thread")

        await asyncio.to_thread(work)

    result = await run(tick, needs_context=True)

    [line] = lines_of_the_app(printed)
    assert line["invocationId"] == result.invocation_id


async def test_a_logged_exception_is_printed_with_its_cause(printed: StringIO) -> None:
    async def tick(timer: func.TimerRequest) -> None:
        try:
            json.loads("{")
        except ValueError as error:
            error.__cause__ = KeyError("first")
            log.exception("it failed")

    await run(tick)

    [line] = lines_of_the_app(printed)
    assert "KeyError: 'first'" in line["exception"]
    assert "JSONDecodeError" in line["exception"]


def test_lines_of_the_hosts_own_sdk_are_left_out(printed: StringIO) -> None:
    host_half = contextvars.copy_context()
    host_half.run(in_host_half.set, True)

    host_half.run(log.warning, "the pump's connection")

    assert printed.getvalue() == ""
