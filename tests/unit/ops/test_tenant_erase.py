"""``tenant erase``: nothing of a tenant is left in any place, everything of the others is as it was, and two looks prove it."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from devtools.fakes.samples import NOON, sample_connection, sample_shard
from ops.parked_message import Place
from ops.parking import Act
from ops.tenants.erasing import PASSED_OVER_AT_MOST, Erasing
from ops.tenants.looking import look
from ops.tenants.places import APART
from ops.tenants.report import Report
from shared import topology
from shared.errors import DependencyUnavailable, RateLimited
from tests.unit.ops.tenant_stores import BurningParking, Killed, NoProgress, TenantStores
from tests.unit.ops.tenant_world import EVERYWHERE, LIVE, REJECTED, canary, connect, emitted, fill, rejected

T = TypeVar("T")


def two_tenants() -> TenantStores:
    stores = TenantStores()
    fill(stores, "acme", "00D1")
    fill(stores, "acme2", "00D2")
    return stores


async def erase(stores: TenantStores, tenant_id: str = "acme", **said: Any) -> Report:
    return await Erasing(tenant_id, stores.ports, NoProgress(), **said).erase()


def run(awaitable: Awaitable[T]) -> T:
    async def awaited() -> T:
        return await awaitable

    return asyncio.run(awaited())


async def test_nothing_is_left_of_a_tenant_that_had_something_in_every_place() -> None:
    stores = TenantStores()
    fill(stores, "acme", "00D1")

    report = await erase(stores)

    assert {place for place, count in report.before.counts.items() if count} == EVERYWHERE
    assert (report.is_complete, report.last.total) == (True, 0)
    assert [word for word in ("acme", canary("acme"), "00D1", "key-of") if word in stores.everything()] == []


async def test_everything_of_other_tenants_is_as_it_was_to_the_last_byte() -> None:
    alone = TenantStores()
    fill(alone, "acme2", "00D2")
    stores = two_tenants()

    await erase(stores)

    assert without_numbers(stores) == without_numbers(alone)


@settings(max_examples=30)
@given(st.lists(st.text(min_size=1, max_size=8).filter(lambda text: text != "unknown"), min_size=2, max_size=4, unique=True), st.data())
def test_whatever_tenants_are_called_one_is_gone_and_the_others_are_untouched(names: list[str], data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(names))
    stores, others = TenantStores(), TenantStores()
    for number, name in enumerate(names):
        fill(stores, name, f"00D{number}", shards=1)
        if name != gone:
            fill(others, name, f"00D{number}", shards=1)

    report = run(erase(stores, gone))

    assert report.is_complete
    assert canary(gone) not in stores.everything()
    assert without_numbers(stores) == without_numbers(others)


def without_numbers(stores: TenantStores) -> Any:
    """All that there is; but for the broker's numbers, which only tell the order."""
    parked = {place: [(one.message_id, one.body, dict(one.properties)) for one in there] for place, there in stores.parking.there.items()}
    return (
        {name: there for name, there in stores.items.containers.items() if there},
        stores.blobs.there,
        {place: there for place, there in parked.items() if there},
        stores.vault.there,
    )


async def test_what_a_worker_still_had_in_hand_and_writes_after_the_first_clean_look_is_found_by_the_second() -> None:
    stores = two_tenants()
    late = sample_shard("acme", external_id="999999999999999AAA", name=canary("acme"))

    def frozen_worker_goes_on() -> None:
        stores.send(LIVE, emitted("acme", 99))

    stores.during_waits = [lambda: stores.items.put(topology.SHARDS, late.document()), frozen_worker_goes_on]

    report = await erase(stores)

    found = [look.total for look in report.looks]
    assert (report.is_complete, found) == (True, [0, 1, 1, 0, 0])
    assert canary("acme") not in stores.everything()


async def test_the_two_looks_that_are_the_proof_are_as_far_apart_as_they_have_to_be() -> None:
    plain = (await erase(two_tenants())).plain()

    first, second = (datetime.fromisoformat(plain[name]) for name in ("firstLookAt", "secondLookAt"))
    assert second - first >= APART


