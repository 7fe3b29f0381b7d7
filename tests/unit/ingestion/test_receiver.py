"""The order in which a webhook call is treated, and what is answered: nothing is acknowledged that is not on the queue."""

import asyncio
import threading
from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest
from typing_extensions import override

from devtools.fakes.stores import InMemoryConnections
from devtools.fakes.transport import InMemoryTransport
from devtools.vendors.salesforce.acknowledgement import Answer, answer_to
from ingestion.receiver import LARGE_BODY_BYTES
from ingestion.sources.salesforce.webhook import SalesforceWebhook
from ingestion.sources.source import Caller, Heard, WebhookRequest, WebhookResponse
from shared.connections.connection import Connection
from shared.contracts.message import Message
from shared.errors import ConfigurationError, DependencyUnavailable, RateLimited
from shared.messaging.envelope import Envelope
from shared.messaging.publisher import Publisher, QueuePublisher
from shared.telemetry.names import Metric
from tests.unit.ingestion.door import ANOTHER_ORGANIZATION, Door, a_body, a_door, an_org, body_of, salesforce


def is_acknowledged(response: WebhookResponse) -> bool:
    return answer_to(response.status, response.body.encode()) is Answer.ACKNOWLEDGED


class Recording(InMemoryTransport):
    """Remembers how many envelopes each send had, and may lose the later half of a send."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []
        self.loses_half = False

    @override
    async def send(self, *envelopes: Envelope) -> None:
        self.sizes.append(len(envelopes))
        if self.loses_half:
            await super().send(*envelopes[: len(envelopes) // 2])
            raise DependencyUnavailable("the broker went away in the middle")
        await super().send(*envelopes)


class Raising(InMemoryConnections, Publisher):
    """A store and a publisher that always raise the same."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    @override
    async def find(self, handle: str) -> Connection | None:
        raise self.error

    @override
    async def of_tenant(self, tenant_id: str) -> list[Connection]:
        raise self.error

    @override
    async def due(self, source: str, *, at: datetime, most: int) -> list[Connection]:
        raise self.error

    @override
    async def replace(self, connection: Connection) -> Connection:
        raise self.error

    @override
    async def publish(self, *messages: Message) -> None:
        raise self.error

    @override
    async def schedule(self, message: Message, *, due_at: datetime) -> None:
        raise self.error


@dataclass(frozen=True)
class UnderWay(SalesforceWebhook):
    """Verifies or parses a large body only when it is allowed to, and keeps which of both it did."""

    held: str = "heard"
    allowed: threading.Event = field(default_factory=threading.Event)
    begun: threading.Event = field(default_factory=threading.Event)
    order: list[str] = field(default_factory=list)

    @override
    def verify(self, request: WebhookRequest) -> Caller:
        self._reach("verify", request)
        return super().verify(request)

    @override
    def heard(self, request: WebhookRequest, connection: Connection, received_at: datetime) -> Heard:
        self._reach("heard", request)
        return super().heard(request, connection, received_at)

    def _reach(self, part: str, request: WebhookRequest) -> None:
        if len(request.body) <= LARGE_BODY_BYTES:
            return
        self.order.append(part)
        if part == self.held:
            self.begun.set()
            assert self.allowed.wait(5)


async def door_over(transport: Recording) -> Door:
    door = await a_door()
    pipeline = door.pipeline
    pipeline.transport = transport
    door.publisher = QueuePublisher(transport, claims=pipeline.claims, metrics=pipeline.metrics, traceparent=lambda: None)
    return door


# Acknowledged


async def test_an_accepted_call_is_answered_with_what_salesforce_takes_for_an_acknowledgement() -> None:
    door = await a_door()

    response = await door.post(a_body())

    assert is_acknowledged(response)
    assert response.content_type == "text/xml; charset=utf-8"


@pytest.mark.parametrize("count", [1, 2, 99, 100])
async def test_every_notification_of_a_message_is_a_message_on_the_queue(count: int) -> None:
    org, door = an_org(), await a_door()
    records = [org.create("Opportunity") for _ in range(count)]

    response = await door.post(body_of(*records))

    assert is_acknowledged(response)
    assert [event.source_id for event in door.queued] == [record.id for record in records]
    assert len({event.id for event in door.queued}) == count
    assert door.pipeline.metrics.total(Metric.WEBHOOK_EVENTS, source="salesforce") == count


async def test_a_hundred_notifications_are_one_send() -> None:
    org, transport = an_org(), Recording()
    door = await door_over(transport)

    await door.post(body_of(*[org.create("Opportunity") for _ in range(100)]))

    assert transport.sizes == [100]


