"""Made-up apps in the host, and the queues they read."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver

from devtools.emulators.servicebus.bench import message_bytes
from devtools.emulators.servicebus.broker import Broker
from devtools.emulators.servicebus.intake import take_into
from devtools.faults.plan import Fault, Plan
from devtools.host.process import RunningHost

PATIENCE_SECONDS = 40.0


def write_app(directory: Path, code: str, *, host_json: Mapping[str, Any] | None = None, values: Mapping[str, str] | None = None) -> Path:
    """The directory of an app of these functions."""
    directory.mkdir()
    (directory / "function_app.py").write_text(code)
    (directory / "host.json").write_text(json.dumps({"version": "2.0", **(host_json or {})}))
    if values:
        (directory / "local.settings.json").write_text(json.dumps({"IsEncrypted": False, "Values": values}))
    return directory


def write_plan(path: Path, *faults: Mapping[str, Any]) -> Path:
    """A fault plan for the host; every fault happens once unless it says otherwise."""
    Plan(name="faults of the host", faults=tuple(Fault.model_validate({"at": "host", "calls": 1, **fault}) for fault in faults)).write(path)
    return path


def queues(*names: str, **properties: Any) -> dict[str, Any]:
    """A broker's configuration."""
    usual = {"LockDuration": "PT1M", "MaxDeliveryCount": 3, "DefaultMessageTimeToLive": "PT1H", "DeadLetteringOnMessageExpiration": False}
    made = [
        {"Name": name, "Properties": {**usual, "RequiresDuplicateDetection": False, "RequiresSession": False, **properties}}
        for name in names
    ]
    return {"UserConfig": {"Namespaces": [{"Name": "sbemulatorns", "Queues": made}], "Logging": {"Type": "Console"}}}


def connection_string(port: int) -> str:
    key = "SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE"
    return f"Endpoint=sb://localhost:{port};{key};UseDevelopmentEmulator=true;"


async def send(port: int, queue: str, *messages: ServiceBusMessage) -> None:
    """As an app does, which takes a second: the client sleeps while it connects, and again at its end."""
    async with ServiceBusClient.from_connection_string(connection_string(port)) as client, client.get_queue_sender(queue) as sender:
        await sender.send_messages(list(messages))


def put(broker: Broker, queue: str, *message_ids: str) -> None:
    """Messages that are in the queue at once."""
    for message_id in message_ids:
        take_into(broker.queue(queue), broker.operations)(message_bytes("x", message_id=message_id), 0)


@asynccontextmanager
async def receiving(port: int, queue: str, **options: Any) -> AsyncIterator[ServiceBusReceiver]:
    """A receiver beside the host's."""
    async with (
        ServiceBusClient.from_connection_string(connection_string(port)) as client,
        client.get_queue_receiver(queue, **options) as receiver,
    ):
        yield receiver


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():
            await asyncio.sleep(0.02)


def lines(host: RunningHost, message: str) -> list[dict[str, Any]]:
    return [line for line in host.log_lines() if line["message"] == message]


def seen(host: RunningHost, message: str, field: str) -> list[Any]:
    """What the app logged in that field, in order."""
    return [line[field] for line in lines(host, message)]
