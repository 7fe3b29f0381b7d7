"""A tenant's items in Cosmos DB, whatever they say: for an operator alone, which is why no port of the app has it.

Items are read and removed as documents, not as models: one that nobody can read any more is found, exported and erased all the same.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final, Protocol

from azure.core import MatchConditions
from azure.cosmos.aio import ContainerProxy
from azure.cosmos.exceptions import CosmosAccessConditionFailedError, CosmosBatchOperationError, CosmosResourceNotFoundError
from typing_extensions import override

from ops.tenants.patience import Wait, patiently
from ops.tenants.places import CONNECTIONS, HANDLES, ItemPlace
from shared import topology
from shared.errors import ConfigurationError
from shared.storage.azure_errors import azure_errors
from shared.storage.cosmos import CosmosAccount, queried

PAGE_ITEMS: Final = 100
"""Of whole documents: an answer holds 4 MiB at most, and a chunk with its vector some 16 KB."""
PAGE_KEYS: Final = 1_000
MOST_IN_A_BATCH: Final = 100
"""Azure Cosmos DB, "Transactional batch operations": of one partition."""
AT_ONCE: Final = 16

COUNTED: Final = "COUNT(1) AS found"

Document = dict[str, Any]


@dataclass(frozen=True, order=True)
class Key:
    """Where one item is."""

    partition: tuple[str, ...]
    id: str
    etag: str | None = field(default=None, compare=False)
    """Of a connection: the state that was looked at. Under the same id another tenant may have connected the account since."""


class TenantItems(Protocol):
    """Where they are."""

    async def count(self, place: ItemPlace, tenant_id: str) -> int:
        """How many there are.

        Raises:
            PipelineError: when the store cannot answer.
        """

    def each(self, place: ItemPlace, tenant_id: str) -> AsyncIterator[Document]:
        """All of them, whole, in no order; streamed."""

    def keys(self, place: ItemPlace, tenant_id: str) -> AsyncIterator[Key]:
        """Where all of them are; streamed."""

    async def remove(self, place: ItemPlace, keys: Sequence[Key]) -> int:
        """Remove items, however they are by now; but a connection only as it was. Returns how many were removed."""

    async def strays(self, connection_ids: Collection[str]) -> list[Key]:
        """Handles of these connections, of those that are gone: whoever adds one writes the connection first, and a handle after it."""

    async def others_with_secret(self, name: str, tenant_id: str) -> int:
        """How many connections of other tenants use a secret of this name, however it is written: a vault's names have no case."""


