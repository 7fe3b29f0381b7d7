"""Runs one invocation as the worker would.

Each is a task of its own in a fresh copy of the context from before the app was imported, so a context variable set at import is not
seen. ``async def`` functions run on the loop, ``def`` functions in one pool of min(32, cores + 4) threads, which is what the worker has
after specialisation. What leaves a function decides: an exception fails the invocation; a ``CancelledError`` would leave the real host
waiting for ``functionTimeout``, and ``SystemExit`` would take the worker and every running invocation with it, so both are said plainly.
"""

import asyncio
import contextvars
import functools
import logging
import os
import time
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import azure.functions as func
from azure.functions.meta import Datum

from devtools.host.context import FIRST_TRY, Context, RetryContext, TraceContext, running, task_invocation, thread_storage
from devtools.host.function import HostedFunction
from devtools.host.signatures import GENERIC
from devtools.host.traces import Trace

log = logging.getLogger("host")


@dataclass(frozen=True)
class Call:
    """What one invocation is given."""

    function: HostedFunction
    data: Datum
    trace: Trace
    metadata: Mapping[str, Datum] = field(default_factory=dict)
    retry: RetryContext = FIRST_TRY


@dataclass(frozen=True)
class Succeeded:
    """``answer`` is the encoded return value, or None where the function returns nothing."""

    invocation_id: str
    answer: Datum | None = None


@dataclass(frozen=True)
class Failed:
    """``error`` as the worker reports it: ``Type: text``. ``has_ended_worker``: it left with ``SystemExit`` or ``KeyboardInterrupt``."""

    invocation_id: str
    error: str
    has_ended_worker: bool = False


class Invoker:
    def __init__(self, app_dir: str, context: contextvars.Context) -> None:
        self._app_dir = app_dir
        self._context = context
        self._pool = ThreadPoolExecutor(max_workers=min(32, (os.cpu_count() or 1) + 4), thread_name_prefix="functions")

    async def invoke(self, call: Call) -> Succeeded | Failed:
        """Run the function once. Never raises for what the function does; a cancelled caller does not stop it, as in Azure."""
        task = asyncio.get_running_loop().create_task(self._run(call), context=self._context.copy())
        await asyncio.wait({task})
        return task.result()

    async def _run(self, call: Call) -> Succeeded | Failed:
        function = call.function
        invocation_id = str(uuid.uuid4())
        running[invocation_id] = function.name
        task_invocation.set(invocation_id)
        started = time.monotonic()
        try:
            arguments = self._arguments(call, invocation_id)
            value = await self._call(function, arguments, invocation_id)
            answer = _encoded(function, value)
        except BaseException as error:  # the end of the worker: every way out of a function is reported, none passed on
            text = _reported(error)
            _log_end("function failed", function, started, error=text, exception=error)
            return Failed(invocation_id, text, has_ended_worker=isinstance(error, SystemExit | KeyboardInterrupt))
        else:
            _log_end("function succeeded", function, started)
            return Succeeded(invocation_id, answer)
        finally:
            del running[invocation_id]

    def _arguments(self, call: Call, invocation_id: str) -> dict[str, Any]:
        function, name = call.function, call.function.trigger_parameter
        arguments: dict[str, Any] = {name: _decoded(function.signature.converters[name], call.data, call.metadata)}
        if function.signature.needs_context:
            trace = TraceContext(call.trace.parent, call.trace.state)
            arguments["context"] = Context(invocation_id, function.name, self._app_dir, trace, call.retry)
        return arguments

    async def _call(self, function: HostedFunction, arguments: dict[str, Any], invocation_id: str) -> Any:
        if function.is_async:
            return await function.call(**arguments)
        call = functools.partial(_in_thread, invocation_id, functools.partial(function.call, **arguments))
        return await asyncio.get_running_loop().run_in_executor(self._pool, contextvars.copy_context().run, call)


def _in_thread(invocation_id: str, call: functools.partial[Any]) -> Any:
    thread_storage.invocation_id = invocation_id
    try:
        return call()
    finally:
        thread_storage.invocation_id = None


def _decoded(converter: str, data: Datum, metadata: Mapping[str, Datum]) -> Any:
    if converter == GENERIC:
        return data.value
    return func.get_binding_registry().get(converter).decode(data, trigger_metadata=metadata)


def _encoded(function: HostedFunction, value: Any) -> Datum | None:
    """Encode the return value.

    Raises:
        RuntimeError: a function without an output returned something.
        TypeError: the output does not take this value; HTTP takes HttpResponse and str only.
    """
    if not function.signature.returns:
        if value is not None:
            raise RuntimeError(f"function {function.name!r} without a $return binding returned a non-None value")
        return None
    converter = func.get_binding_registry().get(function.signature.returns)
    try:
        encoded: Datum = converter.encode(value, expected_type=None)
    except NotImplementedError:  # the library's converters say so of a type they cannot encode
        raise TypeError(f"a {function.signature.returns} output cannot be made of {type(value).__name__}") from None
    return encoded


def _reported(error: BaseException) -> str:
    try:
        text = f"{type(error).__name__}: {error}"
    except Exception:  # an exception whose text fails still needs a report
        text = f"{type(error).__name__} (its text cannot be made)"
    match error:
        case asyncio.CancelledError():
            return f"the worker would never answer: CancelledError left the function ({text})"
        case SystemExit() | KeyboardInterrupt():
            return f"the worker would exit, and every running invocation with it ({text})"
        case _:
            return text


def _log_end(
    message: str, function: HostedFunction, started: float, *, error: str | None = None, exception: BaseException | None = None
) -> None:
    extra: dict[str, Any] = {"duration_ms": round((time.monotonic() - started) * 1000, 1)}
    if error is None:
        log.info(message, extra=extra)
    else:
        log.error(message, extra=extra | {"error": error}, exc_info=exception)
