"""In whatever order records arrive and messages are delivered: the same graph and the same chunks."""

import itertools
from collections.abc import Sequence
from typing import Final

import pytest

from devtools.fakes.pipeline import InMemoryPipeline
from shared.contracts.ingestion import IngestionEvent
from shared.messaging.envelope import Envelope
from tests.unit.processors.chain.deliveries import WAYS, Choose, hand_over
from tests.unit.processors.chain.records import (
    ACCOUNT_SHARD,
    CONTACT_SHARD,
    OPPORTUNITY_SHARD,
    account,
    again,
    chunks,
    contact,
    deal,
    graph,
    one_after_the_other,
    unfinished,
)

THREE: Final = (account(), contact(), deal())


async def arrived(order: Sequence[tuple[int, IngestionEvent]], choose: Choose) -> InMemoryPipeline:
    """Every event in this order, and a number above 0 for one that comes once more."""
    pipeline = InMemoryPipeline()
    for number, event in order:
        envelope = Envelope.of(event, traceparent=None)
        await pipeline.transport.send(again(envelope, number) if number else envelope)
    await hand_over(pipeline, choose)
    return pipeline


async def test_three_records_end_as_two_edges_and_six_chunks() -> None:
    pipeline = await one_after_the_other(*THREE)

    seen = {shard_id: one for (_, shard_id), one in graph(pipeline).items()}
    assert {shard_id: [edge["targetShardId"] for edge in one["to"]] for shard_id, one in seen.items()} == {
        ACCOUNT_SHARD: [],
        CONTACT_SHARD: [ACCOUNT_SHARD],
        OPPORTUNITY_SHARD: [ACCOUNT_SHARD],
    }
    assert {shard_id: len(items) for (_, shard_id), items in chunks(pipeline).items()} == {
        ACCOUNT_SHARD: 4,
        CONTACT_SHARD: 1,
        OPPORTUNITY_SHARD: 1,
    }
    assert {tuple(chunk["principals"]) for items in chunks(pipeline).values() for chunk in items.values()} == {("admins",)}


@pytest.mark.parametrize("choose", WAYS, ids=lambda way: way.__name__.strip("_"))
async def test_every_order_of_arrival_gives_the_same_graph_and_chunks(choose: Choose) -> None:
    alone = await one_after_the_other(*THREE)

    for order in itertools.permutations(THREE):
        pipeline = await arrived([(0, event) for event in order], choose)

        assert graph(pipeline) == graph(alone)
        assert chunks(pipeline) == chunks(alone)
        assert unfinished(pipeline) == []
        assert sorted(pipeline.embedder.texts) == sorted(alone.embedder.texts)


async def test_every_order_of_arrival_settled_in_between_gives_the_same_graph_and_chunks() -> None:
    alone = await one_after_the_other(*THREE)

    for order in itertools.permutations(THREE):
        pipeline = await one_after_the_other(*order)

        assert graph(pipeline) == graph(alone)
        assert chunks(pipeline) == chunks(alone)
        assert sorted(pipeline.embedder.texts) == sorted(alone.embedder.texts)


async def test_every_order_of_arrival_with_each_record_twice_gives_the_same_graph_and_chunks() -> None:
    alone = await one_after_the_other(*THREE)
    twice = sorted(set(itertools.permutations([0, 0, 1, 1, 2, 2])))

    for index, order in enumerate(twice):
        numbered = [(order[:place].count(which), THREE[which]) for place, which in enumerate(order)]
        pipeline = await arrived(numbered, WAYS[index % len(WAYS)])

        assert graph(pipeline) == graph(alone)
        assert chunks(pipeline) == chunks(alone)
        assert unfinished(pipeline) == []
        assert sorted(pipeline.embedder.texts) == sorted(alone.embedder.texts)
    assert len(twice) == 90
