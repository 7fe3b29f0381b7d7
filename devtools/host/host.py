"""Puts the parts together: settings, app, listeners, the table, and the end."""

import asyncio
import contextvars
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devtools.host.admin import Admin
from devtools.host.app import load_app
from devtools.host.background import Background
from devtools.host.context import in_host_half
from devtools.host.hostjson import read_host_json
from devtools.host.invocations import Invoker
from devtools.host.mishaps import Mishaps, NoMishaps
from devtools.host.output import say
from devtools.host.runs import Runner
from devtools.host.states import state_of, table
from devtools.host.web import WebListener

_FIRST_CONNECT_SECONDS = 5.0
_STOP_SECONDS = 2.0


class PortTaken(Exception):
    """Another process listens on the port."""


@dataclass(frozen=True)
class Options:
    """How the host is run.

    Attributes:
        state_folder: where timers are remembered and shared with other hosts; None forgets them at the end.
        mishaps: what goes wrong on command.
        restart: ends this process and starts it again on the port it listens on, saying why; it does not return.
    """

    port: int
    restart: Callable[[str, int], None]
    state_folder: Path | None = None
    mishaps: Mishaps = field(default_factory=NoMishaps)


async def run_host(app_dir: Path, settings: Mapping[str, str], options: Options, stop: asyncio.Event) -> None:
    """Load the app and serve it until ``stop`` is set.

    Raises:
        AppRefused: zero functions.
        PortTaken: see there.
    """
    before_import = contextvars.copy_context()
    host_json = read_host_json(app_dir / "host.json", settings)
    # A task of its own, so that context variables set at import stay there, as in the worker.
    functions = await asyncio.create_task(load_app(app_dir))
    states = [state_of(function, host_json, settings) for function in functions]
    print(table(states), flush=True)

    bound_port = options.port

    def restart(reason: str) -> None:
        options.restart(reason, bound_port)

    timeout_seconds = host_json.function_timeout_seconds
    invoker = Invoker(str(app_dir), before_import)
    runner = Runner(invoker, restart=restart, timeout_seconds=timeout_seconds, mishaps=options.mishaps)
    background = Background(runner, host_json.service_bus, options.state_folder)
    listener = WebListener(states, runner=runner, admin=Admin(states, runner, background.problems))
    try:
        bound_port = await listener.start(options.port)
    except OSError as error:
        await listener.stop()
        raise PortTaken(
            f"port {options.port} cannot be used ({error.strerror}). Stop what listens there, or pass --port with another"
        ) from error
    background.add(states)
    await _run_until(stop, background, f"ready on http://127.0.0.1:{bound_port}")
    await listener.stop()


async def _run_until(stop: asyncio.Event, background: Background, ready: str) -> None:
    tasks = [_in_host_half(work) for work in background.works]
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.gather(*(event.wait() for event in background.has_tried)), _FIRST_CONNECT_SECONDS)
    say(ready)
    await stop.wait()
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=_STOP_SECONDS)


def _in_host_half(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    host_half = contextvars.copy_context()
    host_half.run(in_host_half.set, True)  # noqa: FBT003 - ContextVar.set takes its value by position
    return asyncio.create_task(work, context=host_half)
