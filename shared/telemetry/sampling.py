"""Which traces are kept: a share of them, by their ids alone.

Everybody who sees a trace decides the same of it, whatever a caller says: a vendor's header, or a host that records nothing, must not
switch a trace off, nor on. Only spans are left out: what went wrong is logged and counted all the same.
"""

from collections.abc import Sequence

from opentelemetry.context import Context
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult, TraceIdRatioBased
from opentelemetry.trace import Link, SpanKind, TraceState, get_current_span
from opentelemetry.util.types import Attributes
from typing_extensions import override


class ShareOfTraces(Sampler):
    """Keeps so many; and of what was done for several traces at once, whatever was done for one that is kept."""

    def __init__(self, share: float) -> None:
        self._by_id = TraceIdRatioBased(share)

    @override
    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        if links and not get_current_span(parent_context).get_span_context().is_valid:
            is_kept = any(self._is_kept(link.context.trace_id) for link in links)
            return SamplingResult(Decision.RECORD_AND_SAMPLE if is_kept else Decision.DROP, attributes if is_kept else None)
        return self._by_id.should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)

    @override
    def get_description(self) -> str:
        return f"ShareOfTraces({self._by_id.rate})"

    def _is_kept(self, trace_id: int) -> bool:
        return trace_id & TraceIdRatioBased.TRACE_ID_LIMIT < self._by_id.bound
