"""Connections: one suite for the two twins, and the cache in front of either."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from devtools.fakes.clock import Clock
from devtools.fakes.samples import NOON, sample_connection
from shared.connections.cache import RememberedConnections
from shared.connections.connection import Connection, Handle
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


# --- changed, listed and due


async def test_a_connection_that_was_read_is_stored_as_it_is_now(stores: Stores, tenant_id: str) -> None:
    await stores.connections.add(sample_connection(tenant_id, tenant_id), handles=(f"{tenant_id}-key",))
    read = await stores.connections.find(f"salesforce:{tenant_id}")
    assert read is not None

    stored = await stores.connections.replace(read.model_copy(update={"status": "paused", "paused_reason": "revoked"}))
    again = await stores.connections.replace(stored.model_copy(update={"status": "active"}))

    assert again.etag not in (None, read.etag, stored.etag)
    assert await stores.connections.find(f"{tenant_id}-key") == again


async def test_a_connection_that_was_written_since_is_not_replaced(stores: Stores, tenant_id: str) -> None:
    await stores.connections.add(sample_connection(tenant_id, tenant_id))
    read = await stores.connections.find(f"salesforce:{tenant_id}")
    assert read is not None
    stored = await stores.connections.replace(read.model_copy(update={"paused_reason": "mine"}))

    for late in (read, read.model_copy(update={"etag": None})):
        with pytest.raises(Conflict):
            await stores.connections.replace(late.model_copy(update={"paused_reason": "theirs"}))

    assert await stores.connections.find(read.id) == stored


async def test_a_connection_that_was_never_added_is_not_replaced(stores: Stores, tenant_id: str) -> None:
    for etag in (None, '"1"'):
        with pytest.raises(Conflict):
            await stores.connections.replace(sample_connection(tenant_id, tenant_id).model_copy(update={"etag": etag}))

    assert await stores.connections.find(f"salesforce:{tenant_id}") is None


async def test_a_tenants_connections_are_its_own_and_no_aliases(stores: Stores, tenant_id: str) -> None:
    for account in (f"{tenant_id}-b", f"{tenant_id}-a"):
        await stores.connections.add(sample_connection(tenant_id, account), handles=(f"{account}-key",))
    await stores.connections.add(sample_connection(f"{tenant_id}-other", f"{tenant_id}-c"))

    found = await stores.connections.of_tenant(tenant_id)

    assert [connection.account for connection in found] == [f"{tenant_id}-a", f"{tenant_id}-b"]
    assert found[0] == await stores.connections.find(f"salesforce:{tenant_id}-a")
    assert await stores.connections.of_tenant(f"{tenant_id}-nobody") == []


async def test_a_source_s_connections_are_those_of_all_tenants_and_no_aliases(stores: Stores, tenant_id: str) -> None:
    source = f"s{tenant_id.replace('-', '')[:20]}"
    for tenant, account in ((tenant_id, "b"), (f"{tenant_id}-other", "a")):
        connection = sample_connection(tenant, account).model_copy(update={"id": f"{source}:{tenant_id}{account}", "source": source})
        await stores.connections.add(connection, handles=(f"{tenant_id}{account}-key",))
    await stores.connections.add(sample_connection(tenant_id, f"{tenant_id}-c"))

    found = await stores.connections.of_source(source)

    assert [(connection.account, connection.tenant_id) for connection in found] == [("a", f"{tenant_id}-other"), ("b", tenant_id)]
    assert await RememberedConnections(stores.connections, now=Clock()).of_source(source) == found


async def test_due_are_the_longest_waiting_first_and_no_more_than_asked_for(stores: Stores, tenant_id: str) -> None:
    for number, minutes in enumerate((3, 1, 2, 0)):
        await stores.connections.add(due(tenant_id, f"{number}", minutes=minutes))

    found = await stores.connections.due(tenant_id, at=NOON, most=10)

    assert [connection.account for connection in found] == ["0", "2", "1", "3"]
    assert found[0] == await stores.connections.find(found[0].id)
    assert [connection.account for connection in await stores.connections.due(tenant_id, at=NOON, most=3)] == ["0", "2", "1"]


async def test_due_are_the_active_ones_and_those_that_the_app_has_paused(stores: Stores, tenant_id: str) -> None:
    await stores.connections.add(due(tenant_id, "active"))
    await stores.connections.add(due(tenant_id, "paused by the app", status="paused", paused_by="app"))
    await stores.connections.add(due(tenant_id, "paused by an operator", status="paused", paused_by="operator"))
    await stores.connections.add(due(tenant_id, "paused by nobody knows whom", status="paused"))
    await stores.connections.add(due(tenant_id, "later", minutes=-1))
    await stores.connections.add(due(tenant_id, "never").model_copy(update={"next_due_at": None}))
    await stores.connections.add(due(f"{tenant_id}-other", "of another source"))

    found = await stores.connections.due(tenant_id, at=NOON, most=10)

    assert {connection.account for connection in found} == {"active", "paused by the app"}


def due(source: str, account: str, *, minutes: float = 1, **changes: Any) -> Connection:
    """A connection that has been due for so many minutes, of a source nobody else has."""
    connection = sample_connection(source, account)
    named = {"id": f"{source}:{account}", "source": source, "next_due_at": NOON - timedelta(minutes=minutes)}
    return connection.model_copy(update={**named, **changes})


async def test_who_replaces_through_the_cache_sees_it_at_once_under_every_handle(stores: Stores, tenant_id: str) -> None:
    remembered = RememberedConnections(stores.connections, now=Clock())
    await remembered.add(sample_connection(tenant_id, tenant_id), handles=(f"{tenant_id}-key",))
    read = await remembered.find(f"salesforce:{tenant_id}")
    assert read == await remembered.find(f"{tenant_id}-key")
    assert read is not None

    stored = await remembered.replace(read.model_copy(update={"status": "paused"}))

    assert await remembered.find(f"salesforce:{tenant_id}") == await remembered.find(f"{tenant_id}-key") == stored
    assert await remembered.of_tenant(tenant_id) == [stored]


async def test_who_may_not_replace_sees_why_at_once(stores: Stores, tenant_id: str) -> None:
    remembered = RememberedConnections(stores.connections, now=Clock())
    await remembered.add(sample_connection(tenant_id, tenant_id))
    read = await remembered.find(f"salesforce:{tenant_id}")
    assert read is not None
    theirs = await stores.connections.replace(read.model_copy(update={"status": "paused"}))  # by another worker

    with pytest.raises(Conflict):
        await remembered.replace(read)

    assert await remembered.find(read.id) == theirs


async def test_handles_are_listed_with_when_they_were_added_and_last_used(stores: Stores, tenant_id: str) -> None:
    connection, old, new = sample_connection(tenant_id, tenant_id), f"{tenant_id}-old", f"{tenant_id}-new"
    await stores.connections.add(connection, handles=(old,))
    await stores.connections.add(connection, handles=(old, new), at=NOON)

    await stores.connections.used(new, at=NOON + timedelta(hours=1))

    assert await stores.connections.handles(connection.id) == [Handle(old, None, None), Handle(new, NOON, NOON + timedelta(hours=1))]
    found = await stores.connections.find(new)
    assert found is not None
    assert found.id == connection.id


async def test_a_handle_that_is_taken_away_leads_nowhere_and_the_others_do(stores: Stores, tenant_id: str) -> None:
    connection, old, new = sample_connection(tenant_id, tenant_id), f"{tenant_id}-old", f"{tenant_id}-new"
    await stores.connections.add(connection, handles=(old, new), at=NOON)

    await stores.connections.drop_handle(old)
    await stores.connections.drop_handle(old)
    await stores.connections.drop_handle(connection.id)

    assert await stores.connections.find(old) is None
    assert await stores.connections.find(new) is not None
    assert await stores.connections.find(connection.id) is not None


async def test_that_somebody_came_by_a_connections_own_id_or_by_nothing_is_not_kept(stores: Stores, tenant_id: str) -> None:
    connection = sample_connection(tenant_id, tenant_id)
    await stores.connections.add(connection)

    await stores.connections.used(connection.id, at=NOON)
    await stores.connections.used(f"{tenant_id}-none", at=NOON)

    assert await stores.connections.handles(connection.id) == []


async def test_of_many_workers_that_start_within_an_hour_one_writes_that_somebody_came(stores: Stores, tenant_id: str) -> None:
    clock = Clock()
    connection, key = sample_connection(tenant_id, tenant_id), f"{tenant_id}-key"
    await stores.connections.add(connection, handles=(key,), at=clock())
    began = clock()

    for _ in range(3):
        await RememberedConnections(stores.connections, now=clock).find(key)
        clock.advance(seconds=1100)

    [handle] = await stores.connections.handles(connection.id)
    assert handle.used_at == began


async def test_through_the_cache_a_use_is_kept_once_an_hour(stores: Stores, tenant_id: str) -> None:
    clock = Clock()
    connection, key = sample_connection(tenant_id, tenant_id), f"{tenant_id}-key"
    await stores.connections.add(connection, handles=(key,), at=clock())
    remembered, began = RememberedConnections(stores.connections, now=clock), clock()

    for _ in range(3):
        await remembered.find(key)
        clock.advance(seconds=1700)
    [during] = await stores.connections.handles(connection.id)
    clock.advance(seconds=1700)
    await remembered.find(key)
    [after] = await stores.connections.handles(connection.id)

    assert (during.used_at, after.used_at) == (began, began + timedelta(seconds=4 * 1700))
