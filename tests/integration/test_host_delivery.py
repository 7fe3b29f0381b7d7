"""How the host deals with messages that are long, many, killed or shared; and two hosts, light and heavy, at once."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from devtools.emulators.servicebus.broker import Broker
from devtools.emulators.servicebus.server import running_broker
from devtools.host.process import RunningHost, running_host
from tests.integration.hosts import connection_string, lines, put, queues, receiving, seen, until, write_app
from tests.plugins.together import Scenes, Together

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

APP = """
import asyncio, logging, os, pathlib
import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
log = logging.getLogger("app")
running = set()
TAKES = {"long": 4.0, "short": 0.15}

if os.environ["CONSUMER_TYPE"] == "light":

    @app.route("who")
    async def who(req: func.HttpRequest) -> str:
        return "light"

    @app.service_bus_queue_trigger(arg_name="message", queue_name="%ORDERS%", connection="BUS", data_type=func.DataType.BINARY)
    async def orders(message: func.ServiceBusMessage) -> None:
        log.info("began", extra={"id": message.message_id, "delivery": message.delivery_count})
        running.add(message.message_id)
        try:
            for name, seconds in TAKES.items():
                if message.message_id.startswith(name):
                    await asyncio.sleep(seconds)
        finally:
            log.info("ended", extra={"id": message.message_id, "beside": len(running)})
            running.discard(message.message_id)


if os.environ["CONSUMER_TYPE"] == "heavy":

    @app.service_bus_queue_trigger(arg_name="message", queue_name="heavy", connection="BUS", data_type=func.DataType.BINARY)
    async def heavy(message: func.ServiceBusMessage) -> None:
        log.info("heavy", extra={"id": message.message_id, "delivery": message.delivery_count})
        try:
            if message.message_id == "endless" and message.delivery_count == 1:
                await asyncio.sleep(60)
        finally:
            pathlib.Path(__file__).with_name("finally").touch()
"""
ORDERS = "orders"
together = Together()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def scenes(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scenes]:
    async with together.started(tmp_path_factory.mktemp("hosts")) as started:
        yield started


def app_in(directory: Path, **service_bus: Any) -> Path:
    """The app with those limits of the extension."""
    return write_app(directory, APP, host_json={"extensions": {"serviceBus": service_bus}})


def locked(lock_seconds: int) -> AbstractAsyncContextManager[Broker]:
    """A broker that gives locks of that length."""
    return running_broker(queues(ORDERS, "heavy", LockDuration=f"PT{lock_seconds}S"))


def host(app_dir: Path, broker: Broker, consumer_type: str = "light", **settings: str) -> AbstractAsyncContextManager[RunningHost]:
    return running_host(app_dir, {"BUS": connection_string(broker.port), "ORDERS": ORDERS, "CONSUMER_TYPE": consumer_type, **settings})


@together
async def test_no_more_run_at_once_than_max_concurrent_calls_which_a_setting_can_override(folder: Path) -> None:
    override = {"AzureFunctionsJobHost__extensions__serviceBus__maxConcurrentCalls": "3"}

    async with locked(30) as broker, host(app_in(folder / "many", maxConcurrentCalls=32), broker, **override) as many:
        put(broker, ORDERS, *(f"short-{number}" for number in range(12)))
        await until(lambda: len(lines(many, "ended")) == 12)

    assert max(seen(many, "ended", "beside")) == 3


@together
async def test_a_function_longer_than_its_lock_keeps_it_and_is_completed_once(folder: Path) -> None:
    async with locked(3) as broker, host(app_in(folder / "kept"), broker) as keeping:  # half of it is how late a renewal may be
        put(broker, ORDERS, "long")
        await until(lambda: broker.operations["complete"] == 1)

    assert broker.operations["renew-lock"] >= 2
    assert seen(keeping, "began", "delivery") == [1]


@together
async def test_after_max_auto_lock_renewal_duration_the_lock_is_lost_and_the_message_comes_again(folder: Path) -> None:
    app_dir = app_in(folder / "lost", maxAutoLockRenewalDuration="00:00:00")

    async with locked(1) as broker, host(app_dir, broker) as losing:
        put(broker, ORDERS, "long")
        await until(lambda: len(lines(losing, "began")) == 2)
        ended_by_then = len(lines(losing, "ended"))
        await until(lambda: "the lock of message long was lost; it will come again" in losing.output())

    assert seen(losing, "began", "delivery")[:2] == [1, 2]
    assert ended_by_then == 0


@together
async def test_prefetched_messages_wait_in_the_host_where_no_other_reader_gets_them(folder: Path) -> None:
    app_dir = app_in(folder / "prefetching", prefetchCount=10, maxConcurrentCalls=1)

    async with locked(3) as broker, host(app_dir, broker) as prefetching, receiving(broker.port, ORDERS) as other:
        put(broker, ORDERS, "long-1", "short-2", "short-3")
        await until(lambda: lines(prefetching, "began"))
        while_they_wait = await other.receive_messages(max_message_count=3, max_wait_time=0.5)
        # Their locks run out meanwhile: nobody renews them, and the broker gives them to whoever asks.
        after_their_locks = await other.receive_messages(max_message_count=3, max_wait_time=10)

    assert while_they_wait == []
    assert {str(message.message_id) for message in after_their_locks} <= {"short-2", "short-3"}
    assert after_their_locks


@together
async def test_of_a_light_and_a_heavy_host_one_is_killed_in_mid_invocation_runs_no_finally_and_what_it_had_comes_again(
    folder: Path,
) -> None:
    app_dir = app_in(folder / "both")

    async with (
        locked(2) as broker,
        host(app_dir, broker, "light") as light,
        host(app_dir, broker, "heavy") as heavy,
        aiohttp.ClientSession() as http,
    ):
        named = [await function_names(http, running) for running in (light, heavy)]
        put(broker, ORDERS, "a")
        put(broker, "heavy", "endless")
        await until(lambda: lines(light, "ended") and lines(heavy, "heavy"))

        await heavy.kill()
        has_cleaned_up = (app_dir / "finally").exists()
        put(broker, ORDERS, "b")
        await until(lambda: len(lines(light, "ended")) == 2)
        async with host(app_dir, broker, "heavy") as after, http.get(f"{light.url}/api/who") as answer:
            who = await answer.text()
            await until(lambda: broker.operations["complete"] == 3)

    assert named == [["orders", "who"], ["heavy"]]
    assert (seen(light, "ended", "id"), who) == (["a", "b"], "light")
    assert (heavy.exit_code, has_cleaned_up) == (-9, False)
    assert (seen(heavy, "heavy", "delivery"), seen(after, "heavy", "delivery")) == ([1], [2])


async def function_names(http: aiohttp.ClientSession, running: RunningHost) -> list[str]:
    async with http.get(f"{running.url}/admin/functions") as answer:
        return sorted(function["name"] for function in await answer.json())
