"""A message that is scheduled is on its queue at once, and delivered when it is due."""

from datetime import timedelta

import pytest

from devtools.fakes.pipeline import InMemoryPipeline
from devtools.fakes.samples import NOON
from shared import topology
from shared.contracts.ingestion import IngestionEvent
from shared.contracts.sync import SyncKind, SyncRequested
from shared.errors import DependencyUnavailable
from shared.messaging.envelope import Envelope
from shared.messaging.outcomes import Batched, Outcome, Read, Stored
from shared.messaging.returns import Delivery
from shared.telemetry.names import Metric


def request(kind: SyncKind = "changes", *, step: int = 0) -> SyncRequested:
    return SyncRequested(
        tenant_id="acme",
        connection_id="salesforce:1",
        stream="Account",
        kind=kind,
        run="run-1",
        requested_at=NOON,
        step=step,
        correlation_id="run-1",
    )


async def test_it_is_confirmed_and_counted_at_once_and_delivered_later() -> None:
    pipeline = InMemoryPipeline()

    await pipeline.publisher.schedule(request(), due_at=pipeline.clock() + timedelta(seconds=30))

    [envelope] = pipeline.transport.on(topology.SYNC_INBOUND)
    assert envelope.due_at == pipeline.clock() + timedelta(seconds=30)
    assert SyncRequested.decode(envelope.body) == request()
    assert pipeline.metrics.total(Metric.MESSAGES_PUBLISHED, type="SyncRequested") == 1
    assert pipeline.transport.due(topology.SYNC_INBOUND) == []
    pipeline.clock.advance(seconds=30)
    assert pipeline.transport.due(topology.SYNC_INBOUND) == [envelope]


async def test_scheduling_the_same_again_is_harmless() -> None:
    pipeline = InMemoryPipeline()
    for seconds in (30, 60):
        await pipeline.publisher.schedule(request(), due_at=pipeline.clock() + timedelta(seconds=seconds))

    assert len(pipeline.transport.on(topology.SYNC_INBOUND)) == 1


async def test_the_next_step_is_another_message() -> None:
    assert len({request(step=step).id for step in range(5)} | {request("backfill").id, request("compare").id}) == 7


async def test_a_broker_that_is_away_has_not_taken_it() -> None:
    pipeline = InMemoryPipeline()
    pipeline.transport.fails_with = DependencyUnavailable("away")

    with pytest.raises(DependencyUnavailable):
        await pipeline.publisher.schedule(request(), due_at=pipeline.clock())

    assert pipeline.metrics.total(Metric.MESSAGES_PUBLISHED) == 0


@pytest.mark.parametrize(
    ("kind", "queue"), [("changes", "sync-inbound"), ("backfill", "sync-inbound-bulk"), ("compare", "sync-inbound-bulk")]
)
def test_what_takes_long_goes_to_the_bulk_queue(kind: SyncKind, queue: str) -> None:
    assert Envelope.of(request(kind), traceparent=None).queue == queue


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (Batched(stored=1, unchanged=2, ignored=3, rejected=4), "some rejected"),
        (Read(7, "changes"), "changes"),
        (Stored("shard", 1), "content"),
    ],
    ids=lambda value: type(value).__name__.lower(),
)
async def test_what_a_handler_says_is_counted_by_its_name(outcome: Outcome, reason: str) -> None:
    async def handler(_: IngestionEvent) -> Outcome:
        return outcome

    pipeline = InMemoryPipeline()
    event = IngestionEvent(tenant_id="acme", source="salesforce", source_id="006", event_type="delete", observed_at=NOON)
    said = Envelope.of(event, traceparent=None)

    await pipeline.deliver(Delivery(queue=said.queue, message_id=said.id, body=said.body, properties=said.properties), handler)

    assert pipeline.metrics.total(Metric.MESSAGES_HANDLED, outcome=type(outcome).__name__.lower(), reason=reason) == 1
