"""Parked messages over the broker, through the real SDK: nothing is lost, and nothing is worn out by being looked at."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from azure.servicebus.aio import ServiceBusClient

from devtools.emulators.servicebus.server import running_broker
from devtools.fakes.samples import NOON
from devtools.provision import service_bus_config
from ops.parked_message import Peeked, Place
from ops.parking import ServiceBusParking
from shared import topology
from shared.contracts.rejected import Rejected
from shared.messaging.envelope import Envelope
from shared.messaging.service_bus import RETRY_OPTIONS, ServiceBusTransport
from tests.plugins.bus_twins import received
from tests.plugins.together import Together

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

PARKED = Place(topology.REJECTED_MESSAGES)
DEAD = Place(topology.INGESTION_EVENTS, dead=True)
FIFTH = 5
"""The delivery that must not fail here: in Azure the tenth must not."""

KILLED = """
import asyncio, os, sys
from azure.servicebus.aio import ServiceBusClient
from ops.parked_message import Place
from ops.parking import ServiceBusParking
from shared.messaging.envelope import Envelope
from shared.messaging.service_bus import ServiceBusTransport

def client():
    return ServiceBusClient.from_connection_string(sys.argv[1])

async def main():
    transport = ServiceBusTransport(client)

    async def act(peeked):
        await transport.send(Envelope("ingestion-events", "a#r1", b"{}", {"messageId": "a#r1"}))
        os._exit(9)

    parking, place = ServiceBusParking(client, transport=transport), Place("rejected-messages")
    await parking.take(place, [peeked.number for peeked in await parking.look(place)], act)

asyncio.run(main())
"""
"""Dies between sending and completing, without a word to the broker."""

together = Together()
scenes = together.alone()


@dataclass(frozen=True)
class Bus:
    """A broker of its own with the topology's queues, the parking over it, and a transport."""

    connection_string: str
    transport: ServiceBusTransport
    parking: ServiceBusParking

    async def park(self, *names: str) -> None:
        """Reject messages."""
        said = [
            Rejected(
                tenant_id="acme",
                queue=topology.INGESTION_EVENTS,
                original_id=name,
                reason="UnmappableRecord",
                detail="unreadable",
                body="{}",
                attempts=1,
                rejected_at=NOON,
            )
            for name in names
        ]
        await self.transport.send(*(Envelope.of(one, traceparent=None) for one in said))

    async def look(self, place: Place = PARKED) -> list[Peeked]:
        return await self.parking.look(place)

    async def lying(self, place: Place = PARKED) -> list[tuple[str, int]]:
        """Original ids and delivery counts of what is parked."""
        return [(name_of(peeked), peeked.delivery_count) for peeked in await self.look(place)]

    async def take(self, names: Iterable[str], act: Any, place: Place = PARKED) -> list[str]:
        """The names of those that are gone."""
        names, there = {*names}, {peeked.number: name_of(peeked) for peeked in await self.look(place)}
        gone = await self.parking.take(place, [number for number, name in there.items() if name in names], act)
        return [there[number] for number in gone]

    async def replay(self, peeked: Peeked) -> None:
        """Send it as it would be sent."""
        name = name_of(peeked)
        await self.transport.send(Envelope(topology.INGESTION_EVENTS, f"{name}#r1", b"{}", {"messageId": f"{name}#r1"}))


def name_of(peeked: Peeked) -> str:
    return Rejected.decode(peeked.body).original_id if peeked.place == PARKED else peeked.message_id


async def nothing(_peeked: Peeked) -> None:
    """To be taken is all."""


@asynccontextmanager
async def a_bus(*, lock: str = "PT1M") -> AsyncIterator[Bus]:
    config = service_bus_config()
    [namespace] = config["UserConfig"]["Namespaces"]
    [parked] = [queue for queue in namespace["Queues"] if queue["Name"] == topology.REJECTED_MESSAGES]
    parked["Properties"] = {**parked["Properties"], "MaxDeliveryCount": FIFTH, "LockDuration": lock}
    async with running_broker(config) as broker:

        def client() -> ServiceBusClient:
            return ServiceBusClient.from_connection_string(broker.connection_string, **RETRY_OPTIONS)

        transport = ServiceBusTransport(client)
        yield Bus(broker.connection_string, transport, ServiceBusParking(client, transport=transport))
        await transport.close()


