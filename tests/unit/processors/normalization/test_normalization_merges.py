"""A record that was merged into another: its id leads there, until it is said to be there by itself again."""

from collections.abc import Sequence

import pytest

from devtools.fakes.pipeline import InMemoryPipeline
from shared.contracts.ingestion import Coverage, IngestionEvent
from shared.errors import OwnershipConflict, UnmappableRecord
from shared.messaging.outcomes import Ignored, Stored, Unchanged
from shared.shards.ids import ShardId
from tests.unit.processors.chain.interleavings import Work, alone, every_order, stepped, working
from tests.unit.processors.chain.records import (
    ACCOUNT,
    ACCOUNT_SHARD,
    OPPORTUNITY_SHARD,
    OTHER_ACCOUNT,
    OTHER_ACCOUNT_SHARD,
    PARAGRAPHS,
    account,
    chunks,
    contact,
    deal,
    gone,
    merged,
    say,
    settle,
    shard,
)
from tests.unit.processors.normalization.opportunities import announced, feed, parked

THIRD_ACCOUNT = "001Kd00000aCcT3IAK"


def other(*, saved: int = 0, **fields: str) -> IngestionEvent:
    return account(record=OTHER_ACCOUNT, saved=saved, Name="Globex", **fields)


def merge(*, saved: int = 5) -> IngestionEvent:
    """The account was merged into the other one."""
    return merged(account(), OTHER_ACCOUNT, saved=saved)


async def found(pipeline: InMemoryPipeline, shard_id: ShardId) -> str | None:
    stored = await pipeline.shards.read("acme", shard_id)
    return None if stored is None else stored.id


async def test_the_losers_id_leads_to_the_survivor() -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, account(), other())

    assert await feed(pipeline, merge()) == [Stored(ACCOUNT_SHARD, 1, reason="merge")]

    assert await found(pipeline, ACCOUNT_SHARD) == OTHER_ACCOUNT_SHARD
    survivor = await shard(pipeline, OTHER_ACCOUNT_SHARD)
    assert (survivor.structured_data["name"], survivor.revision_number) == ("Globex", 1)


async def test_what_is_no_proof_that_the_loser_is_there_again_changes_nothing() -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, account(), other(), merge())
    before = pipeline.shards.all()

    outcomes = await feed(
        pipeline,
        account(saved=9).model_copy(update={"event_type": "delete", "payload": None}),
        account(saved=9).model_copy(update={"coverage": ("Id", "Name")}),
        account(saved=9, MasterRecordId=OTHER_ACCOUNT),
        account(saved=1, Name="Late"),
        gone(account(), saved=1),
    )

    assert outcomes == [Ignored("given-up id")] * 5
    assert pipeline.shards.all() == before


@pytest.mark.parametrize("coverage", ["complete", ("Id", "Name", "MasterRecordId", "OwnerId")])
async def test_a_loser_that_was_undeleted_has_a_shard_of_its_own_again(coverage: Coverage) -> None:
    pipeline = InMemoryPipeline()
    await say(pipeline, account(Description=PARAGRAPHS[0]), other(), merge())
    survivor = await shard(pipeline, OTHER_ACCOUNT_SHARD)

    undeleted = account(saved=9, Name="Undeleted", MasterRecordId=None, OwnerId=None).model_copy(update={"coverage": coverage})
    assert await feed(pipeline, undeleted) == [Stored(ACCOUNT_SHARD, 2, reason="unmerged")]
    await settle(pipeline)

    revived = await shard(pipeline, ACCOUNT_SHARD)
    assert (revived.id, revived.status, revived.structured_data["name"]) == (ACCOUNT_SHARD, "active", "Undeleted")
    assert not revived.awaits_embedding
    assert {key for _, key in chunks(pipeline)} == {ACCOUNT_SHARD, OTHER_ACCOUNT_SHARD}
    assert await shard(pipeline, OTHER_ACCOUNT_SHARD) == survivor
    assert parked(pipeline) == []


