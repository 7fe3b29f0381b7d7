"""The unmodified azure-servicebus client against the local Service Bus, over real sockets."""

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
from typing import Any

import pytest
from azure.servicebus import ServiceBusMessage, ServiceBusMessageBatch, ServiceBusReceivedMessage, ServiceBusReceiveMode, ServiceBusSubQueue
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver, ServiceBusSender
from azure.servicebus.exceptions import (
    MessageLockLostError,
    MessageNotFoundError,
    MessageSizeExceededError,
    ServiceBusAuthenticationError,
    ServiceBusError,
)

from devtools.emulators.servicebus.bench import body_of
from devtools.emulators.servicebus.broker import Broker
from devtools.emulators.servicebus.performatives import AMQP_HEADER, OPEN, SASL_HEADER, frame
from devtools.emulators.servicebus.server import running_broker

pytestmark = pytest.mark.integration


def queue(name: str, **properties: Any) -> dict[str, Any]:
    defaults = {
        "LockDuration": "PT5M",
        "MaxDeliveryCount": 10,
        "DefaultMessageTimeToLive": "P14D",
        "DeadLetteringOnMessageExpiration": True,
    }
    return {"Name": name, "Properties": defaults | properties}


CONFIG = {
    "UserConfig": {
        "Namespaces": [
            {
                "Name": "sbemulatorns",
                "Queues": [
                    queue("orders"),
                    queue("once", RequiresDuplicateDetection=True, DuplicateDetectionHistoryTimeWindow="PT1H"),
                    queue("hasty", LockDuration="PT1S", MaxDeliveryCount=2),
                    queue("ephemeral", DeadLetteringOnMessageExpiration=False),
                ],
            }
        ]
    }
}


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    async with running_broker(CONFIG) as broker:
        yield broker


@pytest.fixture
async def client(broker: Broker) -> AsyncIterator[ServiceBusClient]:
    async with connected(broker.connection_string) as client:
        yield client


def connected(connection_string: str) -> ServiceBusClient:
    return ServiceBusClient.from_connection_string(connection_string, retry_total=0)


@contextlib.asynccontextmanager
async def links(client: ServiceBusClient, queue: str, **receiver: Any) -> AsyncIterator[tuple[ServiceBusSender, ServiceBusReceiver]]:
    """A sender and a receiver, opened and closed side by side: the client takes half a second for each."""
    sending, receiving = client.get_queue_sender(queue), client.get_queue_receiver(queue, **receiver)
    await asyncio.gather(sending.__aenter__(), receiving.__aenter__())
    try:
        yield sending, receiving
    finally:
        await asyncio.gather(sending.close(), receiving.close())


async def send(client: ServiceBusClient, queue: str, *messages: ServiceBusMessage) -> None:
    async with client.get_queue_sender(queue) as sender:
        for message in messages:
            await sender.send_messages(message)


async def receive(receiver: ServiceBusReceiver, count: int) -> list[ServiceBusReceivedMessage]:
    """Exactly that many messages: the client may return early with fewer."""
    messages: list[ServiceBusReceivedMessage] = []
    async with asyncio.timeout(20):
        while len(messages) < count:
            messages += await receiver.receive_messages(count - len(messages), max_wait_time=5)
    return messages


async def drained(client: ServiceBusClient, queue: str, count: int, *, dead: bool = False) -> list[ServiceBusReceivedMessage]:
    sub_queue = ServiceBusSubQueue.DEAD_LETTER if dead else None
    async with client.get_queue_receiver(queue, sub_queue=sub_queue, receive_mode=ServiceBusReceiveMode.RECEIVE_AND_DELETE) as receiver:
        return await receive(receiver, count)


def bodies(broker: Broker, queue: str) -> list[str]:
    """What is in a queue, read behind the client's back."""
    return [body_of(entry) for entry in broker.queue(queue).peek(0, 1_000_000)]


# --- sending and receiving


