"""What tests of the poller do again and again."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Final

import httpx2
from typing_extensions import override

from devtools.fakes.polled import PolledSalesforce
from devtools.faults.plan import Fault
from devtools.vendors.salesforce.ids import random_id
from devtools.vendors.salesforce.outbound_message import AS_SALESFORCE_WRITES, Action, Notification, render
from devtools.vendors.salesforce.records import Record
from ingestion.findings import Findings
from ingestion.sources.salesforce.webhook import SalesforceWebhook
from ingestion.sources.source import Page, Poller, Reading, WebhookRequest
from shared import topology
from shared.contracts.sync import SyncKind, SyncRequested
from shared.http.client import http_client
from shared.shards.model import Shard
from shared.streams.defaults import DEFAULT_STREAMS
from shared.streams.state import Cursor, StateKind, StreamState

OVERLAP_MINUTES: Final = 20.0
"""What is so old when it is read is not read again by the next poll."""
HOUR: Final = 3600.0
DAY: Final = 86_400.0


async def settled(world: PolledSalesforce) -> PolledSalesforce:
    """Everything is read, and long enough ago that nothing of it is read again."""
    await world.poll(minutes=OVERLAP_MINUTES)
    if asked_for(world):
        await world.poll(minutes=25)  # a back-fill is compared a while after it
    world.vendor.ledger.clear()
    return world


async def to_the_end(world: PolledSalesforce) -> None:
    """Polls until whatever was asked for is done: a comparison comes a while later, and its repair is compared once more."""
    for _ in range(4):
        await world.poll(minutes=25)


async def state_of(world: PolledSalesforce, stream: str = "Account", kind: StateKind = "changes") -> StreamState:
    """How far a stream was read."""
    return await world.pipeline.states.read(await world.connection(), stream, kind)


async def shard_of(world: PolledSalesforce, record: Record) -> Shard:
    """A record's shard; LookupError without one."""
    shard = await world.shard(record.object_name, record.id)
    if shard is None:
        raise LookupError(record.id)
    return shard


async def said_of(world: PolledSalesforce, record: Record, field: str = "name") -> object:
    """What is stored of a record."""
    return (await shard_of(world, record)).structured_data.get(field)


async def is_there(world: PolledSalesforce, record: Record) -> bool:
    """Whether a record is stored as one that is there."""
    shard = await world.shard(record.object_name, record.id)
    return shard is not None and shard.status == "active"


async def open_gaps(world: PolledSalesforce) -> list[tuple[str, str]]:
    """Stream and reason of every open gap."""
    connection = await world.connection()
    return [(gap.stream, gap.reason) for gap in await world.pipeline.gaps.open_ones(connection.tenant_id, connection.id)]


def asked_for(world: PolledSalesforce) -> Counter[str]:
    """The streams that back-fills and comparisons wait for."""
    return Counter(SyncRequested.decode(envelope.body).stream for envelope in world.pipeline.transport.on(topology.SYNC_INBOUND_BULK))


async def truth(world: PolledSalesforce, *streams: str) -> Findings:
    """What comparing these streams finds, long after the last change. Second looks at links are over by then: a comparison gives way to
    what waits."""
    world.clock.advance(seconds=HOUR)
    transport = world.pipeline.transport
    await transport.drain(topology.SHARD_EMISSION, world.pipeline.worker(topology.SHARD_EMISSION))
    found = Findings()
    for stream in streams or DEFAULT_STREAMS["salesforce"]:
        found = found.plus(await world.compare(stream))
    return found


async def deliver_webhook(world: PolledSalesforce, record: Record) -> None:
    """An Outbound Message about a record as it is now is received and goes through the pipeline."""
    action = Action("04kRi0000061wbCIAQ", record.object_name, ("Name", "SystemModstamp"), "http://127.0.0.1/", None)
    notification = Notification(random_id("Notification", Random(record.id + str(record.fields["Name"]))), record)
    body = render(world.org.organization_id, action, [notification], AS_SALESFORCE_WRITES)
    heard = SalesforceWebhook(limit_bytes=1_000_000).heard(WebhookRequest(body), await world.connection(), world.clock())
    await world.pipeline.publisher.publish(*(told.event for told in heard.told))
    await world.pipeline.run_all()


def fails(world: PolledSalesforce, kind: str, operation: str, **more: object) -> None:
    """The next call of an operation meets a fault, or the next ``calls``."""
    world.vendor.faults.add(Fault.model_validate({"at": "salesforce", "kind": kind, "operation": operation, "calls": 1, **more}))


class Meanwhile(httpx2.AsyncBaseTransport):
    """The network of one worker: something happens at the vendor's before one of its calls."""

    def __init__(self, *, answer_seconds: float = 30.0) -> None:
        self._answer_seconds = answer_seconds
        self._real = httpx2.AsyncHTTPTransport(verify=False)
        self._waiting: dict[int, Callable[[], object]] = {}
        self.requests: list[httpx2.Request] = []

    def client(self) -> httpx2.AsyncClient:
        """What a worker has of it."""
        return http_client(transport=self)

    def before(self, number: int, happens: Callable[[], object]) -> None:
        """``number``: 1 is the next call."""
        self._waiting[len(self.requests) + number] = happens

    @override
    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        self._waiting.pop(len(self.requests), lambda: None)()
        request.extensions["timeout"] = dict.fromkeys(("connect", "read", "write", "pool"), self._answer_seconds)
        return await self._real.handle_async_request(request)

    @override
    async def aclose(self) -> None:
        await self._real.aclose()


async def reading(world: PolledSalesforce, stream: str = "Account", kind: SyncKind = "changes", *, cursor: Cursor | None = None) -> Reading:
    """What the frame would ask for next."""
    return Reading(await world.connection(), stream, kind, cursor or (await state_of(world, stream, kind)).cursor, "a run")


async def all_pages(poller: Poller, first: Reading) -> list[Page]:
    """Every page of a reading."""
    pages = [await poller.page(first)]
    while not pages[-1].is_last:
        pages.append(await poller.page(replace(first, cursor=pages[-1].cursor)))
    return pages
