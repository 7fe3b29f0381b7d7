"""The ``context`` a function may ask for, and who is running now.

The invocation id lives in a context variable for tasks, and in a thread-local for threads: an app's own thread must set
``context.thread_local_storage.invocation_id``, or Azure drops its log lines.
"""

import asyncio
import contextvars
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

thread_storage = threading.local()
task_invocation: contextvars.ContextVar[str] = contextvars.ContextVar("host_invocation", default="")
in_host_half: contextvars.ContextVar[bool] = contextvars.ContextVar("host_half", default=False)
"""True in the tasks that play the host rather than the worker, whose SDK log lines are not the app's."""
running: dict[str, str] = {}
"""Invocation id to function name, for the invocations that have not ended."""


def current_invocation() -> tuple[str, str]:
    """Invocation id and function name of the calling code, or two empty texts where Azure would not know either.

    Background tasks that outlive their invocation, ``asyncio.to_thread`` and own threads know none.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        invocation = getattr(thread_storage, "invocation_id", None) or ""
    else:
        invocation = task_invocation.get()
    return (invocation, running[invocation]) if invocation in running else ("", "")


@dataclass(frozen=True)
class TraceContext:
    trace_parent: str
    trace_state: str
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LastFailure:
    """Why the try before failed; ``message`` is ``Type: text``."""

    message: str
    source: str = ""
    stack_trace: str = ""


@dataclass(frozen=True)
class RetryContext:
    """Which try this is: 0 is the first. Only functions with a retry policy that counts see another (see ``retries``)."""

    retry_count: int = 0
    max_retry_count: int = 0
    exception: LastFailure | None = None


FIRST_TRY: Final = RetryContext()


@dataclass(frozen=True)
class Context:
    """What ``azure.functions.Context`` promises."""

    invocation_id: str
    function_name: str
    function_directory: str
    trace_context: TraceContext
    retry_context: RetryContext = FIRST_TRY
    thread_local_storage: threading.local = thread_storage
