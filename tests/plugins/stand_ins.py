"""The stand-ins a test of the real adapters talks to: one of each per session, on free ports, with what ``shared/topology.py`` names.

Each runs on an event loop and thread of its own, because every test has its own loop. A test keeps apart from the others by names:
``tenant_id`` and ``queue`` are new for each. Not listed in ``tests/conftest.py`` but asked for by those who need it: unit tests never do.
"""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from itertools import count
from typing import Any, Final, TypeVar
from uuid import uuid4

import pytest
from azure.cosmos.aio import CosmosClient
from azure.servicebus.aio import ServiceBusClient
from azure.storage.blob.aio import BlobServiceClient

from devtools.azurite import Azurite, running_azurite
from devtools.emulators.cosmos.server import Cosmos, running_cosmos
from devtools.emulators.servicebus.broker import Broker
from devtools.emulators.servicebus.server import running_broker
from devtools.fakes.linking import InMemoryAnchorSnapshots
from devtools.provision import provision_blobs, provision_cosmos, service_bus_config
from shared import topology
from shared.linking.anchor import AnchorSnapshots
from shared.messaging.service_bus import RETRY_OPTIONS as SERVICE_BUS_OPTIONS
from shared.messaging.service_bus import ServiceBusTransport
from shared.storage.anchor_snapshots import BlobAnchorSnapshots
from shared.storage.claim_store import RETRY_OPTIONS as BLOB_OPTIONS
from shared.storage.claim_store import BlobClaimStore
from shared.storage.cosmos import RETRY_OPTIONS as COSMOS_OPTIONS
from shared.storage.cosmos import CosmosAccount
from shared.topology import SPACES
from tests.plugins.bus_twins import Bus, EmulatorBus, InMemoryBus, ServiceBusBus, StandInBus, received
from tests.plugins.linking_twins import CosmosLinkingStores, InMemoryLinkingStores, LinkingStores
from tests.plugins.twins import (
    BlobClaimTwin,
    Chunks,
    Claims,
    CosmosChunkTwin,
    CosmosStores,
    InMemoryChunkTwin,
    InMemoryClaimTwin,
    InMemoryStores,
    Stores,
)

DATABASE: Final = "shardline"
QUEUES_FOR_TESTS: Final = 60
START_SECONDS: Final = 60
TWINS = ["in-memory", pytest.param("stand-in", marks=pytest.mark.integration)]
"""The fake and the stand-in. Microsoft's own emulator is a third of them where a connection string says where it is: for those who have
Docker. Azurite is Microsoft's already."""
COSMOS_EMULATOR: Final = os.environ.get("COSMOS_EMULATOR_ENDPOINT")
SERVICE_BUS_EMULATOR: Final = os.environ.get("SERVICE_BUS_EMULATOR_ENDPOINT")
QUEUE_OF_EMULATOR: Final = topology.INGESTION_EVENTS_BULK
EMULATOR: Final = pytest.param("emulator", marks=pytest.mark.integration)
STORES_PRESENT: Final = [*TWINS, *([EMULATOR] if COSMOS_EMULATOR else [])]
BUSES_PRESENT: Final = [*TWINS, *([EMULATOR] if SERVICE_BUS_EMULATOR else [])]

Server = TypeVar("Server")


@contextmanager
def in_a_thread(server: AbstractAsyncContextManager[Server]) -> Iterator[Server]:
    """Enter and leave an asynchronous block on a loop that goes on running meanwhile."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="stand-in", daemon=True)
    thread.start()
    try:
        yield asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(START_SECONDS)
        asyncio.run_coroutine_threadsafe(server.__aexit__(None, None, None), loop).result(START_SECONDS)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(START_SECONDS)
        loop.close()


def queues_for_tests(names: list[str]) -> dict[str, Any]:
    """The stand-in's configuration with more queues of the same policy."""
    config = service_bus_config()
    [namespace] = config["UserConfig"]["Namespaces"]
    policy = namespace["Queues"][0]["Properties"]
    namespace["Queues"] += [{"Name": name, "Properties": policy} for name in names]
    return config


@pytest.fixture(scope="session")
def broker() -> Iterator[Broker]:
    """Service Bus with the topology's queues, and some for tests alone."""
    with in_a_thread(running_broker(queues_for_tests([f"for-tests-{number}" for number in range(QUEUES_FOR_TESTS)]))) as running:
        yield running


@pytest.fixture(scope="session")
def cosmos() -> Iterator[Cosmos]:
    """Cosmos DB with the topology's containers."""
    with in_a_thread(running_cosmos()) as running:
        asyncio.run(provision_cosmos(running.connection_string, DATABASE))
        yield running
    assert running.operations.server_errors == 0, "the Cosmos stand-in has a bug: see its log"


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    """Blob Storage with the topology's containers."""
    with in_a_thread(running_azurite()) as running:
        asyncio.run(provision_blobs(running.connection_string))
        yield running


@pytest.fixture
def tenant_id() -> str:
    """A tenant nobody else has."""
    return f"tenant-{uuid4().hex[:12]}"


@pytest.fixture(scope="session")
def _queue_numbers() -> Iterator[int]:
    return count()


@pytest.fixture
def queue(request: pytest.FixtureRequest, _queue_numbers: Iterator[int]) -> str:
    """A queue nobody else uses. The emulator has the topology's alone: there it is one that no other test of buses uses."""
    of_bus = next((request.node.callspec.params[name] for name in ("bus", "real_bus") if name in request.fixturenames), None)
    return QUEUE_OF_EMULATOR if of_bus == "emulator" else f"for-tests-{next(_queue_numbers)}"


