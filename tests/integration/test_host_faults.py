"""What the host does wrong on command, with real queues and requests; every plan says that each of its faults happened."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from devtools.emulators.servicebus.broker import Broker
from devtools.emulators.servicebus.server import running_broker
from devtools.faults.report import Report
from devtools.host.process import HostFailed, running_host, start_host
from tests.integration.hosts import connection_string, lines, queues, seen, send, until, write_app, write_plan

pytestmark = pytest.mark.integration

APP = """
import asyncio, logging, sys
import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
log = logging.getLogger("app")


@app.service_bus_queue_trigger(arg_name="message", queue_name="orders", connection="BUS", data_type=func.DataType.BINARY)
async def orders(message: func.ServiceBusMessage) -> None:
    log.info("order", extra={"id": message.message_id, "delivery": message.delivery_count})
    if message.message_id == "long":
        await asyncio.sleep(4)
    if message.message_id == "exit" and message.delivery_count == 1:
        sys.exit(3)


@app.route("hello")
async def hello(req: func.HttpRequest) -> str:
    log.info("hello")
    return "hi"
"""


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    async with running_broker(queues("orders", LockDuration="PT2S")) as running:
        yield running


def settings(broker: Broker) -> dict[str, str]:
    return {"BUS": connection_string(broker.port)}


async def test_a_dropped_completion_brings_the_message_again_after_its_lock(broker: Broker, tmp_path: Path) -> None:
    plan = write_plan(tmp_path / "plan.json", {"kind": "drop", "operation": "complete", "target": "orders"})

    async with running_host(write_app(tmp_path / "app", APP), settings(broker), faults=plan) as host:
        await send(broker.port, "orders", "a")
        await until(lambda: broker.operations["complete"] == 1)

    assert (seen(host, "order", "delivery"), broker.operations["abandon"]) == ([1, 2], 0)
    assert Report.read(plan).by_kind == {"drop": 1}


async def test_a_duplicate_and_a_delay_of_a_message_are_one_delivery(tmp_path: Path) -> None:
    plan = write_plan(
        tmp_path / "plan.json",
        {"kind": "duplicate", "operation": "message", "target": "orders", "variant": "at-once"},
        {"kind": "delay", "operation": "message", "target": "orders", "seconds": 5, "after": 1},
    )

    async with (
        running_broker(queues("orders", LockDuration="PT4S")) as broker,
        running_host(write_app(tmp_path / "app", APP), settings(broker), faults=plan) as host,
    ):
        await send(broker.port, "orders", "twice")
        await until(lambda: broker.operations["complete"] == 1)
        await send(broker.port, "orders", "late")
        await until(lambda: broker.operations["complete"] == 2)

    assert seen(host, "order", "id") == ["twice", "twice", "late"]
    assert seen(host, "order", "delivery") == [1, 1, 1]  # its lock was renewed while it waited
    assert Report.read(plan).has_proven


async def test_two_waiting_messages_are_dispatched_in_the_other_order(broker: Broker, tmp_path: Path) -> None:
    plan = write_plan(tmp_path / "plan.json", {"kind": "reorder", "operation": "dispatch", "target": "orders"})
    await send(broker.port, "orders", "a", "b", "c")

    async with running_host(write_app(tmp_path / "app", APP), settings(broker), faults=plan) as host:
        await until(lambda: broker.operations["complete"] == 3)

    order = seen(host, "order", "id")
    assert order.index("b") < order.index("a")
    assert sorted(order) == ["a", "b", "c"]
    assert Report.read(plan).has_proven


async def test_a_lock_that_is_renewed_no_more_is_lost_while_the_function_runs(broker: Broker, tmp_path: Path) -> None:
    plan = write_plan(tmp_path / "plan.json", {"kind": "lock-lost", "operation": "renew-lock", "target": "orders"})

    async with running_host(write_app(tmp_path / "app", APP), settings(broker), faults=plan) as host:
        await send(broker.port, "orders", "long")
        await until(lambda: broker.operations["complete"] >= 1 and len(lines(host, "order")) >= 2)

    assert seen(host, "order", "delivery")[:2] == [1, 2]
    assert "the lock of message long was lost; it will come again" in host.output()
    assert Report.read(plan).has_proven


async def test_an_unanswered_function_restarts_the_worker_and_its_message_comes_again(broker: Broker, tmp_path: Path) -> None:
    plan = write_plan(tmp_path / "plan.json", {"kind": "timeout", "operation": "message", "target": "orders"})
    app_dir = write_app(tmp_path / "app", APP, host_json={"functionTimeout": "00:00:01"})

    async with running_host(app_dir, settings(broker), faults=plan) as host:
        pid, url = host.pid, host.url
        await send(broker.port, "orders", "a")
        await until(lambda: broker.operations["complete"] == 1)

    said = "host: function orders was never answered within functionTimeout (1 s): the worker is restarted"
    assert host.output().count(said) == 1
    assert (host.pid, host.url, host.output().count("host: ready on")) == (pid, url, 2)
    assert seen(host, "order", "delivery") == [2]
    assert Report.read(plan).by_kind == {"timeout": 1}


async def test_a_function_that_exits_restarts_the_worker(broker: Broker, tmp_path: Path) -> None:
    async with running_host(write_app(tmp_path / "app", APP), settings(broker)) as host:
        await send(broker.port, "orders", "exit")
        await until(lambda: broker.operations["complete"] == 1)

    assert "host: function orders has ended the worker" in host.output()
    assert seen(host, "order", "delivery") == [1, 2]


async def test_requests_are_refused_dropped_and_delayed_before_their_function(tmp_path: Path) -> None:
    plan = write_plan(
        tmp_path / "plan.json",
        {"kind": "refuse", "operation": "http", "target": "hello", "status": 503, "retryAfterSeconds": 2},
        {"kind": "drop", "operation": "http", "target": "hello", "after": 1},
        {"kind": "drop", "operation": "http", "target": "hello", "after": 2, "applied": True},
        {"kind": "delay", "operation": "http", "target": "hello", "seconds": 0.2},
    )
    answers = []

    async with running_host(write_app(tmp_path / "app", APP), {}, faults=plan) as host, aiohttp.ClientSession() as http:
        for _ in range(4):
            try:
                async with http.post(f"{host.url}/api/hello") as answer:
                    answers.append((answer.status, answer.headers.get("Retry-After"), len(lines(host, "hello"))))
            except aiohttp.ClientError:
                answers.append((0, None, 0))
        await until(lambda: len(lines(host, "hello")) == 2)

    assert [status for status, _, _ in answers] == [503, 0, 0, 200]
    assert answers[0] == (503, "2", 0)
    assert Report.read(plan).has_proven


async def test_a_plan_that_the_host_cannot_carry_out_is_one_line_and_nothing_runs(tmp_path: Path) -> None:
    app_dir = write_app(tmp_path / "app", APP)
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"name": "p", "faults": [{"at": "host", "kind": "disk-full", "calls": 1}]}))

    with pytest.raises(HostFailed) as failure:
        await start_host(app_dir, {}, faults=plan)

    assert failure.value.exit_code == 1
    assert "host: host: disk-full on * *: this stand-in can do" in str(failure.value)
