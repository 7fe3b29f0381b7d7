"""Edges to a record that was merged lead to the survivor, whoever remembers the loser, and whenever the merge is heard of."""

from collections.abc import Sequence
from typing import Any

import pytest

from devtools.fakes.pipeline import InMemoryPipeline
from shared import topology
from shared.contracts.ingestion import IngestionEvent
from shared.contracts.shard_emitted import ShardEmitted
from shared.shards.known import KnownShards
from shared.shards.model import Enriched
from shared.shards.store import LinksChange
from tests.unit.processors.chain.interleavings import Work, alone, every_order, stepped, working
from tests.unit.processors.chain.records import (
    ACCOUNT,
    ACCOUNT_SHARD,
    CONTACT_SHARD,
    OPPORTUNITY_SHARD,
    OTHER_ACCOUNT,
    OTHER_ACCOUNT_SHARD,
    account,
    chunks,
    contact,
    deal,
    graph,
    merged,
    say,
    settle,
    shard,
    unfinished,
)
from tests.unit.processors.normalization.opportunities import announced

MERGE = merged(account(), OTHER_ACCOUNT, saved=5)
SURVIVOR = account(record=OTHER_ACCOUNT, Name="Globex")


async def targets(pipeline: InMemoryPipeline) -> list[Any]:
    return [edge["targetShardId"] for edge in (await shard(pipeline, OPPORTUNITY_SHARD)).internal_relationships]


async def test_an_edge_to_a_loser_is_led_to_the_survivor_and_says_what_it_was_made_from() -> None:
    pipeline = InMemoryPipeline()
    await say(pipeline, account(), SURVIVOR, deal())
    revision = (await shard(pipeline, OPPORTUNITY_SHARD)).revision_number

    await say(pipeline, MERGE)

    known = await shard(pipeline, OPPORTUNITY_SHARD)
    [edge] = known.internal_relationships
    assert (edge["targetShardId"], edge["targetShardTypeId"], edge["relationshipType"]) == (
        OTHER_ACCOUNT_SHARD,
        "c_account",
        "opportunity_for",
    )
    assert edge["metadata"]["evidence"][0]["value"] == ACCOUNT  # type: ignore[index,call-overload]  # JSON
    assert known.revision_number == revision
    assert unfinished(pipeline) == []


async def test_a_record_that_names_a_loser_later_is_led_to_the_survivor_too() -> None:
    pipeline = InMemoryPipeline()
    await say(pipeline, account(), SURVIVOR, MERGE)

    await say(pipeline, deal(saved=9))

    assert await targets(pipeline) == [OTHER_ACCOUNT_SHARD]


async def test_a_worker_that_remembers_the_loser_does_not_lead_the_edge_back() -> None:
    pipeline = InMemoryPipeline()
    await say(pipeline, account(), SURVIVOR, deal())
    remembering = KnownShards(pipeline.clock)
    remembering.add("acme", ACCOUNT_SHARD)
    await pipeline.normalize(MERGE)
    await pipeline.run_all()
    assert await targets(pipeline) == [OTHER_ACCOUNT_SHARD]

    pipeline.known = remembering
    await pipeline.publisher.publish(deal(saved=6, Amount=1.0))
    await pipeline.run_all()

    assert await targets(pipeline) == [OTHER_ACCOUNT_SHARD]


async def test_an_edge_that_a_worker_makes_from_memory_is_put_right_when_it_has_forgotten() -> None:
    pipeline = InMemoryPipeline()
    await say(pipeline, account(), SURVIVOR)
    pipeline.known.add("acme", ACCOUNT_SHARD)
    await pipeline.normalize(MERGE)
    await pipeline.publisher.publish(deal())
    await pipeline.run_all()
    assert await targets(pipeline) == [ACCOUNT_SHARD]  # an alias: whoever follows it gets to the survivor

    await settle(pipeline)

    assert await targets(pipeline) == [OTHER_ACCOUNT_SHARD]


async def test_an_edge_that_was_led_to_the_survivor_leads_back_when_the_loser_is_there_again() -> None:
    pipeline = InMemoryPipeline()
    of_the_survivor = contact(AccountId=OTHER_ACCOUNT)
    await say(pipeline, account(), SURVIVOR, deal(), of_the_survivor, MERGE)
    assert await targets(pipeline) == [OTHER_ACCOUNT_SHARD]
    before = len(announced(pipeline))

    await pipeline.normalize(account(saved=9))
    await pipeline.run_all()

    assert await targets(pipeline) == [ACCOUNT_SHARD]
    relinked = [one.shard_id for one in announced(pipeline)[before:] if one.cause.startswith("relink:")]
    # And not the contact, which names the survivor itself. The loser has those who may know it looked at later.
    assert relinked == [OTHER_ACCOUNT_SHARD, OPPORTUNITY_SHARD, ACCOUNT_SHARD]
    await settle(pipeline)
    assert unfinished(pipeline) == []


