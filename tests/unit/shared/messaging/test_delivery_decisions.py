"""What becomes of a message, error by error: architecture 8 as a table."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from devtools.fakes.pipeline import InMemoryPipeline
from shared import errors
from shared.contracts.ingestion import IngestionEvent
from shared.contracts.rejected import Rejected
from shared.errors import (
    BadRequest,
    ClaimLost,
    ConfigurationError,
    Conflict,
    ContractViolation,
    DependencyUnavailable,
    Forbidden,
    NotFound,
    OwnershipConflict,
    PermanentError,
    PipelineError,
    RateLimited,
    RequestRefused,
    SignatureMismatch,
    StreamUnreadable,
    TokenRefused,
    TooLate,
    TransientError,
    UnmappableRecord,
)
from shared.messaging.delivery import deliver
from shared.messaging.envelope import Envelope
from shared.messaging.outcomes import OUTCOMES, Ignored, Outcome, Stored, Unchanged
from shared.messaging.returns import Delivery
from shared.telemetry.names import Metric
from tests.unit.shared.messaging.handlers import raising, saying

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

EVENT = IngestionEvent(
    tenant_id="tenant-1",
    correlation_id="correlation-1",
    source="salesforce",
    source_id="006",
    event_type="update",
    observed_at=datetime(2026, 11, 21, 12, tzinfo=UTC),
    payload={"Name": "Deal"},
)

SENT = Envelope.of(EVENT, traceparent=TRACEPARENT)


def delivered(envelope: Envelope = SENT) -> Delivery:
    return Delivery(queue=envelope.queue, message_id=envelope.id, body=envelope.body, properties=envelope.properties)


LATER = (
    TransientError("not now"),
    RateLimited("slower", retry_after_seconds=30),
    DependencyUnavailable("no answer"),
    Conflict("written meanwhile"),
)
REJECTED = (
    PermanentError("never"),
    ContractViolation("no version fits"),
    UnmappableRecord("no name"),
    OwnershipConflict("another path owns it"),
    ClaimLost("the blob is gone"),
    Forbidden("another tenant's"),
    RequestRefused("another service does not want it"),
    ConfigurationError("a credential was revoked"),
    SignatureMismatch("not from whom it says"),
)
ANSWERED = (TokenRefused("no token"), BadRequest("no question"), NotFound("nothing there"), TooLate("decided otherwise"))
"""Of our API alone: a caller hears of them, and no handler of messages raises them."""
CAUGHT = (StreamUnreadable("no right"),)
"""Of the pollers alone: it ends a run, and leaves no handler."""
UNKNOWN = (RuntimeError("bug"), KeyError("bug"), TimeoutError(), PipelineError("nobody said which kind"))


def test_the_table_holds_every_error_there_is() -> None:
    defined = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, PipelineError)}

    assert {type(error) for error in (*LATER, *REJECTED, *ANSWERED, *CAUGHT, *UNKNOWN) if isinstance(error, PipelineError)} == defined


@pytest.mark.parametrize("error", LATER, ids=lambda error: type(error).__name__)
async def test_a_transient_error_brings_the_message_back_later(error: Exception) -> None:
    pipeline = InMemoryPipeline()

    await pipeline.deliver(delivered(), raising(error))

    [copy] = pipeline.transport.sent
    assert copy.queue == "ingestion-events"
    assert copy.due_at is not None
    assert copy.due_at > pipeline.clock()
    assert pipeline.metrics.total(Metric.MESSAGES_HANDLED, type="IngestionEvent", outcome="later", reason=type(error).__name__) == 1


@pytest.mark.parametrize("error", REJECTED, ids=lambda error: type(error).__name__)
async def test_a_permanent_error_parks_the_message_with_its_reason(error: Exception) -> None:
    pipeline = InMemoryPipeline()

    await pipeline.deliver(delivered(), raising(error))

    [parked] = pipeline.transport.sent
    rejected = Rejected.decode(parked.body)
    assert parked.queue == "rejected-messages"
    assert (rejected.reason, rejected.detail) == (type(error).__name__, str(error))
    assert (rejected.tenant_id, rejected.correlation_id) == ("tenant-1", "correlation-1")
    assert (rejected.queue, rejected.original_id, rejected.attempts) == ("ingestion-events", EVENT.id, 1)
    assert rejected.rejected_at == pipeline.clock()
    assert (rejected.body, rejected.properties) == (SENT.body.decode(), SENT.properties)
    assert pipeline.metrics.total(Metric.MESSAGES_HANDLED, type="IngestionEvent", outcome="rejected", reason=type(error).__name__) == 1


@pytest.mark.parametrize("error", UNKNOWN, ids=lambda error: type(error).__name__)
async def test_an_error_nobody_named_brings_the_message_back_on_a_small_budget(error: Exception) -> None:
    pipeline = InMemoryPipeline()

    await pipeline.deliver(delivered(), raising(error))

    [copy] = pipeline.transport.sent
    assert copy.due_at == pipeline.clock() + timedelta(seconds=15)


@pytest.mark.parametrize(
    "outcome", [Stored("s", 1), Stored("s", 2, reason="acl"), Unchanged("same"), Ignored("not ours")], ids=lambda said: type(said).__name__
)
async def test_what_a_handler_says_completes_the_message_and_is_counted(outcome: Outcome) -> None:
    pipeline = InMemoryPipeline()

    await pipeline.deliver(delivered(), saying(outcome))

    said = type(outcome).__name__.lower()
    assert pipeline.transport.sent == []
    assert said in OUTCOMES
    assert pipeline.metrics.total(Metric.MESSAGES_HANDLED, type="IngestionEvent", outcome=said, reason=outcome.reason) == 1


async def test_a_cancelled_handler_brings_the_message_back_and_the_cancellation_does_not_leave() -> None:
    pipeline = InMemoryPipeline()

    await pipeline.deliver(delivered(), raising(asyncio.CancelledError()))

    [copy] = pipeline.transport.sent
    assert copy.id == f"{EVENT.id}#1"
    assert pipeline.metrics.total(Metric.MESSAGES_HANDLED, outcome="later", reason="DependencyUnavailable") == 1


async def test_a_cancelled_task_brings_its_message_back() -> None:
    pipeline = InMemoryPipeline()
    started = asyncio.Event()

    async def slow(event: IngestionEvent) -> Outcome:
        started.set()
        await asyncio.Event().wait()
        raise AssertionError

    task = asyncio.create_task(pipeline.deliver(delivered(), slow))
    await started.wait()
    task.cancel()
    await task

    assert [copy.id for copy in pipeline.transport.sent] == [f"{EVENT.id}#1"]


class Failing:
    """Both ways back are closed."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    async def later(
        self, delivery: Delivery, *, due_at: datetime, spent: int, first_failed_at: datetime, spent_on_unknown: int = 0
    ) -> None:
        raise self._error

    async def reject(self, delivery: Delivery, *, reason: str, detail: str, rejected_at: datetime) -> None:
        raise self._error


