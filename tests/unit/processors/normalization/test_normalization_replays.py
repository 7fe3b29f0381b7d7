"""The same record seen again: nothing is stored twice, nothing costs a write that need not be, nothing is announced for nothing."""

import pytest
from typing_extensions import override

from devtools.fakes.pipeline import InMemoryPipeline
from shared.contracts.ingestion import IngestionEvent
from shared.errors import DependencyUnavailable
from shared.messaging.outcomes import Stored, Unchanged
from shared.shards.model import Enriched, Processing, Shard
from shared.shards.store import Change
from tests.unit.processors.normalization.opportunities import (
    announced,
    deletion,
    feed,
    opportunity,
    queue_and_run,
    run_to_the_end,
    sent_to,
    the_shard,
)


class Stamp(Change):
    """What enrichment will do: stamp the revision it has worked on."""

    def __init__(self, revision: int) -> None:
        self.revision = revision

    @override
    def paths(self) -> dict[str, object]:
        return {"processing": Processing(enriched=Enriched(revision=self.revision, edge_set_hash="0")).model_dump(by_alias=True)}


async def enrich(pipeline: InMemoryPipeline) -> Shard:
    shard = the_shard(pipeline)
    await pipeline.shards.change(shard, Stamp(shard.revision_number))
    pipeline.shards.reads = pipeline.shards.writes = 0
    return the_shard(pipeline)


GONE = DependencyUnavailable("the broker is away")


# Ten times


async def test_the_same_message_ten_times_is_one_revision_of_one_shard() -> None:
    pipeline = InMemoryPipeline()

    await queue_and_run(pipeline, [opportunity()] * 10)

    assert the_shard(pipeline).revision_number == 1
    assert pipeline.transport.duplicates_dropped >= 9


async def test_the_same_message_ten_times_past_the_brokers_memory_is_one_revision_too() -> None:
    pipeline = InMemoryPipeline()

    for _ in range(10):
        await queue_and_run(pipeline, [opportunity()])
        pipeline.clock.advance(seconds=2 * 3600)

    assert pipeline.transport.duplicates_dropped == 0
    assert the_shard(pipeline).revision_number == 1


async def test_one_version_observed_ten_times_at_different_moments_is_one_revision() -> None:
    pipeline = InMemoryPipeline()

    outcomes = await feed(pipeline, *[opportunity(seen=moment) for moment in (5, 3, 9, 0, 1, 8, 2, 7, 4, 6)])

    assert isinstance(outcomes[0], Stored)
    assert all(isinstance(outcome, Unchanged) for outcome in outcomes[1:])
    assert the_shard(pipeline).revision_number == 1


async def test_two_tenants_with_the_same_record_have_two_shards() -> None:
    pipeline = InMemoryPipeline()

    await queue_and_run(pipeline, [opportunity(tenant="acme"), opportunity(tenant="globex", Amount=1.0)])

    amounts = {shard.tenant_id: shard.structured_data["amount"] for shard in pipeline.shards.all()}
    assert amounts == {"acme": 50000, "globex": 1}
    assert len({shard.id for shard in pipeline.shards.all()}) == 2


# What it costs


async def test_an_unchanged_replay_costs_one_read_and_no_write() -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, opportunity())
    pipeline.shards.reads = pipeline.shards.writes = 0

    await feed(pipeline, opportunity())
    await feed(pipeline, opportunity(seen=30))

    assert (pipeline.shards.reads, pipeline.shards.writes) == (2, 0)


@pytest.mark.parametrize(
    "event", [opportunity(saved=1, Amount=1.0), opportunity(saved=1), deletion(saved=1)], ids=["edit", "stamp", "delete"]
)
async def test_news_costs_one_read_and_one_write(event: IngestionEvent) -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, opportunity())
    pipeline.shards.reads = pipeline.shards.writes = 0

    await feed(pipeline, event)

    assert (pipeline.shards.reads, pipeline.shards.writes) == (1, 1)


async def test_a_new_record_costs_one_read_and_one_write() -> None:
    pipeline = InMemoryPipeline()

    await feed(pipeline, opportunity())

    assert (pipeline.shards.reads, pipeline.shards.writes) == (1, 1)


