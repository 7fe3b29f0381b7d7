"""Deliver never loses a message: each delivery ends as exactly one of done, later, rejected, raised."""

import asyncio
from datetime import UTC, datetime
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devtools.fakes.pipeline import InMemoryPipeline
from shared import topology
from shared.contracts.ingestion import IngestionEvent
from shared.contracts.rejected import Rejected
from shared.errors import ClaimLost, ConfigurationError, Conflict, DependencyUnavailable, RateLimited, UnmappableRecord
from shared.messaging.outcomes import Ignored, Outcome, Stored, Unchanged
from shared.messaging.returns import Delivery
from shared.telemetry.names import Metric

RESULTS: Final[tuple[Outcome | BaseException, ...]] = (
    Stored("s", 1),
    Unchanged("same"),
    Ignored("not ours"),
    Conflict("again"),
    DependencyUnavailable("no answer"),
    RateLimited("slower", retry_after_seconds=60),
    UnmappableRecord("no name"),
    ClaimLost("gone"),
    ConfigurationError("revoked"),
    RuntimeError("bug"),
    ValueError("bug"),
    asyncio.CancelledError(),
)
BROKER_AWAY: Final = DependencyUnavailable("the broker is away")


def event(number: int) -> IngestionEvent:
    return IngestionEvent(
        tenant_id="tenant-1",
        source="salesforce",
        source_id=f"006{number}",
        event_type="update",
        observed_at=datetime(2026, 11, 21, 12, tzinfo=UTC),
    )


async def one_end(pipeline: InMemoryPipeline, delivery: Delivery, result: Outcome | BaseException) -> str:
    """Deliver once and say how it ended, and that it ended once."""

    async def handler(said: IngestionEvent) -> Outcome:
        if isinstance(result, BaseException):
            raise result
        return result

    before = len(pipeline.transport.sent)
    try:
        await pipeline.deliver(delivery, handler)
    except Exception:
        assert len(pipeline.transport.sent) == before, "it was raised and sent on"
        return "raised"
    sent = pipeline.transport.sent[before:]
    if not sent:
        assert not isinstance(result, BaseException), "it failed and went nowhere"
        return "done"
    [envelope] = sent
    assert isinstance(result, BaseException)
    return "rejected" if envelope.queue == topology.REJECTED_MESSAGES else "later"


@given(st.lists(st.tuples(st.sampled_from(RESULTS), st.booleans(), st.integers(0, 3600)), max_size=60))
@settings(deadline=None, max_examples=60)
async def test_each_delivery_ends_once_whatever_handlers_and_broker_do(steps: list[tuple[Outcome | BaseException, bool, int]]) -> None:
    pipeline = InMemoryPipeline()
    sent = [event(number) for number in range(len(steps))]
    await pipeline.publisher.publish(*sent)
    ends = []

    for result, broker_is_there, seconds in steps:
        pipeline.transport.fails_with = None if broker_is_there else BROKER_AWAY
        envelope = pipeline.transport.waiting.pop(0)
        if envelope.queue == topology.REJECTED_MESSAGES:
            pipeline.transport.waiting.append(envelope)
            continue
        delivery = Delivery(queue=envelope.queue, message_id=envelope.id, body=envelope.body, properties=envelope.properties)
        end = await one_end(pipeline, delivery, result)
        if end == "raised":  # the host abandons it
            pipeline.transport.waiting.append(envelope)
        pipeline.clock.advance(seconds=seconds)
        ends.append((envelope.properties["messageId"], end))

    done = [original for original, end in ends if end == "done"]
    parked = [Rejected.decode(envelope.body).original_id for envelope in pipeline.transport.on(topology.REJECTED_MESSAGES)]
    waiting = [envelope.properties["messageId"] for envelope in pipeline.transport.on(topology.INGESTION_EVENTS)]
    assert sorted([*map(str, done), *parked, *map(str, waiting)]) == sorted(message.id for message in sent)
    counted = sum(pipeline.metrics.total(Metric.MESSAGES_HANDLED, outcome=said) for said in ("stored", "unchanged", "ignored"))
    assert counted == len(done)


@pytest.mark.parametrize("result", RESULTS, ids=repr)
@pytest.mark.parametrize("attempts", [0, 4, 5, 11, 12, 13])
@pytest.mark.parametrize("is_open", [False, True])
async def test_a_single_delivery_ends_once(result: Outcome | BaseException, attempts: int, is_open: bool) -> None:
    pipeline = InMemoryPipeline()
    for _ in range(20 * is_open):
        pipeline.delivery.breakers.of("IngestionEvent").record(failed=True)
    marks: dict[str, str | int] = {"attempt": attempts, "spent": attempts, "spentOnUnknown": min(attempts, 5)}
    delivery = Delivery(queue="ingestion-events", message_id="m", body=event(0).encode(), properties=marks)

    end = await one_end(pipeline, delivery, result)

    if not isinstance(result, BaseException):
        assert end == "done"
    elif is_open:
        assert end == "later"
    elif isinstance(result, RuntimeError | ValueError):
        assert end == ("later" if attempts < 5 else "raised")
    elif isinstance(result, UnmappableRecord | ClaimLost | ConfigurationError):
        assert end == "rejected"
    else:
        assert end == ("later" if attempts < 12 else "rejected")
