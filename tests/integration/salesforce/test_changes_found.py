"""Whatever changed is found: ties, late commits, two edits of one second, and a webhook in between."""

from dataclasses import replace
from datetime import timedelta

import pytest

from devtools.fakes.polled import PolledSalesforce
from tests.integration.salesforce.worlds import all_pages, deliver_webhook, reading, said_of, settled, shard_of, state_of, truth


async def test_an_edit_is_stored_after_the_next_poll(accounts: PolledSalesforce) -> None:
    account = accounts.org.records("Account")[0]
    accounts.org.edit(account.id, Name="Renamed")
    await accounts.poll()
    assert await said_of(accounts, account) == "Renamed"


async def test_an_edit_by_the_system_is_found_although_no_user_changed_the_record(accounts: PolledSalesforce) -> None:
    account = accounts.org.records("Account")[0]
    accounts.org.edit_by_system(account.id, AnnualRevenue=77)
    await accounts.poll()
    assert await said_of(accounts, account, "annualRevenue") == 77


async def test_a_new_record_is_stored_after_the_next_poll(accounts: PolledSalesforce) -> None:
    account = accounts.org.create("Account", Name="New")
    await accounts.poll()
    assert await said_of(accounts, account) == "New"


@pytest.mark.parametrize("page_rows", [1, 31])
async def test_thirty_one_records_of_one_second_are_all_found_across_page_borders(accounts: PolledSalesforce, page_rows: int) -> None:
    accounts.vendor.queries.page_rows = page_rows
    together = [accounts.org.create("Account", at=accounts.clock(), Name=f"Tied {number}") for number in range(31)]
    await accounts.poll()
    assert [await said_of(accounts, record) for record in together] == [record.fields["Name"] for record in together]


async def test_thirty_one_records_of_one_second_are_all_back_filled_across_page_borders() -> None:
    async with PolledSalesforce(streams=("Account",)) as world:
        world.vendor.queries.page_rows = 10
        for number in range(31):
            world.org.create("Account", at=world.clock(), Name=f"Tied {number}")
        await settled(world)
        assert (await truth(world, "Account")).stored_count == 31


async def test_a_record_that_is_committed_later_than_its_stamp_is_found(accounts: PolledSalesforce) -> None:
    transaction = accounts.org.transaction()
    late = transaction.create("Account", Name="Late")
    for _ in range(6):  # for half an hour, much longer than the overlap
        accounts.org.create("Account", Name="On time")
        await accounts.poll()
        assert await accounts.shard("Account", late) is None
    transaction.commit()
    await accounts.poll()
    assert await said_of(accounts, accounts.org.record(late)) == "Late"


async def test_while_a_transaction_is_open_nothing_is_taken_for_final(accounts: PolledSalesforce) -> None:
    transaction = accounts.org.transaction()
    opened_at = accounts.clock()
    await accounts.poll()
    covered_until = (await state_of(accounts)).covered_until
    transaction.commit()
    assert covered_until is not None
    assert covered_until < opened_at


async def test_what_others_save_while_a_transaction_is_open_is_found_once_it_ends(accounts: PolledSalesforce) -> None:
    transaction = accounts.org.transaction()
    accounts.clock.advance(seconds=1)
    other = accounts.org.create("Account", Name="Not held up for ever")
    await accounts.poll(minutes=60)
    transaction.roll_back()
    await accounts.poll()
    assert await said_of(accounts, other) == "Not held up for ever"


async def test_a_transaction_that_is_open_when_an_object_is_read_first_is_not_missed() -> None:
    async with PolledSalesforce(streams=("Account",)) as world:
        transaction = world.org.transaction()
        late = transaction.create("Account", Name="Older than the connection")
        await world.poll(minutes=60)  # the back-fill has gone by
        await world.poll()
        transaction.commit()
        await world.poll()
        assert await said_of(world, world.org.record(late)) == "Older than the connection"


async def test_the_second_of_two_edits_of_one_second_is_found_although_the_first_was_read(accounts: PolledSalesforce) -> None:
    account, at = accounts.org.records("Account")[0], accounts.clock()
    accounts.org.edit(account.id, at=at, Name="First")
    await accounts.poll()
    assert await said_of(accounts, account) == "First"
    accounts.org.edit(account.id, at=at, Name="Second")
    await accounts.poll()
    assert await said_of(accounts, account) == "Second"