async def test_a_loser_that_was_undeleted_and_deleted_is_deleted_and_leads_nowhere() -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, account(), other(), merge(), gone(account(), saved=9))

    revived = await shard(pipeline, ACCOUNT_SHARD)
    assert (revived.id, revived.status) == (ACCOUNT_SHARD, "deleted")


@pytest.mark.parametrize("between", [[], [account(saved=9)]], ids=["the undelete not heard of", "the undelete heard of"])
async def test_a_later_merge_leads_to_the_later_survivor(between: list[IngestionEvent]) -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, account(), other(), account(record=THIRD_ACCOUNT, Name="Initech"), merge(), *between)
    again = merged(account(), THIRD_ACCOUNT, saved=12)

    [outcome] = await feed(pipeline, again)
    late = await feed(pipeline, merge(), account(saved=9), again)

    assert outcome == Stored(ACCOUNT_SHARD, 1 + len(between), reason="merge")
    assert late == [Unchanged("older"), Ignored("given-up id"), Unchanged("merged")]
    assert (await shard(pipeline, ACCOUNT_SHARD)).structured_data["name"] == "Initech"


async def test_a_merge_that_is_heard_of_after_its_end_changes_nothing() -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, other(), account(saved=9))
    partial = account(saved=10, Name="Renamed").model_copy(update={"coverage": ("Id", "Name")})
    await feed(pipeline, partial, account(saved=11).model_copy(update={"event_type": "delete", "payload": None}))
    before = pipeline.shards.all()

    assert await feed(pipeline, merge(saved=5)) == [Unchanged("older")]

    assert pipeline.shards.all() == before


async def test_an_event_of_an_id_that_was_given_up_costs_no_more_reads_than_any_other() -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, account(), other(), merge())
    costs = []
    for event in (other(saved=1), account(saved=1)):
        before = pipeline.shards.reads
        await feed(pipeline, event)
        costs.append(pipeline.shards.reads - before)

    assert costs == [1, 1]


async def test_an_undelete_beside_the_merge_ends_the_same_in_every_order_of_turns() -> None:
    def world() -> tuple[InMemoryPipeline, Sequence[Work]]:
        pipeline = stepped()
        alone(feed(pipeline, account(), other()))
        pipeline.transport.waiting.clear()
        alone(pipeline.publisher.publish(merge(), account(saved=9, Name="Undeleted")))
        return pipeline, working(pipeline, "ingestion-events")

    for pipeline, turns in every_order(world):
        await settle(pipeline)
        revived = await shard(pipeline, ACCOUNT_SHARD)
        assert (revived.id, revived.structured_data["name"]) == (ACCOUNT_SHARD, "Undeleted"), turns


@pytest.mark.parametrize("times", [2, 3])
async def test_the_same_merge_again_changes_nothing(times: int) -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, account(), other(), merge())
    before, writes = pipeline.shards.all(), pipeline.shards.writes

    outcomes = await feed(pipeline, *[merge()] * times)

    assert outcomes == [Unchanged("merged")] * times
    assert (pipeline.shards.all(), pipeline.shards.writes) == (before, writes)


async def test_a_survivor_that_was_not_seen_yet_is_waited_for() -> None:
    pipeline = InMemoryPipeline()

    await say(pipeline, merge())

    waiting = await shard(pipeline, ACCOUNT_SHARD)
    assert (waiting.id, waiting.status, waiting.structured_data) == (OTHER_ACCOUNT_SHARD, "draft", {})
    assert [(edge.external_id, edge.sync_status) for edge in waiting.external_relationships] == [(OTHER_ACCOUNT, "pending")]

    await say(pipeline, other(saved=6))

    filled = await shard(pipeline, ACCOUNT_SHARD)
    assert (filled.id, filled.status, filled.structured_data["name"]) == (OTHER_ACCOUNT_SHARD, "active", "Globex")


async def test_a_merge_counts_though_the_deletion_was_heard_of_before_and_is_newer() -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, account(), other(), account(saved=9).model_copy(update={"event_type": "delete", "payload": None}))

    await feed(pipeline, merge(saved=5))

    assert await found(pipeline, ACCOUNT_SHARD) == OTHER_ACCOUNT_SHARD


