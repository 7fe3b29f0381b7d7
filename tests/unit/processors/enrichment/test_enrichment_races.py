"""Enrichment beside others who write the same shard at the same moment: tried in every order of turns, and nothing anybody said is lost."""

from collections.abc import Sequence

from devtools.fakes.pipeline import InMemoryPipeline
from shared import topology
from shared.contracts.ingestion import IngestionEvent
from tests.unit.processors.chain.interleavings import Work, alone, every_order, stepped, working
from tests.unit.processors.chain.records import (
    ACCOUNT_SHARD,
    CONTACT_SHARD,
    OPPORTUNITY_SHARD,
    OTHER_ACCOUNT,
    OTHER_ACCOUNT_SHARD,
    account,
    again,
    chunks,
    contact,
    deal,
    graph,
    settle,
    shard,
    unfinished,
)

World = tuple[InMemoryPipeline, Sequence[Work]]


async def normalized(*events: IngestionEvent) -> InMemoryPipeline:
    """Events are stored and announced, and nobody has listened yet."""
    pipeline = stepped()
    for event in events:
        await pipeline.normalize(event)
    return pipeline


def before(*events: IngestionEvent) -> InMemoryPipeline:
    """The same, at once."""
    made: list[InMemoryPipeline] = []

    async def work() -> None:
        made.append(await normalized(*events))

    alone(work())
    return made[0]


async def undisturbed(*events: IngestionEvent) -> InMemoryPipeline:
    pipeline = await normalized(*events)
    await settle(pipeline)
    return pipeline


async def test_two_workers_with_the_same_announcement_make_one_edge_and_one_placeholder() -> None:
    quiet = await undisturbed(deal())

    def world() -> World:
        pipeline = before(deal())
        [waiting] = pipeline.transport.on(topology.SHARD_EMISSION)
        pipeline.transport.waiting.append(again(waiting))
        return pipeline, working(pipeline, topology.SHARD_EMISSION)

    for pipeline, turns in every_order(world):
        await settle(pipeline)

        assert graph(pipeline) == graph(quiet), turns
        assert chunks(pipeline) == chunks(quiet), turns
        assert unfinished(pipeline) == [], turns


async def test_two_records_that_name_one_missing_account_at_once_share_its_placeholder() -> None:
    quiet = await undisturbed(deal(), contact())

    def world() -> World:
        pipeline = before(deal(), contact())
        return pipeline, working(pipeline, topology.SHARD_EMISSION)

    for pipeline, turns in every_order(world):
        await settle(pipeline)

        assert graph(pipeline) == graph(quiet), turns
        assert len(pipeline.shards.all()) == 3, turns


async def test_an_edit_beside_enrichment_keeps_both_the_edit_and_the_edge_that_follows_from_it() -> None:
    quiet = await undisturbed(deal(), deal(saved=1, AccountId=OTHER_ACCOUNT, Amount=1.0))

    def world() -> World:
        pipeline = before(deal())

        async def edit() -> None:
            await pipeline.publisher.publish(deal(saved=1, AccountId=OTHER_ACCOUNT, Amount=1.0))
            [work] = working(pipeline, topology.INGESTION_EVENTS)
            await work

        return pipeline, [*working(pipeline, topology.SHARD_EMISSION), edit()]

    for pipeline, turns in every_order(world):
        await settle(pipeline)

        edited = await shard(pipeline, OPPORTUNITY_SHARD)
        assert (edited.structured_data["amount"], edited.revision_number) == (1, 2), turns
        assert [edge["targetShardId"] for edge in edited.internal_relationships] == [OTHER_ACCOUNT_SHARD], turns
        assert graph(pipeline)["acme", OPPORTUNITY_SHARD] == graph(quiet)["acme", OPPORTUNITY_SHARD], turns
        assert chunks(pipeline) == chunks(quiet), turns
        assert unfinished(pipeline) == [], turns


async def test_the_account_itself_may_come_while_its_placeholder_is_made() -> None:
    quiet = await undisturbed(account(), deal())

    def world() -> World:
        pipeline = before(deal())

        async def arrive() -> None:
            await pipeline.publisher.publish(account())
            [work] = working(pipeline, topology.INGESTION_EVENTS)
            await work

        return pipeline, [*working(pipeline, topology.SHARD_EMISSION), arrive()]

    for pipeline, turns in every_order(world):
        await settle(pipeline)

        assert graph(pipeline) == graph(quiet), turns
        assert chunks(pipeline) == chunks(quiet), turns
        assert unfinished(pipeline) == [], turns


async def test_revisions_linked_at_once_end_with_the_links_of_the_last() -> None:
    quiet = await undisturbed(account(), contact(), deal(), deal(saved=1, AccountId=None))

    def world() -> World:
        pipeline = before(account(), contact(), deal(), deal(saved=1, AccountId=None))
        others = {ACCOUNT_SHARD, CONTACT_SHARD}
        pipeline.transport.waiting = [each for each in pipeline.transport.waiting if not any(one.encode() in each.body for one in others)]
        return pipeline, working(pipeline, topology.SHARD_EMISSION)

    for pipeline, turns in every_order(world):
        await settle(pipeline)

        assert graph(pipeline)["acme", OPPORTUNITY_SHARD] == graph(quiet)["acme", OPPORTUNITY_SHARD], turns
