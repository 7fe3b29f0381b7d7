"""What enrichment writes: its own two fields, once, and nothing when there is nothing new."""

import pytest

from devtools.fakes.pipeline import InMemoryPipeline
from shared import topology
from shared.access.acl import TENANT, readers
from shared.contracts.enrichment_done import EnrichmentDone
from shared.contracts.shard_emitted import ShardEmitted
from shared.errors import DependencyUnavailable
from shared.messaging.outcomes import Ignored, Stored, Unchanged
from shared.shards.carried import CarriedShard
from shared.shards.model import Enriched, Shard
from shared.shards.store import LinksChange, VectorsChange
from tests.unit.processors.chain.records import (
    ACCOUNT,
    ACCOUNT_SHARD,
    OPPORTUNITY_SHARD,
    account,
    contact,
    deal,
    emitted,
    say,
    shard,
    share,
)


def announced(pipeline: InMemoryPipeline) -> list[EnrichmentDone]:
    """What the next stage was told."""
    return [EnrichmentDone.decode(each.body) for each in pipeline.transport.sent if each.queue == topology.ENRICHMENT_JOBS]


async def normalized(pipeline: InMemoryPipeline) -> ShardEmitted:
    """The deal is stored, its account too, and the announcement is on its way."""
    await say(pipeline, account())
    await pipeline.normalize(deal())
    [waiting] = pipeline.transport.on(topology.SHARD_EMISSION)
    pipeline.transport.waiting.clear()
    return ShardEmitted.decode(waiting.body)


def test_a_change_of_links_names_the_edges_and_the_stamp_and_no_other_field() -> None:
    change = LinksChange(({"id": "1"},), Enriched(revision=3, edge_set_hash="h"))

    assert change.paths() == {
        "internal_relationships": [{"id": "1"}],
        "processing": {"enriched": {"revision": 3, "edgeSetHash": "h"}},
    }


async def test_the_edges_are_written_with_the_stamp_and_the_rest_of_the_shard_stays() -> None:
    pipeline = InMemoryPipeline()
    message = await normalized(pipeline)
    before, writes = await shard(pipeline, OPPORTUNITY_SHARD), pipeline.shards.writes

    outcome = await pipeline.enrich(message)

    after = await shard(pipeline, OPPORTUNITY_SHARD)
    changed = {name for name, value in after.document().items() if before.document().get(name) != value}
    assert outcome == Stored(OPPORTUNITY_SHARD, 1, reason="links")
    assert changed == {"internal_relationships", "processing", "linking"}
    assert after.processing.enriched is not None
    assert (after.processing.enriched.revision, after.revision_number) == (1, 1)
    assert pipeline.shards.writes - writes == 1


async def test_links_never_raise_the_revision() -> None:
    pipeline = InMemoryPipeline()

    await say(pipeline, deal(), contact(), account())

    assert {one.id: one.revision_number for one in pipeline.shards.all()} == {
        "eef9768cb2c8c1228dcca3b6992e3031": 1,
        "5b4d93f2f041fb3c5b7d3d6d109aaaa5": 1,
        "b991eadc1580fc28d85528aae0e41b2b": 1,
    }


async def test_a_new_revision_with_the_same_links_moves_the_stamp_and_is_passed_on() -> None:
    pipeline = InMemoryPipeline()
    await say(pipeline, account(), deal())
    before = await shard(pipeline, OPPORTUNITY_SHARD)

    await say(pipeline, deal(saved=1, NextStep="Call the road runner"))

    after = await shard(pipeline, OPPORTUNITY_SHARD)
    assert before.processing.enriched is not None
    assert after.processing.enriched == before.processing.enriched.model_copy(update={"revision": 2})
    assert [done.revision for done in announced(pipeline) if done.shard_id == OPPORTUNITY_SHARD] == [1, 2]


async def test_what_is_passed_on_says_revision_edges_and_correlation_and_carries_the_shard() -> None:
    pipeline = InMemoryPipeline()
    message = await normalized(pipeline)

    await pipeline.enrich(message)

    done, stored = announced(pipeline)[-1], await shard(pipeline, OPPORTUNITY_SHARD)
    assert (done.tenant_id, done.shard_id, done.shard_type_id, done.revision) == ("acme", OPPORTUNITY_SHARD, "c_opportunity", 1)
    assert done.correlation_id == "c0ffee"
    assert stored.processing.enriched is not None
    assert done.edge_set_hash == stored.processing.enriched.edge_set_hash
    assert done.carried is not None
    assert done.carried.restored() == stored


