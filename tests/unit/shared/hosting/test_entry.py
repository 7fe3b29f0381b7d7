"""In whose trace a call from outside is handled: in the host's, unless a stranger chose its ids."""

from typing import cast

import azure.functions as func
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.trace import SpanContext

from devtools.host.context import Context, TraceContext
from devtools.host.traces import new_trace
from shared.hosting import triggers
from shared.telemetry.names import Span
from shared.telemetry.tracing import span
from tests.plugins.seen_spans import Spans, id_of, parent_of, trace_of

pytest_plugins = ["tests.plugins.traces"]

CHOSEN = "4bf92f3577b34da6a3ce929d0e0e4736"
FORGED = {"traceparent": f"00-{CHOSEN}-00f067aa0ba902b7-01", "tracestate": "a=" + "x" * 60_000}


def call(headers: dict[str, str]) -> tuple[func.HttpRequest, func.Context]:
    """A call as the host hands it over: it takes whatever trace the caller names for its own."""
    trace = new_trace(headers.get("traceparent"), headers.get("tracestate"))
    request = func.HttpRequest("POST", "http://127.0.0.1/api/webhooks/slack", headers=headers, body=b"{}")
    context = Context("i", "ingestion-slack-webhook", ".", TraceContext(trace.parent, trace.state))
    return request, cast("func.Context", context)


def entered(headers: dict[str, str]) -> func.Context:
    request, context = call(headers)
    with span(Span.WEBHOOK, source="slack", **triggers.entry(request, context)):
        pass
    return context


def test_a_call_that_names_no_trace_is_a_step_of_the_host_s(spans: Spans) -> None:
    host = entered({}).trace_context.trace_parent

    step = spans.one("webhook")
    assert (f"{trace_of(step):032x}", f"{parent_of(step):016x}") == tuple(host.split("-")[1:3])
    assert dict(step.attributes or {}) == {"source": "slack"}


@pytest.mark.parametrize("name", ["traceparent", "Traceparent", "TRACEPARENT"])
def test_a_stranger_s_trace_is_named_and_not_joined(spans: Spans, name: str) -> None:
    entered({name: FORGED["traceparent"], "traceparent": FORGED["traceparent"], "tracestate": FORGED["tracestate"]})

    step = spans.one("webhook")
    assert (parent_of(step), list(step.links)) == (None, [])
    assert f"{trace_of(step):032x}" != CHOSEN
    assert dict(step.attributes or {}) == {"source": "slack", "host_trace": CHOSEN}


def test_two_calls_with_one_forged_trace_are_two_traces_with_nothing_of_the_caller_s_state(spans: Spans) -> None:
    for _ in range(2):
        entered(FORGED)

    first, second = spans.named("webhook")
    assert trace_of(first) != trace_of(second)
    assert [len(one.context.trace_state) for one in (first, second) if isinstance(one.context, SpanContext)] == [0, 0]
    assert id_of(first) != id_of(second)


@given(st.dictionaries(st.sampled_from(["traceparent", "tracestate", "request-id", "baggage"]), st.text(max_size=80)))
def test_no_header_whatever_breaks_the_call(headers: dict[str, str]) -> None:
    request, context = call(headers)

    said = triggers.entry(request, context)

    assert len(str(said.get("host_trace", ""))) in (0, 32)
    assert said.get("is_root", False) is ("traceparent" in headers)
