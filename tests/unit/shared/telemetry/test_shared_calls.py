"""What several wait for at once is one call: a step of nobody's trace, linked to each; and of one alone, a step of its trace."""

import asyncio
from collections.abc import Sequence

from typing_extensions import override

from devtools.fakes.metrics import InMemoryMetrics
from shared.embeddings.embedder import Model, Vector
from shared.embeddings.gathering import GatheringEmbedder
from shared.messaging.envelope import TRACELINK, TRACEPARENT, Envelope
from shared.messaging.gathering import GatheringTransport
from shared.telemetry.names import Span
from shared.telemetry.tracing import MOST_LINKS, shared_span, span
from shared.topology import LEXICAL, Space
from tests.plugins.seen_spans import Spans, id_of, linked_to, parent_of, trace_of
from tests.unit.shared.messaging.gathering_brokers import CountingBroker

pytest_plugins = ["tests.plugins.traces"]


def traceparent(number: int) -> str:
    return f"00-{number:032x}-{number:016x}-01"


class Ones(Model):
    """A model with one answer, given when all who ask have asked."""

    @property
    @override
    def space(self) -> Space:
        return LEXICAL

    @override
    async def encode(self, texts: Sequence[str]) -> list[Vector]:
        return [[1.0] * LEXICAL.dimensions for _ in texts]


async def test_texts_of_several_messages_are_one_model_call_linked_to_each(spans: Spans) -> None:
    embedder = GatheringEmbedder(Ones(), metrics=InMemoryMetrics())

    async def message(number: int) -> None:
        with span(Span.HANDLE, traceparent=traceparent(number), type="EmbeddingRequested"):
            await embedder.embed([f"text {number}", "a text of both"])

    await asyncio.gather(message(1), message(2))

    call, handled = spans.one("model call"), spans.named("handle message")
    assert (call.parent, linked_to(call)) == (None, {id_of(one) for one in handled})
    assert trace_of(call) not in {trace_of(one) for one in handled}
    assert dict(call.attributes or {}) == {"model": LEXICAL.model, "texts": 3}


async def test_texts_of_one_message_are_a_step_of_its_trace(spans: Spans) -> None:
    embedder = GatheringEmbedder(Ones(), metrics=InMemoryMetrics())

    with span(Span.HANDLE, traceparent=traceparent(1), type="EmbeddingRequested"):
        await embedder.embed(["one", "two"])

    call, handled = spans.one("model call"), spans.one("handle message")
    assert (trace_of(call), parent_of(call), call.links) == (1, id_of(handled), ())


async def test_sends_that_share_a_batch_are_one_step_linked_to_each_trace(spans: Spans) -> None:
    transport = GatheringTransport(CountingBroker())
    made_in = [{TRACEPARENT: traceparent(1)}, {TRACELINK: traceparent(2)}, {TRACEPARENT: traceparent(1)}, {}]

    await asyncio.gather(*(transport.send(Envelope("q", str(number), b"", said)) for number, said in enumerate(made_in)))
    await transport.send(Envelope("q", "alone", b"", {TRACEPARENT: traceparent(3)}))

    shared, alone = spans.one("send", messages=4), spans.one("send", messages=1)
    assert (shared.parent, linked_to(shared), dict(shared.attributes or {})["queue"]) == (None, {1, 2}, "q")
    assert (trace_of(alone), parent_of(alone), alone.links) == (3, 3, ())


async def test_a_call_for_thousands_is_linked_to_some_of_them(spans: Spans) -> None:
    with shared_span(Span.SEND, [traceparent(number) for number in range(1, 1000)]):
        pass

    assert len(spans.one("send").links) == MOST_LINKS


async def test_what_nobody_traced_is_a_step_of_nobody_s(spans: Spans) -> None:
    with span(Span.SCHEDULE), shared_span(Span.SEND, []):
        pass

    assert (spans.one("send").parent, spans.one("send").links) == (None, ())


async def test_a_link_that_is_none_is_left_out(spans: Spans) -> None:
    with span(Span.HANDLE, links=["nonsense", "00-0-0-00", traceparent(7)]):
        pass

    assert linked_to(spans.one("handle message")) == {7}