@pytest.mark.parametrize("cause", ["content", "acl", "relink:00000000000000000000000000000000"])
async def test_enriching_again_with_nothing_new_writes_nothing_and_tells_nobody(cause: str) -> None:
    pipeline = InMemoryPipeline()
    await say(pipeline, account(), deal())
    writes, sent = pipeline.shards.writes, len(pipeline.transport.sent)

    outcome = await pipeline.enrich(emitted(await shard(pipeline, OPPORTUNITY_SHARD), cause=cause))

    assert outcome == Unchanged("same links")
    assert (pipeline.shards.writes, len(pipeline.transport.sent)) == (writes, sent)


async def test_a_revision_that_was_linked_and_not_passed_on_is_passed_on_by_the_next_delivery() -> None:
    pipeline = InMemoryPipeline()
    await say(pipeline, account(), deal())
    await pipeline.normalize(deal(saved=1, NextStep="Call the road runner"))
    message = emitted(await shard(pipeline, OPPORTUNITY_SHARD))
    pipeline.transport.fails_with = DependencyUnavailable("the broker is away")
    with pytest.raises(DependencyUnavailable):
        await pipeline.enrich(message)
    pipeline.transport.fails_with = None

    outcome = await pipeline.enrich(message)

    assert outcome == Unchanged("same links")
    assert [done.revision for done in announced(pipeline) if done.shard_id == OPPORTUNITY_SHARD] == [1, 2]


async def test_a_new_access_list_is_passed_on_though_the_links_are_the_same() -> None:
    pipeline = InMemoryPipeline()
    await say(pipeline, account(), deal())

    message = await share(pipeline, OPPORTUNITY_SHARD, readers([TENANT]))
    await pipeline.enrich(message)

    assert [done.revision for done in announced(pipeline) if done.shard_id == OPPORTUNITY_SHARD] == [1, 2]


async def test_a_message_whose_shard_is_gone_is_left_out_and_makes_no_placeholder() -> None:
    pipeline = InMemoryPipeline()
    message = await normalized(pipeline)
    pipeline.shards.expire("acme", OPPORTUNITY_SHARD)
    pipeline.clock.advance(seconds=61)

    outcome = await pipeline.enrich(message)

    assert outcome == Ignored("the shard is gone")
    assert [one.shard_type_id for one in pipeline.shards.all()] == ["c_account"]


async def test_a_shard_that_went_while_it_was_carried_is_not_brought_back() -> None:
    pipeline = InMemoryPipeline()
    message = await normalized(pipeline)
    pipeline.shards.expire("acme", OPPORTUNITY_SHARD)

    outcome = await pipeline.enrich(message)

    assert message.carried is not None
    assert outcome == Ignored("the shard is gone")
    assert [one.shard_type_id for one in pipeline.shards.all()] == ["c_account"]


async def test_a_late_message_of_an_old_revision_links_the_shard_as_it_is() -> None:
    pipeline = InMemoryPipeline()
    message = await normalized(pipeline)
    await pipeline.normalize(deal(saved=1, AccountId=None))

    await pipeline.enrich(message)

    after = await shard(pipeline, OPPORTUNITY_SHARD)
    assert after.internal_relationships == ()
    assert after.processing.enriched is not None
    assert after.processing.enriched.revision == 2
    assert announced(pipeline)[-1].revision == 2


async def test_a_shard_that_is_carried_saves_its_read() -> None:
    pipeline = InMemoryPipeline()
    message = await normalized(pipeline)
    pipeline.known.add("acme", ACCOUNT_SHARD)
    reads = pipeline.shards.reads

    await pipeline.enrich(message)

    assert pipeline.shards.reads == reads


async def test_a_carried_state_that_was_overtaken_by_vectors_costs_one_refused_write_and_one_read() -> None:
    pipeline = InMemoryPipeline()
    await say(pipeline, account(), deal())
    known = await shard(pipeline, OPPORTUNITY_SHARD)
    changed = await shard_after_edit(pipeline)
    assert known.vectors is not None
    await pipeline.shards.change(changed, VectorsChange(known.vectors))
    reads, writes = pipeline.shards.reads, pipeline.shards.writes

    message = emitted(changed).model_copy(update={"carried": CarriedShard.of(changed, at=pipeline.clock())})
    outcome = await pipeline.enrich(message)

    assert outcome == Stored(OPPORTUNITY_SHARD, 2, reason="links")
    assert (pipeline.shards.reads - reads, pipeline.shards.writes - writes) == (1, 2)
    assert (await shard(pipeline, OPPORTUNITY_SHARD)).structured_data["accountId"] == ACCOUNT


async def shard_after_edit(pipeline: InMemoryPipeline) -> Shard:
    """The deal in its second revision, announced to nobody."""
    await pipeline.normalize(deal(saved=1, Amount=1.0))
    pipeline.transport.waiting.clear()
    return await shard(pipeline, OPPORTUNITY_SHARD)
