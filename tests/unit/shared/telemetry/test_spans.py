"""Spans carry the trace from one message to the next, and nothing of the errors that pass through them."""

from collections.abc import Iterator

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from shared.telemetry.names import Instrument, Metric, Span
from shared.telemetry.setup import set_up_telemetry
from shared.telemetry.tracing import current_traceparent, span

SENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    set_up_telemetry()
    provider = trace.get_tracer_provider()
    assert isinstance(provider, TracerProvider)
    found = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(found))
    yield found
    found.shutdown()


def only(exporter: InMemorySpanExporter) -> ReadableSpan:
    [found] = exporter.get_finished_spans()
    return found


def test_a_step_belongs_to_the_trace_that_came_with_the_message(exporter: InMemorySpanExporter) -> None:
    with span(Span.HANDLE, traceparent=SENT, type="IngestionEvent"):
        sent_on = current_traceparent()

    found = only(exporter)
    assert sent_on is not None
    assert sent_on.split("-")[1] == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert sent_on != SENT
    assert found.name == "handle message"
    assert found.attributes == {"type": "IngestionEvent"}
    assert found.parent is not None
    assert f"{found.parent.span_id:016x}" == "00f067aa0ba902b7"


@pytest.mark.parametrize("broken", ["", "00-00-00-00", "nonsense"])
def test_a_broken_trace_begins_a_new_one(exporter: InMemorySpanExporter, broken: str) -> None:
    with span(Span.HANDLE, traceparent=broken):
        assert current_traceparent() is not None

    assert only(exporter).parent is None


def test_outside_of_a_step_there_is_no_trace() -> None:
    assert current_traceparent() is None


def test_of_an_error_a_step_keeps_its_kind_and_not_its_text(exporter: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="s3cr3t"), span(Span.HANDLE):
        raise ValueError("cannot read s3cr3t")

    found = only(exporter)
    assert (found.status.status_code, found.status.description) == (StatusCode.ERROR, "ValueError")
    assert "s3cr3t" not in found.to_json()


def test_setting_up_twice_keeps_what_is_there() -> None:
    set_up_telemetry()
    provider = trace.get_tracer_provider()

    set_up_telemetry()

    assert trace.get_tracer_provider() is provider


def test_every_metric_can_be_measured() -> None:
    metrics = set_up_telemetry()

    for metric in Metric:
        said = dict.fromkeys(metric.attributes, "x")
        match metric.instrument:
            case Instrument.COUNTER:
                metrics.count(metric, 2, **said)
            case Instrument.HISTOGRAM:
                metrics.record(metric, 2, **said)
            case Instrument.GAUGE:
                metrics.set(metric, 2, **said)


@pytest.mark.parametrize("metric", list(Metric), ids=str)
def test_a_metric_says_what_it_counts(metric: Metric) -> None:
    assert metric.value.startswith("shardline.")
    assert metric.meaning.endswith(".")
    assert all(f"`{attribute}`" in metric.meaning or attribute == "record_type" for attribute in metric.attributes)
    assert metric.unit
