"""Claimed bodies in Blob Storage, each under its tenant's prefix.

They are kept for the queue's time to live and 30 days, which is a lifecycle rule of the storage account.
"""

from collections.abc import Callable
from typing import Any, Final

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import StorageErrorCode
from azure.storage.blob.aio import BlobServiceClient
from typing_extensions import override

from shared import topology
from shared.contracts.claim import Claim, ClaimStore
from shared.errors import ClaimLost
from shared.storage.azure_errors import azure_errors
from shared.storage.blobs import Blobs

ANSWER_SECONDS: Final = 12.0
"""A little longer than for an item: a body may be megabytes. A webhook waits for this, too."""

RETRY_OPTIONS: Final[dict[str, Any]] = {
    "retry_total": 2,
    "initial_backoff": 1,
    "increment_base": 2,
    "random_jitter_range": 1,
    "connection_timeout": 5,
    "read_timeout": 20,
}


class BlobClaimStore(ClaimStore):
    """The port over one storage account."""

    def __init__(self, client: Callable[[], BlobServiceClient]) -> None:
        self._blobs = Blobs(client)

    @override
    async def put(self, claim: Claim, body: bytes) -> None:
        async with azure_errors("put a claimed body aside", answer_seconds=ANSWER_SECONDS):
            await self._blobs.named(topology.CLAIMS, claim.blob).upload_blob(body, overwrite=True)

    @override
    async def redeem(self, claim: Claim) -> bytes:
        async with azure_errors("redeem a claim", answer_seconds=ANSWER_SECONDS):
            try:
                stream = await self._blobs.named(topology.CLAIMS, claim.blob).download_blob()
                return claim.check(await stream.readall())
            except ResourceNotFoundError as error:
                if error.error_code != StorageErrorCode.BLOB_NOT_FOUND:  # type: ignore[attr-defined]  # the storage SDK adds it
                    raise
                raise ClaimLost(f"blob {claim.blob} is gone") from None

    async def close(self) -> None:
        """Let go of the connections."""
        await self._blobs.close()
