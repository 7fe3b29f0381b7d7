"""Connections are remembered for a moment, not found ones for a shorter one."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError
from typing_extensions import override

from devtools.fakes.clock import Clock
from devtools.fakes.stores import InMemoryConnections
from shared.connections.cache import MAX_REMEMBERED, RememberedConnections
from shared.connections.connection import Connection, connection_id
from shared.errors import DependencyUnavailable, OwnershipConflict

HANDLE = "salesforce-key:abc"


def connection(tenant_id: str = "tenant-1", status: str = "active") -> Connection:
    return Connection.model_validate(
        {
            "id": connection_id("salesforce", "00D5g000004Rt5xEAC"),
            "tenantId": tenant_id,
            "source": "salesforce",
            "account": "00D5g000004Rt5xEAC",
            "status": status,
            "createdAt": "2026-11-21T12:00:00Z",
        }
    )


class Desk:
    """A cache over a store in memory, with a clock."""

    def __init__(self) -> None:
        self.clock = Clock(datetime(2026, 11, 21, 12, tzinfo=UTC))
        self.store = InMemoryConnections()
        self.cache = RememberedConnections(self.store, now=self.clock)

    async def status(self, handle: str = HANDLE) -> str | None:
        found = await self.cache.find(handle)
        return None if found is None else found.status


async def test_a_burst_of_calls_is_one_read() -> None:
    desk = Desk()
    await desk.store.add(connection(), handles=(HANDLE,))

    assert [await desk.status() for _ in range(100)] == ["active"] * 100
    assert desk.store.finds == 1


@pytest.mark.parametrize(("seconds", "seen"), [(59.9, "active"), (60.0, "paused")])
async def test_a_paused_connection_is_noticed_within_a_minute(seconds: float, seen: str) -> None:
    desk = Desk()
    await desk.store.add(connection(), handles=(HANDLE,))
    await desk.status()
    await desk.store.add(connection(status="paused"))

    desk.clock.advance(seconds=seconds)

    assert await desk.status() == seen


@pytest.mark.parametrize(("seconds", "seen"), [(29.9, None), (30.0, "active")])
async def test_a_new_connection_works_within_half_a_minute(seconds: float, seen: str | None) -> None:
    desk = Desk()
    assert await desk.status() is None
    await desk.store.add(connection(), handles=(HANDLE,))

    desk.clock.advance(seconds=seconds)

    assert await desk.status() == seen


async def test_what_is_added_through_the_cache_is_seen_at_once() -> None:
    desk = Desk()
    await desk.status()

    await desk.cache.add(connection(), handles=(HANDLE,))

    assert await desk.status() == "active"


async def test_a_connection_of_another_tenant_is_not_taken_over() -> None:
    desk = Desk()
    await desk.cache.add(connection(), handles=(HANDLE,))

    with pytest.raises(OwnershipConflict):
        await desk.cache.add(connection("tenant-2"), handles=(HANDLE,))

    found = await desk.cache.find(HANDLE)
    assert found is not None
    assert found.tenant_id == "tenant-1"


async def test_who_tries_key_after_key_does_not_fill_the_memory() -> None:
    desk = Desk()
    for number in range(MAX_REMEMBERED + 1):
        await desk.status(f"guess {number}")
    desk.store.finds = 0

    await desk.status(f"guess {MAX_REMEMBERED}")
    assert desk.store.finds == 0
    await desk.status("guess 0")
    assert desk.store.finds == 1


async def test_a_failure_to_answer_is_not_remembered() -> None:
    class Away(InMemoryConnections):
        is_away = True

        @override
        async def find(self, handle: str) -> Connection | None:
            if self.is_away:
                raise DependencyUnavailable("no answer")
            return await super().find(handle)

    store = Away()
    await store.add(connection(), handles=(HANDLE,))
    cache = RememberedConnections(store, now=Clock())
    with pytest.raises(DependencyUnavailable):
        await cache.find(HANDLE)

    store.is_away = False

    assert await cache.find(HANDLE) is not None


def test_the_name_that_stands_for_no_tenant_is_no_tenants_name() -> None:
    with pytest.raises(ValidationError, match="reserved"):
        connection("unknown")


def test_an_etag_is_not_part_of_a_stored_connection() -> None:
    stored = connection().model_copy(update={"etag": "7"}).model_dump(mode="json", by_alias=True)

    assert stored == {
        "id": "salesforce:00D5g000004Rt5xEAC",
        "tenantId": "tenant-1",
        "source": "salesforce",
        "account": "00D5g000004Rt5xEAC",
        "status": "active",
        "pausedReason": None,
        "pausedBy": None,
        "credential": None,
        "streams": [],
        "users": [],
        "pollSeconds": 300,
        "compareSeconds": 86_400,
        "budgetShare": 0.5,
        "actionIds": [],
        "createdAt": "2026-11-21T12:00:00.000000Z",
        "nextDueAt": None,
        "nextCompareAt": None,
    }
