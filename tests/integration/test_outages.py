"""A service that is down, dead or killed in the middle: what the app hears, and that it hears it in time to answer a webhook."""

import asyncio
import gc
from collections.abc import Awaitable

import pytest
from azure.cosmos.aio import CosmosClient
from azure.servicebus.aio import ServiceBusClient
from azure.storage.blob.aio import BlobServiceClient

from devtools import azurite as blob_stand_in
from devtools.azurite import Azurite
from devtools.emulators.cosmos.server import Cosmos, running_cosmos
from devtools.emulators.servicebus.broker import Broker
from devtools.faults.plan import Fault, Kind
from devtools.local.ports import free_ports
from devtools.provision import provision_cosmos
from shared.contracts.claim import Claim
from shared.errors import DependencyUnavailable
from shared.messaging.envelope import Envelope
from shared.messaging.service_bus import RETRY_OPTIONS as SERVICE_BUS_OPTIONS
from shared.messaging.service_bus import ServiceBusTransport
from shared.storage.claim_store import RETRY_OPTIONS as BLOB_OPTIONS
from shared.storage.claim_store import BlobClaimStore
from shared.storage.connection_store import CosmosConnections
from shared.storage.cosmos import RETRY_OPTIONS as COSMOS_OPTIONS
from shared.storage.cosmos import CosmosAccount
from tests.plugins.wire import WireState, wire_to

pytestmark = pytest.mark.integration

IN_TIME_SECONDS = 15.0
CLAIM = Claim.of(b"body", tenant_id="t", message_id="m")


class App:
    """The three adapters, with production's options, over whatever listens on these ports."""

    def __init__(self, *, service_bus: int, cosmos: int, blob: int, cosmos_key: str) -> None:
        self.transport = transport_to(_bus(service_bus))
        account = f"AccountEndpoint=http://127.0.0.1:{cosmos}/;AccountKey={cosmos_key};"
        self.account = CosmosAccount(lambda: CosmosClient.from_connection_string(account, **COSMOS_OPTIONS), database="shardline")
        storage = blob_stand_in.connection_string(blob)
        self.claims = BlobClaimStore(lambda: BlobServiceClient.from_connection_string(storage, **BLOB_OPTIONS))

    @property
    def operations(self) -> list[Awaitable[object]]:
        """What webhooks do; for Service Bus some in a queue for one sender, and a batch, which the SDK treats differently."""
        return [
            CosmosConnections(self.account).find("salesforce:1"),
            self.claims.put(CLAIM, b"body"),
            *[self.transport.send(Envelope("ingestion-events", f"outage-{number}", b"")) for number in range(20)],
            self.transport.send(Envelope("shard-emission", "outage-1", b""), Envelope("shard-emission", "outage-2", b"")),
        ]

    async def seconds_until_all_are_unavailable(self) -> float:
        """Do them all at once. Fails the test where one of them ends differently."""
        clock = asyncio.get_running_loop().time
        began = clock()
        for end in await asyncio.gather(*self.operations, return_exceptions=True):
            assert isinstance(end, DependencyUnavailable), repr(end)
        return clock() - began

    async def close(self) -> None:
        await self.transport.close()
        await self.account.close()
        await self.claims.close()


def _bus(port: int) -> str:
    key = "SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true"
    return f"Endpoint=sb://127.0.0.1:{port};{key};"


def transport_to(connection_string: str) -> ServiceBusTransport:
    return ServiceBusTransport(lambda: ServiceBusClient.from_connection_string(connection_string, **SERVICE_BUS_OPTIONS))


async def down(cosmos_key: str) -> None:
    (port,) = free_ports(1)
    app = App(service_bus=port, cosmos=port, blob=port, cosmos_key=cosmos_key)

    assert await app.seconds_until_all_are_unavailable() < IN_TIME_SECONDS
    await app.close()


