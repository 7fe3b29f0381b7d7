"""The local host refuses what the real Python worker refuses, and nothing else without saying whose rule it is.

The table is judged twice: by the local host, and by Microsoft's own runtime where a Python 3.13 is found.
"""

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from devtools.host.app import load_app
from devtools.host.official_runtime import environment, load_in_official_runtime
from devtools.host.refusal import AppRefused, Rule

HEAD = """
import asyncio, typing
from typing import Optional
import azure.functions as func
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
"""
QUEUE = '@app.service_bus_queue_trigger(arg_name="message", queue_name="q", connection="SB", data_type=func.DataType.BINARY)\n'
ROUTE = '@app.route("r")\n'
TIMER = '@app.timer_trigger(arg_name="timer", schedule="0 */5 * * * *")\n'
CHANGES = '@app.cosmos_db_trigger(arg_name="documents", connection="C", database_name="d", container_name="c")\n'
RETRY = '@app.retry(strategy="fixed_delay", max_retry_count="3", delay_interval="00:00:05")\n'
SENDS = '@app.service_bus_queue_output(arg_name="out", queue_name="q", connection="SB")\n'


@dataclass(frozen=True)
class Case:
    """``refused_by`` is None for an app that loads; ``saying`` is a part of the refusal."""

    name: str
    code: str
    refused_by: Rule | None = None
    saying: str = ""


def queue(annotation: str, *, body: str = "pass") -> str:
    return HEAD + QUEUE + f"async def f(message{annotation}):\n    {body}\n"


LOADS = [
    Case("message annotated", queue(": func.ServiceBusMessage")),
    Case("message not annotated", queue("")),
    Case("message as str", queue(": str")),
    Case("message as bytes", queue(": bytes")),
    Case("typing.List of messages", queue(": typing.List[func.ServiceBusMessage]")),
    Case("typing.Sequence of messages", queue(": typing.Sequence[func.ServiceBusMessage]")),
    Case("annotations as text", "from __future__ import annotations\n" + queue(": func.ServiceBusMessage")),
    Case("a queue function annotated to return", HEAD + QUEUE + "async def f(message: func.ServiceBusMessage) -> str:\n    return ''\n"),
    Case("context without annotation", HEAD + ROUTE + "async def f(req: func.HttpRequest, context):\n    return ''\n"),
    Case("context annotated", HEAD + ROUTE + "async def f(req: func.HttpRequest, context: func.Context):\n    return ''\n"),
    Case("a bound parameter with a default", HEAD + ROUTE + "async def f(req: func.HttpRequest = None):\n    return ''\n"),
    Case("HTTP returning HttpResponse", HEAD + ROUTE + "async def f(req: func.HttpRequest) -> func.HttpResponse: ...\n"),
    Case("HTTP returning str", HEAD + ROUTE + "def f(req: func.HttpRequest) -> str: ...\n"),
    Case("timer", HEAD + TIMER + "async def f(timer: func.TimerRequest) -> None: ...\n"),
    Case("timer of no valid schedule", HEAD + TIMER.replace("0 */5", "99 99") + "async def f(timer: func.TimerRequest) -> None: ...\n"),
    Case("change feed", HEAD + CHANGES + "async def f(documents: func.DocumentList) -> None: ...\n"),
    Case("change feed not annotated", HEAD + CHANGES + "async def f(documents): ...\n"),
    Case("retry policy", HEAD + TIMER + RETRY + "async def f(timer: func.TimerRequest) -> None: ...\n"),
    Case("Out of str", HEAD + SENDS + TIMER + "async def f(timer: func.TimerRequest, out: func.Out[str]): ...\n"),
    Case("Out of bytes", HEAD + SENDS + TIMER + "async def f(timer: func.TimerRequest, out: func.Out[bytes]): ...\n"),
    Case("output not annotated", HEAD + SENDS + TIMER + "async def f(timer: func.TimerRequest, out): ...\n"),
    Case("output above or below the trigger", HEAD + TIMER + SENDS + "async def f(timer: func.TimerRequest, out: func.Out[str]): ...\n"),
    Case("a blueprint", HEAD + "bp = func.Blueprint()\n@bp.route('r')\nasync def f(req): ...\napp.register_functions(bp)\n"),
    Case("app of another name", HEAD.replace("app =", "other =") + "@other.route('r')\nasync def f(req: func.HttpRequest): ...\n"),
    Case("the loop runs at import", HEAD + "loop = asyncio.get_running_loop()\n" + ROUTE + "async def f(req): ...\n"),
    Case("a task made at import", HEAD + "task = asyncio.create_task(asyncio.sleep(0))\n" + ROUTE + "async def f(req): ...\n"),
    Case("a wrapped function", HEAD + "import functools\ndef wrap(g):\n    @functools.wraps(g)\n    async def w(*args, **kwargs):\n"
         "        return await g(*args, **kwargs)\n    return w\n" + ROUTE + "@wrap\nasync def f(req: func.HttpRequest): ...\n"),
]  # fmt: skip

