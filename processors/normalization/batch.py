"""The events of a back-fill: many at once, each as if it had come alone.

A batch is handled whole or comes back whole. That is harmless: what was stored the first time is known the second time. Only what no second
time can help is taken out of it, and parked as the live event it is.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from shared.contracts.ingestion import IngestionBatch, IngestionEvent
from shared.contracts.rejected import Rejected
from shared.errors import Conflict, PermanentError, PipelineError, RateLimited, TransientError, place_of
from shared.gaps.gap import Gap, Gaps
from shared.messaging.delivery import Handler
from shared.messaging.envelope import Envelope
from shared.messaging.outcomes import Batched, Outcome
from shared.messaging.provenance import properties_of
from shared.messaging.publisher import Publisher
from shared.telemetry.metrics import Metrics
from shared.telemetry.names import Metric, Span
from shared.telemetry.origin import Origin, about, current_origin
from shared.telemetry.tracing import current_traceparent, span, tell

log = logging.getLogger(__name__)

AT_ONCE: Final = 2
"""How many records of a batch are handled at once. A live event waits in the store behind as many as these send there together: eight made
one in twenty of them wait twice as long as two do. A back-fill has time, and the host takes as many batches at once as it has workers."""
CONFLICTS: Final = 3
"""How often an event is tried again here because somebody else wrote its shard: one record must not bring 499 others back."""
FAILURES: Final = 8
"""After so many records for which nobody answered it is the store that is away, and asking it for the rest would take longer than the lock
of the message lasts. Bugs and contended shards do not count: they are of their records alone."""


@dataclass(frozen=True)
class _Ports:
    normalize: Handler[IngestionEvent]
    gaps: Gaps
    publisher: Publisher
    metrics: Metrics
    now: Callable[[], datetime]


@dataclass
class _Tally:
    """What became of the events so far."""

    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[Exception] = field(default_factory=list)

    @property
    def unanswered_count(self) -> int:
        """For how many records the store, or the broker, was away."""
        return sum(isinstance(error, TransientError) and not isinstance(error, Conflict) for error in self.failures)


async def normalize_batch(
    batch: IngestionBatch,
    *,
    normalize: Handler[IngestionEvent],
    gaps: Gaps,
    publisher: Publisher,
    metrics: Metrics,
    now: Callable[[], datetime],
) -> Outcome:
    """Normalize every event: those of one record in their order, different records beside each other.

    Raises:
        TransientError: when some have to come back; the others are through by then.
        Exception: what else one of them ran into that is no fault of the record; likewise at the end.
    """
    ports, tally = _Ports(normalize, gaps, publisher, metrics, now), _Tally()
    turns = asyncio.Semaphore(AT_ONCE)

    async def in_turn(events: Iterable[IngestionEvent]) -> None:
        async with turns:
            if tally.unanswered_count < FAILURES:
                await _one_record(events, tally, ports)

    async with asyncio.TaskGroup() as tasks:
        for events in _by_record(batch):
            tasks.create_task(in_turn(events))
    if tally.failures:
        raise _gravest(tally.failures)
    said = tally.outcomes
    return Batched(stored=said["stored"], unchanged=said["unchanged"], ignored=said["ignored"], rejected=said["rejected"])


def _by_record(batch: IngestionBatch) -> Iterable[list[IngestionEvent]]:
    records: dict[tuple[str, str | None, str], list[IngestionEvent]] = {}
    for event in batch.events:
        records.setdefault((event.source, event.record_type, event.source_id), []).append(event)
    return records.values()


async def _one_record(events: Iterable[IngestionEvent], tally: _Tally, ports: _Ports) -> None:
    """Until one has to come back: what comes after it must not go before it."""
    for event in events:
        try:
            outcome, reason = await _traced(event, ports)
        except Exception as error:  # raised when the others are through: a bug in one record must not cost them their turn
            tally.failures.append(error)
            return
        tally.outcomes[outcome] += 1
        ports.metrics.count(Metric.MESSAGES_HANDLED, type=IngestionEvent.TYPE, outcome=outcome, reason=reason, source=event.source)


async def _traced(event: IngestionEvent, ports: _Ports) -> tuple[str, str]:
    """In a trace of its own, which leads to the vectors as that of a live event does: hundreds of records in one could not be read."""
    batch = current_traceparent()
    links = [] if batch is None else [batch]
    origin = Origin(event.source, event.observed_at, current_origin().pace)
    with about(origin), span(Span.RECORD, links=links, is_root=True, type=event.TYPE, source=event.source):
        outcome, reason = await _settled(event, ports)
        tell(outcome=outcome, reason=reason)
        return outcome, reason


async def _settled(event: IngestionEvent, ports: _Ports) -> tuple[str, str]:
    """The event's outcome and its reason."""
    try:
        outcome = await _normalized(event, ports.normalize)
    except PermanentError as error:
        await _park(event, error, ports)
        return "rejected", type(error).__name__
    return type(outcome).__name__.lower(), outcome.reason


async def _normalized(event: IngestionEvent, normalize: Handler[IngestionEvent]) -> Outcome:
    for _ in range(CONFLICTS):
        try:
            return await normalize(event)
        except Conflict:
            continue
    return await normalize(event)


async def _park(event: IngestionEvent, error: PermanentError, ports: _Ports) -> None:
    """Set one event aside, as if it had come alone: sent round again, it is a live event. And say of its stream that it is not whole."""
    provenance = properties_of(event, current_origin())
    envelope = Envelope.of(event, traceparent=current_traceparent(), provenance=provenance)
    at, reason = ports.now(), type(error).__name__
    await ports.publisher.publish(
        Rejected(
            tenant_id=event.tenant_id,
            correlation_id=event.correlation_id,
            queue=envelope.queue,
            original_id=envelope.id,
            reason=reason,
            detail=str(error),
            body=envelope.body.decode(),
            properties=dict(envelope.properties),
            attempts=1,
            rejected_at=at,
        )
    )
    await ports.gaps.open(
        Gap.found(
            tenant_id=event.tenant_id,
            connection_id=event.connection_id or event.source,
            stream=event.record_type or event.source,
            reason="rejected",
            at=at,
        )
    )
    said = {"message_id": envelope.id, "tenant": event.tenant_id, "correlation": event.correlation_id}
    log.error("event of a batch rejected", extra={**said, "reason": reason, "detail": str(error)})


def _gravest(failures: list[Exception]) -> Exception:
    """The one to decide by: what passes comes first, so that an outage does not use up the few attempts a bug is given."""
    chosen = max(failures, key=lambda error: (isinstance(error, TransientError), _seconds(error)))
    for error in failures:
        if error is not chosen and not isinstance(error, PipelineError):
            log.error("event of a batch not handled", extra={"reason": type(error).__name__, "at": place_of(error)})
    return chosen


def _seconds(error: Exception) -> float:
    return error.retry_after_seconds if isinstance(error, RateLimited) else 0.0
