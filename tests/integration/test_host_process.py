"""The host as a process: refusals, a broker that comes and goes, the end, and whose packages the app imports."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from devtools.emulators.servicebus.server import running_broker
from devtools.host.process import HostFailed, running_host, start_host
from devtools.local.ports import free_ports
from tests.integration.hosts import connection_string, put, queues, seen, until, write_app
from tests.plugins.together import Scenes, Together

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

HTTP_ONLY = """
import azure.functions as func

app = func.FunctionApp()


@app.route("hello")
async def hello(req: func.HttpRequest) -> str:
    return "hi"
"""
READER = """
import atexit, logging, pathlib
import azure.functions as func

app = func.FunctionApp()
atexit.register(lambda: pathlib.Path(__file__).with_name("cleaned").touch())


@app.service_bus_queue_trigger(arg_name="message", queue_name="orders", connection="BUS", data_type=func.DataType.BINARY)
async def orders(message: func.ServiceBusMessage) -> None:
    logging.getLogger("app").info("order", extra={"id": message.message_id})
"""


together = Together()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def scenes(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scenes]:
    async with together.started(tmp_path_factory.mktemp("hosts")) as started:
        yield started


@together
async def test_a_broker_that_starts_late_and_restarts_is_read_again(folder: Path) -> None:
    app_dir = write_app(folder / "late", READER)
    (port,) = free_ports(1)

    async with running_host(app_dir, {"BUS": connection_string(port)}) as host:
        async with running_broker(queues("orders"), port=port) as broker:
            put(broker, "orders", "first")
            await until(lambda: seen(host, "order", "id") == ["first"])
        await until(lambda: host.output().count("queue orders: the broker is not there") == 2)
        async with running_broker(queues("orders"), port=port) as broker:
            put(broker, "orders", "second")
            await until(lambda: seen(host, "order", "id") == ["first", "second"])
        said = [line for line in host.output().splitlines() if line == "host: queue orders: connected"]

    assert len(said) == 2


@together
async def test_stopping_ends_at_once_without_the_apps_clean_up(folder: Path) -> None:
    app_dir = write_app(folder / "stopped", READER)
    host = await start_host(app_dir, {})

    await asyncio.wait_for(host.stop(), 8)

    assert host.exit_code == 0
    assert host.output().endswith("host: stopped")
    assert not (app_dir / "cleaned").exists()


@together
async def test_a_taken_port_is_one_line_that_says_what_to_do(folder: Path) -> None:
    app_dir = write_app(folder / "taken", HTTP_ONLY)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(HostFailed) as failure:
            await start_host(app_dir, {}, port=port)

    assert failure.value.exit_code == 1
    assert f"host: port {port} cannot be used" in str(failure.value)
    assert "pass --port with another" in str(failure.value)


@together
async def test_one_bad_function_means_zero_functions(folder: Path) -> None:
    bad = '\n\n@app.route("bad")\nasync def bad(req: list[func.HttpRequest]) -> str: ...\n'

    with pytest.raises(HostFailed) as failure:
        await start_host(write_app(folder / "bad", HTTP_ONLY + bad), {})

    assert failure.value.exit_code == 1
    assert "host: zero functions" in str(failure.value)
    assert "the Python worker refuses function 'bad'" in str(failure.value)


@together
async def test_the_app_imports_its_own_packages_and_only_those(folder: Path) -> None:
    code = HTTP_ONLY + "\nimport logging, shared\nlogging.getLogger('app').info(shared.WHOSE)\nimport ingestion\n"
    app_dir = write_app(folder / "importing", code)
    (app_dir / "shared").mkdir()
    (app_dir / "shared" / "__init__.py").write_text("WHOSE = 'the app'")

    with pytest.raises(HostFailed) as failure:
        await start_host(app_dir, {})

    assert '"message": "the app"' in str(failure.value)
    assert "No module named 'ingestion'" in str(failure.value)
