"""What the fixture of ``traces.py`` shows, and what to ask of a span."""

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter


class Spans:
    """What was finished so far."""

    def __init__(self, exporter: InMemorySpanExporter) -> None:
        self._exporter = exporter

    def all(self) -> list[ReadableSpan]:
        """In the order in which they ended."""
        return list(self._exporter.get_finished_spans())

    def named(self, name: str, **attributes: str | int) -> list[ReadableSpan]:
        """Those with this name and at least these attributes."""
        return [one for one in self.all() if one.name == name and attributes.items() <= dict(one.attributes or {}).items()]

    def one(self, name: str, **attributes: str | int) -> ReadableSpan:
        """The one there is."""
        [found] = self.named(name, **attributes)
        return found

    def clear(self) -> None:
        """Forget them."""
        self._exporter.clear()


def trace_of(span: ReadableSpan) -> int:
    """The trace a span is in."""
    assert span.context is not None
    return int(span.context.trace_id)


def id_of(span: ReadableSpan) -> int:
    """The span's own id."""
    assert span.context is not None
    return int(span.context.span_id)


def parent_of(span: ReadableSpan) -> int | None:
    """The id of the span it is a step of."""
    return None if span.parent is None else span.parent.span_id


def linked_to(span: ReadableSpan) -> set[int]:
    """The ids of the spans it is linked to."""
    return {link.context.span_id for link in span.links}
