"""The unmodified azure-servicebus client against the local Service Bus, over real sockets: the process, killed and stopped."""

import asyncio
import contextlib
import gc
import json
import resource
import signal
import socket
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient
from azure.servicebus.exceptions import (
    ServiceBusError,
)

from devtools.emulators.servicebus.server import running_broker
from tests.integration.servicebus.links import CONFIG, bodies, connected, drained, links, receive, send

# --- the process


@contextlib.asynccontextmanager
async def process(
    config: Path, *arguments: str, file_limit_bytes: int = -1, log: Path | None = None
) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """The stand-in as a process, with its connection string once it is ready."""
    command = (sys.executable, "-m", "devtools.emulators.servicebus", "--config", str(config), "--port", "0", *arguments)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit_bytes, file_limit_bytes))

    with log.open("w") if log else contextlib.nullcontext() as errors:
        started = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=errors, cwd=Path(__file__).parents[3], preexec_fn=limit
        )
    assert started.stdout is not None
    try:
        line = (await started.stdout.readline()).decode().strip()
        assert line.startswith("service bus: ready on 127.0.0.1:")
        port = line.rpartition(":")[2]
        key = "SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE"
        yield started, f"Endpoint=sb://127.0.0.1:{port};{key};UseDevelopmentEmulator=true;"
    finally:
        if started.returncode is None:
            started.kill()
        await started.communicate()


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    path = tmp_path / "Config.json"
    path.write_text(json.dumps(CONFIG))
    return path


async def keep_sending(client: ServiceBusClient, name: str, acknowledged: set[str]) -> None:
    async with client.get_queue_sender("once") as sender:
        for number in range(100_000):
            await sender.send_messages(ServiceBusMessage(f"{name}-{number}", message_id=f"{name}-{number}"))
            acknowledged.add(f"{name}-{number}")


async def keep_completing(client: ServiceBusClient, completed: set[str]) -> None:
    async with client.get_queue_receiver("once") as receiver:
        while True:
            for message in await receiver.receive_messages(5, max_wait_time=5):
                await receiver.complete_message(message)
                completed.add(str(message))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the client leaves a broken connection to the collector
async def test_a_kill_under_load_loses_no_acknowledged_message_and_revives_no_completed_one(config_file: Path, tmp_path: Path) -> None:
    acknowledged, completed = set[str](), set[str]()
    data = ("--data", str(tmp_path / "data"))

    async with process(config_file, *data) as (broker, connection_string), connected(connection_string) as client:
        work = [asyncio.create_task(keep_sending(client, name, acknowledged)) for name in ("a", "b")]
        work.append(asyncio.create_task(keep_completing(client, completed)))
        async with asyncio.timeout(60):
            while not (len(acknowledged) > 100 and len(completed) > 20) and not any(task.done() for task in work):
                await asyncio.sleep(0.05)
        broker.kill()
        results = await asyncio.gather(*work, return_exceptions=True)
    assert all(isinstance(result, ServiceBusError) for result in results)
    del results, work
    gc.collect()
    assert len(acknowledged) > 100
    assert len(completed) > 20

    async with running_broker(config_file, data=tmp_path / "data") as restarted, connected(restarted.connection_string) as client:
        there = bodies(restarted, "once")
        await send(client, "once", *(ServiceBusMessage("again", message_id=message_id) for message_id in sorted(acknowledged)[:10]))
        sent_again = bodies(restarted, "once").count("again")

    assert len(acknowledged - completed - {*there}) <= 1  # the one completion the kill kept the client from hearing of
    assert not completed & {*there}
    assert len(there) == len({*there})
    assert sent_again == 0  # duplicate detection remembers, too


