"""The storage account: one client per store, made at its first use."""

from collections.abc import Callable

from azure.storage.blob.aio import BlobClient, BlobServiceClient


class Blobs:
    """One storage account."""

    def __init__(self, client: Callable[[], BlobServiceClient]) -> None:
        self._make_client = client
        self._client: BlobServiceClient | None = None

    def named(self, container: str, blob: str) -> BlobClient:
        """A blob's handle."""
        if self._client is None:
            self._client = self._make_client()
        return self._client.get_blob_client(container, blob)

    async def close(self) -> None:
        """Let go of the connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None
