"""Gaps: one suite for the two twins. What is seen again has to be known as seen, or a sweep would close what it never looked at."""

import asyncio
from datetime import datetime, timedelta

import pytest

from devtools.fakes.samples import NOON, sample_gap
from shared.gaps.gap import SEEN_EVERY, Gap
from tests.plugins.twins import Stores

pytest_plugins = ["tests.plugins.stand_ins"]

LATER = NOON + timedelta(hours=1)


async def the_open_one(stores: Stores, tenant_id: str) -> Gap:
    [gap] = await stores.gaps().open_ones(tenant_id, "salesforce:1")
    return gap


async def test_a_gap_keeps_the_moment_it_was_opened_first(stores: Stores, tenant_id: str) -> None:
    await stores.gaps().open(sample_gap(tenant_id))

    await stores.gaps().open(sample_gap(tenant_id, at=LATER))

    stored = await stores.stored_gap(sample_gap(tenant_id))
    assert (stored.opened_at, stored.seen_at) == (NOON, LATER)


async def test_a_gap_that_was_just_seen_is_not_written_again(stores: Stores, tenant_id: str) -> None:
    gaps = stores.gaps()
    await gaps.open(sample_gap(tenant_id))

    for seconds in (1, 30, 59):
        await gaps.open(sample_gap(tenant_id, at=NOON + timedelta(seconds=seconds)))
        await stores.gaps().open(sample_gap(tenant_id, at=NOON + timedelta(seconds=seconds)))  # another worker

    assert (await stores.stored_gap(sample_gap(tenant_id))).seen_at == NOON
    await gaps.open(sample_gap(tenant_id, at=NOON + SEEN_EVERY))
    assert (await stores.stored_gap(sample_gap(tenant_id))).seen_at == NOON + SEEN_EVERY


async def test_what_one_worker_marked_late_another_does_not_believe_for_longer(stores: Stores, tenant_id: str) -> None:
    """Seen by the one at noon, by the other 59 seconds later: that is no reason for the other to be silent until a minute after it."""
    await stores.gaps().open(sample_gap(tenant_id))
    other = stores.gaps()
    await other.open(sample_gap(tenant_id, at=NOON + timedelta(seconds=59)))

    await other.open(sample_gap(tenant_id, at=NOON + timedelta(seconds=61)))

    assert (await stores.stored_gap(sample_gap(tenant_id))).seen_at == NOON + timedelta(seconds=61)


async def test_a_closed_gap_opens_again_with_a_new_moment(stores: Stores, tenant_id: str) -> None:
    await stores.put_gap(sample_gap(tenant_id).model_copy(update={"status": "closed", "closed_at": NOON}))
    again = sample_gap(tenant_id, at=LATER)

    await stores.gaps().open(again)

    assert await stores.stored_gap(again) == again


async def test_a_gap_that_many_open_at_once_is_open(stores: Stores, tenant_id: str) -> None:
    await asyncio.gather(*[stores.gaps().open(sample_gap(tenant_id)) for _ in range(8)])

    assert (await stores.stored_gap(sample_gap(tenant_id))).status == "open"


async def test_a_gap_stored_before_it_was_noted_when_it_is_seen_is_marked(stores: Stores, tenant_id: str) -> None:
    await stores.put_gap(sample_gap(tenant_id).model_copy(update={"seen_at": None}))

    await stores.gaps().open(sample_gap(tenant_id, at=LATER))

    assert (await stores.stored_gap(sample_gap(tenant_id))).seen_at == LATER


async def test_the_open_gaps_of_a_connection_are_listed_the_oldest_first(stores: Stores, tenant_id: str) -> None:
    gaps = stores.gaps()
    for stream, at in (("Account", LATER), ("Contact", NOON), ("Case", LATER)):
        await gaps.open(sample_gap(tenant_id, stream=stream, at=at))
    await gaps.open(sample_gap(tenant_id, connection_id="salesforce:2"))
    await gaps.open(sample_gap(f"{tenant_id}-other"))
    closed = sample_gap(tenant_id, stream="Case")
    [opened] = [gap for gap in await gaps.open_ones(tenant_id, "salesforce:1") if gap.id == closed.id]
    assert await gaps.close(opened, at=LATER)

    found = await gaps.open_ones(tenant_id, "salesforce:1")

    assert [(gap.stream, gap.opened_at) for gap in found] == [("Contact", NOON), ("Account", LATER)]
    assert {gap.tenant_id for gap in found} == {tenant_id}
    assert all(gap.etag for gap in found)


