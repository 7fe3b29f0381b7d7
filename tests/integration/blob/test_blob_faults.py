"""Blob Storage that misbehaves on command, as the unmodified SDK and the store of claims see it."""

import asyncio
from contextlib import suppress
from uuid import uuid4

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.storage.blob.aio import BlobServiceClient, ContainerClient

from devtools.azurite import Azurite
from devtools.emulators.blob.faults import ABILITIES
from devtools.emulators.blob.proxy import BlobProxy, running_blob_proxy
from devtools.faults.injector import Injector
from devtools.faults.plan import Fault, Kind
from shared.contracts.claim import Claim
from shared.errors import ClaimLost, ConfigurationError, Conflict, DependencyUnavailable, PipelineError, RateLimited
from shared.storage.claim_store import RETRY_OPTIONS
from tests.integration.blob.clients import HTTP_TRIES, NO_RETRY, claims_at, fault, names_in

pytestmark = pytest.mark.integration


REFUSALS = [
    (fault(Kind.REFUSE, status=503), 503, "ServerBusy", DependencyUnavailable),
    (fault(Kind.REFUSE, status=429, retry_after_seconds=0), 429, "TooManyRequests", RateLimited),
    (fault(Kind.REFUSE, status=500), 500, "InternalError", DependencyUnavailable),
    (fault(Kind.REFUSE, status=403), 403, "AuthorizationFailure", ConfigurationError),
    (fault(Kind.REFUSE, status=409), 409, "BlobAlreadyExists", Conflict),
    (fault(Kind.REFUSE, status=404, variant="container-not-found"), 404, "ContainerNotFound", ConfigurationError),
    (fault(Kind.REFUSE, status=409, variant="container-being-deleted"), 409, "ContainerBeingDeleted", Conflict),
    (fault(Kind.REFUSE, status=502), 502, None, DependencyUnavailable),
    (fault(Kind.DISK_FULL), 507, None, DependencyUnavailable),
]


@pytest.mark.parametrize(("planned", "status", "code", "ours"), REFUSALS, ids=[planned.summary for planned, *_ in REFUSALS])
async def test_a_refusal_is_the_services_own_and_one_of_our_errors(
    *, planned: Fault, status: int, code: str | None, ours: type[PipelineError], proxy: BlobProxy, container: ContainerClient
) -> None:
    proxy.faults.add(planned)

    with pytest.raises(HttpResponseError) as refused:
        await container.upload_blob("one", b"1")
    proxy.faults.add(planned)
    async with claims_at(proxy) as store:
        claim = Claim.of(b"body", tenant_id="t", message_id=uuid4().hex)
        with pytest.raises(ours):
            await store.put(claim, b"body")
        await store.put(claim, b"body")
        assert await store.redeem(claim) == b"body"

    assert refused.value.status_code == status
    assert getattr(refused.value, "error_code", None) == code
    assert await names_in(container) == []
    assert proxy.faults.count(planned.kind) == 2


async def test_a_claim_that_is_not_found_is_lost(proxy: BlobProxy) -> None:
    proxy.faults.add(fault(Kind.REFUSE, "get", status=404, target="claims"))
    claim = Claim.of(b"body", tenant_id="t", message_id=uuid4().hex)

    async with claims_at(proxy) as store:
        await store.put(claim, b"body")
        with pytest.raises(ClaimLost):
            await store.redeem(claim)


async def test_a_busy_account_is_tried_again_by_production_settings(proxy: BlobProxy) -> None:
    proxy.faults.add(fault(Kind.REFUSE, "put", status=503, target="claims"), fault(Kind.REFUSE, "get", status=500, target="claims"))
    claim = Claim.of(b"body", tenant_id="t", message_id=uuid4().hex)

    async with claims_at(proxy, RETRY_OPTIONS) as store:
        await store.put(claim, b"body")
        assert await store.redeem(claim) == b"body"

    assert proxy.faults.count(Kind.REFUSE) == 2


@pytest.mark.parametrize("kind", [Kind.DROP, Kind.TIMEOUT])
@pytest.mark.parametrize("is_applied", [False, True], ids=["not applied", "applied"])
async def test_without_an_answer_a_write_was_carried_out_or_not(
    kind: Kind, is_applied: bool, proxy: BlobProxy, container: ContainerClient
) -> None:
    tries = HTTP_TRIES if kind is Kind.DROP else 1
    proxy.faults.add(fault(kind, "put", applied=is_applied, calls=tries))

    with pytest.raises((ServiceRequestError, ServiceResponseError)):
        await container.upload_blob("one", b"1")

    assert await names_in(container) == (["one"] if is_applied else [])
    assert proxy.faults.count(kind) == tries


