"""One call is one trace, from the webhook to the vectors; what is done for several of them at once, or much later, is linked to them."""

import json
from dataclasses import replace
from datetime import timedelta

from devtools.fakes.pipeline import STAGES, InMemoryPipeline
from ops.parked_message import Peeked, Place, parked_of
from shared import topology
from shared.contracts.ingestion import IngestionBatch, IngestionEvent
from shared.contracts.rejected import Rejected
from shared.errors import DependencyUnavailable, UnmappableRecord
from shared.messaging.outcomes import Outcome
from shared.telemetry.names import Metric, Span
from shared.telemetry.origin import Origin, about
from shared.telemetry.tracing import current_traceparent, span
from tests.plugins.seen_spans import Spans, id_of, linked_to, parent_of, trace_of
from tests.unit.processors.chain.records import account, again, contact, deal, settle

pytest_plugins = ["tests.plugins.traces"]

CALLED = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
"""What the host says of a vendor's call."""
IN_IT = 0x4BF92F3577B34DA6A3CE929D0E0E4736


def traced_pipeline() -> InMemoryPipeline:
    pipeline = InMemoryPipeline()
    pipeline.traceparent = current_traceparent
    return pipeline


async def called(pipeline: InMemoryPipeline, *events: IngestionEvent, traceparent: str = CALLED) -> None:
    """What a webhook does."""
    with span(Span.WEBHOOK, traceparent=traceparent, source="salesforce"):
        await pipeline.publisher.publish(*events)


async def refused(_: IngestionEvent) -> Outcome:
    raise UnmappableRecord("no")


async def test_every_step_of_one_call_is_in_its_trace_and_each_is_a_step_of_the_one_that_asked_for_it(spans: Spans) -> None:
    pipeline = traced_pipeline()

    await called(pipeline, account(Description="They make anvils."))
    await pipeline.run_all()

    webhook, steps = spans.one("webhook"), spans.named("handle message")
    types = ["IngestionEvent", "ShardEmitted", "EnrichmentDone", "EmbeddingRequested"]
    assert [dict(step.attributes or {})["type"] for step in steps] == types
    assert {trace_of(one) for one in (webhook, *steps)} == {IN_IT}
    assert [parent_of(step) for step in steps] == [id_of(one) for one in (webhook, *steps[:-1])]
    assert [dict(step.attributes or {})["outcome"] for step in steps] == ["stored", "stored", "passed", "stored"]


async def test_a_step_says_whose_it_is_by_ids_alone(spans: Spans) -> None:
    pipeline = traced_pipeline()

    await called(pipeline, account(Name="Quillon Lanterns", Phone="+1 555 0100").model_copy(update={"correlation_id": "c-1"}))
    await pipeline.run_all()

    known = {"type", "message_id", "attempt", "queue", "tenant", "correlation", "outcome", "reason", "shard", "revision", "source"}
    for step in spans.named("handle message"):
        said = dict(step.attributes or {})
        assert set(said) <= known
        assert (said["tenant"], said["correlation"], said["source"]) == ("acme", "c-1", "salesforce")
    assert "Quillon" not in "".join(one.to_json() for one in spans.all())


async def test_calls_at_the_same_time_are_traces_of_their_own(spans: Spans) -> None:
    pipeline, other = traced_pipeline(), CALLED.replace("4bf9", "5bf9")

    await called(pipeline, account())
    await called(pipeline, contact(), traceparent=other)
    await pipeline.run_all()

    by_trace = {trace_of(webhook): 0 for webhook in spans.named("webhook")}
    for step in spans.named("handle message"):
        by_trace[trace_of(step)] += 1
    assert len(by_trace) == 2
    assert min(by_trace.values()) >= 4