async def test_nothing_is_acknowledged_before_the_publish_has_returned() -> None:
    door, confirmed = await a_door(), asyncio.Event()

    class Slow(Publisher):
        @override
        async def publish(self, *messages: Message) -> None:
            await confirmed.wait()

        @override
        async def schedule(self, message: Message, *, due_at: datetime) -> None:
            await confirmed.wait()

    door.publisher = Slow()
    call = asyncio.ensure_future(door.post(a_body()))
    for _ in range(20):
        await asyncio.sleep(0)
    assert not call.done()

    confirmed.set()

    assert is_acknowledged(await call)


# Not acknowledged


@pytest.mark.parametrize(
    "error",
    [DependencyUnavailable("away"), RateLimited("busy", retry_after_seconds=10), ConfigurationError("no queue"), asyncio.CancelledError()],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("part", ["publisher", "connections"])
async def test_a_bus_or_store_that_is_down_is_503_without_an_acknowledgement(part: str, error: BaseException) -> None:
    door = await a_door()
    setattr(door, part, Raising(error))

    response = await door.post(a_body())

    assert response.status == 503
    assert "Ack" not in response.body
    assert door.queued == []
    assert door.pipeline.metrics.total(Metric.WEBHOOK_REQUESTS, source="salesforce", outcome="unavailable") == 1
    assert door.pipeline.metrics.total(Metric.WEBHOOK_EVENTS) == 0


async def test_half_a_publish_is_503_and_the_retry_makes_it_whole_without_a_double() -> None:
    org, transport = an_org(), Recording()
    door = await door_over(transport)
    body = body_of(*[org.create("Opportunity") for _ in range(10)])

    transport.loses_half = True
    failed = await door.post(body)
    transport.loses_half = False
    retried = await door.post(body)

    assert (failed.status, failed.body) == (503, "")
    assert is_acknowledged(retried)
    assert sorted(event.source_id for event in door.queued) == sorted(record.id for record in org.records("Opportunity"))
    assert transport.duplicates_dropped == 5


async def test_a_bug_of_ours_is_500_without_an_acknowledgement_and_counted() -> None:
    door = await a_door()
    door.publisher = Raising(KeyError("Acme Rockets"))

    response = await door.post(a_body())

    assert (response.status, response.body) == (500, "")
    assert door.pipeline.metrics.total(Metric.WEBHOOK_REQUESTS, source="salesforce", outcome="failed") == 1


# Counted


async def test_every_call_is_counted_once_under_its_outcome() -> None:
    door = await a_door()
    door.webhook = replace(salesforce(), limit_bytes=100_000)

    await door.post(a_body())
    await door.post(b"x" * 100_001)
    await door.post(a_body(), content_type="text/html")
    await door.post(a_body(), key="x" * 40)
    await door.post(body_of(an_org().create("Opportunity"), organization=ANOTHER_ORGANIZATION))
    await door.post(b"<no")

    outcomes = ["accepted", "oversized", "wrong content type", "unknown caller", "refused", "malformed"]
    assert [door.pipeline.metrics.total(Metric.WEBHOOK_REQUESTS, source="salesforce", outcome=outcome) for outcome in outcomes] == [1] * 6
    assert door.pipeline.metrics.total(Metric.WEBHOOK_REQUESTS) == 6


# Large bodies


def a_large_body() -> bytes:
    org = an_org()
    large = body_of(*[org.create("Opportunity", Name="n" * 1000) for _ in range(100)])
    assert len(large) > LARGE_BODY_BYTES
    return large


@pytest.mark.parametrize("held", ["verify", "heard"])
async def test_a_large_body_under_way_does_not_keep_other_calls_waiting(held: str) -> None:
    door, large = await a_door(), a_large_body()
    webhook = UnderWay(limit_bytes=1024 * 1024, held=held)
    door.webhook = webhook

    slow = asyncio.ensure_future(door.post(large))
    try:
        assert await asyncio.to_thread(webhook.begun.wait, 5)
        quick = await door.post(a_body())
        was_under_way = not slow.done()
    finally:
        webhook.allowed.set()

    assert is_acknowledged(quick)
    assert was_under_way
    assert is_acknowledged(await slow)
    assert len(door.queued) == 101
    assert webhook.order == ["verify", "heard"]


async def test_of_a_large_body_nothing_is_parsed_before_it_is_known_whose_it_is() -> None:
    door, large = await a_door(), a_large_body()
    webhook = UnderWay(limit_bytes=len(large), held="none")
    door.webhook = webhook

    stranger, nobody = await door.post(large, key="x"), await door.post(large, key="x" * 40)
    assert (stranger.status, nobody.status, webhook.order) == (401, 401, ["verify", "verify"])

    assert (await door.post(large + b" ")).status == 413
    assert (await door.post(large, content_type="text/html")).status == 415
    assert webhook.order == ["verify", "verify"]