class CosmosTenantItems(TenantItems):
    """The port over one account."""

    def __init__(self, account: CosmosAccount, *, wait: Wait) -> None:
        self._account = account
        self._wait = wait

    @override
    async def count(self, place: ItemPlace, tenant_id: str) -> int:
        async def counted() -> int:  # one row of each physical partition
            return sum([row["found"] async for row in self._rows(COUNTED, place, tenant_id, PAGE_KEYS)])

        return await patiently(counted, self._wait)

    @override
    async def each(self, place: ItemPlace, tenant_id: str) -> AsyncIterator[Document]:
        async for row in self._rows("*", place, tenant_id, PAGE_ITEMS):
            yield {name: value for name, value in row.items() if not name.startswith("_")}

    @override
    async def keys(self, place: ItemPlace, tenant_id: str) -> AsyncIterator[Key]:
        columns = ", ".join(f"c.{name}" for name in dict.fromkeys(("id", *place.partition, "tenantId", "aliasOf", "_etag")))
        async for row in self._rows(columns, place, tenant_id, PAGE_KEYS):
            etag = row["_etag"] if place == CONNECTIONS else None
            yield Key(tuple(row[name] for name in place.partition), row["id"], etag)

    @override
    async def remove(self, place: ItemPlace, keys: Sequence[Key]) -> int:
        container = await self._account.container(place.container)
        turns = asyncio.Semaphore(AT_ONCE)

        async def removed(batch: Sequence[Key]) -> int:
            async with turns:
                return await patiently(lambda: _removed(container, batch), self._wait)

        counts = await asyncio.gather(*(removed(batch) for batch in batches(keys)))
        return sum(counts)

    @override
    async def strays(self, connection_ids: Collection[str]) -> list[Key]:
        container, given = await self._account.container(topology.CONNECTIONS), sorted(connection_ids)
        if not given:
            return []
        asked = (
            "SELECT c.id, c.aliasOf FROM c WHERE ARRAY_CONTAINS(@ids, c.aliasOf)",
            "SELECT c.id FROM c WHERE ARRAY_CONTAINS(@ids, c.id)",
        )
        handles, there = [  # in this order: a handle is younger than its connection
            [row async for row in queried(container, text, "look for stray handles", page_items=PAGE_KEYS, ids=given)] for text in asked
        ]
        connected = {row["id"] for row in there}
        return [Key((row["id"],), row["id"]) for row in handles if row["aliasOf"] in {*given} - connected]

    @override
    async def others_with_secret(self, name: str, tenant_id: str) -> int:
        container = await self._account.container(topology.CONNECTIONS)
        text = "SELECT COUNT(1) AS found FROM c WHERE LOWER(c.credential.secretName) = @name AND c.tenantId != @tenant"
        rows = queried(container, text, "look for others with a secret", page_items=PAGE_KEYS, name=name.lower(), tenant=tenant_id)
        return sum([row["found"] async for row in rows])

    async def _rows(self, columns: str, place: ItemPlace, tenant_id: str, page_items: int) -> AsyncIterator[Document]:
        container = await self._account.container(place.container)
        given: dict[str, Any] = {"tenant": tenant_id}
        ours = {tenant_id}
        if place == HANDLES:
            ours = {row["id"] async for row in self._rows("c.id, c.tenantId", CONNECTIONS, tenant_id, PAGE_KEYS)}
            given = {"connections": sorted(ours)}
        text = f"SELECT {columns} FROM c WHERE {place.where}"  # noqa: S608 - of constants
        if place.is_within_tenant:
            given["partition_key"] = [tenant_id] if len(place.partition) > 1 else tenant_id
        async for row in queried(container, text, f"read a tenant's {place.name}", page_items=page_items, **given):
            if columns != COUNTED:
                check_whose(row, place, ours)
            yield row


def batches(keys: Sequence[Key]) -> list[Sequence[Key]]:
    """The same keys in lists of one partition each."""
    found: list[Sequence[Key]] = []
    for _, group in groupby(sorted(keys), key=lambda key: key.partition):
        together = list(group)
        found += [together[start : start + MOST_IN_A_BATCH] for start in range(0, len(together), MOST_IN_A_BATCH)]
    return found


def check_whose(document: Mapping[str, Any], place: ItemPlace, ours: Collection[str]) -> None:
    """See that the store gave what was asked for: nothing else may be given away, or removed.

    Args:
        document: an item, or some columns of it.
        place: where it was looked for.
        ours: the tenant; of handles, its connections.

    Raises:
        ConfigurationError: it gave another tenant's item.
    """
    said = [document.get("aliasOf" if place == HANDLES else "tenantId")]
    if place.container == topology.LINKING_POLICIES:
        said.append(document.get("id"))
    if not any(one in ours for one in said):
        raise ConfigurationError(f"{place.name}: the store gave another tenant's item")


async def _removed(container: ContainerProxy, batch: Sequence[Key]) -> int:
    if len(batch) > 1:
        async with azure_errors("remove a tenant's items"):
            try:
                await container.execute_item_batch([("delete", (key.id,)) for key in batch], partition_key=list(batch[0].partition))
            except CosmosBatchOperationError as error:
                if error.status_code != 404 or error.sub_status:  # noqa: PLR2004 - one of them went by itself: then each for itself
                    raise
            else:
                return len(batch)
    return sum([await _is_removed(container, key) for key in batch])


async def _is_removed(container: ContainerProxy, key: Key) -> bool:
    async with azure_errors("remove a tenant's item"):
        try:
            guard: dict[str, Any] = {} if key.etag is None else {"etag": key.etag, "match_condition": MatchConditions.IfNotModified}
            await container.delete_item(key.id, partition_key=key.partition[0] if len(key.partition) == 1 else list(key.partition), **guard)
        except CosmosAccessConditionFailedError:
            return False  # written since: the next round sees whose it is
        except CosmosResourceNotFoundError as error:
            if error.sub_status:
                raise
            return False
    return True
