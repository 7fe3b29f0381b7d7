"""A back-fill reads ahead while it publishes, and lets others go first."""

import asyncio
from dataclasses import replace
from datetime import datetime

import pytest
from typing_extensions import override

from ingestion.poller import BATCHES_AT_ONCE, EVENTS_IN_A_BATCH
from shared.contracts.ingestion import IngestionBatch
from shared.contracts.message import Message
from shared.errors import DependencyUnavailable
from shared.messaging.publisher import Publisher
from tests.unit.ingestion.desk import Desk

ALL = ["a1", "a2", "b1", "b2", "c1"]


class TurnsDesk(Desk):
    """A desk that counts how often it let others go first."""

    def __init__(self) -> None:
        super().__init__()
        self.ports = replace(self.ports, give_way=self.give_way)
        self.times = 0

    async def give_way(self) -> None:
        self.times += 1
        await asyncio.sleep(0)

    def keys_in_batches(self) -> list[str]:
        return [event.source_id for batch in self.batches() for event in batch.events]


async def test_the_next_page_is_asked_for_while_the_last_one_is_put_on_the_queue() -> None:
    desk = TurnsDesk()
    desk.script.pages = [[f"{number:04}" for number in range(EVENTS_IN_A_BATCH + 1)], ["b1"]]
    on_the_queue = list[int]()
    desk.script.before = lambda _: on_the_queue.append(len(desk.batches()))

    await desk.read(desk.message("backfill"))

    assert on_the_queue[1] < 2  # batches of the first page
    assert sorted(len(batch.events) for batch in desk.batches()) == [1, 1, EVENTS_IN_A_BATCH]


class HoldingPublisher(Publisher):
    """Every batch waits until it is let through, and goes nowhere."""

    def __init__(self, inner: Publisher) -> None:
        self._inner = inner
        self.gates: list[asyncio.Event] = []
        self.given_up = 0

    @override
    async def publish(self, *messages: Message) -> None:
        if isinstance(messages[0], IngestionBatch):
            self.gates.append(asyncio.Event())
            try:
                await self.gates[-1].wait()
            except asyncio.CancelledError:
                self.given_up += 1
                raise
        else:
            await self._inner.publish(*messages)

    @override
    async def schedule(self, message: Message, *, due_at: datetime) -> None:
        await self._inner.schedule(message, due_at=due_at)


def holding(desk: Desk) -> HoldingPublisher:
    """Such a publisher at the desk, whose first page has a batch more than are published at once."""
    desk.script.pages = [[f"{number:04}" for number in range(BATCHES_AT_ONCE * EVENTS_IN_A_BATCH + 1)], ["b1"]]
    publisher = HoldingPublisher(desk.ports.publisher)
    desk.ports = replace(desk.ports, publisher=publisher)
    return publisher


async def everybody() -> None:
    """Whoever can go on has gone on."""
    for _ in range(50):
        await asyncio.sleep(0)


async def test_the_batches_of_a_page_are_published_beside_each_other_and_its_cursor_is_saved_after_the_last_of_them() -> None:
    desk = TurnsDesk()
    publisher = holding(desk)
    reading = asyncio.create_task(desk.read(desk.message("backfill")))
    await everybody()
    assert len(publisher.gates) == BATCHES_AT_ONCE

    for number in range(BATCHES_AT_ONCE + 1):
        assert (await desk.state("backfill")).cursor is None
        assert len(publisher.gates) <= BATCHES_AT_ONCE + 1  # nothing of the next page
        publisher.gates[number].set()
        await everybody()
    assert (await desk.state("backfill")).cursor == {"page": 1}

    publisher.gates[-1].set()
    await reading


async def test_nothing_of_a_page_is_being_published_any_more_when_a_worker_is_stopped() -> None:
    desk = TurnsDesk()
    publisher = holding(desk)
    reading = asyncio.create_task(desk.read(desk.message("backfill")))
    await everybody()

    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading

    assert (publisher.given_up, (await desk.state("backfill")).cursor) == (BATCHES_AT_ONCE, None)


async def test_no_page_is_asked_for_that_this_step_will_not_read() -> None:
    desk = TurnsDesk()
    desk.ages.seconds["ingestion-events-bulk"] = 31

    await desk.read(desk.message("backfill"))

    assert len(desk.script.readings) == len(desk.batches()) == 1


async def test_a_page_that_was_read_ahead_is_forgotten_when_the_one_before_it_is_not_on_the_queue() -> None:
    desk = TurnsDesk()
    desk.pipeline.transport.fails_with = DependencyUnavailable("the broker is away")

    with pytest.raises(DependencyUnavailable):
        await desk.read(desk.message("backfill"))
    assert (await desk.state("backfill")).cursor is None

    desk.pipeline.transport.fails_with = None
    await desk.read(desk.message("backfill"))
    assert desk.keys_in_batches() == ALL


async def test_a_page_that_cannot_be_read_ahead_costs_the_one_before_it_nothing() -> None:
    desk = TurnsDesk()

    def fail_once(_: object) -> None:
        if len(desk.script.readings) == 2:
            raise DependencyUnavailable("the source is away")

    desk.script.before = fail_once

    with pytest.raises(DependencyUnavailable):
        await desk.read(desk.message("backfill"))
    assert desk.keys_in_batches() == ALL[:2]

    await desk.read(desk.message("backfill"))
    assert desk.keys_in_batches() == ALL


async def test_changes_let_nobody_go_first() -> None:
    desk = TurnsDesk()

    await desk.read(desk.message("changes"))

    assert desk.times == 0


async def test_a_back_fill_lets_others_go_first_before_each_page_and_each_batch() -> None:
    desk = TurnsDesk()

    await desk.read(desk.message("backfill"))

    assert desk.times == len(desk.script.readings) + len(desk.batches())