REFUSED_BY_THE_WORKER = [
    Case("list of messages", queue(": list[func.ServiceBusMessage]"), "worker", "write typing.List"),
    Case("bare list", queue(": list"), "worker", "does not fit"),
    Case("Optional message", queue(": Optional[func.ServiceBusMessage]"), "worker", "no type for the worker"),
    Case("message or None", queue(": func.ServiceBusMessage | None"), "worker", "no type for the worker"),
    Case("List of str", queue(": typing.List[str]"), "worker", "does not fit"),
    Case("message as dict", queue(": dict"), "worker", "does not fit"),
    Case("another message class", queue(": func.QueueMessage"), "worker", "does not fit"),
    Case("Out on the trigger", queue(": func.Out[str]"), "worker", "is an input"),
    Case("a name that exists for type checkers only", "from __future__ import annotations\n"
         "import typing\nif typing.TYPE_CHECKING:\n    from azure.functions import ServiceBusMessage\n"
         + queue(": ServiceBusMessage"), "worker", "NameError"),
    Case("wrong name", HEAD + QUEUE + "async def f(msg: func.ServiceBusMessage): ...\n", "worker", "'msg' is no binding"),
    Case("a binding without parameter", HEAD + QUEUE + "async def f(): ...\n", "worker", "'message' has no parameter"),
    Case("an extra parameter with a default", queue(": func.ServiceBusMessage, tries=3"), "worker", "'tries' is no binding"),
    Case("keyword arguments", queue(": func.ServiceBusMessage, **kwargs"), "worker", "'kwargs' is no binding"),
    Case("positional arguments", queue(": func.ServiceBusMessage, *args"), "worker", "'args' is no binding"),
    Case("ctx for context", queue(": func.ServiceBusMessage, ctx: func.Context"), "worker", "'ctx' is no binding"),
    Case("context of another type", queue(": func.ServiceBusMessage, context: dict"), "worker", "'context' must be"),
    Case("HTTP request as message", HEAD + ROUTE + "async def f(req: func.ServiceBusMessage): ...\n", "worker", "does not fit"),
    Case("HTTP request in a List", HEAD + ROUTE + "async def f(req: typing.List[func.HttpRequest]): ...\n", "worker", "does not fit"),
    Case("HTTP returning Optional", HEAD + ROUTE + "async def f(req) -> Optional[str]: ...\n", "worker", "the return annotation"),
    Case("HTTP returning dict", HEAD + ROUTE + "async def f(req) -> dict: ...\n", "worker", "the return annotation"),
    Case("HTTP returning None", HEAD + ROUTE + "async def f(req) -> None: ...\n", "worker", "the return annotation"),
    Case("HTTP returning bytes", HEAD + ROUTE + "async def f(req) -> bytes: ...\n", "worker", "the return annotation"),
    Case("Out of List", HEAD + SENDS + TIMER + "async def f(timer, out: func.Out[typing.List[str]]): ...\n", "worker", "does not fit"),
    Case("Out of message", HEAD + SENDS + TIMER + "async def f(timer, out: func.Out[func.ServiceBusMessage]): ...\n",
         "worker", "does not fit"),
    Case("Out of nothing", HEAD + SENDS + TIMER + "async def f(timer, out: func.Out): ...\n", "worker", "must name what it holds"),
    Case("output annotated as str", HEAD + SENDS + TIMER + "async def f(timer, out: str): ...\n", "worker", "is an output"),
    Case("one document of a change feed", HEAD + CHANGES + "async def f(documents: func.Document): ...\n", "worker", "does not fit"),
    Case("retry policy without interval", HEAD + TIMER + RETRY.replace(', delay_interval="00:00:05"', "") + "async def f(timer): ...\n",
         "worker", "its retry policy cannot be read"),
    Case("retry policy of seconds", HEAD + TIMER + RETRY.replace("00:00:05", "5") + "async def f(timer): ...\n",
         "worker", "its retry policy cannot be read"),
    Case("two triggers", HEAD + TIMER + ROUTE + "async def f(timer, req): ...\n", "worker", "trigger was already registered"),
    Case("no trigger", HEAD + SENDS + "async def f(out): ...\n", "worker", "does not have a trigger"),
    Case("two apps", HEAD + "other = func.FunctionApp()\n" + ROUTE + "async def f(req): ...\n", "worker", "app, other"),
    Case("one app under two names", HEAD + "other = app\n" + ROUTE + "async def f(req): ...\n", "worker", "app, other"),
    Case("no app", "import azure.functions\n", "worker", "no FunctionApp"),
    Case("a blueprint alone", "import azure.functions as func\nbp = func.Blueprint()\n", "worker", "no FunctionApp"),
    Case("one name twice", HEAD + 2 * (ROUTE + "async def f(req): ...\n"), "worker", "unique"),
    Case("a blueprint registered twice", HEAD + "bp = func.Blueprint()\n@bp.route('r')\nasync def f(req): ...\n"
         + 2 * "app.register_functions(bp)\n", "worker", "unique"),
    Case("authorization level in lower case", HEAD + "again = func.FunctionApp(http_auth_level='anonymous')\n", "worker", "KeyError"),
    Case("asyncio.run at import", HEAD + "work = asyncio.sleep(0)\ntry:\n    asyncio.run(work)\nfinally:\n    work.close()\n",
         "worker", "cannot be called from a running event loop"),
    Case("a module that is not there", HEAD + "import no_such_module\n", "worker", "no_such_module"),
    Case("a missing setting read at import", HEAD + "import os\nos.environ['NO_SUCH_SETTING']\n", "worker", "KeyError"),
    Case("sys.exit at import", HEAD + "import sys\nsys.exit(3)\n", "worker", "would exit"),
    Case("one bad function among good ones", HEAD + ROUTE + "async def good(req): ...\n"
         + QUEUE + "async def bad(message: list[func.ServiceBusMessage]): ...\n", "worker", "'bad'"),
]  # fmt: skip

