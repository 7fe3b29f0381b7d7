"""What every source that pushes must keep, over the registry: a new source brings a ``Calls`` and passes.

Refused before it is read, nothing acknowledged that is not on the queue, the same request twice the same ids.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from slack_sdk.signature import SignatureVerifier
from typing_extensions import override

from devtools.fakes.pipeline import InMemoryPipeline
from devtools.vendors.salesforce.acknowledgement import Answer, answer_to
from devtools.vendors.salesforce.ids import random_id
from devtools.vendors.salesforce.outbound_message import Form, Notification, new_action, render
from devtools.vendors.salesforce.records import PretendOrg
from ingestion.receiver import receive
from ingestion.sources.registry import webhooks
from ingestion.sources.salesforce.webhook import key_handle
from ingestion.sources.source import Caller, Heard, Webhook, WebhookRequest, WebhookResponse
from shared.connections.connection import Connection, connection_id
from shared.contracts.ingestion import IngestionEvent
from shared.contracts.message import Message
from shared.conversions.registry import CONVERSIONS
from shared.errors import ConfigurationError, DependencyUnavailable, RateLimited
from shared.messaging.publisher import Publisher
from shared.settings import Settings
from shared.telemetry.names import Metric

ROOT = Path(__file__).parents[2]
SETTINGS = Settings.from_environ(
    {
        "SERVICE_BUS": "x",
        "COSMOS": "x",
        "BLOB": "x",
        "EMBEDDING_OFFLINE": "true",
        "AUTH_ISSUER": "x",
        "AUTH_AUDIENCE": "x",
        "AUTH_JWKS_URL": "x",
        "SLACK_SIGNING_SECRETS": "A0SHARDLINE=its-secret,A0ANOTHER=another-secret",
    }
)
NOW = datetime(2026, 3, 2, 12, 0, 7, tzinfo=UTC)
WEBHOOKS = webhooks(SETTINGS, lambda: NOW)


@dataclass(frozen=True)
class Calls:
    """How a vendor calls, and how somebody else pretends to be it."""

    account: str
    handle: str
    """The one its connection is found under."""
    honest: tuple[WebhookRequest, ...]
    """One call or more, and three events in all."""
    forged: WebhookRequest
    """The same body from somebody who does not know the secret."""
    of_another_account: WebhookRequest
    """Rightly signed, but about an account that is not the caller's."""
    broken: WebhookRequest
    """Rightly signed, but not what the vendor sends."""
    is_acknowledgement: Callable[[WebhookResponse], bool]


def calls_of_salesforce() -> Calls:
    """Outbound Messages."""
    key, stranger = "salesforce-path-key-for-conformance-tests", "salesforce-path-key-of-somebody-else-entirely"
    org = PretendOrg("00D000000000062EAA", Random(1), lambda: datetime.fromisoformat("2026-03-02T12:00:07Z"))
    rng, action = Random(2), new_action("Opportunity", "http://127.0.0.1/", Random(3))
    told = [Notification(random_id("Notification", rng), org.create("Opportunity")) for _ in range(3)]
    body, foreign = (render(organization, action, told, Form(pretty=False)) for organization in (org.organization_id, "00D8c000002JHMDEA4"))

    def call(body: bytes, key: str) -> WebhookRequest:
        return WebhookRequest(body, {"content-type": "text/xml; charset=UTF-8", "soapaction": '""'}, {"key": key})

    return Calls(
        account="00D000000000062EAA",
        handle=key_handle(key),
        honest=(call(body, key),),
        forged=call(body, stranger),
        of_another_account=call(foreign, key),
        broken=call(body[:-20], key),
        is_acknowledgement=lambda response: answer_to(response.status, response.body.encode()) is Answer.ACKNOWLEDGED,
    )