@pytest.mark.parametrize("error", [Conflict("again"), UnmappableRecord("no name"), RuntimeError("bug"), asyncio.CancelledError()], ids=repr)
async def test_a_message_that_cannot_be_sent_on_is_left_to_the_broker(error: BaseException) -> None:
    pipeline = InMemoryPipeline()
    ports = replace(pipeline.delivery, returns=Failing(DependencyUnavailable("the broker is away")))

    with pytest.raises(DependencyUnavailable, match="the broker is away"):
        await deliver(delivered(), IngestionEvent, raising(error), ports=ports)


@pytest.mark.parametrize("error", [Conflict("again"), UnmappableRecord("no name"), RuntimeError("bug"), asyncio.CancelledError()], ids=repr)
async def test_a_cancellation_while_the_message_is_sent_on_does_not_leave_either(error: BaseException) -> None:
    pipeline = InMemoryPipeline()
    ports = replace(pipeline.delivery, returns=Failing(asyncio.CancelledError()))

    with pytest.raises(DependencyUnavailable, match="cancelled while sending the message on"):
        await deliver(delivered(), IngestionEvent, raising(error), ports=ports)


async def test_nothing_is_lost_while_the_broker_is_away() -> None:
    pipeline = InMemoryPipeline()
    await pipeline.publisher.publish(EVENT)
    pipeline.transport.fails_with = DependencyUnavailable("the broker is away")

    with pytest.raises(ExceptionGroup, match="abandoned"):
        await pipeline.run(raising(Conflict("again")))

    assert [envelope.id for envelope in pipeline.transport.on("ingestion-events")] == [EVENT.id]


@pytest.mark.parametrize(
    "error",
    [DependencyUnavailable("no answer"), ConfigurationError("container shards is missing"), UnmappableRecord("a type is unknown")],
    ids=lambda error: type(error).__name__,
)
async def test_until_the_store_is_ready_messages_come_back_later_unhandled(error: Exception) -> None:
    pipeline = InMemoryPipeline()
    handled: list[IngestionEvent] = []

    async def handler(event: IngestionEvent) -> Outcome:
        handled.append(event)
        return Unchanged("same")

    async def not_ready() -> None:
        raise error

    await deliver(delivered(), IngestionEvent, handler, ports=replace(pipeline.delivery, ready=not_ready))

    assert handled == []
    assert [copy.id for copy in pipeline.transport.sent] == [f"{EVENT.id}#1"]


@pytest.mark.parametrize(
    ("body", "text", "is_base64"),
    [(b"not json", "not json", False), (b"\xff\xfe", "//4=", True), (b"", "", False), (b'{"tenantId":"t"}', '{"tenantId":"t"}', False)],
)
async def test_a_broken_body_is_parked_as_it_came(body: bytes, text: str, is_base64: bool) -> None:
    pipeline = InMemoryPipeline()

    await pipeline.deliver(Delivery(queue="ingestion-events", message_id="foreign", body=body, properties={}), raising(AssertionError()))

    [parked] = pipeline.transport.sent
    rejected = Rejected.decode(parked.body)
    assert rejected.reason == "ContractViolation"
    assert (rejected.body, rejected.body_is_base64) == (text, is_base64)
    assert (rejected.tenant_id, rejected.original_id, rejected.properties) == ("unknown", "foreign", {})


async def test_a_message_a_newer_deployment_wrote_is_parked_and_not_misread() -> None:
    pipeline = InMemoryPipeline()
    newer = replace(SENT, body=json.dumps({**json.loads(SENT.body), "version": 2}).encode())

    await pipeline.deliver(delivered(newer), raising(AssertionError()))

    [parked] = pipeline.transport.sent
    assert Rejected.decode(parked.body).detail == "IngestionEvent: version 2 is newer than this deployment's 1"
