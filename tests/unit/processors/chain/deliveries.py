"""A broker that hands over one message at a time, and who decides which."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Final

from devtools.fakes.pipeline import STAGES, InMemoryPipeline
from shared.messaging.envelope import Envelope
from tests.unit.processors.chain.records import again

Choose = Callable[[Sequence[Envelope]], int]


def _oldest_first(_: Sequence[Envelope]) -> int:
    return 0


def _newest_first(_: Sequence[Envelope]) -> int:
    """Every message is followed to the end of the pipeline before the next is looked at."""
    return -1


def _stage_by_stage(due: Sequence[Envelope]) -> int:
    return min(range(len(due)), key=lambda index: STAGES.index(due[index].queue))


def _backwards(due: Sequence[Envelope]) -> int:
    """The newest of the earliest stage: every queue is turned around."""
    return min(range(len(due)), key=lambda index: (STAGES.index(due[index].queue), -index))


WAYS: Final[Sequence[Choose]] = (_oldest_first, _newest_first, _stage_by_stage, _backwards)


def any_of(random: Random) -> Choose:
    """Any message, of any queue."""
    return lambda due: random.randrange(len(due))


async def hand_over(pipeline: InMemoryPipeline, choose: Choose, *, twice: Callable[[], bool] = lambda: False) -> None:
    """Deliver until nothing waits. ``twice`` says of each message whether it comes once more, past the broker's memory."""
    copies = 0
    while waiting := [each for queue in STAGES for each in pipeline.transport.on(queue)]:
        due = [each for each in pipeline.transport.waiting if each in waiting and (each.due_at is None or each.due_at <= pipeline.clock())]
        if not due:
            pipeline.clock.advance(seconds=61)
            continue
        chosen = due[choose(due)]
        if twice():
            copies += 1
            await pipeline.transport.send(again(chosen, copies))
        await pipeline.transport.hand_over(chosen, pipeline.worker(chosen.queue))