async def test_one_connection_that_ends_is_hidden_from_the_sdk_by_its_own_transport(proxy: BlobProxy, container: ContainerClient) -> None:
    proxy.faults.add(fault(Kind.DROP, "put", calls=HTTP_TRIES - 1))

    await container.upload_blob("one", b"1")

    assert proxy.faults.count(Kind.DROP) == HTTP_TRIES - 1


@pytest.mark.parametrize(
    "planned",
    [
        fault(Kind.DROP, "put", applied=True, target="claims", calls=HTTP_TRIES),
        fault(Kind.REFUSE, "put", applied=True, status=500, target="claims"),
    ],
    ids=["no answer", "an error"],
)
async def test_a_claim_whose_answer_was_lost_is_there_and_may_be_put_again(planned: Fault, proxy: BlobProxy) -> None:
    proxy.faults.add(planned)
    claim = Claim.of(b"body", tenant_id="t", message_id=uuid4().hex)

    async with claims_at(proxy) as store:
        with pytest.raises(DependencyUnavailable):
            await store.put(claim, b"body")
        assert await store.redeem(claim) == b"body"
        await store.put(claim, b"body")

        assert await store.redeem(claim) == b"body"
    assert proxy.faults.fired == {planned: planned.calls}


async def test_an_answer_that_is_late_is_the_right_one(proxy: BlobProxy, container: ContainerClient) -> None:
    await container.upload_blob("one", b"1")
    proxy.faults.add(fault(Kind.DELAY, "get", seconds=0.2))

    began = asyncio.get_running_loop().time()
    body = await (await container.download_blob("one")).readall()

    assert body == b"1"
    assert asyncio.get_running_loop().time() - began >= 0.2


async def test_a_conditional_write_finds_that_somebody_was_quicker(proxy: BlobProxy, container: ContainerClient) -> None:
    blob = container.get_blob_client("one")
    proxy.faults.add(fault(Kind.STALE_ETAG, calls=2))

    with pytest.raises(ResourceExistsError):
        await blob.upload_blob(b"1")  # If-None-Match: *
    stored = await blob.upload_blob(b"1", overwrite=True)
    matching = {"etag": stored["etag"], "match_condition": MatchConditions.IfNotModified}
    with pytest.raises(ResourceModifiedError):
        await blob.upload_blob(b"2", overwrite=True, **matching)
    await blob.upload_blob(b"3", overwrite=True, **matching)

    assert await (await blob.download_blob()).readall() == b"3"
    assert proxy.faults.count(Kind.STALE_ETAG) == 2


async def test_a_write_that_is_carried_out_twice_answers_as_the_second_one(proxy: BlobProxy, container: ContainerClient) -> None:
    await container.upload_blob("one", b"1")
    proxy.faults.add(fault(Kind.DUPLICATE, "delete"), fault(Kind.DUPLICATE, "put", calls=2))

    with pytest.raises(ResourceNotFoundError):
        await container.delete_blob("one")
    with pytest.raises(ResourceExistsError):
        await container.upload_blob("one", b"2")
    await container.upload_blob("one", b"3", overwrite=True)

    assert await (await container.download_blob("one")).readall() == b"3"
    assert proxy.faults.count(Kind.DUPLICATE) == 3


async def test_only_calls_of_the_planned_container_and_operation_meet_a_fault(proxy: BlobProxy, container: ContainerClient) -> None:
    proxy.faults.add(
        fault(Kind.REFUSE, "put", status=503, target="claims*", share=1.0),
        fault(Kind.REFUSE, "list", status=503, share=1.0),
    )

    await container.upload_blob("one", b"1")
    with pytest.raises(HttpResponseError):
        await names_in(container)

    assert proxy.faults.count(Kind.REFUSE) == 1


async def test_the_seed_decides_which_calls_meet_a_fault_and_the_same_seed_decides_the_same(
    azurite: Azurite, container: ContainerClient
) -> None:
    met = []
    for seed in (1, 1, 2):
        faults = Injector("blob", ABILITIES, faults=[Fault(at="blob", kind=Kind.REFUSE, status=503, share=0.5)], seed=seed)
        async with running_blob_proxy(azurite.port, faults=faults) as proxy:
            met.append([await _is_listed(proxy, container.container_name) for _ in range(20)])

    assert met[0] == met[1] != met[2]
    assert set(met[0]) == {True, False}


async def _is_listed(proxy: BlobProxy, name: str) -> bool:
    async with BlobServiceClient.from_connection_string(proxy.connection_string, **NO_RETRY) as client:
        with suppress(HttpResponseError):
            await names_in(client.get_container_client(name))
            return True
    return False
