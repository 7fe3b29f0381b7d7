"""How often a message comes back and when, and what its copies carry."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from devtools.fakes.clock import Clock
from devtools.fakes.pipeline import InMemoryPipeline
from devtools.fakes.transport import InMemoryTransport
from shared.contracts.ingestion import IngestionEvent
from shared.contracts.rejected import Rejected
from shared.errors import Conflict, DependencyUnavailable, PipelineError, RateLimited
from shared.messaging.breaker import Breakers
from shared.messaging.delivery import Handler, deliver
from shared.messaging.envelope import Envelope
from shared.messaging.outcomes import Outcome
from shared.messaging.returns import Delivery

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

EVENT = IngestionEvent(
    tenant_id="tenant-1",
    correlation_id="correlation-1",
    source="salesforce",
    source_id="006",
    event_type="update",
    observed_at=datetime(2026, 11, 21, 12, tzinfo=UTC),
)


def delivered(envelope: Envelope) -> Delivery:
    return Delivery(queue=envelope.queue, message_id=envelope.id, body=envelope.body, properties=envelope.properties)


def original(message: IngestionEvent = EVENT) -> Envelope:
    return Envelope.of(message, traceparent=TRACEPARENT)


def raising_in_turn(errors: Iterator[Exception]) -> Handler[IngestionEvent]:
    async def handler(event: IngestionEvent) -> Outcome:
        raise next(errors)

    return handler


MORE_THAN_ANY_BUDGET = 100


async def copies_of(envelope: Envelope, errors: list[Exception]) -> tuple[list[Envelope], Exception | None]:
    """Deliver a message and its copies, each at its time to a worker that has just started, until it stops coming back."""
    pipeline = InMemoryPipeline()
    handler = raising_in_turn(iter(errors))
    for _ in range(MORE_THAN_ANY_BUDGET):
        just_started = replace(pipeline.delivery, breakers=Breakers())
        try:
            await deliver(delivered(envelope), IngestionEvent, handler, ports=just_started)
        except Exception as error:
            return pipeline.transport.sent, error
        envelope = pipeline.transport.sent[-1]
        if envelope.queue == "rejected-messages":
            return pipeline.transport.sent, None
        assert envelope.due_at is not None
        pipeline.clock.moment = envelope.due_at
    raise AssertionError("it never stops coming back")


def waits_of(copies: list[Envelope]) -> list[float]:
    due = [Clock()(), *(copy.due_at for copy in copies if copy.due_at is not None)]
    return [(later - sooner).total_seconds() for sooner, later in pairwise(due)]


async def test_a_transient_error_is_given_twelve_more_attempts_and_is_rejected_then() -> None:
    copies, raised = await copies_of(original(), [DependencyUnavailable("no answer")] * 20)

    assert raised is None
    assert [copy.id for copy in copies[:-1]] == [f"{EVENT.id}#{attempt}" for attempt in range(1, 13)]
    rejected = Rejected.decode(copies[-1].body)
    assert (rejected.reason, rejected.attempts, rejected.original_id) == ("DependencyUnavailable", 13, EVENT.id)


async def test_the_waits_of_a_transient_error_grow_to_a_quarter_of_an_hour() -> None:
    copies, _ = await copies_of(original(), [Conflict("again")] * 20)
    waits = waits_of(copies)

    exponential = [5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0, 900.0, 900.0, 900.0, 900.0]
    assert [wait >= least for wait, least in zip(waits, exponential, strict=True)] == [True] * 12
    assert [wait <= 1.25 * least for wait, least in zip(waits, exponential, strict=True)] == [True] * 12
    assert 80 * 60 < sum(waits) < 105 * 60


async def test_messages_that_failed_together_do_not_come_back_together_and_yet_at_known_moments() -> None:
    pipeline = InMemoryPipeline()
    crowd = [original(EVENT.model_copy(update={"source_id": f"006{number}"})) for number in range(20)]

    for envelope in (*crowd, *crowd):
        await pipeline.deliver(delivered(envelope), raising_in_turn(iter([Conflict("again")])))

    due = [copy.due_at for copy in pipeline.transport.sent]
    assert len(due) == 20, "the second delivery of each asked for the same copy at the same moment, and it was dropped"
    assert len(set(due)) > 15


async def test_an_unknown_error_is_given_five_copies_in_fifteen_minutes_and_is_raised_then() -> None:
    bug = RuntimeError("bug")

    copies, raised = await copies_of(original(), [bug] * 10)

    assert raised is bug
    assert [copy.id for copy in copies] == [f"{EVENT.id}#{attempt}" for attempt in range(1, 6)]
    assert waits_of(copies) == [15.0, 45.0, 120.0, 240.0, 480.0]
    assert sum(waits_of(copies)) == 900.0


async def test_an_error_of_ours_without_a_kind_has_the_small_budget_and_is_rejected_then() -> None:
    copies, raised = await copies_of(original(), [PipelineError("nobody said which kind")] * 10)

    assert raised is None
    assert len(copies) == 6
    assert Rejected.decode(copies[-1].body).reason == "PipelineError"


async def test_an_outage_does_not_use_up_what_a_bug_is_given() -> None:
    outage, bug = DependencyUnavailable("no answer"), RuntimeError("bug")

    copies, raised = await copies_of(original(), [outage] * 7 + [bug] * 6)

    assert raised is bug
    assert len(copies) == 12
    assert waits_of(copies)[7:] == [15.0, 45.0, 120.0, 240.0, 480.0]


async def test_a_bug_does_not_use_up_what_an_outage_is_given() -> None:
    outage, bug = DependencyUnavailable("no answer"), RuntimeError("bug")

    copies, raised = await copies_of(original(), [bug] * 5 + [outage] * 13)

    assert raised is None
    assert len(copies) == 5 + 12 + 1
    assert Rejected.decode(copies[-1].body).attempts == 18


async def test_whoever_said_when_to_come_back_is_not_disturbed_sooner() -> None:
    copies, _ = await copies_of(
        original(), [RateLimited("slower", retry_after_seconds=3600), RateLimited("slower", retry_after_seconds=1)] * 7
    )
    waits = waits_of(copies)

    assert waits[0] == 3600
    assert waits[1] >= 10


async def test_a_copy_is_the_original_but_for_its_id_and_its_marks() -> None:
    copies, _ = await copies_of(original(), [Conflict("again")] * 20)
    first, second = copies[:2]

    assert first.body == second.body == original().body
    assert first.queue == "ingestion-events"
    assert first.properties == {
        **original().properties,
        "attempt": 1,
        "spent": 1,
        "spentOnUnknown": 0,
        "firstFailedAt": "2026-11-21T12:00:00.000000Z",
    }
    assert second.properties == {**first.properties, "attempt": 2, "spent": 2}


async def test_every_copy_has_an_id_of_its_own() -> None:
    copies, _ = await copies_of(original(), [Conflict("again")] * 20)
    ids = [original().id, *(copy.id for copy in copies)]

    assert len(set(ids)) == len(ids) == 14


async def test_a_replay_is_an_original_with_copies_of_its_own() -> None:
    said = original()
    replay = replace(said, id=f"{said.id}#r1", properties={**said.properties, "messageId": f"{said.id}#r1"})

    copies, _ = await copies_of(replay, [Conflict("again")] * 20)

    assert [copy.id for copy in copies[:2]] == [f"{EVENT.id}#r1#1", f"{EVENT.id}#r1#2"]
    assert Rejected.decode(copies[-1].body).original_id == f"{EVENT.id}#r1"


async def test_a_copy_under_the_id_of_the_original_would_be_dropped_by_the_broker() -> None:
    transport = InMemoryTransport(Clock())
    said = original()
    await transport.send(said)

    await transport.send(replace(said, due_at=transport.clock() + timedelta(seconds=5)))
    assert (len(transport.sent), transport.duplicates_dropped) == (1, 1)

    await transport.send(replace(said, id=f"{said.id}#1", due_at=transport.clock() + timedelta(seconds=5)))
    assert (len(transport.sent), transport.duplicates_dropped) == (2, 1)


async def test_a_published_message_that_fails_comes_back_although_its_id_was_just_seen() -> None:
    pipeline = InMemoryPipeline()
    await pipeline.publisher.publish(EVENT)

    await pipeline.run(raising_in_turn(iter([Conflict("again")])))
    pipeline.clock.advance(seconds=10)

    assert [copy.id for copy in pipeline.transport.due("ingestion-events")] == [f"{EVENT.id}#1"]
    assert pipeline.transport.duplicates_dropped == 0


@pytest.mark.parametrize(
    ("properties", "attempt", "spent"),
    [
        ({}, 0, 0),
        ({"attempt": 3, "spent": 2}, 3, 2),
        ({"attempt": "3", "spent": "2"}, 3, 2),
        ({"attempt": "many", "spent": ""}, 0, 0),
        ({"attempt": -1, "spent": -7}, 0, 0),
    ],
)
def test_marks_are_read_however_the_host_hands_them_over(properties: dict[str, str | int], attempt: int, spent: int) -> None:
    delivery = Delivery(queue="q", message_id="m", body=b"", properties=properties)

    assert (delivery.attempt, delivery.spent, delivery.spent_on_unknown) == (attempt, spent, 0)


@pytest.mark.parametrize("text", ["2026-11-21T12:00:00.000000Z", "2026-11-21T13:00:00+01:00"])
def test_the_moment_of_the_first_failure_is_read(text: str) -> None:
    delivery = Delivery(queue="q", message_id="m", body=b"", properties={"firstFailedAt": text})

    assert delivery.first_failed_at == datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize("text", ["yesterday", "2026-11-21T12:00:00", ""])
def test_a_moment_that_cannot_be_told_is_none(text: str) -> None:
    assert Delivery(queue="q", message_id="m", body=b"", properties={"firstFailedAt": text}).first_failed_at is None


def test_what_identifies_a_message_is_read_from_its_properties_first() -> None:
    assert Delivery(queue="q", message_id="changed on the way", body=b"", properties={"messageId": "m"}).original_id == "m"
    assert Delivery(queue="q", message_id="m", body=b"", properties={}).original_id == "m"


def test_messages_without_any_id_are_not_taken_for_each_other() -> None:
    one, other = (Delivery(queue="q", message_id="", body=body, properties={}).original_id for body in (b"one", b"other"))

    assert one != other
    assert len(one) == 32


def test_each_type_of_message_has_its_own_breaker() -> None:
    breakers = Breakers()

    for _ in range(100):
        breakers.of("IngestionEvent").record(failed=True)

    assert breakers.of("IngestionEvent").is_open
    assert not breakers.of("ShardEmitted").is_open