def calls_of_slack() -> Calls:
    """Events, of which a call has one. Nothing is read here: the connection has no token, and what is told is all there is."""
    app, team = "A0SHARDLINE", "T0ACME"

    def call(event: dict[str, str], number: int = 0, word: str = "its-secret") -> WebhookRequest:
        said = {"type": "event_callback", "api_app_id": app, "team_id": team, "event_id": f"Ev{number}", "event": event}
        return signed(json.dumps(said).encode(), word)

    def signed(body: bytes, word: str) -> WebhookRequest:
        moment = str(int(NOW.timestamp()))
        signature = SignatureVerifier(word).generate_signature(timestamp=moment, body=body) or ""
        headers = {"content-type": "application/json", "x-slack-request-timestamp": moment, "x-slack-signature": signature}
        return WebhookRequest(body, headers)

    archived = [{"type": "channel_archive", "channel": f"C0{name}", "event_ts": "1772452806.000300"} for name in ("ONE", "TWO", "THREE")]
    return Calls(
        account=team,
        handle=f"slack:{app}:{team}",
        honest=tuple(call(event, number) for number, event in enumerate(archived)),
        forged=call(archived[0], word="guessed"),
        of_another_account=call(archived[0], word="another-secret"),
        broken=signed(b'{"type":"event_callback"', "its-secret"),
        is_acknowledgement=lambda response: response.status == 200,
    )


CALLS = {"salesforce": calls_of_salesforce(), "slack": calls_of_slack()}

every_source = pytest.mark.parametrize("source", sorted(WEBHOOKS))


class World:
    """A webhook, its vendor connected to one tenant, and the pipeline behind it."""

    def __init__(self, source: str) -> None:
        self.calls = CALLS[source]
        self.webhook: Webhook = WEBHOOKS[source]
        self.pipeline = InMemoryPipeline()
        self.publisher: Publisher = self.pipeline.publisher

    @classmethod
    async def of(cls, source: str) -> "World":
        """The world of a source."""
        world = cls(source)
        connection = Connection(
            id=connection_id(source, world.calls.account),
            tenant_id="acme",
            source=source,
            account=world.calls.account,
            created_at=world.pipeline.clock(),
        )
        await world.pipeline.connections.add(connection, handles=(world.calls.handle,))
        return world

    async def call(self, request: WebhookRequest) -> WebhookResponse:
        """One call."""
        ports = replace(self.pipeline.receiver, publisher=self.publisher)
        return await receive(request, webhook=self.webhook, ports=ports)

    async def call_honestly(self) -> list[WebhookResponse]:
        """All honest calls."""
        return [await self.call(request) for request in self.calls.honest]

    @property
    def events(self) -> list[IngestionEvent]:
        """Everything the broker took."""
        return [IngestionEvent.decode(envelope.body) for envelope in self.pipeline.transport.sent]


class Unparsed:
    """A webhook that must not be asked to parse."""

    def __init__(self, webhook: Webhook) -> None:
        self._webhook = webhook
        self.source, self.limit_bytes = webhook.source, webhook.limit_bytes
        self.content_types, self.acknowledged, self.unknown = webhook.content_types, webhook.acknowledged, webhook.unknown

    def verify(self, request: WebhookRequest) -> Caller:
        return self._webhook.verify(request)

    def heard(self, request: WebhookRequest, connection: Connection, received_at: datetime) -> Heard:
        pytest.fail("the body was parsed")


class Failing(Publisher):
    def __init__(self, error: Exception) -> None:
        self._error = error

    @override
    async def publish(self, *messages: Message) -> None:
        raise self._error

    @override
    async def schedule(self, message: Message, *, due_at: datetime) -> None:
        raise self._error


@every_source
def test_a_source_brings_its_calls_and_says_its_own_name(source: str) -> None:
    assert source in CALLS, f"describe how {source} calls, in CALLS of this file"
    assert WEBHOOKS[source].source == source


def test_no_calls_are_left_of_a_source_that_is_gone() -> None:
    assert sorted(CALLS) == sorted(WEBHOOKS)


@every_source
def test_a_source_has_a_conversion_and_fixtures(source: str) -> None:
    folder = ROOT / "tests" / "fixtures" / source

    assert [conversion for conversion in CONVERSIONS if conversion.source == source]
    assert list(folder.iterdir()), f"put what {source} sends under {folder.relative_to(ROOT)}"


@every_source
async def test_an_honest_call_is_acknowledged_and_its_events_are_on_the_queue(source: str) -> None:
    world = await World.of(source)

    responses = await world.call_honestly()

    assert all(world.calls.is_acknowledgement(response) for response in responses)
    assert [(event.tenant_id, event.source) for event in world.events] == [("acme", source)] * 3
    assert {event.connection_id for event in world.events} == {f"{source}:{world.calls.account}"}


