"""The storage account: one client per store, made at its first use."""

from collections.abc import Callable

from azure.storage.blob.aio import BlobClient, BlobServiceClient, ContainerClient

from shared.storage.azure_errors import azure_errors


class Blobs:
    """One storage account."""

    def __init__(self, client: Callable[[], BlobServiceClient]) -> None:
        self._make_client = client
        self._client: BlobServiceClient | None = None

    def named(self, container: str, blob: str) -> BlobClient:
        """A blob's handle."""
        return self._made().get_blob_client(container, blob)

    def container(self, name: str) -> ContainerClient:
        """A container's handle."""
        return self._made().get_container_client(name)

    async def compare(self, container: str) -> None:
        """See that a container is there.

        Raises:
            PipelineError: it is not, or the account does not answer: as ``azure_errors``.
        """
        async with azure_errors(f"read the properties of blob container {container}"):
            await self.container(container).get_container_properties()

    async def close(self) -> None:
        """Let go of the connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    def _made(self) -> BlobServiceClient:
        if self._client is None:
            self._client = self._make_client()
        return self._client
