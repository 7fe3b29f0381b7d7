"""What the broker is told of a message, and that it is repeated where the host cannot change it."""

from datetime import UTC, datetime

from devtools.fakes.pipeline import InMemoryPipeline
from devtools.fakes.transport import InMemoryTransport
from shared.contracts.ingestion import IngestionEvent
from shared.contracts.shard_emitted import ShardEmitted
from shared.messaging.envelope import Envelope
from shared.messaging.publisher import QueuePublisher

EVENT = IngestionEvent(
    tenant_id="tenant-1",
    correlation_id="correlation-1",
    source="salesforce",
    source_id="006",
    event_type="update",
    observed_at=datetime(2026, 11, 21, 12, tzinfo=UTC),
)


def test_properties_repeat_what_identifies_a_message() -> None:
    envelope = Envelope.of(EVENT, traceparent="00-trace-01")

    assert (envelope.queue, envelope.id, envelope.body, envelope.due_at) == ("ingestion-events", EVENT.id, EVENT.encode(), None)
    assert envelope.properties == {
        "messageId": EVENT.id,
        "tenantId": "tenant-1",
        "correlationId": "correlation-1",
        "type": "IngestionEvent",
        "version": 1,
        "traceparent": "00-trace-01",
    }


def test_what_is_not_known_is_left_out() -> None:
    envelope = Envelope.of(EVENT.model_copy(update={"correlation_id": None}), traceparent=None)

    assert sorted(envelope.properties) == ["messageId", "tenantId", "type", "version"]


async def test_a_publisher_sends_the_trace_it_is_called_in() -> None:
    pipeline = InMemoryPipeline()
    transport = InMemoryTransport(pipeline.clock)
    publisher = QueuePublisher(transport, claims=pipeline.claims, metrics=pipeline.metrics, traceparent=lambda: "00-now-01")

    await publisher.publish(EVENT, ShardEmitted(tenant_id="t", shard_id="s", shard_type_id="c_account", revision=1, cause="content"))

    assert [(envelope.queue, envelope.properties["traceparent"]) for envelope in transport.sent] == [
        ("ingestion-events", "00-now-01"),
        ("shard-emission", "00-now-01"),
    ]
