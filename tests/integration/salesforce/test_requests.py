"""No request more than needed, and one more for each that went wrong."""

import math
from dataclasses import replace

import pytest

from devtools.fakes.polled import PolledSalesforce
from tests.integration.salesforce.worlds import Meanwhile, all_pages, fails, is_there, reading, said_of, settled, state_of

FAULTS = [
    ("refuse", {"status": 503, "variant": "maintenance-page"}),
    ("refuse", {"status": 503, "variant": "server-unavailable"}),
    ("refuse", {"status": 400, "variant": "unable-to-lock"}),
    ("refuse", {"status": 500}),
    ("malformed", {"variant": "maintenance-page"}),
    ("malformed", {"variant": "cut-off"}),
    ("drop", {}),
]
NAMES = ["page-503", "unavailable", "locked", "500", "page-200", "cut-off", "drop"]


async def test_an_object_in_which_nothing_happened_costs_two_requests(accounts: PolledSalesforce) -> None:
    for _ in range(3):
        await accounts.poll()
    assert accounts.vendor.ledger.counts() == {"deleted": 3, "updated": 3}


async def test_all_objects_in_which_nothing_happened_cost_two_requests_each(everything: PolledSalesforce) -> None:
    await everything.poll()
    assert everything.vendor.ledger.counts() == {"deleted": 5, "updated": 5}


@pytest.mark.parametrize("count", [1, 10, 11, 20])
async def test_rows_that_changed_cost_one_request_for_each_page_besides(accounts: PolledSalesforce, count: int) -> None:
    accounts.vendor.queries.page_rows = 10
    accounts.org.populate_fast("Account", count, at=accounts.clock(), per_second=4)
    accounts.clock.advance(seconds=5)
    pages = await all_pages(accounts.poller, await reading(accounts))
    assert sum(len(page.events) for page in pages) == count
    assert accounts.vendor.ledger.counts() == {"deleted": 1, "updated": 1, "queryAll": math.ceil(count / 10)}


@pytest.mark.parametrize("count", [0, 1, 2001])
async def test_a_back_fill_costs_one_request_for_each_two_thousand_rows(count: int) -> None:
    async with PolledSalesforce(streams=("Account",)) as world:
        world.org.populate_fast("Account", count)
        pages = await all_pages(world.poller, await reading(world, kind="backfill"))
        assert sum(len(page.events) for page in pages) == count
        assert pages[0].total_count == count
        assert world.vendor.ledger.counts() == {"token": 1, "describe": 1, "query": max(1, math.ceil(count / 2000))}


async def test_the_first_look_at_an_object_costs_a_login_a_log_its_pages_and_a_description_for_each_of_two_runs() -> None:
    async with PolledSalesforce(streams=("Account",)) as world:
        world.org.populate(accounts=3, contacts=0, opportunities=0)
        await world.poll()
        assert world.vendor.ledger.counts() == {"token": 1, "describe": 2, "updated": 1, "query": 1}


@pytest.mark.parametrize(("count", "pages"), [(8, [3, 3, 2]), (9, [3, 3, 3])])
async def test_pages_that_are_smaller_than_asked_for_are_followed_to_the_end(count: int, pages: list[int]) -> None:
    async with PolledSalesforce(streams=("Account",)) as world:
        world.vendor.queries.page_rows = 3
        world.org.populate_fast("Account", count)
        read = await all_pages(world.poller, await reading(world, kind="backfill"))
        assert [len(page.events) for page in read] == pages
        assert read[0].total_count == count
        assert world.vendor.ledger.count("query") == len(pages)


async def test_records_that_come_while_an_object_is_back_filled_do_not_disturb_it() -> None:
    async with PolledSalesforce(streams=("Account",)) as world:
        world.vendor.queries.page_rows = 2
        ids = world.org.populate_fast("Account", 5)
        page = await world.poller.page(await reading(world, kind="backfill"))
        world.org.delete(ids[0])
        world.org.create("Account")
        pages = await all_pages(world.poller, await reading(world, kind="backfill", cursor=page.cursor))
        seen = {event.source_id for one in (page, *pages) for event in one.events}
        assert seen >= set(ids)


@pytest.mark.parametrize(("kind", "more"), FAULTS, ids=NAMES)
async def test_a_query_that_goes_wrong_costs_one_request_more_and_nothing_is_lost(
    accounts: PolledSalesforce, kind: str, more: dict[str, object]
) -> None:
    account = accounts.org.edit(accounts.org.records("Account")[0].id, Name="After")
    fails(accounts, kind, "query", **more)
    await accounts.poll()
    assert (await state_of(accounts)).last_error is not None
    accounts.clock.advance(seconds=60)
    await accounts.run()  # the message comes back, and goes on with the page it was at
    assert accounts.vendor.ledger.counts() == {"deleted": 1, "updated": 1, "queryAll": 2}
    assert await said_of(accounts, account) == "After"
    assert (await state_of(accounts)).last_error is None


