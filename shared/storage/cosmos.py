"""The Cosmos DB account: one client per worker, opened at its first use, and a handle per container."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from azure.cosmos.aio import ContainerProxy, CosmosClient
from azure.cosmos.exceptions import CosmosResourceNotFoundError

from shared.errors import ConfigurationError
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

    async def container(self, name: str) -> ContainerProxy:
        """The container's handle.

        Raises:
            TransientError: when the account does not answer.
        """
        async with self._opening:
            if self._client is None:
                with azure_errors("open the Cosmos DB account"):
                    client = self._make_client()
                    try:
                        await client.__aenter__()
                    except BaseException:
                        await client.close()
                        raise
                self._client = client
        return self._client.get_database_client(self._database).get_container_client(name)

    async def close(self) -> None:
        """Let go of the connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def compare(self, container: Container) -> None:
        """See that a container exists as the topology wants it. It is made by infrastructure: an identity of the data plane cannot.

        Raises:
            ConfigurationError: naming what is missing or different.
        """
        handle = await self.container(container.name)
        with azure_errors(f"read the properties of container {container.name}"):
            properties = await handle.read()
        paths = tuple(properties.get("partitionKey", {}).get("paths", ()))
        if paths != container.partition_key:
            raise ConfigurationError(f"container {container.name} has the partition key {paths} and not {container.partition_key}")
        if properties.get("defaultTtl") != container.default_ttl_seconds:
            raise ConfigurationError(f"container {container.name} has the default ttl {properties.get('defaultTtl')}")


MISSING_CONTAINER: Final = 1003
"""Sub-status of a 404 that means the container and not the item."""


async def found(reading: Awaitable[Any], what: str) -> dict[str, Any] | None:
    """The item a point read gives, or None when there is none.

    Raises:
        PipelineError: as ``azure_errors``; a missing container is a ConfigurationError and not a missing item.
    """
    with azure_errors(what):
        try:
            return dict(await reading)
        except CosmosResourceNotFoundError as error:
            if error.sub_status == MISSING_CONTAINER:
                raise
            return None