async def test_what_comes_back_later_is_in_the_same_trace(spans: Spans) -> None:
    pipeline = traced_pipeline()
    await called(pipeline, account())

    async def unavailable(_: IngestionEvent) -> Outcome:
        raise DependencyUnavailable("away")

    await pipeline.run(unavailable)
    pipeline.clock.advance(seconds=600)
    await pipeline.run_all()

    first, second = spans.named("handle message", type="IngestionEvent")
    assert (trace_of(first), trace_of(second)) == (IN_IT, IN_IT)
    assert parent_of(second) == parent_of(first) == id_of(spans.one("webhook"))
    assert [dict(one.attributes or {})["outcome"] for one in (first, second)] == ["later", "stored"]
    assert (first.status.is_ok, first.status.description) == (False, "DependencyUnavailable")
    assert [dict(one.attributes or {})["attempt"] for one in (first, second)] == [0, 1]
    assert pipeline.metrics.total(Metric.MESSAGES_HANDLED, source="salesforce", outcome="later") == 1


async def test_what_is_rejected_keeps_its_trace_for_whoever_sends_it_again(spans: Spans) -> None:
    pipeline = traced_pipeline()
    await called(pipeline, account().model_copy(update={"correlation_id": "c-1"}))

    await pipeline.run(refused)
    [parked] = pipeline.transport.on(topology.REJECTED_MESSAGES)
    rejected = Rejected.decode(parked.body)
    original = next(sent for sent in pipeline.transport.sent if sent.queue == topology.INGESTION_EVENTS)
    assert rejected.properties == original.properties
    assert rejected.correlation_id == "c-1"
    await pipeline.transport.send(again(original))
    await pipeline.run_all()

    assert {trace_of(step) for step in spans.named("handle message")} == {IN_IT}


async def test_each_record_of_a_batch_begins_a_trace_of_its_own_that_is_linked_to_the_batch(spans: Spans) -> None:
    pipeline, events = traced_pipeline(), (account(), contact(), deal())
    connection = events[0].connection_id
    assert connection is not None
    with span(Span.HANDLE, traceparent=CALLED, type="SyncRequested"):
        await pipeline.publisher.publish(IngestionBatch(tenant_id="acme", connection_id=connection, events=events))
    await pipeline.run_all()

    batch, records = spans.one("handle message", type="IngestionBatch"), spans.named("record of a batch")
    assert (trace_of(batch), len(records)) == (IN_IT, 3)
    assert len({trace_of(record) for record in records} | {IN_IT}) == 4
    for record in records:
        assert (parent_of(record), linked_to(record)) == (None, {id_of(batch)})
        following = [step for step in spans.named("handle message") if trace_of(step) == trace_of(record)]
        assert "EmbeddingRequested" in {dict(step.attributes or {})["type"] for step in following}
    assert pipeline.metrics.total(Metric.MESSAGES_HANDLED, type="IngestionEvent", source="salesforce", outcome="stored") == 3
    assert pipeline.metrics.total(Metric.MESSAGES_HANDLED, type="IngestionBatch", source="salesforce", outcome="batched") == 1
    for lag in (Metric.LAG_SHARD, Metric.LAG_VECTOR):
        assert len(pipeline.metrics.values(lag)) == len(pipeline.metrics.values(lag, source="salesforce", pace="bulk")) == 3


async def test_a_second_look_because_of_another_record_begins_a_trace_that_is_linked_to_it(spans: Spans) -> None:
    pipeline = traced_pipeline()
    await called(pipeline, account(Description="They make anvils."), traceparent=CALLED)
    await pipeline.run_all()
    spans.clear()

    await settle(pipeline)  # the shard is looked at once more, later: no worker remembers who was not there

    looks = spans.named("handle message", type="ShardEmitted")
    assert looks
    for look in looks:
        assert trace_of(look) != IN_IT
        assert {link.context.trace_id for link in look.links} == {IN_IT}
        assert dict(look.attributes or {})["source"] == "salesforce"


