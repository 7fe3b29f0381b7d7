"""Which traces are kept: a share of them, decided the same by everybody who sees one."""

from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, TraceFlags

from shared.telemetry.sampling import ShareOfTraces

trace_ids = st.integers(min_value=1, max_value=2**128 - 1)
shares = st.floats(min_value=0, max_value=1)


def is_kept(share: float, trace_id: int, *, flag: int = 1) -> bool:
    parent = trace.set_span_in_context(NonRecordingSpan(SpanContext(trace_id, 5, is_remote=True, trace_flags=TraceFlags(flag))))
    return ShareOfTraces(share).should_sample(parent, trace_id, "handle message").decision is Decision.RECORD_AND_SAMPLE


@given(shares, trace_ids)
def test_whatever_a_caller_says_of_sampling_the_decision_is_the_same(share: float, trace_id: int) -> None:
    assert is_kept(share, trace_id, flag=0) == is_kept(share, trace_id, flag=1)


@given(shares, shares, trace_ids)
def test_a_larger_share_keeps_what_a_smaller_one_keeps(one: float, other: float, trace_id: int) -> None:
    assert is_kept(min(one, other), trace_id) <= is_kept(max(one, other), trace_id)


@given(trace_ids)
def test_all_are_kept_and_none_where_that_is_asked(trace_id: int) -> None:
    assert (is_kept(1, trace_id), is_kept(0, trace_id)) == (True, False)


@given(shares, st.lists(trace_ids, min_size=1, max_size=5), trace_ids)
def test_what_was_done_for_several_is_kept_with_any_of_them(share: float, of: list[int], own: int) -> None:
    links = [Link(SpanContext(trace_id, 5, is_remote=True)) for trace_id in of]

    decision = ShareOfTraces(share).should_sample(None, own, "send", links=links).decision

    assert (decision is Decision.RECORD_AND_SAMPLE) == any(is_kept(share, trace_id) for trace_id in of)


def test_a_trace_that_is_not_kept_goes_on_all_the_same() -> None:
    tracer = TracerProvider(sampler=ShareOfTraces(0)).get_tracer("shardline")

    with tracer.start_as_current_span("webhook") as span:
        context = span.get_span_context()

    assert (context.is_valid, span.is_recording()) == (True, False)
    assert ShareOfTraces(0.5).get_description() == "ShareOfTraces(0.5)"
