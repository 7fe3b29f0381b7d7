"""The tasks that encode batches: when they end, on which event loop they are, and in whose context."""

import asyncio
import contextvars
from collections.abc import Sequence
from typing import Any

import pytest
from typing_extensions import override

from shared.embeddings.embedder import Vector
from shared.errors import DependencyUnavailable
from tests.unit.shared.embeddings.gathering_models import CountingModel, HeldModel, embedder_of, started, turns, vector_of


async def test_closing_stops_the_batch_and_leaves_nobody_waiting() -> None:
    model = HeldModel()
    embedder = embedder_of(model)
    running = started(embedder.embed(["a"]))
    await turns()
    queued = started(embedder.embed(["b"]))
    await turns()

    await embedder.close()
    await turns()

    for task in (running, queued):
        assert isinstance(task.exception(), DependencyUnavailable)
    assert others() == set()


async def test_closing_before_a_batch_has_begun_leaves_nobody_waiting_either() -> None:
    embedder = embedder_of(HeldModel())
    caller = started(embedder.embed(["a"]))
    await asyncio.sleep(0)

    await embedder.close()

    with pytest.raises(DependencyUnavailable, match="stopped"):
        await caller


async def test_it_serves_again_after_it_was_closed() -> None:
    embedder = embedder_of(CountingModel())
    await embedder.close()

    assert await embedder.embed(["a"]) == [vector_of("a")]


async def test_no_task_is_left_when_nobody_waits() -> None:
    embedder = embedder_of(CountingModel())

    await asyncio.gather(*(embedder.embed([str(number)]) for number in range(20)))
    await turns()

    assert others() == set()


async def test_who_comes_as_a_batch_ends_is_served_too() -> None:
    embedder = embedder_of(CountingModel(), remembered=0)

    async def again_and_again(name: str) -> None:
        for number in range(50):
            async with asyncio.timeout(5):
                await embedder.embed([f"{name} {number}"])

    await asyncio.gather(*(again_and_again(name) for name in "abc"))


def test_it_may_be_used_on_one_event_loop_after_another() -> None:
    model = HeldModel()
    embedder = embedder_of(model)

    async def left_in_the_middle() -> None:
        caller = started(embedder.embed(["a"]))
        await turns()
        assert not caller.done()

    async def served() -> list[Vector]:
        caller = started(embedder.embed(["a"]))
        await turns()
        model.held.pop(0)
        await model.let_go()
        return await caller

    asyncio.run(left_in_the_middle())

    assert asyncio.run(served()) == [vector_of("a")]


def test_a_loop_that_was_left_without_its_end_does_not_block_the_next_one() -> None:
    model = HeldModel()
    embedder = embedder_of(model)
    stopped = asyncio.new_event_loop()
    caller = stopped.create_task(embedder.embed(["a"]))
    stopped.run_until_complete(turns())

    async def served() -> list[Vector]:
        task = started(embedder.embed(["b"]))
        await turns()
        model.held.pop(0)
        await model.let_go()
        return await task

    assert asyncio.run(served()) == [vector_of("b")]
    for task in asyncio.all_tasks(stopped):
        task.cancel()
    stopped.run_until_complete(asyncio.gather(caller, return_exceptions=True))
    stopped.run_until_complete(turns())
    stopped.close()


SPAN: contextvars.ContextVar[str] = contextvars.ContextVar("span", default="none")


class TracedModel(CountingModel):
    """Keeps in whose context it was asked."""

    seen = "nothing"

    @override
    async def encode(self, texts: Sequence[str]) -> list[Vector]:
        self.seen = SPAN.get()
        return await super().encode(texts)


async def test_a_batch_is_no_part_of_the_trace_of_who_came_first() -> None:
    model = TracedModel()
    SPAN.set("the first caller's")

    await embedder_of(model).embed(["a"])

    assert model.seen == "none"


def others() -> set[asyncio.Task[Any]]:
    return {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}
