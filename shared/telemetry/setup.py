"""What becomes of measurements, spans and logs: OpenTelemetry's SDK, and whatever exporters a deployment has.

The providers are set once per worker and never replace what the platform has set already. A worker is killed without a word: spans and logs
wait a second at most, measurements fifteen, and nothing is kept for an end that never comes.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from opentelemetry import metrics, trace
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from shared.telemetry.exporters import Exporters
from shared.telemetry.instruments import OpenTelemetryMetrics
from shared.telemetry.log_export import export_ours
from shared.telemetry.metrics import Metrics
from shared.telemetry.sampling import ShareOfTraces

BATCH_DELAY_MS: Final = 1_000
METRIC_INTERVAL_MS: Final = 15_000
QUEUE_ITEMS: Final = 4_096
"""Spans, and log lines, that wait for a place that is away; the oldest are dropped first. About 10 MB."""
BATCH_ITEMS: Final = 512

QUIET_LOGGERS: Final = ("azure", "httpx2")
"""They log every request with its address and headers at INFO: ids of records, and more work than the request itself."""
SILENT_LOGGERS: Final = ("opentelemetry", "azure.monitor.opentelemetry", "urllib3")
"""They log each failure to export; ``exporters.py`` says it, and not so often."""


@dataclass(frozen=True)
class Worker:
    """Who measures. ``instance`` tells workers apart, and nothing else: a random word."""

    service: str = "shardline"
    version: str = ""
    instance: str = ""

    @property
    def resource(self) -> Resource:
        """As OpenTelemetry names it."""
        said = {"service.name": self.service, "service.version": self.version, "service.instance.id": self.instance}
        return Resource.create({name: value for name, value in said.items() if value})


@dataclass(frozen=True)
class Providers:
    """One worker's."""

    spans: TracerProvider
    metrics: MeterProvider
    logs: LoggerProvider | None

    @classmethod
    def of(cls, worker: Worker, exporters: Sequence[Exporters] = (), *, traces_kept: float = 1.0) -> "Providers":
        """Providers that send to each of the exporters; to nobody where there is none."""
        resource = worker.resource
        spans = TracerProvider(resource=resource, sampler=ShareOfTraces(traces_kept))
        logs = LoggerProvider(resource=resource) if exporters else None
        for exporter in exporters:
            spans.add_span_processor(BatchSpanProcessor(exporter.spans, QUEUE_ITEMS, BATCH_DELAY_MS, BATCH_ITEMS))
            if logs is not None:
                logs.add_log_record_processor(BatchLogRecordProcessor(exporter.logs, BATCH_DELAY_MS, BATCH_ITEMS, None, QUEUE_ITEMS))
        readers = [PeriodicExportingMetricReader(exporter.metrics, export_interval_millis=METRIC_INTERVAL_MS) for exporter in exporters]
        return cls(spans, MeterProvider(readers, resource=resource), logs)

    def flush(self) -> None:
        """Send what waits. It takes as long as the places take: not for a worker's event loop."""
        self.spans.force_flush()
        self.metrics.force_flush()
        if self.logs is not None:
            self.logs.force_flush()

    def shutdown(self) -> None:
        """Send what waits, and end the threads."""
        self.spans.shutdown()
        self.metrics.shutdown()
        if self.logs is not None:
            self.logs.shutdown()


def send_measurements() -> None:
    """Send what was measured so far, and wait until it went or could not: for who measures seldom, in a worker that may be gone before the
    next quarter of a minute. It takes as long as the places take: not for an event loop."""
    provider = metrics.get_meter_provider()
    if isinstance(provider, MeterProvider):
        with suppress(Exception):  # a place that is away: the exporter has said so, and it is asked again with the next measurements
            provider.force_flush()


def set_up_telemetry(worker: Worker | None = None, exporters: Sequence[Exporters] = (), *, traces_kept: float = 1.0) -> Metrics:
    """Set the providers where the platform has not, quieten the SDKs, and give the metric port."""
    for name in QUIET_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    is_free = isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)
    if is_free and not isinstance(metrics.get_meter_provider(), MeterProvider):
        providers = Providers.of(worker or Worker(), exporters, traces_kept=traces_kept)
        trace.set_tracer_provider(providers.spans)
        metrics.set_meter_provider(providers.metrics)
        if providers.logs is not None:
            for name in SILENT_LOGGERS:
                logging.getLogger(name).setLevel(logging.CRITICAL)
            export_ours(providers.logs)
    return OpenTelemetryMetrics()
