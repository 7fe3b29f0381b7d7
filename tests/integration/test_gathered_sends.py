"""Gathered sends over the real SDK: what is shared at the wire, who hears what, and a broker that is killed under load."""

import asyncio
import gc
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from azure.servicebus.aio import ServiceBusClient

from devtools.emulators.servicebus.broker import Broker
from shared.errors import ContractViolation, DependencyUnavailable
from shared.messaging.envelope import Envelope
from shared.messaging.gathering import GatheringTransport
from shared.messaging.service_bus import RETRY_OPTIONS, ServiceBusTransport
from tests.integration.killed_broker import KilledBroker
from tests.plugins.bus_twins import received, taken

pytestmark = pytest.mark.integration

SDK_FORGETS_SOCKETS = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
"""Those whose other end died, or whose opening was given up. A test with this mark collects the garbage itself, at its end."""


@pytest.fixture
def gathering(transport: ServiceBusTransport) -> GatheringTransport:
    return GatheringTransport(transport)


async def test_two_hundred_callers_at_once_are_one_batch(gathering: GatheringTransport, broker: Broker, queue: str) -> None:
    before = Counter(broker.operations)

    await asyncio.gather(*(gathering.send(Envelope(queue, f"m-{number}", b"x" * 800)) for number in range(200)))

    sent = Counter(broker.operations) - before
    assert (sent["send"], sent["sent-messages"]) == (1, 200)
    assert [id_ for id_, _ in await taken(broker, queue)] == [f"m-{number}" for number in range(200)]


async def test_a_lone_send_is_no_batch_and_one_operation(gathering: GatheringTransport, broker: Broker, queue: str) -> None:
    before = Counter(broker.operations)

    for number in range(3):
        await gathering.send(Envelope(queue, f"m-{number}", b""))

    sent = Counter(broker.operations) - before
    assert (sent["send"], sent["sent-messages"]) == (3, 3)


async def test_what_is_scheduled_shares_a_batch_and_is_delivered_when_it_is_due(
    gathering: GatheringTransport, broker: Broker, queue: str
) -> None:
    before, due_at = Counter(broker.operations), datetime.now(UTC) + timedelta(hours=1)

    await asyncio.gather(
        gathering.send(Envelope(queue, "now", b"")),
        gathering.send(Envelope(queue, "later", b"", due_at=due_at)),
        gathering.send(Envelope(queue, "now too", b"")),
    )

    assert (Counter(broker.operations) - before)["send"] == 1
    assert [id_ for id_, _ in await taken(broker, queue)] == ["now", "now too"]


async def test_the_same_message_of_two_callers_is_on_the_queue_once(gathering: GatheringTransport, broker: Broker, queue: str) -> None:
    await asyncio.gather(*(gathering.send(Envelope(queue, "same", b""), Envelope(queue, f"own-{number}", b"")) for number in range(3)))

    assert [id_ for id_, _ in await taken(broker, queue)] == ["same", "own-0", "own-1", "own-2"]


async def test_a_message_that_is_too_large_fails_its_caller_alone(gathering: GatheringTransport, broker: Broker, queue: str) -> None:
    sizes = [100, 300_000, 100, 100]

    ends = await asyncio.gather(
        *(gathering.send(Envelope(queue, f"m-{number}", b"x" * size)) for number, size in enumerate(sizes)), return_exceptions=True
    )

    assert [type(end) for end in ends] == [type(None), ContractViolation, type(None), type(None)]
    assert [id_ for id_, _ in await taken(broker, queue)] == ["m-0", "m-2", "m-3"]


@SDK_FORGETS_SOCKETS
async def test_every_send_that_returned_has_its_message_though_the_broker_is_killed(tmp_path: Path) -> None:
    """Some callers lose patience, too, in the line and in the middle of a send."""
    broker = KilledBroker(tmp_path)
    await broker.start()
    gathering = GatheringTransport(
        ServiceBusTransport(lambda: ServiceBusClient.from_connection_string(broker.connection_string, **RETRY_OPTIONS))
    )
    ends: Counter[str] = Counter()
    confirmed: set[str] = set()

    async def send(caller: int, number: int) -> None:
        ids = [f"{caller}-{number}-{part}" for part in range(caller % 3 + 1)]
        try:
            async with asyncio.timeout(0.004 if caller % 10 == 9 else None):
                await gathering.send(*(Envelope("ingestion-events", id_, b"x" * 500) for id_ in ids))
        except DependencyUnavailable:
            ends["refused"] += 1
        except TimeoutError:
            ends["impatient"] += 1
        else:
            ends["sent"] += 1
            confirmed.update(ids)

    async def keep_sending(caller: int) -> None:
        for number in range(25):
            await send(caller, number)
            await asyncio.sleep(0.03)

    async with asyncio.TaskGroup() as group:
        for caller in range(40):
            group.create_task(keep_sending(caller))
        await asyncio.sleep(0.7)
        await broker.kill()
        await asyncio.sleep(0.4)
        await broker.start()

    await gathering.send(Envelope("ingestion-events", "afterwards", b""))
    ids = [id_ for id_, _, _ in await received(broker.connection_string, "ingestion-events")]
    assert confirmed | {"afterwards"} <= set(ids)
    assert len(ids) == len(set(ids))
    assert ends.total() == 1000
    assert ends["sent"] > 300
    await gathering.close()
    await broker.kill()
    gc.collect()