async def test_an_edge_through_two_merges_leads_back_to_the_one_in_the_middle() -> None:
    pipeline = InMemoryPipeline()
    third = "001Kd00000aCcT3IAK"
    await say(pipeline, account(), SURVIVOR, account(record=third), deal(), MERGE, merged(SURVIVOR, third, saved=6))

    await say(pipeline, account(record=OTHER_ACCOUNT, Name="Globex", saved=9))

    assert await targets(pipeline) == [OTHER_ACCOUNT_SHARD]


async def test_an_edge_made_while_the_loser_came_back_is_put_right_later() -> None:
    pipeline = InMemoryPipeline()
    await say(pipeline, account(), SURVIVOR, MERGE)
    await pipeline.normalize(account(saved=9))
    await pipeline.run_all()
    await say_led_to_the_survivor(pipeline)

    await settle(pipeline)

    assert await targets(pipeline) == [ACCOUNT_SHARD]


async def say_led_to_the_survivor(pipeline: InMemoryPipeline) -> None:
    """A deal whose place another worker had looked up before the loser came back."""
    await pipeline.normalize(deal(saved=8))
    await pipeline.run_all()
    known = await shard(pipeline, OPPORTUNITY_SHARD)
    [edge] = known.internal_relationships
    stamp = Enriched(revision=known.revision_number, edge_set_hash="of that edge")
    await pipeline.shards.change(known, LinksChange(({**edge, "targetShardId": OTHER_ACCOUNT_SHARD},), stamp))


async def test_a_survivor_whose_parent_was_the_loser_has_no_edge_to_itself() -> None:
    pipeline = InMemoryPipeline()
    await say(pipeline, account(), account(record=OTHER_ACCOUNT, ParentId=ACCOUNT))

    await say(pipeline, MERGE)

    assert (await shard(pipeline, OTHER_ACCOUNT_SHARD)).internal_relationships == ()


async def test_a_survivor_whose_parent_was_the_loser_has_its_edge_back_when_that_is_there_again() -> None:
    pipeline = InMemoryPipeline()
    await say(pipeline, account(), account(record=OTHER_ACCOUNT, ParentId=ACCOUNT), MERGE)

    await say(pipeline, account(saved=9))

    [edge] = (await shard(pipeline, OTHER_ACCOUNT_SHARD)).internal_relationships
    assert edge["targetShardId"] == ACCOUNT_SHARD


async def test_an_announcement_of_an_id_that_was_given_up_leaves_the_survivor_alone() -> None:
    pipeline = InMemoryPipeline()
    await say(pipeline, account(), SURVIVOR)
    late = ShardEmitted(tenant_id="acme", shard_id=ACCOUNT_SHARD, shard_type_id="c_account", revision=1, cause="content")
    await say(pipeline, MERGE)
    before, embedded = await shard(pipeline, OTHER_ACCOUNT_SHARD), list(pipeline.embedder.texts)

    await say(pipeline, late)

    assert await shard(pipeline, OTHER_ACCOUNT_SHARD) == before
    assert pipeline.embedder.texts == embedded


@pytest.mark.parametrize("seen", [(account(), SURVIVOR), (SURVIVOR,), ()], ids=["both seen", "the loser not seen", "neither seen"])
async def test_a_merge_beside_the_linking_of_a_child_ends_the_same_in_every_order_of_turns(seen: Sequence[IngestionEvent]) -> None:
    quiet = InMemoryPipeline()
    await say(quiet, *seen, contact(), MERGE)

    def world() -> tuple[InMemoryPipeline, Sequence[Work]]:
        pipeline = stepped()

        async def prepared() -> None:
            for event in (*seen, contact()):
                await pipeline.normalize(event)

        alone(prepared())
        of_the_child = [each for each in pipeline.transport.on(topology.SHARD_EMISSION) if CONTACT_SHARD.encode() in each.body]
        others = [each for each in pipeline.transport.waiting if each not in of_the_child]
        pipeline.transport.waiting[:] = of_the_child
        works = working(pipeline, topology.SHARD_EMISSION)
        pipeline.transport.waiting.clear()
        alone(pipeline.publisher.publish(MERGE))
        works += working(pipeline, topology.INGESTION_EVENTS)
        pipeline.transport.waiting.extend([*of_the_child, *others])
        return pipeline, works

    for pipeline, turns in every_order(world):
        await settle(pipeline)
        assert graph(pipeline) == graph(quiet), turns
        assert chunks(pipeline) == chunks(quiet), turns
        assert unfinished(pipeline) == [], turns
