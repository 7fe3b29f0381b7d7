"""Linking over the caches that a worker really has: anchors of half a minute ago, a snapshot, policies of a minute ago."""

from datetime import timedelta
from functools import partial

from devtools.fakes.pipeline import InMemoryPipeline
from processors.enrichment.anchors.cache import REFRESHED_EVERY, AnchorCache
from processors.enrichment.folders import KnownFolders
from processors.enrichment.handler import enrich
from processors.enrichment.ports import LinkingPorts
from processors.enrichment.relinking import LATER
from shared import topology
from shared.contracts.ingestion import IngestionEvent
from shared.contracts.shard_emitted import ShardEmitted
from shared.linking.policy import LinkingPolicy, StoredPolicy
from shared.linking.remembered_policies import RememberedPolicies
from shared.messaging.delivery import Handler
from shared.shards.known import KnownShards
from tests.unit.processors.chain.linked_records import COMPANY, DEAL, PROPOSAL, channel, company, customer, links, proposal, renewal
from tests.unit.processors.chain.records import emitted, gone, shard

FIVE = (company(), customer(), renewal(), proposal(), channel())
ON_COMPANY = ("attached_to", COMPANY)


def worker(pipeline: InMemoryPipeline) -> Handler[ShardEmitted]:
    """Enrichment as a worker of its own does it."""
    anchors = AnchorCache(pipeline.anchor_rows, pipeline.snapshots, pipeline.metrics, pipeline.clock)
    policies = RememberedPolicies(pipeline.policies, now=pipeline.clock)
    linking = LinkingPorts(anchors, pipeline.anchor_rows, pipeline.suggestions, policies, KnownFolders(pipeline.clock))
    return partial(
        enrich,
        shards=pipeline.shards,
        known=KnownShards(pipeline.clock),
        linking=linking,
        publisher=pipeline.publisher,
        metrics=pipeline.metrics,
        now=pipeline.clock,
    )


async def at(worker: Handler[ShardEmitted], pipeline: InMemoryPipeline, *events: IngestionEvent) -> None:
    """This worker takes all that follows at once."""
    for event in events:
        await pipeline.normalize(event)
    while due := pipeline.transport.due(topology.SHARD_EMISSION):
        for each in due:
            pipeline.transport.waiting.remove(each)
            await worker(ShardEmitted.decode(each.body))


async def test_records_that_come_to_one_worker_one_after_the_other_are_linked_at_once() -> None:
    pipeline = InMemoryPipeline()
    one = worker(pipeline)

    for event in FIVE:
        await at(one, pipeline, event)

    assert {ON_COMPANY, ("attached_to", DEAL)} <= set(await links(pipeline, PROPOSAL))


async def test_records_that_come_to_two_workers_in_turns_end_the_same_when_nobody_can_remember_the_old_state() -> None:
    for turned in (FIVE, FIVE[::-1], (*FIVE[2:], *FIVE[:2])):
        pipeline = InMemoryPipeline()
        workers = (worker(pipeline), worker(pipeline))
        for number, event in enumerate(turned):
            await at(workers[number % 2], pipeline, event)
            pipeline.clock.advance(seconds=3)

        pipeline.clock.advance(seconds=LATER.total_seconds())
        await at(workers[0], pipeline)

        assert {ON_COMPANY, ("attached_to", DEAL)} <= set(await links(pipeline, PROPOSAL))


async def test_a_worker_that_remembers_a_company_links_to_it_and_the_second_look_takes_the_link_away() -> None:
    pipeline = InMemoryPipeline()
    one, other = worker(pipeline), worker(pipeline)
    await at(one, pipeline, company())
    pipeline.clock.advance(seconds=60)
    await at(other, pipeline, channel(topic="Rockets"))  # by now it knows the company
    pipeline.clock.advance(seconds=5)
    await at(one, pipeline, gone(company(), saved=90))
    await at(other, pipeline, proposal())
    assert ON_COMPANY in await links(pipeline, PROPOSAL)

    pipeline.clock.advance(seconds=LATER.total_seconds())
    await at(other, pipeline)

    assert ON_COMPANY not in await links(pipeline, PROPOSAL)


async def test_a_policy_that_was_changed_a_moment_ago_is_linked_by_where_everything_is_looked_at_anew() -> None:
    """``linking set`` and then ``linking relink``: no worker goes on by what it remembers, for it would not look a second time."""
    pipeline = InMemoryPipeline()
    one = worker(pipeline)
    await at(one, pipeline, company(), proposal())
    assert ON_COMPANY in await links(pipeline, PROPOSAL)
    policy = LinkingPolicy(links_automatically=False)
    await pipeline.policies.write(StoredPolicy(tenant_id="acme", policy=policy, updated_by="operator", updated_at=pipeline.clock()))
    pipeline.clock.advance(seconds=5)

    await one(emitted(await shard(pipeline, PROPOSAL), cause=f"relink:{'1' * 32}"))

    assert await links(pipeline, PROPOSAL) == {}


def test_a_second_look_comes_when_no_worker_can_know_the_old_state_any_longer() -> None:
    assert REFRESHED_EVERY + timedelta(minutes=5) <= LATER
