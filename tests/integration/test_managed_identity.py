"""The managed identity of a development machine, asked by the real azure-identity, and what its tokens open."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.core.pipeline.transport import AioHttpTransport
from azure.cosmos.aio import CosmosClient
from azure.cosmos.exceptions import CosmosHttpResponseError
from azure.identity import DefaultAzureCredential as SynchronousDefault
from azure.identity.aio import DefaultAzureCredential, ManagedIdentityCredential
from azure.storage.blob.aio import BlobServiceClient

from devtools.azurite import running_azurite, service_uri
from devtools.certificate import certificate_in, public_certificate
from devtools.emulators.blob.proxy import running_blob_proxy
from devtools.emulators.cosmos.server import running_cosmos
from devtools.emulators.identities import Identities
from devtools.issuer.addresses import CLIENT_ID, IDENTITY_HEADER
from devtools.issuer.identities import DIRECTORY, TRUSTED_ISSUER, identity_token, principal_of
from devtools.issuer.server import Issuer, running_issuer
from devtools.issuer.signing_keys import keys_in
from tests.integration.servicebus.identities import Identity

pytestmark = pytest.mark.integration

SERVICE_BUS = "https://servicebus.azure.net/.default"
STORAGE = "https://storage.azure.com/.default"
STRANGER = "5ca1ab1e-0000-4000-8000-00000000dead"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once: a pair of keys takes a moment."""
    folder = tmp_path_factory.mktemp("issuer")
    keys_in(folder)
    return folder


@pytest.fixture
async def issuer(keys: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Issuer]:
    """With an environment as the app has it in Azure."""
    async with running_issuer(keys) as running:
        monkeypatch.setenv("IDENTITY_ENDPOINT", running.identity_endpoint)
        monkeypatch.setenv("IDENTITY_HEADER", IDENTITY_HEADER)
        monkeypatch.setenv("AZURE_CLIENT_ID", CLIENT_ID)
        monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential")
        yield running


async def test_the_default_credential_gets_a_token_that_says_who_the_app_is(issuer: Issuer, keys: Path) -> None:
    async with DefaultAzureCredential() as credential:
        token = await credential.get_token(SERVICE_BUS)

    said = jwt.decode(token.token, keys_in(keys)[-1].private.public_key(), ["RS256"], audience="https://servicebus.azure.net")
    assert (said["iss"], said["tid"]) == (TRUSTED_ISSUER, DIRECTORY)
    assert (said["oid"], said["sub"], said["appid"]) == (principal_of(CLIENT_ID), principal_of(CLIENT_ID), CLIENT_ID)
    assert said["nbf"] <= time.time() < said["exp"]
    assert said["exp"] == pytest.approx(token.expires_on, abs=2)


async def test_the_synchronous_credential_gets_one_as_well(issuer: Issuer) -> None:
    def asked() -> str:
        with SynchronousDefault() as credential:
            return credential.get_token(STORAGE).token

    said = jwt.decode(await asyncio.to_thread(asked), options={"verify_signature": False})
    assert said["aud"] == "https://storage.azure.com"


async def test_a_token_is_asked_for_once_per_resource(issuer: Issuer) -> None:
    async with ManagedIdentityCredential(client_id=CLIENT_ID) as credential:
        first, second, other = [await credential.get_token(scope) for scope in (SERVICE_BUS, SERVICE_BUS, STORAGE)]

    assert first.token == second.token
    assert other.token != first.token


@pytest.mark.parametrize("client_id", [STRANGER, None])
async def test_who_is_not_assigned_to_the_app_or_is_not_named_gets_no_token(issuer: Issuer, client_id: str | None) -> None:
    async with ManagedIdentityCredential(client_id=client_id) as credential:
        with pytest.raises(ClientAuthenticationError):
            await credential.get_token(SERVICE_BUS)


async def test_another_process_of_the_machine_gets_no_token(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_HEADER", "guessed")

    async with ManagedIdentityCredential(client_id=CLIENT_ID) as credential:
        with pytest.raises(ClientAuthenticationError):
            await credential.get_token(SERVICE_BUS)


async def test_each_refusal_has_the_status_that_goes_with_it(issuer: Issuer) -> None:
    right = {"api-version": "2019-08-01", "resource": "https://servicebus.azure.net", "client_id": CLIENT_ID}
    ours = {"X-IDENTITY-HEADER": IDENTITY_HEADER}
    asked = [
        (right, {}),
        ({**right, "client_id": STRANGER}, ours),
        ({**right, "resource": "servicebus"}, ours),
        ({**right, "api-version": "2017-09-01"}, ours),
        (right, ours),
    ]

    async with httpx2.AsyncClient(verify=False) as client:
        answers = [await client.get(issuer.identity_endpoint, params=params, headers=headers) for params, headers in asked]

    assert [answer.status_code for answer in answers] == [401, 400, 400, 400, 200]
    assert answers[-1].json().keys() == {"access_token", "expires_on", "resource", "token_type", "client_id"}


async def test_cosmos_lets_in_whose_token_is_good_and_who_has_a_role(keys: Path, tmp_path: Path) -> None:
    known = Identities(keys, {principal_of(CLIENT_ID)})
    right = {"client_id": CLIENT_ID, "resource": "https://127.0.0.1"}
    shown: list[dict[str, Any]] = [
        right,
        {**right, "resource": "https://cosmos.azure.com/"},
        {**right, "resource": "https://storage.azure.com"},
        {**right, "exp": 1_000},
        {**right, "client_id": STRANGER},
    ]

    async def answer(endpoint: str, said: dict[str, Any]) -> tuple[int, int | None]:
        client = CosmosClient(endpoint, Identity(lambda: identity_token(keys, **said)), retry_total=0)
        try:
            await client.__aenter__()
        except CosmosHttpResponseError as error:
            return error.status_code or 0, error.sub_status or None
        finally:
            await client.close()
        return 200, None

    async with running_cosmos(data=tmp_path, for_identities=True, identities=known) as cosmos:
        answers = await asyncio.gather(*(answer(cosmos.endpoint, said) for said in shown))

    assert answers == [(200, None), (200, None), (401, None), (401, None), (403, 5301)]


async def test_blobs_are_stored_over_tls_by_the_app_s_identity_and_read_through_the_proxy(issuer: Issuer, tmp_path: Path) -> None:
    secured = certificate_in(tmp_path)
    trusted = str(public_certificate(tmp_path))
    async with (
        running_azurite(certificate=secured) as azurite,
        running_blob_proxy(azurite.port, certificate=tmp_path) as proxy,
        DefaultAzureCredential() as credential,
    ):
        transport = AioHttpTransport(connection_verify=trusted, use_env_settings=False)
        async with BlobServiceClient(service_uri(azurite.port), credential, transport=transport) as client:
            await client.create_container("claims")
            await client.get_blob_client("claims", "a").upload_blob(b"body")
        async with BlobServiceClient(service_uri(proxy.port), credential, connection_verify=trusted) as client:
            read = await (await client.get_blob_client("claims", "a").download_blob()).readall()

        wrong = Identity(lambda: identity_token(issuer.folder, client_id=CLIENT_ID, resource="https://vault.azure.net"))
        async with BlobServiceClient(service_uri(azurite.port), wrong, connection_verify=trusted, retry_total=0) as client:
            with pytest.raises(ClientAuthenticationError):
                await client.get_blob_client("claims", "a").get_blob_properties()

    assert read == b"body"