async def test_a_restart_loses_nothing_of_any_kind(config_file: Path, tmp_path: Path) -> None:
    data = ("--data", str(tmp_path / "data"))
    due = datetime.now(UTC) + timedelta(hours=1)

    async with process(config_file, *data) as (broker, connection_string):
        async with connected(connection_string) as client, links(client, "orders") as (sender, receiver):
            await sender.send_messages([ServiceBusMessage(body) for body in ("dead", "failed", "locked", "waiting")])
            [scheduled, cancelled] = await sender.schedule_messages([ServiceBusMessage("later"), ServiceBusMessage("never")], due)
            await sender.cancel_scheduled_messages(cancelled)
            dead, failed, _ = await receive(receiver, 3)
            await receiver.dead_letter_message(dead, reason="unreadable")
            await receiver.abandon_message(failed)
        broker.kill()
        await broker.wait()

    async with process(config_file, *data) as (_, connection_string), connected(connection_string) as client:
        async with links(client, "orders") as (sender, receiver):
            there = await receiver.peek_messages(10, sequence_number=1)
            await sender.send_messages(ServiceBusMessage("next"))
            got = await receive(receiver, 4)
        [buried] = await drained(client, "orders", 1, dead=True)

    assert [(str(message), message.delivery_count) for message in there] == [("failed", 1), ("locked", 0), ("waiting", 0), ("later", 0)]
    assert (there[-1].sequence_number, there[-1].scheduled_enqueue_time_utc) == (
        scheduled,
        due.replace(microsecond=due.microsecond // 1000 * 1000),
    )
    assert [str(message) for message in got] == ["failed", "locked", "waiting", "next"]
    assert got[-1].sequence_number == 7
    assert (str(buried), buried.dead_letter_reason) == ("dead", "unreadable")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the client leaves a refused connection to the collector
async def test_a_process_with_max_connections_refuses_the_next_and_says_why(config_file: Path, tmp_path: Path) -> None:
    async with (
        process(config_file, "--max-connections", "1", log=tmp_path / "log") as (_, connection_string),
        connected(connection_string) as client,
        client.get_queue_sender("orders") as first,
    ):
        with pytest.raises(ServiceBusError, match="1 connections are open"):
            await send(client, "orders", ServiceBusMessage("refused"))
        await first.send_messages(ServiceBusMessage("taken"))

    says = "connection refused reason=ConnectionsQuotaExceeded: 1 connections are open, and no more are allowed (--max-connections)."
    assert says in (tmp_path / "log").read_text()


async def test_the_process_stops_cleanly_and_writes_its_operations(config_file: Path, tmp_path: Path) -> None:
    async with (
        process(config_file, "--data", str(tmp_path / "data")) as (broker, connection_string),
        connected(connection_string) as client,
    ):
        await send(client, "orders", ServiceBusMessage("x"))
        broker.send_signal(signal.SIGUSR1)
        await send(client, "orders", ServiceBusMessage("y"))

        broker.send_signal(signal.SIGTERM)

        assert await asyncio.wait_for(broker.wait(), 5) == 0

    assert json.loads((tmp_path / "data" / "operations.json").read_text()) == {"send": 2, "sent-messages": 2}


async def test_ctrl_c_ends_the_process_with_success(config_file: Path) -> None:
    async with process(config_file) as (broker, _):
        broker.send_signal(signal.SIGINT)

        assert await asyncio.wait_for(broker.wait(), 5) == 0


async def test_a_port_in_use_is_one_line_that_says_what_to_do(config_file: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = (sys.executable, "-m", "devtools.emulators.servicebus", "--config", str(config_file), "--port", str(port))
        broker = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[3])
        _, errors = await broker.communicate()

    assert broker.returncode == 1
    assert errors.decode() == f"service bus: port {port} is in use; stop what listens there, or choose another with --port\n"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the client leaves a broken connection to the collector
async def test_a_full_disk_ends_the_process_and_loses_nothing_acknowledged(config_file: Path, tmp_path: Path) -> None:
    acknowledged = set[str]()
    data = tmp_path / "data"

    async with process(config_file, "--data", str(data), file_limit_bytes=60_000) as (broker, connection_string):
        async with connected(connection_string) as client:
            with pytest.raises(ServiceBusError):
                await keep_sending(client, "a", acknowledged)
        assert await asyncio.wait_for(broker.wait(), 5) == 1
    gc.collect()

    async with running_broker(config_file, data=data) as restarted:
        there = bodies(restarted, "once")
    assert len(acknowledged) > 50
    assert {*there} == acknowledged
