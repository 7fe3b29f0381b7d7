"""A back-fill reads ahead while it publishes, and lets others go first."""

import asyncio
from dataclasses import replace

import pytest

from ingestion.poller import EVENTS_IN_A_BATCH
from shared.errors import DependencyUnavailable
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

    assert on_the_queue == [0, 1]  # of the two batches of the first page
    assert [len(batch.events) for batch in desk.batches()] == [EVENTS_IN_A_BATCH, 1, 1]


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
