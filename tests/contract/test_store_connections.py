"""Connections: one suite for the two twins, and the cache in front of either."""

import asyncio

import pytest

from devtools.fakes.clock import Clock
from devtools.fakes.samples import sample_connection
from shared.connections.cache import RememberedConnections
from shared.errors import Conflict, OwnershipConflict
from tests.plugins.twins import Stores

pytest_plugins = ["tests.plugins.stand_ins"]


async def test_a_connection_is_found_by_its_id(stores: Stores, tenant_id: str) -> None:
    await stores.connections.add(sample_connection(tenant_id, tenant_id))

    found = await stores.connections.find(f"salesforce:{tenant_id}")

    assert found is not None
    assert found.etag
    assert found.model_copy(update={"etag": None}) == sample_connection(tenant_id, tenant_id)


async def test_an_unknown_handle_is_nobodys(stores: Stores, tenant_id: str) -> None:
    assert await stores.connections.find(f"salesforce:{tenant_id}") is None


async def test_while_a_key_is_rotated_both_handles_lead_to_the_connection(stores: Stores, tenant_id: str) -> None:
    connection = sample_connection(tenant_id, tenant_id)
    await stores.connections.add(connection, handles=(f"{tenant_id}-old-key",))

    await stores.connections.add(connection, handles=(f"{tenant_id}-old-key", f"{tenant_id}-new-key"))

    for handle in (f"{tenant_id}-old-key", f"{tenant_id}-new-key"):
        found = await stores.connections.find(handle)
        assert found is not None
        assert found.id == connection.id


async def test_a_connection_stored_anew_is_changed_for_every_handle(stores: Stores, tenant_id: str) -> None:
    await stores.connections.add(sample_connection(tenant_id, tenant_id), handles=(f"{tenant_id}-key",))

    await stores.connections.add(sample_connection(tenant_id, tenant_id, status="paused"))

    found = await stores.connections.find(f"{tenant_id}-key")
    assert found is not None
    assert found.status == "paused"


async def test_an_account_belongs_to_one_tenant(stores: Stores, tenant_id: str) -> None:
    await stores.connections.add(sample_connection(tenant_id, tenant_id))

    with pytest.raises(OwnershipConflict):
        await stores.connections.add(sample_connection(f"{tenant_id}-other", tenant_id), handles=(f"{tenant_id}-key",))

    found = await stores.connections.find(f"salesforce:{tenant_id}")
    assert found is not None
    assert found.tenant_id == tenant_id
    assert await stores.connections.find(f"{tenant_id}-key") is None


async def test_of_two_tenants_who_connect_one_account_at_once_exactly_one_wins(stores: Stores, tenant_id: str) -> None:
    tenants = [f"{tenant_id}-{number}" for number in range(6)]

    ends = await asyncio.gather(
        *[stores.connections.add(sample_connection(tenant, tenant_id)) for tenant in tenants], return_exceptions=True
    )

    winners = [tenant for tenant, end in zip(tenants, ends, strict=True) if end is None]
    assert len(winners) == 1
    assert all(isinstance(end, OwnershipConflict | Conflict) for end in ends if end is not None)
    found = await stores.connections.find(f"salesforce:{tenant_id}")
    assert found is not None
    assert found.tenant_id == winners[0]
    for loser in set(tenants) - set(winners):
        with pytest.raises(OwnershipConflict):  # trying again shows why
            await stores.connections.add(sample_connection(loser, tenant_id))


async def test_a_handle_leads_to_one_connection(stores: Stores, tenant_id: str) -> None:
    await stores.connections.add(sample_connection(tenant_id, f"{tenant_id}-a"), handles=(f"{tenant_id}-key",))

    with pytest.raises(OwnershipConflict):
        await stores.connections.add(sample_connection(tenant_id, f"{tenant_id}-b"), handles=(f"{tenant_id}-key",))

    found = await stores.connections.find(f"{tenant_id}-key")
    assert found is not None
    assert found.account == f"{tenant_id}-a"


async def test_of_two_connections_that_take_one_handle_at_once_exactly_one_has_it(stores: Stores, tenant_id: str) -> None:
    connections = [sample_connection(f"{tenant_id}-{number}", f"{tenant_id}-{number}") for number in range(6)]

    ends = await asyncio.gather(
        *[stores.connections.add(connection, handles=(f"{tenant_id}-key",)) for connection in connections], return_exceptions=True
    )

    winners = [connection.id for connection, end in zip(connections, ends, strict=True) if end is None]
    found = await stores.connections.find(f"{tenant_id}-key")
    assert found is not None
    assert winners == [found.id]


async def test_another_connections_id_is_no_handle(stores: Stores, tenant_id: str) -> None:
    await stores.connections.add(sample_connection(f"{tenant_id}-a", f"{tenant_id}-a"))

    with pytest.raises(OwnershipConflict):
        await stores.connections.add(sample_connection(f"{tenant_id}-b", f"{tenant_id}-b"), handles=(f"salesforce:{tenant_id}-a",))

    found = await stores.connections.find(f"salesforce:{tenant_id}-a")
    assert found is not None
    assert found.tenant_id == f"{tenant_id}-a"


async def test_a_handle_of_one_connection_is_not_another_connections_id(stores: Stores, tenant_id: str) -> None:
    await stores.connections.add(sample_connection(f"{tenant_id}-a", f"{tenant_id}-a"), handles=(f"salesforce:{tenant_id}-b",))

    with pytest.raises(OwnershipConflict):
        await stores.connections.add(sample_connection(f"{tenant_id}-b", f"{tenant_id}-b"))

    found = await stores.connections.find(f"salesforce:{tenant_id}-b")
    assert found is not None
    assert found.tenant_id == f"{tenant_id}-a"


async def test_a_connection_given_its_own_id_as_a_handle_is_still_there(stores: Stores, tenant_id: str) -> None:
    for _ in range(2):
        await stores.connections.add(sample_connection(tenant_id, tenant_id), handles=(f"salesforce:{tenant_id}",))

    found = await stores.connections.find(f"salesforce:{tenant_id}")
    assert found is not None
    assert found.tenant_id == tenant_id


async def test_nobody_is_believed_for_thirty_seconds_and_no_longer(stores: Stores, tenant_id: str) -> None:
    clock = Clock()
    remembered = RememberedConnections(stores.connections, now=clock)
    assert await remembered.find(f"salesforce:{tenant_id}") is None
    await stores.connections.add(sample_connection(tenant_id, tenant_id))  # by another worker

    clock.advance(seconds=29.9)
    assert await remembered.find(f"salesforce:{tenant_id}") is None

    clock.advance(seconds=0.1)
    found = await remembered.find(f"salesforce:{tenant_id}")
    assert found is not None
    assert found.tenant_id == tenant_id


async def test_who_adds_through_the_cache_sees_it_at_once(stores: Stores, tenant_id: str) -> None:
    remembered = RememberedConnections(stores.connections, now=Clock())
    assert await remembered.find(f"salesforce:{tenant_id}") is None

    await remembered.add(sample_connection(tenant_id, tenant_id))

    assert await remembered.find(f"salesforce:{tenant_id}") is not None