async def test_a_message_arrives_as_it_was_sent(client: ServiceBusClient) -> None:
    properties: dict[str | bytes, Any] = {"tenant": "t1", "attempt": 3, "ratio": 0.5, "yes": True}
    sent = ServiceBusMessage(b"\x00body\xff", message_id="m-1", correlation_id="c-1", subject="event", content_type="application/json")
    sent.application_properties = properties

    async with links(client, "orders") as (sender, receiver):
        await sender.send_messages(sent)
        [got] = await receive(receiver, 1)

    assert b"".join(got.body) == b"\x00body\xff"
    assert (got.message_id, got.correlation_id, got.subject, got.content_type) == ("m-1", "c-1", "event", "application/json")
    found = got.application_properties or {}
    assert {key.decode() if isinstance(key, bytes) else key: value for key, value in found.items()} == {**properties, "tenant": b"t1"}
    assert (got.delivery_count, got.sequence_number) == (0, 1)
    assert got.enqueued_time_utc is not None
    assert abs(got.enqueued_time_utc - datetime.now(UTC)) < timedelta(seconds=30)


async def test_a_batch_is_taken_apart_and_kept_in_order(client: ServiceBusClient, broker: Broker) -> None:
    async with links(client, "orders") as (sender, receiver):
        batch: ServiceBusMessageBatch = await sender.create_message_batch()
        for number in range(200):
            batch.add_message(ServiceBusMessage(f"{number}"))
        await sender.send_messages(batch)
        got = await receive(receiver, 200)

    assert [str(message) for message in got] == [str(number) for number in range(200)]
    assert (broker.operations["send"], broker.operations["sent-messages"]) == (1, 200)


async def test_a_message_of_almost_256_kilobytes_arrives_whole(client: ServiceBusClient) -> None:
    body = bytes(range(256)) * 1_000

    async with links(client, "orders") as (sender, receiver):
        await sender.send_messages(ServiceBusMessage(body))
        [got] = await receive(receiver, 1)

    assert b"".join(got.body) == body


async def test_a_message_over_256_kilobytes_is_refused_with_the_clients_own_error(client: ServiceBusClient, broker: Broker) -> None:
    async with client.get_queue_sender("orders") as sender:
        with pytest.raises(MessageSizeExceededError):
            await sender.send_messages(ServiceBusMessage(b"x" * 262_144))

        await sender.send_messages(ServiceBusMessage("the link still works"))

    assert bodies(broker, "orders") == ["the link still works"]


async def test_more_messages_than_the_broker_first_grants_credit_for_are_taken(client: ServiceBusClient, broker: Broker) -> None:
    await send(client, "orders", *(ServiceBusMessage(str(number)) for number in range(1_200)))

    assert broker.queue("orders").message_count == 1_200


async def test_a_received_message_can_be_sent_on(client: ServiceBusClient, broker: Broker) -> None:
    async with links(client, "orders") as (sender, receiver):
        await sender.send_messages(ServiceBusMessage("x"))
        [got] = await receive(receiver, 1)

        await sender.send_messages(got)
        await receiver.complete_message(got)
        [again] = await receive(receiver, 1)

    assert (str(again), again.sequence_number, again.lock_token == got.lock_token) == ("x", 2, False)


# --- settling


async def test_complete_abandon_and_dead_letter_do_what_they_say(client: ServiceBusClient, broker: Broker) -> None:
    async with links(client, "orders") as (sender, receiver):
        await sender.send_messages([ServiceBusMessage(body) for body in ("done", "again", "dead")])
        done, again, dead = await receive(receiver, 3)

        await receiver.complete_message(done)
        await receiver.dead_letter_message(dead, reason="unreadable", error_description="no such field")
        await receiver.abandon_message(again)

        [repeated] = await receive(receiver, 1)
        await receiver.complete_message(repeated)
    assert (str(repeated), repeated.delivery_count) == ("again", 1)
    [buried] = await drained(client, "orders", 1, dead=True)
    assert (str(buried), buried.dead_letter_reason, buried.dead_letter_error_description) == ("dead", "unreadable", "no such field")
    assert bodies(broker, "orders") == []
    assert dict(broker.operations) == {"send": 1, "sent-messages": 3, "receive": 5, "complete": 2, "abandon": 1, "dead-letter": 1}


async def test_a_message_nobody_can_process_ends_in_the_dead_letter_queue(client: ServiceBusClient) -> None:
    async with links(client, "hasty") as (sender, receiver):
        await sender.send_messages(ServiceBusMessage("poison"))
        for _ in range(2):
            [message] = await receive(receiver, 1)
            await receiver.abandon_message(message)

    [dead] = await drained(client, "hasty", 1, dead=True)
    assert (dead.dead_letter_reason, dead.delivery_count) == ("MaxDeliveryCountExceeded", 2)


