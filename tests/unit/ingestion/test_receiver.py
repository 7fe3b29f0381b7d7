"""The order in which a webhook call is treated, and what is answered: nothing is acknowledged that is not on the queue."""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest
from typing_extensions import override

from devtools.fakes.transport import InMemoryTransport
from devtools.vendors.salesforce.acknowledgement import Answer, answer_to
from ingestion.receiver import LARGE_BODY_BYTES
from ingestion.sources.salesforce.webhook import SalesforceWebhook
from ingestion.sources.source import WebhookRequest, WebhookResponse
from shared.connections.connection import Connection, Connections
from shared.contracts.ingestion import IngestionEvent
from shared.contracts.message import Message
from shared.errors import ConfigurationError, DependencyUnavailable, RateLimited
from shared.messaging.envelope import Envelope
from shared.messaging.publisher import Publisher, QueuePublisher
from shared.telemetry.names import Metric
from tests.unit.ingestion.door import ANOTHER_ORGANIZATION, KEY, XML, Door, a_body, a_door, an_org, body_of, salesforce


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


class Raising(Connections, Publisher):
    """A store and a publisher that always raise the same."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    @override
    async def find(self, handle: str) -> Connection | None:
        raise self.error

    @override
    async def add(self, connection: Connection, *, handles: tuple[str, ...] = ()) -> None:
        raise self.error

    @override
    async def publish(self, *messages: Message) -> None:
        raise self.error


class NeverParsed(SalesforceWebhook):
    """Says so when it is asked to parse."""

    @override
    def events(self, request: WebhookRequest, connection: Connection, received_at: datetime) -> Sequence[IngestionEvent]:
        pytest.fail("the body was parsed")


class UnderWay(SalesforceWebhook):
    """Parses a body of another length than a small one only when it is allowed to."""

    allowed = threading.Event()
    begun = threading.Event()

    @override
    def events(self, request: WebhookRequest, connection: Connection, received_at: datetime) -> Sequence[IngestionEvent]:
        if len(request.body) > LARGE_BODY_BYTES:
            self.begun.set()
            assert self.allowed.wait(5)
        return super().events(request, connection, received_at)


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


# Refused


async def test_an_unknown_key_is_401_before_the_body_is_parsed() -> None:
    door = await a_door()
    door.webhook = NeverParsed(limit_bytes=1024 * 1024)

    response = await door.post(a_body(), key="another-path-key-that-is-long-enough-00")

    assert (response.status, response.body) == (401, "")
    assert door.queued == []


@pytest.mark.parametrize("key", ["", "short", "x" * 31, "x" * 257], ids=["none", "short", "31 characters", "257 characters"])
async def test_what_cannot_be_a_key_is_401_without_a_look_at_the_store(key: str) -> None:
    door = await a_door()
    door.webhook = NeverParsed(limit_bytes=1024 * 1024)

    assert (await door.post(a_body(), key=key)).status == 401
    assert (await door.treat(WebhookRequest(a_body(), {"content-type": XML}, {}))).status == 401
    assert door.pipeline.connections.finds == 0


async def test_the_message_of_another_organization_under_this_key_is_401_without_effect() -> None:
    door = await a_door()
    await door.connect(tenant="globex", organization=ANOTHER_ORGANIZATION, key="globex-path-key-nobody-can-guess-0123")

    response = await door.post(body_of(an_org().create("Opportunity"), organization=ANOTHER_ORGANIZATION))

    assert (response.status, response.body) == (401, "")
    assert door.queued == []


@pytest.mark.parametrize(
    ("listed", "status"),
    [
        ((), 200),
        (("04kRi0000061wbCIAQ",), 200),
        (("04kRi0000061wbC",), 200),
        (("04kRi0000000000AAA", "04kRi0000061wbCIAQ"), 200),
        (("04kRi0000000000AAA",), 401),
        (("not an id",), 401),
    ],
    ids=["no list", "listed", "listed with 15 characters", "one of two", "another", "nonsense"],
)
async def test_an_action_that_the_connection_does_not_list_is_401(listed: tuple[str, ...], status: int) -> None:
    door = Door()
    await door.connect(actions=listed)

    response = await door.post(a_body())

    assert response.status == status
    assert len(door.queued) == (status == 200)


async def test_a_message_without_an_action_is_401_where_actions_are_listed() -> None:
    door = Door()
    await door.connect(actions=("not an id",))

    response = await door.post(a_body().replace(b"<ActionId>04kRi0000061wbCIAQ</ActionId>", b""))

    assert response.status == 401


@pytest.mark.parametrize("content_type", [None, "", "application/json", "text/plain", "text/xmlish", "multipart/form-data; boundary=text/xml"])
async def test_a_wrong_content_type_is_415_before_anything_is_looked_up(content_type: str | None) -> None:
    door = await a_door()

    response = await door.post(a_body(), content_type=content_type)

    assert response.status == 415
    assert (door.queued, door.pipeline.connections.finds) == ([], 0)


@pytest.mark.parametrize("content_type", ["text/xml", "Text/XML;charset=utf-8", "application/soap+xml", " text/xml ; charset=UTF-8"])
async def test_every_spelling_of_xml_is_read(content_type: str) -> None:
    door = await a_door()

    assert is_acknowledged(await door.post(a_body(), content_type=content_type))


async def test_a_body_at_the_limit_is_read_and_one_byte_more_is_413_before_anything_is_looked_up() -> None:
    door = await a_door()
    body = a_body()

    door.webhook = salesforce(limit_bytes=len(body) - 1)
    refused = await door.post(body)
    finds = door.pipeline.connections.finds
    door.webhook = salesforce(limit_bytes=len(body))
    accepted = await door.post(body)

    assert (refused.status, finds) == (413, 0)
    assert is_acknowledged(accepted)
    assert len(door.queued) == 1


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


async def test_a_large_body_under_way_does_not_keep_other_calls_waiting() -> None:
    door, org = await a_door(), an_org()
    webhook = UnderWay(limit_bytes=1024 * 1024)
    door.webhook = webhook
    large = body_of(*[org.create("Opportunity", Name="n" * 1000) for _ in range(100)])
    assert len(large) > LARGE_BODY_BYTES

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


# Keys


async def test_the_path_key_is_looked_up_as_its_hash_and_kept_nowhere() -> None:
    handle = salesforce().verify(WebhookRequest(b"", {}, {"key": KEY}))

    assert KEY == "a-path-key-nobody-can-guess-0123456789"
    assert handle == "salesforce-key:20cfaebe30f77e04459ff0c0b9559778ab6836c7daf28cb46b9f9731ce6915aa"