async def test_the_open_gaps_of_a_source_are_those_of_all_its_connections_and_tenants_the_oldest_first(
    stores: Stores, tenant_id: str
) -> None:
    source, gaps, other_tenant = f"of-{tenant_id}", stores.gaps(), f"{tenant_id}-other"
    for number in range(120):  # more than a page of them
        at = NOON + timedelta(seconds=number * 7 % 120)
        tenant = tenant_id if number % 2 else other_tenant
        await gaps.open(sample_gap(tenant, connection_id=f"{source}:{number % 3}", stream=f"S{number}", at=at))
    await gaps.open(sample_gap(tenant_id, connection_id=f"{source}-too:1"))
    await gaps.open(sample_gap(tenant_id, connection_id=f"not-{source}:1"))
    await stores.put_gap(sample_gap(tenant_id, connection_id=f"{source}:9").model_copy(update={"status": "closed", "closed_at": NOON}))

    found = await gaps.open_of_source(source)

    assert [gap.opened_at for gap in found] == [NOON + timedelta(seconds=number) for number in range(120)]
    assert {gap.tenant_id for gap in found} == {tenant_id, other_tenant}
    assert {gap.connection_id for gap in found} == {f"{source}:{number}" for number in range(3)}
    assert all(gap.etag and gap.status == "open" for gap in found)


async def test_a_gap_that_was_found_by_its_source_can_be_closed_and_is_found_no_more(stores: Stores, tenant_id: str) -> None:
    source, gaps = f"of-{tenant_id}", stores.gaps()
    await gaps.open(sample_gap(tenant_id, connection_id=f"{source}:1"))
    [found] = await gaps.open_of_source(source)

    assert await gaps.close(found, at=LATER)

    assert await gaps.open_of_source(source) == []


@pytest.mark.parametrize("name", ["%", "_", "of", ""])
async def test_the_name_of_a_source_is_no_pattern(stores: Stores, tenant_id: str, name: str) -> None:
    await stores.gaps().open(sample_gap(tenant_id, connection_id=f"of-{tenant_id}:1"))

    assert [gap for gap in await stores.gaps().open_of_source(name) if gap.tenant_id == tenant_id] == []


async def test_a_closed_gap_says_when(stores: Stores, tenant_id: str) -> None:
    gaps = stores.gaps()
    await gaps.open(sample_gap(tenant_id))

    assert await gaps.close(await the_open_one(stores, tenant_id), at=LATER)

    assert await stores.stored_gap(sample_gap(tenant_id)) == sample_gap(tenant_id).model_copy(
        update={"status": "closed", "closed_at": LATER}
    )


async def test_a_gap_that_was_seen_again_since_it_was_read_stays_open(stores: Stores, tenant_id: str) -> None:
    await stores.gaps().open(sample_gap(tenant_id))
    read = await the_open_one(stores, tenant_id)
    await stores.gaps().open(sample_gap(tenant_id, at=LATER))

    assert not await stores.gaps().close(read, at=LATER)

    assert (await the_open_one(stores, tenant_id)).seen_at == LATER


async def test_a_gap_is_closed_once(stores: Stores, tenant_id: str) -> None:
    await stores.gaps().open(sample_gap(tenant_id))
    read = await the_open_one(stores, tenant_id)

    ends = [await stores.gaps().close(read, at=LATER) for _ in range(2)]

    assert ends == [True, False]


async def test_a_gap_that_was_never_read_is_not_closed(stores: Stores, tenant_id: str) -> None:
    await stores.gaps().open(sample_gap(tenant_id))

    assert not await stores.gaps().close(sample_gap(tenant_id), at=LATER)


async def test_who_closed_a_gap_opens_it_again_when_it_is_seen(stores: Stores, tenant_id: str) -> None:
    gaps = stores.gaps()
    await gaps.open(sample_gap(tenant_id))
    assert await gaps.close(await the_open_one(stores, tenant_id), at=NOON)

    await gaps.open(sample_gap(tenant_id, at=NOON + timedelta(seconds=1)))

    assert (await the_open_one(stores, tenant_id)).opened_at == NOON + timedelta(seconds=1)


async def test_nothing_seen_after_a_sweep_began_is_closed_by_it(stores: Stores, tenant_id: str) -> None:
    """Whenever it is seen, and whatever the workers know: after the sweep began it stays open, or is open again."""

    async def is_open_after(seen_at: datetime) -> bool:
        worker, sweep = stores.gaps(), stores.gaps()
        connection = f"salesforce:{seen_at.timestamp()}"
        await worker.open(sample_gap(tenant_id, connection_id=connection))
        swept_since = NOON + SEEN_EVERY
        read = await sweep.open_ones(tenant_id, connection)
        await worker.open(sample_gap(tenant_id, connection_id=connection, at=seen_at))
        for gap in read:
            if gap.is_closed_by(swept_since):
                await sweep.close(gap, at=LATER)
        return bool(await sweep.open_ones(tenant_id, connection))

    for seconds in (60, 61, 119, 600):
        assert await is_open_after(NOON + timedelta(seconds=seconds)), seconds
