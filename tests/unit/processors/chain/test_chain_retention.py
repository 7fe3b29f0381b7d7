"""A shard that is removed when its retention is over, and made again: revisions start at one, and messages of its earlier life are late."""

import pytest

from devtools.fakes.pipeline import STAGES, InMemoryPipeline
from shared import topology
from tests.unit.processors.chain.deliveries import WAYS, Choose, hand_over
from tests.unit.processors.chain.records import (
    ACCOUNT_SHARD,
    account,
    again,
    chunks,
    gone,
    graph,
    say,
    settle,
    shard,
    unfinished,
)

X, Y, Z = "They make anvils.", "They make rockets.", "They make skates."


async def embedded() -> InMemoryPipeline:
    """A company, embedded."""
    pipeline = InMemoryPipeline()
    await say(pipeline, account(Description=X))
    return pipeline


async def test_a_record_that_is_deleted_waits_ninety_days_without_a_passage_and_an_undelete_revives_both() -> None:
    pipeline = await embedded()
    before = await shard(pipeline, ACCOUNT_SHARD), chunks(pipeline)

    await say(pipeline, gone(account(Description=X), saved=1))

    waiting = await shard(pipeline, ACCOUNT_SHARD)
    assert (waiting.status, waiting.ttl, waiting.structured_data) == ("deleted", 90 * 24 * 3600, before[0].structured_data)
    assert chunks(pipeline) == {}

    await say(pipeline, account(saved=2, Description=X))

    revived = await shard(pipeline, ACCOUNT_SHARD)
    assert (revived.status, revived.ttl, revived.structured_data) == ("active", -1, before[0].structured_data)
    assert chunks(pipeline) == before[1]
    assert unfinished(pipeline) == []


async def test_a_deletion_of_the_vendors_log_says_nothing_and_still_takes_the_passages() -> None:
    pipeline = await embedded()

    await say(pipeline, account(saved=1).model_copy(update={"event_type": "delete", "payload": None}))

    waiting = await shard(pipeline, ACCOUNT_SHARD)
    assert (waiting.status, waiting.structured_data["name"]) == ("deleted", "Acme Anvils")
    assert chunks(pipeline) == {}


async def test_a_shard_whose_retention_is_over_and_whose_record_comes_back_starts_anew() -> None:
    pipeline = await embedded()
    await say(pipeline, account(saved=1, Description=Y), account(saved=2, Description=Z), gone(account(), saved=3))
    pipeline.shards.expire("acme", ACCOUNT_SHARD)
    pipeline.clock.advance(seconds=3600)

    await say(pipeline, account(saved=9, Description=X))

    known = await shard(pipeline, ACCOUNT_SHARD)
    assert known.vectors is not None
    assert (known.revision_number, known.vectors.revision, known.vectors.chunk_count) == (1, 1, 2)
    assert len(pipeline.chunks.of("acme", ACCOUNT_SHARD)) == 2


@pytest.mark.parametrize("choose", WAYS, ids=lambda way: way.__name__.strip("_"))
async def test_a_shard_that_started_anew_keeps_up_with_its_edits(choose: Choose) -> None:
    quiet, pipeline = InMemoryPipeline(), await embedded()
    await say(quiet, account(Description=Z))
    for second in range(1, 6):
        await say(pipeline, account(saved=second, Description=(X, Y)[second % 2]))
    pipeline.shards.expire("acme", ACCOUNT_SHARD)  # at once: the chunks of its sixth revision are still there
    pipeline.clock.advance(seconds=3600)

    await pipeline.publisher.publish(*[account(saved=10 + n, Description=text) for n, text in enumerate((X, Y, X, Y, X, Y, Z))])
    await hand_over(pipeline, choose)

    assert chunks(pipeline) == chunks(quiet)
    assert unfinished(pipeline) == []


async def test_a_request_for_a_shard_that_is_gone_leaves_no_chunk() -> None:
    pipeline = await embedded()
    await pipeline.publisher.publish(account(saved=1, Description=Y))
    for queue in STAGES[:3]:
        await pipeline.transport.drain(queue, pipeline.worker(queue))
    pipeline.shards.expire("acme", ACCOUNT_SHARD)

    await settle(pipeline)

    assert chunks(pipeline) == {}


@pytest.mark.parametrize("choose", WAYS, ids=lambda way: way.__name__.strip("_"))
async def test_messages_of_an_earlier_life_change_nothing_of_a_shard_that_started_anew(choose: Choose) -> None:
    pipeline = await embedded()
    await say(pipeline, account(saved=1, Description=Y), account(saved=2, Description=Z))
    pipeline.shards.expire("acme", ACCOUNT_SHARD)
    pipeline.clock.advance(seconds=3600)
    earlier = [each for each in pipeline.transport.sent if each.queue != topology.INGESTION_EVENTS]
    await say(pipeline, account(saved=9, Description=X))
    before = chunks(pipeline), graph(pipeline)

    await pipeline.transport.send(*[again(each) for each in earlier])
    await hand_over(pipeline, choose)

    assert (chunks(pipeline), graph(pipeline)) == before


async def test_a_request_for_a_shard_that_is_gone_embeds_nothing_when_it_comes_again() -> None:
    pipeline = await embedded()
    pipeline.shards.expire("acme", ACCOUNT_SHARD)
    [request] = [each for each in pipeline.transport.sent if each.queue == topology.EMBEDDING_JOBS]
    await pipeline.transport.send(again(request))
    await settle(pipeline)
    pipeline.embedder.texts.clear()

    await pipeline.transport.send(again(request, 2))
    await settle(pipeline)

    assert chunks(pipeline) == {}
    assert pipeline.embedder.texts == []