@pytest.mark.parametrize("first", [0, 1], ids=["from its beginning", "from its end"])
async def test_a_chain_of_merges_leads_to_its_end(first: int) -> None:
    pipeline = InMemoryPipeline()
    chain = [merge(), merged(other(), THIRD_ACCOUNT, saved=6)]

    await feed(pipeline, account(), other(), account(record=THIRD_ACCOUNT, Name="Initech"), chain[first], chain[1 - first])

    for loser in (ACCOUNT_SHARD, OTHER_ACCOUNT_SHARD):
        assert (await shard(pipeline, loser)).structured_data["name"] == "Initech"


async def test_two_records_that_were_each_merged_into_the_other_are_refused() -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, account(), other(), merge())

    with pytest.raises(OwnershipConflict):
        await feed(pipeline, merged(other(), ACCOUNT, saved=6))


async def test_a_survivor_that_is_no_id_is_refused_and_not_quoted() -> None:
    pipeline = InMemoryPipeline()

    with pytest.raises(UnmappableRecord, match=r"^salesforce Account: the record's id is not a Salesforce id$"):
        await feed(pipeline, merged(account(), "s3cr3t", saved=5))


@pytest.mark.parametrize(
    "event",
    [
        gone(account(MasterRecordId=None), saved=1),
        gone(account(MasterRecordId=ACCOUNT), saved=1),
        account(saved=1, MasterRecordId=OTHER_ACCOUNT),
        gone(deal(MasterRecordId=OTHER_ACCOUNT), saved=1),
    ],
    ids=["no master", "its own master", "a record that is there", "an object that cannot be merged"],
)
async def test_what_is_no_merge_leaves_no_alias(event: IngestionEvent) -> None:
    pipeline = InMemoryPipeline()

    await feed(pipeline, event)

    [stored] = pipeline.shards.all()
    assert stored.id in (ACCOUNT_SHARD, OPPORTUNITY_SHARD)


async def test_a_losers_passages_go() -> None:
    pipeline = InMemoryPipeline()
    await say(pipeline, account(), other(Description=PARAGRAPHS[0]))
    assert len(pipeline.chunks.of("acme", ACCOUNT_SHARD)) == 4

    await say(pipeline, merge())

    assert {shard_id for _, shard_id in chunks(pipeline)} == {OTHER_ACCOUNT_SHARD}


async def test_passages_that_were_being_made_of_a_loser_do_not_stay() -> None:
    pipeline = InMemoryPipeline()
    await pipeline.publisher.publish(account())
    for queue in ("ingestion-events", "shard-emission", "enrichment-jobs"):
        await pipeline.transport.drain(queue, pipeline.worker(queue))  # the request for its passages is on its way

    await feed(pipeline, other(), merge())
    await settle(pipeline)

    assert {shard_id for _, shard_id in chunks(pipeline)} <= {OTHER_ACCOUNT_SHARD}


async def test_every_shard_with_an_edge_to_the_loser_is_announced_again_and_no_other() -> None:
    pipeline = InMemoryPipeline()
    await say(pipeline, account(), other(), deal(), contact(AccountId=OTHER_ACCOUNT))
    before = len(announced(pipeline))

    await feed(pipeline, merge())

    relinked = announced(pipeline)[before:]
    assert [(one.shard_id, one.cause.partition(":")[0]) for one in relinked] == [(ACCOUNT_SHARD, "relink"), (OPPORTUNITY_SHARD, "relink")]
    assert len({one.cause for one in relinked}) == 1
    assert relinked[1].revision == (await shard(pipeline, OPPORTUNITY_SHARD)).revision_number


async def test_edges_are_looked_for_a_second_time_when_nobody_can_remember_the_loser_any_more() -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, account(), other(), merge())

    [later] = [each for each in pipeline.transport.on("ingestion-events") if each.due_at is not None]

    assert later.due_at is not None
    assert (later.due_at - pipeline.clock()).total_seconds() == 11 * 60
    assert IngestionEvent.decode(later.body).payload == merge().payload
    pipeline.clock.advance(seconds=11 * 60)
    await settle(pipeline)
    assert pipeline.transport.on("ingestion-events") == []
