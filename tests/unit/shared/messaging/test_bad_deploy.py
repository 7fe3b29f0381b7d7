"""A handler that always raises, deployed for a thousand messages and then fixed: nothing is raised, and all are handled."""

import logging
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from devtools.fakes.pipeline import InMemoryPipeline
from shared.contracts.ingestion import IngestionEvent
from shared.errors import UnmappableRecord
from shared.messaging.delivery import Handler
from shared.messaging.outcomes import Outcome, Stored
from shared.telemetry.names import Metric


def event(number: int) -> IngestionEvent:
    return IngestionEvent(
        tenant_id="tenant-1",
        source="salesforce",
        source_id=f"006{number:012d}",
        event_type="update",
        observed_at=datetime(2026, 11, 21, 12, tzinfo=UTC),
        payload={"Name": f"Deal {number}", "Amount": "1.25E7"},
        connection_id="salesforce:00D5g000004Rt5xEAC",
        record_type="Opportunity",
    )


async def moved_on(pipeline: InMemoryPipeline, handler: Handler[IngestionEvent], *, hours: int) -> None:
    """Deliver every five minutes whatever is due."""
    for _ in range(hours * 12):
        await pipeline.run(handler)
        pipeline.clock.advance(seconds=300)


def bug(event: IngestionEvent) -> Exception:
    return RuntimeError(f"a bug met {event.source_id}")


def misreading(event: IngestionEvent) -> Exception:
    return UnmappableRecord("a required field was renamed by mistake")


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="shared.messaging.delivery")


@pytest.mark.parametrize(
    ("broken_by", "messages", "hours"),
    [
        (bug, 1_000, 1),
        (misreading, 200, 2),
        (bug, 40, 22),
        (misreading, 40, 22),
        pytest.param(bug, 1_000, 20, marks=pytest.mark.long),
        pytest.param(misreading, 1_000, 20, marks=pytest.mark.long),
    ],
)
async def test_a_handler_that_always_fails_loses_nothing_until_it_is_fixed(
    broken_by: Callable[[IngestionEvent], Exception], messages: int, hours: int
) -> None:
    pipeline = InMemoryPipeline()
    handled: Counter[str] = Counter()
    await pipeline.publisher.publish(*map(event, range(messages)))

    async def broken(said: IngestionEvent) -> Outcome:
        raise broken_by(said)

    async def fixed(said: IngestionEvent) -> Outcome:
        handled[said.source_id] += 1
        return Stored(said.source_id, 1)

    await moved_on(pipeline, broken, hours=hours)
    await moved_on(pipeline, fixed, hours=1)

    parked = pipeline.transport.on("rejected-messages")
    may_be_parked = 19 if broken_by is misreading else 0  # what a worker rejects before it has seen enough to doubt itself
    assert len(parked) <= may_be_parked
    assert len(handled) + len(parked) == messages
    assert set(handled.values()) == {1}
    assert pipeline.metrics.total(Metric.MESSAGES_HANDLED, outcome="raised") == 0
    assert pipeline.transport.on("ingestion-events") == []
