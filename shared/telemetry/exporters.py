"""What sends spans, measurements and logs to one place, and what becomes of its failures: nothing that anybody waits for.

A place that is away costs what was to be sent there, and a line in the log every ten minutes. The line goes to the host alone: exported as
well, it would be one more thing to send to a place that is away.
"""

import logging
from dataclasses import dataclass
from functools import wraps
from time import monotonic
from typing import Any, Final

from opentelemetry.sdk._logs.export import LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.metrics import _Gauge
from opentelemetry.sdk.metrics.export import AggregationTemporality, MetricExporter, MetricExportResult
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

SAID_EVERY: Final = 600.0
"""Seconds."""

ANSWER_SECONDS: Final = 5.0
"""One attempt. Exports wait in threads of their own, and what comes meanwhile waits in queues with an end."""

_log = logging.getLogger("telemetry")


@dataclass(frozen=True)
class Exporters:
    """One place. ``name`` is for the log."""

    name: str
    spans: SpanExporter
    metrics: MetricExporter
    logs: LogRecordExporter

    def __post_init__(self) -> None:
        # A gauge goes out once each time it is set. Otherwise a worker that measured once would say the same until its end, beside those
        # that measure now; and nobody would see that measuring has stopped. Neither exporter offers it for what is set and not observed.
        wanted: dict[type, AggregationTemporality] = {_Gauge: AggregationTemporality.DELTA}
        self.metrics._preferred_temporality = {**(self.metrics._preferred_temporality or {}), **wanted}  # noqa: SLF001 - the reader reads it
        for exporter, success, failure in (
            (self.spans, SpanExportResult.SUCCESS, SpanExportResult.FAILURE),
            (self.metrics, MetricExportResult.SUCCESS, MetricExportResult.FAILURE),
            (self.logs, LogRecordExportResult.SUCCESS, LogRecordExportResult.FAILURE),
        ):
            _watch(exporter, self.name, success, failure)


def _watch(exporter: Any, name: str, success: object, failure: object) -> None:
    """Let an exporter fail quietly."""
    export = exporter.export
    said_at: float | None = None

    @wraps(export)
    def quietly(*args: Any, **kwargs: Any) -> Any:
        nonlocal said_at
        kind = "refused, or no answer"
        try:
            result = export(*args, **kwargs)
        except Exception as error:  # whatever it is: telemetry is never worth more than a line
            result, kind = failure, type(error).__name__
        if result is not success and (said_at is None or monotonic() - said_at >= SAID_EVERY):
            said_at = monotonic()
            _log.warning("telemetry could not be sent, and is lost", extra={"place": name, "reason": kind})
        return result

    exporter.export = quietly
