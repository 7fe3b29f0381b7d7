"""A tenant's items: the fake and the adapter over the stand-in find and remove the same, and nothing of another tenant."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from ops.tenants.items import CosmosTenantItems, Key, TenantItems, batches, check_whose
from ops.tenants.places import CONNECTIONS, HANDLES, ITEMS
from shared import topology
from shared.errors import ConfigurationError
from shared.storage.cosmos import CosmosAccount
from tests.unit.ops.tenant_stores import InMemoryDocuments

pytest_plugins = ["tests.plugins.stand_ins"]

BY_CONTAINER = {place.container: place for place in ITEMS}
CHUNKS = BY_CONTAINER[topology.LEXICAL.container]


@dataclass(frozen=True)
class Twin:
    """One of them, and a door at the back."""

    items: TenantItems
    put: Callable[[str, dict[str, Any]], Awaitable[None]]


@pytest.fixture(params=["in-memory", pytest.param("stand-in", marks=pytest.mark.integration)])
def twin(request: pytest.FixtureRequest) -> Twin:
    if request.param == "in-memory":
        fake = InMemoryDocuments()

        async def put(container: str, document: dict[str, Any]) -> None:
            fake.put(container, document)

        return Twin(fake, put)
    account: CosmosAccount = request.getfixturevalue("account")

    async def upsert(container: str, document: dict[str, Any]) -> None:
        await (await account.container(container)).upsert_item(document)

    return Twin(CosmosTenantItems(account, wait=asyncio.sleep), upsert)


async def ids(twin: Twin, place: Any, tenant_id: str) -> list[str]:
    found = sorted([document["id"] async for document in twin.items.each(place, tenant_id)])
    assert found == sorted([key.id async for key in twin.items.keys(place, tenant_id)])
    assert len(found) == await twin.items.count(place, tenant_id)
    return found


@pytest.mark.parametrize("container", [topology.SHARDS, topology.SUGGESTED_LINKS, topology.GAPS])
async def test_a_tenants_items_are_found_and_removed_and_those_of_others_with_the_same_ids_are_not(
    twin: Twin, container: str, tenant_id: str
) -> None:
    other = f"{tenant_id}x"
    for tenant in (tenant_id, other):
        for name in ("a", "b"):
            await twin.put(container, {"id": name, "tenantId": tenant, "whatever": [1, None]})
    place = BY_CONTAINER[container]

    assert await ids(twin, place, tenant_id) == ["a", "b"]
    assert [one async for one in twin.items.each(place, tenant_id) if one["id"] == "a"] == [
        {"id": "a", "tenantId": tenant_id, "whatever": [1, None]}
    ]
    keys = [key async for key in twin.items.keys(place, tenant_id)]
    assert (await twin.items.remove(place, keys), await twin.items.remove(place, keys)) == (2, 0)
    assert (await ids(twin, place, tenant_id), await ids(twin, place, other)) == ([], ["a", "b"])


async def test_chunks_of_a_shard_go_together(twin: Twin, tenant_id: str) -> None:
    for shard in ("s", "t"):
        for name in ("manifest", "c1", "c2"):
            await twin.put(CHUNKS.container, {"id": name, "tenantId": tenant_id, "shardId": shard})

    keys = [key async for key in twin.items.keys(CHUNKS, tenant_id)]

    assert sorted(len(batch) for batch in batches(keys)) == [3, 3]
    assert (await twin.items.remove(CHUNKS, keys), await ids(twin, CHUNKS, tenant_id)) == (6, [])


async def test_handles_are_those_of_the_tenants_connections(twin: Twin, tenant_id: str) -> None:
    other = f"{tenant_id}x"
    for tenant in (tenant_id, other):
        await twin.put(topology.CONNECTIONS, {"id": f"c-{tenant}", "tenantId": tenant, "credential": {"secretName": f"of-{tenant_id}"}})
        await twin.put(topology.CONNECTIONS, {"id": f"h-{tenant}", "aliasOf": f"c-{tenant}"})

    assert await ids(twin, HANDLES, tenant_id) == [f"h-{tenant_id}"]
    assert await ids(twin, CONNECTIONS, tenant_id) == [f"c-{tenant_id}"]
    assert await ids(twin, HANDLES, "nobody") == []
    counts = [await twin.items.others_with_secret(f"of-{tenant_id}", tenant) for tenant in (tenant_id, other, "nobody")]
    assert (counts, await twin.items.others_with_secret("nobody's", tenant_id)) == ([1, 1, 2], 0)


async def test_a_connection_that_somebody_has_written_since_it_was_looked_at_stays(twin: Twin, tenant_id: str) -> None:
    """The account of one that has just gone may be another tenant's, under the same id."""
    await twin.put(topology.CONNECTIONS, {"id": f"c-{tenant_id}", "tenantId": tenant_id})
    keys = [key async for key in twin.items.keys(CONNECTIONS, tenant_id)]
    await twin.put(topology.CONNECTIONS, {"id": f"c-{tenant_id}", "tenantId": f"{tenant_id}x"})

    assert (await twin.items.remove(CONNECTIONS, keys), await ids(twin, CONNECTIONS, f"{tenant_id}x")) == (0, [f"c-{tenant_id}"])


