"""The metric port over OpenTelemetry: an instrument per name."""

from typing import Any

from opentelemetry import metrics
from typing_extensions import override

from shared.telemetry.metrics import Metrics
from shared.telemetry.names import Instrument, Metric

LAG_BOUNDS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 14400, 86400)
"""Seconds. A live event is there within a few, a back-fill may take hours."""


class OpenTelemetryMetrics(Metrics):
    """The port over one meter."""

    def __init__(self, provider: Any = None) -> None:
        meter = (provider or metrics).get_meter("shardline")
        make = {
            Instrument.COUNTER: meter.create_counter,
            Instrument.HISTOGRAM: lambda name, **said: meter.create_histogram(name, explicit_bucket_boundaries_advisory=LAG_BOUNDS, **said),
            Instrument.GAUGE: meter.create_gauge,
        }
        self._instruments: dict[Metric, Any] = {
            metric: make[metric.instrument](metric.value, unit=metric.unit, description=metric.meaning) for metric in Metric
        }

    @override
    def count(self, metric: Metric, amount: float = 1, **attributes: str) -> None:
        self._instruments[metric].add(amount, attributes)

    @override
    def record(self, metric: Metric, value: float, **attributes: str) -> None:
        self._instruments[metric].record(value, attributes)

    @override
    def set(self, metric: Metric, value: float, **attributes: str) -> None:
        self._instruments[metric].set(value, attributes)
