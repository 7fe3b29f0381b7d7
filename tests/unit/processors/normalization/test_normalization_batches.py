"""The events of a back-fill: many at once, each as if it had come alone; the batch is handled whole or comes back whole."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.fakes.pipeline import InMemoryPipeline
from processors.normalization.batch import AT_ONCE, CONFLICTS, FAILURES, normalize_batch
from shared import topology
from shared.contracts.ingestion import IngestionBatch, IngestionEvent
from shared.contracts.message import timestamp
from shared.contracts.rejected import Rejected
from shared.errors import ConfigurationError, Conflict, DependencyUnavailable, RateLimited, UnmappableRecord
from shared.messaging.delivery import Handler
from shared.messaging.envelope import TRACEPARENT
from shared.messaging.outcomes import Batched, Ignored, Outcome, Stored, Unchanged
from shared.telemetry.names import Metric
from tests.unit.processors.normalization.opportunities import CONNECTION, NOON

Act = Callable[[IngestionEvent], Outcome | Exception]


def event(source_id: str, number: int = 0, **changes: Any) -> IngestionEvent:
    said: dict[str, Any] = {
        "tenant_id": "acme",
        "connection_id": CONNECTION,
        "source": "salesforce",
        "source_id": source_id,
        "event_type": "update",
        "observed_at": NOON,
        "record_type": "Opportunity",
        "vendor_version": f"{number:015}",
        "payload": {"Id": source_id, "Name": "Deal", "StageName": "Won", "CloseDate": "2026-11-21"},
        "run": "run-1",
    }
    return IngestionEvent(**{**said, **changes})


def batch(*events: IngestionEvent) -> IngestionBatch:
    return IngestionBatch(tenant_id="acme", connection_id=CONNECTION, events=events)


def records(count: int) -> list[IngestionEvent]:
    return [event(f"006{number:012}AAA") for number in range(count)]


class Desk:
    """A pipeline, and what its normalizer was asked."""

    def __init__(self, act: Act = lambda _: Stored("shard", 1)) -> None:
        self.pipeline = InMemoryPipeline()
        self.act = act
        self.asked: list[str] = []

    async def handle(self, *events: IngestionEvent, normalize: Handler[IngestionEvent] | None = None) -> Outcome:
        pipeline = self.pipeline
        return await normalize_batch(
            batch(*events),
            normalize=normalize or self.normalize,
            gaps=pipeline.gaps,
            publisher=pipeline.publisher,
            metrics=pipeline.metrics,
            now=pipeline.clock,
        )

    async def normalize(self, event: IngestionEvent) -> Outcome:
        self.asked.append(event.source_id)
        await asyncio.sleep(0)
        done = self.act(event)
        if isinstance(done, Exception):
            raise done
        return done

    def parked(self) -> list[Rejected]:
        return [Rejected.decode(envelope.body) for envelope in self.pipeline.transport.on(topology.REJECTED_MESSAGES)]


def by_id(**acts: Outcome | Exception) -> Act:
    return lambda event: acts.get(event.source_id, Stored("shard", 1))


async def test_a_batch_says_how_many_events_came_to_each_end() -> None:
    desk = Desk(by_id(known=Unchanged("same"), older=Unchanged("older"), old=Ignored("given-up id"), odd=UnmappableRecord("no name")))

    outcome = await desk.handle(*map(event, ["new", "known", "older", "old", "odd", "newer"]))

    assert outcome == Batched(stored=2, unchanged=2, ignored=1, rejected=1)
    assert outcome.reason == "some rejected"
    assert Batched(stored=1, unchanged=0, ignored=0, rejected=0).reason == "all handled"


async def test_each_event_is_counted_as_if_it_had_come_alone() -> None:
    desk = Desk(by_id(known=Unchanged("same"), odd=UnmappableRecord("no name")))

    await desk.handle(*map(event, ["new", "known", "odd"]))

    metrics = desk.pipeline.metrics
    for outcome, reason in (("stored", "content"), ("unchanged", "same"), ("rejected", "UnmappableRecord")):
        assert metrics.total(Metric.MESSAGES_HANDLED, type="IngestionEvent", outcome=outcome, reason=reason) == 1
    assert metrics.total(Metric.MESSAGES_HANDLED) == 3


# --- beside each other, and in order


async def test_no_more_than_two_records_are_handled_at_once() -> None:
    running, most = 0, 0

    async def normalize(_event: IngestionEvent) -> Outcome:
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _ in range(5):
            await asyncio.sleep(0)
        running -= 1
        return Stored("shard", 1)

    await Desk().handle(*records(100), normalize=normalize)

    assert most == AT_ONCE == 2


@given(st.lists(st.integers(0, 3), min_size=1, max_size=30))
def test_the_events_of_one_record_are_handled_in_their_order_and_never_beside_each_other(whose: list[int]) -> None:
    events = [event(f"record-{record}", number) for number, record in enumerate(whose)]
    handled: list[IngestionEvent] = []
    busy: set[str] = set()

    async def normalize(event: IngestionEvent) -> Outcome:
        assert event.source_id not in busy
        busy.add(event.source_id)
        await asyncio.sleep(0)
        busy.remove(event.source_id)
        handled.append(event)
        return Stored("shard", 1)

    asyncio.run(Desk().handle(*events, normalize=normalize))

    for record in set(whose):
        mine = [event.vendor_version for event in events if event.source_id == f"record-{record}"]
        assert [event.vendor_version for event in handled if event.source_id == f"record-{record}"] == mine
    assert Counter(event.id for event in handled) == Counter(event.id for event in events)


# --- what no second time can help


async def test_an_event_that_cannot_be_stored_is_parked_alone_as_the_live_event_it_is() -> None:
    desk = Desk(by_id(odd=UnmappableRecord("Name is missing")))
    odd = event("odd", correlation_id="correlation-1")

    await desk.handle(*records(20), odd, *records(10))

    [parked] = desk.parked()
    assert (parked.queue, parked.original_id, parked.tenant_id) == ("ingestion-events", odd.id, "acme")
    assert (parked.reason, parked.detail, parked.attempts) == ("UnmappableRecord", "Name is missing", 1)
    assert IngestionEvent.decode(parked.body.encode()) == odd
    said = {name: value for name, value in parked.properties.items() if name != TRACEPARENT}  # there if this process has spans
    assert said == {
        "messageId": odd.id,
        "tenantId": "acme",
        "correlationId": "correlation-1",
        "type": "IngestionEvent",
        "version": 1,
        "source": "salesforce",
        "observedAt": timestamp(odd.observed_at),
    }


async def test_what_was_parked_opens_a_gap_of_its_stream() -> None:
    desk = Desk(by_id(odd=UnmappableRecord("no"), strange=UnmappableRecord("no"), alien=UnmappableRecord("no")))

    await desk.handle(event("odd"), event("strange"), event("alien", record_type="Contact"))

    gaps = desk.pipeline.gaps.known.values()
    assert {(gap.tenant_id, gap.connection_id, gap.stream, gap.reason) for gap in gaps} == {
        ("acme", CONNECTION, "Opportunity", "rejected"),
        ("acme", CONNECTION, "Contact", "rejected"),
    }


async def test_what_comes_after_a_parked_event_of_the_same_record_is_handled() -> None:
    events = [event("odd", 1), event("odd", 2)]
    desk = Desk(lambda said: UnmappableRecord("no") if said.vendor_version == events[0].vendor_version else Stored("shard", 1))

    assert await desk.handle(*events) == Batched(stored=1, unchanged=0, ignored=0, rejected=1)


async def test_an_event_is_parked_once_however_often_its_batch_comes_back() -> None:
    desk = Desk(by_id(odd=UnmappableRecord("no"), away=DependencyUnavailable("away")))
    for _ in range(3):
        with pytest.raises(DependencyUnavailable):
            await desk.handle(event("odd"), event("away"))

    assert len(desk.parked()) == 1


async def test_a_parked_event_is_logged_without_its_payload(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(by_id(odd=UnmappableRecord("Name is missing")))

    with caplog.at_level(logging.ERROR):
        await desk.handle(event("odd", payload={"Name": "s3cr3t"}))

    [record] = caplog.records
    assert (record.__dict__["reason"], record.__dict__["detail"]) == ("UnmappableRecord", "Name is missing")
    assert "s3cr3t" not in repr(vars(record))


async def test_a_batch_whose_broker_is_away_is_not_done() -> None:
    desk = Desk(by_id(odd=UnmappableRecord("no")))
    desk.pipeline.transport.fails_with = DependencyUnavailable("the broker is away")

    with pytest.raises(DependencyUnavailable, match="broker"):
        await desk.handle(event("odd"))

    assert desk.pipeline.metrics.total(Metric.MESSAGES_HANDLED) == 0


# --- what a second time can help


@pytest.mark.parametrize(("conflicts", "is_stored"), [(1, True), (CONFLICTS, True), (CONFLICTS + 1, False)])
async def test_a_shard_that_others_write_is_tried_again_three_times(conflicts: int, *, is_stored: bool) -> None:
    left = [Conflict("written")] * conflicts
    desk = Desk(lambda _: left.pop() if left else Stored("shard", 1))

    if is_stored:
        assert await desk.handle(event("contended")) == Batched(stored=1, unchanged=0, ignored=0, rejected=0)
    else:
        with pytest.raises(Conflict):
            await desk.handle(event("contended"))


@pytest.mark.parametrize("error", [DependencyUnavailable("away"), ConfigurationError("no container"), RuntimeError("bug")], ids=repr)
async def test_one_that_has_to_come_back_brings_all_back_when_the_others_are_through(error: Exception) -> None:
    desk = Desk(by_id(bad=error))

    with pytest.raises(type(error)) as raised:
        await desk.handle(event("bad"), *records(50))

    assert raised.value is error
    assert desk.pipeline.metrics.total(Metric.MESSAGES_HANDLED, outcome="stored") == 50


async def test_nothing_of_a_record_goes_before_what_has_to_come_back() -> None:
    desk = Desk(by_id(bad=DependencyUnavailable("away")))

    with pytest.raises(DependencyUnavailable):
        await desk.handle(event("bad", 1), event("bad", 2), event("good"))

    assert desk.asked == ["bad", "good"]


async def test_an_outage_is_told_before_a_bug_and_the_longest_pause_before_a_shorter(caplog: pytest.LogCaptureFixture) -> None:
    longest = RateLimited("slow down", retry_after_seconds=60)
    desk = Desk(
        by_id(bug=RuntimeError("s3cr3t"), away=DependencyUnavailable("x"), soon=RateLimited("x", retry_after_seconds=1), late=longest)
    )

    with pytest.raises(RateLimited) as raised:
        await desk.handle(*map(event, ["bug", "away", "late", "soon"]))

    assert raised.value is longest
    [record] = caplog.records  # the bug is not forgotten over it
    assert record.__dict__["reason"] == "RuntimeError"
    assert "s3cr3t" not in repr({name: value for name, value in vars(record).items() if name != "exc_info"})


async def test_a_store_that_is_away_is_not_asked_five_hundred_times() -> None:
    desk = Desk(lambda _: DependencyUnavailable("away"))

    with pytest.raises(DependencyUnavailable):
        await desk.handle(*records(500))

    assert len(desk.asked) <= FAILURES + AT_ONCE


@pytest.mark.parametrize("error", [Conflict("written"), RuntimeError("bug")], ids=repr)
async def test_what_is_wrong_with_many_records_does_not_cost_the_others(error: Exception) -> None:
    desk = Desk(lambda event: error if event.source_id.startswith("bad") else Stored("shard", 1))

    with pytest.raises(type(error)):
        await desk.handle(*(event(f"bad-{number}") for number in range(3 * FAILURES)), *records(50))

    assert desk.pipeline.metrics.total(Metric.MESSAGES_HANDLED, outcome="stored") == 50


# --- through the queue, with the normalizer as it is


async def test_a_batch_that_comes_twice_is_stored_once() -> None:
    pipeline = InMemoryPipeline()
    events = records(40)
    await pipeline.publisher.publish(batch(*events))
    await pipeline.run_all()
    stored = {shard.id: shard.revision_number for shard in pipeline.shards.all()}
    pipeline.clock.advance(seconds=7200)

    await pipeline.publisher.publish(batch(*events))
    await pipeline.run_all()

    assert {shard.id: shard.revision_number for shard in pipeline.shards.all()} == stored
    assert pipeline.metrics.total(Metric.MESSAGES_HANDLED, type="IngestionBatch", outcome="batched", reason="all handled") == 2


async def test_the_log_of_a_batch_holds_its_four_numbers(caplog: pytest.LogCaptureFixture) -> None:
    pipeline = InMemoryPipeline()
    await pipeline.publisher.publish(batch(*records(3), event("006000000000009AAA", payload={"Id": "006000000000009AAA", "Name": None})))

    with caplog.at_level(logging.INFO, logger="shared.messaging.delivery"):
        await pipeline.transport.drain(topology.INGESTION_EVENTS_BULK, pipeline.worker(topology.INGESTION_EVENTS_BULK))

    [record] = [record for record in caplog.records if record.message == "message handled"]
    assert [record.__dict__[name] for name in ("stored", "unchanged", "ignored", "rejected")] == [3, 0, 0, 1]


async def test_a_parked_event_that_is_sent_round_again_is_a_live_one() -> None:
    pipeline = InMemoryPipeline()
    await pipeline.publisher.publish(batch(event("006000000000009AAA", payload={"Id": "006000000000009AAA", "Name": None})))
    await pipeline.run_all()
    [envelope] = pipeline.transport.on(topology.REJECTED_MESSAGES)
    parked = Rejected.decode(envelope.body)

    await pipeline.publisher.publish(IngestionEvent.decode(parked.body.encode()).model_copy(update={"payload": records(1)[0].payload}))
    await pipeline.run_all()

    assert pipeline.metrics.total(Metric.MESSAGES_HANDLED, type="IngestionEvent", outcome="stored") == 1
