"""Everything said once more, long after: no new revision, no embedding, no write."""

from collections.abc import Sequence
from typing import Final

import pytest

from devtools.fakes.pipeline import STAGES, InMemoryPipeline
from tests.unit.processors.chain.deliveries import WAYS, Choose, hand_over
from tests.unit.processors.chain.records import (
    OTHER_ACCOUNT,
    OWNER,
    account,
    again,
    chunks,
    contact,
    deal,
    gone,
    say,
)

ways: Final = pytest.mark.parametrize("choose", WAYS, ids=lambda way: way.__name__.strip("_"))


async def a_story() -> InMemoryPipeline:
    """A placeholder that is filled, edits, an edge that moves, other readers, a text that goes and comes back, a delete."""
    pipeline = InMemoryPipeline()
    await say(pipeline, deal())
    await say(pipeline, contact(), account())
    await say(pipeline, account(saved=1, Description="They make anvils.\n\nThey fly."), deal(saved=1, AccountId=OTHER_ACCOUNT))
    await say(pipeline, account(saved=2))
    await say(pipeline, account(saved=3, OwnerId=OWNER))
    await say(pipeline, contact(saved=3, Description="Left."), contact(saved=4), gone(contact(), saved=5))
    pipeline.clock.advance(seconds=2 * 3600)
    return pipeline


def costs(pipeline: InMemoryPipeline) -> tuple[int, int, Sequence[str]]:
    """Writes, refused ones too, and all that was ever embedded."""
    return pipeline.shards.writes, pipeline.chunks.writes, tuple(pipeline.embedder.texts)


@ways
async def test_every_event_again_is_no_revision_no_embedding_and_no_write(choose: Choose) -> None:
    pipeline = await a_story()
    before = pipeline.shards.all(), chunks(pipeline), costs(pipeline)
    sent = list(pipeline.transport.sent)

    await pipeline.transport.send(*[again(each) for each in sent if each.queue == STAGES[0]])
    await hand_over(pipeline, choose)

    assert (pipeline.shards.all(), chunks(pipeline), costs(pipeline)) == before
    assert {each.queue for each in pipeline.transport.sent[len(sent) :]} == {"ingestion-events"}


@ways
@pytest.mark.parametrize("queue", [*STAGES, "all of them"])
async def test_every_message_ever_sent_again_is_no_revision_no_embedding_and_no_write(queue: str, choose: Choose) -> None:
    pipeline = await a_story()
    before = pipeline.shards.all(), chunks(pipeline), costs(pipeline)

    await pipeline.transport.send(*[again(each) for each in pipeline.transport.sent if queue in (each.queue, "all of them")])
    await hand_over(pipeline, choose)

    assert (pipeline.shards.all(), chunks(pipeline), costs(pipeline)) == before


async def test_replaying_twice_is_as_replaying_once() -> None:
    pipeline = await a_story()
    before = pipeline.shards.all(), chunks(pipeline), costs(pipeline)
    everything = list(pipeline.transport.sent)

    for number in (1, 2):
        await pipeline.transport.send(*[again(each, number) for each in everything])
        await hand_over(pipeline, WAYS[0])

    assert (pipeline.shards.all(), chunks(pipeline), costs(pipeline)) == before
