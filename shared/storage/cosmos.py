"""The Cosmos DB account: one client per worker, opened at its first use, and a handle per container."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from azure.cosmos import CosmosDict
from azure.cosmos.aio import ContainerProxy, CosmosClient
from azure.cosmos.exceptions import CosmosResourceNotFoundError

from shared.errors import ConfigurationError, Conflict
from shared.storage.azure_errors import azure_errors
from shared.topology import Container

RETRY_OPTIONS: Final[dict[str, Any]] = {
    # Short: what is still refused comes back as a message later, and a webhook must answer within seconds.
    "retry_throttle_total": 3,
    "retry_throttle_backoff_max": 5,
    "connection_timeout": 5,
    "read_timeout": 10,
}


class CosmosAccount:
    """One database of one account."""

    def __init__(self, client: Callable[[], CosmosClient], *, database: str) -> None:
        self._make_client = client
        self._database = database
        self._client: CosmosClient | None = None
        self._opening = asyncio.Lock()
        self._containers: dict[str, ContainerProxy] = {}

    async def container(self, name: str) -> ContainerProxy:
        """The container's handle. Its properties are read once, which every later call relies on.

        Raises:
            ConfigurationError: when there is no such container.
            TransientError: when the account does not answer.
        """
        if name not in self._containers:
            await self._properties(name)
        return self._containers[name]

    async def close(self) -> None:
        """Let go of the connections."""
        self._containers.clear()
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def compare(self, container: Container) -> None:
        """See that a container exists as the topology wants it. It is made by infrastructure: an identity of the data plane cannot.

        Raises:
            ConfigurationError: naming what is missing or different.
        """
        properties = await self._properties(container.name)
        paths = tuple(properties.get("partitionKey", {}).get("paths", ()))
        if paths != container.partition_key:
            raise ConfigurationError(f"container {container.name} has the partition key {paths} and not {container.partition_key}")
        ttl = properties.get("defaultTtl")
        if ttl != container.default_ttl_seconds:
            raise ConfigurationError(f"container {container.name} has the default ttl {ttl} and not {container.default_ttl_seconds}")
        if container.vector_policy is not None:
            [wanted] = container.vector_policy["vectorEmbeddings"]
            stored = (properties.get("vectorEmbeddingPolicy") or {}).get("vectorEmbeddings", [])
            if not any(wanted.items() <= embedding.items() for embedding in stored):
                raise ConfigurationError(f"container {container.name} has no vector policy {wanted}")

    async def _properties(self, name: str) -> Mapping[str, Any]:
        """Here, and not at the first item: the SDK's 404 for a missing container looks like that for a missing item there."""
        client = await self._opened()
        handle = client.get_database_client(self._database).get_container_client(name)
        async with azure_errors(f"read the properties of container {name}"):
            properties = await handle.read()
        self._containers[name] = handle
        return properties

    async def _opened(self) -> CosmosClient:
        async with azure_errors("open the Cosmos DB account"), self._opening:
            if self._client is None:
                client = self._make_client()
                try:
                    await client.__aenter__()
                except BaseException:  # a cancellation, too, must not leave a session open
                    await client.close()
                    raise
                self._client = client
            return self._client


async def found(reading: Awaitable[Any], what: str) -> dict[str, Any] | None:
    """The item a point read gives, or None when there is none.

    Raises:
        PipelineError: as ``azure_errors``. Only a plain 404 is a missing item: with a sub-status it says that the container is gone, or
            that the replica has not caught up, and "nobody is connected" must not be concluded from either.
    """
    async with azure_errors(what):
        try:
            return dict(await reading)
        except CosmosResourceNotFoundError as error:
            if error.sub_status:
                raise
            return None


async def queried(
    container: ContainerProxy, query: str, what: str, *, page_items: int, partition_key: list[str] | str | None = None, **parameters: Any
) -> AsyncIterator[dict[str, Any]]:
    """The rows of a query, fetched page by page as they are asked for. ``parameters``: the query's, without their ``@``.

    Without a key, or with the first part of a hierarchical one, all partitions there are asked.

    Raises:
        PipelineError: as ``azure_errors``, for each page by itself.
    """
    within: dict[str, Any] = {} if partition_key is None else {"partition_key": partition_key}
    named: list[dict[str, object]] = [{"name": f"@{name}", "value": value} for name, value in parameters.items()]
    pages = container.query_items(query, parameters=named, max_item_count=page_items, **within).by_page()
    while True:
        async with azure_errors(what):
            try:
                rows = [dict(row) async for row in await anext(pages)]
            except StopAsyncIteration:
                return
        for row in rows:
            yield row


def etag_of(answer: CosmosDict) -> str:
    """The mark of what a write stored. It comes in a header: the item itself is not sent back."""
    return str(answer.get_response_headers()["etag"])


@asynccontextmanager
async def guarded_write(what: str) -> AsyncIterator[None]:
    """Around a write that relies on the state that was read.

    Raises:
        Conflict: when the item was written since, or is gone: a shard may expire between the two.
        PipelineError: as ``azure_errors``.
    """
    async with azure_errors(what):
        try:
            yield
        except CosmosResourceNotFoundError as error:
            if error.sub_status:
                raise
            raise Conflict(f"{what}: the item is gone") from error
