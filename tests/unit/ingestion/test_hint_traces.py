"""A call that gives a hint, its read and what comes of it are one trace; calls that are answered by somebody else's read say which one."""

from datetime import datetime, timedelta

from typing_extensions import override

from ingestion.sources.source import WebhookResponse
from shared import topology
from shared.contracts.ingestion import IngestionEvent
from shared.contracts.message import Message
from shared.errors import DependencyUnavailable
from shared.messaging.provenance import delivered_origin
from shared.messaging.publisher import Publisher, QueuePublisher
from shared.telemetry.names import Span
from shared.telemetry.tracing import current_traceparent, span
from tests.plugins.seen_spans import Spans, id_of, parent_of, trace_of
from tests.unit.ingestion.hearing import Bells, hint_of

pytest_plugins = ["tests.plugins.traces"]


class Traced(Bells):
    """As a deployment is: the context goes with every message."""

    def __init__(self) -> None:
        super().__init__()
        self.pipeline.traceparent = current_traceparent
        p = self.pipeline
        publisher = QueuePublisher(p.transport, claims=p.claims, metrics=p.metrics, traceparent=current_traceparent)
        self.receiver = self.a_receiver(publisher=publisher)

    async def call(self, number: int, *records: str) -> WebhookResponse:
        """A call, in a trace of this number."""
        with span(Span.WEBHOOK, traceparent=f"00-{number:032x}-{number:016x}-01", source="bell"):
            return await self.ring(*map(hint_of, records))


class Away(Publisher):
    """A broker that is away."""

    @override
    async def publish(self, *messages: Message) -> None:
        raise DependencyUnavailable("the broker is away")

    @override
    async def schedule(self, message: Message, *, due_at: datetime) -> None:
        raise DependencyUnavailable("the broker is away")


async def test_a_read_is_a_step_of_the_call_that_asked_for_it(spans: Spans) -> None:
    bells = Traced()
    await bells.connect()

    await bells.call(1, "R1")
    await bells.work()
    await bells.pipeline.run_all()

    webhook, steps = spans.one("webhook"), spans.named("handle message")
    assert [dict(step.attributes or {})["type"] for step in steps][:2] == ["SyncRequested", "IngestionEvent"]
    assert {trace_of(step) for step in steps} == {1}
    assert [parent_of(step) for step in steps][:2] == [id_of(webhook), id_of(steps[0])]
    assert {dict(step.attributes or {})["source"] for step in steps[:2]} == {"bell"}


async def test_the_lag_of_a_record_that_was_hinted_begins_with_the_hint_however_long_its_read_had_to_wait() -> None:
    bells = Traced()
    await bells.connect()

    heard_at = bells.clock()
    await bells.call(1, "R1")
    bells.clock.advance(seconds=40)  # as long as the vendor has us wait
    await bells.work()

    read = next(sent for sent in bells.pipeline.transport.sent if sent.queue == topology.INGESTION_EVENTS)
    assert IngestionEvent.decode(read.body).observed_at == heard_at + timedelta(seconds=40)
    assert delivered_origin(read.properties).observed_at == heard_at


async def test_a_call_that_we_could_not_take_is_a_failed_step(spans: Spans) -> None:
    bells = Traced()
    await bells.connect()

    bells.receiver = bells.a_receiver(publisher=Away())
    response = await bells.call(1, "R1")

    step = spans.one("webhook")
    assert (response.status, step.status.is_ok, step.status.description) == (503, False, "DependencyUnavailable")


async def test_calls_that_need_no_read_of_their_own_say_whose_answers_them(spans: Spans) -> None:
    bells = Traced()
    await bells.connect()

    for number in (1, 2, 3, 4):
        await bells.call(number, "R1")
        bells.clock.advance(seconds=1)

    first, second, *others = spans.named("webhook")
    [_, at_the_end] = bells.envelopes()
    assert at_the_end.properties["traceparent"] != ""
    assert [dict(one.attributes or {}).get("answered_by") for one in (first, second)] == [None, None]
    assert [dict(one.attributes or {})["answered_by"] for one in others] == [at_the_end.id] * 2
    assert str(at_the_end.properties["traceparent"]).split("-")[1] == f"{trace_of(second):032x}"
