"""A tenant exported and erased over the real SDKs: nothing of it is findable in any store, and another one's is as it was."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from azure.servicebus.aio import ServiceBusClient
from azure.storage.blob.aio import BlobServiceClient

from devtools.azurite import Azurite
from devtools.emulators.cosmos.server import Cosmos
from devtools.emulators.servicebus.broker import Broker
from devtools.emulators.servicebus.server import running_broker
from devtools.fakes.clock import Clock
from devtools.fakes.samples import sample_connection, sample_shard
from devtools.provision import service_bus_config
from ops.parking import ServiceBusParking
from ops.tenants.blobs import StoredTenantBlobs
from ops.tenants.erasing import Erasing
from ops.tenants.exporting import Exporting
from ops.tenants.items import CosmosTenantItems
from ops.tenants.looking import queue_places
from ops.tenants.messages import ServiceBusMessages
from ops.tenants.places import ITEMS
from ops.tenants.ports import TenantPorts
from shared.messaging.envelope import Envelope
from shared.messaging.service_bus import RETRY_OPTIONS, ServiceBusTransport
from shared.settings import VARIABLES
from shared.storage.blobs import Blobs
from shared.storage.claim_store import RETRY_OPTIONS as BLOB_OPTIONS
from shared.storage.claim_store import BlobClaimStore
from shared.storage.connection_store import CosmosConnections
from shared.storage.cosmos import CosmosAccount
from shared.storage.shard_store import CosmosShardStore
from shared.topology import TOPOLOGY
from tests.plugins.stand_ins import DATABASE
from tests.unit.ops.tenant_stores import InMemoryVault, NoProgress, TenantStores
from tests.unit.ops.tenant_world import EVERYWHERE, LIVE, canary, emitted, fill

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]


@dataclass
class Deployment:
    """The stand-ins, with a broker of its own, and a clock that is moved by waiting."""

    account: CosmosAccount
    blobs: BlobServiceClient
    transport: ServiceBusTransport
    ports: TenantPorts
    vault: InMemoryVault
    clock: Clock = field(default_factory=Clock)
    during_waits: list[Any] = field(default_factory=list)

    async def keep(self, stores: TenantStores) -> None:
        """Put everything there that the fakes hold."""
        for name, there in stores.items.containers.items():
            container = await self.account.container(name)
            for document in there.values():
                await container.upsert_item(document)
        for name, blobs in stores.blobs.there.items():
            for blob, body in blobs.items():
                await self.blobs.get_blob_client(name, blob).upload_blob(body, overwrite=True)
        self.vault.there.update(stores.vault.there)
        for place, messages in stores.parking.there.items():
            for number, one in enumerate(messages):
                due_at = datetime.now(UTC) + timedelta(hours=20) if one.is_scheduled else None
                id_ = f"{one.message_id}-{number}-{place.dead}"
                await self.transport.send(Envelope(place.queue, id_, one.body, one.properties, due_at))
            if place.dead:
                await self._dead_letter(place.queue, len(messages))

    async def _dead_letter(self, queue: str, count: int) -> None:
        async with self.bus() as client, client.get_queue_receiver(queue) as receiver:
            for message in await receiver.receive_messages(max_message_count=count, max_wait_time=5):
                await receiver.dead_letter_message(message, reason="a bug")

    def bus(self) -> ServiceBusClient:
        messages = self.ports.messages
        assert isinstance(messages, ServiceBusMessages)
        return messages._client()

    async def everything(self) -> dict[str, list[str]]:
        """All that the stores hold, place by place, in no order."""
        found: dict[str, list[str]] = {}
        for known in TOPOLOGY.containers:
            container = await self.account.container(known.name)
            found[known.name] = [json.dumps(row, sort_keys=True) async for row in container.query_items("SELECT * FROM c")]
        for name in TOPOLOGY.blob_containers:
            blobs = self.blobs.get_container_client(name)
            stored = [(blob.name, await (await blobs.download_blob(blob.name)).readall()) async for blob in blobs.list_blobs()]
            found[f"{name} (blobs)"] = [f"{blob} {body!r}" for blob, body in stored]
        async with self.ports.messages.opened(queue_places()) as each:
            for place in queue_places():
                there = [f"{one.number} {one.message_id} {one.body!r} {sorted(one.properties.items())}" async for one in each(place)]
                found[str(place)] = there
        return {**found, "vault": sorted(self.vault.there)}

    async def wait(self, seconds: float) -> None:
        if self.during_waits:
            await self.during_waits.pop(0)()
        self.clock.advance(seconds=seconds)


@asynccontextmanager
async def deployed(account: CosmosAccount, azurite: Azurite) -> AsyncIterator[Deployment]:
    async with running_broker(service_bus_config()) as broker:
        clock, vault = Clock(), InMemoryVault()
        bus = partial(ServiceBusClient.from_connection_string, broker.connection_string, **RETRY_OPTIONS)
        make = partial(BlobServiceClient.from_connection_string, azurite.connection_string, **BLOB_OPTIONS)
        transport, blobs, claims = ServiceBusTransport(bus), Blobs(make), BlobClaimStore(make)
        ports = TenantPorts(
            items=CosmosTenantItems(account, wait=asyncio.sleep),
            blobs=StoredTenantBlobs(blobs, wait=asyncio.sleep),
            messages=ServiceBusMessages(bus),
            parking=ServiceBusParking(bus, transport=transport),
            claims=claims,
            secrets=vault,
            stores={},
            now=clock,
            wait=asyncio.sleep,
        )
        async with make() as client:
            deployment = Deployment(account, client, transport, ports, vault, clock)
            deployment.ports = replace(ports, wait=deployment.wait)
            yield deployment
        for opened in (transport, blobs, claims):
            await opened.close()


def found_in(everything: dict[str, list[str]], word: str) -> dict[str, int]:
    """Where a word is, and how often."""
    return {place: count for place, there in everything.items() if (count := sum(word in one for one in there))}


def of(everything: dict[str, list[str]], *words: str) -> dict[str, list[str]]:
    """What says one of these words: other tests may use the same stand-ins."""
    return {place: sorted(one for one in there if any(word in one for word in words)) for place, there in everything.items()}


async def test_a_tenant_is_erased_whole_and_the_other_keeps_every_byte(account: CosmosAccount, azurite: Azurite, tenant_id: str) -> None:
    gone, other = f"{tenant_id}a", f"{tenant_id}b"
    async with deployed(account, azurite) as deployment:
        await keep_both(deployment, gone, other)
        before = await deployment.everything()

        report = await Erasing(gone, deployment.ports, NoProgress()).erase()

        after = await deployment.everything()
        assert {place for place, count in report.before.counts.items() if count} == EVERYWHERE
        assert (report.is_complete, [look.total for look in report.looks]) == (True, [0, 0])
        assert [found_in(after, word) for word in (gone, canary(gone), f"00D-{gone}")] == [{}, {}, {}]
        assert of(after, other, canary(other)) == of(before, other, canary(other))

        account_of_gone = sample_connection(other, f"00D-{gone}")
        await CosmosConnections(account).add(account_of_gone, handles=(f"salesforce:handle-of-00D-{gone}",))
        found = await CosmosConnections(account).find(f"salesforce:handle-of-00D-{gone}")
        assert found is not None
        assert found.tenant_id == other


@pytest.mark.long
async def test_a_tenant_is_exported_whole_and_what_a_worker_writes_between_the_two_looks_is_erased_as_well(
    account: CosmosAccount, azurite: Azurite, tenant_id: str, tmp_path: Path
) -> None:
    gone, other = f"{tenant_id}a", f"{tenant_id}b"
    async with deployed(account, azurite) as deployment:
        await keep_both(deployment, gone, other)
        before = await deployment.everything()

        manifest = await Exporting(gone, tmp_path, deployment.ports, NoProgress()).export()
        assert (manifest["isVerified"], manifest["counts"]["shards"], manifest["counts"]["shard-emission"]) == (True, 4, 3)
        exported = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()).decode()
        assert (canary(gone) in exported, other in exported) == (True, False)
        assert of(await deployment.everything(), gone, other) == of(before, gone, other)

        late = sample_shard(gone, external_id="999999999999999AAA", name=canary(gone))

        async def a_worker_writes_what_it_had_in_hand() -> None:
            await CosmosShardStore(account).create(late)
            await deployment.transport.send(Envelope.of(emitted(gone, 99), traceparent=None))

        deployment.during_waits = [a_worker_writes_what_it_had_in_hand]
        report = await Erasing(gone, deployment.ports, NoProgress()).erase()

        after = await deployment.everything()
        assert (report.is_complete, [look.total for look in report.looks]) == (True, [0, 2, 0, 0])
        assert [found_in(after, word) for word in (gone, canary(gone), f"00D-{gone}")] == [{}, {}, {}]
        assert of(after, other, canary(other)) == of(before, other, canary(other))


async def keep_both(deployment: Deployment, *tenants: str) -> None:
    """Something of each in every place."""
    for tenant in tenants:
        stores = TenantStores()
        fill(stores, tenant, f"00D-{tenant}", shards=3)
        await deployment.keep(stores)


async def test_a_large_tenant_goes_in_batches_and_a_batch_of_which_one_is_gone_by_itself_goes_all_the_same(
    account: CosmosAccount, azurite: Azurite, tenant_id: str
) -> None:
    container = await account.container("suggested-links")
    for number in range(230):
        await container.create_item({"id": f"{number:03}", "tenantId": tenant_id})
    items = CosmosTenantItems(account, wait=asyncio.sleep)
    [place] = [one for one in ITEMS if one.container == "suggested-links"]
    keys = [key async for key in items.keys(place, tenant_id)]
    await container.delete_item("007", partition_key=tenant_id)

    assert (len(keys), await items.remove(place, keys), await items.count(place, tenant_id)) == (230, 229, 0)


@pytest.mark.long
async def test_what_is_scheduled_is_cancelled_but_for_what_is_due_by_now_and_others_are_worn_by_nothing(
    account: CosmosAccount, azurite: Azurite, tenant_id: str
) -> None:
    async with deployed(account, azurite) as deployment:
        in_an_hour = datetime.now(UTC) + timedelta(hours=1)
        for number, (tenant, due_at) in enumerate([("other", None), (tenant_id, in_an_hour), ("other", in_an_hour), (tenant_id, None)]):
            envelope = Envelope.of(emitted(tenant, number + 1), traceparent=None)
            await deployment.transport.send(replace(envelope, due_at=due_at))
        numbers = [one.number async for one in deployment.ports.messages.each(LIVE) if one.is_scheduled]

        assert await deployment.ports.messages.cancel(LIVE.queue, [numbers[0], 4711]) == 1

        report = await Erasing(tenant_id, deployment.ports, NoProgress()).erase()
        left = [(one.is_scheduled, one.delivery_count) async for one in deployment.ports.messages.each(LIVE)]
        assert (report.is_complete, sorted(left)) == (True, [(False, 1), (True, 0)])


@pytest.fixture
def settings(cosmos: Cosmos, azurite: Azurite, broker: Broker, tmp_path: Path) -> Path:
    """What an operator has of a deployment."""
    values = {
        "SERVICE_BUS": broker.connection_string,
        "COSMOS": cosmos.connection_string,
        "COSMOS_DATABASE": DATABASE,
        "BLOB": azurite.connection_string,
        "EMBEDDING_OFFLINE": "true",
        "AUTH_ISSUER": "http://127.0.0.1:1",
        "AUTH_AUDIENCE": "api://shardline",
        "AUTH_JWKS_URL": "http://127.0.0.1:1/keys",
    }
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(values), encoding="utf-8")
    return file


async def test_the_commands_as_they_are_typed_over_a_deployments_own_settings(
    settings: Path, account: CosmosAccount, tenant_id: str, tmp_path: Path
) -> None:
    await CosmosShardStore(account).create(sample_shard(tenant_id))
    words = ("--tenant", tenant_id, "--json", "--settings", str(settings))

    exported, counted, migrated = await asyncio.gather(
        ops("tenant", "export", "--to", str(tmp_path / "out"), *words),
        ops("tenant", "erase", "--dry-run", *words),
        ops("migrate", "--dry-run", *words),
    )

    assert (exported["counts"]["shards"], exported["isVerified"], counted["found"]["shards"]) == (1, True, 1)
    assert {one["name"]: one["due"] for one in migrated}["linking-notes"] == 1


async def ops(*words: str) -> Any:
    """What a command prints that goes well."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-m", "ops", *words),
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name not in VARIABLES},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode == 0, errors.decode()
    return json.loads(out)
