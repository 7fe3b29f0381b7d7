"""The broker's adapter through the real SDK: batches, limits, many senders at once, and a broker that is killed under load."""

import asyncio
import gc
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from azure.servicebus.aio import ServiceBusClient

from devtools.emulators.servicebus.broker import Broker
from shared.errors import ContractViolation, DependencyUnavailable
from shared.messaging.envelope import Envelope
from shared.messaging.service_bus import RETRY_OPTIONS, ServiceBusTransport
from tests.integration.killed_broker import KilledBroker
from tests.plugins.bus_twins import received, taken

pytestmark = pytest.mark.integration

SDK_FORGETS_SOCKETS = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
"""Those whose other end died, or whose opening was given up. A test with this mark collects the garbage itself, at its end."""


def envelopes(queue: str, count: int, *, size_bytes: int = 100) -> list[Envelope]:
    return [Envelope(queue, f"m-{number}", b"x" * size_bytes, {"tenantId": "t", "version": 1}) for number in range(count)]


def transport_to(connection_string: str) -> ServiceBusTransport:
    return ServiceBusTransport(lambda: ServiceBusClient.from_connection_string(connection_string, **RETRY_OPTIONS))


async def sends_of(transport: ServiceBusTransport, broker: Broker, messages: Sequence[Envelope]) -> Counter[str]:
    """What arrived at the wire."""
    before = Counter(broker.operations)
    await transport.send(*messages)
    return Counter(broker.operations) - before


async def test_a_publish_of_many_messages_is_one_batch(transport: ServiceBusTransport, broker: Broker, queue: str) -> None:
    sent = await sends_of(transport, broker, envelopes(queue, 250))

    assert (sent["send"], sent["sent-messages"]) == (1, 250)
    assert [id_ for id_, _ in await taken(broker, queue)] == [f"m-{number}" for number in range(250)]


async def test_what_does_not_fit_one_batch_is_split_in_order(transport: ServiceBusTransport, broker: Broker, queue: str) -> None:
    sent = await sends_of(transport, broker, envelopes(queue, 9, size_bytes=100_000))

    assert (sent["send"], sent["sent-messages"]) == (5, 9)
    assert [id_ for id_, _ in await taken(broker, queue)] == [f"m-{number}" for number in range(9)]


async def test_a_message_that_is_too_large_is_refused_alone_and_among_others(transport: ServiceBusTransport, queue: str) -> None:
    too_large = Envelope(queue, "large", b"x" * 300_000)

    with pytest.raises(ContractViolation, match="MessageSizeExceededError"):
        await transport.send(too_large)
    for among in ([too_large, *envelopes(queue, 2)], [*envelopes(queue, 2), too_large]):
        with pytest.raises(ContractViolation, match="MessageSizeExceededError"):
            await transport.send(*among)

    await transport.send(*envelopes(queue, 2))


async def test_a_message_of_the_size_at_which_a_body_is_put_aside_fits(transport: ServiceBusTransport, broker: Broker, queue: str) -> None:
    largest = Envelope(queue, "largest", b"x" * (192 * 1024 - 200), {f"p{number}": "y" * 40 for number in range(4)})
    assert not largest.is_too_large

    sent = await sends_of(transport, broker, [largest])

    assert sent["sent-messages"] == 1


async def test_fifty_tasks_may_send_at_once(transport: ServiceBusTransport, broker: Broker, queue: str) -> None:
    sends = [
        transport.send(*[Envelope(queue, f"{task}-{number}", b"") for number in range(task % 3 + 1)])
        for task in range(50)
    ]  # fmt: skip

    await asyncio.gather(*sends)

    ids = [id_ for id_, _ in await taken(broker, queue)]
    assert len(ids) == len(set(ids)) == sum(task % 3 + 1 for task in range(50))


@SDK_FORGETS_SOCKETS
async def test_a_sender_goes_on_after_one_of_its_tasks_was_cancelled(transport: ServiceBusTransport, broker: Broker, queue: str) -> None:
    await transport.send(Envelope(queue, "first", b""))
    for pause_seconds in (0.0, 0.001, 0.003):
        cancelled = asyncio.create_task(transport.send(Envelope(queue, f"cancelled-{pause_seconds}", b"x" * 100_000)))
        await asyncio.sleep(pause_seconds)
        cancelled.cancel()
        await asyncio.gather(cancelled, return_exceptions=True)

    await transport.send(Envelope(queue, "last", b""))

    ids = [id_ for id_, _ in await taken(broker, queue)]
    assert (ids[0], ids[-1]) == ("first", "last")
    gc.collect()


@SDK_FORGETS_SOCKETS
async def test_a_worker_outlives_a_broker_that_is_killed_and_loses_nothing_that_was_confirmed(tmp_path: Path) -> None:
    broker = KilledBroker(tmp_path)
    await broker.start()
    transport = transport_to(broker.connection_string)
    confirmed = set()
    refused = 0

    async def keep_sending(sender: int) -> None:
        nonlocal refused
        for number in range(15):
            try:
                await transport.send(Envelope("ingestion-events", f"{sender}-{number}", b"x" * 1000))
                confirmed.add(f"{sender}-{number}")
            except DependencyUnavailable:
                refused += 1
            await asyncio.sleep(0.05)

    async with asyncio.TaskGroup() as group:
        for sender in range(4):
            group.create_task(keep_sending(sender))
        await asyncio.sleep(0.9)
        await broker.kill()
        await asyncio.sleep(0.5)
        await broker.start()

    await transport.send(Envelope("ingestion-events", "afterwards", b""))
    ids = [id_ for id_, _, _ in await received(broker.connection_string, "ingestion-events")]
    assert confirmed | {"afterwards"} <= set(ids)
    assert len(ids) == len(set(ids))
    assert len(confirmed) + refused == 60
    await transport.close()
    await broker.kill()
    gc.collect()
