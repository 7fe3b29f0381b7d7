"""An edge always leads somewhere: a record that was named and not seen yet has a shard that waits for it."""

from devtools.fakes.pipeline import InMemoryPipeline
from shared import topology
from shared.access.acl import ADMINS
from shared.contracts.shard_emitted import ShardEmitted
from shared.telemetry.names import Metric
from tests.unit.processors.chain.records import (
    ACCOUNT_SHARD,
    CONTACT_SHARD,
    OPPORTUNITY_SHARD,
    OTHER_ACCOUNT,
    account,
    chunks,
    contact,
    deal,
    gone,
    say,
    shard,
)


async def test_a_missing_account_becomes_a_placeholder_with_the_id_of_the_record() -> None:
    pipeline = InMemoryPipeline()

    await say(pipeline, deal())

    made = await shard(pipeline, ACCOUNT_SHARD)
    [record] = made.external_relationships
    assert made.id == "b991eadc1580fc28d85528aae0e41b2b"
    assert (made.tenant_id, made.shard_type_id, made.schema_version) == ("acme", "c_account", 1)
    assert (made.status, made.structured_data, made.normalization, made.revision_number) == ("draft", {}, None, 1)
    assert [entry.subject for entry in made.acl] == [ADMINS]
    assert (record.system, record.system_type, record.scope) == ("salesforce", "crm", "00D000000000062EAA")
    assert (record.record_type, record.external_id) == ("Account", "001Kd00000aCcT1IAK")
    assert (record.sync_status, record.created_by) == ("pending", "enrichment")
    assert made.metadata.created_by == "enrichment"
    assert pipeline.metrics.total(Metric.PLACEHOLDERS, type="c_account") == 1


async def test_a_placeholder_is_not_announced_and_has_nothing_to_be_found_by() -> None:
    pipeline = InMemoryPipeline()

    await say(pipeline, deal())

    sent = [ShardEmitted.decode(each.body) for each in pipeline.transport.sent if each.queue == topology.SHARD_EMISSION]
    assert {emitted.shard_id for emitted in sent} == {OPPORTUNITY_SHARD}
    assert {shard_id for _, shard_id in chunks(pipeline)} == {OPPORTUNITY_SHARD}


async def test_all_who_name_one_account_share_one_placeholder() -> None:
    pipeline = InMemoryPipeline()

    await say(pipeline, deal(), contact())

    assert {one.id for one in pipeline.shards.all()} == {OPPORTUNITY_SHARD, CONTACT_SHARD, ACCOUNT_SHARD}
    assert pipeline.metrics.total(Metric.PLACEHOLDERS) == 1


async def test_the_record_fills_its_placeholder_and_goes_all_the_way() -> None:
    pipeline = InMemoryPipeline()
    await say(pipeline, deal())
    linked = await shard(pipeline, OPPORTUNITY_SHARD)

    await say(pipeline, account())

    filled = await shard(pipeline, ACCOUNT_SHARD)
    sent = [ShardEmitted.decode(each.body) for each in pipeline.transport.sent if each.queue == topology.SHARD_EMISSION]
    assert (filled.status, filled.revision_number, filled.structured_data["name"]) == ("active", 2, "Acme Anvils")
    assert [(edge.label, edge.sync_status) for edge in filled.external_relationships] == [("Acme Anvils", "synced")]
    assert (ACCOUNT_SHARD, 2, "content") in [(each.shard_id, each.revision, each.cause) for each in sent]
    assert len(pipeline.chunks.of("acme", ACCOUNT_SHARD)) == 4
    assert filled.vectors is not None
    assert (filled.vectors.chunk_count, filled.vectors.revision) == (4, 2)
    assert await shard(pipeline, OPPORTUNITY_SHARD) == linked


async def test_a_record_that_was_deleted_before_it_was_seen_fills_its_placeholder_as_deleted() -> None:
    pipeline = InMemoryPipeline()
    await say(pipeline, deal())

    await say(pipeline, gone(account(), saved=1))

    filled = await shard(pipeline, ACCOUNT_SHARD)
    assert (filled.status, filled.ttl) == ("deleted", 90 * 24 * 3600)
    assert pipeline.chunks.of("acme", ACCOUNT_SHARD) == {}


async def test_a_known_account_is_looked_for_once_in_ten_minutes() -> None:
    pipeline = InMemoryPipeline()
    await pipeline.publisher.publish(account(), deal())
    await pipeline.run_all()
    reads = pipeline.shards.reads

    await pipeline.publisher.publish(contact())
    await pipeline.run_all()

    # normalization's own read; the account was seen a minute ago
    assert pipeline.shards.reads - reads == 1


async def test_a_deal_that_changes_hands_makes_a_placeholder_for_the_new_account_too() -> None:
    pipeline = InMemoryPipeline()
    await say(pipeline, account(), deal())

    await say(pipeline, deal(saved=1, AccountId=OTHER_ACCOUNT))

    assert [one.status for one in pipeline.shards.all() if one.shard_type_id == "c_account"] == ["active", "draft"]