async def test_a_lock_that_ends_gives_the_message_to_the_next_and_refuses_the_first(client: ServiceBusClient) -> None:
    async with links(client, "hasty") as (sender, slow), client.get_queue_receiver("hasty") as quick:
        await sender.send_messages(ServiceBusMessage("slow"))
        [lost] = await receive(slow, 1)
        [found] = await receive(quick, 1)
        assert found.delivery_count == 1
        await quick.complete_message(found)

        lost._expiry = datetime.now(UTC) + timedelta(minutes=1)  # else the client refuses without asking the broker
        with pytest.raises(MessageLockLostError):
            await slow.complete_message(lost)


async def test_a_renewed_lock_holds(client: ServiceBusClient, broker: Broker) -> None:
    async with links(client, "hasty") as (sender, receiver):
        await sender.send_messages(ServiceBusMessage("long"))
        [message] = await receive(receiver, 1)
        for _ in range(3):
            await asyncio.sleep(0.5)
            await receiver.renew_message_lock(message)
        await receiver.complete_message(message)

    assert bodies(broker, "hasty") == []
    assert broker.operations["renew-lock"] == 3


async def test_messages_the_client_had_fetched_and_not_used_come_back_uncounted(client: ServiceBusClient, broker: Broker) -> None:
    await send(client, "orders", *(ServiceBusMessage(str(number)) for number in range(5)))

    async with client.get_queue_receiver("orders", prefetch_count=5) as receiver:
        [first] = await receiver.receive_messages(1, max_wait_time=5)
        await receiver.complete_message(first)

    assert [(entry.delivery_count, entry.lock) for entry in broker.queue("orders").peek(0, 10)] == [(0, None)] * 4


async def test_a_message_is_settled_after_its_link_is_gone(client: ServiceBusClient, broker: Broker) -> None:
    async with links(client, "orders") as (sender, receiver):
        await sender.send_messages(ServiceBusMessage("x"))
        [message] = await receive(receiver, 1)
        await receiver._handler._link.detach()  # type: ignore[union-attr]  # the client's own link; it is open here

        await receiver.complete_message(message)

    assert bodies(broker, "orders") == []


# --- time


async def test_a_scheduled_message_comes_at_its_time_and_a_cancelled_one_never(client: ServiceBusClient) -> None:
    async with links(client, "orders") as (sender, receiver):
        due = datetime.now(UTC) + timedelta(seconds=1)
        _, unwanted = await sender.schedule_messages([ServiceBusMessage("later"), ServiceBusMessage("never")], due)
        await sender.send_messages(ServiceBusMessage("by annotation", scheduled_enqueue_time_utc=due))
        await sender.cancel_scheduled_messages(unwanted)

        assert [str(message) for message in await receiver.peek_messages(100)] == ["later", "by annotation"]
        got = await receive(receiver, 2)

    assert [str(message) for message in got] == ["later", "by annotation"]
    assert all(message.enqueued_time_utc >= due - timedelta(milliseconds=1) for message in got if message.enqueued_time_utc)


async def test_cancelling_what_is_not_scheduled_says_so(client: ServiceBusClient) -> None:
    async with client.get_queue_sender("orders") as sender:
        with pytest.raises(MessageNotFoundError):
            await sender.cancel_scheduled_messages(42)


async def test_an_expired_message_is_dead_lettered_or_dropped_as_the_queue_says(client: ServiceBusClient, broker: Broker) -> None:
    brief = timedelta(milliseconds=100)
    await asyncio.gather(
        send(client, "orders", ServiceBusMessage("kept", time_to_live=brief)),
        send(client, "ephemeral", ServiceBusMessage("dropped", time_to_live=brief)),
    )

    [dead] = await drained(client, "orders", 1, dead=True)

    assert (str(dead), dead.dead_letter_reason) == ("kept", "TTLExpiredException")
    assert bodies(broker, "ephemeral") + bodies(broker, "ephemeral/$DeadLetterQueue") == []


async def test_the_same_message_id_is_taken_once(client: ServiceBusClient, broker: Broker) -> None:
    async with client.get_queue_sender("once") as sender:
        await sender.send_messages([ServiceBusMessage("1", message_id="a"), ServiceBusMessage("2", message_id="a")])
        await sender.send_messages(ServiceBusMessage("3", message_id="a"))
        await sender.schedule_messages(ServiceBusMessage("4", message_id="a"), datetime.now(UTC) + timedelta(seconds=60))
        await sender.send_messages(ServiceBusMessage("5", message_id="b"))

    assert bodies(broker, "once") == ["1", "5"]


