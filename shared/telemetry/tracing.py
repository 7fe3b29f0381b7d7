"""Spans and the trace context that travels with messages (W3C Trace Context, ``traceparent``).

The SDK is loaded by ``setup.py``; without it spans cost nothing and carry no context. OpenTelemetry's API is imported when the first span
opens, to keep it out of the cold start.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from shared.telemetry.names import Span

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer


@contextmanager
def span(name: Span, *, traceparent: str | None = None, **attributes: str) -> Iterator[None]:
    """Time a step as a child of the given context, or of the current one.

    An error that passes through leaves its kind on the span and not its text, which may hold anything.
    """
    from opentelemetry import trace
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    parent = TraceContextTextMapPropagator().extract({"traceparent": traceparent}) if traceparent else None
    with _tracer().start_as_current_span(
        name.value, context=parent, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as step:
        try:
            yield
        except BaseException as error:  # whatever ends the step, a cancellation too, is marked and passed on
            step.set_status(trace.StatusCode.ERROR, type(error).__name__)
            raise


def current_traceparent() -> str | None:
    """The context to send along, if a span is open and recorded."""
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get("traceparent")


@cache
def _tracer() -> "Tracer":
    """Made once: making one takes as long as a span. One that is made before the provider is set follows it."""
    from opentelemetry import trace

    return trace.get_tracer("shardline")