async def test_a_look_that_comes_too_early_proves_nothing() -> None:
    stores = two_tenants()
    stores.during_waits = [lambda: stores.clock.advance(seconds=-300)]  # the machine slept, or the wait was cut short

    plain = (await erase(stores)).plain()

    first, *_, second = (stores.clock.moment.fromisoformat(look["at"]) for look in plain["looks"][1:])
    assert (plain["isComplete"], len(plain["looks"]), second - first >= APART) == (True, 4, True)


async def test_two_erasures_at_once_are_in_nobodys_way() -> None:
    stores = two_tenants()

    both = await asyncio.gather(erase(stores), erase(stores))

    assert [report.is_complete for report in both] == [True, True]
    assert [word for word in (canary("acme"), '"acme"') if word in stores.everything()] == []
    assert canary("acme2") in stores.everything()


async def test_a_handle_that_is_written_after_its_connection_was_closed_goes_as_well() -> None:
    stores = two_tenants()
    stray = {"id": "salesforce:stray", "aliasOf": sample_connection("acme", "00D1").id}
    stores.during_waits = [lambda: stores.items.put(topology.CONNECTIONS, stray)]

    report = await erase(stores)

    assert (report.is_complete, [look.total for look in report.looks], report.erased["connections-handles"]) == (True, [0, 1, 0, 0], 2)
    assert "stray" not in stores.everything()


async def test_a_handle_of_somebody_who_has_connected_the_account_since_is_theirs() -> None:
    stores = two_tenants()
    stores.during_waits = [lambda: connect(stores, "globex", "00D1", handle="salesforce:of-globex")]

    report = await erase(stores)

    assert (report.is_complete, "salesforce:of-globex" in stores.everything()) == (True, True)


async def test_a_connection_that_somebody_adds_meanwhile_is_closed_as_well() -> None:
    stores = two_tenants()
    stores.during_waits = [lambda: connect(stores, "acme", "00D9", secret="later", handle="salesforce:later")]

    report = await erase(stores)

    assert (report.is_complete, report.erased["connections"], report.erased["secrets"]) == (True, 2, 2)
    assert "later" not in stores.everything()


@pytest.mark.parametrize("after", range(50))
async def test_after_a_kill_at_any_step_the_same_command_goes_on(after: int) -> None:
    stores = two_tenants()
    stores.fuse.burns_after = after
    try:
        await erase(stores)
        assert after >= stores.fuse.steps > 30
    except Killed:
        assert [word for word in ("acme", canary("acme")) if word in stores.everything()]
    stores.fuse.burns_after = None

    report = await erase(stores)

    assert report.is_complete
    assert [word for word in (canary("acme"), "00D1", '"acme"') if word in stores.everything()] == []
    assert canary("acme2") in stores.everything()


async def test_a_store_that_is_busy_is_asked_again() -> None:
    stores = two_tenants()
    stores.items.fails_with = [RateLimited("busy", retry_after_seconds=9), DependencyUnavailable("away")]

    assert (await erase(stores)).is_complete
    assert stores.waits[:2] == [9, 1.0]


async def test_what_somebody_holds_is_waited_for_and_told_when_patience_ends() -> None:
    stores = two_tenants()
    held = stores.send(LIVE, emitted("acme", 50))
    stores.parking.held_by_others.add(held.number)

    report = await erase(stores, patience=timedelta(minutes=2))

    assert (report.is_complete, report.last.remains) == (False, {"shard-emission": 1})
    assert len(stores.waits) == 6


async def test_a_large_tenant_that_takes_longer_than_patience_is_gone_on_with() -> None:
    stores = two_tenants()

    class Large(type(stores.items)):  # type: ignore[misc]  # a container that takes an hour
        async def remove(self, place: Any, keys: Any) -> int:
            stores.clock.advance(seconds=600)
            removed: int = await super().remove(place, keys)
            if stores.clock() < NOON + timedelta(hours=1):
                stores.items.put(topology.GAPS, {"id": "late", "tenantId": "acme"})
            return removed

    stores.items.__class__ = Large
    stores.during_waits = [lambda: stores.items.put(topology.GAPS, {"id": "later", "tenantId": "acme"})]

    assert (await erase(stores)).is_complete


