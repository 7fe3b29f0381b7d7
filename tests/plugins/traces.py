"""The spans that a test's own steps leave, kept in memory: one provider for the whole process, as a worker has one."""

from collections.abc import Iterator

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.telemetry.setup import set_up_telemetry
from tests.plugins.seen_spans import Spans


@pytest.fixture
def spans() -> Iterator[Spans]:
    """Every span of a test."""
    set_up_telemetry()
    provider = trace.get_tracer_provider()
    assert isinstance(provider, TracerProvider)
    exporter = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield Spans(exporter)
    exporter.shutdown()
