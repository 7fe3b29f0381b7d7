"""How the tests of the blob proxy ask it, and what goes wrong in them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from azure.storage.blob.aio import BlobServiceClient, ContainerClient

from devtools.emulators.blob.proxy import BlobProxy
from devtools.faults.plan import Fault, Kind
from shared.storage.claim_store import RETRY_OPTIONS, BlobClaimStore

NO_RETRY: dict[str, Any] = {**RETRY_OPTIONS, "retry_total": 0, "read_timeout": 2}
HTTP_TRIES = 2
"""aiohttp, over which the SDK speaks, itself asks once more when a connection ends under a PUT, GET, HEAD or DELETE."""


def fault(kind: Kind, operation: str = "*", **said: Any) -> Fault:
    return Fault(at="blob", kind=kind, operation=operation, **{"calls": 1, **said})


@asynccontextmanager
async def claims_at(proxy: BlobProxy, options: dict[str, Any] = NO_RETRY) -> AsyncIterator[BlobClaimStore]:
    store = BlobClaimStore(lambda: BlobServiceClient.from_connection_string(proxy.connection_string, **options))
    try:
        yield store
    finally:
        await store.close()


async def names_in(container: ContainerClient) -> list[str]:
    return [name async for name in container.list_blob_names()]
