"""A collector, by OTLP over HTTP as JSON: protobuf would replace the Functions worker's own (docs/decisions/0045)."""

from collections.abc import Mapping

from opentelemetry.exporter.otlp.json.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.json.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.json.http.trace_exporter import OTLPSpanExporter

from shared.telemetry.exporters import ANSWER_SECONDS, Exporters


def otlp(endpoint: str, *, headers: Mapping[str, str]) -> Exporters:
    """The collector at a base address. ``headers`` go with every request."""
    base = endpoint.rstrip("/")
    return Exporters(
        "OTLP",
        OTLPSpanExporter(f"{base}/v1/traces", headers=headers, timeout=ANSWER_SECONDS),
        OTLPMetricExporter(f"{base}/v1/metrics", headers=headers, timeout=ANSWER_SECONDS),
        OTLPLogExporter(f"{base}/v1/logs", headers=headers, timeout=ANSWER_SECONDS),
    )
