"""Claims against Azurite, and against a storage account that answers what it is told to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from azure.storage.blob.aio import BlobServiceClient

from devtools import azurite as blob_stand_in
from devtools.azurite import Azurite
from shared.contracts.claim import Claim
from shared.errors import ClaimLost, ConfigurationError, Conflict, DependencyUnavailable, PipelineError, RateLimited, UnmappableRecord
from shared.storage.claim_store import RETRY_OPTIONS, BlobClaimStore

pytestmark = pytest.mark.integration

CLAIM = Claim.of(b"body", tenant_id="t", message_id="m")
NO_RETRY: dict[str, Any] = {**RETRY_OPTIONS, "retry_total": 0}


def store_of(connection_string: str) -> BlobClaimStore:
    return BlobClaimStore(lambda: BlobServiceClient.from_connection_string(connection_string, **NO_RETRY))


async def test_a_claim_is_stored_under_its_tenants_prefix(blob_claims: BlobClaimStore, blobs: BlobServiceClient, tenant_id: str) -> None:
    claim = Claim.of(b"body", tenant_id=tenant_id, message_id="m")
    await blob_claims.put(claim, b"body")

    prefix = claim.blob.removesuffix("m")
    names = [name async for name in blobs.get_container_client("claims").list_blob_names(name_starts_with=prefix)]

    assert names == [claim.blob]


@pytest.fixture
async def emptied(blobs: BlobServiceClient) -> AsyncIterator[None]:
    """The storage account without its container, which comes back afterwards."""
    await blobs.delete_container("claims")
    yield
    await blobs.create_container("claims")


@pytest.mark.usefixtures("emptied")
async def test_a_missing_container_is_not_a_lost_claim(blob_claims: BlobClaimStore) -> None:
    with pytest.raises(ConfigurationError):
        await blob_claims.redeem(CLAIM)
    with pytest.raises(ConfigurationError):
        await blob_claims.put(CLAIM, b"body")


async def test_a_wrong_key_is_for_a_person(azurite: Azurite) -> None:
    store = store_of(azurite.connection_string.replace(blob_stand_in.KEY, "d3Jvbmc="))

    with pytest.raises(ConfigurationError, match="redeem a claim"):
        await store.redeem(CLAIM)
    await store.close()


@asynccontextmanager
async def answering(status: int, code: str, body: bytes = b"") -> AsyncIterator[str]:
    """A storage account with one answer, as its connection string. Promises ten bytes more than it has where it answers 200."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        await request.read()
        if status != 200:
            return web.Response(status=status, headers={"x-ms-error-code": code, "x-ms-request-id": "r"})
        size_bytes = len(body) + 10
        headers = {"Content-Length": str(size_bytes), "Content-Range": f"bytes 0-{size_bytes - 1}/{size_bytes}", "ETag": '"e"'}
        response = web.StreamResponse(status=206, headers=headers)
        await response.prepare(request)
        await response.write(body)
        assert request.transport is not None
        request.transport.close()
        return response

    runner = web.ServerRunner(web.Server(answer), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield blob_stand_in.connection_string(runner.addresses[0][1])
    finally:
        await runner.cleanup()


ANSWERS = [
    # from "Blob service error codes" and "Common REST API error codes" of the Azure documentation
    (401, "NoAuthenticationInformation", ConfigurationError),
    (403, "AuthorizationFailure", ConfigurationError),
    (404, "ContainerNotFound", ConfigurationError),
    (404, "ResourceNotFound", ConfigurationError),
    (408, "RequestTimeout", DependencyUnavailable),
    (409, "ContainerBeingDeleted", Conflict),
    (412, "LeaseIdMissing", Conflict),
    (413, "RequestBodyTooLarge", UnmappableRecord),
    (429, "TooManyRequests", RateLimited),
    (500, "OperationTimedOut", DependencyUnavailable),
    (503, "ServerBusy", DependencyUnavailable),
]


@pytest.mark.parametrize(("status", "code", "ours"), ANSWERS, ids=[f"{status}-{code}" for status, code, _ in ANSWERS])
async def test_an_answer_becomes_ours(*, status: int, code: str, ours: type[PipelineError]) -> None:
    async with answering(status, code) as connection_string:
        store = store_of(connection_string)

        with pytest.raises(ours):
            await store.put(CLAIM, b"body")
        with pytest.raises(ours):
            await store.redeem(CLAIM)
        await store.close()


async def test_a_blob_that_is_gone_is_lost() -> None:
    async with answering(404, "BlobNotFound") as connection_string:
        store = store_of(connection_string)

        with pytest.raises(ClaimLost):
            await store.redeem(CLAIM)
        await store.close()


async def test_a_body_that_breaks_off_is_not_a_lost_claim() -> None:
    async with answering(200, "", b"bo") as connection_string:
        store = store_of(connection_string)

        with pytest.raises(DependencyUnavailable):
            await store.redeem(CLAIM)
        await store.close()
