"""Blobs by the beginning of their names: for an operator alone."""

from collections.abc import AsyncIterator
from typing import Final, Protocol

from azure.core.exceptions import ResourceNotFoundError
from typing_extensions import override

from ops.tenants.patience import Wait, patiently
from shared.storage.azure_errors import azure_errors
from shared.storage.blobs import Blobs

PAGE_NAMES: Final = 1_000
ANSWER_SECONDS: Final = 60.0
"""For one blob of some megabytes."""


class TenantBlobs(Protocol):
    """Where they are."""

    def names(self, container: str, prefix: str) -> AsyncIterator[str]:
        """The names of all that begin so; streamed."""

    async def read(self, container: str, name: str) -> bytes | None:
        """What is in one: a message's body, some megabytes at most, or a snapshot of anchors. None: it is gone."""

    async def remove(self, container: str, name: str) -> bool:
        """Remove one. Returns whether it was still there."""


class StoredTenantBlobs(TenantBlobs):
    """The port over one storage account."""

    def __init__(self, blobs: Blobs, *, wait: Wait) -> None:
        self._blobs = blobs
        self._wait = wait

    @override
    async def names(self, container: str, prefix: str) -> AsyncIterator[str]:
        pages = self._blobs.container(container).list_blob_names(name_starts_with=prefix, results_per_page=PAGE_NAMES).by_page()
        while True:
            async with azure_errors("list a tenant's blobs"):
                try:
                    found = [name async for name in await anext(pages)]
                except StopAsyncIteration:
                    return
            for name in found:
                yield name

    @override
    async def read(self, container: str, name: str) -> bytes | None:
        async def content() -> bytes | None:
            async with azure_errors("read a tenant's blob", answer_seconds=ANSWER_SECONDS):
                try:
                    stream = await self._blobs.named(container, name).download_blob()
                    return bytes(await stream.readall())
                except ResourceNotFoundError:
                    return None

        return await patiently(content, self._wait)

    @override
    async def remove(self, container: str, name: str) -> bool:
        async def removed() -> bool:
            async with azure_errors("remove a tenant's blob"):
                try:
                    await self._blobs.named(container, name).delete_blob(delete_snapshots="include")
                except ResourceNotFoundError:
                    return False
            return True

        return await patiently(removed, self._wait)