async def test_the_lag_is_from_the_moment_the_record_was_observed_to_the_shard_and_to_the_vectors() -> None:
    pipeline = traced_pipeline()
    event = account(Description="They make anvils.")
    event = event.model_copy(update={"observed_at": pipeline.clock()})

    await called(pipeline, event)
    pipeline.clock.advance(seconds=3)
    for queue in STAGES:
        await pipeline.transport.drain(queue, pipeline.worker(queue))
        pipeline.clock.advance(seconds=2)

    assert pipeline.metrics.values(Metric.LAG_SHARD, source="salesforce", pace="live") == [3.0]
    assert pipeline.metrics.values(Metric.LAG_VECTOR, source="salesforce", pace="live") == [3.0 + 4 * 2.0]


async def test_of_a_record_that_was_read_for_a_hint_the_lag_begins_when_the_hint_was_heard() -> None:
    pipeline = traced_pipeline()
    heard_at = pipeline.clock()
    pipeline.clock.advance(seconds=600)  # as long as the vendor had the read wait

    with about(Origin("salesforce", heard_at)):
        await called(pipeline, account(Description="They make anvils.").model_copy(update={"observed_at": pipeline.clock()}))
    pipeline.clock.advance(seconds=1)
    await pipeline.run_all()

    assert pipeline.metrics.values(Metric.LAG_SHARD, pace="live") == [601.0]
    assert pipeline.metrics.values(Metric.LAG_VECTOR, pace="live") == [601.0]


async def test_what_an_operator_sends_round_again_days_later_does_not_look_like_a_pipeline_that_is_late() -> None:
    pipeline = traced_pipeline()
    await called(pipeline, account(Description="They make anvils."))
    await pipeline.run(refused)
    [parked] = pipeline.transport.on(topology.REJECTED_MESSAGES)
    peeked = Peeked(Place(parked.queue), 1, parked.id, parked.body, parked.properties, 0, pipeline.clock())
    pipeline.clock.advance(seconds=3 * 86_400)

    await pipeline.transport.send((await parked_of(peeked, claims=pipeline.claims)).replay())
    await pipeline.run_all()

    for lag in (Metric.LAG_SHARD, Metric.LAG_VECTOR):
        assert len(pipeline.metrics.values(lag)) == len(pipeline.metrics.values(lag, source="salesforce", pace="replay")) == 1


async def test_a_second_look_has_no_lag_of_its_own() -> None:
    pipeline = traced_pipeline()
    await called(pipeline, account(Description="They make anvils."))
    await settle(pipeline)

    assert all(
        "observedAt" not in sent.properties for sent in pipeline.transport.sent if json.loads(sent.body).get("cause", "")[:6] == "relink"
    )


async def test_a_clock_that_is_behind_the_vendor_s_makes_no_negative_lag() -> None:
    pipeline = traced_pipeline()

    await called(pipeline, account().model_copy(update={"observed_at": pipeline.clock() + timedelta(seconds=90)}))
    await pipeline.run_all()

    assert pipeline.metrics.values(Metric.LAG_SHARD) == [0.0]


async def test_a_shard_that_is_looked_at_because_of_another_source_counts_for_its_own() -> None:
    pipeline = traced_pipeline()
    await called(pipeline, account())
    await pipeline.run_all()
    told = next(sent for sent in pipeline.transport.sent if sent.queue == topology.SHARD_EMISSION)

    await pipeline.transport.send(replace(again(told), properties={**told.properties, "source": "slack"}))
    await pipeline.run_all()

    assert pipeline.metrics.total(Metric.MESSAGES_HANDLED, type="ShardEmitted", source="salesforce") == 2
    assert pipeline.metrics.total(Metric.MESSAGES_HANDLED, source="slack") == 0


async def test_a_breaker_that_opens_is_counted_once_by_type() -> None:
    pipeline = traced_pipeline()

    for number in range(30):
        await called(pipeline, account(record=f"001Kd00000aCc{number:02}IAK"))
    await pipeline.run(refused)

    assert pipeline.metrics.total(Metric.BREAKER_OPENED, type="IngestionEvent") == 1
    assert pipeline.metrics.total(Metric.BREAKER_HELD, type="IngestionEvent") > 0
