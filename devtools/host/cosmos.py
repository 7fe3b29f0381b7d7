"""Connects change feed pumps to Cosmos DB: the only module here that opens such connections, imported only for a change feed function.

A function gets the changes of **all tenants**: the trigger reads whole ranges and knows no partition keys, here as in Azure. Nor is asking
the SDK for one tenant's changes a way out: by the first parts of a hierarchical key (``partition_key=[tenant]``), and once those keys lie
in several physical ranges, it forgets the key and returns whatever changed in the ranges (``tests/integration/cosmos/test_cosmos_ranges``
holds it to that). Whoever reads a change feed has to look whose each document is.
"""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from azure.core import MatchConditions
from azure.core.async_paging import AsyncItemPaged
from azure.cosmos import PartitionKey
from azure.cosmos.aio import ContainerProxy, CosmosClient
from azure.cosmos.exceptions import (
    CosmosAccessConditionFailedError,
    CosmosHttpResponseError,
    CosmosResourceExistsError,
    CosmosResourceNotFoundError,
)
from azure.functions.meta import Datum

from devtools.host.changefeed import ChangeFeedPump, Documents, FeedMissing, Page
from devtools.host.function import ChangesTrigger, HostedFunction
from devtools.host.identities import Connection, Identity, credential_of
from devtools.host.invocations import Call
from devtools.host.leases import Leases, WriteRefused
from devtools.host.output import say
from devtools.host.runs import Runner
from devtools.host.timers import Clock
from devtools.host.traces import new_trace


def change_feed_pump(
    function: HostedFunction, trigger: ChangesTrigger, runner: Runner, clock: Clock, problems: dict[str, str]
) -> ChangeFeedPump:
    """The pump of one running change feed function."""

    async def handle(documents: Documents) -> None:
        await runner.run_with_retries(Call(function, changes_datum(documents), new_trace()), "changes")

    def connect() -> Any:
        return connected(trigger, clock)

    return ChangeFeedPump(function.name, trigger, connect, handle, clock=clock, mishaps=runner.mishaps, report=say, problems=problems)


def changes_datum(documents: Documents) -> Datum:
    """What the function is given: a JSON array, the documents' own system properties and ``_lsn`` included."""
    return Datum(json.dumps(documents), "json")


@asynccontextmanager
async def connected(trigger: ChangesTrigger, clock: Clock) -> AsyncIterator[tuple["ContainerFeed", Leases]]:
    """The watched container and the leases.

    Raises:
        FeedMissing: see there.
    """
    async with (
        _client(trigger.connection) as client,
        _client(trigger.lease_connection) as lease_client,
    ):
        container = client.get_database_client(trigger.database).get_container_client(trigger.container)
        lease_database = lease_client.get_database_client(trigger.lease_database)
        lease_container = lease_database.get_container_client(trigger.lease_container)
        try:
            if trigger.creates_lease_container:
                await lease_database.create_container_if_not_exists(trigger.lease_container, PartitionKey("/id"))
            watched, _ = await container.read(), await lease_container.read()
        except CosmosResourceNotFoundError:
            raise FeedMissing(_missing(trigger)) from None
        except CosmosHttpResponseError as error:
            if error.status_code != 403:
                raise
            raise FeedMissing(f"the lease container {trigger.lease_container} may not be created (403): create it with the rest") from None
        account = urlsplit(client.client_connection.url_connection).hostname
        prefix = f"{trigger.prefix}{account}_{trigger.database}_{watched['_rid']}".replace("/", "-")
        yield ContainerFeed(container, trigger), Leases(_Documents(lease_container), prefix, uuid.uuid4().hex, clock.now)


def _client(connection: Connection) -> CosmosClient:
    if isinstance(connection, Identity):
        return CosmosClient(connection.address, credential_of(connection))
    return CosmosClient.from_connection_string(connection)


class ContainerFeed:
    """Reads one page at a time, because the SDK tells where the next begins only by the client's last answer."""

    def __init__(self, container: ContainerProxy, trigger: ChangesTrigger) -> None:
        self._container = container
        self._trigger = trigger
        self._alone = asyncio.Lock()

    async def ranges(self) -> Sequence[Mapping[str, Any]]:
        return [feed_range async for feed_range in self._container.read_feed_ranges()]

    async def read(self, feed_range: Mapping[str, Any], continuation: str | None) -> Page:
        async with self._alone:
            pages = self._changes(feed_range, continuation).by_page()
            documents: Documents = []
            with suppress(StopAsyncIteration):  # nothing new
                documents = [document async for document in await anext(pages)]
            return Page(documents, str(self._container.client_connection.last_response_headers["etag"]))

    def _changes(self, feed_range: Mapping[str, Any], continuation: str | None) -> AsyncItemPaged[dict[str, Any]]:
        most = self._trigger.most
        if continuation is not None:
            return self._container.query_items_change_feed(continuation=continuation, max_item_count=most)
        return self._container.query_items_change_feed(feed_range=dict(feed_range), start_time=self._start(), max_item_count=most)

    def _start(self) -> datetime | Literal["Now", "Beginning"]:
        match self._trigger.start:
            case "now":
                return "Now"
            case "beginning":
                return "Beginning"
            case moment:
                return datetime.fromisoformat(moment)


class _Documents:
    """The lease container, whose partition key is ``/id``."""

    def __init__(self, container: ContainerProxy) -> None:
        self._container = container

    async def create(self, document: dict[str, Any]) -> None:
        try:
            await self._container.create_item(document)
        except CosmosResourceExistsError:
            raise WriteRefused from None

    async def replace(self, document: dict[str, Any], etag: str) -> dict[str, Any]:
        condition = MatchConditions.IfNotModified
        try:
            return await self._container.replace_item(document["id"], document, etag=etag, match_condition=condition)
        except (CosmosAccessConditionFailedError, CosmosResourceNotFoundError):
            raise WriteRefused from None

    async def beginning_with(self, prefix: str) -> list[dict[str, Any]]:
        query = "SELECT * FROM c WHERE STARTSWITH(c.id, @prefix)"
        found = self._container.query_items(query, parameters=[{"name": "@prefix", "value": prefix}])
        return sorted([document async for document in found], key=lambda document: str(document["id"]))


def _missing(trigger: ChangesTrigger) -> str:
    return (
        f"either the container {trigger.container} (database {trigger.database}) or the lease container {trigger.lease_container} "
        f"(database {trigger.lease_database}) does not exist. Both must exist before the function starts; to create the lease container "
        "automatically, set create_lease_container_if_not_exists=True"
    )
