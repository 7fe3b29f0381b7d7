"""A worker that measures, with exporters of its own beside whatever this process has."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from opentelemetry import trace
from opentelemetry.trace import Link, SpanContext, SpanKind, StatusCode, TraceFlags

from shared.telemetry.exporters import Exporters
from shared.telemetry.instruments import OpenTelemetryMetrics
from shared.telemetry.log_export import LogExport
from shared.telemetry.names import Metric
from shared.telemetry.setup import Providers, Worker

CALLED = SpanContext(0x4BF92F3577B34DA6A3CE929D0E0E4736, 0x00F067AA0BA902B7, is_remote=True, trace_flags=TraceFlags(1))
OTHER = SpanContext(0x5BF92F3577B34DA6A3CE929D0E0E4736, 0x00F067AA0BA902B8, is_remote=True, trace_flags=TraceFlags(1))


@dataclass
class Measured:
    """Providers, and a logger that only they hear."""

    providers: Providers
    log: logging.Logger

    def call(self) -> None:
        """One webhook call: two steps, one of which fails, a line, and something of each instrument."""
        tracer, metrics = self.providers.spans.get_tracer("shardline"), OpenTelemetryMetrics(self.providers.metrics)
        parent = trace.set_span_in_context(trace.NonRecordingSpan(CALLED))
        with tracer.start_as_current_span("webhook", context=parent, attributes={"source": "slack"}, links=[Link(OTHER)]):
            with tracer.start_as_current_span("send", kind=SpanKind.CLIENT, attributes={"queue": "ingestion-events"}) as send:
                send.set_status(StatusCode.ERROR, "DependencyUnavailable")
            self.log.warning("message not handled", extra={"tenant": "acme", "message_id": "m-1", "attempt": 2, "detail": None})
        metrics.count(Metric.MESSAGES_HANDLED, 2, type="IngestionEvent", outcome="stored", reason="content", source="slack")
        metrics.record(Metric.LAG_SHARD, 1.5, source="slack", pace="live")
        metrics.record(Metric.LAG_SHARD, 2.5, source="slack", pace="live")
        metrics.set(Metric.QUEUE_AGE, 3.25, queue="ingestion-events", part="active")
        metrics.count(Metric.EMBEDDING_COST, 0.0002, model="text-embedding-3-small")


@contextmanager
def measuring(*exporters: Exporters) -> Iterator[Measured]:
    """A worker with these exporters."""
    yield from _measuring(exporters)


def _measuring(exporters: Sequence[Exporters]) -> Iterator[Measured]:
    providers = Providers.of(Worker("shardline-light", "0.1.0", "a1b2"), exporters)
    log = logging.getLogger("ingestion.of_a_test")
    assert providers.logs is not None
    handler = LogExport(providers.logs)
    log.addHandler(handler)
    log.propagate = False
    try:
        yield Measured(providers, log)
    finally:
        log.removeHandler(handler)
        log.propagate = True
        providers.shutdown()
