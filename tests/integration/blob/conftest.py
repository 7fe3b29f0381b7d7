"""The proxy in front of Azurite, and a container behind it."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from azure.storage.blob.aio import BlobServiceClient, ContainerClient

from devtools.azurite import Azurite
from devtools.emulators.blob.proxy import BlobProxy, running_blob_proxy
from tests.integration.blob.clients import NO_RETRY


@pytest.fixture
async def proxy(azurite: Azurite) -> AsyncIterator[BlobProxy]:
    async with running_blob_proxy(azurite.port) as running:
        yield running


@pytest.fixture
async def container(proxy: BlobProxy) -> AsyncIterator[ContainerClient]:
    """A container nobody else has, through the proxy."""
    async with BlobServiceClient.from_connection_string(proxy.connection_string, **NO_RETRY) as client:
        opened = client.get_container_client(f"faults-{uuid4().hex[:12]}")
        await opened.create_container()
        yield opened
        await opened.delete_container()