# --- refusals


async def test_a_queue_that_does_not_exist_is_refused_where_azure_refuses_it(client: ServiceBusClient) -> None:
    with pytest.raises(ServiceBusAuthenticationError):
        await send(client, "nowhere", ServiceBusMessage("x"))


async def test_a_wrong_key_is_refused(broker: Broker) -> None:
    forged = broker.connection_string.replace("SAS_KEY_VALUE", "another")

    async with connected(forged) as client:
        with pytest.raises(ServiceBusAuthenticationError):
            await send(client, "orders", ServiceBusMessage("x"))


async def test_what_is_not_built_is_refused_by_name(client: ServiceBusClient) -> None:
    with pytest.raises(ServiceBusError, match="has no sessions"):
        async with client.get_queue_receiver("orders", session_id="s"):
            pass
    async with links(client, "orders") as (sender, receiver):
        await sender.send_messages(ServiceBusMessage("x"))
        [message] = await receive(receiver, 1)
        with pytest.raises(ServiceBusError, match="Deferring a message"):
            await receiver.defer_message(message)
        with pytest.raises(ServiceBusError, match="receive-by-sequence-number"):
            await receiver.receive_deferred_messages([1])


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="http"),
        pytest.param(b"\x16\x03\x01\x00\xa5\x01\x00\x00", id="tls"),
        pytest.param(AMQP_HEADER + b"\xff\xff\xff\xff\x02\x00\x00\x00", id="a giant frame"),
        pytest.param(AMQP_HEADER + b"\x00\x00\x00\x0a\x02\x00\x00\x00\x01\x02", id="a frame of nonsense"),
        pytest.param(SASL_HEADER + AMQP_HEADER, id="no authentication"),
        pytest.param(AMQP_HEADER + frame(0, OPEN, max_frame_size="many"), id="a field of the wrong type"),
    ],
)
async def test_a_client_that_breaks_the_protocol_is_cut_off_and_no_one_else_notices(hostile: bytes, broker: Broker) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", broker.port)
    writer.write(hostile)

    async with asyncio.timeout(5):
        await reader.read()

    writer.close()
    await writer.wait_closed()
    async with connected(broker.connection_string) as client:
        await send(client, "orders", ServiceBusMessage("fine"))


async def test_a_client_that_vanishes_in_the_middle_leaves_the_broker_well(client: ServiceBusClient, broker: Broker) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", broker.port)
    writer.write(SASL_HEADER[:5])
    await writer.drain()
    writer.transport.abort()
    assert await reader.read() == b""

    await send(client, "orders", ServiceBusMessage("fine"))
    assert bodies(broker, "orders") == ["fine"]


async def test_thirty_connections_share_a_queue_and_each_message_goes_to_one(client: ServiceBusClient, broker: Broker) -> None:
    await send(client, "orders", *(ServiceBusMessage(str(number)) for number in range(60)))
    got: list[str] = []

    async def take() -> None:
        async with client.get_queue_receiver("orders") as receiver:
            for message in await receive(receiver, 2):
                await receiver.complete_message(message)
                got.append(str(message))

    await asyncio.gather(*(take() for _ in range(30)))

    assert sorted(got, key=int) == [str(number) for number in range(60)]
    assert bodies(broker, "orders") == []


# --- the process


@contextlib.asynccontextmanager
async def process(config: Path, *arguments: str, file_limit_bytes: int = -1) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """The stand-in as a process, with its connection string once it is ready."""
    command = (sys.executable, "-m", "devtools.emulators.servicebus", "--config", str(config), "--port", "0", *arguments)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit_bytes, file_limit_bytes))

    started = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2], preexec_fn=limit
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
        await asyncio.sleep(2.5)
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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_ctrl_c_and_terminate_end_the_process_with_success(number: signal.Signals, config_file: Path) -> None:
    async with process(config_file) as (broker, _):
        broker.send_signal(number)

        assert await asyncio.wait_for(broker.wait(), 5) == 0


async def test_a_port_in_use_is_one_line_that_says_what_to_do(config_file: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = (sys.executable, "-m", "devtools.emulators.servicebus", "--config", str(config_file), "--port", str(port))
        broker = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2])
        _, errors = await broker.communicate()

    assert broker.returncode == 1
    assert errors.decode() == f"service bus: port {port} on 127.0.0.1 is in use; stop what listens there, or choose another with --port\n"


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
