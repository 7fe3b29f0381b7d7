"""What becomes of counts and spans: OpenTelemetry's SDK, without exporters yet.

The provider is set once per worker and never replaces one that the platform has set already.
"""

import logging
from typing import Any

from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from typing_extensions import override

from shared.telemetry.metrics import Metrics
from shared.telemetry.names import Metric


class OpenTelemetryMetrics(Metrics):
    """The metric port over one meter: a counter per name."""

    def __init__(self, provider: Any = None) -> None:
        meter = (provider or metrics).get_meter("shardline")
        self._counters = {metric: meter.create_counter(metric.value, description=metric.meaning) for metric in Metric}

    @override
    def count(self, metric: Metric, amount: int = 1, **attributes: str) -> None:
        self._counters[metric].add(amount, attributes)


def set_up_telemetry() -> Metrics:
    """Set the providers where the platform has not, quieten the SDKs, and give the metric port."""
    # The Azure SDKs log every request with its address and headers at INFO: ids of records, and more work than the request itself.
    logging.getLogger("azure").setLevel(logging.WARNING)
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # the whole address of every call
    resource = Resource.create({"service.name": "shardline"})
    if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        trace.set_tracer_provider(TracerProvider(resource=resource))
    if not isinstance(metrics.get_meter_provider(), MeterProvider):
        metrics.set_meter_provider(MeterProvider(resource=resource))
    return OpenTelemetryMetrics()
