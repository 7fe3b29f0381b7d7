"""What the host does wrong on command, with real queues and requests; every plan says that each of its faults happened.

Whatever needs no worker of its own happens in one host, to functions of their own, each with a broker of its own.
"""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from devtools.emulators.servicebus.broker import Broker
from devtools.emulators.servicebus.server import running_broker
from devtools.faults.report import Report
from devtools.host.process import HostFailed, RunningHost, running_host, start_host
from tests.integration.hosts import connection_string, lines, put, queues, seen, until, write_app, write_plan
from tests.plugins.together import Scenes, Together

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

HEAD = """
import asyncio, logging, sys
import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
log = logging.getLogger("app")


@app.route("hello")
async def hello(req: func.HttpRequest) -> str:
    log.info("hello")
    return "hi"
"""
READER = """

@app.service_bus_queue_trigger(arg_name="message", queue_name="NAME", connection="NAME", data_type=func.DataType.BINARY)
async def NAME(message: func.ServiceBusMessage) -> None:
    log.info("NAME", extra={"id": message.message_id, "delivery": message.delivery_count})
    if message.message_id == "long":
        await asyncio.sleep(3)
    if message.message_id == "exit" and message.delivery_count == 1:
        sys.exit(3)
"""
LOCKS_SECONDS = {"forgotten": 1, "twice_then_late": 3, "turned": 30, "unrenewed": 1}
"""Function and queue, and how long its locks are."""
FAULTS = (
    {"kind": "drop", "operation": "complete", "target": "forgotten"},
    {"kind": "duplicate", "operation": "message", "target": "twice_then_late", "variant": "at-once"},
    {"kind": "delay", "operation": "message", "target": "twice_then_late", "seconds": 4, "after": 1},
    {"kind": "reorder", "operation": "dispatch", "target": "turned"},
    {"kind": "lock-lost", "operation": "renew-lock", "target": "unrenewed"},
    {"kind": "refuse", "operation": "http", "target": "hello", "status": 503, "retryAfterSeconds": 2},
    {"kind": "drop", "operation": "http", "target": "hello", "after": 1},
    {"kind": "drop", "operation": "http", "target": "hello", "after": 2, "applied": True},
    {"kind": "delay", "operation": "http", "target": "hello", "seconds": 0.2},
)


def app_of(*readers: str) -> str:
    return HEAD + "".join(READER.replace("NAME", name) for name in readers)


@dataclass(frozen=True)
class Bench:
    """The host that all of ``FAULTS`` happen to, and the broker of each of its functions; ``folder`` is for other hosts."""

    host: RunningHost
    brokers: Mapping[str, Broker]
    folder: Path


together = Together()
PLAN = "plan.json"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def scenes(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scenes]:
    folder = tmp_path_factory.mktemp("hosts")
    plan = write_plan(folder / PLAN, *FAULTS)
    async with AsyncExitStack() as stack:
        brokers = {
            name: await stack.enter_async_context(running_broker(queues(name, LockDuration=f"PT{seconds}S")))
            for name, seconds in LOCKS_SECONDS.items()
        }
        put(brokers["turned"], "turned", "a", "b", "c")
        settings = {name: connection_string(broker.port) for name, broker in brokers.items()}
        app_dir = write_app(folder / "app", app_of(*LOCKS_SECONDS))
        host = await stack.enter_async_context(running_host(app_dir, settings, faults=plan))
        yield await stack.enter_async_context(together.started(Bench(host, brokers, folder)))


@together
async def test_a_dropped_completion_brings_the_message_again_after_its_lock(bench: Bench) -> None:
    broker = bench.brokers["forgotten"]

    put(broker, "forgotten", "a")
    await until(lambda: broker.operations["complete"] == 1)

    assert (seen(bench.host, "forgotten", "delivery"), broker.operations["abandon"]) == ([1, 2], 0)


