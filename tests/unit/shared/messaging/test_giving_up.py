"""Whoever asked for something is told before it is parked, or left to the broker: what it asked for will not happen by itself."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from devtools.fakes.pipeline import InMemoryPipeline
from shared.contracts.claim import MAX_MESSAGE_BYTES
from shared.contracts.ingestion import IngestionEvent
from shared.contracts.rejected import Rejected
from shared.errors import (
    ConfigurationError,
    Conflict,
    ContractViolation,
    DependencyUnavailable,
    Forbidden,
    PermanentError,
    RateLimited,
    UnmappableRecord,
)
from shared.messaging.breaker import Breakers
from shared.messaging.delivery import LONGEST_BACK_OFF_SECONDS, TRANSIENT_ATTEMPTS, UNKNOWN_BACK_OFFS_SECONDS, deliver
from shared.messaging.envelope import Envelope
from shared.messaging.outcomes import Ignored
from shared.messaging.returns import SPENT, SPENT_ON_UNKNOWN, Delivery
from tests.unit.shared.messaging.handlers import raising, saying

EVENT = IngestionEvent(
    tenant_id="tenant-1", source="script", source_id="006", event_type="update", observed_at=datetime(2026, 11, 21, 12, tzinfo=UTC)
)
SPENT_ALL = {SPENT: TRANSIENT_ATTEMPTS, SPENT_ON_UNKNOWN: len(UNKNOWN_BACK_OFFS_SECONDS)}


@dataclass
class Asker:
    """Hears what is given up, and notes how many messages the broker had then."""

    pipeline: InMemoryPipeline = field(default_factory=InMemoryPipeline)
    heard: list[tuple[IngestionEvent, int]] = field(default_factory=list)
    fails_with: BaseException | None = None

    async def __call__(self, event: IngestionEvent) -> None:
        if self.fails_with is not None:
            raise self.fails_with
        self.heard.append((event, len(self.pipeline.transport.sent)))

    async def delivered(self, error: BaseException, envelope: Envelope | None = None, properties: Mapping[str, int] | None = None) -> None:
        """One delivery that ends so."""
        sent = envelope or Envelope.of(EVENT, traceparent=None)
        delivery = Delivery(sent.queue, sent.id, sent.body, {**sent.properties, **(properties or {})})
        ports = replace(self.pipeline.delivery, breakers=Breakers())
        await deliver(delivery, IngestionEvent, raising(error), ports=ports, given_up=self)

    @property
    def queues(self) -> list[str]:
        """Where copies of it went."""
        return [envelope.queue for envelope in self.pipeline.transport.sent]


@pytest.mark.parametrize(
    "error",
    [UnmappableRecord("no"), Forbidden("no"), ConfigurationError("no"), ContractViolation("no")],
    ids=lambda error: type(error).__name__,
)
async def test_who_asked_is_told_before_the_message_is_parked(error: Exception) -> None:
    asker = Asker()

    await asker.delivered(error)

    assert asker.heard == [(EVENT, 0)]
    assert asker.queues == ["rejected-messages"]


async def test_who_asked_is_told_when_the_budget_is_spent() -> None:
    asker = Asker()

    await asker.delivered(Conflict("again"), properties=SPENT_ALL)

    assert (asker.heard, asker.queues) == ([(EVENT, 0)], ["rejected-messages"])


async def test_who_asked_is_told_before_the_message_is_left_to_the_broker() -> None:
    asker = Asker()

    with pytest.raises(KeyError):
        await asker.delivered(KeyError("a bug"), properties=SPENT_ALL)

    assert (asker.heard, asker.queues) == ([(EVENT, 0)], [])


@pytest.mark.parametrize(
    "error",
    [Conflict("again"), RateLimited("busy", retry_after_seconds=5), KeyError("a bug"), asyncio.CancelledError()],
    ids=lambda error: type(error).__name__,
)
async def test_nobody_is_told_of_what_comes_again(error: BaseException) -> None:
    asker = Asker()

    await asker.delivered(error)

    assert (asker.heard, asker.queues) == ([], ["ingestion-events"])


async def test_nobody_is_told_of_what_was_handled() -> None:
    asker = Asker()
    sent = Envelope.of(EVENT, traceparent=None)

    await deliver(
        Delivery(sent.queue, sent.id, sent.body, sent.properties),
        IngestionEvent,
        saying(Ignored("read since")),
        ports=asker.pipeline.delivery,
        given_up=asker,
    )

    assert (asker.heard, asker.queues) == ([], [])


@pytest.mark.parametrize("body", [b"not json", b"\xff\xfe", b"", b'{"type":"Other"}', b'{"version":99}'])
async def test_what_nobody_can_read_is_parked_as_before_and_nobody_is_told(body: bytes) -> None:
    asker = Asker()

    await asker.delivered(AssertionError(), replace(Envelope.of(EVENT, traceparent=None), body=body))

    assert asker.heard == []
    [parked] = asker.pipeline.transport.sent
    assert Rejected.decode(parked.body).reason == "ContractViolation"


async def test_who_asked_hears_the_whole_message_when_it_was_put_aside() -> None:
    asker = Asker()
    large = EVENT.model_copy(update={"payload": {"Text": "x" * MAX_MESSAGE_BYTES}})
    await asker.pipeline.publisher.publish(large)
    [light] = asker.pipeline.transport.sent

    await asker.delivered(UnmappableRecord("no"), light)

    assert [event for event, _ in asker.heard] == [large]


async def test_what_was_put_aside_and_is_gone_is_parked_as_before() -> None:
    asker = Asker()
    await asker.pipeline.publisher.publish(EVENT.model_copy(update={"payload": {"Text": "x" * MAX_MESSAGE_BYTES}}))
    [light] = asker.pipeline.transport.sent
    asker.pipeline.claims.blobs.clear()

    await asker.delivered(AssertionError(), light)

    assert (asker.heard, asker.queues[1:]) == ([], ["rejected-messages"])


@pytest.mark.parametrize("error", [UnmappableRecord("no"), Conflict("again"), KeyError("a bug")], ids=lambda error: type(error).__name__)
async def test_what_cannot_be_told_now_comes_again_and_is_not_parked_untold(error: Exception) -> None:
    """The store is away, which is why it failed in the first place: abandoned, it would be a dead letter in seconds, and nobody told."""
    asker = Asker(fails_with=DependencyUnavailable("the store is away"))

    await asker.delivered(error, properties=SPENT_ALL)

    [copy] = asker.pipeline.transport.sent
    assert copy.queue == "ingestion-events"
    assert copy.due_at is not None
    assert (copy.due_at - asker.pipeline.clock()).total_seconds() == LONGEST_BACK_OFF_SECONDS
    assert (copy.properties[SPENT], copy.properties[SPENT_ON_UNKNOWN]) == (TRANSIENT_ATTEMPTS, len(UNKNOWN_BACK_OFFS_SECONDS))

    asker.fails_with = None
    if isinstance(error, KeyError):
        with pytest.raises(KeyError):
            await asker.delivered(error, copy)
    else:
        await asker.delivered(error, copy)
    assert [event for event, _ in asker.heard] == [EVENT]


async def test_a_cancellation_while_somebody_is_told_does_not_leave() -> None:
    asker = Asker(fails_with=asyncio.CancelledError())

    with pytest.raises(DependencyUnavailable):
        await asker.delivered(UnmappableRecord("no"))

    assert asker.queues == []


async def test_whoever_cannot_make_sense_of_what_is_given_up_does_not_keep_it_from_being_parked() -> None:
    asker = Asker(fails_with=PermanentError("no gap for that"))

    await asker.delivered(UnmappableRecord("no"))

    assert asker.queues == ["rejected-messages"]
