"""The app's own clients, and its host's, with a managed identity, over TLS, trusting whom ``SSL_CERT_FILE`` names."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from shutil import copytree

import pytest
from azure.cosmos import PartitionKey
from azure.cosmos.aio import CosmosClient
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient
from azure.servicebus.exceptions import ServiceBusError

from devtools.certificate import certificate_in, public_certificate, server_context
from devtools.emulators.cosmos.server import running_cosmos
from devtools.emulators.identities import Identities
from devtools.emulators.servicebus.__main__ import TLS_PORT
from devtools.emulators.servicebus.broker import Broker
from devtools.emulators.servicebus.server import running_broker
from devtools.host.bus import receiver
from devtools.host.cosmos import connected
from devtools.host.function import ChangesTrigger
from devtools.host.identities import Identity, credential_of, trusted
from devtools.host.timers import Clock
from devtools.issuer.addresses import CLIENT_ID, IDENTITY_HEADER
from devtools.issuer.identities import principal_of
from devtools.issuer.server import running_issuer
from ops.parked_message import Place
from ops.ports import ports_of
from shared.hosting.services import Services, now
from shared.settings import Settings
from tests.integration.servicebus.identities import own_address
from tests.integration.servicebus.links import CONFIG, bodies, queue, send

pytestmark = pytest.mark.integration

PARKED = queue("rejected-messages")
QUEUES = {"UserConfig": {"Namespaces": [{"Name": "sbemulatorns", "Queues": [*CONFIG["UserConfig"]["Namespaces"][0]["Queues"], PARKED]}]}}


@pytest.fixture(scope="module")
def host() -> str:
    return own_address()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, host: str) -> Path:
    made = tmp_path_factory.mktemp("identities")
    certificate_in(made, addresses=[host])
    return made


@pytest.fixture
async def broker(folder: Path, host: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Broker]:
    """A namespace that lets the app in, in the environment that the app has in Azure."""
    known = Identities(folder / "issuer", {principal_of(CLIENT_ID)})
    tls = server_context(folder)
    async with (
        running_issuer(folder / "issuer") as issuer,
        running_broker(QUEUES, host=host, port=TLS_PORT, identities=known, tls=tls) as running,
    ):
        monkeypatch.setenv("IDENTITY_ENDPOINT", issuer.identity_endpoint)
        monkeypatch.setenv("IDENTITY_HEADER", IDENTITY_HEADER)
        monkeypatch.setenv("AZURE_CLIENT_ID", CLIENT_ID)
        monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential")
        monkeypatch.setenv("SSL_CERT_FILE", str(public_certificate(folder)))
        yield running


def services_at(host: str) -> Services:
    settings = {
        "SERVICE_BUS__fullyQualifiedNamespace": host,
        "COSMOS__accountEndpoint": "https://127.0.0.1:1/",
        "BLOB__blobServiceUri": "https://127.0.0.1:1/account",
        "EMBEDDING_OFFLINE": "true",
        "AUTH_ISSUER": "https://issuer.example",
        "AUTH_AUDIENCE": "api://shardline",
        "AUTH_JWKS_URL": "https://issuer.example/keys",
    }
    return Services(Settings.from_environ(settings))


@asynccontextmanager
async def sending_as(services: Services) -> AsyncIterator[ServiceBusClient]:
    async with AsyncExitStack() as stack:
        yield await stack.enter_async_context(services._service_bus_client())
    await services.credential.close()


async def test_the_app_sends_with_its_identity_to_whom_the_system_trusts(broker: Broker, host: str) -> None:
    services = services_at(host)

    async with sending_as(services) as client:
        await send(client, "orders", ServiceBusMessage("x"))

    assert bodies(broker, "orders") == ["x"]
    assert services.tls is services.tls  # made once: reading the certificates takes a moment


async def test_the_app_sends_nothing_to_whom_the_system_does_not_trust(broker: Broker, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")

    async with sending_as(services_at(host)) as client:
        with pytest.raises(ServiceBusError, match="certificate verify failed"):
            await send(client, "orders", ServiceBusMessage("x"))

    assert bodies(broker, "orders") == []


async def test_an_operator_looks_into_queues_with_an_identity(broker: Broker, host: str) -> None:
    services = services_at(host)

    listed = await ports_of(services, now=now).parking.look(Place("rejected-messages"))
    await services.credential.close()

    assert listed == []
    assert broker.operations["peek"] > 0


async def test_the_host_reads_a_queue_with_the_identity_that_a_trigger_s_settings_name(broker: Broker, host: str) -> None:
    identity = Identity(host, is_managed=True, client_id=CLIENT_ID)
    trusted.cache_clear()
    async with sending_as(services_at(host)) as client:
        await send(client, "orders", ServiceBusMessage("x"))

    async with receiver(identity, "orders", 0) as opened:
        [message] = await opened.receive_messages(max_message_count=1, max_wait_time=5)
        await opened.complete_message(message)
    await credential_of(identity).close()
    trusted.cache_clear()

    assert str(message) == "x"
    assert bodies(broker, "orders") == []


async def test_the_host_reads_a_change_feed_with_an_identity(broker: Broker, folder: Path, tmp_path: Path) -> None:
    data = copytree(folder, tmp_path / "cosmos")
    async with running_cosmos(data=data) as cosmos, CosmosClient.from_connection_string(cosmos.connection_string) as client:
        database = await client.create_database("shardline")
        await database.create_container("watched", PartitionKey("/id"))
        await database.create_container("leases", PartitionKey("/id"))
        await database.get_container_client("watched").create_item({"id": "1"})

    known = Identities(folder / "issuer", {principal_of(CLIENT_ID)})
    async with running_cosmos(data=data, for_identities=True, identities=known) as cosmos:
        identity = Identity(cosmos.endpoint, is_managed=True, client_id=CLIENT_ID)
        trigger = ChangesTrigger(identity, "shardline", "watched", identity, "shardline", start="beginning")
        async with connected(trigger, Clock(now)) as (feed, leases):
            [feed_range] = await feed.ranges()
            await leases.ensure([feed_range])
            page = await feed.read(feed_range, None)
        await credential_of(identity).close()

    assert [document["id"] for document in page.documents] == ["1"]