REFUSED_BY_THE_HOST = [
    Case("a dot in the name", HEAD + "@app.function_name('a.b')\n" + ROUTE + "async def f(req): ...\n", "host", "its name"),
    Case("named host", HEAD + "@app.function_name('host')\n" + ROUTE + "async def f(req): ...\n", "host", "its name"),
    Case("a name of 129 letters", HEAD + f"@app.function_name('{'a' * 129}')\n" + ROUTE + "async def f(req): ...\n", "host", "its name"),
    Case("names that differ in case", HEAD + "@app.route('r')\nasync def f(req): ...\n@app.route('s')\nasync def F(req): ...\n",
         "host", "only in case"),
    Case("two underscores in a binding", HEAD + TIMER.replace('"timer"', '"my__timer"') + "async def f(my__timer): ...\n",
         "host", "single underscores"),
]  # fmt: skip

REFUSED_BY_OUR_POLICY = [
    Case("no data type", HEAD + QUEUE.replace(", data_type=func.DataType.BINARY", "") + "async def f(message): ...\n", "policy", "BINARY"),
    Case("data type string", HEAD + QUEUE.replace("BINARY", "STRING") + "async def f(message): ...\n", "policy", "BINARY"),
    Case("batches", HEAD + QUEUE.replace('"SB"', '"SB", cardinality="many"') + "async def f(message): ...\n", "policy", "cardinality"),
    Case("sessions", HEAD + QUEUE.replace('"SB"', '"SB", is_sessions_enabled=True') + "async def f(message): ...\n", "policy", "sessions"),
    Case("topics", HEAD + "@app.service_bus_topic_trigger(arg_name='m', topic_name='t', subscription_name='s', connection='SB',"
         " data_type=func.DataType.BINARY)\nasync def f(m): ...\n", "policy", "topics"),
    Case("a blob trigger", HEAD + "@app.blob_trigger(arg_name='b', path='p', connection='C')\nasync def f(b): ...\n",
         "policy", "blobTrigger"),
    Case("a change feed of the old names", HEAD + "@app.cosmos_db_trigger_v3(arg_name='documents', database_name='d', collection_name='c',"
         " connection_string_setting='C')\nasync def f(documents): ...\n", "policy", "cosmos_db_trigger_v3"),
]  # fmt: skip