async def never_answering(cosmos: Cosmos, broker: Broker, azurite: Azurite) -> None:
    async with wire_to(broker.port) as bus_wire, wire_to(cosmos.port) as cosmos_wire, wire_to(azurite.port) as blob_wire:
        for wire in (bus_wire, cosmos_wire, blob_wire):
            wire.state = "dead"
        app = App(service_bus=bus_wire.port, cosmos=cosmos_wire.port, blob=blob_wire.port, cosmos_key=cosmos.key)

        assert await app.seconds_until_all_are_unavailable() < IN_TIME_SECONDS
        await app.close()


async def failing_while_in_use(cosmos: Cosmos, broker: Broker, azurite: Azurite, *, state: WireState) -> None:
    async with wire_to(broker.port) as bus_wire, wire_to(cosmos.port) as cosmos_wire, wire_to(azurite.port) as blob_wire:
        app = App(service_bus=bus_wire.port, cosmos=cosmos_wire.port, blob=blob_wire.port, cosmos_key=cosmos.key)
        await asyncio.gather(*app.operations)

        for wire in (bus_wire, cosmos_wire, blob_wire):
            wire.state = state
        assert await app.seconds_until_all_are_unavailable() < IN_TIME_SECONDS

        for wire in (bus_wire, cosmos_wire, blob_wire):
            wire.state = "whole"
        await asyncio.gather(*app.operations)
        await app.close()


async def region_failing_over() -> None:
    """403 with sub-status 3: the SDK would try for two minutes."""
    async with running_cosmos() as cosmos:
        await provision_cosmos(cosmos.connection_string, "shardline")
        account = CosmosAccount(
            lambda: CosmosClient.from_connection_string(cosmos.connection_string, **COSMOS_OPTIONS), database="shardline"
        )
        await account.container("connections")
        cosmos.faults.add(Fault(at="cosmos", kind=Kind.REFUSE, status=403, substatus=3, calls=1000, operation="read", target="connections"))
        began = asyncio.get_running_loop().time()

        with pytest.raises(DependencyUnavailable):
            await CosmosConnections(account).find("salesforce:1")

        assert asyncio.get_running_loop().time() - began < IN_TIME_SECONDS
        await account.close()


async def wrong_settings(broker: Broker) -> None:
    """Nothing may be lost while a person puts them right: that is for later, not for the parking lot."""
    wrong_key = transport_to(broker.connection_string.replace("SAS_KEY_VALUE", "another"))
    no_queue = transport_to(broker.connection_string)
    began = asyncio.get_running_loop().time()

    ends = await asyncio.gather(
        wrong_key.send(Envelope("ingestion-events", "m", b"")),
        wrong_key.send(Envelope("shard-emission", "m-1", b""), Envelope("shard-emission", "m-2", b"")),
        no_queue.send(Envelope("nobody-made-this", "m", b"")),
        return_exceptions=True,
    )

    assert [str(end) for end in ends] == [
        "send to ingestion-events: ServiceBusAuthenticationError",
        "send to shard-emission: ServiceBusAuthenticationError",
        "send to nobody-made-this: ServiceBusAuthenticationError",
    ]
    assert {type(end) for end in ends} == {DependencyUnavailable}
    assert asyncio.get_running_loop().time() - began < IN_TIME_SECONDS
    await asyncio.gather(wrong_key.close(), no_queue.close())


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # the Service Bus SDK forgets a socket whose other end died
async def test_what_is_down_dead_or_killed_is_unavailable_in_time_and_used_again_when_it_is_back(
    cosmos: Cosmos, broker: Broker, azurite: Azurite
) -> None:
    """Each scenario waits for a real limit, so they wait together."""
    async with asyncio.TaskGroup() as scenarios:
        scenarios.create_task(down(cosmos.key))
        scenarios.create_task(never_answering(cosmos, broker, azurite))
        scenarios.create_task(failing_while_in_use(cosmos, broker, azurite, state="cut"))
        scenarios.create_task(failing_while_in_use(cosmos, broker, azurite, state="dead"))
        scenarios.create_task(region_failing_over())
        scenarios.create_task(wrong_settings(broker))
    gc.collect()  # here, where the forgotten sockets are known of
