"""How the host deals with messages that are long, many, killed or shared; and two hosts, light and heavy, at once."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from devtools.emulators.servicebus.broker import Broker
from devtools.emulators.servicebus.server import running_broker
from devtools.host.process import running_host, start_host
from tests.integration.hosts import connection_string, lines, queues, receiving, seen, send, until, write_app

pytestmark = pytest.mark.integration

APP = """
import asyncio, logging, os, pathlib
import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
log = logging.getLogger("app")
running = set()
TAKES = {"long": 6.0, "short": 0.15}


@app.service_bus_queue_trigger(arg_name="message", queue_name="%ORDERS%", connection="BUS", data_type=func.DataType.BINARY)
async def orders(message: func.ServiceBusMessage) -> None:
    log.info("began", extra={"id": message.message_id, "delivery": message.delivery_count})
    running.add(message.message_id)
    try:
        for name, seconds in TAKES.items():
            if message.message_id.startswith(name):
                await asyncio.sleep(seconds)
        if message.message_id == "endless" and message.delivery_count == 1:
            await asyncio.sleep(60)
    finally:
        pathlib.Path(__file__).with_name("finally").touch()
        log.info("ended", extra={"id": message.message_id, "beside": len(running)})
        running.discard(message.message_id)
"""
LOCK_SECONDS = 4  # half of it is how late a renewal may be on a busy machine
ORDERS = {"ORDERS": "orders"}


def limited(**service_bus: Any) -> dict[str, Any]:
    return {"extensions": {"serviceBus": service_bus}}


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    async with running_broker(queues("orders", "heavy", LockDuration=f"PT{LOCK_SECONDS}S")) as running:
        yield running


def settings(broker: Broker, **more: str) -> dict[str, str]:
    return {"BUS": connection_string(broker.port), **ORDERS, **more}


async def test_no_more_run_at_once_than_max_concurrent_calls_which_a_setting_can_override(broker: Broker, tmp_path: Path) -> None:
    app_dir = write_app(tmp_path / "app", APP, host_json=limited(maxConcurrentCalls=32))
    override = {"AzureFunctionsJobHost__extensions__serviceBus__maxConcurrentCalls": "3"}
    await send(broker.port, "orders", *(f"short-{number}" for number in range(12)))

    async with running_host(app_dir, settings(broker, **override)) as host:
        await until(lambda: len(lines(host, "ended")) == 12)

    assert max(seen(host, "ended", "beside")) == 3


async def test_a_function_longer_than_its_lock_keeps_it_and_is_completed_once(broker: Broker, tmp_path: Path) -> None:
    app_dir = write_app(tmp_path / "app", APP)

    async with running_host(app_dir, settings(broker)) as host:
        await send(broker.port, "orders", "long")
        await until(lambda: broker.operations["complete"] == 1)

    assert broker.operations["renew-lock"] >= 2
    assert seen(host, "began", "delivery") == [1]


async def test_after_max_auto_lock_renewal_duration_the_lock_is_lost_and_the_message_comes_again(broker: Broker, tmp_path: Path) -> None:
    app_dir = write_app(tmp_path / "app", APP, host_json=limited(maxAutoLockRenewalDuration="00:00:00"))

    async with running_host(app_dir, settings(broker)) as host:
        await send(broker.port, "orders", "long")
        await until(lambda: len(lines(host, "began")) == 2)
        ended_by_then = len(lines(host, "ended"))
        await until(lambda: "the lock of message long was lost; it will come again" in host.output())

    assert seen(host, "began", "delivery")[:2] == [1, 2]
    assert ended_by_then == 0


async def test_prefetched_messages_wait_in_the_host_where_no_other_reader_gets_them(broker: Broker, tmp_path: Path) -> None:
    app_dir = write_app(tmp_path / "app", APP, host_json=limited(prefetchCount=10, maxConcurrentCalls=1))
    await send(broker.port, "orders", "long-1", "short-2", "short-3")

    async with running_host(app_dir, settings(broker)) as host, receiving(broker.port, "orders") as other:
        await until(lambda: lines(host, "began"))
        while_they_wait = await other.receive_messages(max_message_count=3, max_wait_time=0.5)
        # Their locks run out meanwhile: nobody renews them, and the broker gives them to whoever asks.
        after_their_locks = await other.receive_messages(max_message_count=3, max_wait_time=10)

    assert while_they_wait == []
    assert {str(message.message_id) for message in after_their_locks} <= {"short-2", "short-3"}
    assert after_their_locks


async def test_a_host_killed_in_mid_invocation_runs_no_finally_and_the_message_comes_again_after_its_lock(
    broker: Broker, tmp_path: Path
) -> None:
    app_dir = write_app(tmp_path / "app", APP)
    first = await start_host(app_dir, settings(broker))
    await send(broker.port, "orders", "endless")
    await until(lambda: lines(first, "began"))

    await first.kill()
    cleaned = (app_dir / "finally").exists()
    async with running_host(app_dir, settings(broker)) as second:
        await until(lambda: broker.operations["complete"] == 1)

    assert (first.exit_code, cleaned) == (-9, False)
    assert (seen(first, "began", "delivery"), seen(second, "began", "delivery")) == ([1], [2])


LIGHT_AND_HEAVY = """
import logging, os
import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
log = logging.getLogger("app")

if os.environ["CONSUMER_TYPE"] in ("light", "all"):

    @app.route("who")
    async def who(req: func.HttpRequest) -> str:
        return "light"

    @app.service_bus_queue_trigger(arg_name="message", queue_name="orders", connection="BUS", data_type=func.DataType.BINARY)
    async def orders(message: func.ServiceBusMessage) -> None:
        log.info("order", extra={"id": message.message_id})

if os.environ["CONSUMER_TYPE"] in ("heavy", "all"):

    @app.service_bus_queue_trigger(arg_name="message", queue_name="heavy", connection="BUS", data_type=func.DataType.BINARY)
    async def heavy(message: func.ServiceBusMessage) -> None:
        log.info("heavy", extra={"id": message.message_id})
"""


async def test_a_light_and_a_heavy_host_run_at_once_and_one_outlives_the_other(broker: Broker, tmp_path: Path) -> None:
    app_dir = write_app(tmp_path / "app", LIGHT_AND_HEAVY)

    async with (
        running_host(app_dir, settings(broker, CONSUMER_TYPE="light")) as light,
        running_host(app_dir, settings(broker, CONSUMER_TYPE="heavy")) as heavy,
        aiohttp.ClientSession() as http,
    ):
        await asyncio.gather(send(broker.port, "orders", "a"), send(broker.port, "heavy", "b"))
        await until(lambda: lines(light, "order") and lines(heavy, "heavy"))
        named = []
        for host in (light, heavy):
            async with http.get(f"{host.url}/admin/functions") as answer:
                named.append([function["name"] for function in await answer.json()])
        await heavy.kill()
        await send(broker.port, "orders", "c")
        await until(lambda: len(lines(light, "order")) == 2)
        async with http.get(f"{light.url}/api/who") as answer:
            who = await answer.text()

    assert named == [["who", "orders"], ["heavy"]]
    assert (seen(light, "order", "id"), seen(heavy, "heavy", "id"), who) == (["a", "c"], ["b"], "light")
