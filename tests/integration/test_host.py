"""One app in the host: HTTP, Service Bus through the real SDK, timers by hand, settings."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from azure.servicebus import ServiceBusMessage

from devtools.emulators.servicebus.broker import Broker
from devtools.emulators.servicebus.server import running_broker
from devtools.host.process import RunningHost, running_host
from tests.integration.hosts import connection_string, lines, put, queues, receiving, send, until, write_app

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

APP = """
import asyncio, atexit, contextvars, logging, os, pathlib, sys
import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
log = logging.getLogger("app")
loop_at_import = asyncio.get_running_loop()
set_at_import = contextvars.ContextVar("set_at_import", default="unset")
set_at_import.set("set")
atexit.register(lambda: pathlib.Path(__file__).with_name("cleaned").touch())


@app.route("echo/{name}", methods=["POST"])
async def echo(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    log.info("echo", extra={"route": dict(req.route_params), "query": dict(req.params), "headers": dict(req.headers), "url": req.url,
                            "trace": context.trace_context.trace_parent, "same_loop": asyncio.get_running_loop() is loop_at_import,
                            "variable": set_at_import.get()})
    return func.HttpResponse(req.get_body(), status_code=201, mimetype="application/octet-stream", headers={"X-Seen": "yes"})


@app.route("text")
def text(req: func.HttpRequest) -> str:
    return "grüezi"


@app.route("cookie")
async def cookie(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(status_code=204, headers={"Set-Cookie": "a=1; Path=/"})


@app.route("nothing")
async def nothing(req: func.HttpRequest):
    return None


@app.route("broken")
async def broken(req: func.HttpRequest) -> str:
    raise ValueError("on purpose")


@app.route("off")
async def off(req: func.HttpRequest) -> str:
    return "still runs by hand"


@app.route("settings")
async def settings(req: func.HttpRequest) -> str:
    return f"{os.environ['FROM_FILE']} {os.environ['FROM_BOTH']}"


@app.service_bus_queue_trigger(arg_name="message", queue_name="%ORDERS%", connection="BUS", data_type=func.DataType.BINARY)
async def orders(message: func.ServiceBusMessage, context: func.Context) -> None:
    log.info("order", extra={"id": message.message_id, "body": message.get_body().decode(), "delivery": message.delivery_count,
                             "properties": message.application_properties, "trace": context.trace_context.trace_parent})


@app.service_bus_queue_trigger(arg_name="message", queue_name="failures", connection="BUS", data_type=func.DataType.BINARY)
async def failures(message: func.ServiceBusMessage) -> None:
    log.info("failing", extra={"delivery": message.delivery_count})
    raise ValueError("on purpose")


@app.service_bus_queue_trigger(arg_name="message", queue_name="%NOT_SET%", connection="BUS", data_type=func.DataType.BINARY)
async def lost(message: func.ServiceBusMessage) -> None: ...


@app.service_bus_queue_trigger(arg_name="message", queue_name="orders", connection="AZURE_BUS", data_type=func.DataType.BINARY)
async def identity(message: func.ServiceBusMessage) -> None: ...


@app.timer_trigger(arg_name="timer", schedule="0 */5 * * * *")
async def tick(timer: func.TimerRequest) -> None:
    log.info("tick", extra={"past_due": timer.past_due})


@app.timer_trigger(arg_name="timer", schedule="every day")
async def never(timer: func.TimerRequest) -> None: ...
"""


@dataclass(frozen=True)
class Bench:
    host: RunningHost
    broker: Broker
    http: aiohttp.ClientSession

    def request(self, method: str, path: str, **options: Any) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        return self.http.request(method, self.host.url + path, **options)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def bench(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bench]:
    app_dir = write_app(
        tmp_path_factory.mktemp("host") / "app",
        APP,
        host_json={"extensions": {"serviceBus": {"maxConcurrentCalls": 4}}},
        values={"FROM_FILE": "file", "FROM_BOTH": "file", "ORDERS": "orders"},
    )
    async with running_broker(queues("orders", "failures")) as broker:
        settings = {
            "BUS": connection_string(broker.port),
            "AZURE_BUS__fullyQualifiedNamespace": "x.servicebus.windows.net",
            "AZURE_BUS__credential": "workloadidentity",
            "FROM_BOTH": "environment",
            "AzureWebJobs.off.Disabled": "true",
        }
        async with running_host(app_dir, settings) as host, aiohttp.ClientSession() as http:
            yield Bench(host, broker, http)


async def test_a_request_arrives_exactly_and_its_answer_goes_back(bench: Bench) -> None:
    body = bytes(range(256)) * 2_000
    caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    path = "/API/echo/a%20b?x=1&x=2&empty=&y=3"
    async with bench.request("POST", path, data=body, headers={"X-Odd-Case": "Kept", "traceparent": caller}) as answer:
        status, headers, echoed = answer.status, answer.headers, await answer.read()

    [seen] = lines(bench.host, "echo")
    assert (status, headers["X-Seen"], headers["Content-Type"]) == (201, "yes", "application/octet-stream")
    assert echoed == body
    assert seen["route"] == {"name": "a b"}
    assert seen["query"] == {"x": "1,2", "y": "3"}
    assert seen["url"] == bench.host.url + path
    assert seen["headers"]["x-odd-case"] == "Kept"
    assert seen["trace"].split("-")[1] == caller.split("-")[1]
    assert (seen["same_loop"], seen["variable"]) == (True, "unset")


async def test_a_chunked_body_arrives_empty_as_in_azure(bench: Bench) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"lost"

    async with bench.request("POST", "/api/echo/chunked", data=chunks()) as answer:
        assert (answer.status, await answer.read()) == (201, b"")


@pytest.mark.parametrize(("path", "status", "body"), [("/api/text", 200, "grüezi"), ("/api/nothing", 500, ""), ("/api/broken", 500, "")])
async def test_text_is_an_answer_and_a_failed_function_is_an_empty_500(bench: Bench, path: str, status: int, body: str) -> None:
    async with bench.request("GET", path) as answer:
        assert (answer.status, await answer.text()) == (status, body)


async def test_cookies_and_empty_answers_pass(bench: Bench) -> None:
    async with bench.request("GET", "/api/cookie") as answer:
        assert (answer.status, answer.headers["Set-Cookie"]) == (204, "a=1; Path=/")


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/unknown"), ("GET", "/api/echo/x"), ("GET", "/text"), ("GET", "/api/off")])
async def test_unknown_routes_other_methods_and_disabled_functions_are_404(bench: Bench, method: str, path: str) -> None:
    async with bench.request(method, path) as answer:
        assert answer.status == 404


async def test_an_environment_variable_wins_over_local_settings(bench: Bench) -> None:
    async with bench.request("GET", "/api/settings") as answer:
        assert await answer.text() == "file environment"


async def test_ping_answers(bench: Bench) -> None:
    async with bench.request("GET", "/admin/host/ping") as answer:
        assert answer.status == 200


async def test_status_and_table_name_every_function_and_its_fault(bench: Bench) -> None:
    async with bench.request("GET", "/admin/host/status") as answer:
        functions = {function.pop("name"): function for function in (await answer.json())["functions"]}

    assert functions["echo"] == {"trigger": "http", "address": "POST /api/echo/{name}", "state": "running"}
    assert functions["orders"] == {"trigger": "service bus", "address": "orders", "state": "running"}
    assert functions["tick"] == {"trigger": "timer", "address": "0 */5 * * * *", "state": "running"}
    assert functions["off"]["state"] == "disabled"
    assert functions["lost"]["error"] == "%NOT_SET% does not resolve: there is no setting NOT_SET"
    assert "this host has managedidentity alone" in functions["identity"]["error"]
    assert "has 2 fields" in functions["never"]["error"]
    assert "by hand: POST /admin/functions/tick" in bench.host.output()


async def test_the_admin_list_and_each_functions_admin_page_say_what_the_status_says(bench: Bench) -> None:
    async with bench.request("GET", "/admin/host/status") as answer:
        status = await answer.json()
    async with bench.request("GET", "/admin/functions") as answer:
        listed = await answer.json()
    async with bench.request("GET", "/admin/functions/LOST") as answer:
        lost = await answer.json()
    async with bench.request("GET", "/admin/functions/unknown") as answer:
        unknown = answer.status

    assert listed == status["functions"]
    assert (lost["name"], lost["state"], lost["trigger"], unknown) == ("lost", "error", "service bus", 404)


async def test_a_timer_and_other_functions_run_by_hand(bench: Bench) -> None:
    async with bench.request("POST", "/admin/functions/tick", json={"input": ""}) as answer:
        assert (answer.status, (await answer.json())["status"]) == (202, "succeeded")
    async with bench.request("POST", "/admin/functions/failures", json={"input": "x"}) as answer:
        assert (answer.status, (await answer.json())["error"]) == (500, "ValueError: on purpose")
    async with bench.request("POST", "/admin/functions/off") as answer:
        assert answer.status == 202
    async with bench.request("POST", "/admin/functions/unknown") as answer:
        assert answer.status == 404

    assert lines(bench.host, "tick")[0]["past_due"] is False


async def test_a_message_is_handled_once_and_completed(bench: Bench) -> None:
    caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    completed = bench.broker.operations["complete"]
    message = ServiceBusMessage(
        b'{"messageId": "forged"}', message_id="m-1", application_properties={"tenant": "t-1", "traceparent": caller}
    )

    await send(bench.broker.port, "orders", message)
    await until(lambda: bench.broker.operations["complete"] > completed)

    [seen] = [line for line in lines(bench.host, "order") if line["id"] == "m-1"]
    assert (seen["body"], seen["delivery"]) == ('{"messageId": "forged"}', 1)
    assert seen["properties"] == {"tenant": "t-1", "traceparent": caller}
    assert seen["trace"].split("-")[1] == caller.split("-")[1]
    assert seen["function"] == "orders"


async def test_many_messages_are_all_completed(bench: Bench) -> None:
    completed = bench.broker.operations["complete"]

    put(bench.broker, "orders", *(f"many-{number}" for number in range(100)))
    await until(lambda: bench.broker.operations["complete"] == completed + 100)

    ids = [line["id"] for line in lines(bench.host, "order") if line["id"].startswith("many-")]
    assert sorted(ids) == sorted(f"many-{number}" for number in range(100))


async def test_a_failing_message_comes_again_until_it_is_dead_lettered(bench: Bench) -> None:
    put(bench.broker, "failures", "failing")
    await until(lambda: bench.broker.operations["abandon"] == 3)

    async with receiving(bench.broker.port, "failures", sub_queue="deadletter") as receiver:
        [dead] = await receiver.receive_messages(max_message_count=1, max_wait_time=5)
        await receiver.complete_message(dead)

    assert dead.dead_letter_reason == "MaxDeliveryCountExceeded"
    assert [line["delivery"] for line in lines(bench.host, "failing")][-3:] == [1, 2, 3]


async def test_the_hosts_own_sdk_lines_are_not_the_apps(bench: Bench) -> None:
    assert [line for line in bench.host.log_lines() if line["logger"].startswith("azure.servicebus")] == []
