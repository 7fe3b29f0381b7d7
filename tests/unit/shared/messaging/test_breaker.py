"""A bad deploy must not empty a queue into the parking lot."""

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from devtools.fakes.pipeline import InMemoryPipeline
from shared.contracts.ingestion import IngestionEvent
from shared.contracts.rejected import Rejected
from shared.errors import ConfigurationError, DependencyUnavailable, PipelineError, RateLimited, UnmappableRecord
from shared.messaging.breaker import Breaker
from shared.messaging.envelope import Envelope
from shared.messaging.outcomes import Outcome, Unchanged
from shared.messaging.returns import Delivery
from shared.telemetry.names import Metric
from tests.unit.shared.messaging.handlers import raising

EVENT = IngestionEvent(
    tenant_id="tenant-1",
    source="salesforce",
    source_id="006",
    event_type="update",
    observed_at=datetime(2026, 11, 21, 12, tzinfo=UTC),
)


def delivered(envelope: Envelope | None = None) -> Delivery:
    said = envelope or Envelope.of(EVENT, traceparent=None)
    return Delivery(queue=said.queue, message_id=said.id, body=said.body, properties=said.properties)


async def succeeding(event: IngestionEvent) -> Outcome:
    return Unchanged("same")


def opened(pipeline: InMemoryPipeline) -> InMemoryPipeline:
    for _ in range(20):
        pipeline.delivery.breakers.of("IngestionEvent").record(failed=True)
    return pipeline


def after(*, failed: int, succeeded: int) -> Breaker:
    breaker = Breaker()
    for place in range(failed + succeeded):
        breaker.record(failed=place < failed)
    return breaker


@pytest.mark.parametrize(
    ("failed", "succeeded", "is_open"),
    [
        (0, 0, False),
        (19, 0, False),
        (20, 0, True),
        (4, 15, False),
        (4, 16, False),
        (5, 15, True),
        (40, 160, False),
        (41, 159, True),
    ],
)
def test_more_than_a_fifth_of_at_least_twenty_open_it(failed: int, succeeded: int, is_open: bool) -> None:
    assert after(failed=failed, succeeded=succeeded).is_open is is_open


def test_only_the_last_two_hundred_count() -> None:
    breaker = after(failed=200, succeeded=159)
    assert breaker.is_open

    breaker.record(failed=False)

    assert not breaker.is_open


@pytest.mark.parametrize(
    "error",
    [
        DependencyUnavailable("no answer"),
        UnmappableRecord("no name"),
        ConfigurationError("revoked"),
        RuntimeError("bug"),
        PipelineError("no kind"),
    ],
    ids=repr,
)
async def test_while_it_is_open_whatever_fails_comes_back_later_and_spends_nothing(error: Exception) -> None:
    pipeline = opened(InMemoryPipeline())

    await pipeline.deliver(delivered(), raising(error))

    [copy] = pipeline.transport.sent
    assert copy.queue == "ingestion-events"
    assert (copy.properties["attempt"], copy.properties["spent"], copy.properties["spentOnUnknown"]) == (1, 0, 0)
    assert pipeline.metrics.total(Metric.BREAKER_HELD, type="IngestionEvent") == 1


async def test_a_message_whose_budget_is_spent_is_held_as_well() -> None:
    pipeline = opened(InMemoryPipeline())
    said = delivered()
    spent = replace(said, properties={**said.properties, "attempt": 40, "spent": 12, "spentOnUnknown": 5})

    await pipeline.deliver(spent, raising(RuntimeError("bug")))

    [copy] = pipeline.transport.sent
    assert (copy.id, copy.properties["spent"], copy.properties["spentOnUnknown"]) == (f"{EVENT.id}#41", 12, 5)
    assert copy.due_at is not None
    assert copy.due_at - pipeline.clock() <= timedelta(seconds=900 * 1.25)


async def test_a_held_message_comes_back_no_sooner_than_it_was_told() -> None:
    pipeline = opened(InMemoryPipeline())

    await pipeline.deliver(delivered(), raising(RateLimited("slower", retry_after_seconds=3600)))

    assert pipeline.transport.sent[0].due_at == pipeline.clock() + timedelta(hours=1)


async def test_after_a_day_of_holding_a_message_is_decided_as_if_it_were_closed() -> None:
    pipeline = opened(InMemoryPipeline())
    said = delivered()
    waited = replace(said, properties={**said.properties, "attempt": 100, "firstFailedAt": "2026-11-20T12:00:00.000000Z"})
    almost = replace(said, properties={**said.properties, "attempt": 100, "firstFailedAt": "2026-11-20T12:00:00.000001Z"})

    await pipeline.deliver(almost, raising(UnmappableRecord("no name")))
    await pipeline.deliver(waited, raising(UnmappableRecord("no name")))

    held, parked = pipeline.transport.sent
    assert held.queue == "ingestion-events"
    assert Rejected.decode(parked.body).reason == "UnmappableRecord"


async def test_it_closes_again_once_enough_succeed() -> None:
    pipeline = opened(InMemoryPipeline())

    for _ in range(80):
        await pipeline.deliver(delivered(), succeeding)
    await pipeline.deliver(delivered(), raising(UnmappableRecord("no name")))
    held = pipeline.transport.sent[-1]
    for _ in range(10):
        await pipeline.deliver(delivered(), succeeding)
    await pipeline.deliver(delivered(), raising(UnmappableRecord("no name")))
    parked = pipeline.transport.sent[-1]

    assert (held.queue, parked.queue) == ("ingestion-events", "rejected-messages")


async def test_the_first_bad_messages_of_a_worker_are_rejected() -> None:
    pipeline = InMemoryPipeline()

    for number in range(30):
        await pipeline.deliver(delivered(Envelope.of(EVENT.model_copy(update={"source_id": str(number)}), traceparent=None)), succeeding)
        if number % 6 == 0:
            await pipeline.deliver(delivered(), raising(UnmappableRecord("no name")))

    assert pipeline.metrics.total(Metric.MESSAGES_HANDLED, outcome="rejected") == 5
    assert pipeline.metrics.total(Metric.BREAKER_HELD) == 0


async def test_its_opening_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    pipeline = InMemoryPipeline()

    with caplog.at_level(logging.ERROR):
        for _ in range(60):
            await pipeline.deliver(delivered(), raising(DependencyUnavailable("no answer")))

    assert [record.getMessage() for record in caplog.records] == ["breaker opened: failures of this type are put off"]
    assert vars(caplog.records[0])["type"] == "IngestionEvent"