ALL = [*LOADS, *REFUSED_BY_THE_WORKER, *REFUSED_BY_THE_HOST, *REFUSED_BY_OUR_POLICY]


def write_app(directory: Path, code: str) -> Path:
    directory.mkdir()
    (directory / "host.json").write_text('{"version": "2.0"}')
    (directory / "function_app.py").write_text(code)
    return directory


def load_fresh(app_dir: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Load in this process, as if it had never loaded an app."""
    monkeypatch.syspath_prepend(str(app_dir))
    monkeypatch.delitem(sys.modules, "function_app", raising=False)
    return [function.name for function in asyncio.run(load_app(app_dir))]


@pytest.mark.parametrize("case", LOADS, ids=lambda case: case.name)
def test_what_the_worker_loads_is_loaded(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app_dir = write_app(tmp_path / "app", case.code)

    assert load_fresh(app_dir, monkeypatch) == ["f"]


@pytest.mark.parametrize("case", [*REFUSED_BY_THE_WORKER, *REFUSED_BY_THE_HOST, *REFUSED_BY_OUR_POLICY], ids=lambda case: case.name)
def test_what_the_worker_refuses_is_refused_with_its_reason(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app_dir = write_app(tmp_path / "app", case.code)

    with pytest.raises(AppRefused) as refusal:
        load_fresh(app_dir, monkeypatch)

    assert refusal.value.rule == case.refused_by
    assert case.saying in str(refusal.value)


def test_an_app_directory_without_function_app_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AppRefused, match=r"there is no function_app\.py"):
        load_fresh(tmp_path, monkeypatch)


def test_an_app_without_functions_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app_dir = write_app(tmp_path / "app", HEAD)

    assert load_fresh(app_dir, monkeypatch) == []


def test_microsofts_runtime_judges_every_case_the_same(tmp_path: Path) -> None:
    python = environment()
    if python is None:
        pytest.skip("no Python 3.13 found")
    app_dirs = [write_app(tmp_path / str(number), case.code) for number, case in enumerate(ALL)]

    answers = load_in_official_runtime(app_dirs, python)

    different = {
        case.name: answer for case, answer in zip(ALL, answers, strict=True) if ("error" in answer) != (case.refused_by == "worker")
    }
    assert different == {}
