"""Spans and the trace context that travels with messages (W3C Trace Context, ``traceparent``).

The SDK is loaded by ``setup.py``; without it spans cost nothing and carry no context. OpenTelemetry's API is imported when the first span
opens, to keep it out of the cold start.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from shared.telemetry.names import Span

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Link, SpanKind, Tracer

MOST_LINKS: Final = 64
"""Of one span. Of a batch with more parts than that, the others are found by their ids in the logs."""

OUTBOUND: Final = frozenset({Span.SEND, Span.VENDOR, Span.MODEL})


@contextmanager
def span(
    name: Span, *, traceparent: str | None = None, links: Iterable[str] = (), is_root: bool = False, **attributes: Any
) -> Iterator[None]:
    """Time a step as a child of the given context, or of the current one; ``is_root``: of none. Attributes are texts and whole numbers.

    An error that passes through leaves its kind on the span and not its text, which may hold anything.
    """
    from opentelemetry import trace
    from opentelemetry.context import Context

    parent = _context(traceparent) if traceparent else Context() if is_root else None
    linked = [link for link in map(_link, dict.fromkeys(links)) if link is not None]
    with _tracer().start_as_current_span(
        name.value,
        context=parent,
        kind=_kind(name),
        attributes=attributes,
        links=linked[:MOST_LINKS],
        record_exception=False,
        set_status_on_exception=False,
    ) as step:
        try:
            yield
        except BaseException as error:  # whatever ends the step, a cancellation too, is marked and passed on
            step.set_status(trace.StatusCode.ERROR, type(error).__name__)
            raise


@contextmanager
def shared_span(name: Span, traceparents: Collection[str], **attributes: Any) -> Iterator[None]:
    """Time a step made for several traces at once: of one it is a step, of several it is none, and linked to each."""
    apart = [*dict.fromkeys(traceparents)]
    if len(apart) == 1:
        with span(name, traceparent=apart[0], **attributes):
            yield
    else:
        with span(name, links=apart, is_root=True, **attributes):
            yield


def tell(**attributes: str | int) -> None:
    """Say more of the step that is open here."""
    from opentelemetry import trace

    trace.get_current_span().set_attributes(attributes)


def mark_failed(kind: str) -> None:
    """The step that is open here came to nothing, by an error of this kind that does not pass through it."""
    from opentelemetry import trace

    trace.get_current_span().set_status(trace.StatusCode.ERROR, kind)


def current_traceparent() -> str | None:
    """The context to send along, if a span is open and recorded."""
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get("traceparent")


def _context(traceparent: str) -> "Context":
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({"traceparent": traceparent})


def _link(traceparent: str) -> "Link | None":
    from opentelemetry import trace

    context = trace.get_current_span(_context(traceparent)).get_span_context()
    return trace.Link(context) if context.is_valid else None


def _kind(name: Span) -> "SpanKind":
    """What leaves the app, and what does not. Nothing is called inbound: the host tells of each call and message as a request itself."""
    from opentelemetry.trace import SpanKind

    return SpanKind.CLIENT if name in OUTBOUND else SpanKind.INTERNAL


@cache
def _tracer() -> "Tracer":
    """Made once: making one takes as long as a span. One that is made before the provider is set follows it."""
    from opentelemetry import trace

    return trace.get_tracer("shardline")