async def test_an_older_version_costs_one_read_and_no_write() -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, opportunity(saved=5))
    pipeline.shards.reads = pipeline.shards.writes = 0

    await feed(pipeline, opportunity(saved=1, Amount=1.0))

    assert (pipeline.shards.reads, pipeline.shards.writes) == (1, 0)


# Announcing


async def test_every_revision_is_announced_once_with_its_correlation_id() -> None:
    pipeline = InMemoryPipeline()

    await queue_and_run(pipeline, [opportunity()])
    await queue_and_run(pipeline, [opportunity(saved=1, Amount=1.0)])

    shard = the_shard(pipeline)
    said = [(emitted.tenant_id, emitted.shard_id, emitted.revision, emitted.cause) for emitted in announced(pipeline)]
    assert said == [("acme", shard.id, 1, "content"), ("acme", shard.id, 2, "content")]
    assert [emitted.shard_type_id for emitted in announced(pipeline)] == ["c_opportunity"] * 2
    assert {emitted.correlation_id for emitted in announced(pipeline)} == {"c0ffee"}


async def test_a_crash_between_write_and_publish_is_made_good_by_the_next_delivery_with_the_same_message_id() -> None:
    crashing, well = InMemoryPipeline(), InMemoryPipeline()
    crashing.transport.fails_with = GONE
    with pytest.raises(DependencyUnavailable):
        await feed(crashing, opportunity())
    assert (the_shard(crashing).revision_number, announced(crashing)) == (1, [])

    crashing.transport.fails_with = None
    await feed(crashing, opportunity())
    await feed(well, opportunity())

    [late], [usual] = sent_to(crashing, "shard-emission"), sent_to(well, "shard-emission")
    assert the_shard(crashing).revision_number == 1
    assert late.id == usual.id


@pytest.mark.parametrize(
    "next_event", [opportunity(saved=5), opportunity(saved=9), opportunity(saved=1, Amount=1.0)], ids=["same", "later version", "older"]
)
async def test_whatever_comes_next_announces_what_was_left_unannounced(next_event: IngestionEvent) -> None:
    pipeline = InMemoryPipeline()
    pipeline.transport.fails_with = GONE
    with pytest.raises(DependencyUnavailable):
        await feed(pipeline, opportunity(saved=5))
    pipeline.transport.fails_with = None

    await feed(pipeline, next_event)

    assert [emitted.revision for emitted in announced(pipeline)] == [1]


async def test_a_publish_that_fails_brings_the_message_back_until_it_is_announced() -> None:
    pipeline = InMemoryPipeline()
    await pipeline.publisher.publish(opportunity())
    pipeline.transport.fails_with = GONE
    with pytest.raises(ExceptionGroup, match="abandoned"):
        await pipeline.run()
    assert announced(pipeline) == []

    pipeline.transport.fails_with = None
    await run_to_the_end(pipeline)

    assert [emitted.revision for emitted in announced(pipeline)] == [1]
    assert the_shard(pipeline).revision_number == 1


@pytest.mark.parametrize(
    "event", [opportunity(saved=5), opportunity(saved=5, seen=50), opportunity(saved=9), opportunity(saved=1, Amount=1.0)],
    ids=["same", "seen again", "later version", "older"],
)  # fmt: skip
async def test_nothing_is_announced_once_enrichment_has_stamped_the_revision(event: IngestionEvent) -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, opportunity(saved=5))
    await enrich(pipeline)
    pipeline.clock.advance(seconds=2 * 3600)

    await feed(pipeline, event)

    assert [emitted.revision for emitted in announced(pipeline)] == [1]


async def test_news_is_announced_after_enrichment_has_stamped_the_revision_before() -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, opportunity())
    await enrich(pipeline)

    await feed(pipeline, opportunity(saved=1, Amount=1.0))

    assert [emitted.revision for emitted in announced(pipeline)] == [1, 2]
    assert the_shard(pipeline).processing.enriched == Enriched(revision=1, edge_set_hash="0")
