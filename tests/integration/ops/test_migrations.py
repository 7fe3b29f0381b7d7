"""Migrations over the database: queries find what conditions say of a document, and a patch goes over the very state that was read."""

import asyncio
import itertools
from typing import Any

import pytest

from devtools.fakes.clock import Clock
from devtools.fakes.metrics import InMemoryMetrics
from devtools.fakes.samples import sample_shard, sample_vectors
from devtools.fakes.stores import InMemoryClaims, InMemoryShardTypes
from devtools.fakes.transport import InMemoryTransport
from ops.migrations.announced import unembedded, unnoted
from ops.migrations.command import carried_out
from ops.migrations.conversions import otherwise_made
from ops.migrations.documents import CosmosMigratedShards
from ops.migrations.migration import MigrationPorts
from ops.migrations.record import finish, finished
from ops.migrations.schemas import SchemasRise, earlier
from shared.chunks.wanted import generation
from shared.conversions.registry import CONVERSIONS
from shared.errors import Conflict
from shared.messaging.publisher import QueuePublisher
from shared.shard_types.integration_state import INTEGRATION_STATE
from shared.shards.ids import ShardId
from shared.shards.store import Alias
from shared.storage.cosmos import CosmosAccount
from shared.storage.shard_type_store import CosmosShardTypes
from shared.topology import LEXICAL, SHARDS
from tests.unit.ops.tenant_stores import NoProgress

pytestmark = pytest.mark.integration

WANTED = {
    "earlier": earlier(INTEGRATION_STATE),
    "unnoted": unnoted(),
    "unembedded": unembedded("c_account", LEXICAL),
    "otherwise made": otherwise_made(),
}


def corpus(tenant_id: str) -> list[dict[str, Any]]:
    """Documents of every kind that a condition may meet, readable or not."""
    right = sample_vectors(revision=1).model_copy(update={"space": LEXICAL.name, "generation": generation("c_account", LEXICAL)})
    shard = sample_shard(tenant_id).document()
    fields: dict[str, list[Any]] = {
        "shardTypeId": ["c_account", "integration.state", "c_group"],
        "status": ["active", "draft"],
        "schemaVersion": [1, 2, "x"],
        "linking": [{"keys": []}, {}, None],
        "vectors": [None, right.model_dump(mode="json", by_alias=True), sample_vectors(revision=1).model_dump(mode="json", by_alias=True)],
        "normalization": [None, {}, {"conversionVersion": "old"}, {"conversionVersion": CONVERSIONS[0].version}],
    }
    made = [dict(zip(fields, values, strict=True)) for values in itertools.islice(itertools.product(*fields.values()), 0, None, 3)]
    documents = [{**shard, **said, "id": f"{number:03}"} for number, said in enumerate(made)]
    return [*documents, Alias(tenant_id, ShardId("alias"), ShardId("000")).document(), {"id": "bare", "tenantId": tenant_id}]


async def keep(account: CosmosAccount, documents: list[dict[str, Any]]) -> None:
    container = await account.container(SHARDS)
    for start in range(0, len(documents), 20):
        await asyncio.gather(*(container.upsert_item(document) for document in documents[start : start + 20]))


async def test_a_query_finds_exactly_what_its_condition_says_of_a_document(account: CosmosAccount, tenant_id: str) -> None:
    documents, shards = corpus(tenant_id), CosmosMigratedShards(account)
    await keep(account, documents)
    await keep(account, [{**documents[0], "tenantId": f"{tenant_id}-other"}])

    for name, wanted in WANTED.items():
        expected = sorted(one["id"] for one in documents if wanted.is_met_by(one))
        found = sorted([one["id"] async for one in shards.each(wanted, tenant_id)])
        assert expected, name
        assert (found, await shards.count(wanted, tenant_id)) == (expected, len(expected)), name


async def test_without_a_tenant_every_tenants_are_found(account: CosmosAccount, tenant_id: str) -> None:
    shards, wanted = CosmosMigratedShards(account), WANTED["unnoted"]
    tenants = {f"{tenant_id}-{number}" for number in range(3)}
    await keep(account, [sample_shard(tenant).document() for tenant in tenants])

    found = {one["tenantId"] async for one in shards.each(wanted, None)}

    assert tenants <= found
    assert await shards.count(wanted, None) >= len(tenants)


async def test_a_patch_keeps_what_it_does_not_name_and_is_refused_over_a_later_state(account: CosmosAccount, tenant_id: str) -> None:
    shards, document = CosmosMigratedShards(account), sample_shard(tenant_id).document()
    await keep(account, [{**document, "others": 1}])
    read = await shards.read(tenant_id, document["id"])
    assert read is not None

    await shards.patch(read, {"schemaVersion": 7})
    with pytest.raises(Conflict):
        await shards.patch(read, {"schemaVersion": 8})

    stored = await shards.read(tenant_id, document["id"])
    assert stored is not None
    assert (stored["schemaVersion"], stored["others"]) == (7, 1)
    assert await shards.read(tenant_id, "nobody") is None


async def test_the_states_of_a_tenant_rise_and_a_second_run_finds_none(account: CosmosAccount, tenant_id: str) -> None:
    base = {**sample_shard(tenant_id).document(), "shardTypeId": "integration.state", "normalization": None}
    data = {"name": "n", "connectionId": "salesforce:1", "integrationType": "salesforce", "stream": "Account"}
    await keep(account, [{**base, "id": f"state-{number}", "structuredData": data} for number in range(3)])
    await keep(account, [{**base, "id": "unreadable", "structuredData": {}}])
    clock = Clock()
    transport = InMemoryTransport(clock)

    async def pause() -> None:
        """Nobody waits."""

    ports = MigrationPorts(
        shards=CosmosMigratedShards(account),
        types=InMemoryShardTypes(),
        publisher=QueuePublisher(transport, claims=InMemoryClaims(), metrics=InMemoryMetrics(), traceparent=lambda: None),
        transport=transport,
        space=LEXICAL,
        now=clock,
        pause=pause,
    )

    [first] = await carried_out([SchemasRise()], ports, NoProgress(), tenant_id=tenant_id, dry_run=False)
    [second] = await carried_out([SchemasRise()], ports, NoProgress(), tenant_id=tenant_id, dry_run=False)

    assert (first.due.count, first.done.count, len(first.done.unreadable)) == (4, 3, 1)
    assert (second.due.count, second.done.count, second.is_whole) == (1, 0, False)


async def test_what_is_finished_is_written_beside_the_shard_types(account: CosmosAccount) -> None:
    types, clock = CosmosShardTypes(account), Clock()
    ports = MigrationPorts(None, types, None, None, LEXICAL, clock, None)  # type: ignore[arg-type]  # only the types are used

    await finish("of-a-test", 3, ports)

    assert (await finished(ports))["of-a-test"] == {"at": "2026-11-21T12:00:00.000000Z", "count": 3}