@pytest.fixture
async def account(cosmos: Cosmos) -> AsyncIterator[CosmosAccount]:
    """The adapter's account, with production's retry options."""
    opened = account_of(cosmos.connection_string)
    yield opened
    await opened.close()


def account_of(connection_string: str) -> CosmosAccount:
    """The adapter over the stand-in or the emulator."""
    return CosmosAccount(lambda: CosmosClient.from_connection_string(connection_string, **COSMOS_OPTIONS), database=DATABASE)


@pytest.fixture(scope="session")
def cosmos_emulator() -> str:
    """The connection string of Microsoft's emulator, with the topology's containers."""
    connection_string = COSMOS_EMULATOR or ""
    asyncio.run(provision_cosmos(connection_string, DATABASE))
    return connection_string


@pytest.fixture
async def emulator_account(cosmos_emulator: str) -> AsyncIterator[CosmosAccount]:
    """The same adapter over Microsoft's emulator."""
    opened = account_of(cosmos_emulator)
    yield opened
    await opened.close()


@pytest.fixture
async def transport(broker: Broker) -> AsyncIterator[ServiceBusTransport]:
    """The adapter, with production's retry options."""
    opened = transport_of(broker.connection_string)
    yield opened
    await opened.close()


def transport_of(connection_string: str) -> ServiceBusTransport:
    """The adapter over the stand-in or the emulator."""
    return ServiceBusTransport(lambda: ServiceBusClient.from_connection_string(connection_string, **SERVICE_BUS_OPTIONS))


@pytest.fixture
async def emulator_transport() -> AsyncIterator[ServiceBusTransport]:
    """The same adapter over Microsoft's emulator, whose queue for tests is empty."""
    await received(SERVICE_BUS_EMULATOR or "", QUEUE_OF_EMULATOR)
    opened = transport_of(SERVICE_BUS_EMULATOR or "")
    yield opened
    await opened.close()


@pytest.fixture
async def blobs(azurite: Azurite) -> AsyncIterator[BlobServiceClient]:
    """A client of the storage account, with production's retry options."""
    async with BlobServiceClient.from_connection_string(azurite.connection_string, **BLOB_OPTIONS) as client:
        yield client


@pytest.fixture
async def blob_claims(azurite: Azurite) -> AsyncIterator[BlobClaimStore]:
    """The adapter."""
    opened = BlobClaimStore(lambda: BlobServiceClient.from_connection_string(azurite.connection_string, **BLOB_OPTIONS))
    yield opened
    await opened.close()


@pytest.fixture(params=STORES_PRESENT)
def stores(request: pytest.FixtureRequest) -> Stores:
    """The stores of every implementation, one after the other."""
    return InMemoryStores() if request.param == "in-memory" else CosmosStores(_account(request))


@pytest.fixture(params=TWINS)
def claims(request: pytest.FixtureRequest) -> Claims:
    """The claim stores of both twins."""
    if request.param == "in-memory":
        return InMemoryClaimTwin()
    return BlobClaimTwin(request.getfixturevalue("blob_claims"), request.getfixturevalue("blobs"))


@pytest.fixture(params=STORES_PRESENT)
def chunks(request: pytest.FixtureRequest) -> Chunks:
    """The chunk stores of every implementation, for vectors of 1,536 numbers."""
    return InMemoryChunkTwin() if request.param == "in-memory" else CosmosChunkTwin(_account(request), SPACES[0])


@pytest.fixture(params=STORES_PRESENT)
def linking(request: pytest.FixtureRequest) -> LinkingStores:
    """What linking stores, of every implementation."""
    return InMemoryLinkingStores() if request.param == "in-memory" else CosmosLinkingStores(_account(request))


@pytest.fixture
async def blob_snapshots(azurite: Azurite) -> AsyncIterator[BlobAnchorSnapshots]:
    """The adapter."""
    opened = BlobAnchorSnapshots(lambda: BlobServiceClient.from_connection_string(azurite.connection_string, **BLOB_OPTIONS))
    yield opened
    await opened.close()


@pytest.fixture(params=TWINS)
def snapshots(request: pytest.FixtureRequest) -> AnchorSnapshots:
    """The snapshots of both twins."""
    if request.param == "in-memory":
        return InMemoryAnchorSnapshots()
    adapter: BlobAnchorSnapshots = request.getfixturevalue("blob_snapshots")
    return adapter


def _account(request: pytest.FixtureRequest) -> CosmosAccount:
    account: CosmosAccount = request.getfixturevalue("account" if request.param == "stand-in" else "emulator_account")
    return account


@pytest.fixture(params=BUSES_PRESENT)
def bus(request: pytest.FixtureRequest) -> Bus:
    """The brokers of every implementation."""
    return InMemoryBus() if request.param == "in-memory" else _real_bus(request)


@pytest.fixture(params=BUSES_PRESENT[1:])
def real_bus(request: pytest.FixtureRequest) -> ServiceBusBus:
    """Those of them that a receiver of the SDK can talk to: the fake hands its messages over by itself."""
    return _real_bus(request)


def _real_bus(request: pytest.FixtureRequest) -> ServiceBusBus:
    if request.param == "stand-in":
        return StandInBus(request.getfixturevalue("transport"), request.getfixturevalue("broker"))
    return EmulatorBus(request.getfixturevalue("emulator_transport"), SERVICE_BUS_EMULATOR or "")