@every_source
async def test_a_forged_call_is_refused_before_it_is_read(source: str) -> None:
    world = await World.of(source)
    world.webhook = Unparsed(world.webhook)

    response = await world.call(world.calls.forged)

    assert (response.status, response.body, world.events) == (401, "", [])


@every_source
async def test_a_call_that_shows_no_secret_at_all_is_refused_before_it_is_read(source: str) -> None:
    world = await World.of(source)
    world.webhook = Unparsed(world.webhook)
    honest = world.calls.honest[0]
    bare = {"content-type": honest.headers["content-type"]}

    response = await world.call(replace(honest, headers=bare, route={}))

    assert (response.status, response.body, world.events) == (401, "", [])


@every_source
async def test_a_forged_call_is_refused_whatever_its_body(source: str) -> None:
    world = await World.of(source)

    for body in (b"", b"\xff" * 100, world.calls.broken.body):
        assert (await world.call(replace(world.calls.forged, body=body))).status == 401


@every_source
async def test_an_account_that_is_not_the_callers_has_no_effect(source: str) -> None:
    world = await World.of(source)

    response = await world.call(world.calls.of_another_account)

    assert response.status in {200, 401}
    assert not world.calls.is_acknowledgement(response)
    assert world.events == []


@every_source
async def test_nobody_connected_is_no_effect(source: str) -> None:
    world = World(source)

    responses = await world.call_honestly()

    assert {response.status for response in responses} <= {200, 401}
    assert world.events == []


@every_source
async def test_a_body_that_is_not_what_the_vendor_sends_is_400_and_nothing_is_queued(source: str) -> None:
    world = await World.of(source)

    response = await world.call(world.calls.broken)

    assert (response.status, world.events) == (400, [])


@every_source
async def test_a_body_over_the_limit_is_413_and_another_kind_of_body_415(source: str) -> None:
    world = await World.of(source)
    world.webhook = Unparsed(world.webhook)
    honest = world.calls.honest[0]
    too_large = replace(honest, body=b" " * (world.webhook.limit_bytes + 1))
    of_another_kind = replace(honest, headers={**honest.headers, "content-type": "image/png"})

    assert [(await world.call(request)).status for request in (too_large, of_another_kind)] == [413, 415]
    assert world.events == []


@every_source
async def test_the_same_request_twice_gives_the_same_ids(source: str) -> None:
    world, other = await World.of(source), await World.of(source)

    await world.call_honestly()
    other.pipeline.clock.advance(seconds=5)
    await other.call_honestly()

    assert [event.id for event in world.events] == [event.id for event in other.events]
    assert len({event.id for event in world.events}) == 3


@every_source
async def test_every_event_of_a_call_carries_its_correlation_id(source: str) -> None:
    world = await World.of(source)

    for request in world.calls.honest:
        before = len(world.events)
        await world.call(request)
        [correlation_id] = {event.correlation_id for event in world.events[before:]}
        assert correlation_id


@every_source
@pytest.mark.parametrize(
    "error",
    [DependencyUnavailable("away"), RateLimited("busy", retry_after_seconds=1), ConfigurationError("no queue"), OSError("bug")],
    ids=lambda error: type(error).__name__,
)
async def test_a_publish_that_fails_is_5xx_and_nothing_is_acknowledged(source: str, error: Exception) -> None:
    world = await World.of(source)
    world.publisher = Failing(error)

    responses = await world.call_honestly()

    assert {response.status for response in responses} <= {500, 503}
    assert {response.body for response in responses} == {""}
    assert world.pipeline.metrics.total(Metric.WEBHOOK_EVENTS) == 0


@every_source
async def test_every_call_is_counted(source: str) -> None:
    world = await World.of(source)
    calls = world.calls

    for request in (*calls.honest, calls.forged, calls.of_another_account, calls.broken):
        await world.call(request)

    assert world.pipeline.metrics.total(Metric.WEBHOOK_REQUESTS, source=source) == len(calls.honest) + 3
    assert world.pipeline.metrics.total(Metric.WEBHOOK_REQUESTS, source=source, outcome="accepted") == len(calls.honest)
    assert world.pipeline.metrics.total(Metric.WEBHOOK_EVENTS, source=source) == 3