async def test_what_a_stage_passes_on_while_the_queues_are_looked_at_is_met_behind_it() -> None:
    stores = TenantStores()
    passing, behind = stores.send(LIVE, emitted("acme", 50)), Place(topology.ENRICHMENT_JOBS)

    class Passing(type(stores.messages)):  # type: ignore[misc]  # a worker that is done the moment its queue is looked at
        async def each(self, place: Any) -> Any:
            if place == LIVE and passing in stores.parking.there[LIVE]:
                stores.parking.there[LIVE].remove(passing)
                stores.parking.there.setdefault(behind, []).append(replace(passing, place=behind))
            async for message in super().each(place):
                yield message

    stores.messages.__class__ = Passing

    assert (await look("acme", stores.ports)).remains == {"enrichment-jobs": 1}


async def test_what_somebody_holds_is_not_tried_at_every_round_for_others_before_it_are_handed_out_with_it() -> None:
    stores, takes = TenantStores(), []

    class Counting(BurningParking):
        @override
        async def take(self, place: Place, numbers: Sequence[int], act: Act) -> list[int]:
            takes.append(stores.clock())
            return await super().take(place, numbers, act)

    stores.parking.__class__ = Counting
    stores.parking.held_by_others.add(stores.send(LIVE, emitted("acme", 50)).number)

    report = await erase(stores)

    assert not report.is_complete
    assert len(stores.waits) == 90
    assert len(takes) == 6
    assert {later - earlier for earlier, later in pairwise(takes)} == {timedelta(minutes=5)}


async def test_what_lies_deep_behind_others_is_left_to_workers_and_not_got_at_by_wearing_out_the_others() -> None:
    stores = TenantStores()
    for number in range(PASSED_OVER_AT_MOST + 1):
        stores.send(LIVE, emitted("other", number + 1))
    deep = stores.send(LIVE, emitted("acme", 1))
    stores.during_waits = [lambda: stores.parking.there[LIVE].remove(deep)]

    report = await erase(stores)

    assert report.is_complete
    assert (report.erased["shard-emission"], len(stores.parking.there[LIVE])) == (0, PASSED_OVER_AT_MOST + 1)


async def test_what_nobody_can_read_is_left_and_counted() -> None:
    stores = TenantStores()
    stores.send(REJECTED, rejected(b"{"))
    stores.send(REJECTED, rejected(b'{"tenantId": "acme"', number=2))
    stores.send(REJECTED, rejected(b'{"tenantId": "acme", "x": {"tenantId": "globex"', number=3))

    report = await erase(stores)

    [left] = report.last.unreadable
    assert (left.place, left.count, left.naming, len(stores.parking.there[REJECTED])) == ("rejected-messages", 2, 1, 2)


async def test_while_something_unreadable_has_the_tenants_id_in_it_nobody_is_told_that_all_is_gone() -> None:
    stores = TenantStores()
    stores.send(REJECTED, rejected(b'{"tenantId": "acme", "x": {"tenantId": "globex"'))

    report = await erase(stores)
    stores.parking.there.clear()  # somebody has looked, and dropped it
    after = await erase(stores)

    assert (report.is_complete, after.is_complete) == (False, True)
    assert "not erased: 1 messages that nobody can read have this id in them" in report.rendered()


async def test_an_item_that_is_no_readable_document_is_removed_all_the_same() -> None:
    stores = TenantStores()
    stores.items.put(topology.SHARDS, {"id": "x", "tenantId": "acme", "structuredData": None})
    stores.items.put(topology.CONNECTIONS, {"id": "salesforce:1", "tenantId": "acme", "credential": "what"})

    assert (await erase(stores)).is_complete
    assert "acme" not in stores.everything()


async def test_the_account_may_be_connected_by_another_tenant_afterwards() -> None:
    stores = TenantStores()
    connect(stores, "acme", "00D1", handle="salesforce:handle")

    await erase(stores)

    connections = stores.items.containers[topology.CONNECTIONS]
    assert (sample_connection("globex", "00D1").id in {key.id for key in connections}, len(connections)) == (False, 0)
