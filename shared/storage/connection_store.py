"""Connections in Cosmos DB: key ``/id``, one point read; an alias item is read on to its connection.

Whose turn it is, and what a tenant has connected, is asked of all partitions: once in some minutes, over as many items as there are
vendor accounts.
"""

from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from azure.core import MatchConditions
from azure.cosmos.exceptions import CosmosResourceNotFoundError
from typing_extensions import override

from shared import topology
from shared.connections.connection import USE_NOTED_AGAIN_AFTER, Connection, Connections, Handle, oldest_first
from shared.contracts.message import timestamp
from shared.errors import Conflict, OwnershipConflict
from shared.storage.azure_errors import azure_errors
from shared.storage.cosmos import CosmosAccount, etag_of, found, guarded_write, queried

ALIAS_OF: Final = "aliasOf"
ADDED_AT: Final = "addedAt"
USED_AT: Final = "usedAt"
PAGE_ITEMS: Final = 100

OF_TENANT: Final = "SELECT * FROM c WHERE c.tenantId = @tenant AND IS_DEFINED(c.source)"
"""An alias has no source, and no tenant either."""

ALIASES: Final = "SELECT * FROM c WHERE c.aliasOf = @connection"
"""Of one connection: only rotating its key asks it."""

OF_SOURCE: Final = "SELECT * FROM c WHERE c.source = @source"
"""Of all tenants: only measuring asks it."""

DUE: Final = """
SELECT * FROM c
WHERE c.source = @source AND c.nextDueAt <= @at AND (c.status = "active" OR c.pausedBy = "app")
ORDER BY c.nextDueAt
"""
"""Of all tenants: only the scheduler asks it."""


class CosmosConnections(Connections):
    """The port over one account."""

    def __init__(self, account: CosmosAccount) -> None:
        self._account = account

    @override
    async def find(self, handle: str) -> Connection | None:
        document = await self._read(handle)
        if document is not None and ALIAS_OF in document:
            document = await self._read(document[ALIAS_OF])
        return None if document is None else _connection(document)

    @override
    async def of_tenant(self, tenant_id: str) -> list[Connection]:
        container = await self._account.container(topology.CONNECTIONS)
        rows = queried(container, OF_TENANT, "list a tenant's connections", page_items=PAGE_ITEMS, tenant=tenant_id)
        return sorted([_connection(row) async for row in rows], key=lambda connection: connection.id)

    @override
    async def of_source(self, source: str) -> list[Connection]:
        container = await self._account.container(topology.CONNECTIONS)
        rows = queried(container, OF_SOURCE, "list a source's connections", page_items=PAGE_ITEMS, source=source)
        return sorted([_connection(row) async for row in rows], key=lambda connection: connection.id)

    @override
    async def due(self, source: str, *, at: datetime, most: int) -> list[Connection]:
        container = await self._account.container(topology.CONNECTIONS)
        due: list[Connection] = []
        rows = queried(container, DUE, "list due connections", page_items=min(most, PAGE_ITEMS), source=source, at=timestamp(at))
        async for row in rows:
            due.append(_connection(row))
            if len(due) == most:
                break
        return due

    @override
    async def replace(self, connection: Connection) -> Connection:
        if connection.etag is None:
            raise Conflict("store a connection: it was never read")
        container = await self._account.container(topology.CONNECTIONS)
        async with guarded_write("store a connection"):
            stored = await container.replace_item(
                connection.id,
                connection.model_dump(mode="json", by_alias=True),
                etag=connection.etag,
                match_condition=MatchConditions.IfNotModified,
                no_response=True,
            )
        return connection.model_copy(update={"etag": etag_of(stored)})

    @override
    async def handles(self, connection_id: str) -> list[Handle]:
        container = await self._account.container(topology.CONNECTIONS)
        rows = queried(container, ALIASES, "list a connection's handles", page_items=PAGE_ITEMS, connection=connection_id)
        return sorted([_handle(row) async for row in rows], key=oldest_first)

    @override
    async def used(self, handle: str, *, at: datetime) -> None:
        alias = await self._read(handle)
        if alias is None or ALIAS_OF not in alias:
            return
        known = _handle(alias).used_at
        if known is None or at >= known + USE_NOTED_AGAIN_AFTER:  # of many workers one writes
            await self._write({**alias, USED_AT: timestamp(at)}, alias)

    @override
    async def drop_handle(self, handle: str) -> None:
        alias = await self._read(handle)
        if alias is None or ALIAS_OF not in alias:
            return
        container = await self._account.container(topology.CONNECTIONS)
        async with azure_errors("take a handle away"):
            with suppress(CosmosResourceNotFoundError):
                await container.delete_item(handle, partition_key=handle)

    @override
    async def add(self, connection: Connection, *, handles: tuple[str, ...] = (), at: datetime | None = None) -> None:
        known = await self._read(connection.id)
        if known is not None and known.get("tenantId") != connection.tenant_id:
            raise OwnershipConflict(f"{connection.id} is connected by another tenant")
        aliases = set(handles) - {connection.id}
        missing = [handle for handle in sorted(aliases) if not await self._leads_to(handle, connection.id)]
        # The connection first: an alias must not lead nowhere.
        await self._write(connection.model_dump(mode="json", by_alias=True), known)
        for handle in missing:
            since = {} if at is None else {ADDED_AT: timestamp(at)}
            await self._write({"id": handle, ALIAS_OF: connection.id, **since}, None)

    async def _leads_to(self, handle: str, connection_id: str) -> bool:
        alias = await self._read(handle)
        if alias is not None and alias.get(ALIAS_OF) != connection_id:
            raise OwnershipConflict("a handle leads to another connection")
        return alias is not None

    async def _read(self, item_id: str) -> dict[str, Any] | None:
        container = await self._account.container(topology.CONNECTIONS)
        return await found(container.read_item(item_id, partition_key=item_id), "read a connection")

    async def _write(self, document: dict[str, Any], known: dict[str, Any] | None) -> None:
        """Create, or replace exactly what was read: of two who connect one account at once, one gets a Conflict, and then sees why."""
        container = await self._account.container(topology.CONNECTIONS)
        async with guarded_write("store a connection"):
            if known is None:
                await container.create_item(document, no_response=True)
            else:
                await container.replace_item(
                    document["id"], document, etag=known["_etag"], match_condition=MatchConditions.IfNotModified, no_response=True
                )


def _connection(document: dict[str, Any]) -> Connection:
    return Connection.model_validate({**document, "etag": document["_etag"]})


def _handle(document: dict[str, Any]) -> Handle:
    return Handle(document["id"], _moment(document.get(ADDED_AT)), _moment(document.get(USED_AT)))


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
