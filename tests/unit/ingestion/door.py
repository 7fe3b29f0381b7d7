"""The webhook with a pretend organization before it and the in-memory pipeline behind it."""

from dataclasses import replace
from datetime import UTC, datetime
from random import Random

from devtools.fakes.pipeline import InMemoryPipeline
from devtools.vendors.salesforce.ids import random_id
from devtools.vendors.salesforce.outbound_message import AS_SALESFORCE_WRITES, Action, Form, Notification, render
from devtools.vendors.salesforce.records import ObjectName, PretendOrg, Record
from ingestion.receiver import receive
from ingestion.sources.salesforce.webhook import SalesforceWebhook, key_handle
from ingestion.sources.source import Webhook, WebhookRequest, WebhookResponse
from shared import topology
from shared.connections.connection import Connection, Connections
from shared.contracts.ingestion import IngestionEvent
from shared.messaging.publisher import Publisher

ORGANIZATION = "00D000000000062EAA"
ANOTHER_ORGANIZATION = "00D8c000002JHMDEA4"
KEY = "a-path-key-nobody-can-guess-0123456789"
ACTION = "04kRi0000061wbCIAQ"
SAVED_AT = datetime(2026, 3, 2, 12, 0, 7, tzinfo=UTC)
LIMIT_BYTES = 16 * 1024 * 1024
XML = "text/xml; charset=UTF-8"


def an_action(object_name: ObjectName = "Opportunity", *fields: str, session_id: str | None = None) -> Action:
    """An Outbound Message action; without fields: name, stage, amount and version are ticked."""
    ticked = fields or ("Name", "StageName", "Amount", "SystemModstamp")
    return Action(ACTION, object_name, ticked, "http://127.0.0.1/", session_id)


def an_org(seed: int = 1) -> PretendOrg:
    """An organization without records."""
    return PretendOrg(ORGANIZATION, Random(seed), lambda: SAVED_AT)


def notified(*records: Record | None, seed: int = 2) -> list[Notification]:
    """A notification of each, with ids that depend on the seed."""
    rng = Random(seed)
    return [Notification(random_id("Notification", rng), record) for record in records]


def body_of(
    *records: Record | None,
    action: Action | None = None,
    organization: str = ORGANIZATION,
    form: Form = AS_SALESFORCE_WRITES,
    seed: int = 2,
) -> bytes:
    """One message about these records."""
    return render(organization, action or an_action(), notified(*records, seed=seed), form)


def a_body() -> bytes:
    """A message about one opportunity."""
    return body_of(an_org().create("Opportunity"))


def salesforce(*, limit_bytes: int = LIMIT_BYTES) -> SalesforceWebhook:
    """The webhook as it is deployed."""
    return SalesforceWebhook(limit_bytes=limit_bytes)


class Door:
    """Where calls arrive. ``webhook``, ``connections`` and ``publisher`` may be replaced before a call."""

    def __init__(self) -> None:
        self.pipeline = InMemoryPipeline()
        self.webhook: Webhook = salesforce()
        self.connections: Connections = self.pipeline.connections
        self.publisher: Publisher = self.pipeline.publisher

    async def connect(
        self, *, tenant: str = "acme", organization: str = ORGANIZATION, key: str = KEY, actions: tuple[str, ...] = ()
    ) -> Connection:
        """Connect an organization to a tenant."""
        connection = Connection(
            id=f"salesforce:{organization}",
            tenant_id=tenant,
            source="salesforce",
            account=organization,
            action_ids=actions,
            created_at=self.pipeline.clock(),
        )
        await self.pipeline.connections.add(connection, handles=(key_handle(key),))
        return connection

    async def post(self, body: bytes, *, key: str = KEY, content_type: str | None = XML) -> WebhookResponse:
        """One call."""
        headers = {} if content_type is None else {"content-type": content_type}
        return await self.treat(WebhookRequest(body, headers, {"key": key}))

    async def treat(self, request: WebhookRequest) -> WebhookResponse:
        """One call, given whole."""
        ports = replace(self.pipeline.receiver, connections=self.connections, publisher=self.publisher)
        return await receive(request, webhook=self.webhook, ports=ports)

    @property
    def queued(self) -> list[IngestionEvent]:
        """What is on the queue, in order."""
        return [IngestionEvent.decode(envelope.body) for envelope in self.pipeline.transport.on(topology.INGESTION_EVENTS)]


async def a_door() -> Door:
    """A door with one organization connected."""
    door = Door()
    await door.connect()
    return door


def with_fields(record: Record, **fields: str | None) -> Record:
    """The record with some fields as given, whatever the vendor would make of it."""
    return replace(record, fields={**record.fields, **fields})