@together
async def test_a_duplicate_and_a_delay_of_a_message_are_one_delivery(bench: Bench) -> None:
    broker = bench.brokers["twice_then_late"]

    put(broker, "twice_then_late", "twice")
    await until(lambda: broker.operations["complete"] == 1)
    put(broker, "twice_then_late", "late")
    await until(lambda: broker.operations["complete"] == 2)

    assert seen(bench.host, "twice_then_late", "id") == ["twice", "twice", "late"]
    assert seen(bench.host, "twice_then_late", "delivery") == [1, 1, 1]  # its lock was renewed while it waited


@together
async def test_two_waiting_messages_are_dispatched_in_the_other_order(bench: Bench) -> None:
    await until(lambda: bench.brokers["turned"].operations["complete"] == 3)

    order = seen(bench.host, "turned", "id")
    assert order.index("b") < order.index("a")
    assert sorted(order) == ["a", "b", "c"]


@together
async def test_a_lock_that_is_renewed_no_more_is_lost_while_the_function_runs(bench: Bench) -> None:
    broker = bench.brokers["unrenewed"]

    put(broker, "unrenewed", "long")
    await until(lambda: broker.operations["complete"] >= 1 and len(lines(bench.host, "unrenewed")) >= 2)

    assert seen(bench.host, "unrenewed", "delivery")[:2] == [1, 2]
    await until(lambda: "the lock of message long was lost; it will come again" in bench.host.output())


@together
async def test_requests_are_refused_dropped_and_delayed_before_their_function(bench: Bench) -> None:
    answers = []

    async with aiohttp.ClientSession() as http:
        for _ in range(4):
            try:
                async with http.post(f"{bench.host.url}/api/hello") as answer:
                    answers.append((answer.status, answer.headers.get("Retry-After"), len(lines(bench.host, "hello"))))
            except aiohttp.ClientError:
                answers.append((0, None, 0))
        await until(lambda: len(lines(bench.host, "hello")) == 2)

    assert [status for status, _, _ in answers] == [503, 0, 0, 200]
    assert answers[0] == (503, "2", 0)


@together
async def test_an_unanswered_function_restarts_the_worker_and_its_message_comes_again(bench: Bench) -> None:
    plan = write_plan(bench.folder / "timeout.json", {"kind": "timeout", "operation": "message", "target": "orders"})
    app_dir = write_app(bench.folder / "timeout", app_of("orders"), host_json={"functionTimeout": "00:00:01"})

    async with (
        running_broker(queues("orders", LockDuration="PT2S")) as broker,
        running_host(app_dir, {"orders": connection_string(broker.port)}, faults=plan) as host,
    ):
        pid, url = host.pid, host.url
        put(broker, "orders", "a")
        await until(lambda: broker.operations["complete"] == 1)

    said = "host: function orders was never answered within functionTimeout (1 s): the worker is restarted"
    assert host.output().count(said) == 1
    assert (host.pid, host.url, host.output().count("host: ready on")) == (pid, url, 2)
    assert seen(host, "orders", "delivery") == [2]
    assert Report.read(plan).by_kind == {"timeout": 1}


@together
async def test_a_function_that_exits_restarts_the_worker(bench: Bench) -> None:
    app_dir = write_app(bench.folder / "exit", app_of("orders"))

    async with (
        running_broker(queues("orders", LockDuration="PT2S")) as broker,
        running_host(app_dir, {"orders": connection_string(broker.port)}) as host,
    ):
        put(broker, "orders", "exit")
        await until(lambda: broker.operations["complete"] == 1)

    assert "host: function orders has ended the worker" in host.output()
    assert seen(host, "orders", "delivery") == [1, 2]


@together
async def test_a_plan_that_the_host_cannot_carry_out_is_one_line_and_nothing_runs(bench: Bench) -> None:
    plan = bench.folder / "impossible.json"
    plan.write_text(json.dumps({"name": "p", "faults": [{"at": "host", "kind": "disk-full", "calls": 1}]}))

    with pytest.raises(HostFailed) as failure:
        await start_host(write_app(bench.folder / "impossible", HEAD), {}, faults=plan)

    assert failure.value.exit_code == 1
    assert "host: host: disk-full on * *: this stand-in can do" in str(failure.value)


@together
async def test_each_of_these_faults_is_known_to_have_happened(bench: Bench) -> None:
    await until(lambda: Report.read(bench.folder / PLAN).has_proven)