@pytest.mark.parametrize("is_webhook_first", [True, False])
async def test_two_edits_of_one_second_and_a_webhook_that_saw_the_first_end_in_the_second(
    accounts: PolledSalesforce, is_webhook_first: bool
) -> None:
    account, at = accounts.org.records("Account")[0], accounts.clock()
    first = accounts.org.edit(account.id, at=at, Name="First")
    if is_webhook_first:
        await deliver_webhook(accounts, first)
    accounts.org.edit(account.id, at=at, Name="Second")
    await accounts.poll()
    if not is_webhook_first:
        accounts.clock.advance(seconds=1)
        await deliver_webhook(accounts, first)  # it was long on its way, and looks newer: it came later
        assert await said_of(accounts, account) == "First"
        await accounts.poll()  # the overlap reads the record again
    assert await said_of(accounts, account) == "Second"


async def test_a_webhook_that_was_quicker_costs_the_poll_one_write_at_most(accounts: PolledSalesforce) -> None:
    account = accounts.org.records("Account")[0]
    await deliver_webhook(accounts, accounts.org.edit(account.id, Name="Renamed"))
    revision = (await shard_of(accounts, account)).revision_number
    await accounts.poll()  # the row says more than the message did: the rest is written once
    await accounts.poll()
    assert (await shard_of(accounts, account)).revision_number <= revision + 1


async def test_a_stale_webhook_changes_nothing_after_a_poll(accounts: PolledSalesforce) -> None:
    account = accounts.org.records("Account")[0]
    old = accounts.org.edit(account.id, Name="Old")
    accounts.clock.advance(seconds=2)
    accounts.org.edit(account.id, Name="New")
    await accounts.poll()
    await deliver_webhook(accounts, old)
    assert await said_of(accounts, account) == "New"


async def test_what_did_not_change_is_read_again_within_the_overlap_and_not_written(accounts: PolledSalesforce) -> None:
    account = accounts.org.records("Account")[0]
    accounts.org.edit(account.id, Name="Renamed")
    await accounts.poll()
    before = await shard_of(accounts, account)
    accounts.vendor.ledger.clear()
    await accounts.poll()
    assert accounts.vendor.ledger.rows("queryAll") == 1
    assert (await shard_of(accounts, account)).etag == before.etag


async def test_all_objects_are_read_by_default(everything: PolledSalesforce) -> None:
    found = await truth(everything)
    assert (found.vendor_count, found.stored_count, found.fault_count) == (8, 8, 0)


@pytest.mark.parametrize("minutes", [-90, 90])
async def test_a_worker_whose_clock_is_wrong_goes_by_the_vendors(accounts: PolledSalesforce, minutes: int) -> None:
    wrong = replace(accounts.poller, now=lambda: accounts.clock() + timedelta(minutes=minutes), _known={})
    accounts.ports = replace(accounts.ports, pollers={"salesforce": wrong})
    for _ in range(2):
        account = accounts.org.create("Account", Name="Read")
        await accounts.poll()
        assert await said_of(accounts, account) == "Read"
        assert str((await state_of(accounts)).cursor or {}).count(f"{accounts.clock():%Y-%m-%dT%H}") >= 1
    covered_until = (await state_of(accounts)).covered_until
    assert covered_until is not None
    assert timedelta() < accounts.clock() - covered_until < timedelta(minutes=2)


async def test_a_worker_that_takes_over_goes_on_within_the_window_where_the_other_one_died(accounts: PolledSalesforce) -> None:
    accounts.vendor.queries.page_rows = 2
    changed = [accounts.org.create("Account") for _ in range(5)]
    accounts.clock.advance(seconds=300)
    first = await reading(accounts)
    looked = await accounts.poller.page(first)
    page = await accounts.poller.page(replace(first, cursor=looked.cursor))
    accounts.start_worker()
    rest = await all_pages(accounts.poller, replace(first, cursor=page.cursor))
    seen = [event.source_id for one in (page, *rest) for event in one.events]
    assert sorted(seen) == sorted(account.id for account in changed)