@together
async def test_looking_changes_nothing_however_often_it_is_done() -> None:
    async with a_bus() as bus:
        await bus.park("a", "b")

        for _ in range(3):
            assert await bus.lying() == [("a", 0), ("b", 0)]


@together
async def test_more_messages_than_a_page_holds_are_all_seen() -> None:
    async with a_bus() as bus:
        await bus.park(*(f"m{number:03}" for number in range(230)))

        assert [name for name, _ in await bus.lying()] == [f"m{number:03}" for number in range(230)]


@together
async def test_what_is_chosen_is_acted_on_and_gone_and_what_lay_before_it_is_as_it_was() -> None:
    async with a_bus() as bus:
        await bus.park("a", "b", "c", "d")

        assert await bus.take({"b", "c"}, bus.replay) == ["b", "c"]

        assert [id_ for id_, _, _ in await received(bus.connection_string, topology.INGESTION_EVENTS)] == ["b#r1", "c#r1"]
        # What lay before was handed out once; what lies behind the last chosen one was not even asked for.
        assert await bus.lying() == [("a", 1), ("d", 0)]


@together
async def test_whoever_dies_between_sending_and_completing_finds_it_parked_and_its_second_replay_is_none() -> None:
    async with a_bus() as bus:
        await bus.park("a", "b")

        class Killed(BaseException):
            pass

        async def dies(peeked: Peeked) -> None:
            await bus.replay(peeked)
            raise Killed

        with pytest.raises(Killed):
            await bus.take({"a", "b"}, dies)
        assert [name for name, _ in await bus.lying()] == ["a", "b"]

        assert await bus.take({"a", "b"}, bus.replay) == ["a", "b"]
        assert [id_ for id_, _, _ in await received(bus.connection_string, topology.INGESTION_EVENTS)] == ["a#r1", "b#r1"]
        assert await bus.lying() == []


@together
async def test_after_a_kill_the_lock_runs_out_and_the_same_replay_is_made_once() -> None:
    async with a_bus(lock="PT2S") as bus:
        await bus.park("a")
        killed = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED, bus.connection_string, cwd=Path(__file__).parents[3])
        assert await killed.wait() == 9

        gone: list[str] = []
        while not gone:
            gone = await bus.take({"a"}, bus.replay)

        assert [id_ for id_, _, _ in await received(bus.connection_string, topology.INGESTION_EVENTS)] == ["a#r1"]
        assert await bus.lying() == []


@together
async def test_a_message_is_never_dead_lettered_by_being_passed_over() -> None:
    async with a_bus() as bus:
        await bus.park("passed over", *(f"m{number}" for number in range(FIFTH)))
        [_, *others] = await bus.look()

        for peeked in others:
            assert await bus.parking.take(PARKED, [peeked.number], nothing) == [peeked.number]

        assert await bus.lying() == [("passed over", 0)]
        assert await bus.look(Place(topology.REJECTED_MESSAGES, dead=True)) == []


@together
async def test_what_somebody_else_holds_is_left_to_them() -> None:
    async with a_bus() as bus:
        await bus.park("a", "b")
        async with (
            ServiceBusClient.from_connection_string(bus.connection_string) as client,
            client.get_queue_receiver(topology.REJECTED_MESSAGES) as other,
        ):
            [held] = await other.receive_messages(max_message_count=1, max_wait_time=5)

            assert await bus.take({"a", "b"}, nothing) == ["b"]

            await other.abandon_message(held)
        assert [name for name, _ in await bus.lying()] == ["a"]


@together
async def test_dead_letters_are_seen_with_their_reasons_and_taken_alike() -> None:
    async with a_bus() as bus:
        await bus.transport.send(*(Envelope(topology.INGESTION_EVENTS, name, b"{}", {"messageId": name}) for name in ("a", "b", "c")))
        async with (
            ServiceBusClient.from_connection_string(bus.connection_string) as client,
            client.get_queue_receiver(topology.INGESTION_EVENTS) as receiver,
        ):
            for message in await receiver.receive_messages(max_message_count=3, max_wait_time=5):
                await receiver.dead_letter_message(message, reason="a bug", error_description="see the log")

        [first, *_] = await bus.look(DEAD)
        assert (first.message_id, first.reason, first.description, first.body) == ("a", "a bug", "see the log", b"{}")
        assert await bus.take({"b"}, nothing, DEAD) == ["b"]
        assert [name for name, _ in await bus.lying(DEAD)] == ["a", "c"]