@pytest.mark.parametrize(("kind", "more"), FAULTS[-3:], ids=NAMES[-3:])
async def test_a_log_that_goes_wrong_is_read_again(accounts: PolledSalesforce, kind: str, more: dict[str, object]) -> None:
    account = accounts.org.records("Account")[0]
    accounts.org.hard_delete(account.id)
    fails(accounts, kind, "replication", **more)
    await accounts.poll()
    accounts.clock.advance(seconds=60)
    await accounts.run()
    assert not await is_there(accounts, account)


async def test_a_vendor_that_says_nothing_is_asked_again_later(accounts: PolledSalesforce) -> None:
    account = accounts.org.edit(accounts.org.records("Account")[0].id, Name="After")
    fails(accounts, "timeout", "query")
    async with Meanwhile(answer_seconds=0.05).client() as http:
        accounts.ports = replace(accounts.ports, pollers={"salesforce": accounts.new_poller(http)})
        await accounts.poll()
        assert "no answer" in str((await state_of(accounts)).last_error)
        await accounts.poll()
    assert await said_of(accounts, account) == "After"


async def test_rows_in_another_order_within_a_second_are_all_read(accounts: PolledSalesforce) -> None:
    together = [accounts.org.create("Account") for _ in range(5)]
    fails(accounts, "reorder", "replication")
    await accounts.poll()
    assert [await is_there(accounts, account) for account in together] == [True] * 5


# Queries that take too long


@pytest.mark.parametrize("calls", [1, 3, 6])
async def test_a_query_that_takes_too_long_is_asked_for_half_the_time_until_everything_is_read(
    accounts: PolledSalesforce, calls: int
) -> None:
    changed = []
    for _ in range(6):
        accounts.clock.advance(seconds=50)
        changed.append(accounts.org.create("Account"))
    fails(accounts, "refuse", "query", status=400, variant="query-timeout", calls=calls)
    await accounts.poll()
    assert [await is_there(accounts, account) for account in changed] == [True] * 6
    assert (await state_of(accounts)).last_error is None
    windows = [call.soql.rpartition("SystemModstamp <= ")[2][:20] for call in accounts.vendor.ledger.of("queryAll")]
    assert windows[: calls + 1] == sorted(windows[: calls + 1], reverse=True)
    assert windows[-1] == windows[0]


async def test_a_query_that_takes_too_long_for_two_seconds_is_asked_again_later(accounts: PolledSalesforce) -> None:
    account = accounts.org.edit(accounts.org.records("Account")[0].id, Name="After")
    fails(accounts, "refuse", "query", status=400, variant="query-timeout", calls=12)
    await accounts.poll()
    assert "window of seconds" in str((await state_of(accounts)).last_error)
    await accounts.poll()
    await accounts.poll()
    assert await said_of(accounts, account) == "After"


async def test_a_back_fill_that_takes_too_long_asks_for_fewer_rows_and_still_reads_all() -> None:
    async with PolledSalesforce(streams=("Account",)) as world:
        world.org.populate_fast("Account", 1200)
        fails(world, "refuse", "query", status=400, variant="query-timeout", calls=2)
        pages = await all_pages(world.poller, await reading(world, kind="backfill"))
        assert sum(len(page.events) for page in pages) == 1200
        limits = [call.soql.partition(" LIMIT ")[2] for call in world.vendor.ledger.of("query")]
        assert limits == ["", "1000", "500", "500", "500"]


async def test_a_back_fill_that_ends_with_a_full_page_of_fewer_rows_ends() -> None:
    async with PolledSalesforce(streams=("Account",)) as world:
        world.org.populate_fast("Account", 1000)
        fails(world, "refuse", "query", status=400, variant="query-timeout")
        pages = await all_pages(world.poller, await reading(world, kind="backfill"))
        assert [len(page.events) for page in pages] == [0, 1000, 0]


async def test_a_back_fill_that_takes_too_long_for_fifty_rows_is_tried_again_later() -> None:
    async with PolledSalesforce(streams=("Account",)) as world:
        world.org.populate(accounts=2, contacts=0, opportunities=0)
        fails(world, "refuse", "query", status=400, variant="query-timeout", calls=6)
        await world.poll()
        assert "rows" in str((await state_of(world, kind="backfill")).last_error)
        await settled(world)
        assert (await state_of(world, kind="backfill")).record_count == 2
