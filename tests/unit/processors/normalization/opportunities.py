"""Events about opportunities, with little said and the rest as it usually is."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from pydantic import JsonValue

from devtools.fakes.pipeline import InMemoryPipeline
from shared import topology
from shared.contracts.ingestion import IngestionEvent
from shared.contracts.rejected import Rejected
from shared.contracts.shard_emitted import ShardEmitted
from shared.messaging.envelope import Envelope
from shared.messaging.outcomes import Outcome
from shared.shards.model import Shard

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
RECORD = "006Kd00000pA3xQIAS"
ANOTHER_RECORD = "006Kd00000pA3xRIAS"
CONNECTION = "salesforce:00D000000000062EAA"


def version(second: int) -> str:
    """The vendor's version of so many seconds after noon."""
    return f"{int(NOON.timestamp() + second) * 1000:015d}"


USUAL: Mapping[str, JsonValue] = {
    "Name": "Rockets",
    "StageName": "Qualification",
    "Amount": 50000.0,
    "IsClosed": False,
    "IsWon": False,
}


def opportunity(
    *,
    saved: int | None = 0,
    seen: float | None = None,
    tenant: str = "acme",
    connection: str | None = CONNECTION,
    record: str = RECORD,
    **fields: JsonValue,
) -> IngestionEvent:
    """A complete sighting, saved and seen so many seconds after noon (seen when saved, where not said)."""
    return IngestionEvent(
        tenant_id=tenant,
        connection_id=connection,
        source="salesforce",
        source_id=record,
        record_type="Opportunity",
        event_type="update",
        observed_at=NOON + timedelta(seconds=seen if seen is not None else float(saved or 0)),
        vendor_version=None if saved is None else version(saved),
        payload={"Id": record, **USUAL, **fields},
        correlation_id="c0ffee",
    )


def part(*, saved: int | None = 0, seen: float | None = None, **fields: JsonValue) -> IngestionEvent:
    """An event that speaks for the fields given and no others; None clears one."""
    payload: dict[str, JsonValue] = {"Id": RECORD, **fields}
    return opportunity(saved=saved, seen=seen).model_copy(update={"payload": payload, "coverage": tuple(payload)})


def deletion(*, saved: int | None = 0, seen: float | None = None, record: str = RECORD, tenant: str = "acme") -> IngestionEvent:
    """A delete without payload."""
    event = opportunity(saved=saved, seen=seen, record=record, tenant=tenant)
    return event.model_copy(update={"event_type": "delete", "payload": None})


async def feed(pipeline: InMemoryPipeline, *events: IngestionEvent) -> list[Outcome]:
    """Hand events to the normalizer itself, as if no broker dropped a duplicate."""
    return [await pipeline.normalize(event) for event in events]


async def queue_and_run(pipeline: InMemoryPipeline, events: Iterable[IngestionEvent]) -> None:
    """Put events on the queue, as the webhook does, and deliver all that is due, also what comes back later."""
    await pipeline.publisher.publish(*events)
    await run_to_the_end(pipeline)


async def run_to_the_end(pipeline: InMemoryPipeline) -> None:
    """Deliver until the queue is empty."""
    while pipeline.transport.on(topology.INGESTION_EVENTS):
        await pipeline.run()
        pipeline.clock.advance(seconds=60)


def announced(pipeline: InMemoryPipeline) -> list[ShardEmitted]:
    """Every announcement the broker kept."""
    return [ShardEmitted.decode(envelope.body) for envelope in sent_to(pipeline, topology.SHARD_EMISSION)]


def parked(pipeline: InMemoryPipeline) -> list[Rejected]:
    """Every message parked."""
    return [Rejected.decode(envelope.body) for envelope in sent_to(pipeline, topology.REJECTED_MESSAGES)]


def sent_to(pipeline: InMemoryPipeline, queue: str) -> list[Envelope]:
    """What the broker took for a queue."""
    return [envelope for envelope in pipeline.transport.sent if envelope.queue == queue]


def the_shard(pipeline: InMemoryPipeline) -> Shard:
    """The only shard there is."""
    [shard] = pipeline.shards.all()
    return shard


def content(shard: Shard) -> dict[str, object]:
    """What a person would call the content: not when it was seen, nor how often it changed."""
    edges = [(edge.system, edge.scope, edge.external_id, edge.label) for edge in shard.external_relationships]
    return {"data": shard.structured_data, "status": shard.status, "ttl": shard.ttl, "acl": shard.acl, "edges": edges}
