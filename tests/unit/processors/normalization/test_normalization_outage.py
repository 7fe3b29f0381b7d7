"""A bad deploy: a normalizer that always raises must cost no message its place, and a fixed one makes good all of them."""

from devtools.fakes.pipeline import InMemoryPipeline
from devtools.vendors.salesforce.ids import long_id
from shared import topology
from shared.contracts.ingestion import IngestionEvent
from shared.messaging.outcomes import Outcome
from shared.telemetry.names import Metric
from tests.unit.processors.normalization.opportunities import announced, opportunity, parked, run_to_the_end


async def broken(event: IngestionEvent) -> Outcome:
    """The bad deploy."""
    raise RuntimeError(event.source_id)


async def test_a_normalizer_that_always_raised_for_a_thousand_messages_and_is_then_fixed_leaves_a_thousand_shards() -> None:
    pipeline = InMemoryPipeline()
    records = [long_id(f"006Kd000000{number:04d}") for number in range(1_000)]
    await pipeline.publisher.publish(*[opportunity(record=record) for record in records])

    for _ in range(5):
        await pipeline.run(broken)
        pipeline.clock.advance(seconds=360)
    waiting = len(pipeline.transport.on(topology.INGESTION_EVENTS))
    await run_to_the_end(pipeline)

    assert waiting == 1_000
    assert pipeline.metrics.total(Metric.MESSAGES_HANDLED, outcome="raised") == 0
    assert parked(pipeline) == []
    assert {shard.external_relationships[0].external_id for shard in pipeline.shards.all()} == set(records)
    assert len(announced(pipeline)) == 1_000