async def test_a_vaults_name_is_the_same_however_it_is_written(twin: Twin, tenant_id: str) -> None:
    await twin.put(topology.CONNECTIONS, {"id": f"c-{tenant_id}", "tenantId": tenant_id, "credential": {"secretName": f"Of-{tenant_id}"}})

    assert await twin.items.others_with_secret(f"oF-{tenant_id}", "somebody") == 1


async def test_stray_handles_are_those_whose_connection_is_gone(twin: Twin, tenant_id: str) -> None:
    there, gone = f"c-{tenant_id}", f"gone-{tenant_id}"
    await twin.put(topology.CONNECTIONS, {"id": there, "tenantId": tenant_id})
    for name, connection in (("h1", there), ("h2", gone), ("h3", f"another-{tenant_id}")):
        await twin.put(topology.CONNECTIONS, {"id": f"{name}-{tenant_id}", "aliasOf": connection})

    strays = await twin.items.strays({there, gone})

    assert strays == [Key((f"h2-{tenant_id}",), f"h2-{tenant_id}")]
    assert (await twin.items.strays(()), await twin.items.remove(HANDLES, strays), await twin.items.strays({gone})) == ([], 1, [])


@pytest.mark.parametrize(
    ("place", "document", "ours"),
    [
        (BY_CONTAINER[topology.SHARDS], {"id": "acme", "tenantId": "globex"}, {"acme"}),
        (BY_CONTAINER[topology.GAPS], {"id": "x"}, {"acme"}),
        (BY_CONTAINER[topology.LINKING_POLICIES], {"id": "globex", "tenantId": "globex"}, {"acme"}),
        (HANDLES, {"id": "h", "aliasOf": "salesforce:2"}, {"salesforce:1"}),
        (CONNECTIONS, {"id": "acme", "tenantId": "globex"}, {"acme"}),
    ],
)
def test_what_a_store_gives_of_another_tenant_is_neither_exported_nor_removed(place: Any, document: Any, ours: set[str]) -> None:
    with pytest.raises(ConfigurationError, match="another tenant's item"):
        check_whose(document, place, ours)


async def test_a_policy_is_found_by_its_id(twin: Twin, tenant_id: str) -> None:
    place = BY_CONTAINER[topology.LINKING_POLICIES]
    await twin.put(place.container, {"id": tenant_id, "tenantId": tenant_id})
    await twin.put(place.container, {"id": f"{tenant_id}x", "tenantId": f"{tenant_id}x"})

    assert await ids(twin, place, tenant_id) == [tenant_id]


def test_a_batch_is_of_one_partition_and_of_a_hundred_at_most() -> None:
    keys = [Key(("a",), f"{number:03}") for number in range(230)] + [Key(("b",), "000")]

    assert [len(batch) for batch in batches(keys)] == [100, 100, 30, 1]
    assert all(len({key.partition for key in batch}) == 1 for batch in batches(keys))
