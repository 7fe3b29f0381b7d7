"""Spans and the trace context that travels with messages (W3C Trace Context, ``traceparent``).

The SDK is loaded by ``setup.py``; without it spans cost nothing and carry no context. OpenTelemetry's API is imported when the first span
opens, to keep it out of the cold start.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from shared.telemetry.names import Span


@contextmanager
def span(name: Span, *, traceparent: str | None = None, **attributes: str) -> Iterator[None]:
    """Time a step as a child of the given context, or of the current one."""
    from opentelemetry import trace
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    parent = TraceContextTextMapPropagator().extract({"traceparent": traceparent}) if traceparent else None
    with trace.get_tracer("shardline").start_as_current_span(name.value, context=parent, attributes=attributes):
        yield


def current_traceparent() -> str | None:
    """The context to send along, if a span is open and recorded."""
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get("traceparent")
